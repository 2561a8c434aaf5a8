/* Quantities, times, durations and selectors against what Go and Kubernetes make of them: committed
 * vectors, see tests/fixtures/vectors/README. Where the answers differ, the difference is wanted
 * and has a name here. */
#include <leakdiag/base.h>

#include "base/number.h"
#include "recorded.h"
#include "wire/kube.h"

#define COLUMNS 3

typedef struct row {
    char text[512];
    const char *column[COLUMNS];
} row;

/* Cuts the next line at its tabs; false at the end. */
static bool next_row(const char **at, row *ret)
{
    const char *end = strchr(*at, '\n');
    if (!end)
        return false;
    ck_assert((size_t)(end - *at) < sizeof ret->text);
    memcpy(ret->text, *at, (size_t)(end - *at));
    ret->text[end - *at] = '\0';
    char *p = ret->text;
    for (size_t i = 0; i < COLUMNS; i++) {
        char *tab = strchr(p, '\t');
        ret->column[i] = p;
        if (tab)
            *tab = '\0';
        p = tab ? tab + 1 : p + strlen(p);
    }
    *at = end + 1;
    return true;
}

static char *read_vectors(const char *name)
{
    char path[64];
    size_t len;
    snprintf(path, sizeof path, "vectors/%s.tsv", name);
    return read_fixture(path, &len);
}

static bool is(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

/* No size has more digits than 24; numbers that long are refused before they overflow. */
static bool is_too_long(const char *text)
{
    size_t significant = 0;
    for (const char *p = text; *p && strchr("+-.0123456789", *p); p++)
        significant += (*p >= '1' && *p <= '9') || (*p == '0' && significant);
    return significant > 24;
}

START_TEST(quantities_are_those_of_kubernetes_or_are_refused)
{
    char *all = read_vectors("quantities");
    const char *at = all;
    size_t n = 0, wrong_there = 0;
    for (row r; next_row(&at, &r); n++) {
        const char *text = r.column[0], *go = r.column[1], *exact = r.column[2];
        int64_t value = -1;
        leakdiag_status status = leakdiag_quantity_parse(text, &value, NULL);
        /* no digit is no number, a size is not negative, and nothing wraps around or saturates */
        bool refused = is(go, "error") || is(exact, "-") || is(exact, "negative") ||
                       is(exact, "beyond") || text[0] == '-' || is_too_long(text);
        ck_assert_msg(status == (refused ? LEAKDIAG_E_INVALID : LEAKDIAG_OK), "\"%s\": status %d",
                      text, status);
        if (refused) {
            wrong_there += !is(go, "error") && !is(go, exact);
            continue;
        }
        ck_assert_msg(value == atoll(exact), "\"%s\" is %lld, not %s", text, (long long)value,
                      exact);
        wrong_there += !is(go, exact);
    }
    ck_assert_uint_eq(n, 2000);
    ck_assert_uint_gt(wrong_there, 4); /* the four below are among them */
    free(all);
}
END_TEST

/* reliability: what Kubernetes' own parser gets wrong is refused here */
START_TEST(the_four_documented_disagreements_are_refused)
{
    static const char *const known[] = {"9223372036854775808\t-9223372036854775808\tbeyond\n",
                                        "12E\t0\tbeyond\n", "1e400\t0\tbeyond\n", "Ki\t0\t-\n"};
    static const char *const texts[] = {"9223372036854775808", "12E", "1e400", "Ki"};
    char *all = read_vectors("quantities");
    for (size_t i = 0; i < 4; i++) {
        int64_t value = -1;
        ck_assert_ptr_nonnull(strstr(all, known[i]));
        ck_assert_int_eq(leakdiag_quantity_parse(texts[i], &value, NULL), LEAKDIAG_E_INVALID);
        ck_assert_int_eq(value, -1);
    }
    free(all);
}
END_TEST

START_TEST(a_quantity_that_need_not_be_whole_rounds_up_to_the_whole_one)
{
    char *all = read_vectors("quantities");
    const char *at = all;
    for (row r; next_row(&at, &r);) {
        int64_t whole = -1;
        double value = -1;
        leakdiag_status status = leakdiag_quantity_parse(r.column[0], &whole, NULL);
        leakdiag_status exact = ld_quantity_number(r.column[0], &value, NULL);
        if (status) /* beyond 64 bits a double still holds it */
            ck_assert(exact == LEAKDIAG_E_INVALID || value > 9.2e18);
        else
            ck_assert_msg(!exact && value <= (double)whole * (1 + 1e-15) &&
                              value + 1 >= (double)whole * (1 - 1e-15),
                          "\"%s\"", r.column[0]);
    }
    free(all);
}
END_TEST

/* Times that are taken here and not by Go, or the other way round. */
static bool is_known_difference(const char *text)
{
    size_t len = strlen(text);
    bool lower = strchr(text, 't') || strchr(text, 'z');             /* RFC 3339 allows them */
    bool blank = len > 10 && text[10] == ' ';                        /* and so does its note */
    bool leap = len > 18 && strncmp(text + 17, "60", 2) == 0;        /* a leap second */
    bool comma = strchr(text, ',') != NULL;                          /* ISO 8601, not RFC 3339 */
    bool year_0 = strncmp(text, "0000-", 5) == 0;                    /* no year of this calendar */
    bool whole_day = strstr(text, "+24:") || strstr(text, "-24:") || /* an offset ends at 23:59 */
                     (len > 6 && strcmp(text + len - 3, ":60") == 0);
    bool short_hour = len > 12 && text[12] == ':'; /* Go's own mistake */
    return lower || blank || leap || comma || year_0 || whole_day || short_hour;
}

START_TEST(times_are_those_of_go_or_the_difference_has_a_name)
{
    char *all = read_vectors("times");
    const char *at = all;
    size_t n = 0, differences = 0;
    for (row r; next_row(&at, &r); n++) {
        const char *text = r.column[0], *go = r.column[1];
        int64_t ms = 0;
        size_t len = strlen(text);
        bool read = len > 0 && ld_rfc3339_parse(text, len, &ms) == len;
        bool same = read ? !is(go, "error") && ms == atoll(go) : is(go, "error");
        ck_assert_msg(same || is_known_difference(text), "\"%s\" is %s%lld, but %s", text,
                      read ? "" : "not read, ", (long long)ms, go);
        differences += !same;
    }
    ck_assert_uint_eq(n, 2000);
    ck_assert_uint_lt(differences, 60);
    free(all);
}
END_TEST

START_TEST(a_time_that_was_read_is_written_and_read_again_as_the_same)
{
    char *all = read_vectors("times");
    const char *at = all;
    for (row r; next_row(&at, &r);) {
        int64_t ms = 0, again = 0;
        size_t len = strlen(r.column[0]);
        if (len == 0 || ld_rfc3339_parse(r.column[0], len, &ms) != len)
            continue;
        char text[LD_NUMBER_BYTES];
        ld_rfc3339_format(ms, text);
        if (strchr(text, 'T')) { /* an offset may lead out of the years 1 to 9999 */
            ck_assert_uint_eq(ld_rfc3339_parse(text, strlen(text), &again), strlen(text));
            ck_assert_int_eq(again, ms);
        }
    }
    free(all);
}
END_TEST

START_TEST(durations_that_go_writes_are_read_exactly)
{
    char *all = read_vectors("durations");
    const char *at = all;
    size_t n = 0;
    for (row r; next_row(&at, &r); n++) {
        int64_t ms = -1;
        ck_assert_msg(leakdiag_duration_parse(r.column[0], &ms, NULL) == LEAKDIAG_OK, "%s",
                      r.column[0]);
        ck_assert_msg(ms == atoll(r.column[1]), "%s is %lld, not %s", r.column[0], (long long)ms,
                      r.column[1]);
    }
    ck_assert_uint_eq(n, 500);
    free(all);
}
END_TEST

START_TEST(selectors_are_taken_as_kubectl_takes_them)
{
    char *all = read_vectors("selectors");
    const char *at = all;
    size_t n = 0, fine = 0;
    for (row r; next_row(&at, &r); n++) {
        leakdiag_error err = {0};
        bool blank = r.column[0][strspn(r.column[0], " ")] == '\0'; /* everything, for kubectl */
        bool wanted = is(r.column[1], "ok") && !blank;
        ck_assert_msg((ld_kube_check_selector(r.column[0], &err) == LEAKDIAG_OK) == wanted,
                      "\"%s\" is %s: %s", r.column[0], r.column[1], err.message);
        fine += wanted;
    }
    ck_assert_uint_eq(n, 2000);
    ck_assert_uint_gt(fine, 500);
    free(all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vectors");
    TCase *tc = tcase_create("vectors");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, quantities_are_those_of_kubernetes_or_are_refused);
    tcase_add_test(tc, the_four_documented_disagreements_are_refused);
    tcase_add_test(tc, a_quantity_that_need_not_be_whole_rounds_up_to_the_whole_one);
    tcase_add_test(tc, times_are_those_of_go_or_the_difference_has_a_name);
    tcase_add_test(tc, a_time_that_was_read_is_written_and_read_again_as_the_same);
    tcase_add_test(tc, durations_that_go_writes_are_read_exactly);
    tcase_add_test(tc, selectors_are_taken_as_kubectl_takes_them);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
