/* Any bytes as an answer to an OFREP evaluation, single and bulk: the first byte picks status and
 * content type, the rest is the body. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/ofrep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = {200, 400, 404, 405, 401, 302, 500, 503};
static const char *const types[] = {"application/json", "text/html", "", NULL};

static void require(bool fine)
{
    if (!fine)
        abort();
}

static void check_flag(const leakdiag_flag *flag)
{
    leakdiag_flag_state state = leakdiag_flag_get_state(flag);
    bool has_value = leakdiag_flag_value_json(flag) != NULL;
    require(has_value == (leakdiag_flag_get_type(flag) != LEAKDIAG_FLAG_TYPE_NONE));
    require(state != LEAKDIAG_FLAG_VALUE || has_value);
    require((state == LEAKDIAG_FLAG_VALUE) == (*leakdiag_flag_detail(flag) == '\0'));
    char *text = NULL;
    require(leakdiag_flag_to_json(flag, &text, NULL) == LEAKDIAG_OK);
    leakdiag_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    const ld_answer answer = {
        .method = "POST",
        .status = statuses[data[0] & 7],
        .content_type = types[data[0] >> 3 & 3],
        .redirect_host = "login.example",
        .body = (const char *)data + 1,
        .len = len - 1,
    };
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    require(ld_ofrep_decode("kafkaQueueProblems", &answer, &flag, NULL) == LEAKDIAG_OK);
    check_flag(flag);
    require(ld_ofrep_decode_bulk(&answer, &flags, NULL) == LEAKDIAG_OK);
    for (size_t i = 0; i < leakdiag_flags_len(flags); i++)
        check_flag(leakdiag_flags_at(flags, i));
    require(ld_ofrep_refine(flag, flags, NULL) == LEAKDIAG_OK);
    check_flag(flag);
    ld_ofrep_wants_get(&answer);
    leakdiag_flags_free(flags);
    leakdiag_flag_free(flag);
    return 0;
}
