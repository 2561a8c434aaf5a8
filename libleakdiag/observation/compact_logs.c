/* Looks at one log as one. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "observation/compact.h"

#define RECENT_LINES 3 /* of which a report shows as many */
/* So much of a log is one fact: when a later session reads the end of it again, the facts that
 * reach into that part do not count, and so little before it is lost with them. */
#define SLOT_MS INT64_C(300000)

static bool is_log(const ld_fact *fact)
{
    return fact->kind == LD_FACT_LOG && !fact->error;
}

static bool copy_line(const ld_line *line, ld_line *ret)
{
    *ret = *line;
    ret->text = line->text ? ld_copy_text(line->text) : NULL;
    return !line->text || ret->text;
}

/* Puts a copy in place of what was there. */
static bool replace_line(const ld_line *line, ld_line *ret)
{
    ld_line copy;
    if (!copy_line(line, &copy))
        return false;
    ld_release(ret->text);
    *ret = copy;
    return true;
}

/* --- one fact --- */

static leakdiag_status begin_sum(const ld_fact *fact, ld_fact **ret, leakdiag_error *err)
{
    const ld_log_fact *from = &fact->of.log;
    LD_CLEANUP(ld_fact_unrefp) ld_fact *sum = NULL;
    leakdiag_status status = ld_fact_new(LD_FACT_LOG, fact->source, fact->time_ms, &sum, err);
    if (status)
        return status;
    ld_log_fact *to = &sum->of.log;
    to->is_gap_only = true;
    to->patterns = ld_alloc_array(from->n_patterns + 1, sizeof *to->patterns);
    if (!to->patterns)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < from->n_patterns; i++) {
        to->patterns[i].capture = NAN;
        to->patterns[i].name = ld_copy_text(from->patterns[i].name);
        to->n_patterns++;
        if (!to->patterns[i].name)
            return ld_fail_nomem(err);
    }
    *ret = ld_steal(&sum);
    return LEAKDIAG_OK;
}

static bool add_pattern(ld_pattern_fact *to, const ld_pattern_fact *from)
{
    to->count += from->count;
    to->expensive += from->expensive;
    if (isfinite(from->capture))
        to->capture = from->capture;
    if (from->first.text && !to->first.text && !copy_line(&from->first, &to->first))
        return false;
    return !from->last.text || replace_line(&from->last, &to->last);
}

static bool add_recent(ld_log_fact *to, const ld_log_fact *from)
{
    if (from->n_recent == 0)
        return true;
    if (!to->recent)
        to->recent = ld_alloc_array(RECENT_LINES, sizeof *to->recent);
    for (size_t i = 0; to->recent && i < from->n_recent; i++) {
        ld_line copy;
        if (!copy_line(&from->recent[i], &copy))
            return false;
        if (to->n_recent == RECENT_LINES) {
            ld_release(to->recent[0].text);
            memmove(to->recent, to->recent + 1, (RECENT_LINES - 1) * sizeof *to->recent);
            to->n_recent--;
        }
        to->recent[to->n_recent++] = copy;
    }
    return to->recent != NULL;
}

/* The latest gap is the one that is told. */
static bool add_gap(ld_log_fact *to, const ld_log_fact *from)
{
    to->has_gap = to->has_gap || from->has_gap;
    if (!from->gap_reason)
        return true;
    char *copy = ld_copy_text(from->gap_reason);
    if (!copy)
        return false;
    ld_release(to->gap_reason);
    to->gap_reason = copy;
    to->gap_from_ms = from->gap_from_ms;
    to->gap_to_ms = from->gap_to_ms;
    return true;
}

static void add_span(ld_log_fact *to, const ld_log_fact *from)
{
    if (!from->has_span)
        return;
    to->from_ms = to->has_span && to->from_ms < from->from_ms ? to->from_ms : from->from_ms;
    to->to_ms = to->has_span && to->to_ms > from->to_ms ? to->to_ms : from->to_ms;
    to->has_span = true;
}

static bool add(ld_fact *sum, const ld_fact *fact)
{
    ld_log_fact *to = &sum->of.log;
    const ld_log_fact *from = &fact->of.log;
    if (from->lines > 0 || to->lines == 0) /* silence does not make its lines younger */
        sum->time_ms = fact->time_ms;
    to->is_gap_only = to->is_gap_only && from->is_gap_only;
    to->lines += from->lines;
    to->bytes += from->bytes;
    to->truncated += from->truncated;
    to->modified_ms = from->modified_ms > to->modified_ms ? from->modified_ms : to->modified_ms;
    add_span(to, from);
    bool ok = add_gap(to, from) && add_recent(to, from);
    for (size_t i = 0; ok && i < from->n_patterns; i++)
        ok = add_pattern(&to->patterns[i], &from->patterns[i]);
    return ok;
}

/* --- all of them --- */

static bool has_same_patterns(const ld_log_fact *a, const ld_log_fact *b)
{
    bool same = a->n_patterns == b->n_patterns;
    for (size_t i = 0; same && i < a->n_patterns; i++)
        same = ld_text_equal(a->patterns[i].name, b->patterns[i].name);
    return same;
}

static bool is_in_slot(const ld_fact *fact, const ld_fact *first)
{
    return fact->time_ms / SLOT_MS == first->time_ms / SLOT_MS;
}

/* The looks behind this one that go with it. A first look reads again what others have counted, so
 * no sum goes over one. done: those that were summed up. */
static leakdiag_status sum_up(ld_compaction *c, size_t i, bool *done)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *sum = NULL;
    leakdiag_status status = begin_sum(c->facts[i], &sum, c->err);
    size_t n = 0;
    for (size_t k = i; !status && k < c->n; k++) {
        const ld_fact *fact = c->facts[k];
        if (!is_log(fact) || strcmp(fact->source, sum->source) != 0)
            continue;
        if (fact->of.log.is_first || !is_in_slot(fact, c->facts[i]) ||
            !has_same_patterns(&fact->of.log, &sum->of.log))
            break;
        done[k] = true;
        n++;
        if (!add(sum, fact))
            status = ld_fail_nomem(c->err);
    }
    if (status)
        return status;
    c->keeps[i] = n == 1;
    if (n > 1)
        c->made[c->n_made++] = ld_steal(&sum);
    return LEAKDIAG_OK;
}

leakdiag_status ld_compact_logs(ld_compaction *c)
{
    LD_CLEANUP(ld_releasep) bool *done = ld_alloc_array(c->n + 1, sizeof *done);
    leakdiag_status status = done ? LEAKDIAG_OK : ld_fail_nomem(c->err);
    for (size_t i = 0; !status && i < c->n; i++) {
        if (!is_log(c->facts[i]) || done[i])
            continue;
        if (c->facts[i]->of.log.is_first)
            c->keeps[i] = true;
        else
            status = sum_up(c, i, done);
    }
    return status;
}
