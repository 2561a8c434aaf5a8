/* Does the flag service answer with the expected value? */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "diagnosis/checks/checks.h"

static void describe(ld_text *text, const ld_flag_fact *flag)
{
    ld_text_add(text, flag->value_json ? flag->value_json : leakdiag_flag_state_name(flag->state));
    if (flag->variant)
        ld_text_addf(text, " (variant %s)", flag->variant);
}

static bool is_on(const char *word)
{
    return strcmp(word, "true") == 0 || strcmp(word, "on") == 0;
}

/* What the scenario expects, as the number it is compared with; NAN when it is a word. */
static double expected_number(const char *expected, leakdiag_flag_type type)
{
    double number;
    if (ld_number_parse(expected, strlen(expected), &number))
        return number;
    if (type == LEAKDIAG_FLAG_TYPE_BOOLEAN)
        return is_on(expected);
    return NAN;
}

/* The application takes 0 and less as off. */
static const char *compare_numbers(double value, double expected)
{
    if (value == expected)
        return "expected";
    if (value <= 0)
        return "not-enabled";
    return value < expected ? "lower" : "higher";
}

static void wrong_type(ld_answer *answer, const ld_flag_fact *flag)
{
    ld_text_addf(&answer->reason,
                 "the flag has the unexpected type %s: an application that asks for a number gets "
                 "its own default",
                 leakdiag_flag_type_name(flag->type));
}

static const char *find_value(const ld_flag_fact *flag, const char *expected)
{
    double number = expected_number(expected, flag->type);
    if (isfinite(number))
        return isfinite(flag->number) ? compare_numbers(flag->number, number) : "malformed";
    /* A word: the value or the variant may be it. JSON text of a string has quotes around it. */
    size_t n = strlen(expected);
    const char *value = flag->value_json ? flag->value_json : "";
    bool is_value = strlen(value) == n + 2 && strncmp(value + 1, expected, n) == 0;
    bool is_variant = flag->variant && strcmp(flag->variant, expected) == 0;
    return is_value || is_variant ? "expected" : "not-enabled";
}

static void judge_value(ld_answer *answer, const ld_flag_fact *flag, const char *expected)
{
    const char *finding = find_value(flag, expected);
    ld_find(answer, finding);
    if (strcmp(finding, "malformed") == 0)
        wrong_type(answer, flag);
}

bool ld_is_flag_expected(const leakdiag_scenario *scenario, const ld_flag_fact *flag)
{
    for (size_t i = 0; i < scenario->n_checks; i++) {
        const ld_check *check = &scenario->checks[i];
        if (check->kind->id == LD_KIND_FLAG_VALUE)
            return flag->state == LEAKDIAG_FLAG_VALUE &&
                   strcmp(find_value(flag, ld_attribute_text(&check->expect, "value", "")),
                          "expected") == 0;
    }
    return false;
}

static void explain(ld_answer *answer, const ld_flag_fact *flag)
{
    if (answer->reason.len == 0 && flag->detail && flag->detail[0])
        ld_text_add(&answer->reason, flag->detail);
    const char *how = flag->method ? flag->method : "";
    if (strcmp(how, "GET") == 0)
        ld_text_addf(&answer->reason, "%sonly GET was answered, which OFREP does not define",
                     answer->reason.len ? "; " : "");
    if (!flag->has_targeting)
        return;
    answer->finding = NULL; /* what the rules come to only the flag service can say */
    ld_text_addf(&answer->reason,
                 "%sthe file has targeting rules, which only the flag service "
                 "can follow",
                 answer->reason.len ? "; " : "");
}

leakdiag_status ld_judge_flag_value(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_fact *fact = d->view.flag;
    const char *expected = ld_attribute_text(&answer->check->expect, "value", "");
    ld_text_add(&answer->expected, expected);
    if (!fact)
        return ld_not_configured(answer, "the flag");
    if (fact->error)
        return ld_not_collected(answer, fact);

    const ld_flag_fact *flag = &fact->of.flag;
    ld_rest_on(answer, fact);
    describe(&answer->observed, flag);
    if (flag->state == LEAKDIAG_FLAG_VALUE)
        judge_value(answer, flag, expected);
    else /* the other states and the findings share their words */
        ld_find(answer, leakdiag_flag_state_name(flag->state));
    explain(answer, flag);
    return LEAKDIAG_OK;
}
