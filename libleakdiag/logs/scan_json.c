/* A scan's result as JSON. */
#include <math.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "logs/scan.h"

static void add_captures(ld_text *text, const ld_tally *tally)
{
    const char *before = "\"captures\":{";
    for (size_t g = 0; g < LEAKDIAG_CAPTURES_MAX; g++) {
        const ld_capture *capture = &tally->captures[g];
        if (!capture->seen)
            continue;
        ld_text_addf(text, "%s\"%zu\":{\"last\":", before, g + 1);
        ld_text_add_number(text, capture->last);
        ld_text_add(text, ",\"max\":");
        ld_text_add_number(text, capture->max);
        ld_text_add(text, ",\"min\":");
        ld_text_add_number(text, capture->min);
        ld_text_add_char(text, '}');
        before = ",";
    }
    if (before[0] == ',')
        ld_text_add(text, "},");
}

static void add_line(ld_text *text, const char *key, const ld_tally *tally,
                     const ld_kept_line *line)
{
    ld_text_addf(text, ",\"%s\":", key);
    if (tally->count == 0) {
        ld_text_add(text, "null");
        return;
    }
    ld_text_add(text, "{\"line\":");
    ld_text_add_json(text, line->text, line->len);
    ld_text_add(text, ",\"t\":");
    ld_text_add_number(text, line->has_time ? (double)line->time_ms / 1e3 : NAN);
    ld_text_add_char(text, '}');
}

static void add_tally(ld_text *text, const char *name, const ld_tally *tally)
{
    ld_text_add_json(text, name, strlen(name));
    ld_text_add(text, ":{");
    add_captures(text, tally);
    ld_text_addf(text, "\"count\":%llu", (unsigned long long)tally->count);
    if (tally->expensive)
        ld_text_addf(text, ",\"expensive\":%llu", (unsigned long long)tally->expensive);
    add_line(text, "first", tally, &tally->first);
    add_line(text, "last", tally, &tally->last);
    ld_text_add_char(text, '}');
}

leakdiag_status leakdiag_scan_to_json(const leakdiag_scan *scan, char **ret, leakdiag_error *err)
{
    if (!scan || !ret)
        return ld_fail(err, LEAKDIAG_E_INVALID, "no scan or no place for the result was given");
    if (scan->failed)
        return ld_fail_nomem(err);
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_add_char(&text, '{');
    for (size_t i = 0; i < scan->patterns->len; i++) {
        size_t pattern = scan->patterns->by_name[i];
        if (i)
            ld_text_add_char(&text, ',');
        add_tally(&text, scan->patterns->items[pattern].name, &scan->tallies[pattern]);
    }
    ld_text_add_char(&text, '}');
    return ld_text_take(&text, ret, err);
}
