/* The whole in one word, one sentence and one command. */
#include <string.h>

#include "diagnosis/by_hand.h"
#include "diagnosis/checks/checks.h"
#include "diagnosis/funnel.h"

static bool any(const leakdiag_diagnosis *d, ld_outcome outcome, bool with_supporting)
{
    for (size_t i = 0; i < d->n_answers; i++)
        if (d->answers[i].outcome == outcome &&
            (with_supporting || !d->answers[i].check->supporting))
            return true;
    return false;
}

static leakdiag_verdict verdict_of(const leakdiag_diagnosis *d)
{
    if (any(d, LD_FAIL, true))
        return LEAKDIAG_VERDICT_NOT_AS_EXPECTED;
    if (any(d, LD_UNKNOWN, false))
        return LEAKDIAG_VERDICT_INCONCLUSIVE;
    if (any(d, LD_WARN, true))
        return LEAKDIAG_VERDICT_WARNING;
    return LEAKDIAG_VERDICT_AS_EXPECTED;
}

/* The first answer of an outcome that decides, or NULL. */
static const ld_answer *first(const leakdiag_diagnosis *d, ld_outcome outcome)
{
    for (int supporting = 0; supporting < 2; supporting++)
        for (size_t i = 0; i < d->n_answers; i++)
            if (d->answers[i].outcome == outcome && d->answers[i].check->supporting == supporting)
                return &d->answers[i];
    return NULL;
}

static const ld_answer *memory_answer(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->n_answers; i++)
        if (d->answers[i].check->kind->id == LD_KIND_MEMORY)
            return &d->answers[i];
    return NULL;
}

static void add_answer(ld_text *text, const ld_answer *answer)
{
    ld_text_add(text, answer->check->id);
    ld_text_addf(text, " is %s", answer->finding ? answer->finding->name : "unknown");
    if (answer->observed.len)
        ld_text_addf(text, ": %s", answer->observed.data);
    if (answer->expected.len && answer->outcome != LD_PASS && answer->finding)
        ld_text_addf(text, "%s expected %s", answer->observed.len ? "," : ":",
                     answer->expected.data);
}

static void sum_up_failure(ld_text *text, const leakdiag_diagnosis *d)
{
    if (d->n_causes > 0 && d->causes[0].confidence > LEAKDIAG_CONFIDENCE_POSSIBLE) {
        ld_text_add(text, d->causes[0].cause->title);
        return;
    }
    size_t broken = d->first_broken;
    add_answer(text, broken != SIZE_MAX ? &d->answers[broken] : first(d, LD_FAIL));
}

static void sum_up(ld_text *text, const leakdiag_diagnosis *d)
{
    const ld_answer *memory = memory_answer(d);
    const ld_answer *open = first(d, LD_UNKNOWN);
    switch (d->verdict) {
    case LEAKDIAG_VERDICT_NOT_AS_EXPECTED:
        sum_up_failure(text, d);
        break;
    case LEAKDIAG_VERDICT_INCONCLUSIVE:
        add_answer(text, open);
        if (open->reason.len)
            ld_text_addf(text, " (%s)", open->reason.data);
        break;
    case LEAKDIAG_VERDICT_WARNING:
        add_answer(text, first(d, LD_WARN));
        break;
    case LEAKDIAG_VERDICT_AS_EXPECTED:
    default:
        if (memory)
            add_answer(text, memory);
        ld_add_time_to_limit(text, d, "; the limit is reached in ");
        break;
    }
}

/* Nothing of the application, the flag or the load is known: place, rights or way are wrong, and a
 * command for one check would meet the same. */
static bool is_blind(const leakdiag_diagnosis *d)
{
    const ld_view *view = &d->view;
    const ld_fact *app = ld_view_workload(view, "app"), *load = view->load;
    bool is_load_known = load && !load->error && load->of.load.state < LEAKDIAG_LOAD_MISSING;
    return !view->memory && !view->log.is_read && !view->is_flag_served && !is_load_known &&
           !(app && !app->error) && leakdiag_series_len(view->series) == 0;
}

static bool is_from(const ld_fact *fact, const char *kind)
{
    return fact && strncmp(fact->source, kind, strlen(kind)) == 0;
}

/* A process that has ended, or never was: looking at it again shows no more. */
static bool is_of_no_process(const leakdiag_diagnosis *d)
{
    const ld_fact *lack = d->view.memory_error;
    return is_from(lack, "process ") && lack->failed == LEAKDIAG_E_NOT_FOUND;
}

/* What is looked at is of this machine: kubectl says nothing of it. */
static bool is_of_this_machine(const leakdiag_diagnosis *d)
{
    const ld_fact *memory = d->view.memory ? d->view.memory : d->view.memory_error;
    return is_from(memory, "process ") || is_from(memory, "cgroup ");
}

static bool can_be_asked(const leakdiag_diagnosis *d, const char *command)
{
    return *command && !(is_of_this_machine(d) && strstr(command, "kubectl"));
}

/* That of the first answer which decides; where kubectl is no help, of the next that has one. */
static const char *command_of(const leakdiag_diagnosis *d, ld_outcome outcome)
{
    const ld_answer *open = first(d, outcome);
    if (open && can_be_asked(d, ld_command_of(open)))
        return ld_command_of(open);
    for (size_t i = 0; open && *ld_command_of(open) && i < d->n_answers; i++)
        if (d->answers[i].outcome == outcome && can_be_asked(d, ld_command_of(&d->answers[i])))
            return ld_command_of(&d->answers[i]);
    return "";
}

static const char *next_look(const leakdiag_diagnosis *d)
{
    const ld_answer *memory = memory_answer(d);
    if (is_of_no_process(d))
        return "the same again with --pid N of a process that runs (ps -e lists them)";
    if (is_blind(d))
        return "leakdiag doctor";
    if (memory && memory->finding && strcmp(memory->finding->name, "too-early") == 0)
        return "the same again with --until decided";
    return command_of(d, LD_UNKNOWN);
}

static const char *next_command(const leakdiag_diagnosis *d)
{
    const char *said = d->n_causes > 0 ? d->causes[0].cause->command : NULL;
    if (said && can_be_asked(d, said))
        return said;
    if (d->verdict == LEAKDIAG_VERDICT_INCONCLUSIVE)
        return next_look(d);
    return d->verdict == LEAKDIAG_VERDICT_NOT_AS_EXPECTED ? command_of(d, LD_FAIL) : "";
}

leakdiag_status ld_conclude(leakdiag_diagnosis *d, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text summary = {0};
    LD_CLEANUP(ld_text_done) ld_text next = {0};
    d->verdict = verdict_of(d);
    sum_up(&summary, d);
    ld_text_add(&next, next_command(d));
    leakdiag_status status = ld_text_take(&summary, &d->summary, err);
    return status ? status : ld_text_take(&next, &d->next, err);
}
