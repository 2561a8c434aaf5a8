/* Texts, escapes, errors, options, JSON and memory: the ground of everything. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- texts --- */

START_TEST(a_text_grows_and_is_handed_out)
{
    ld_text text = {0};
    char *out = NULL;
    ck_assert_int_eq(ld_text_take(&text, &out, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(out, "");
    leakdiag_free(out);
    for (int i = 0; i < 1000; i++)
        ld_text_addf(&text, "%d,", i);
    ld_text_add_char(&text, '!');
    ld_text_add_bytes(&text, "a\0b", 3);
    ld_text_add_number(&text, 0.5);
    ld_text_add_number(&text, NAN);
    ld_text_add_fixed(&text, 2, 1);
    ck_assert_uint_eq(text.len, 10 * 2 + 90 * 3 + 900 * 4 + 1 + 3 + 3 + 4 + 3);
    ck_assert_int_eq(text.data[text.len], '\0');
    ck_assert_int_eq(ld_text_take(&text, &out, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(text.data);
    ck_assert_int_eq(memcmp(out + 3891, "a\0b0.5null2.0", 13), 0);
    leakdiag_free(out);
    ck_assert(ld_text_equal("a", "a") && !ld_text_equal("a", "b") && !ld_text_equal("a", NULL) &&
              ld_text_equal(NULL, NULL));
}
END_TEST

static const struct {
    const char *raw, *safe, *xml, *json;
} escapes[] = {
    {"plain", "plain", "plain", "\"plain\""},
    {"a\tb", "a b", "a b", "\"a\\u0009b\""},
    {"a\nb", "a\\x0ab", "a b", "\"a\\nb\""},
    {"\x1b]0;x\x07", "\\x1b]0;x\\x07", "\xef\xbf\xbd]0;x\xef\xbf\xbd", "\"\\u001b]0;x\\u0007\""},
    {"\r", "\\x0d", "\xef\xbf\xbd", "\"\\u000d\""},
    {"<a b=\"c\">&'", "<a b=\"c\">&'", "&lt;a b=&quot;c&quot;&gt;&amp;&apos;",
     "\"<a b=\\\"c\\\">&'\""},
    {"]]>", "]]>", "]]&gt;", "\"]]>\""},
    {"\\", "\\", "\\", "\"\\\\\""},
    {"\xff", "\\xff", "\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
    {"\xc3\xa9", "\xc3\xa9", "\xc3\xa9", "\"\xc3\xa9\""},
    {"\xc2\x9b", "\\x9b", "\xef\xbf\xbd", "\"\\u009b\""},                     /* C1: CSI */
    {"\xe2\x80\xae", "\\u{202e}", "\xef\xbf\xbd", "\"\\u202e\""},             /* bidi override */
    {"\xe2\x80\x8b", "\\u{200b}", "\xef\xbf\xbd", "\"\\u200b\""},             /* zero width */
    {"\xf3\xa0\x81\x81", "\\u{e0041}", "\xef\xbf\xbd", "\"\\udb40\\udc41\""}, /* tag letter */
    {"\xef\xbf\xbe", "\xef\xbf\xbe", "\xef\xbf\xbd", "\"\xef\xbf\xbe\""},     /* U+FFFE */
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    {"\x7f", "\\x7f", "\xef\xbf\xbd", "\"\\u007f\""},
    {"", "", "", "\"\""},
};

static void assert_escaped(void (*add)(ld_text *, const char *, size_t), const char *raw,
                           const char *wanted)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    add(&text, raw, strlen(raw));
    ck_assert_str_eq(text.data ? text.data : "", wanted);
}

START_TEST(text_from_outside_is_made_harmless)
{
    assert_escaped(ld_text_add_safe, escapes[_i].raw, escapes[_i].safe);
    assert_escaped(ld_text_add_xml, escapes[_i].raw, escapes[_i].xml);
    assert_escaped(ld_text_add_json, escapes[_i].raw, escapes[_i].json);
}
END_TEST

START_TEST(utf_8_is_what_the_standard_says)
{
    static const struct {
        const char *bytes;
        size_t len, wanted;
    } rows[] = {
        {"a", 1, 1},
        {"\0", 1, 1},
        {"", 0, 0},
        {"\x80", 1, 0},
        {"\xc0\x80", 2, 0},
        {"\xc1\xbf", 2, 0},
        {"\xc2\x80", 2, 2},
        {"\xc2", 1, 0},
        {"\xc2\x41", 2, 0},
        {"\xe0\x9f\xbf", 3, 0},
        {"\xe0\xa0\x80", 3, 3},
        {"\xed\x9f\xbf", 3, 3},
        {"\xed\xa0\x80", 3, 0},
        {"\xee\x80\x80", 3, 3},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xf0\x90\x80\x80", 4, 4},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        {"\xf4\x90\x80\x80", 4, 0},
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xf0\x90\x80", 3, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(ld_utf8_len(rows[i].bytes, rows[i].len) == rows[i].wanted, "row %zu", i);
}
END_TEST

START_TEST(the_nearest_word_is_found_and_a_far_one_is_not)
{
    static const char *const words[] = {"kind", "asks", "command", "supporting", "ok"};
    static const struct {
        const char *word, *wanted;
    } rows[] = {
        {"kinds", "kind"},
        {"knid", "kind"},
        {"kind", "kind"},
        {"comand", "command"},
        {"suporting", "supporting"},
        {"o", "ok"},
        {"banana", NULL},
        {"", NULL},
        {"xxxx", NULL},
        {"zz", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *found = ld_text_nearest(rows[i].word, words, COUNT(words));
        ck_assert_msg(ld_text_equal(found, rows[i].wanted), "%s: %s", rows[i].word,
                      found ? found : "none");
    }
    char endless[5000];
    memset(endless, 'k', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    ck_assert_ptr_null(ld_text_nearest(endless, words, COUNT(words)));
    const char *const long_words[] = {endless};
    ck_assert_ptr_null(ld_text_nearest("kind", long_words, 1));
    ck_assert_ptr_null(ld_text_nearest("kind", NULL, 0));
}
END_TEST

/* --- errors --- */

START_TEST(an_error_is_one_harmless_line)
{
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_fail_at(&err, LEAKDIAG_E_INVALID, 3, 7, "bad \"%s\"",
                                "a\nb\x1b[31m\xe2\x80\xae\xff\xc3\xa9"),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message, "bad \"a?b?[31m??\xc3\xa9\"");
    ck_assert_int_eq(err.status, LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(err.line, 3);
    ck_assert_uint_eq(err.column, 7);
    ck_assert_int_eq(ld_fail(NULL, LEAKDIAG_E_IO, "nobody reads this"), LEAKDIAG_E_IO);
    ck_assert_int_eq(ld_fail_nomem(&err), LEAKDIAG_E_NOMEM);
    ck_assert_str_eq(err.message, "out of memory");
}
END_TEST

START_TEST(a_character_is_not_cut_in_two_at_the_end)
{
    char text[600] = "";
    for (int i = 0; i < 250; i++)
        strcat(text, "\xc3\xa9");
    for (size_t shift = 0; shift < 2; shift++) {
        leakdiag_error err = {0};
        (void)ld_fail(&err, LEAKDIAG_E_IO, "%s%s", shift ? "x" : "", text);
        for (size_t i = 0; err.message[i];) {
            size_t n = ld_utf8_len(err.message + i, strlen(err.message + i));
            ck_assert_uint_ne(n, 0);
            i += n;
        }
        ck_assert_uint_ge(strlen(err.message), sizeof err.message - 2);
    }
}
END_TEST

START_TEST(the_first_cause_survives_its_prefixes)
{
    leakdiag_error err = {0};
    leakdiag_status status = ld_fail_at(&err, LEAKDIAG_E_AUTH, 2, 5, "HTTP 403");
    err.http_status = 403;
    status = ld_error_prefix(&err, status, "logs of %s", "ns/pod");
    ck_assert_int_eq(status, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(err.message, "logs of ns/pod: HTTP 403");
    ck_assert_int_eq(err.http_status, 403);
    ck_assert_uint_eq(err.line, 2);
    char endless[1000];
    memset(endless, 'p', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    (void)ld_error_prefix(&err, status, "%s", endless);
    ck_assert_str_eq(err.message, "logs of ns/pod: HTTP 403");
    ck_assert_int_eq(ld_error_prefix(NULL, LEAKDIAG_E_IO, "x"), LEAKDIAG_E_IO);
}
END_TEST

START_TEST(an_error_says_whether_another_try_may_help)
{
    static const struct {
        int http_status;
        uint32_t flags;
    } rows[] = {{200, 0}, {403, 0}, {404, 0}, {501, 0}, {505, 0}, {408, 1},
                {429, 1}, {500, 1}, {502, 1}, {503, 1}, {504, 1}, {599, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        leakdiag_error err = {0};
        leakdiag_status status = ld_fail(&err, LEAKDIAG_E_IO, "no");
        ck_assert_int_eq(ld_error_http(&err, status, rows[i].http_status), LEAKDIAG_E_IO);
        ck_assert_int_eq(err.http_status, rows[i].http_status);
        ck_assert_msg(err.flags == rows[i].flags, "%d", rows[i].http_status);
    }
    leakdiag_error late = {0}, same = {0}, fine = {0};
    (void)ld_fail(&late, LEAKDIAG_E_TIMEOUT, "late");
    ck_assert_uint_eq(late.flags, LEAKDIAG_ERROR_RETRIABLE);
    ck_assert_int_eq(ld_fail_as(&same, LEAKDIAG_E_TIMEOUT, &late), LEAKDIAG_E_TIMEOUT);
    ck_assert_mem_eq(&same, &late, sizeof same);
    ck_assert_int_eq(ld_error_http(&fine, LEAKDIAG_OK, 503), LEAKDIAG_OK);
    ck_assert_int_eq(fine.http_status, 0);
    ck_assert_int_eq(ld_error_http(NULL, LEAKDIAG_E_IO, 503), LEAKDIAG_E_IO);
    ck_assert_int_eq(ld_fail_as(NULL, LEAKDIAG_E_IO, &late), LEAKDIAG_E_IO);
}
END_TEST

typedef struct options {
    size_t size;
    int64_t first, second;
} options;

START_TEST(options_of_older_and_newer_callers_are_understood)
{
    options own = {sizeof own, 0, 0}, given = {sizeof given, 1, 2};
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, NULL, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(own.first, 0);
    given.size = 16; /* before `second` existed: it must not be read */
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &given, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(own.first, 1);
    ck_assert_int_eq(own.second, 0);
    ck_assert_uint_eq(own.size, sizeof own);
    given.size = 8;
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &given, NULL), LEAKDIAG_E_INVALID);
    given.size = 0;
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &given, NULL), LEAKDIAG_E_INVALID);
    given.size = (size_t)-1;
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &given, NULL), LEAKDIAG_E_INVALID);

    struct {
        options known;
        int64_t third;
    } newer = {{sizeof newer, 5, 6}, 0};
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &newer, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(own.second, 6);
    newer.third = 1;
    newer.known.first = 9;
    ck_assert_int_eq(ld_options_copy(&own, sizeof own, 16, &newer, NULL), LEAKDIAG_E_UNSUPPORTED);
    ck_assert_int_eq(own.first, 5);
}
END_TEST

START_TEST(every_status_has_a_name)
{
    for (int status = 0; status >= -12; status--)
        ck_assert_str_ne(leakdiag_status_name(status), "unknown-status");
    ck_assert_str_eq(leakdiag_status_name(-13), "unknown-status");
    ck_assert_str_eq(leakdiag_status_name(1), "unknown-status");
    ck_assert_str_eq(leakdiag_version(), LEAKDIAG_VERSION);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", LEAKDIAG_VERSION_MAJOR, LEAKDIAG_VERSION_MINOR,
             LEAKDIAG_VERSION_PATCH);
    ck_assert_str_eq(version, LEAKDIAG_VERSION);
}
END_TEST

/* --- JSON --- */

START_TEST(json_goes_in_and_comes_out_sorted)
{
    static const char in[] = "{\"b\": [1, 2.50, -0.0, true, null], \"a\": {\"y\": \"\\u00e9\\n\", "
                             "\"x\": 1e2}, \"c\": 9223372036854775807, \"\": []}";
    LD_JSON *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_json_parse(in, strlen(in), NULL, &json, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    char *out = NULL, *pretty = NULL;
    ck_assert_int_eq(ld_json_dump(json, &out, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(out, "{\"\":[],\"a\":{\"x\":100,\"y\":\"\xc3\xa9\\n\"},\"b\":[1,2.5,0,true,"
                          "null],\"c\":9223372036854775807}");
    ck_assert_int_eq(ld_json_dump_pretty(json_object_get(json, "a"), &pretty, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(pretty, "{\n  \"x\": 100,\n  \"y\": \"\xc3\xa9\\n\"\n}");
    leakdiag_free(out);
    leakdiag_free(pretty);
}
END_TEST

static const struct {
    const char *text;
    leakdiag_status status;
} bad_json[] = {
    {"", LEAKDIAG_E_INVALID},
    {"{", LEAKDIAG_E_INVALID},
    {"{\"a\": 1, \"a\": 2}", LEAKDIAG_E_INVALID},
    {"[1] 2", LEAKDIAG_E_INVALID},
    {"[NaN]", LEAKDIAG_E_INVALID},
    {"[1e400]", LEAKDIAG_E_INVALID},
    {"[9223372036854775808]", LEAKDIAG_E_INVALID},
    {"[\"\\u0000\"]", LEAKDIAG_E_INVALID},
    {"[\"\xff\"]", LEAKDIAG_E_INVALID},
    {"[\"\\ud800\"]", LEAKDIAG_E_INVALID},
    {"\xef\xbb\xbf[]", LEAKDIAG_E_INVALID},
    {"['a']", LEAKDIAG_E_INVALID},
    {"[1,]", LEAKDIAG_E_INVALID},
    {"[[[[1]]]]", LEAKDIAG_E_LIMIT},
    {"[1,2,3,4,5,6,7,8,9]", LEAKDIAG_E_LIMIT},
    {"[\"0123456789012345678901234567890123456789\"]", LEAKDIAG_E_LIMIT},
};

START_TEST(bad_or_too_much_json_is_refused)
{
    const ld_json_limits limits = {.bytes = 32, .depth = 3, .values = 8};
    json_t *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_json_parse(bad_json[_i].text, strlen(bad_json[_i].text), &limits, &json,
                                &err) == bad_json[_i].status,
                  "%s: %s", bad_json[_i].text, err.message);
    ck_assert_ptr_null(json);
    ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(brackets_inside_texts_do_not_count_as_depth)
{
    const ld_json_limits limits = {.bytes = 64, .depth = 1, .values = 2};
    LD_JSON *json = NULL;
    ck_assert_int_eq(ld_json_parse("[\"[[[[{{{{,,,,::::\\\"[[\"]", 24, &limits, &json, NULL),
                     LEAKDIAG_OK);
}
END_TEST

START_TEST(deep_json_is_refused_at_its_place)
{
    char deep[300];
    memset(deep, '[', sizeof deep);
    deep[9] = '\n';
    json_t *json = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_json_parse(deep, sizeof deep, NULL, &json, &err), LEAKDIAG_E_LIMIT);
    ck_assert_uint_eq(err.line, 2);
    ck_assert_uint_eq(err.column, 56);
}
END_TEST

START_TEST(members_are_read_by_their_type)
{
    static const char in[] = "{\"t\": \"x\", \"i\": 5, \"r\": 2.5, \"w\": 3.0, \"b\": true, "
                             "\"n\": null, \"big\": 1e300}";
    LD_JSON *json = NULL;
    ck_assert_int_eq(ld_json_parse(in, strlen(in), NULL, &json, NULL), LEAKDIAG_OK);
    const char *text = "same";
    double number = 42;
    int64_t whole = 42;
    bool truth = false;
    ck_assert(!ld_json_get_text(json, "i", &text) && !ld_json_get_text(json, "none", &text) &&
              !ld_json_get_text(json, "n", &text));
    ck_assert_str_eq(text, "same");
    ck_assert(ld_json_get_text(json, "t", &text));
    ck_assert_str_eq(text, "x");
    ck_assert(!ld_json_get_number(json, "t", &number));
    ck_assert_double_eq(number, 42);
    ck_assert(ld_json_get_number(json, "r", &number) && number == 2.5);
    ck_assert(ld_json_get_number(json, "i", &number) && number == 5);
    ck_assert(!ld_json_get_int(json, "r", &whole) && !ld_json_get_int(json, "big", &whole) &&
              !ld_json_get_int(json, "t", &whole) && !ld_json_get_int(json, "b", &whole));
    ck_assert_int_eq(whole, 42);
    ck_assert(ld_json_get_int(json, "w", &whole) && whole == 3);
    ck_assert(ld_json_get_int(json, "i", &whole) && whole == 5);
    ck_assert(!ld_json_get_bool(json, "i", &truth) && ld_json_get_bool(json, "b", &truth) && truth);
    ck_assert(!ld_json_get_text(NULL, "t", &text));
}
END_TEST

START_TEST(values_become_json)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{5, "5"},      {-0.0, "0"},        {2.5, "2.5"},
                {NAN, "null"}, {INFINITY, "null"}, {9007199254740992.0, "9007199254740992"},
                {-3, "-3"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        LD_JSON *json = ld_json_number(rows[i].value);
        char *out = NULL;
        ck_assert_int_eq(ld_json_dump(json, &out, NULL), LEAKDIAG_OK);
        ck_assert_str_eq(out, rows[i].text);
        leakdiag_free(out);
    }
    LD_JSON *none = ld_json_text(NULL);
    LD_JSON *bytes = ld_json_bytes("a\0\xff", 3);
    ck_assert(json_is_null(none));
    ck_assert_str_eq(json_string_value(bytes), "a\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

/* --- memory --- */

static size_t live, fail_at, calls;

static void *failing_alloc(size_t bytes, void *payload)
{
    (void)payload;
    if (++calls == fail_at)
        return NULL;
    live++;
    return malloc(bytes);
}

static void *failing_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return ++calls == fail_at ? NULL : realloc(memory, bytes);
}

static void failing_release(void *memory, void *payload)
{
    (void)payload;
    live--;
    free(memory);
}

START_TEST(an_allocator_of_ones_own_is_used_and_checked)
{
    leakdiag_allocator own = {sizeof own, failing_alloc, failing_resize, failing_release, NULL};
    calls = live = fail_at = 0;
    ck_assert_int_eq(leakdiag_set_allocator(&own), LEAKDIAG_OK);
    void *memory = ld_alloc(0);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq(live, 1);
    ld_release(memory);
    ck_assert_uint_eq(live, 0);
    own.release = NULL;
    ck_assert_int_eq(leakdiag_set_allocator(&own), LEAKDIAG_E_INVALID);
    own.release = failing_release;
    own.size--;
    ck_assert_int_eq(leakdiag_set_allocator(&own), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
    ld_release(NULL);
    leakdiag_free(NULL);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    ck_assert_ptr_null(ld_alloc_array(SIZE_MAX / 2 + 2, 2)); /* would wrap to 2 bytes */
    ck_assert_ptr_null(ld_resize_array(NULL, 0, SIZE_MAX / 2 + 2, 2));
    ck_assert_ptr_null(ld_alloc_array(SIZE_MAX / 2, 3));
    ck_assert_ptr_null(ld_resize_array(NULL, 0, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(ld_copy_bytes("x", SIZE_MAX));
    int *numbers_of_zero = ld_alloc_array(4, sizeof *numbers_of_zero);
    ck_assert_ptr_nonnull(numbers_of_zero);
    ck_assert(numbers_of_zero[0] == 0 && numbers_of_zero[3] == 0);
    ld_release(numbers_of_zero);
    char *copy = ld_copy_bytes(NULL, 0);
    ck_assert_str_eq(copy, "");
    ld_release(copy);
}
END_TEST

START_TEST(a_text_that_ran_out_of_memory_says_so_once)
{
    const leakdiag_allocator own = {sizeof own, failing_alloc, failing_resize, failing_release,
                                    NULL};
    ck_assert_int_eq(leakdiag_set_allocator(&own), LEAKDIAG_OK);
    for (size_t k = 1; k <= 4; k++) {
        calls = live = 0;
        fail_at = k;
        ld_text text = {0};
        char *out = (char *)&calls;
        leakdiag_error err = {0};
        for (int i = 0; i < 100; i++)
            ld_text_addf(&text, "%d some words", i);
        leakdiag_status status = ld_text_take(&text, &out, &err);
        ck_assert_int_eq(status, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_eq(out, (char *)&calls);
        ld_text_done(&text);
        ck_assert_uint_eq(live, 0);
    }
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
}
END_TEST

START_TEST(a_cancel_token_stays_triggered)
{
    leakdiag_cancel *cancel = NULL;
    ck_assert_int_eq(leakdiag_cancel_new(&cancel, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_cancel_is_triggered(cancel), 0);
    leakdiag_cancel_trigger(cancel);
    leakdiag_cancel_trigger(cancel);
    ck_assert_int_eq(leakdiag_cancel_is_triggered(cancel), 1);
    ck_assert_int_eq(leakdiag_cancel_is_triggered(NULL), 0);
    leakdiag_cancel_free(cancel);
    leakdiag_cancel_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("texts, errors, JSON, memory");
    tcase_add_test(tc, a_text_grows_and_is_handed_out);
    tcase_add_loop_test(tc, text_from_outside_is_made_harmless, 0, (int)COUNT(escapes));
    tcase_add_test(tc, utf_8_is_what_the_standard_says);
    tcase_add_test(tc, the_nearest_word_is_found_and_a_far_one_is_not);
    tcase_add_test(tc, an_error_is_one_harmless_line);
    tcase_add_test(tc, a_character_is_not_cut_in_two_at_the_end);
    tcase_add_test(tc, the_first_cause_survives_its_prefixes);
    tcase_add_test(tc, an_error_says_whether_another_try_may_help);
    tcase_add_test(tc, options_of_older_and_newer_callers_are_understood);
    tcase_add_test(tc, every_status_has_a_name);
    tcase_add_test(tc, json_goes_in_and_comes_out_sorted);
    tcase_add_loop_test(tc, bad_or_too_much_json_is_refused, 0, (int)COUNT(bad_json));
    tcase_add_test(tc, brackets_inside_texts_do_not_count_as_depth);
    tcase_add_test(tc, deep_json_is_refused_at_its_place);
    tcase_add_test(tc, members_are_read_by_their_type);
    tcase_add_test(tc, values_become_json);
    tcase_add_test(tc, an_allocator_of_ones_own_is_used_and_checked);
    tcase_add_test(tc, sizes_that_overflow_are_refused);
    tcase_add_test(tc, a_text_that_ran_out_of_memory_says_so_once);
    tcase_add_test(tc, a_cancel_token_stays_triggered);
    Suite *suite = suite_create("base");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
