/* flagd's own port and flagd-ui: recorded bytes of flagd 0.16.1, documented ones of the UI, and
 * what else may come. */
#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "recorded.h"
#include "wire/flagd_rpc.h"
#include "wire/flagd_ui.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define JSON         "application/json"
#define HTML         "text/html"
#define KEY          "kafkaQueueProblems"

typedef leakdiag_status (*decoder)(const char *, const ld_answer *, leakdiag_flag **,
                                   leakdiag_error *);

static void assert_text(const char *what, const char *got, const char *wanted)
{
    ck_assert_msg(ld_text_equal(got, wanted), "%s is %s, not %s", what, got ? got : "NULL",
                  wanted ? wanted : "NULL");
}

static leakdiag_flag *decode(decoder how, const char *key, const ld_answer *answer)
{
    leakdiag_flag *flag = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(how(key, answer, &flag, &err) == LEAKDIAG_OK, "%s", err.message);
    return flag;
}

static void assert_state(const leakdiag_flag *flag, leakdiag_flag_state state, const char *where)
{
    leakdiag_flag_state got = leakdiag_flag_get_state(flag);
    ck_assert_msg(got == state, "%s: state is %s, not %s (%s)", where,
                  leakdiag_flag_state_name(got), leakdiag_flag_state_name(state),
                  leakdiag_flag_detail(flag));
    ck_assert_msg(state == LEAKDIAG_FLAG_VALUE || *leakdiag_flag_detail(flag), "%s: no detail",
                  where);
    ck_assert(!strchr(leakdiag_flag_detail(flag), '\n'));
}

/* One line per recorded exchange: what a person reads in it. */
static const struct {
    const char *file;
    leakdiag_flag_state state;
    int http_status;
    const char *value, *variant, *reason, *code;
} recordings[] = {
    {"v1_resolveint", LEAKDIAG_FLAG_VALUE, 200, "0", "off", "STATIC", NULL},
    {"schema_v1_alias", LEAKDIAG_FLAG_VALUE, 200, "0", "off", "STATIC", NULL},
    {"v1_resolveint_nocontext", LEAKDIAG_FLAG_VALUE, 200, "0", "off", "STATIC", NULL},
    {"v1_resolveint_float", LEAKDIAG_FLAG_VALUE, 200, "0", "p", "STATIC", NULL}, /* was 0.25 */
    {"v1_resolveint_disabled", LEAKDIAG_FLAG_DISABLED, 200, "0", NULL, "DISABLED", NULL},
    {"v1_resolveint_missing", LEAKDIAG_FLAG_MISSING, 404, NULL, NULL, NULL, "not_found"},
    {"v1_resolveint_nodefault", LEAKDIAG_FLAG_MISSING, 404, NULL, NULL, NULL, "not_found"},
    {"v1_resolveint_typemismatch", LEAKDIAG_FLAG_MALFORMED, 400, NULL, NULL, NULL,
     "invalid_argument"},
    {"v1_malformed", LEAKDIAG_FLAG_MALFORMED, 400, NULL, NULL, NULL, "invalid_argument"},
    {"v1_resolvefloat_int", LEAKDIAG_FLAG_VALUE, 200, "1", "on", "STATIC", NULL},
    {"v1_resolveall", LEAKDIAG_FLAG_NOT_OFREP, 200, NULL, NULL, NULL, NULL},
    {"v2_resolveint", LEAKDIAG_FLAG_VALUE, 200, "0", "off", "STATIC", NULL},
    {"v2_resolveint_nocontext", LEAKDIAG_FLAG_VALUE, 200, "0", "off", "STATIC", NULL},
    {"v2_resolveint_float", LEAKDIAG_FLAG_VALUE, 200, "0", "p", "STATIC", NULL},
    {"v2_resolveint_disabled", LEAKDIAG_FLAG_DISABLED, 200, NULL, NULL, "DISABLED", NULL},
    {"v2_resolveint_nodefault", LEAKDIAG_FLAG_CODE_DEFAULT, 200, NULL, NULL, "DEFAULT", NULL},
    {"v2_resolveint_missing", LEAKDIAG_FLAG_MISSING, 404, NULL, NULL, NULL, "not_found"},
    {"v2_resolveint_typemismatch", LEAKDIAG_FLAG_MALFORMED, 400, NULL, NULL, NULL,
     "invalid_argument"},
    {"v2_malformed", LEAKDIAG_FLAG_MALFORMED, 400, NULL, NULL, NULL, "invalid_argument"},
    {"v2_resolvefloat_int", LEAKDIAG_FLAG_VALUE, 200, "1", "on", "STATIC", NULL},
    {"v2_resolveall", LEAKDIAG_FLAG_NOT_OFREP, 404, NULL, NULL, NULL, NULL},
    {"get_resolveint", LEAKDIAG_FLAG_NOT_OFREP, 405, NULL, NULL, NULL, NULL},
    {"unknown_method", LEAKDIAG_FLAG_NOT_OFREP, 404, NULL, NULL, NULL, NULL},
    {"wrong_ct", LEAKDIAG_FLAG_NOT_OFREP, 415, NULL, NULL, NULL, NULL},
};

START_TEST(each_recorded_answer_of_flagd_has_its_meaning)
{
    char path[256];
    snprintf(path, sizeof path, "flagd_eval/%s.resp.http", recordings[_i].file);
    recorded r = recorded_read("POST", path);
    leakdiag_flag *flag = decode(ld_flagd_rpc_decode, KEY, recorded_answer(&r));
    assert_state(flag, recordings[_i].state, path);
    ck_assert_int_eq(leakdiag_flag_http_status(flag), recordings[_i].http_status);
    assert_text("value", leakdiag_flag_value_json(flag), recordings[_i].value);
    ck_assert_int_eq(leakdiag_flag_get_type(flag),
                     recordings[_i].value ? LEAKDIAG_FLAG_TYPE_NUMBER : LEAKDIAG_FLAG_TYPE_NONE);
    assert_text("variant", leakdiag_flag_variant(flag), recordings[_i].variant);
    assert_text("reason", leakdiag_flag_reason(flag), recordings[_i].reason);
    assert_text("error code", leakdiag_flag_error_code(flag), recordings[_i].code);
    assert_text("key", leakdiag_flag_key(flag), KEY);
    assert_text("method", leakdiag_flag_method(flag), "rpc");
    ck_assert_int_eq(leakdiag_flag_latency_ms(flag), 7);
    leakdiag_flag_free(flag);
    recorded_done(&r);
}
END_TEST

static const struct {
    int status;
    const char *type, *body;
    leakdiag_flag_state state;
    const char *value, *in_detail;
} answers[] = {
    {200, JSON, "{\"value\":\"300\",\"reason\":\"STATIC\",\"variant\":\"on\"}", LEAKDIAG_FLAG_VALUE,
     "300", NULL},
    {200, JSON, "{\"value\":300,\"reason\":\"STATIC\"}", LEAKDIAG_FLAG_VALUE, "300", NULL},
    {200, JSON, "{\"value\":\"-9223372036854775808\"}", LEAKDIAG_FLAG_VALUE, "-9223372036854775808",
     NULL},
    {200, JSON, "{\"value\":\"9223372036854775807\"}", LEAKDIAG_FLAG_VALUE, "9223372036854775807",
     NULL},
    {200, JSON, "{\"value\":\"9223372036854775808\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "64 bits"},
    {200, JSON, "{\"value\":9223372036854775808}", LEAKDIAG_FLAG_MALFORMED, NULL, "too big"},
    {200, JSON, "{\"value\":\"300.5\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":300.5}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":\"\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":\"on\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":\"[1]\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":\"000000000000000000000001\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole"},
    {200, JSON, "{\"value\":true}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole number"},
    {200, JSON, "{\"value\":null,\"reason\":\"DEFAULT\"}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL,
     "own default"},
    {200, JSON, "{\"value\":\"300\",\"reason\":\"DISABLED\"}", LEAKDIAG_FLAG_DISABLED, "300",
     "DISABLED"},
    {200, JSON, "{\"value\":\"0\",\"reason\":\"ERROR\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "ERROR"},
    {200, JSON, "{}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "no value and no reason"},
    {200, JSON, "[\"300\"]", LEAKDIAG_FLAG_NOT_OFREP, NULL, "not an answer"},
    {200, JSON, "", LEAKDIAG_FLAG_MALFORMED, NULL, "JSON"},
    {200, JSON, "{\"value\":\"300\"", LEAKDIAG_FLAG_MALFORMED, NULL, "line 1"},
    {200, JSON, "{\"value\":\"300\",\"value\":\"0\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "duplicate"},
    {200, HTML, "<html>Sign in", LEAKDIAG_FLAG_NOT_OFREP, NULL, "text/html"},
    {204, "", "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "empty body"},
    {302, HTML, "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "redirect"},
    {401, JSON, "{\"code\":\"unauthenticated\"}", LEAKDIAG_FLAG_REFUSED, NULL, "credentials"},
    {403, JSON, "{\"code\":\"permission_denied\"}", LEAKDIAG_FLAG_REFUSED, NULL, "403"},
    {429, JSON, "{\"code\":\"resource_exhausted\"}", LEAKDIAG_FLAG_REFUSED, NULL, "429"},
    {404, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "404"},
    {404, JSON, "{\"kind\":\"Status\",\"code\":404}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "404"},
    {404, JSON, "{\"code\":\"not_found\",\"message\":\"Flag not found\"}", LEAKDIAG_FLAG_MISSING,
     NULL, "not_found: Flag not found"},
    {404, JSON, "{\"code\":\"not_found\",\"message\":\"Flag is disabled\"}", LEAKDIAG_FLAG_DISABLED,
     NULL, "disabled"},
    {500, JSON, "{\"code\":\"internal\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "internal"},
    {503, JSON, "{\"code\":\"unavailable\",\"message\":\"x\"}", LEAKDIAG_FLAG_UNREACHABLE, NULL,
     "unavailable"},
    {501, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "501"},
    {502, HTML, "<html>", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {504, HTML, "<html>", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {505, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "505"},
    {501, JSON, "{\"code\":\"unimplemented\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "unimplemented"},
    {502, JSON, "{\"code\":\"x\"}", LEAKDIAG_FLAG_UNREACHABLE, NULL, "x"},
    {504, JSON, "{\"code\":\"deadline_exceeded\"}", LEAKDIAG_FLAG_UNREACHABLE, NULL, "deadline"},
    {505, JSON, "{\"code\":\"x\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "x"},
    {300, HTML, "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "redirect"},
    {400, JSON, "{\"code\":\"\"}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "not an answer"},
    {200, JSON, "{\"value\":\"-9223372036854775808x\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "whole"},
    {500, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "500"},
    {400, JSON, "{\"code\":\"a\\u001b[2J\\nb\",\"message\":\"\"}", LEAKDIAG_FLAG_MALFORMED, NULL,
     "a\\x1b[2J\\x0ab"},
};

START_TEST(each_other_answer_of_flagd_has_its_meaning)
{
    ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    answer.redirect_host = "login.example";
    leakdiag_flag *flag = decode(ld_flagd_rpc_decode, KEY, &answer);
    assert_state(flag, answers[_i].state, answers[_i].body);
    assert_text(answers[_i].body, leakdiag_flag_value_json(flag), answers[_i].value);
    if (answers[_i].in_detail)
        ck_assert_msg(strstr(leakdiag_flag_detail(flag), answers[_i].in_detail), "%s: %s",
                      answers[_i].body, leakdiag_flag_detail(flag));
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(the_body_names_the_flag_and_a_bad_key_is_not_sent)
{
    static const char *const bad[] = {"", NULL, "../../x", "a/b", "a\nb", "\xf0\x9f\x92\xa9"};
    char *body = NULL;
    ck_assert_int_eq(ld_flagd_rpc_body(KEY, &body, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(body, "{\"flagKey\":\"kafkaQueueProblems\",\"context\":{}}");
    ld_release(body);
    ck_assert_int_eq(ld_flagd_rpc_body("a\"\\b", &body, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(body, "{\"flagKey\":\"a\\\"\\\\b\",\"context\":{}}");
    ld_release(body);
    body = NULL;
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_int_eq(ld_flagd_rpc_body(bad[i], &body, NULL), LEAKDIAG_E_INVALID);
    char key[256];
    memset(key, 'k', sizeof key);
    for (size_t len = 252; len <= 254; len++) {
        key[len] = '\0';
        leakdiag_status status = ld_flagd_rpc_body(key, &body, NULL);
        ck_assert_int_eq(status, len <= 253 ? LEAKDIAG_OK : LEAKDIAG_E_INVALID);
        if (!status)
            ld_release(body);
        key[len] = 'k';
    }
}
END_TEST

static void assert_size(decoder how, const char *text, size_t most, leakdiag_flag_state state)
{
    char *body = malloc(most + 2);
    memset(body, ' ', most + 1);
    memcpy(body, text, strlen(text));
    for (int more = -1; more <= 1; more++) {
        ld_answer answer = answer_of(200, JSON, "");
        answer.body = body;
        answer.len = most + (size_t)more;
        leakdiag_flag *flag = decode(how, KEY, &answer);
        assert_state(flag, more > 0 ? LEAKDIAG_FLAG_MALFORMED : state, "size");
        leakdiag_flag_free(flag);
    }
    free(body);
}

START_TEST(a_body_of_the_limit_is_read_and_one_more_byte_is_not)
{
    assert_size(ld_flagd_rpc_decode, "{\"value\":\"300\"}", (size_t)1 << 20, LEAKDIAG_FLAG_VALUE);
    assert_size(ld_flagd_ui_decode, "{\"flags\":{\"a\":{}}}", (size_t)4 << 20,
                LEAKDIAG_FLAG_MISSING);
}
END_TEST

/* --- flagd-ui --- */

START_TEST(the_documented_document_is_evaluated_by_the_rules_of_flagd)
{
    size_t len;
    char *body = read_fixture("flagdui/phoenix_read.response200.handwritten.json", &len);
    const ld_answer answer = answer_of(200, JSON, body);
    leakdiag_flag *flag = decode(ld_flagd_ui_decode, KEY, &answer);
    assert_state(flag, LEAKDIAG_FLAG_VALUE, "phoenix");
    ck_assert(leakdiag_flag_number(flag) == 300);
    assert_text("variant", leakdiag_flag_variant(flag), "on");
    assert_text("method", leakdiag_flag_method(flag), "ui");
    ck_assert_int_eq(leakdiag_flag_http_status(flag), 200);
    ck_assert_int_eq(leakdiag_flag_latency_ms(flag), 1);
    size_t kept;
    ck_assert_str_eq(leakdiag_flag_body(flag, &kept), body);
    ck_assert_uint_eq(kept, len);
    leakdiag_flag_free(flag);
    free(body);
}
END_TEST

#define FLAG(members) "{\"flags\":{\"" KEY "\":{" members "}}}"
static const struct {
    int status;
    const char *type, *body;
    leakdiag_flag_state state;
    const char *value, *in_detail;
} documents[] = {
    {200, JSON,
     FLAG("\"state\":\"ENABLED\",\"variants\":{\"on\":100,\"off\":0},"
          "\"defaultVariant\":\"off\""),
     LEAKDIAG_FLAG_VALUE, "0", NULL},
    {200, "", FLAG("\"variants\":{\"on\":100},\"defaultVariant\":\"on\""), LEAKDIAG_FLAG_VALUE,
     "100", NULL},
    {200, JSON, FLAG("\"variants\":{\"on\":100},\"defaultVariant\":\"oops\""),
     LEAKDIAG_FLAG_FILE_REJECTED, NULL, "oops"},
    {200, JSON, FLAG("\"state\":\"DISABLED\""), LEAKDIAG_FLAG_DISABLED, NULL, "DISABLED"},
    {200, JSON, FLAG("\"variants\":{\"on\":100}"), LEAKDIAG_FLAG_CODE_DEFAULT, NULL, "default"},
    {200, JSON, "{\"flags\":{\"other\":{}}}", LEAKDIAG_FLAG_MISSING, NULL, "not this one"},
    {200, JSON, "{\"flags\":{}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL, "no flags"},
    {200, JSON, "{\"data\":1}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "no flags"},
    {200, JSON, "{\"flags\":{", LEAKDIAG_FLAG_MALFORMED, NULL, "line 1"},
    {200, JSON, "{\"flags\":{},\"flags\":{}}", LEAKDIAG_FLAG_MALFORMED, NULL, "duplicate"},
    {200, JSON, "[]", LEAKDIAG_FLAG_NOT_OFREP, NULL, "not flagd-ui"},
    {200, HTML, "<html>flags</html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "text/html"},
    {200, "", "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "empty body"},
    {404, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "404"},
    {302, HTML, "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "redirect"},
    {401, "", "", LEAKDIAG_FLAG_REFUSED, NULL, "credentials"},
    {500, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "500"},
    {501, JSON, "{\"kind\":\"Status\"}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "501"},
    {502, HTML, "<html>", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {503, JSON, "{\"kind\":\"Status\"}", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {504, HTML, "<html>", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {505, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "505"},
};

START_TEST(each_document_of_the_ui_has_its_meaning)
{
    ld_answer answer = answer_of(documents[_i].status, documents[_i].type, documents[_i].body);
    answer.redirect_host = "login.example";
    leakdiag_flag *flag = decode(ld_flagd_ui_decode, KEY, &answer);
    assert_state(flag, documents[_i].state, documents[_i].body);
    assert_text(documents[_i].body, leakdiag_flag_value_json(flag), documents[_i].value);
    assert_text("method", leakdiag_flag_method(flag), "ui");
    ck_assert_int_eq(leakdiag_flag_http_status(flag), documents[_i].status);
    if (documents[_i].in_detail)
        ck_assert_msg(strstr(leakdiag_flag_detail(flag), documents[_i].in_detail), "%s: %s",
                      documents[_i].body, leakdiag_flag_detail(flag));
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(the_documented_error_of_the_old_ui_is_told)
{
    size_t len;
    char *body = read_fixture("flagdui/next_read.response500.handwritten.json", &len);
    const ld_answer answer = answer_of(500, JSON, body);
    leakdiag_flag *flag = decode(ld_flagd_ui_decode, KEY, &answer);
    assert_state(flag, LEAKDIAG_FLAG_MALFORMED, "next");
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "Failed to read file"));
    leakdiag_flag_free(flag);
    free(body);
}
END_TEST

START_TEST(a_key_that_no_flag_can_have_is_missing)
{
    const ld_answer answer = answer_of(200, JSON, "{\"flags\":{\"a\":{}}}");
    leakdiag_flag *flag = decode(ld_flagd_ui_decode, "../../x", &answer);
    assert_state(flag, LEAKDIAG_FLAG_MISSING, "key");
    leakdiag_flag_free(flag);
}
END_TEST

static decoder tortured;
static ld_answer torture_answer;

static leakdiag_status scenario(void)
{
    leakdiag_flag *flag = NULL;
    leakdiag_status status = tortured(KEY, &torture_answer, &flag, NULL);
    leakdiag_flag_free(flag);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    tortured = ld_flagd_rpc_decode;
    torture_answer = answer_of(200, JSON, answers[0].body);
    ck_assert_uint_gt(torture_run(scenario), 8);
    torture_answer = answer_of(404, JSON, "{\"code\":\"not_found\",\"message\":\"x\"}");
    ck_assert_uint_gt(torture_run(scenario), 8);
    tortured = ld_flagd_ui_decode;
    torture_answer = answer_of(200, JSON, documents[0].body);
    ck_assert_uint_gt(torture_run(scenario), 8);
    torture_answer = answer_of(500, JSON, "{\"error\":\"x\"}");
    ck_assert_uint_gt(torture_run(scenario), 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flagd");
    TCase *tc = tcase_create("rpc");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_recorded_answer_of_flagd_has_its_meaning, 0,
                        (int)COUNT(recordings));
    tcase_add_loop_test(tc, each_other_answer_of_flagd_has_its_meaning, 0, (int)COUNT(answers));
    tcase_add_test(tc, the_body_names_the_flag_and_a_bad_key_is_not_sent);
    tcase_add_test(tc, a_body_of_the_limit_is_read_and_one_more_byte_is_not);
    suite_add_tcase(suite, tc);
    tc = tcase_create("ui");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_documented_document_is_evaluated_by_the_rules_of_flagd);
    tcase_add_loop_test(tc, each_document_of_the_ui_has_its_meaning, 0, (int)COUNT(documents));
    tcase_add_test(tc, the_documented_error_of_the_old_ui_is_told);
    tcase_add_test(tc, a_key_that_no_flag_can_have_is_missing);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
