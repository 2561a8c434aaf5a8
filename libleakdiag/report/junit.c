/* The report for CI: one testcase per check. Unknown and blocked are skipped, never passed. */
#include "base/cleanup.h"
#include "base/number.h"
#include "report/forms.h"

static void add_attribute(ld_text *xml, const char *name, const char *value)
{
    ld_text_addf(xml, " %s=\"", name);
    ld_text_add_xml(xml, value, strlen(value));
    ld_text_add_char(xml, '"');
}

static void add_property(ld_text *xml, const char *name, const char *value)
{
    ld_text_add(xml, "    <property");
    add_attribute(xml, "name", name);
    add_attribute(xml, "value", value);
    ld_text_add(xml, "/>\n");
}

/* "observed: 100\nexpected: 300\n": for people who open the failed case. */
static void add_line(ld_text *xml, const char *label, const char *value)
{
    if (!value || !*value)
        return;
    ld_text_addf(xml, "%s: ", label);
    ld_text_add_xml(xml, value, strlen(value));
    ld_text_add_char(xml, '\n');
}

static void add_evidence(ld_text *xml, const leakdiag_diagnosis *d, size_t i)
{
    add_line(xml, "asks", leakdiag_check_asks(d, i));
    add_line(xml, "finding", leakdiag_check_finding(d, i));
    add_line(xml, "observed", leakdiag_check_observed(d, i));
    add_line(xml, "expected", leakdiag_check_expected(d, i));
    add_line(xml, "why", leakdiag_check_reason(d, i));
    add_line(xml, "source", leakdiag_check_source(d, i));
    add_line(xml, "by hand", leakdiag_check_command(d, i));
}

/* "lower: 100, expected 300", "behind flag.value", or why it is not known. */
static void make_message(const leakdiag_diagnosis *d, size_t i, ld_text *ret)
{
    const char *finding = leakdiag_check_finding(d, i);
    const char *blocked_by = leakdiag_check_blocked_by(d, i);
    const char *observed = leakdiag_check_observed(d, i);
    const char *expected = leakdiag_check_expected(d, i);
    if (blocked_by) {
        ld_text_addf(ret, "blocked: %s is broken before it", blocked_by);
        return;
    }
    ld_text_add(ret, finding ? finding : "unknown");
    if (!*observed && *leakdiag_check_reason(d, i)) {
        ld_text_addf(ret, ": %s", leakdiag_check_reason(d, i));
        return;
    }
    if (*observed)
        ld_text_addf(ret, ": %s", observed);
    if (*expected)
        ld_text_addf(ret, "%s expected %s", *observed ? "," : ":", expected);
}

static void add_result(ld_text *xml, const leakdiag_diagnosis *d, size_t i)
{
    LD_CLEANUP(ld_text_done) ld_text message = {0};
    make_message(d, i, &message);
    xml->failed = xml->failed || message.failed;
    if (message.failed)
        return;
    const char *finding = leakdiag_check_finding(d, i);
    switch (leakdiag_check_outcome(d, i)) {
    case LEAKDIAG_OUTCOME_FAIL:
        ld_text_add(xml, "    <failure");
        add_attribute(xml, "message", message.data);
        add_attribute(xml, "type", finding ? finding : "fail");
        ld_text_add(xml, ">");
        add_evidence(xml, d, i);
        ld_text_add(xml, "</failure>\n");
        break;
    case LEAKDIAG_OUTCOME_UNKNOWN:
    case LEAKDIAG_OUTCOME_BLOCKED:
        ld_text_add(xml, "    <skipped");
        add_attribute(xml, "message", message.data);
        ld_text_add(xml, "/>\n");
        break;
    case LEAKDIAG_OUTCOME_WARN:
        ld_text_add(xml, "    <system-out>warning: ");
        ld_text_add_xml(xml, message.data, message.len);
        ld_text_add(xml, "\n");
        add_evidence(xml, d, i);
        ld_text_add(xml, "</system-out>\n");
        break;
    case LEAKDIAG_OUTCOME_PASS:
    default:
        break;
    }
}

static void add_case(ld_text *xml, const leakdiag_diagnosis *d, size_t i)
{
    ld_text_add(xml, "  <testcase");
    add_attribute(xml, "classname", leakdiag_scenario_name(d->scenario));
    add_attribute(xml, "name", leakdiag_check_id(d, i));
    if (leakdiag_check_outcome(d, i) == LEAKDIAG_OUTCOME_PASS) {
        ld_text_add(xml, " time=\"0\"/>\n");
        return;
    }
    ld_text_add(xml, " time=\"0\">\n");
    add_result(xml, d, i);
    ld_text_add(xml, "  </testcase>\n");
}

/* Causes belong to no single check: they stand at the suite's end. */
static void add_causes(ld_text *xml, const leakdiag_diagnosis *d)
{
    ld_text_add(xml, "  <system-out>");
    add_line(xml, "verdict", leakdiag_verdict_name(leakdiag_diagnosis_verdict(d)));
    add_line(xml, "summary", leakdiag_diagnosis_summary(d));
    for (size_t i = 0; i < leakdiag_diagnosis_cause_count(d); i++) {
        ld_text_addf(xml,
                     "cause (%s): ", leakdiag_confidence_name(leakdiag_cause_confidence(d, i)));
        const char *id = leakdiag_cause_id(d, i);
        ld_text_add_xml(xml, id, strlen(id));
        add_line(xml, "", leakdiag_cause_title(d, i));
        for (size_t k = 0; k < leakdiag_cause_supporting_count(d, i); k++)
            add_line(xml, "  for", leakdiag_cause_supporting(d, i, k));
        for (size_t k = 0; k < leakdiag_cause_contradicting_count(d, i); k++)
            add_line(xml, "  against", leakdiag_cause_contradicting(d, i, k));
        add_line(xml, "  refuted by", leakdiag_cause_refuted_by(d, i));
        add_line(xml, "  predicts", leakdiag_cause_prediction(d, i));
        add_line(xml, "  fix", leakdiag_cause_fix(d, i));
        add_line(xml, "  command", leakdiag_cause_command(d, i));
    }
    add_line(xml, "next", leakdiag_diagnosis_next(d));
    ld_text_add(xml, "</system-out>\n");
}

static size_t count_outcome(const leakdiag_diagnosis *d, leakdiag_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < leakdiag_diagnosis_check_count(d); i++)
        n += leakdiag_check_outcome(d, i) == outcome;
    return n;
}

/* JUnit's timestamp is a local time without a zone: UTC is what everybody can compare. */
static void add_timestamp(ld_text *xml, const leakdiag_diagnosis *d)
{
    char now[LD_NUMBER_BYTES];
    ld_rfc3339_format(leakdiag_observation_now_ms(d->observation) / 1000 * 1000, now);
    now[strcspn(now, "Z")] = '\0';
    add_attribute(xml, "timestamp", now);
}

leakdiag_status ld_report_junit(const leakdiag_diagnosis *diagnosis, char **ret,
                                leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text xml = {0};
    size_t n = leakdiag_diagnosis_check_count(diagnosis);
    size_t skipped = count_outcome(diagnosis, LEAKDIAG_OUTCOME_UNKNOWN) +
                     count_outcome(diagnosis, LEAKDIAG_OUTCOME_BLOCKED);
    ld_text_add(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    add_attribute(&xml, "name", leakdiag_scenario_name(diagnosis->scenario));
    ld_text_addf(&xml, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\"", n,
                 count_outcome(diagnosis, LEAKDIAG_OUTCOME_FAIL), skipped);
    add_timestamp(&xml, diagnosis);
    ld_text_add(&xml, ">\n  <properties>\n");
    add_property(&xml, "verdict", leakdiag_verdict_name(leakdiag_diagnosis_verdict(diagnosis)));
    add_property(&xml, "next", leakdiag_diagnosis_next(diagnosis));
    ld_text_add(&xml, "  </properties>\n");
    for (size_t i = 0; i < n; i++)
        add_case(&xml, diagnosis, i);
    add_causes(&xml, diagnosis);
    ld_text_add(&xml, "</testsuite>\n");
    return ld_text_take(&xml, ret, err);
}
