/* "0m=8Mi,3m=10Mi,20m=20Mi" */
#include <leakdiag/timeline.h>

#include <string.h>

#include "base/error.h"

#define MAX_PART 64

typedef struct parser {
    const char *text;
    size_t at;
    size_t n;
    leakdiag_timeline_point points[LEAKDIAG_TIMELINE_MAX_POINTS];
} parser;

static void skip_blanks(parser *p)
{
    p->at += strspn(p->text + p->at, " \t\r\n");
}

/* Copies what stands before one of the ends; false (with the column) when it is empty or too long.
 */
static leakdiag_status take_part(parser *p, const char *ends, const char *what, char part[MAX_PART],
                                 leakdiag_error *err)
{
    skip_blanks(p);
    size_t len = strcspn(p->text + p->at, ends);
    while (len > 0 && strchr(" \t\r\n", p->text[p->at + len - 1]))
        len--;
    if (len == 0 || len >= MAX_PART)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, 1, p->at + 1,
                          "column %zu of the timeline: a %s is expected, as in 0m=8Mi,20m=20Mi",
                          p->at + 1, what);
    memcpy(part, p->text + p->at, len);
    part[len] = '\0';
    return LEAKDIAG_OK;
}

static leakdiag_status misread(const parser *p, leakdiag_status status, leakdiag_error *err)
{
    if (err)
        err->line = 1, err->column = (uint32_t)(p->at + 1);
    return ld_error_prefix(err, status, "column %zu of the timeline", p->at + 1);
}

static leakdiag_status take_point(parser *p, leakdiag_error *err)
{
    char part[MAX_PART];
    leakdiag_timeline_point *point = &p->points[p->n];
    leakdiag_status status = take_part(p, "=,", "time", part, err);
    if (status)
        return status;
    status = leakdiag_duration_parse(part, &point->at_ms, err);
    if (status)
        return misread(p, status, err);
    p->at += strcspn(p->text + p->at, "=,");
    if (p->text[p->at] != '=')
        return ld_fail_at(err, LEAKDIAG_E_INVALID, 1, p->at + 1,
                          "column %zu of the timeline: \"=\" and a size are missing", p->at + 1);
    p->at++;

    status = take_part(p, ",", "size", part, err);
    if (status)
        return status;
    int64_t bytes;
    status = leakdiag_quantity_parse(part, &bytes, err);
    if (status)
        return misread(p, status, err);
    point->bytes = (double)bytes;
    p->at += strcspn(p->text + p->at, ",");
    p->n++;
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_timeline_parse(const char *text, const leakdiag_timeline_options *options,
                                        leakdiag_timeline **ret, leakdiag_error *err)
{
    parser p = {.text = text ? text : ""};
    for (;;) {
        if (p.n == LEAKDIAG_TIMELINE_MAX_POINTS)
            return ld_fail_at(err, LEAKDIAG_E_LIMIT, 1, p.at + 1,
                              "a timeline has at most %d points", LEAKDIAG_TIMELINE_MAX_POINTS);
        leakdiag_status status = take_point(&p, err);
        if (status)
            return status;
        if (p.text[p.at] == '\0')
            break;
        p.at++; /* the comma */
    }
    return leakdiag_timeline_new(p.points, p.n, options, ret, err);
}
