/* Is the load test running as planned? Judged by state and users: the rates of a stopped test are
 * frozen. */
#include <math.h>
#include <string.h>

#include "diagnosis/checks/checks.h"

#define DEFAULT_MAX_FAIL_RATIO 0.5

/* How long it has been running: what it says, or what earlier looks saw at least. */
static double age_s(const ld_view *view, bool *at_least)
{
    const ld_load_fact *load = &view->load->of.load;
    *at_least = load->age_ms < 0;
    if (load->age_ms >= 0)
        return (double)load->age_ms / 1e3;
    const leakdiag_observation *o = view->observation;
    int64_t since = view->load->time_ms;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != LD_FACT_LOAD)
            continue;
        if (fact->error || ld_load_is_idle(&fact->of.load))
            break;
        since = fact->time_ms;
    }
    return (double)(view->load->time_ms - since) / 1e3;
}

static double fail_ratio(const ld_view *view, const char *row_name)
{
    if (!row_name[0])
        return view->load->of.load.fail_ratio;
    const ld_load_row *row = ld_view_row(view, row_name);
    if (!row || row->requests == 0)
        return NAN;
    return (double)row->failures / (double)row->requests;
}

static void describe(ld_answer *answer, const ld_load_fact *load, double age, bool at_least)
{
    ld_text *text = &answer->observed;
    ld_text_add(text, leakdiag_load_state_name(load->state));
    if (load->users >= 0)
        ld_text_addf(text, ", %lld users", (long long)load->users);
    if (isfinite(load->spawn_per_s)) {
        ld_text_add(text, ", ");
        ld_text_add_number(text, load->spawn_per_s);
        ld_text_add(text, "/s");
    }
    if (age > 0) {
        ld_text_add(text, at_least ? ", for at least " : ", for ");
        ld_add_duration(text, age);
    }
}

static void describe_plan(ld_answer *answer, double users, double spawn, double min_age_s)
{
    ld_text *text = &answer->expected;
    ld_text_add(text, "running");
    if (isfinite(users)) {
        ld_text_add(text, ", ");
        ld_text_add_number(text, users);
        ld_text_add(text, " users");
    }
    if (isfinite(spawn)) {
        ld_text_add(text, ", ");
        ld_text_add_number(text, spawn);
        ld_text_add(text, "/s");
    }
    if (min_age_s > 0) {
        ld_text_add(text, ", for ");
        ld_add_duration(text, min_age_s);
    }
}

/* NULL when the plan cannot be held against what is known. */
static const char *running_word(leakdiag_diagnosis *d, ld_answer *answer, double age, bool at_least)
{
    const ld_attributes *expect = &answer->check->expect;
    const ld_load_fact *load = &d->view.load->of.load;
    double users = ld_attribute_number(expect, "users", NAN);
    double spawn = ld_attribute_number(expect, "spawn_per_s", NAN);
    double min_age_s = ld_attribute_number(expect, "min_age", 0) / 1e3;
    double failed = fail_ratio(&d->view, ld_attribute_text(expect, "row", ""));

    if (failed > ld_attribute_number(expect, "max_fail_ratio", DEFAULT_MAX_FAIL_RATIO)) {
        ld_text_add_fixed(&answer->reason, failed * 100, 0);
        ld_text_add(&answer->reason, " % of the requests fail");
        return "failing";
    }
    if (load->state == LEAKDIAG_LOAD_SPAWNING)
        return "spawning";
    if (isfinite(users) && load->users < 0) {
        ld_text_add(&answer->reason, "it does not tell how many users there are");
        return NULL;
    }
    if (isfinite(users) && load->users >= 0 && (double)load->users != users)
        return "users-differ";
    if (isfinite(spawn) && isfinite(load->spawn_per_s) && load->spawn_per_s != spawn)
        return "rate-differs";
    if (age < min_age_s && !at_least)
        return "too-young";
    if (age < min_age_s)
        ld_text_add(&answer->reason, "how long it has been running is not known");
    return "running";
}

/* A test that was stopped a moment ago has left orders too: their age tells which it is. */
static void add_last_order(ld_answer *answer, int64_t age_ms)
{
    ld_text_add(&answer->reason, "the last order came ");
    ld_add_duration(&answer->reason, (double)(age_ms > 0 ? age_ms : 0) / 1e3);
    ld_text_add(&answer->reason, " ago: from something else, or from just before it stopped");
}

/* Orders that come without a generator we can see come from another one; one that only refuses to
 * answer us may well be the one. */
static leakdiag_status no_generator(leakdiag_diagnosis *d, ld_answer *answer, const char *why)
{
    const ld_profile *profile = ld_view_profile(&d->view);
    if (profile && profile->has_other_generator) {
        ld_find(answer, "other-generator");
        ld_text_addf(&answer->reason,
                     "this version (%s) makes its load with k6, which the flags "
                     "loadGeneratorVUs and loadGeneratorTraffic control",
                     profile->id);
        return LEAKDIAG_OK;
    }
    bool is_refused = !d->view.load->error && d->view.load->of.load.state == LEAKDIAG_LOAD_REFUSED;
    int64_t last_ms;
    if (!is_refused && ld_orders_in_log(&d->view, &last_ms)) {
        ld_find(answer, "other-generator");
        add_last_order(answer, d->view.now_ms - last_ms);
        ld_text_add(&answer->reason, "; ");
    } else {
        ld_find(answer, "absent");
    }
    ld_text_add(&answer->reason, why);
    return LEAKDIAG_OK;
}

leakdiag_status ld_judge_load(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_attributes *expect = &answer->check->expect;
    const ld_fact *fact = d->view.load;
    describe_plan(answer, ld_attribute_number(expect, "users", NAN),
                  ld_attribute_number(expect, "spawn_per_s", NAN),
                  ld_attribute_number(expect, "min_age", 0) / 1e3);
    if (!fact)
        return ld_not_configured(answer, "the load generator");
    ld_rest_on(answer, fact);
    if (fact->error)
        return no_generator(d, answer, fact->error);

    const ld_load_fact *load = &fact->of.load;
    const char *detail = load->detail ? load->detail : "";
    if (load->state >= LEAKDIAG_LOAD_NOT_LOCUST || load->state == LEAKDIAG_LOAD_UNKNOWN)
        return no_generator(d, answer, detail[0] ? detail : leakdiag_load_state_name(load->state));
    bool at_least = false;
    double age = ld_load_is_idle(load) ? 0 : age_s(&d->view, &at_least);
    describe(answer, load, age, !ld_load_is_idle(load) && at_least);
    if (!ld_load_is_idle(load) && load->state != LEAKDIAG_LOAD_STOPPING) {
        const char *word = running_word(d, answer, age, at_least);
        if (word)
            ld_find(answer, word);
        return LEAKDIAG_OK;
    }
    int64_t last_ms;
    bool orders_come = ld_orders_in_log(&d->view, &last_ms);
    ld_find(answer, orders_come ? "other-generator" : "stopped");
    if (orders_come)
        add_last_order(answer, d->view.now_ms - last_ms);
    if (load->users == 0 && load->state == LEAKDIAG_LOAD_RUNNING)
        ld_text_addf(&answer->reason, "%sit is running, but with no user",
                     answer->reason.len ? "; " : "");
    return LEAKDIAG_OK;
}
