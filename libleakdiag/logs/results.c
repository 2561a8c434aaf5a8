/* Reading a scan: the getters. */
#include <math.h>

#include "logs/scan.h"

static const ld_tally *tally_of(const leakdiag_scan *scan, size_t i)
{
    return i < scan->patterns->len ? &scan->tallies[i] : NULL;
}

static leakdiag_log_line public_line(const ld_kept_line *kept)
{
    return (leakdiag_log_line){
        .text = kept->text,
        .len = kept->len,
        .number = kept->number,
        .has_time = kept->has_time,
        .time_ms = kept->time_ms,
    };
}

uint64_t leakdiag_scan_count(const leakdiag_scan *scan, size_t i)
{
    const ld_tally *tally = tally_of(scan, i);
    return tally ? tally->count : 0;
}

uint64_t leakdiag_scan_window_count(const leakdiag_scan *scan, size_t i)
{
    const ld_tally *tally = tally_of(scan, i);
    return tally ? tally->window_count : 0;
}

uint64_t leakdiag_scan_slice_count(const leakdiag_scan *scan, size_t i, size_t slice)
{
    const ld_tally *tally = tally_of(scan, i);
    return tally && slice < LEAKDIAG_SCAN_SLICES ? tally->slices[slice] : 0;
}

uint64_t leakdiag_scan_expensive(const leakdiag_scan *scan, size_t i)
{
    const ld_tally *tally = tally_of(scan, i);
    return tally ? tally->expensive : 0;
}

int leakdiag_scan_first(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret)
{
    const ld_tally *tally = tally_of(scan, i);
    if (!tally || tally->count == 0)
        return 0;
    *ret = public_line(&tally->first);
    return 1;
}

int leakdiag_scan_last(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret)
{
    const ld_tally *tally = tally_of(scan, i);
    if (!tally || tally->count == 0)
        return 0;
    *ret = public_line(&tally->last);
    return 1;
}

size_t leakdiag_scan_capture_count(const leakdiag_scan *scan, size_t i)
{
    const ld_tally *tally = tally_of(scan, i);
    size_t n = 0;
    for (size_t g = 0; tally && g < LEAKDIAG_CAPTURES_MAX; g++)
        n += tally->captures[g].seen;
    return n;
}

static const ld_capture *capture_of(const leakdiag_scan *scan, size_t i, size_t group)
{
    static const ld_capture never = {.last = NAN, .min = NAN, .max = NAN};
    const ld_tally *tally = tally_of(scan, i);
    if (!tally || group < 1 || group > LEAKDIAG_CAPTURES_MAX || !tally->captures[group - 1].seen)
        return &never;
    return &tally->captures[group - 1];
}

double leakdiag_scan_capture_last(const leakdiag_scan *scan, size_t i, size_t group)
{
    return capture_of(scan, i, group)->last;
}

double leakdiag_scan_capture_min(const leakdiag_scan *scan, size_t i, size_t group)
{
    return capture_of(scan, i, group)->min;
}

double leakdiag_scan_capture_max(const leakdiag_scan *scan, size_t i, size_t group)
{
    return capture_of(scan, i, group)->max;
}

double leakdiag_scan_rate_per_min(const leakdiag_scan *scan, size_t i)
{
    const ld_tally *tally = tally_of(scan, i);
    if (!tally || !scan->has_span || scan->to_ms == scan->from_ms)
        return NAN;
    double minutes = (double)(scan->to_ms - scan->from_ms) / 60e3;
    return (double)tally->count / minutes;
}

size_t leakdiag_scan_pending_bytes(const leakdiag_scan *scan)
{
    return scan->held_total > SIZE_MAX ? SIZE_MAX : (size_t)scan->held_total;
}

uint64_t leakdiag_scan_lines(const leakdiag_scan *scan)
{
    return scan->lines;
}

uint64_t leakdiag_scan_bytes(const leakdiag_scan *scan)
{
    return scan->bytes;
}

uint64_t leakdiag_scan_truncated(const leakdiag_scan *scan)
{
    return scan->truncated;
}

int leakdiag_scan_time_span(const leakdiag_scan *scan, int64_t *ret_from_ms, int64_t *ret_to_ms)
{
    if (!scan->has_span)
        return 0;
    *ret_from_ms = scan->from_ms;
    *ret_to_ms = scan->to_ms;
    return 1;
}

size_t leakdiag_scan_recent_len(const leakdiag_scan *scan)
{
    return scan->recent_len;
}

static const ld_recent *recent_at(const leakdiag_scan *scan, size_t i)
{
    if (i >= scan->recent_len)
        return NULL;
    size_t ring = scan->options.recent;
    return &scan->recent[(scan->recent_next + ring - scan->recent_len + i) % ring];
}

leakdiag_log_line leakdiag_scan_recent(const leakdiag_scan *scan, size_t i, size_t *ret_pattern)
{
    const ld_recent *recent = recent_at(scan, i);
    if (!recent)
        return (leakdiag_log_line){0};
    size_t pattern = 0;
    while (!recent->matched[pattern]) /* one of them did, or the line would not be here */
        pattern++;
    if (ret_pattern)
        *ret_pattern = pattern;
    return public_line(&recent->line);
}

int leakdiag_scan_recent_matches(const leakdiag_scan *scan, size_t i, size_t pattern)
{
    const ld_recent *recent = recent_at(scan, i);
    return recent && pattern < scan->patterns->len && recent->matched[pattern];
}
