/*
 * One climb against the curve: which word fits?
 *
 * Growth is judged by pace (observed over expected growth), for a start level that differs a little
 * is normal; where it stands is judged by the band. Between "surely this" and "surely that" lies
 * too-early, so that a finding, once given, does not turn back while the same run goes on.
 */
#include <math.h>

#include "timeline/comparison.h"

#define FEWEST_SAMPLES 5
#define SURE           2.0 /* standard errors */
#define SURELY         3.5
#define STANDING_PACE  0.17 /* half of a third: a flag value of 100 instead of 300 still grows */
#define STOPPED_SHARE  0.35 /* of the pace of the whole climb */
#define STOPPED_PACE   0.12
#define SLOW_PACE      0.45 /* between a third and what is late but on track */
#define LONG_ENOUGH    1.5
#define ON_TRACK_MOST  1.70
#define LATE_RATIO     1.30 /* an OOM kill up to this late still matches */
#define JUMP_SHARE     0.70
#define SOFT_LIMIT     0.10

typedef struct judged {
    const leakdiag_timeline *timeline;
    const ld_measured *m;
    double soft_limit_bytes;
    double grown_bytes;
    double lo_bytes, hi_bytes; /* band at the level's place, widened by the grain */
} judged;

static double pace_most(ld_pace pace)
{
    return pace.value + SURE * pace.error;
}

static double pace_least(ld_pace pace)
{
    return pace.value - SURE * pace.error;
}

static bool is_standing(const judged *j)
{
    return pace_most(j->m->pace) < STANDING_PACE;
}

static bool has_stopped(const judged *j)
{
    double still = fmax(STOPPED_SHARE * j->m->pace.value, STOPPED_PACE);
    return j->m->has_recent && pace_most(j->m->recent) < still;
}

static double clear_bytes(const judged *j)
{
    return j->timeline->tolerance_bytes + j->m->grain_bytes;
}

/* One jump made most of it. */
static bool is_step(const judged *j)
{
    return j->m->jump_bytes >= clear_bytes(j) && j->m->jump_bytes >= JUMP_SHARE * j->grown_bytes;
}

/* It came up to the soft limit, and then it bent. */
static bool is_held_by_soft_limit(const judged *j)
{
    double soft = j->soft_limit_bytes;
    return soft > 0 && fabs(j->m->level_bytes - soft) <= SOFT_LIMIT * soft && j->m->has_recent &&
           pace_most(j->m->recent) < j->m->pace.value;
}

static leakdiag_memory_finding finding_of_stop(const judged *j)
{
    if (is_held_by_soft_limit(j))
        return LEAKDIAG_MEMORY_GC_BOUND;
    if (is_step(j))
        return LEAKDIAG_MEMORY_STEP;
    return j->grown_bytes > clear_bytes(j) ? LEAKDIAG_MEMORY_PLATEAU : LEAKDIAG_MEMORY_FLAT;
}

/* Above the band. Before flat can be told from on-track, only what grew out of it counts: a start
 * level above the band is no growth. */
static leakdiag_memory_finding finding_above(const judged *j, bool is_early)
{
    double grown_to = ld_curve_bytes(j->timeline, 0) + j->grown_bytes;
    if (is_early)
        return grown_to > j->hi_bytes && pace_least(j->m->pace) > 1 ? LEAKDIAG_MEMORY_AHEAD
                                                                    : LEAKDIAG_MEMORY_TOO_EARLY;
    if (has_stopped(j) && is_step(j))
        return LEAKDIAG_MEMORY_STEP;
    if (is_standing(j))
        return j->grown_bytes > clear_bytes(j) ? LEAKDIAG_MEMORY_PLATEAU : LEAKDIAG_MEMORY_FLAT;
    bool is_faster = pace_least(j->m->pace) > 1;
    bool is_far_above = j->m->level_bytes > j->hi_bytes + j->timeline->tolerance_bytes;
    return is_faster || is_far_above ? LEAKDIAG_MEMORY_AHEAD : LEAKDIAG_MEMORY_ON_TRACK;
}

static bool is_behind(const judged *j)
{
    double pace = j->m->pace.value;
    if (j->m->pace.value <= SURELY * j->m->pace.error || j->grown_bytes < j->m->grain_bytes)
        return false;
    bool is_below = j->m->level_bytes < j->lo_bytes;
    return pace + SURELY * j->m->pace.error < SLOW_PACE || (is_below && pace < 1 / LATE_RATIO);
}

/* The kill should have come long ago, and the level it comes at is not even reached. */
static bool is_overdue(const judged *j)
{
    double end_ms = (double)leakdiag_timeline_end_ms(j->timeline);
    return j->timeline->oom_at_end && j->m->level_at_ms > LATE_RATIO * end_ms &&
           j->m->level_bytes < ld_curve_bytes(j->timeline, end_ms) - j->m->grain_bytes;
}

/* A curve that does not rise enough to be told from a flat line: inside the band, above or below.
 */
static leakdiag_memory_finding finding_without_growth(const judged *j)
{
    if (j->m->level_bytes > j->hi_bytes)
        return LEAKDIAG_MEMORY_AHEAD;
    if (j->m->level_at_ms < (double)leakdiag_timeline_end_ms(j->timeline) / 2)
        return LEAKDIAG_MEMORY_TOO_EARLY;
    return j->m->level_bytes < j->lo_bytes ? LEAKDIAG_MEMORY_SHRINKING : LEAKDIAG_MEMORY_ON_TRACK;
}

static leakdiag_memory_finding finding_of_growth(const judged *j, double decidable_from_ms)
{
    ld_pace pace = j->m->pace;
    if (j->grown_bytes < -clear_bytes(j) && pace_most(pace) < 0)
        return LEAKDIAG_MEMORY_SHRINKING;
    bool is_early = j->m->level_at_ms < decidable_from_ms;
    if (j->m->level_bytes > j->hi_bytes)
        return finding_above(j, is_early);
    if (is_early)
        return LEAKDIAG_MEMORY_TOO_EARLY;
    if (is_standing(j) && j->grown_bytes < clear_bytes(j))
        return LEAKDIAG_MEMORY_FLAT;
    if (j->m->level_bytes < j->lo_bytes && (has_stopped(j) || is_held_by_soft_limit(j)))
        return finding_of_stop(j);
    if (is_behind(j) || is_overdue(j))
        return LEAKDIAG_MEMORY_BEHIND;
    if (pace_least(pace) > SLOW_PACE && pace_most(pace) < ON_TRACK_MOST && !is_step(j))
        return LEAKDIAG_MEMORY_ON_TRACK;
    /* Noise may blur the border between slow and flat for long: then the nearer one has to do. */
    if (pace.value < SLOW_PACE && j->m->level_at_ms > LONG_ENOUGH * decidable_from_ms)
        return pace.value < STANDING_PACE ? LEAKDIAG_MEMORY_FLAT : LEAKDIAG_MEMORY_BEHIND;
    return LEAKDIAG_MEMORY_TOO_EARLY;
}

static leakdiag_memory_finding finding_now(const leakdiag_timeline *timeline, const ld_climb *climb,
                                           double soft_limit_bytes)
{
    ld_measured m;
    ld_climb_measure(timeline, climb, &m);
    judged j = {.timeline = timeline, .m = &m, .soft_limit_bytes = soft_limit_bytes};
    j.grown_bytes = m.level_bytes - m.base_bytes;
    j.lo_bytes = ld_curve_lo(timeline, m.level_at_ms) - m.grain_bytes;
    j.hi_bytes = ld_curve_hi(timeline, m.level_at_ms) + m.grain_bytes;
    double decidable_from_ms = ld_decidable_from_ms(timeline, m.grain_bytes);
    if (isinf(decidable_from_ms))
        return finding_without_growth(&j);
    return finding_of_growth(&j, decidable_from_ms);
}

/* A finding holds once two looks in a row gave it, until two others agree: neither one sample nor a
 * moment of doubt changes it. Earlier looks are what was known with fewer points. */
leakdiag_memory_finding ld_climb_finding(const leakdiag_timeline *timeline, ld_climb *climb,
                                         double soft_limit_bytes)
{
    size_t n = climb->n;
    leakdiag_memory_finding later = LEAKDIAG_MEMORY_TOO_EARLY, found = LEAKDIAG_MEMORY_TOO_EARLY;
    for (; climb->n >= FEWEST_SAMPLES; climb->n--) {
        leakdiag_memory_finding now = finding_now(timeline, climb, soft_limit_bytes);
        if (now != LEAKDIAG_MEMORY_TOO_EARLY && now == later) {
            found = now;
            break;
        }
        later = now;
    }
    climb->n = n;
    return found;
}
