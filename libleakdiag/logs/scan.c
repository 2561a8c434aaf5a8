#include "logs/scan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "logs/line_time.h"

/* One byte more than is searched: it may turn out to be the carriage return of the line ending. */
#define HELD_MAX (LEAKDIAG_LINE_MAX_BYTES + 1)

#define STEPS_PER_LINE 2000000 /* about 10 ms of matching at worst */
/* A log full of lines that a pattern cannot cope with must not take for ever. */
#define PATIENCE_LINES  32
#define STEPS_IMPATIENT 100000

/* The line that is being judged. */
typedef struct line {
    const char *text;
    size_t len; /* what is searched */
    bool truncated;
    bool has_time;
    int64_t time_ms;
} line;

LD_DEFINE_CLEANUP(leakdiag_scan, leakdiag_scan_free, scan_freep)

/* *room becomes at least `need`, which is at most HELD_MAX. */
static bool grow(char **data, size_t *room, size_t need)
{
    if (need <= *room)
        return true;
    size_t more = *room ? *room : 256;
    while (more < need)
        more *= 2;
    if (more > HELD_MAX)
        more = HELD_MAX;
    char *bigger = ld_resize_array(*data, *room, more, 1);
    if (!bigger)
        return false;
    *data = bigger;
    *room = more;
    return true;
}

static bool is_time(int64_t time_ms)
{
    return time_ms >= -LD_WHOLE_MAX && time_ms <= LD_WHOLE_MAX;
}

leakdiag_status leakdiag_scan_new(leakdiag_patterns *patterns, const leakdiag_scan_options *options,
                                  leakdiag_scan **ret, leakdiag_error *err)
{
    if (!patterns || !ret)
        return ld_fail(err, LEAKDIAG_E_INVALID, "no patterns or no place for the result was given");
    leakdiag_scan_options own = LEAKDIAG_SCAN_OPTIONS_INIT;
    leakdiag_status st = ld_options_copy(&own, sizeof own, sizeof own, options, err);
    if (st != LEAKDIAG_OK)
        return st;
    if (own.recent > LEAKDIAG_RECENT_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "%zu recent lines asked for; at most %d can be kept",
                       own.recent, LEAKDIAG_RECENT_MAX);

    if (!is_time(own.window_from_ms) || !is_time(own.window_to_ms))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "the window's times must be within 2^53 milliseconds of 1970");

    LD_CLEANUP(scan_freep) leakdiag_scan *scan = ld_alloc_zero(sizeof *scan);
    if (!scan)
        return ld_fail_nomem(err);
    scan->patterns = leakdiag_patterns_ref(patterns);
    scan->options = own;
    scan->tallies = ld_alloc_array(patterns->len, sizeof *scan->tallies);
    if (own.recent)
        scan->recent = ld_alloc_array(own.recent, sizeof *scan->recent);
    if (patterns->any_folded)
        scan->folded = ld_alloc(LEAKDIAG_LINE_MAX_BYTES);
    if (!scan->tallies || (own.recent && !scan->recent) || (patterns->any_folded && !scan->folded))
        return ld_fail_nomem(err);
    if (patterns->any_regex) {
        st = ld_matcher_new(&scan->matcher, err);
        if (st != LEAKDIAG_OK)
            return st;
    }
    *ret = ld_steal(&scan);
    return LEAKDIAG_OK;
}

void leakdiag_scan_free(leakdiag_scan *scan)
{
    if (!scan)
        return;
    for (size_t i = 0; scan->tallies && i < scan->patterns->len; i++) {
        ld_release(scan->tallies[i].first.text);
        ld_release(scan->tallies[i].last.text);
    }
    for (size_t i = 0; scan->recent && i < scan->options.recent; i++)
        ld_release(scan->recent[i].line.text);
    ld_release(scan->tallies);
    ld_release(scan->recent);
    ld_release(scan->folded);
    ld_release(scan->held);
    ld_matcher_free(scan->matcher);
    leakdiag_patterns_unref(scan->patterns);
    ld_release(scan);
}

static ld_match match_one(leakdiag_scan *scan, size_t i, const line *at)
{
    const ld_pattern *pattern = &scan->patterns->items[i];
    ld_tally *tally = &scan->tallies[i];
    if (pattern->regex) {
        uint64_t steps = tally->expensive < PATIENCE_LINES ? STEPS_PER_LINE : STEPS_IMPATIENT;
        return ld_regex_match(pattern->regex, scan->matcher, at->text, at->len, steps,
                              tally->groups);
    }
    const char *text = pattern->folded ? scan->folded : at->text;
    return ld_needle_is_in(&pattern->needle, text, at->len) ? LD_MATCH_YES : LD_MATCH_NO;
}

static ld_recent *next_recent(leakdiag_scan *scan)
{
    return scan->options.recent ? &scan->recent[scan->recent_next] : NULL;
}

/* Match every pattern and take the memory that the result needs, without touching any result:
 * a line is counted as a whole or not at all. */
static bool match_all(leakdiag_scan *scan, const line *at, bool *ret_any)
{
    if (scan->folded)
        ld_fold(scan->folded, at->text, at->len);
    bool any = false;
    for (size_t i = 0; i < scan->patterns->len; i++) {
        ld_tally *tally = &scan->tallies[i];
        tally->match = match_one(scan, i, at);
        if (tally->match == LD_MATCH_NOMEM)
            return false;
        if (tally->match != LD_MATCH_YES)
            continue;
        any = true;
        if (!grow(&tally->last.text, &tally->last.room, at->len + 1) ||
            (tally->count == 0 && !grow(&tally->first.text, &tally->first.room, at->len + 1)))
            return false;
    }
    ld_recent *recent = next_recent(scan);
    if (any && recent && !grow(&recent->line.text, &recent->line.room, at->len + 1))
        return false;
    *ret_any = any;
    return true;
}

static void keep(ld_kept_line *kept, const leakdiag_scan *scan, const line *at)
{
    if (at->len)
        memcpy(kept->text, at->text, at->len);
    kept->text[at->len] = '\0';
    kept->len = at->len;
    kept->number = scan->lines;
    kept->has_time = at->has_time;
    kept->time_ms = at->time_ms;
}

static void note_captures(ld_tally *tally)
{
    for (size_t g = 0; g < LEAKDIAG_CAPTURES_MAX; g++) {
        const ld_group *group = &tally->groups[g];
        ld_capture *capture = &tally->captures[g];
        double value;
        if (!group->begin || !ld_number_parse(group->begin, group->len, &value))
            continue;
        capture->last = value;
        capture->min = capture->seen && capture->min < value ? capture->min : value;
        capture->max = capture->seen && capture->max > value ? capture->max : value;
        capture->seen = true;
    }
}

/* Which slice of the window a time belongs to; false when it is before it, or there is none. */
static bool find_slice(const leakdiag_scan *scan, const line *at, size_t *ret)
{
    int64_t from_ms = scan->options.window_from_ms, to_ms = scan->options.window_to_ms;
    if (to_ms <= from_ms || !at->has_time || at->time_ms < from_ms)
        return false;
    double share = (double)(at->time_ms - from_ms) / (double)(to_ms - from_ms);
    *ret = share < 1 ? (size_t)(share * LEAKDIAG_SCAN_SLICES) : LEAKDIAG_SCAN_SLICES - 1;
    return true;
}

static void note_match(leakdiag_scan *scan, size_t i, const line *at)
{
    ld_tally *tally = &scan->tallies[i];
    if (tally->count++ == 0)
        keep(&tally->first, scan, at);
    keep(&tally->last, scan, at);
    if (!scan->options.window_from_ms || !at->has_time ||
        at->time_ms >= scan->options.window_from_ms)
        tally->window_count++;
    size_t slice;
    if (find_slice(scan, at, &slice))
        tally->slices[slice]++;
    if (scan->patterns->items[i].regex)
        note_captures(tally);
}

static void note_recent(leakdiag_scan *scan, const line *at)
{
    ld_recent *recent = next_recent(scan);
    if (!recent)
        return;
    keep(&recent->line, scan, at);
    for (size_t i = 0; i < scan->patterns->len; i++)
        recent->matched[i] = scan->tallies[i].match == LD_MATCH_YES;
    scan->recent_next = (scan->recent_next + 1) % scan->options.recent;
    if (scan->recent_len < scan->options.recent)
        scan->recent_len++;
}

static void note_time(leakdiag_scan *scan, int64_t time_ms)
{
    if (!scan->has_span || time_ms < scan->from_ms)
        scan->from_ms = time_ms;
    if (!scan->has_span || time_ms > scan->to_ms)
        scan->to_ms = time_ms;
    scan->has_span = true;
}

/* `total` is the line's whole length; `text` holds at least as much of it as is searched. */
static bool judge(leakdiag_scan *scan, const char *text, uint64_t total)
{
    line at = {.text = text, .truncated = total > LEAKDIAG_LINE_MAX_BYTES};
    at.len = at.truncated ? LEAKDIAG_LINE_MAX_BYTES : (size_t)total;
    at.has_time = ld_line_time(text, at.len, &at.time_ms);
    bool any;
    if (!match_all(scan, &at, &any))
        return false;

    scan->lines++;
    scan->truncated += at.truncated;
    if (at.has_time)
        note_time(scan, at.time_ms);
    for (size_t i = 0; i < scan->patterns->len; i++) {
        if (scan->tallies[i].match == LD_MATCH_YES)
            note_match(scan, i, &at);
        else if (scan->tallies[i].match == LD_MATCH_GIVEN_UP)
            scan->tallies[i].expensive++;
    }
    if (any)
        note_recent(scan, &at);
    return true;
}

/* Keep bytes of a line whose end is still to come. */
static bool hold(leakdiag_scan *scan, const char *data, size_t len)
{
    if (len == 0)
        return true;
    size_t room = HELD_MAX - scan->held_len, n = len < room ? len : room;
    if (!grow(&scan->held, &scan->held_room, scan->held_len + n))
        return false;
    memcpy(scan->held + scan->held_len, data, n);
    scan->held_len += n;
    scan->held_total += len;
    scan->held_last = data[len - 1];
    return true;
}

static bool judge_held(leakdiag_scan *scan, bool at_newline)
{
    bool carriage_return = at_newline && scan->held_last == '\r';
    if (!judge(scan, scan->held, scan->held_total - carriage_return))
        return false;
    scan->held_len = 0;
    scan->held_total = 0;
    return true;
}

/* `len` bytes that end a line; the newline is not among them. */
static bool end_line(leakdiag_scan *scan, const char *data, size_t len)
{
    if (scan->held_total)
        return hold(scan, data, len) && judge_held(scan, /* at_newline= */ true);
    return judge(scan, data, len - (len > 0 && data[len - 1] == '\r'));
}

static bool push(leakdiag_scan *scan, const char *data, size_t len)
{
    const char *end = data + len;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        if (!newline)
            return hold(scan, data, (size_t)(end - data));
        if (!end_line(scan, data, (size_t)(newline - data)))
            return false;
        data = newline + 1;
    }
    return true;
}

leakdiag_status leakdiag_scan_push(leakdiag_scan *scan, const char *data, size_t len,
                                   leakdiag_error *err)
{
    if (!scan || (!data && len))
        return ld_fail(err, LEAKDIAG_E_INVALID, "no scan or no data was given");
    if (scan->failed)
        return ld_fail_nomem(err);
    if (scan->finished)
        return ld_fail(err, LEAKDIAG_E_INVALID, "this scan is finished: begin a new one");
    if (len == 0)
        return LEAKDIAG_OK;
    scan->bytes += len;
    scan->failed = !push(scan, data, len);
    return scan->failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

leakdiag_status leakdiag_scan_finish(leakdiag_scan *scan, leakdiag_error *err)
{
    if (!scan)
        return ld_fail(err, LEAKDIAG_E_INVALID, "no scan was given");
    if (!scan->failed && scan->held_total)
        scan->failed = !judge_held(scan, /* at_newline= */ false);
    if (scan->failed)
        return ld_fail_nomem(err);
    scan->finished = true;
    return LEAKDIAG_OK;
}
