/* How many per minute: from the load generator's row, or from a log over a time cursor. Never from
 * a tail of N lines, which saturates. */
#include <math.h>
#include <string.h>

#include "diagnosis/checks/checks.h"

bool ld_load_is_idle(const ld_load_fact *load)
{
    return load->state == LEAKDIAG_LOAD_STOPPED || load->state == LEAKDIAG_LOAD_READY ||
           load->state == LEAKDIAG_LOAD_MISSING || load->users == 0;
}

/* Locust answers from a cache for 2 s: two looks closer than that may be the same answer. */
#define LOCUST_CACHE_MS 2100

/* The oldest look inside the window that the counter did not restart after. */
static const ld_fact *earlier_look(const ld_view *view, const char *row, int64_t window_ms)
{
    const ld_load_row *now = ld_find_row(view->load, row);
    const leakdiag_observation *o = view->observation;
    const ld_fact *earliest = NULL;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != LD_FACT_LOAD || fact->error || fact == view->load)
            continue;
        if (fact->time_ms < view->load->time_ms - window_ms)
            break;
        const ld_load_row *then = ld_find_row(fact, row);
        if (!then || then->requests > now->requests)
            break;
        earliest = fact;
    }
    return earliest && view->load->time_ms - earliest->time_ms >= LOCUST_CACHE_MS ? earliest : NULL;
}

static double requests_of(const ld_load_row *row, bool successful)
{
    bool subtract = successful && row->failures > 0;
    return (double)(row->requests - (subtract ? row->failures : 0));
}

/* A zero needs a time in which something should have come: not the first seconds of a test, nor
 * those since the page that Locust still shows. */
static bool is_long_enough(const ld_view *view, const ld_counter *counter, bool is_of_two_pages)
{
    double known_ms = counter->window_s * 1e3 - (is_of_two_pages ? LOCUST_CACHE_MS : 0);
    return counter->per_min > 0 || known_ms * 5 >= (double)view->scenario->window_ms;
}

/* One look alone: the rate Locust shows is of its last ten seconds, too short for a zero when there
 * were requests before. */
static void count_one_look(const ld_load_fact *load, const ld_load_row *row, bool successful,
                           ld_counter *counter)
{
    double share = row->requests > 0 ? requests_of(row, successful) / (double)row->requests : 1;
    bool rests = row->rate_per_s <= 0 && row->requests > 0;
    counter->per_min = row->rate_per_s * 60 * share;
    counter->count = requests_of(row, successful);
    if (load->age_ms > 0 && !rests)
        counter->window_s = (double)load->age_ms / 1e3;
}

static ld_counter count_row(const ld_view *view, const char *row_name, int64_t window_ms,
                            bool successful)
{
    ld_counter counter = {.per_min = NAN, .count = NAN, .window_s = NAN, .fact = view->load};
    const ld_fact *fact = view->load;
    if (!fact || fact->error || fact->of.load.state >= LEAKDIAG_LOAD_NOT_LOCUST)
        return counter;
    if (ld_load_is_idle(&fact->of.load)) { /* the numbers of a stopped test are frozen */
        counter.has_evidence = true;
        counter.per_min = counter.count = 0;
        return counter;
    }
    const ld_load_row *row = ld_find_row(fact, row_name);
    if (!row)
        return counter;
    const ld_fact *before = earlier_look(view, row_name, window_ms);
    if (before) {
        counter.window_s = (double)(fact->time_ms - before->time_ms) / 1e3;
        counter.count =
            requests_of(row, successful) - requests_of(ld_find_row(before, row_name), successful);
        counter.per_min = counter.count / counter.window_s * 60;
    } else {
        count_one_look(&fact->of.load, row, successful, &counter);
    }
    counter.has_evidence =
        isfinite(counter.per_min) && is_long_enough(view, &counter, before != NULL);
    return counter;
}

/* The present silence would be one chance in 3,000 (e^-8) at the mean rate of all its lines, and at
 * that of the window before the silence: it has stopped, although the window still holds lines.
 * Both, and a fifth of the window at least, so that a rate that only fell is not taken for a stop.
 */
#define SILENCE_EVENTS 8

static bool is_silent(const ld_view *view, const ld_counter *counter, int64_t at_least_ms)
{
    if (!counter->last_ms || !isfinite(counter->window_s))
        return false;
    double silence_s = (double)(view->now_ms - counter->last_ms) / 1e3;
    double before_s = counter->window_s - silence_s;
    if (silence_s * 1e3 <= (double)at_least_ms)
        return false;
    return silence_s * counter->mean_per_s > SILENCE_EVENTS &&
           (before_s <= 0 || silence_s * counter->count / before_s > SILENCE_EVENTS);
}

bool ld_has_stopped(const ld_view *view, const ld_counter *counter)
{
    return is_silent(view, counter, view->scenario->window_ms / 5);
}

static double mean_per_s(const ld_pattern_view *pattern)
{
    if (!pattern->first || !pattern->first->has_time || !pattern->last->has_time ||
        pattern->last->time_ms <= pattern->first->time_ms)
        return 0;
    return (double)(pattern->count - 1) * 1e3 /
           (double)(pattern->last->time_ms - pattern->first->time_ms);
}

static ld_counter count_pattern(const ld_view *view, const char *name, int64_t window_ms)
{
    ld_counter counter = {.per_min = NAN, .count = NAN, .window_s = NAN, .fact = view->log.fact};
    const ld_pattern_view *pattern = ld_view_pattern(view, name);
    if (!pattern)
        return counter;
    counter.is_silent = view->log.lines == 0;
    counter.is_unverified = pattern->count == 0 && !counter.is_silent;
    if (pattern->count == 0)
        return counter;
    counter.has_evidence = true;
    counter.count = (double)ld_pattern_lines(view, pattern);
    counter.is_lower_bound = pattern->is_lower_bound || view->log.has_gap;
    if (pattern->last && pattern->last->has_time)
        counter.last_ms = pattern->last->time_ms + view->log.skew_ms;
    counter.mean_per_s = counter.last_ms ? mean_per_s(pattern) : 0;
    if (view->log.window_ms > 0 && window_ms > 0) {
        counter.window_s = (double)view->log.window_ms / 1e3;
        counter.per_min = counter.count / counter.window_s * 60;
    }
    return counter;
}

static bool is_counter(const ld_fact *fact, const char *name)
{
    return fact->kind == LD_FACT_SERIES && !fact->error && fact->of.series.name &&
           strcmp(fact->of.series.name, name) == 0;
}

/* A backend's own rate per minute: the newest value that is not older than the window. */
static ld_counter count_backend(const ld_view *view, const char *name, int64_t window_ms)
{
    ld_counter counter = {.per_min = NAN, .count = NAN, .window_s = NAN};
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; i-- > 0;) {
        if (!is_counter(o->facts[i], name))
            continue;
        const leakdiag_series *series = o->facts[i]->of.series.series;
        size_t n = leakdiag_series_len(series);
        counter.fact = o->facts[i];
        if (n == 0 || view->now_ms - leakdiag_series_times_ms(series)[n - 1] > window_ms)
            return counter;
        counter.per_min = leakdiag_series_values(series)[n - 1];
        counter.window_s = (double)window_ms / 1e3;
        counter.has_evidence = true;
        return counter;
    }
    return counter;
}

ld_counter ld_count(const ld_view *view, const char *of, int64_t window_ms, bool successful)
{
    if (strncmp(of, "prometheus:", 11) == 0)
        return count_backend(view, of + 11, window_ms);
    if (strncmp(of, "load:", 5) == 0)
        return count_row(view, of + 5, window_ms, successful);
    return count_pattern(view, strncmp(of, "log:", 4) == 0 ? of + 4 : of, window_ms);
}

static bool is_idle_look(const ld_fact *fact)
{
    return ld_load_is_idle(&fact->of.load);
}

/* When the generator was first seen idle after it had been seen at work; INT64_MIN when it is not
 * idle or was never seen at work. */
static int64_t idle_since(const ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    int64_t since = INT64_MIN;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != LD_FACT_LOAD || fact->error ||
            fact->of.load.state >= LEAKDIAG_LOAD_NOT_LOCUST)
            continue;
        if (!is_idle_look(fact))
            return since;
        since = fact->time_ms;
    }
    return INT64_MIN;
}

/* Lately: within a fifth of the window, so that what stopped is not counted as going on, and less
 * when lines came so often that a shorter silence tells (a thirtieth of the window for buffers and
 * clocks); and after the generator was seen to have stopped, because its last orders are its own.
 */
static bool moved_lately(const ld_view *view, const ld_counter *counter)
{
    int64_t idle_ms = idle_since(view), window_ms = view->scenario->window_ms;
    if (!counter->last_ms || view->now_ms - counter->last_ms > window_ms / 5 ||
        is_silent(view, counter, window_ms / 30))
        return false;
    return idle_ms == INT64_MIN || counter->last_ms > idle_ms + view->scenario->every_ms;
}

bool ld_orders_in_log(const ld_view *view, int64_t *ret_last_ms)
{
    int64_t last_ms = 0;
    for (size_t i = 0; i < view->scenario->n_checks; i++) {
        const ld_check *check = &view->scenario->checks[i];
        const ld_attribute *of = ld_attribute_find(&check->expect, "of");
        if (check->kind->id != LD_KIND_RATE || !of)
            continue;
        for (size_t k = 0; k < of->n_items; k++) {
            if (strncmp(of->items[k], "log:", 4) != 0)
                continue;
            ld_counter counter = ld_count(view, of->items[k], view->scenario->window_ms, false);
            if (moved_lately(view, &counter) && counter.last_ms > last_ms)
                last_ms = counter.last_ms;
        }
    }
    if (ret_last_ms)
        *ret_last_ms = last_ms;
    return last_ms != 0;
}

static void describe(const ld_view *view, ld_text *text, const ld_counter *counter)
{
    if (ld_has_stopped(view, counter)) {
        ld_text_add(text, "none for ");
        ld_add_duration(text, (double)(view->now_ms - counter->last_ms) / 1e3);
        return;
    }
    if (isfinite(counter->per_min)) {
        ld_text_add_fixed(text, counter->per_min, counter->per_min < 100 ? 1 : 0);
        ld_text_add(text, "/min");
    }
    if (isfinite(counter->count) && isfinite(counter->window_s)) {
        ld_text_addf(text, "%s", text->len ? " (" : "");
        ld_text_add_fixed(text, counter->count, 0);
        ld_text_add(text, " in ");
        ld_add_duration(text, counter->window_s);
        ld_text_add(text, ")");
    } else if (isfinite(counter->count) && !isfinite(counter->per_min)) {
        ld_text_add_fixed(text, counter->count, 0);
        ld_text_add(text, " lines");
    }
}

static const char *place(const ld_view *view, const ld_counter *counter, double min, double max)
{
    if (!isfinite(counter->per_min)) /* lines, but no time they cover */
        return counter->count > 0 ? "lower-bound" : "silent-source";
    if (counter->per_min <= 0 || ld_has_stopped(view, counter))
        return counter->is_lower_bound ? "lower-bound" : "zero";
    if (isfinite(min) && counter->per_min < min)
        return counter->is_lower_bound ? "lower-bound" : "low";
    if (isfinite(max) && counter->per_min > max)
        return "high";
    return "in-range";
}

static void describe_range(ld_text *text, double min, double max)
{
    if (!isfinite(min) && !isfinite(max)) {
        ld_text_add(text, "more than 0/min");
        return;
    }
    if (isfinite(min))
        ld_text_add_number(text, min);
    ld_text_add(text, isfinite(max) && isfinite(min) ? " to " : isfinite(max) ? "at most " : "");
    if (isfinite(max))
        ld_text_add_number(text, max);
    ld_text_add(text, isfinite(max) ? "/min" : "/min or more");
}

static void take(leakdiag_diagnosis *d, ld_answer *answer, const ld_counter *counter,
                 const char *of)
{
    ld_rate *rate = &d->rates[answer->check - d->scenario->checks];
    double per_min = ld_has_stopped(&d->view, counter) ? 0 : counter->per_min;
    *rate = (ld_rate){true, per_min, counter->window_s, counter->count, of};
    describe(&d->view, &answer->observed, counter);
    ld_rest_on(answer, counter->fact);
    if (counter->is_lower_bound)
        ld_text_add(&answer->reason, "lines were lost, so this is a lower bound");
}

/* Nobody could count: say what each source lacked. */
static void no_evidence(leakdiag_diagnosis *d, ld_answer *answer, bool silent, bool unverified)
{
    ld_rest_on(answer, d->view.log.fact ? d->view.log.fact : d->view.load);
    if (!answer->is_configured) {
        ld_not_configured(answer, "a counter");
        return;
    }
    ld_find(answer, "silent-source");
    if (unverified)
        ld_text_add(&answer->reason, "the log has lines, but never this one: the pattern is not "
                                     "verified, so its absence is no zero");
    else if (silent)
        ld_add_silence(d, answer);
    else if (answer->fact->error)
        ld_text_add(&answer->reason, answer->fact->error);
    else
        ld_text_add(&answer->reason, "no source has counted anything yet");
}

leakdiag_status ld_judge_rate(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_attributes *expect = &answer->check->expect;
    const ld_attribute *of = ld_attribute_find(expect, "of");
    double min = ld_attribute_number(expect, "min_per_min", NAN);
    double max = ld_attribute_number(expect, "max_per_min", NAN);
    bool successful = ld_attribute_number(expect, "successful", 0) > 0;
    int64_t window_ms =
        (int64_t)ld_attribute_number(expect, "window", (double)d->scenario->window_ms);
    describe_range(&answer->expected, min, max);

    bool silent = false, unverified = false;
    for (size_t i = 0; of && i < of->n_items; i++) {
        ld_counter counter = ld_count(&d->view, of->items[i], window_ms, successful);
        bool is_row = strncmp(of->items[i], "load:", 5) == 0;
        silent = silent || counter.is_silent;
        unverified = unverified || counter.is_unverified;
        /* A stopped generator proves no orders only while the log does not show them. */
        if (!counter.has_evidence ||
            (is_row && counter.per_min <= 0 && ld_orders_in_log(&d->view, NULL)))
            continue;
        take(d, answer, &counter, of->items[i]);
        ld_find(answer, place(&d->view, &counter, min, max));
        return LEAKDIAG_OK;
    }
    no_evidence(d, answer, silent, unverified);
    return LEAKDIAG_OK;
}
