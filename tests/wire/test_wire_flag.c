/* What OFREP answers and flagd files mean: recorded bytes of flagd 0.16.1, and what else may come.
 */
#include <math.h>

#include "base/json.h"
#include "recorded.h"
#include "wire/ofrep.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static leakdiag_flag *decode(const char *key, const ld_answer *answer)
{
    leakdiag_flag *flag = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_ofrep_decode(key, answer, &flag, &err) == LEAKDIAG_OK, "%s", err.message);
    return flag;
}

static void assert_text(const char *what, const char *got, const char *wanted)
{
    ck_assert_msg(ld_text_equal(got, wanted), "%s is %s, not %s", what, got ? got : "NULL",
                  wanted ? wanted : "NULL");
}

static void assert_state(const leakdiag_flag *flag, leakdiag_flag_state state, const char *where)
{
    leakdiag_flag_state got = leakdiag_flag_get_state(flag);
    ck_assert_msg(got == state, "%s: state is %s, not %s (%s)", where,
                  leakdiag_flag_state_name(got), leakdiag_flag_state_name(state),
                  leakdiag_flag_detail(flag));
    if (state != LEAKDIAG_FLAG_VALUE)
        ck_assert_msg(*leakdiag_flag_detail(flag), "%s: no detail", where);
}

/* One line per recorded exchange: what a person reads in it. */
static const struct {
    const char *file, *method, *key;
    leakdiag_flag_state state;
    int http_status;
    leakdiag_flag_type type;
    const char *value, *variant, *reason, *code;
} recordings[] = {
    {"01_post_off", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_VALUE, 200,
     LEAKDIAG_FLAG_TYPE_NUMBER, "0", "off", "STATIC", NULL},
    {"02_get", "GET", "kafkaQueueProblems", LEAKDIAG_FLAG_NOT_OFREP, 405, 0, NULL, NULL, NULL,
     NULL},
    {"06_missing_flag", "POST", "nope", LEAKDIAG_FLAG_MISSING, 404, 0, NULL, NULL, NULL,
     "FLAG_NOT_FOUND"},
    {"07_disabled", "POST", "disabledFlag", LEAKDIAG_FLAG_DISABLED, 200, 0, NULL, NULL, "DISABLED",
     NULL},
    {"08_malformed_json", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_MALFORMED, 400, 0, NULL, NULL,
     NULL, "INVALID_CONTEXT"},
    {"13_type_badTargeting", "POST", "badTargeting", LEAKDIAG_FLAG_MALFORMED, 400, 0, NULL, NULL,
     NULL, "GENERAL"},
    {"13_type_bigFloat", "POST", "bigFloat", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "1e+21", "q", "STATIC", NULL},
    {"13_type_bigInt", "POST", "bigInt", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "9007199254740992", "p", "STATIC", NULL},
    {"13_type_boolFlag", "POST", "boolFlag", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_BOOLEAN,
     "false", "off", "STATIC", NULL},
    {"13_type_emptyString", "POST", "emptyString", LEAKDIAG_FLAG_VALUE, 200,
     LEAKDIAG_FLAG_TYPE_STRING, "\"\"", "empty", "STATIC", NULL},
    {"13_type_floatFlag", "POST", "floatFlag", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "0.25", "p", "STATIC", NULL},
    {"13_type_noDefault", "POST", "noDefault", LEAKDIAG_FLAG_CODE_DEFAULT, 200, 0, NULL, NULL,
     "DEFAULT", NULL},
    {"13_type_nullDefault", "POST", "nullDefault", LEAKDIAG_FLAG_CODE_DEFAULT, 200, 0, NULL, NULL,
     "DEFAULT", NULL},
    {"13_type_objectFlag", "POST", "objectFlag", LEAKDIAG_FLAG_VALUE, 200,
     LEAKDIAG_FLAG_TYPE_OBJECT, "{\"a\":[1,2,{\"b\":null}]}", "o", "STATIC", NULL},
    {"13_type_stringFlag", "POST", "stringFlag", LEAKDIAG_FLAG_VALUE, 200,
     LEAKDIAG_FLAG_TYPE_STRING, "\"h\xc3\xa9llo \\\"x\\\"\"", "a", "STATIC", NULL},
    {"13_type_withMeta", "POST", "withMeta", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "1", "on", "STATIC", NULL},
    {"14_targeted_match", "POST", "targeted", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "300", "on", "TARGETING_MATCH", NULL},
    {"15_targeted_nomatch", "POST", "targeted", LEAKDIAG_FLAG_VALUE, 200, LEAKDIAG_FLAG_TYPE_NUMBER,
     "0", "off", "DEFAULT", NULL},
    {"24_selector_other", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_MISSING, 404, 0, NULL, NULL,
     NULL, "FLAG_NOT_FOUND"},
    {"25_root", "GET", "kafkaQueueProblems", LEAKDIAG_FLAG_NOT_OFREP, 404, 0, NULL, NULL, NULL,
     NULL},
    {"26_put", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_NOT_OFREP, 405, 0, NULL, NULL, NULL,
     NULL},
    {"31_selector_bad", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_MALFORMED, 400, 0, NULL, NULL,
     NULL, "GENERAL"},
    {"32_body_too_large", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_MALFORMED, 413, 0, NULL, NULL,
     NULL, NULL},
    {"invalid_file/01_post_off", "POST", "kafkaQueueProblems", LEAKDIAG_FLAG_MISSING, 404, 0, NULL,
     NULL, NULL, "FLAG_NOT_FOUND"},
};

START_TEST(each_recorded_answer_of_flagd_has_its_meaning)
{
    char path[256];
    snprintf(path, sizeof path, "ofrep/%s.resp.http", recordings[_i].file);
    recorded r = recorded_read(recordings[_i].method, path);
    leakdiag_flag *flag = decode(recordings[_i].key, recorded_answer(&r));

    assert_state(flag, recordings[_i].state, path);
    ck_assert_int_eq(leakdiag_flag_http_status(flag), recordings[_i].http_status);
    ck_assert_int_eq(leakdiag_flag_get_type(flag), recordings[_i].type);
    assert_text("value", leakdiag_flag_value_json(flag), recordings[_i].value);
    assert_text("variant", leakdiag_flag_variant(flag), recordings[_i].variant);
    assert_text("reason", leakdiag_flag_reason(flag), recordings[_i].reason);
    assert_text("error code", leakdiag_flag_error_code(flag), recordings[_i].code);
    assert_text("key", leakdiag_flag_key(flag), recordings[_i].key);
    assert_text("method", leakdiag_flag_method(flag), recordings[_i].method);
    ck_assert_int_eq(leakdiag_flag_latency_ms(flag), 7);
    size_t len;
    const char *body = leakdiag_flag_body(flag, &len);
    ck_assert_uint_eq(len, r.answer.len);
    ck_assert_mem_eq(body, r.answer.body, len);
    leakdiag_flag_free(flag);
    recorded_done(&r);
}
END_TEST

/* What is not recorded: older flagd, gateways, proxies, fakes, hostile bodies. */
#define JSON "application/json"
#define HTML "text/html; charset=utf-8"
static const struct {
    int status;
    const char *type, *body;
    leakdiag_flag_state state;
    const char *value;
    const char *in_detail;
} answers[] = {
    /* never 200 alone */
    {200, HTML, "<html><title>Login</title>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "text/html"},
    {200, "", "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "empty body"},
    {200, JSON, "", LEAKDIAG_FLAG_MALFORMED, NULL, "JSON"},
    {200, "text/plain", "300", LEAKDIAG_FLAG_NOT_OFREP, NULL, "not an object"},
    {200, JSON, "[300]", LEAKDIAG_FLAG_NOT_OFREP, NULL, "not an object"},
    {200, JSON, "{\"status\":\"ok\"}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "no key"},
    {200, JSON, "{\"value\":300", LEAKDIAG_FLAG_MALFORMED, NULL, "line 1"},
    {200, JSON, "{\"value\":300} x", LEAKDIAG_FLAG_MALFORMED, NULL, "line 1"},
    {200, JSON, "\xef\xbb\xbf{\"value\":300}", LEAKDIAG_FLAG_MALFORMED, NULL, "JSON"},
    {200, JSON, "{\"value\":300,\"value\":0}", LEAKDIAG_FLAG_MALFORMED, NULL, "duplicate"},
    {200, JSON, "{\"value\":NaN}", LEAKDIAG_FLAG_MALFORMED, NULL, "JSON"},
    {200, JSON, "{\"value\":1e400}", LEAKDIAG_FLAG_MALFORMED, NULL, "overflow"},
    {200, JSON, "{\"value\":9223372036854775808}", LEAKDIAG_FLAG_MALFORMED, NULL, "too big"},
    {200, JSON, "{\"value\":300,\"key\":\"other\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "'other'"},
    {204, "", "", LEAKDIAG_FLAG_NOT_OFREP, NULL, "HTTP 204"},
    /* values */
    {200, "", "{\"value\": 300}", LEAKDIAG_FLAG_VALUE, "300", NULL},
    {200, HTML, "{\"value\": 300}", LEAKDIAG_FLAG_VALUE, "300", NULL},
    {200, JSON, "{\"value\":300.0,\"key\":\"k\"}", LEAKDIAG_FLAG_VALUE, "300", NULL},
    {200, JSON, "{\"value\":300.5}", LEAKDIAG_FLAG_VALUE, "300.5", NULL},
    {200, JSON, "{\"value\":-1}", LEAKDIAG_FLAG_VALUE, "-1", NULL},
    {200, JSON, "{\"value\":1e30}", LEAKDIAG_FLAG_VALUE, "1e+30", NULL},
    {200, JSON, "{\"value\":9007199254740993}", LEAKDIAG_FLAG_VALUE, "9007199254740993", NULL},
    {200, JSON, "{\"value\":9223372036854775807}", LEAKDIAG_FLAG_VALUE, "9223372036854775807",
     NULL},
    {200, JSON, "{\"value\":\"300\"}", LEAKDIAG_FLAG_VALUE, "\"300\"", NULL},
    {200, JSON, "{\"value\":true}", LEAKDIAG_FLAG_VALUE, "true", NULL},
    {200, JSON, "{\"value\":null,\"key\":\"k\"}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL, "own default"},
    {200, JSON, "{\"value\":null}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL, "own default"},
    {200, JSON, "{\"key\":\"k\",\"reason\":\"STATIC\"}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL,
     "STATIC"},
    {200, JSON, "{\"value\":300,\"reason\":\"DISABLED\"}", LEAKDIAG_FLAG_DISABLED, "300",
     "DISABLED"},
    {200, JSON, "{\"value\":300,\"reason\":\"DEFAULT\"}", LEAKDIAG_FLAG_VALUE, "300", NULL},
    {200, JSON, "{\"value\":300,\"reason\":\"ERROR\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "ERROR"},
    {200, JSON, "{\"value\":0,\"errorCode\":\"PARSE_ERROR\"}", LEAKDIAG_FLAG_MALFORMED, NULL,
     "PARSE_ERROR"},
    /* errors */
    {404, JSON,
     "{\"key\":\"k\",\"errorCode\":\"FLAG_NOT_FOUND\",\"errorDetails\":\"flag `k` is disabled\"}",
     LEAKDIAG_FLAG_DISABLED, NULL, "is disabled"},
    {404, JSON, "{\"key\":\"other\",\"errorCode\":\"FLAG_NOT_FOUND\"}", LEAKDIAG_FLAG_MALFORMED,
     NULL, "'other'"},
    {404, JSON, "{\"kind\":\"Status\",\"code\":404}", LEAKDIAG_FLAG_NOT_OFREP, NULL, "Status"},
    {404, HTML, "<h1>Not Found</h1>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "nothing speaks OFREP"},
    {400, JSON, "{\"errorCode\":\"TARGETING_KEY_MISSING\",\"errorDetails\":\"no key\"}",
     LEAKDIAG_FLAG_MALFORMED, NULL, "TARGETING_KEY_MISSING: no key"},
    {400, HTML, "<h1>Bad Request</h1>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "HTTP 400"},
    {401, "", "", LEAKDIAG_FLAG_REFUSED, NULL, "401"},
    {401, JSON, "{\"errorCode\":\"GENERAL\"}", LEAKDIAG_FLAG_REFUSED, NULL, "401"},
    {403, HTML, "<html>", LEAKDIAG_FLAG_REFUSED, NULL, "403"},
    {407, "", "", LEAKDIAG_FLAG_REFUSED, NULL, "407"},
    {429, "", "", LEAKDIAG_FLAG_REFUSED, NULL, "429"},
    {500, JSON, "{\"errorDetails\":\"boom\"}", LEAKDIAG_FLAG_MALFORMED, NULL, "boom"},
    {500, "text/plain", "Internal Server Error", LEAKDIAG_FLAG_NOT_OFREP, NULL, "HTTP 500"},
    {502, HTML, "<html>", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {503, JSON, "{\"kind\":\"Status\"}", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {504, "", "", LEAKDIAG_FLAG_UNREACHABLE, NULL, "gateway"},
    {301, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP, NULL, "redirect not followed"},
};

START_TEST(each_other_answer_has_its_meaning)
{
    ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    leakdiag_flag *flag = decode("k", &answer);
    assert_state(flag, answers[_i].state, answers[_i].body);
    assert_text("value", leakdiag_flag_value_json(flag), answers[_i].value);
    if (answers[_i].in_detail)
        ck_assert_msg(strstr(leakdiag_flag_detail(flag), answers[_i].in_detail), "detail is: %s",
                      leakdiag_flag_detail(flag));
    else
        ck_assert_str_eq(leakdiag_flag_detail(flag), "");
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(numbers_are_numbers_and_strings_are_not)
{
    static const struct {
        const char *body;
        leakdiag_flag_type type;
        double number;
        const char *string;
    } rows[] = {
        {"{\"value\":300}", LEAKDIAG_FLAG_TYPE_NUMBER, 300, NULL},
        {"{\"value\":300.0}", LEAKDIAG_FLAG_TYPE_NUMBER, 300, NULL},
        {"{\"value\":1e-400}", LEAKDIAG_FLAG_TYPE_NUMBER, 0, NULL},
        {"{\"value\":\"300\"}", LEAKDIAG_FLAG_TYPE_STRING, NAN, "300"},
        {"{\"value\":true}", LEAKDIAG_FLAG_TYPE_BOOLEAN, 1, NULL},
        {"{\"value\":false}", LEAKDIAG_FLAG_TYPE_BOOLEAN, 0, NULL},
        {"{\"value\":{}}", LEAKDIAG_FLAG_TYPE_OBJECT, NAN, NULL},
        {"{\"value\":[1]}", LEAKDIAG_FLAG_TYPE_OBJECT, NAN, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_answer answer = answer_of(200, JSON, rows[i].body);
        leakdiag_flag *flag = decode("k", &answer);
        ck_assert_int_eq(leakdiag_flag_get_type(flag), rows[i].type);
        if (isnan(rows[i].number))
            ck_assert(isnan(leakdiag_flag_number(flag)));
        else
            ck_assert(leakdiag_flag_number(flag) == rows[i].number);
        assert_text("string", leakdiag_flag_string(flag), rows[i].string);
        leakdiag_flag_free(flag);
    }
}
END_TEST

START_TEST(types_of_json_are_known_by_name)
{
    static const struct {
        const char *type;
        bool is_json;
    } rows[] = {{"application/json", true},
                {"APPLICATION/JSON; charset=utf-8", true},
                {"application/problem+json", true},
                {"application/json5", false},
                {"text/json", false},
                {"+json", false},
                {"text/html; a=+json", false},
                {"", false},
                {NULL, false}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_answer answer = answer_of(200, rows[i].type, "");
        ck_assert_msg(ld_answer_says_json(&answer) == rows[i].is_json, "%zu", i);
    }
}
END_TEST

START_TEST(a_redirect_names_only_the_host_it_leads_to)
{
    ld_answer answer = answer_of(302, HTML, "<a href=\"https://login.example/?token=s3cret\">");
    answer.redirect_host = "login.example";
    leakdiag_flag *flag = decode("k", &answer);
    assert_state(flag, LEAKDIAG_FLAG_NOT_OFREP, "302");
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "redirect to login.example"));
    ck_assert_ptr_null(strstr(leakdiag_flag_detail(flag), "s3cret"));
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(outside_text_in_a_detail_is_safe_and_short)
{
    char body[2048] = "{\"errorCode\":\"GENERAL\",\"errorDetails\":\"\\u001b[2J\\u202e\\r\\n";
    memset(body + strlen(body), 'x', 1500);
    strcat(body, "\"}");
    ld_answer answer = answer_of(400, JSON, body);
    leakdiag_flag *flag = decode("k", &answer);
    const char *detail = leakdiag_flag_detail(flag);
    ck_assert_ptr_nonnull(strstr(detail, "\\x1b[2J\\u{202e}\\x0d\\x0a"));
    ck_assert_ptr_nonnull(strstr(detail, "…"));
    /* "GENERAL: " + 200 + the sign that it was cut */
    ck_assert_uint_le(strlen(detail), 9 + LD_DETAIL_BYTES + strlen("…"));
    for (const char *p = detail; *p; p++)
        ck_assert((unsigned char)*p >= 0x20);
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(the_beginning_of_a_foreign_body_is_shown_on_one_line)
{
    ld_answer answer = answer_of(200, HTML, "\n\n <html>\r\n\t<h1>Log\x1bin</h1>\n\n");
    leakdiag_flag *flag = decode("k", &answer);
    ck_assert_str_eq(leakdiag_flag_detail(flag),
                     "HTTP 200 (text/html; charset=utf-8: <html> <h1>Log\\x1bin</h1>): "
                     "not an OFREP answer");
    leakdiag_flag_free(flag);

    char body[200];
    for (size_t len = 79; len <= 81; len++) {
        memset(body, 'x', len);
        body[len] = '\0';
        answer = answer_of(200, "text/plain", body);
        flag = decode("k", &answer);
        ck_assert_int_eq(strstr(leakdiag_flag_detail(flag), "…") != NULL, len == 81);
        leakdiag_flag_free(flag);
    }
}
END_TEST

START_TEST(a_detail_is_cut_between_characters)
{
    ld_text detail = {0};
    char text[LD_DETAIL_BYTES + 2];
    memset(text, 'x', sizeof text);
    ld_detail_add(&detail, text, LD_DETAIL_BYTES - 1);
    ck_assert_uint_eq(detail.len, LD_DETAIL_BYTES - 1);
    ld_text_done(&detail);
    ld_detail_add(&detail, text, LD_DETAIL_BYTES);
    ck_assert_uint_eq(detail.len, LD_DETAIL_BYTES);
    ld_text_done(&detail);
    ld_detail_add(&detail, text, LD_DETAIL_BYTES + 1);
    ck_assert_uint_eq(detail.len, LD_DETAIL_BYTES + strlen("…"));
    ld_text_done(&detail);

    memset(text, 1, 60); /* four characters each, once they are visible */
    ld_detail_add(&detail, text, 60);
    ck_assert_uint_eq(detail.len, LD_DETAIL_BYTES + strlen("…"));
    ld_text_done(&detail);

    memset(text, 'x', sizeof text);
    memcpy(text + LD_DETAIL_BYTES - 1, "\xc3\xa9", 2); /* é across the border */
    ld_detail_add(&detail, text, LD_DETAIL_BYTES + 1);
    ck_assert_uint_eq(detail.len, LD_DETAIL_BYTES - 1 + strlen("…"));
    ck_assert_ptr_null(strstr(detail.data, "\\x"));
    ld_text_done(&detail);
}
END_TEST

START_TEST(a_body_of_the_limit_is_read_and_one_more_byte_is_not)
{
    for (int more = -1; more <= 1; more++) {
        size_t len = LD_OFREP_BODY_MAX_BYTES + (size_t)more;
        char *body = malloc(len + 1);
        memset(body, ' ', len);
        body[len] = '\0';
        memcpy(body, "{\"value\":300}", 13);
        ld_answer answer = answer_of(200, JSON, body);
        leakdiag_flag *flag = decode("k", &answer);
        assert_state(flag, more == 1 ? LEAKDIAG_FLAG_MALFORMED : LEAKDIAG_FLAG_VALUE, "limit");
        leakdiag_flag_free(flag);
        free(body);
    }
}
END_TEST

START_TEST(depth_up_to_64_is_read_and_65_is_not)
{
    for (int depth = 63; depth <= 65; depth++) {
        char body[512] = "{\"value\":";
        for (int i = 1; i < depth; i++)
            strcat(body, "[");
        for (int i = 1; i < depth; i++)
            strcat(body, "]");
        strcat(body, "}");
        ld_answer answer = answer_of(200, JSON, body);
        leakdiag_flag *flag = decode("k", &answer);
        assert_state(flag, depth == 65 ? LEAKDIAG_FLAG_MALFORMED : LEAKDIAG_FLAG_VALUE, "depth");
        leakdiag_flag_free(flag);
    }
}
END_TEST

START_TEST(only_405_and_a_404_without_json_ask_for_a_get)
{
    static const struct {
        int status;
        const char *type, *body;
        bool wanted;
    } rows[] = {
        {405, "", "", true},
        {405, JSON, "{\"detail\":\"Method Not Allowed\"}", true},
        {404, "text/plain", "404 page not found\n", true},
        {404, HTML, "<h1>Not Found</h1>", true},
        {404, "", "", true},
        {404, JSON, "{\"key\":\"k\",\"errorCode\":\"FLAG_NOT_FOUND\"}", false},
        {404, JSON, "{\"kind\":\"Status\"}", false},
        {200, HTML, "<html>", false},
        {400, "", "", false},
        {500, "", "", false},
        {401, "", "", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_answer answer = answer_of(rows[i].status, rows[i].type, rows[i].body);
        ck_assert_msg(ld_ofrep_wants_get(&answer) == rows[i].wanted, "HTTP %d %s", rows[i].status,
                      rows[i].body);
    }
}
END_TEST

static leakdiag_flag *decode_both(const ld_answer *post, ld_answer get)
{
    leakdiag_flag *flag = NULL;
    get.method = "GET";
    ck_assert_int_eq(ld_ofrep_decode_both("k", post, &get, &flag, NULL), LEAKDIAG_OK);
    return flag;
}

START_TEST(the_get_answers_when_the_post_is_not_taken)
{
    ld_answer post = answer_of(405, "", "");
    leakdiag_flag *flag = decode_both(&post, answer_of(200, "", "{\"value\": 300}"));
    assert_state(flag, LEAKDIAG_FLAG_VALUE, "GET");
    ck_assert_str_eq(leakdiag_flag_method(flag), "GET");
    ck_assert_int_eq(leakdiag_flag_http_status(flag), 200);
    leakdiag_flag_free(flag);

    flag = decode_both(&post, answer_of(401, "", ""));
    assert_state(flag, LEAKDIAG_FLAG_REFUSED, "GET 401");
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(two_refusals_of_the_method_are_not_ofrep_and_both_are_named)
{
    ld_answer post = answer_of(405, "", "");
    leakdiag_flag *flag = decode_both(&post, answer_of(404, "text/plain", "404 page not found"));
    assert_state(flag, LEAKDIAG_FLAG_NOT_OFREP, "405 and 404");
    ck_assert_str_eq(leakdiag_flag_method(flag), "POST");
    ck_assert_int_eq(leakdiag_flag_http_status(flag), 405);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "POST: HTTP 405"));
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "GET: HTTP 404"));
    leakdiag_flag_free(flag);
}
END_TEST

static leakdiag_flags *decode_bulk(const ld_answer *answer)
{
    leakdiag_flags *flags = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_ofrep_decode_bulk(answer, &flags, &err) == LEAKDIAG_OK, "%s", err.message);
    return flags;
}

START_TEST(the_recorded_bulk_answer_lists_fifteen_flags)
{
    recorded r = recorded_read("POST", "ofrep/18_bulk.resp.http");
    leakdiag_flags *flags = decode_bulk(recorded_answer(&r));
    ck_assert_int_eq(leakdiag_flags_state(flags), LEAKDIAG_FLAG_VALUE);
    ck_assert_str_eq(leakdiag_flags_detail(flags), "");
    ck_assert_uint_eq(leakdiag_flags_len(flags), 15);
    const leakdiag_flag *first = leakdiag_flags_at(flags, 0);
    ck_assert_str_eq(leakdiag_flag_key(first), "badTargeting");
    assert_state(first, LEAKDIAG_FLAG_MALFORMED, "badTargeting");
    const leakdiag_flag *ninth = leakdiag_flags_at(flags, 8);
    ck_assert_str_eq(leakdiag_flag_key(ninth), "kafkaQueueProblems");
    ck_assert(leakdiag_flag_number(ninth) == 0);
    ck_assert_ptr_null(leakdiag_flags_at(flags, 15));
    leakdiag_flags_free(flags);
    recorded_done(&r);
}
END_TEST

START_TEST(a_list_of_flags_is_one_json_document)
{
    static const char file[] =
        "{\"flags\":{\"a\":{\"state\":\"ENABLED\",\"variants\":{\"on\":300},"
        "\"defaultVariant\":\"on\"},\"b\":{\"state\":\"DISABLED\",\"variants\":{\"x\":true},"
        "\"defaultVariant\":\"x\"}}}";
    leakdiag_flags *flags = NULL;
    char *all = NULL, *wanted = NULL, *one[2];
    ck_assert(!leakdiag_flags_from_file(file, sizeof file - 1, &flags, NULL));
    ck_assert_uint_eq(leakdiag_flags_len(flags), 2);
    for (size_t i = 0; i < 2; i++)
        ck_assert(!leakdiag_flag_to_json(leakdiag_flags_at(flags, i), &one[i], NULL));
    ck_assert(!leakdiag_flags_to_json(flags, &all, NULL));
    ck_assert_int_gt(asprintf(&wanted,
                              "{\"detail\":\"\",\"flags\":[%s,%s],\"schema\":"
                              "\"leakdiag.flags/1\",\"state\":\"value\"}",
                              one[0], one[1]),
                     0);
    ck_assert_str_eq(all, wanted);
    for (size_t i = 0; i < 2; i++)
        leakdiag_free(one[i]);
    leakdiag_free(all);
    free(wanted);
    leakdiag_flags_free(flags);

    ck_assert(!leakdiag_flags_from_file("[", 1, &flags, NULL));
    ck_assert(!leakdiag_flags_to_json(flags, &all, NULL));
    ck_assert_ptr_nonnull(strstr(all, "\"flags\":[],\"schema\""));
    ck_assert_ptr_null(strstr(all, "\"state\":\"value\""));
    leakdiag_free(all);
    leakdiag_flags_free(flags);
}
END_TEST

START_TEST(each_unusable_bulk_answer_has_its_meaning)
{
    static const struct {
        int status;
        const char *type, *body;
        leakdiag_flag_state state;
    } rows[] = {
        {200, JSON, "{\"flags\":[]}", LEAKDIAG_FLAG_VALUE},
        {200, JSON, "{\"flags\":{}}", LEAKDIAG_FLAG_NOT_OFREP},
        {200, JSON, "{}", LEAKDIAG_FLAG_NOT_OFREP},
        {200, JSON, "[]", LEAKDIAG_FLAG_NOT_OFREP},
        {200, JSON, "{\"flags\":[{\"value\":1}]}", LEAKDIAG_FLAG_MALFORMED},
        {200, JSON, "{\"flags\":[3]}", LEAKDIAG_FLAG_MALFORMED},
        {200, JSON, "{\"flags\":", LEAKDIAG_FLAG_MALFORMED},
        {200, HTML, "<html>", LEAKDIAG_FLAG_NOT_OFREP},
        {405, "", "", LEAKDIAG_FLAG_NOT_OFREP},
        {400, JSON, "{\"errorCode\":\"INVALID_CONTEXT\"}", LEAKDIAG_FLAG_MALFORMED},
        {403, "", "", LEAKDIAG_FLAG_REFUSED},
        {502, "", "", LEAKDIAG_FLAG_UNREACHABLE},
        {304, "", "", LEAKDIAG_FLAG_NOT_OFREP},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_answer answer = answer_of(rows[i].status, rows[i].type, rows[i].body);
        leakdiag_flags *flags = decode_bulk(&answer);
        ck_assert_msg(leakdiag_flags_state(flags) == rows[i].state, "HTTP %d %s: %s",
                      rows[i].status, rows[i].body,
                      leakdiag_flag_state_name(leakdiag_flags_state(flags)));
        ck_assert_uint_eq(leakdiag_flags_len(flags), 0);
        ck_assert_int_eq(*leakdiag_flags_detail(flags) != 0, rows[i].state != LEAKDIAG_FLAG_VALUE);
        leakdiag_flags_free(flags);
    }
}
END_TEST

/* The state of `flag` once the bulk answer in the fixture is known. */
static void assert_refined(const char *single, const char *key, const char *bulk,
                           leakdiag_flag_state state, const char *in_detail)
{
    recorded r = recorded_read("POST", single), all = recorded_read("POST", bulk);
    leakdiag_flag *flag = decode(key, recorded_answer(&r));
    leakdiag_flags *flags = decode_bulk(recorded_answer(&all));
    ck_assert_int_eq(ld_ofrep_refine(flag, flags, NULL), LEAKDIAG_OK);
    assert_state(flag, state, bulk);
    ck_assert_msg(strstr(leakdiag_flag_detail(flag), in_detail), "detail is: %s",
                  leakdiag_flag_detail(flag));
    leakdiag_flags_free(flags);
    leakdiag_flag_free(flag);
    recorded_done(&r);
    recorded_done(&all);
}

START_TEST(a_missing_flag_beside_others_stays_missing)
{
    assert_refined("ofrep/06_missing_flag.resp.http", "nope", "ofrep/18_bulk.resp.http",
                   LEAKDIAG_FLAG_MISSING, "knows 15 flags, but not 'nope'");
}
END_TEST

START_TEST(a_missing_flag_beside_none_is_a_rejected_file)
{
    assert_refined("ofrep/invalid_file/01_post_off.resp.http", "kafkaQueueProblems",
                   "ofrep/invalid_file/18_bulk.resp.http", LEAKDIAG_FLAG_FILE_REJECTED,
                   "no flag at all");
}
END_TEST

START_TEST(a_flag_that_appears_meanwhile_is_not_called_rejected)
{
    assert_refined("ofrep/24_selector_other.resp.http", "kafkaQueueProblems",
                   "ofrep/18_bulk.resp.http", LEAKDIAG_FLAG_MISSING, "ask again");
}
END_TEST

START_TEST(a_bulk_answer_does_not_touch_other_states_and_an_unusable_one_none)
{
    assert_refined("ofrep/07_disabled.resp.http", "disabledFlag",
                   "ofrep/invalid_file/18_bulk.resp.http", LEAKDIAG_FLAG_DISABLED, "DISABLED");
    assert_refined("ofrep/invalid_file/01_post_off.resp.http", "kafkaQueueProblems",
                   "ofrep/20_bulk_get.resp.http", LEAKDIAG_FLAG_MISSING, "does not exist");
}
END_TEST

START_TEST(a_misspelt_key_gets_a_suggestion)
{
    ld_answer single = answer_of(404, JSON, "{\"errorCode\":\"FLAG_NOT_FOUND\"}");
    recorded all = recorded_read("POST", "ofrep/18_bulk.resp.http");
    leakdiag_flag *flag = decode("kafkaQueueProblem", &single);
    leakdiag_flags *flags = decode_bulk(recorded_answer(&all));
    ck_assert_int_eq(ld_ofrep_refine(flag, flags, NULL), LEAKDIAG_OK);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "did you mean 'kafkaQueueProblems'?"));
    leakdiag_flags_free(flags);
    leakdiag_flag_free(flag);
    recorded_done(&all);
}
END_TEST

START_TEST(bad_keys_are_refused_with_the_offending_byte)
{
    char longest[LEAKDIAG_FLAG_KEY_MAX_BYTES + 2];
    memset(longest, 'k', sizeof longest);
    longest[LEAKDIAG_FLAG_KEY_MAX_BYTES + 1] = '\0';
    const struct {
        const char *key, *in_message;
    } rows[] = {
        {NULL, "empty"},        {"", "empty"},
        {longest, "254 bytes"}, {"../../x", "'..' at 0"},
        {"a..b", "'..' at 1"},  {".", "only '.'"},
        {"a/b", "'/' at 1"},    {"a\nb", "0x0a at 1"},
        {"a\x7f", "0x7f at 1"}, {"\xf0\x9f\x98\x80", "0xf0 at 0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *path = NULL;
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_ofrep_path(rows[i].key, &path, &err), LEAKDIAG_E_INVALID);
        ck_assert_ptr_null(path);
        ck_assert_msg(strstr(err.message, rows[i].in_message), "message is: %s", err.message);
    }
    for (size_t cut = 1; cut <= 2; cut++) { /* the limit and one less */
        longest[LEAKDIAG_FLAG_KEY_MAX_BYTES + 1 - cut] = '\0';
        char *path = NULL;
        ck_assert_int_eq(ld_ofrep_path(longest, &path, NULL), LEAKDIAG_OK);
        leakdiag_free(path);
    }
}
END_TEST

START_TEST(a_key_is_percent_encoded_in_the_path)
{
    char *path = NULL;
    ck_assert_int_eq(ld_ofrep_path("a b?c#d%.~_-Z9", &path, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(path, "/ofrep/v1/evaluate/flags/a%20b%3Fc%23d%25.~_-Z9");
    leakdiag_free(path);
}
END_TEST

START_TEST(the_body_carries_the_context_and_nothing_but_an_object)
{
    char *body = NULL;
    ck_assert_int_eq(ld_ofrep_body(NULL, &body, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(body, "{\"context\":{}}");
    leakdiag_free(body);
    ck_assert_int_eq(ld_ofrep_body(" {\"b\":1, \"a\":\"x\"} ", &body, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(body, "{\"context\":{\"a\":\"x\",\"b\":1}}");
    leakdiag_free(body);
    static const char *const bad[] = {"", "[]", "\"x\"", "{", "{}{}", "null"};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_int_eq(ld_ofrep_body(bad[i], &body, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* ---- files ---- */

static leakdiag_flag *from_file(const char *text, const char *key)
{
    leakdiag_flag *flag = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_flag_from_file(text, strlen(text), key, &flag, &err) == LEAKDIAG_OK,
                  "%s", err.message);
    return flag;
}

START_TEST(the_file_gives_what_flagd_served_from_it)
{
    size_t len;
    char *file = read_fixture("src_flags/flags_used.good.json", &len);
    recorded r = recorded_read("POST", "ofrep/18_bulk.resp.http");
    leakdiag_flags *served = decode_bulk(recorded_answer(&r)), *offline = NULL;
    ck_assert_int_eq(leakdiag_flags_from_file(file, len, &offline, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_flags_state(offline), LEAKDIAG_FLAG_VALUE);
    ck_assert_uint_eq(leakdiag_flags_len(offline), leakdiag_flags_len(served));
    size_t compared = 0;
    for (size_t i = 0; i < leakdiag_flags_len(served); i++) {
        const leakdiag_flag *a = leakdiag_flags_at(served, i), *b = leakdiag_flags_at(offline, i);
        assert_text("key", leakdiag_flag_key(b), leakdiag_flag_key(a));
        ck_assert_str_eq(leakdiag_flag_method(b), "file");
        ck_assert_int_eq(leakdiag_flag_latency_ms(b), -1);
        if (leakdiag_flag_has_targeting(b))
            continue;
        compared++;
        ck_assert_int_eq(leakdiag_flag_get_state(b), leakdiag_flag_get_state(a));
        assert_text("value", leakdiag_flag_value_json(b), leakdiag_flag_value_json(a));
        assert_text("variant", leakdiag_flag_variant(b), leakdiag_flag_variant(a));
        assert_text("reason", leakdiag_flag_reason(b), leakdiag_flag_reason(a));
    }
    ck_assert_uint_eq(compared, 12); /* three of the fifteen have targeting */
    leakdiag_flags_free(served);
    leakdiag_flags_free(offline);
    recorded_done(&r);
    free(file);
}
END_TEST

START_TEST(a_flag_with_targeting_gives_its_default_and_says_so)
{
    size_t len;
    char *file = read_fixture("src_flags/flags_used.good.json", &len);
    leakdiag_flag *flag = from_file(file, "targeted");
    assert_state(flag, LEAKDIAG_FLAG_VALUE, "targeted");
    ck_assert(leakdiag_flag_number(flag) == 0);
    ck_assert_int_eq(leakdiag_flag_has_targeting(flag), 1);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "not followed"));
    leakdiag_flag_free(flag);
    free(file);
}
END_TEST

START_TEST(one_wrong_default_variant_rejects_the_whole_file_and_is_named)
{
    size_t len;
    char *file = read_fixture("src_flags/flags_used.with_badVariant.json", &len);
    leakdiag_flag *flag = from_file(file, "kafkaQueueProblems");
    assert_state(flag, LEAKDIAG_FLAG_FILE_REJECTED, "badVariant");
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "'badVariant'"));
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "'missing'"));
    leakdiag_flag_free(flag);
    leakdiag_flags *flags = NULL;
    ck_assert_int_eq(leakdiag_flags_from_file(file, len, &flags, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_flags_state(flags), LEAKDIAG_FLAG_FILE_REJECTED);
    ck_assert_uint_eq(leakdiag_flags_len(flags), 0);
    leakdiag_flags_free(flags);
    free(file);
}
END_TEST

static const struct {
    const char *file;
    leakdiag_flag_state state;
    const char *value;
} files[] = {
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":300},\"defaultVariant\":\"on\"}}}",
     LEAKDIAG_FLAG_VALUE, "300"},
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":300.0},\"defaultVariant\":\"on\"}}}",
     LEAKDIAG_FLAG_VALUE, "300"},
    {"{\"flags\":[{\"key\":\"k\",\"variants\":{\"on\":1},\"defaultVariant\":\"on\"},"
     "{\"key\":\"k\",\"variants\":{\"on\":2},\"defaultVariant\":\"on\"}]}",
     LEAKDIAG_FLAG_VALUE, "2"},
    {"{\"flags\":{\"k\":{\"state\":\"DISABLED\",\"variants\":{\"on\":3},\"defaultVariant\":"
     "\"on\"}}}",
     LEAKDIAG_FLAG_DISABLED, NULL},
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":3}}}}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL},
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":3},\"defaultVariant\":\"\"}}}",
     LEAKDIAG_FLAG_CODE_DEFAULT, NULL},
    {"{\"flags\":{\"k\":null}}", LEAKDIAG_FLAG_CODE_DEFAULT, NULL},
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":null},\"defaultVariant\":\"on\"}}}",
     LEAKDIAG_FLAG_MALFORMED, NULL},
    {"{\"flags\":{\"j\":{}}}", LEAKDIAG_FLAG_MISSING, NULL},
    /* flagd takes none of these files */
    {"", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"flags: {}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"[]", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":3}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":3}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":[3]}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":{\"state\":1}}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":{\"variants\":[]}}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":{\"defaultVariant\":1}}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":{\"metadata\":1}}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":{\"k\":{\"defaultVariant\":\"on\"}}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    /* it takes these, but there is no flag in them */
    {"{\"flags\":{}}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":[]}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    {"{\"flags\":null}", LEAKDIAG_FLAG_FILE_REJECTED, NULL},
    /* it may take these; nothing is known */
    {"{\"flags\":{\"k\":{},\"k\":{}}}", LEAKDIAG_FLAG_MALFORMED, NULL},
    {"{\"flags\":{\"k\":{\"variants\":{\"on\":18446744073709551616}}}}", LEAKDIAG_FLAG_MALFORMED,
     NULL},
};

START_TEST(each_file_has_its_meaning)
{
    leakdiag_flag *flag = from_file(files[_i].file, "k");
    assert_state(flag, files[_i].state, files[_i].file);
    assert_text("value", leakdiag_flag_value_json(flag), files[_i].value);
    leakdiag_flag_free(flag);
}
END_TEST

START_TEST(a_file_does_not_excuse_a_bad_key)
{
    leakdiag_flag *flag = NULL;
    ck_assert_int_eq(leakdiag_flag_from_file("{}", 2, "a/b", &flag, NULL), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(flag);
}
END_TEST

START_TEST(a_file_of_many_thousand_entries_is_read_at_once)
{
    ld_text file = {0};
    ld_text_add(&file, "{\"flags\":[");
    for (int i = 0; i < 60000; i++)
        ld_text_addf(&file, "%s{\"key\":\"k%d\"}", i ? "," : "", i % 3000);
    ld_text_add(&file, "]}");
    leakdiag_flags *flags = NULL;
    ck_assert_int_eq(leakdiag_flags_from_file(file.data, file.len, &flags, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_flags_len(flags), 3000);
    leakdiag_flags_free(flags);
    ld_text_done(&file);
}
END_TEST

/* ---- the object itself ---- */

START_TEST(the_json_of_a_flag_is_sorted_and_complete)
{
    recorded r = recorded_read("POST", "ofrep/14_targeted_match.resp.http");
    leakdiag_flag *flag = decode("targeted", recorded_answer(&r));
    char *text = NULL;
    ck_assert_int_eq(leakdiag_flag_to_json(flag, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, "{\"detail\":\"\",\"error_code\":null,\"has_targeting\":false,"
                           "\"http_status\":200,\"key\":\"targeted\",\"latency_ms\":7,"
                           "\"method\":\"POST\",\"reason\":\"TARGETING_MATCH\","
                           "\"schema\":\"leakdiag.flag/1\",\"state\":\"value\",\"type\":\"number\","
                           "\"value\":300,\"variant\":\"on\"}");
    leakdiag_free(text);
    leakdiag_flag_free(flag);
    recorded_done(&r);
}
END_TEST

START_TEST(a_flag_is_not_made_of_no_value)
{
    static const char *const bad[] = {"null", "", "{", "1 2"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const ld_flag_fields fields = {.key = "k", .value_json = bad[i]};
        leakdiag_flag *flag = (leakdiag_flag *)0x1;
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_flag_new(&fields, &flag, &err), LEAKDIAG_E_INVALID);
        ck_assert_ptr_eq(flag, (leakdiag_flag *)0x1);
        ck_assert_ptr_nonnull(strstr(err.message, "value of a flag"));
    }
    leakdiag_flag_free(NULL);
    leakdiag_flags_free(NULL);
}
END_TEST

/* ---- out of memory ---- */

static ld_answer tortured, tortured_get;

static leakdiag_status decode_all_ways(void)
{
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    char *json = NULL, *path = NULL, *body = NULL;
    leakdiag_status status = ld_ofrep_path("k", &path, NULL);
    if (!status)
        status = ld_ofrep_body("{\"a\":1}", &body, NULL);
    if (!status)
        status = ld_ofrep_decode("targeted", &tortured, &flag, NULL);
    if (!status)
        status = leakdiag_flag_to_json(flag, &json, NULL);
    leakdiag_flag_free(flag);
    flag = NULL;
    if (!status)
        status = ld_ofrep_decode_both("k", &tortured_get, &tortured_get, &flag, NULL);
    leakdiag_flag_free(flag);
    leakdiag_flags_free(flags);
    leakdiag_free(json);
    leakdiag_free(path);
    leakdiag_free(body);
    return status;
}

static leakdiag_status refine(void)
{
    static const char missing[] = "{\"errorCode\":\"FLAG_NOT_FOUND\",\"errorDetails\":\"no\"}";
    static const char bulk[] = "{\"flags\":[{\"key\":\"kafka\",\"value\":1},{\"key\":\"b\"}]}";
    ld_answer single = answer_of(404, JSON, missing), all = answer_of(200, JSON, bulk);
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    leakdiag_status status = ld_ofrep_decode("kafke", &single, &flag, NULL);
    if (!status)
        status = ld_ofrep_decode_bulk(&all, &flags, NULL);
    if (!status)
        status = ld_ofrep_refine(flag, flags, NULL);
    leakdiag_flag_free(flag);
    leakdiag_flags_free(flags);
    return status;
}

static char *tortured_file;
static size_t tortured_len;

static leakdiag_status read_file(void)
{
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    char *json = NULL;
    leakdiag_status status =
        leakdiag_flag_from_file(tortured_file, tortured_len, "stringFlag", &flag, NULL);
    if (!status)
        status = leakdiag_flags_from_file(tortured_file, tortured_len, &flags, NULL);
    if (!status)
        status = leakdiag_flags_to_json(flags, &json, NULL);
    leakdiag_free(json);
    leakdiag_flag_free(flag);
    leakdiag_flags_free(flags);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    recorded r = recorded_read("POST", "ofrep/14_targeted_match.resp.http");
    tortured = *recorded_answer(&r);
    tortured_get = answer_of(405, "text/plain", "no");
    ck_assert_uint_gt(torture_run(decode_all_ways), 40);
    ck_assert_uint_gt(torture_run(refine), 40);
    tortured_file = read_fixture("src_flags/flags_used.good.json", &tortured_len);
    ck_assert_uint_gt(torture_run(read_file), 100);
    free(tortured_file);
    tortured_file = read_fixture("src_flags/flags_used.with_badVariant.json", &tortured_len);
    ck_assert_uint_gt(torture_run(read_file), 10);
    free(tortured_file);
    recorded_done(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire: flags");
    TCase *tc = tcase_create("OFREP");
    tcase_add_loop_test(tc, each_recorded_answer_of_flagd_has_its_meaning, 0,
                        (int)COUNT(recordings));
    tcase_add_loop_test(tc, each_other_answer_has_its_meaning, 0, (int)COUNT(answers));
    tcase_add_test(tc, numbers_are_numbers_and_strings_are_not);
    tcase_add_test(tc, types_of_json_are_known_by_name);
    tcase_add_test(tc, a_redirect_names_only_the_host_it_leads_to);
    tcase_add_test(tc, outside_text_in_a_detail_is_safe_and_short);
    tcase_add_test(tc, the_beginning_of_a_foreign_body_is_shown_on_one_line);
    tcase_add_test(tc, a_detail_is_cut_between_characters);
    tcase_add_test(tc, a_body_of_the_limit_is_read_and_one_more_byte_is_not);
    tcase_add_test(tc, depth_up_to_64_is_read_and_65_is_not);
    tcase_add_test(tc, only_405_and_a_404_without_json_ask_for_a_get);
    tcase_add_test(tc, the_get_answers_when_the_post_is_not_taken);
    tcase_add_test(tc, two_refusals_of_the_method_are_not_ofrep_and_both_are_named);
    tcase_add_test(tc, the_recorded_bulk_answer_lists_fifteen_flags);
    tcase_add_test(tc, a_list_of_flags_is_one_json_document);
    tcase_add_test(tc, each_unusable_bulk_answer_has_its_meaning);
    tcase_add_test(tc, a_missing_flag_beside_others_stays_missing);
    tcase_add_test(tc, a_missing_flag_beside_none_is_a_rejected_file);
    tcase_add_test(tc, a_flag_that_appears_meanwhile_is_not_called_rejected);
    tcase_add_test(tc, a_bulk_answer_does_not_touch_other_states_and_an_unusable_one_none);
    tcase_add_test(tc, a_misspelt_key_gets_a_suggestion);
    tcase_add_test(tc, bad_keys_are_refused_with_the_offending_byte);
    tcase_add_test(tc, a_key_is_percent_encoded_in_the_path);
    tcase_add_test(tc, the_body_carries_the_context_and_nothing_but_an_object);
    suite_add_tcase(suite, tc);
    tc = tcase_create("file");
    tcase_add_test(tc, the_file_gives_what_flagd_served_from_it);
    tcase_add_test(tc, a_flag_with_targeting_gives_its_default_and_says_so);
    tcase_add_test(tc, one_wrong_default_variant_rejects_the_whole_file_and_is_named);
    tcase_add_loop_test(tc, each_file_has_its_meaning, 0, (int)COUNT(files));
    tcase_add_test(tc, a_file_does_not_excuse_a_bad_key);
    tcase_add_test(tc, a_file_of_many_thousand_entries_is_read_at_once);
    suite_add_tcase(suite, tc);
    tc = tcase_create("flag");
    tcase_add_test(tc, the_json_of_a_flag_is_sorted_and_complete);
    tcase_add_test(tc, a_flag_is_not_made_of_no_value);
    tcase_add_test(tc, every_allocation_may_fail);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
