/* What is refused, and where; what the linter says. */
#include "scenario_helpers.h"

/* --- what is refused, and where --- */

static const struct {
    const char *from, *to;
    size_t line, column;
    const char *says;
} refused[] = {
    {"leakdiag/v1", "leakdiag/v2", 1, 13, "apiVersion is \"leakdiag/v2\""},
    {"kind: Scenario", "kind: Scenari", 2, 7, "this reads only \"Scenario\""},
    {"kind: Scenario\n", "", 1, 1, "\"kind\" is missing in the scenario"},
    {"metadata: {", "metadata: [] #", 3, 11, "must be a map, not a list"},
    {"name: small", "name: \"sm all\"", 3, 18, "is no name for a scenario"},
    {", title: A small one", "", 3, 11, "\"title\" is missing in \"metadata\""},
    {"title: A small one", "title: \"\"", 3, 32, "\"title\" of \"metadata\" is empty"},
    {"checks:", "cheks:", 15, 1, "did you mean \"checks\"?"},
    {"title: A small", "titel: A small", 3, 25, "did you mean \"title\"?"},
    {"pace:", "paces:", 9, 1, "unknown key \"paces\" in the scenario: did you mean \"pace\"?"},
    {"type: number", "type: nummer", 6, 17, "unknown type \"nummer\""},
    {"default: 5,", "default: five,", 6, 34, "\"five\" is not a number"},
    {"default: 5, ", "", 6, 10, "\"default\" is missing in parameter \"users\""},
    {"default: 10m", "default: \"${users}\"", 8, 34, "is not a duration"},
    {"default: \"http://localhost:1\"", "default: \"${users}\"", 5, 30, "cannot use another"},
    {"every: 1s", "every: 1x", 9, 15, "\"every\" of \"pace\": \"1x\" is not a duration"},
    {"every: 1s", "every: 1ms", 9, 15, "at least 10ms"},
    {"every: 1s", "evry: 1s", 9, 8, "did you mean \"every\"?"},
    {"stale: 5s", "time_scale: 0", 9, 56, "\"time_scale\" of \"pace\" must be from"},
    {"  load: [", "  lod: [", 11, 3, "unknown key \"lod\" in \"sources\": did you mean \"log\"?"},
    {"type: locust", "type: locusts", 11, 17, "did you mean \"locust\"?"},
    {"type: locust", "type: csv", 11, 17, "unknown type \"csv\" in source 1 of \"load\""},
    {"[{type: locust", "[{typ: locust", 11, 10, "\"type\" is missing in source 1 of \"load\""},
    {"{type: csv, path: \"\"}]",
     "{type: csv, path: \"\"}]\n  flag: [{type: ofrep, url: x, key: \"\"}]", 13, 37,
     "\"key\" of source 1 of \"flag\" is empty"},
    {"csv, path", "csv, pth", 12, 24, "unknown key \"pth\" in source 1 of \"memory\""},
    {"url: \"${url}\"", "url: \"${ulr}\"", 11, 30, "unknown parameter \"ulr\""},
    {"url: \"${url}\"", "url: \"${url\"", 11, 30, "without its \"}\""},
    {"{text: \"order of", "{regex: \"(order of", 14, 18, "pattern \"order\": "},
    {"text: \"order of ${users}\"", "ignore_case: true", 14, 10, "\"text\" or \"regex\""},
    {"text: \"order of", "regex: x, text: \"order of", 14, 10, "\"text\" or \"regex\""},
    {"order of ${users}\"", "x\", ignore_case: yes", 14, 35, "write true or false"},
    {"    kind: load", "    kinds: load", 17, 5,
     "unknown key \"kinds\" in check \"load\": did you mean \"kind\"?"},
    {"kind: load", "kind: laod", 17, 11, "unknown kind \"laod\" in check \"load\""},
    {"asks: Is it running?", "asks: [a]", 18, 11, "\"asks\" of check \"load\" must be a single"},
    {"    asks: Is it running?\n", "", 17, 5, "\"asks\" is missing in check \"load\""},
    {"users: \"${users}\"", "users: many", 19, 21, "\"many\" is not a number"},
    {"users: \"${users}\"", "user: 5", 19, 14, "did you mean \"users\"?"},
    {"min_age: \"${age}\"", "max_fail_ratio: 1.5", 19, 49, "a share from 0 to 1"},
    {"needs: [load]", "needs: [laod]", 23, 13, "unknown check \"laod\" in \"needs\" of check"},
    {"needs: [load]", "needs: [load, load]", 23, 19, "names \"load\" twice"},
    {"needs: [load]", "needs: [orders]", 20, 3, "need each other: orders -> orders"},
    {"needs: [load]", "needs: load", 23, 12, "must be a list, not a single value"},
    {"    asks: Is it running?", "    asks: Is it\n    needs: [orders]", 16, 3,
     "need each other: load -> orders -> load"},
    {"checks:", "checks:\n  m: {kind: memory, asks: a}\n  n: {kind: memory, asks: b}", 17, 3,
     "\"n\" is a second one of kind memory, after \"m\""},
    {"log:order", "log:ordr", 24, 30, "unknown pattern \"ordr\""},
    {"log:order", "lag:order", 24, 30, "neither \"log:PATTERN\" nor \"load:ROW\""},
    {"of: [\"load:/a\", \"log:order\"]", "window: 1m", 24, 13, "\"of\" is missing in \"expect\""},
    {"\"log:order\"]", "\"log:order\"], min_per_min: 5, max_per_min: 4", 24, 57, "above"},
    {"    expect: {of: [\"load:/a\", \"log:order\"]}\n", "", 21, 5,
     "\"of\" is missing in \"expect\""},
    {"zero: warn", "zero: wrn", 25, 22, "unknown outcome \"wrn\""},
    {"zero: warn", "zero: blocked", 25, 22, "unknown outcome \"blocked\""},
    {"zero: warn", "zeroo: warn", 25, 16, "unknown finding \"zeroo\""},
    {"kind: limit", "kind: memory", 29, 5, "kind memory takes no expectations"},
    {"  limit:\n    kind", "  Limit:\n    kind", 26, 3, "\"Limit\" is no name for a check"},
    {"oom_at_end: true", "oom_at_end: on", 31, 15, "write true or false"},
    {"oom_at_end: true", "oom_at_end: true\n  starts: {after: [orderz]}", 32, 20,
     "unknown check \"orderz\""},
    {"at: 10m", "at: 0m", 34, 7, "point 2 of \"timeline\" is not later"},
    {"value: 20Mi", "value: 20mi", 34, 24, "\"value\" of point 2 of \"timeline\""},
    {"{at: 0m, value: 8Mi,", "{value: 8Mi,", 33, 7, "\"at\" is missing in point 1"},
    {"    - {at: 10m, value: 20Mi}\n", "", 33, 5, "\"points\" of \"timeline\""},
    {"  no-load:", "  \"\":", 36, 3, "\"\" is no name for a cause"},
    {"  no-load:", "  no load:", 36, 3, "\"no load\" is no name for a cause"},
    {"  no-load:", "  no-load-of-a-name-that-goes-on-for-more-than-the-sixty-four-bytes:", 36, 3,
     "is no name for a cause"},
    {"  no-load:", "  none:", 36, 3, "\"none\" is no name for a cause"},
    {"    title: Nobody is there\n", "", 37, 5, "\"title\" is missing in cause \"no-load\""},
    {"[stopped]", "[stoped]", 38, 19,
     "unknown finding \"stoped\" in \"load\" in \"when\" of cause \"no-load\": did you mean "
     "\"stopped\"?"},
    {"[stopped]", "[zero]", 38, 19, "unknown finding \"zero\""},
    {"[stopped]", "stopped", 38, 18, "must be a list, not a single value"},
    {"[stopped]", "[]", 38, 18, "lists no finding"},
    {"[stopped]", "[stopped, stopped]", 38, 28, "lists \"stopped\" twice"},
    {"{load: [stopped]", "{lod: [stopped]", 38, 12, "unknown check \"lod\""},
    {"    when:", "    supports:", 36, 3, "it would always fire"},
    {"    when:", "    wen:", 38, 5,
     "unknown key \"wen\" in cause \"no-load\": did you mean \"when\"?"},
    {"name: stopped", "nam: stopped", 42, 5, "unknown key \"nam\" in test 1: did you mean"},
    {"state: stopped", "state: stoped", 43, 27, "unknown load.state \"stoped\""},
    {"every: 1s, memory", "memory", 43, 45, "needs \"every\""},
    {"8Mi+1x3", "8Mi+1", 43, 56, "a step needs a number of repeats"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", flag: offf", 43, 73, "unknown flag \"offf\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", limit: lots", 43, 74, "or \"none\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", oom_at: [4s]", 43, 75, "\"oom_at\" of \"given\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", oom_at: [2s, 2s]", 43, 75, "not later than the one before"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", now: 2s", 43, 72, "before the last sample"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", log: loud", 43, 72, "unknown log \"loud\""},
    {"{state: stopped}", "{state: stopped, fail_ratio: 2}", 43, 48, "a share from 0 to 1"},
    {"{state: stopped}", "{users: 5}", 43, 19, "\"state\" is missing"},
    {"first_cause: no-load", "first_cause: no-laod", 44, 27, "did you mean \"no-load\"?"},
    {"first_cause: no-load", "first_cause: none, causes: [no-load]", 44, 27, "contradict"},
    {"first_cause: no-load", "first_cause: no-load, causes: []", 44, 27, "contradict"},
    {"first_cause: no-load", "verdict: fine", 44, 23, "unknown verdict \"fine\""},
    {"checks: {load: stopped}", "checks: {load: zero}", 44, 51, "unknown finding \"zero\""},
    {"checks: {load: stopped}", "checks: {lod: fail}", 44, 45, "unknown check \"lod\""},
    {"    expect: {first_cause: no-load, checks: {load: stopped}}\n", "", 42, 5,
     "nothing is expected"},
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
    char *text = with(refused[_i].from, refused[_i].to);
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    char place[64];
    snprintf(place, sizeof place, "x.yaml:%zu:%zu: ", refused[_i].line, refused[_i].column);
    ck_assert_msg(leakdiag_scenario_parse(text, strlen(text), "x.yaml", NULL, 0, &s, &err) ==
                      LEAKDIAG_E_INVALID,
                  "accepted: %s", refused[_i].to);
    ck_assert_ptr_null(s);
    ck_assert_msg(strncmp(err.message, place, strlen(place)) == 0, "%s: not at %s: %s",
                  refused[_i].to, place, err.message);
    ck_assert_msg(strstr(err.message, refused[_i].says), "%s: %s", refused[_i].to, err.message);
    ck_assert_uint_eq(err.line, refused[_i].line);
    ck_assert_uint_eq(err.column, refused[_i].column);

    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    bool found = false;
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        found |= leakdiag_lint_is_error(lint, i) && leakdiag_lint_line(lint, i) == err.line &&
                 strstr(leakdiag_lint_message(lint, i), refused[_i].says) != NULL;
    ck_assert_msg(found, "the linter does not say: %s", err.message);
    free(text);
}
END_TEST

START_TEST(without_an_origin_the_message_still_has_the_place)
{
    char *text = with("kind: load", "kind: laod");
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(text, strlen(text), NULL, NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message,
                     "17:11: unknown kind \"laod\" in check \"load\": did you mean \"load\"?");
    ck_assert_int_eq(leakdiag_scenario_parse("a: [", 4, "y.yaml", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_msg(strncmp(err.message, "y.yaml:2:1: not valid YAML", 26) == 0, "%s", err.message);
    ck_assert_int_eq(leakdiag_scenario_parse("[]", 2, "y.yaml", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message, "y.yaml:1:1: a scenario must be a map, not a list");
    ck_assert_int_eq(leakdiag_scenario_parse(NULL, 0, NULL, NULL, 0, &s, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scenario_parse(small, 5, NULL, NULL, 1, &s, &err),
                     LEAKDIAG_E_INVALID);
    free(text);
}
END_TEST

START_TEST(the_first_fault_is_the_first_by_place_not_by_reading)
{
    /* Patterns are read before sources. */
    char *text = with("type: locust, url: \"${url}\"}]\n  memory: [{type: csv, path: \"\"}]\n"
                      "patterns:\n  order: {text",
                      "type: locusts, url: \"${url}\"}]\n  memory: [{type: csv, path: \"\"}]\n"
                      "patterns:\n  order: {texts");
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(text, strlen(text), NULL, NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(err.line, 11);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 0), 11);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 1), 14);
    free(text);
}
END_TEST

START_TEST(one_place_has_one_fault)
{
    char *text = with("users: \"${users}\"", "users: \"${usres}\""); /* and so it is no number */
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
    ck_assert_msg(strstr(leakdiag_lint_message(lint, 0), "unknown parameter \"usres\""), "%s",
                  leakdiag_lint_message(lint, 0));
    free(text);
}
END_TEST

/* --- the linter --- */

static const struct {
    const char *from, *to;
    size_t line, column;
    const char *says;
} warned[] = {
    {"title: A small one", "title: on", 3, 32, "on is a text here"},
    {"title: A small one", "title: NO", 3, 32, "quote it, \"NO\""},
    {"phase: start", "phase: Off", 33, 35, "Off is a text here"},
    {"\"order of ${users}\"", "order", 0, 0, NULL},
    {"title: A small one", "title: \"on\"", 0, 0, NULL},
    {"title: A small one", "title: on and off", 0, 0, NULL},
    {"patterns:\n", "patterns:\n  extra: {text: x}\n", 14, 3, "pattern \"extra\" is not used"},
    {"params:\n", "params:\n  extra: {type: text, default: x}\n", 5, 3,
     "parameter \"extra\" is not used"},
    {"    fix: Start ${users} users.\n", "", 36, 3, "cause \"no-load\" has no \"fix\""},
    {"    refuted_by: one order\n", "", 36, 3, "has no \"refuted_by\""},
    {"value: 20Mi", "value: 19Mi", 34, 7,
     "an OOM kill at 19Mi, but check \"limit\" expects the "
     "limit 20Mi"},
    {"stale: 5s", "stale: 500ms", 9, 7, "\"stale\" is shorter than \"every\""},
    {"window: 1m", "window: 900ms", 9, 7, "\"window\" is shorter than \"every\""},
};

START_TEST(the_linter_warns_of_what_is_likely_a_mistake)
{
    char *text = with(warned[_i].from, warned[_i].to);
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    if (!warned[_i].says) {
        ck_assert_msg(leakdiag_lint_len(lint) == 0, "%s", leakdiag_lint_message(lint, 0));
    } else {
        ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
        ck_assert_int_eq(leakdiag_lint_is_error(lint, 0), 0);
        ck_assert_msg(strstr(leakdiag_lint_message(lint, 0), warned[_i].says), "%s",
                      leakdiag_lint_message(lint, 0));
        ck_assert_uint_eq(leakdiag_lint_line(lint, 0), warned[_i].line);
        ck_assert_uint_eq(leakdiag_lint_column(lint, 0), warned[_i].column);
    }
    ck_assert_ptr_null(leakdiag_lint_message(lint, 1));
    free(text);
}
END_TEST

START_TEST(the_linter_names_several_faults_in_the_order_of_their_places)
{
    static const char text[] = "apiVersion: leakdiag/v2\n"
                               "kind: Scenario\n"
                               "metadata: {name: a, title: off}\n"
                               "checks:\n"
                               "  m: {kind: memori, asks: Is it?}\n"
                               "  n: {kind: memory, ask: Is it?}\n"
                               "causes:\n"
                               "  c: {title: C, when: {n: [flatt], x: [flat]}}\n";
    static const struct {
        size_t line, column;
        bool is_error;
    } wanted[] = {{1, 13, true}, {3, 28, false}, {5, 13, true},
                  {6, 21, true}, {8, 28, true},  {8, 36, true}};
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        ck_assert_msg(leakdiag_lint_line(lint, i) == wanted[i].line &&
                          leakdiag_lint_column(lint, i) == wanted[i].column &&
                          leakdiag_lint_is_error(lint, i) == wanted[i].is_error,
                      "%zu: %zu:%zu %s", i, leakdiag_lint_line(lint, i),
                      leakdiag_lint_column(lint, i), leakdiag_lint_message(lint, i));
    }
    ck_assert_uint_eq(leakdiag_lint_len(lint), COUNT(wanted));
}
END_TEST

static const char flagged[] = "apiVersion: leakdiag/v1\nkind: Scenario\n"
                              "metadata: {name: a, title: A}\n"
                              "checks:\n"
                              "  %s: {kind: flag-value, asks: Is it?, expect: {value: %d}}\n"
                              "timeline:\n"
                              "  valid_for_flag_value: 300\n"
                              "  points: [{at: 0s, value: 1Mi}, {at: 1m, value: 2Mi}]\n";

START_TEST(the_linter_looks_at_keys_and_at_the_flag_value_too)
{
    static const struct {
        const char *key;
        int value;
        size_t line, column;
    } rows[] = {{"f", 300, 0, 0}, {"\"on\"", 300, 0, 0}, {"on", 300, 5, 3}, {"f", 100, 7, 25}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[sizeof flagged + 20];
        snprintf(text, sizeof text, flagged, rows[i].key, rows[i].value);
        LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
        ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
        ck_assert_uint_eq(leakdiag_lint_len(lint), rows[i].line > 0);
        ck_assert_uint_eq(leakdiag_lint_line(lint, 0), rows[i].line);
        ck_assert_uint_eq(leakdiag_lint_column(lint, 0), rows[i].column);
    }
}
END_TEST

START_TEST(a_document_that_is_no_yaml_is_one_lint_error)
{
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint("a: 1\n\tb: 2\n", 11, &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
    ck_assert_int_eq(leakdiag_lint_is_error(lint, 0), 1);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 0), 2);
    ck_assert_int_eq(leakdiag_scenario_lint(NULL, 0, &lint, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("faults");
    tcase_add_loop_test(tc, what_is_wrong_is_refused_with_its_place, 0, (int)COUNT(refused));
    tcase_add_test(tc, without_an_origin_the_message_still_has_the_place);
    tcase_add_test(tc, the_first_fault_is_the_first_by_place_not_by_reading);
    tcase_add_test(tc, one_place_has_one_fault);
    tcase_add_test(tc, the_linter_looks_at_keys_and_at_the_flag_value_too);
    tcase_add_loop_test(tc, the_linter_warns_of_what_is_likely_a_mistake, 0, (int)COUNT(warned));
    tcase_add_test(tc, the_linter_names_several_faults_in_the_order_of_their_places);
    tcase_add_test(tc, a_document_that_is_no_yaml_is_one_lint_error);
    return run_suite("scenario", tc);
}
