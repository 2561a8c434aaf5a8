/* Numbers, quantities, durations and times, whatever the locale of the host. */
#include <check.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "base/soft_limit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- numbers --- */

static const struct {
    const char *text;
    double value;
} numbers[] = {
    {"0", 0},
    {"-0", 0},
    {"1", 1},
    {"+1", 1},
    {"007", 7},
    {"1.5", 1.5},
    {".5", 0.5},
    {"5.", 5},
    {"-2.25", -2.25},
    {"1e3", 1000},
    {"1E+3", 1000},
    {"25e-2", 0.25},
    {"1e308", 1e308},
    {"1e-400", 0},
    {"4.9e-324", 4.9e-324},
    {"0.1", 0.1},
    {"1e0005", 1e5},
    {"9007199254740993", 9007199254740992.0},
    {"20971520", 20971520},
};

START_TEST(a_decimal_number_is_read)
{
    double value = NAN;
    ck_assert(ld_number_parse(numbers[_i].text, strlen(numbers[_i].text), &value));
    ck_assert_double_eq(value, numbers[_i].value);
}
END_TEST

START_TEST(anything_else_is_no_number)
{
    static const char *const texts[] = {
        "",   " 1",  "1 ", "1,5", "0x10", "nan", "NaN",   "inf",   "1e400", "-1e400",  "1e",
        "e5", "1e+", ".",  "-",   "+",    "--1", "1.2.3", "1_000", "1f",    "\xd9\xa1"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        double value = 42;
        ck_assert_msg(!ld_number_parse(texts[i], strlen(texts[i]), &value), "read: %s", texts[i]);
        ck_assert_double_eq(value, 42);
    }
    char with_nul[] = {'1', '\0', '2'};
    double value;
    ck_assert(!ld_number_parse(with_nul, sizeof with_nul, &value));
    char longest[600];
    memset(longest, '1', sizeof longest);
    ck_assert(!ld_number_parse(longest, sizeof longest, &value));
    ck_assert(ld_number_parse("12345", 2, &value)); /* no more than it was given */
    ck_assert_double_eq(value, 12);
}
END_TEST

static const struct {
    double value;
    const char *text;
} formatted[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-1, "-1"},
    {0.1, "0.1"},
    {1.0 / 3, "0.3333333333333333"},
    {0.1 + 0.2, "0.30000000000000004"},
    {20971520, "20971520"},
    {9007199254740991.0, "9007199254740991"},
    {1e21, "1e+21"},
    {1.5e-7, "1.5e-07"},
    {NAN, "?"},
    {INFINITY, "?"},
};

START_TEST(a_number_is_written_as_the_shortest_text_that_reads_back)
{
    char out[LD_NUMBER_BYTES];
    ld_number_format(formatted[_i].value, out);
    ck_assert_str_eq(out, formatted[_i].text);
    double back;
    if (isfinite(formatted[_i].value)) {
        ck_assert(ld_number_parse(out, strlen(out), &back));
        ck_assert_double_eq(back, formatted[_i].value);
    }
}
END_TEST

START_TEST(numbers_of_any_size_read_back_the_same)
{
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double value, back;
        memcpy(&value, &state, sizeof value);
        if (!isfinite(value))
            continue;
        char out[LD_NUMBER_BYTES];
        ld_number_format(value, out);
        ck_assert_msg(ld_number_parse(out, strlen(out), &back) && back == value, "%s", out);
    }
}
END_TEST

START_TEST(fixed_decimals_and_rounding)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } rows[] = {
        {1.005, 1, "1.0"}, {2.5, 0, "3"},       {-0.04, 1, "0.0"}, {1234.5678, 2, "1234.57"},
        {0, 3, "0.000"},   {NAN, 1, "?"},       {1e30, 1, "huge"}, {-1e30, 1, "huge"},
        {0.05, 1, "0.1"},  {99.95, 1, "100.0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[LD_NUMBER_BYTES];
        ld_number_format_fixed(rows[i].value, rows[i].decimals, out);
        ck_assert_str_eq(out, rows[i].text);
    }
    ck_assert_double_eq(ld_number_round(1.23456, 3), 1.235);
    ck_assert_double_eq(ld_number_round(1e300, 3), 1e300);
    ck_assert(isnan(ld_number_round(NAN, 3)));
}
END_TEST

START_TEST(bytes_are_written_for_people)
{
    static const struct {
        double bytes;
        const char *text;
    } rows[] = {
        {0, "0B"},        {100, "100B"},       {1023, "1023B"},     {1024, "1Ki"},
        {1536, "1.5Ki"},  {8388608, "8Mi"},    {20971520, "20Mi"},  {20000000, "19.1Mi"},
        {1048575, "1Mi"}, {1047552, "1023Ki"}, {1073741823, "1Gi"}, {-8388608, "-8Mi"},
        {NAN, "?"},       {INFINITY, "?"},     {9.2e18, "8Ei"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[LD_NUMBER_BYTES];
        ld_bytes_format(rows[i].bytes, out);
        ck_assert_str_eq(out, rows[i].text);
    }
}
END_TEST

START_TEST(durations_are_written_for_people)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {
        {0, "0s"},      {0.25, "250ms"},  {0.9994, "999ms"},
        {0.9999, "1s"}, {1, "1s"},        {3.5, "3.5s"},
        {9.97, "10s"},  {40, "40s"},      {119, "119s"},
        {120, "2m"},    {150, "2m30s"},   {720, "12m"},
        {4800, "80m"},  {7260, "2h1m"},   {7200, "2h"},
        {86400, "24h"}, {200000, "2d7h"}, {-40, "-40s"},
        {NAN, "?"},     {INFINITY, "?"},  {1e11, "more than 300 years"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[LD_NUMBER_BYTES];
        ld_duration_format(rows[i].seconds, out);
        ck_assert_str_eq(out, rows[i].text);
    }
}
END_TEST

/* --- quantities and durations --- */

static const struct {
    const char *text;
    int64_t bytes;
} quantities[] = {
    {"0", 0},
    {"20Mi", 20971520},
    {"20M", 20000000},
    {"8388608", 8388608},
    {"1.5Gi", 1610612736},
    {"1e6", 1000000},
    {"12E6", 12000000}, /* an exponent; 12E alone is exa */
    {"1E", 1000000000000000000},
    {"20971520000m", 20971520},
    {"1m", 1},
    {"1u", 1},
    {"1n", 1},
    {"0.5", 1}, /* up, as Kubernetes does */
    {"0.1Ki", 103},
    {".5Ki", 512},
    {"5.", 5},
    {"+5", 5},
    {"1k", 1000},
    {"1Ki", 1024},
    {"2G", 2000000000},
    {"1T", 1000000000000},
    {"1P", 1000000000000000},
    {"1Ti", 1099511627776},
    {"1Pi", 1125899906842624},
    {"7Ei", 8070450532247928832},
    {"9223372036854775807", INT64_MAX},
    {"9223372036854775806.5", INT64_MAX},
    {"1e-3", 1},
    {"1e+3", 1000},
    {"0e0", 0},
    {"000000000000000000000000000000000000001", 1},
    {"1.000000000000000000", 1},
};

START_TEST(a_quantity_is_read_as_kubernetes_does)
{
    int64_t bytes = -1;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_quantity_parse(quantities[_i].text, &bytes, &err) == LEAKDIAG_OK,
                  "%s: %s", quantities[_i].text, err.message);
    ck_assert_int_eq(bytes, quantities[_i].bytes);
}
END_TEST

static const char *const no_quantities[] = {
    /* the four that Kubernetes' own parser takes for something else */
    "9223372036854775808",
    "12E",
    "1e400",
    "Ki",
    /* and the rest */
    "",
    " 20Mi",
    "20Mi ",
    "20 Mi",
    "20mi",
    "20MI",
    "20MiB",
    "20MB",
    "1K",
    "1g",
    "-1",
    "-0",
    "8Ei",
    "10E",
    "1e19",
    ".",
    "+",
    "-",
    "+-1",
    "1.2.3",
    "1,5",
    "0x10",
    "1_000",
    "NaN",
    "inf",
    "1e",
    "1e+",
    "1eKi",
    "1e5Ki",
    "1e-999",
    "Mi",
    "i",
    "1Mii",
    "99999999999999999999999999999999999999999999",
    "1.5.Mi",
    "\xd9\xa1",
    "1\xc2\xb5",
};

START_TEST(anything_else_is_no_quantity)
{
    int64_t bytes = 42;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_quantity_parse(no_quantities[_i], &bytes, &err) == LEAKDIAG_E_INVALID,
                  "%s gave %lld", no_quantities[_i], (long long)bytes);
    ck_assert_int_eq(bytes, 42);
    ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(a_quantity_that_is_missing_or_endless_is_refused)
{
    int64_t bytes = 42;
    ck_assert_int_eq(leakdiag_quantity_parse(NULL, &bytes, NULL), LEAKDIAG_E_INVALID);
    char endless[1000];
    memset(endless, '0', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    ck_assert_int_eq(leakdiag_quantity_parse(endless, &bytes, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(bytes, 42);
}
END_TEST

static const struct {
    const char *text;
    int64_t ms;
} durations[] = {
    {"0", 0},       {"90s", 90000}, {"3m", 180000},  {"1h20m", 4800000}, {"1.5s", 1500},
    {"250ms", 250}, {"40", 40000},  {"0.5", 500},    {"1m0.5s", 60500},  {"2d", 172800000},
    {"10us", 0},    {"1500us", 2},  {"1h", 3600000}, {"1m1s1ms", 61001}, {"36500d", 3153600000000},
};

START_TEST(a_duration_is_read)
{
    int64_t ms = -1;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_duration_parse(durations[_i].text, &ms, &err) == LEAKDIAG_OK, "%s: %s",
                  durations[_i].text, err.message);
    ck_assert_int_eq(ms, durations[_i].ms);
}
END_TEST

START_TEST(anything_else_is_no_duration)
{
    static const char *const texts[] = {"",
                                        "s",
                                        "1x",
                                        "1 s",
                                        " 1s",
                                        "1s ",
                                        "-1s",
                                        "1m30",
                                        "1m-5s",
                                        "1e3",
                                        "1e3s",
                                        "1..5s",
                                        "40000d",
                                        "1S",
                                        "1min",
                                        "ten",
                                        "+1s",
                                        "1h,2m",
                                        "99999999999999999999h"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t ms = 42;
        ck_assert_msg(leakdiag_duration_parse(texts[i], &ms, NULL) == LEAKDIAG_E_INVALID,
                      "%s gave %lld", texts[i], (long long)ms);
        ck_assert_int_eq(ms, 42);
    }
    int64_t ms = 42;
    ck_assert_int_eq(leakdiag_duration_parse(NULL, &ms, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* --- GOMEMLIMIT --- */

static const struct {
    const char *text;
    int fine;
    double bytes;
} soft_limits[] = {
    {NULL, 1, NAN},
    {"", 1, NAN},
    {"off", 1, NAN},
    {"16MiB", 1, 16777216},
    {"16777216", 1, 16777216},
    {"1B", 1, 1},
    {"2GiB", 1, 2147483648},
    {"16Mi", 0, NAN},
    {"16MB", 0, NAN},
    {"MiB", 0, NAN},
    {"-1", 0, NAN},
};

START_TEST(a_soft_limit_is_read_as_go_reads_it)
{
    double bytes = -1;
    ck_assert_int_eq(ld_soft_limit_parse(soft_limits[_i].text, &bytes), soft_limits[_i].fine);
    if (isnan(soft_limits[_i].bytes))
        ck_assert(isnan(bytes));
    else
        ck_assert_double_eq(bytes, soft_limits[_i].bytes);
}
END_TEST

/* --- RFC 3339 --- */

static const struct {
    const char *text;
    size_t taken;
    int64_t ms;
} times[] = {
    {"1970-01-01T00:00:00Z", 20, 0},
    {"2024-12-03T10:00:00Z", 20, 1733220000000},
    {"2024-12-03T10:00:00.1Z", 22, 1733220000100},
    {"2024-12-03T10:00:00.123456789Z", 30, 1733220000123},
    {"2024-12-03T12:00:00+02:00", 25, 1733220000000},
    {"2024-12-03T04:30:00-05:30", 25, 1733220000000},
    {"2024-12-03 10:00:00Z rest", 20, 1733220000000},
    {"2024-12-03t10:00:00z", 20, 1733220000000},
    {"2024-02-29T00:00:00Z", 20, 1709164800000},
    {"2016-12-31T23:59:60Z", 20, 1483228799999},
    {"1969-12-31T23:59:59.999Z", 24, -1},
    {"2038-01-19T03:14:08Z", 20, 2147483648000},
    {"9999-12-31T23:59:59Z", 20, 253402300799000},
    {"0001-01-01T00:00:00Z", 20, -62135596800000},
};

START_TEST(a_time_is_read_wherever_its_zone_is)
{
    int64_t ms = 42;
    ck_assert_uint_eq(ld_rfc3339_parse(times[_i].text, strlen(times[_i].text), &ms),
                      times[_i].taken);
    ck_assert_int_eq(ms, times[_i].ms);
}
END_TEST

START_TEST(anything_else_is_no_time)
{
    static const char *const texts[] = {
        "",
        "2024-12-03T10:00:00",
        "2024-12-03T10:00:00.5",
        "2024-12-03T10:00:00.Z",
        "2024-12-03T10:00:00+0200",
        "2024-12-03T10:00:00+24:00",
        "2024-12-03T10:00:00+02:60",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "0000-01-01T00:00:00Z",
        "2024-1-01T00:00:00Z ",
        "2024-12-03_10:00:00Z",
        "-024-12-03T10:00:00Z",
        "2024-12-03T10:00:0aZ",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        int64_t ms = 42;
        ck_assert_msg(ld_rfc3339_parse(texts[i], strlen(texts[i]), &ms) == 0, "%s", texts[i]);
        ck_assert_int_eq(ms, 42);
    }
}
END_TEST

START_TEST(every_prefix_of_a_time_is_judged_within_its_bytes)
{
    static const char text[] = "2024-12-03T10:00:00.123456789+02:00";
    for (size_t len = 0; len < sizeof text; len++) {
        char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read beyond it */
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, text, len);
        int64_t ms;
        ck_assert_uint_eq(ld_rfc3339_parse(exact, len, &ms), len == 35 ? 35 : 0);
        free(exact);
    }
}
END_TEST

START_TEST(a_time_is_written_and_reads_back)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1733220000250, "2024-12-03T10:00:00.250Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "253402300800000ms"},
        {-62135596800001, "-62135596800001ms"},
        {INT64_MIN, "-9223372036854775808ms"},
        {INT64_MAX, "9223372036854775807ms"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[LD_NUMBER_BYTES];
        ld_rfc3339_format(rows[i].ms, out);
        ck_assert_str_eq(out, rows[i].text);
    }
    for (int64_t day = -719000; day < 2900000; day += 97) {
        char out[LD_NUMBER_BYTES];
        int64_t ms = day * 86400000 + 12345678, back = 0;
        ld_rfc3339_format(ms, out);
        ck_assert_uint_eq(ld_rfc3339_parse(out, strlen(out), &back), strlen(out));
        ck_assert_int_eq(back, ms);
    }
}
END_TEST

/* --- the host's locale --- */

static const char *comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8", "fr_FR.utf8",
                                        "de_DE",       "fr_FR",       "es_ES.UTF-8", "pl_PL.UTF-8",
                                        "ru_RU.UTF-8", "it_IT.UTF-8", "nl_NL.UTF-8", "pt_BR.UTF-8"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
            return names[i];
    return NULL;
}

START_TEST(a_decimal_comma_of_the_host_changes_nothing)
{
    const char *name = comma_locale();
    if (!name) {
        setlocale(LC_ALL, "C");
        puts("not tested: no locale with a decimal comma is installed (de_DE.UTF-8 or another)");
        return;
    }
    double value = 0;
    int64_t whole = 0;
    char out[LD_NUMBER_BYTES];
    ck_assert(ld_number_parse("1.5", 3, &value));
    ck_assert_double_eq(value, 1.5);
    ck_assert(!ld_number_parse("1,5", 3, &value));
    ld_number_format(0.1, out);
    ck_assert_str_eq(out, "0.1");
    ld_number_format_fixed(1234.5, 2, out);
    ck_assert_str_eq(out, "1234.50");
    ld_bytes_format(1536, out);
    ck_assert_str_eq(out, "1.5Ki");
    ld_duration_format(3.5, out);
    ck_assert_str_eq(out, "3.5s");
    ck_assert_int_eq(leakdiag_quantity_parse("1.5Ki", &whole, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(whole, 1536);
    ck_assert_int_eq(leakdiag_duration_parse("1.5s", &whole, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(whole, 1500);
    LD_JSON *json = NULL;
    ck_assert_int_eq(ld_json_parse("[1.5]", 5, NULL, &json, NULL), LEAKDIAG_OK);
    char *text = NULL;
    ck_assert_int_eq(ld_json_dump(json, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, "[1.5]");
    leakdiag_free(text);
    snprintf(out, sizeof out, "%.1f", 1.5); /* the locale of the host is still its own */
    ck_assert_str_eq(out, "1,5");
    setlocale(LC_ALL, "C");
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("numbers");
    tcase_add_loop_test(tc, a_decimal_number_is_read, 0, (int)COUNT(numbers));
    tcase_add_test(tc, anything_else_is_no_number);
    tcase_add_loop_test(tc, a_number_is_written_as_the_shortest_text_that_reads_back, 0,
                        (int)COUNT(formatted));
    tcase_add_test(tc, numbers_of_any_size_read_back_the_same);
    tcase_add_test(tc, fixed_decimals_and_rounding);
    tcase_add_test(tc, bytes_are_written_for_people);
    tcase_add_test(tc, durations_are_written_for_people);
    tcase_add_loop_test(tc, a_quantity_is_read_as_kubernetes_does, 0, (int)COUNT(quantities));
    tcase_add_loop_test(tc, anything_else_is_no_quantity, 0, (int)COUNT(no_quantities));
    tcase_add_test(tc, a_quantity_that_is_missing_or_endless_is_refused);
    tcase_add_loop_test(tc, a_soft_limit_is_read_as_go_reads_it, 0, (int)COUNT(soft_limits));
    tcase_add_loop_test(tc, a_duration_is_read, 0, (int)COUNT(durations));
    tcase_add_test(tc, anything_else_is_no_duration);
    tcase_add_loop_test(tc, a_time_is_read_wherever_its_zone_is, 0, (int)COUNT(times));
    tcase_add_test(tc, anything_else_is_no_time);
    tcase_add_test(tc, every_prefix_of_a_time_is_judged_within_its_bytes);
    tcase_add_test(tc, a_time_is_written_and_reads_back);
    tcase_add_test(tc, a_decimal_comma_of_the_host_changes_nothing);
    Suite *suite = suite_create("base");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
