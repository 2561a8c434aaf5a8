#include "diagnosis/checks/checks.h"

ld_judge ld_judge_of(ld_kind_id kind)
{
    static const ld_judge judges[LD_KINDS] = {
        [LD_KIND_FLAG_VALUE] = ld_judge_flag_value,
        [LD_KIND_FLAG_AGREEMENT] = ld_judge_flag_agreement,
        [LD_KIND_FLAG_SEEN] = ld_judge_flag_seen,
        [LD_KIND_REACH] = ld_judge_reach,
        [LD_KIND_RATE] = ld_judge_rate,
        [LD_KIND_LOAD] = ld_judge_load,
        [LD_KIND_HAND_OFF] = ld_judge_hand_off,
        [LD_KIND_SERVICE] = ld_judge_service,
        [LD_KIND_ROLLOUT] = ld_judge_rollout,
        [LD_KIND_LIMIT] = ld_judge_limit,
        [LD_KIND_SOFT_LIMIT] = ld_judge_soft_limit,
        [LD_KIND_MEMORY] = ld_judge_memory,
        [LD_KIND_TERMINATION] = ld_judge_termination,
        [LD_KIND_TELEMETRY] = ld_judge_nothing,
        [LD_KIND_COLLECTOR] = ld_judge_nothing,
    };
    return judges[kind];
}
