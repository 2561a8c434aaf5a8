/* What a hostile line may cost, what happens without memory, and sharing between threads. */
#include <pthread.h>
#include <time.h>

#include "logs_helpers.h"

/* ---- cost ---- */

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Unlimited, each of these takes from seconds to for ever on its line. */
static const struct {
    const char *text;
    size_t len;
} costly[] = {
    {"(a+)+$", 16384},
    {"(*NO_JIT)(a+)+$", 16384},
    {"a*a*a*[bc]", 65536},
    {"a.*[xyz]", 65536},
    {"(*NO_JIT)a.*[xyz]", 65536},
    {"(?=.*[zq])a", 65536},
    {"a*a*+[bc]", 65536},
    {"(*NO_JIT)a*a*+[bc]", 65536},
    {"(?:a+?)*+[bc]", 65536},
    {"(?:a|b)*$", 65536},
    {"(?<=a{200})(?:a?){14}[xyz]", 65536},
    {"(a*)\\1[xyz]", 65536},
    {"(?R)?x|(?R)", 65536},
};

START_TEST(an_expensive_line_is_given_up_soon_and_is_never_a_no)
{
    char *log = malloc(costly[_i].len + 1);
    memset(log, 'a', costly[_i].len);
    log[costly[_i].len - 1] = '!';
    log[costly[_i].len] = '\n';
    double before = cpu_s();
    leakdiag_scan *scan = scan_bytes(costly[_i].text, REGEX, log, costly[_i].len + 1);
    double took = cpu_s() - before;
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 1);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 0);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 1);
    ck_assert_msg(took < 0.5, "%s took %.0f ms", costly[_i].text, took * 1e3);
    leakdiag_scan_free(scan);
    free(log);
}
END_TEST

START_TEST(a_log_full_of_expensive_lines_ends_and_cheap_ones_still_count)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a.*[xyz]", REGEX}, 1, NULL);
    char *line = malloc(65536);
    memset(line, 'a', 65535);
    line[65535] = '\n';
    double before = cpu_s();
    for (int i = 0; i < 200; i++) {
        push(scan, line, 65536);
        push(scan, "abcx\n", 5);
    }
    finish(scan);
    double took = cpu_s() - before;
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 200);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 200);
    ck_assert_msg(took < 10, "%.0f ms", took * 1e3);
    leakdiag_scan_free(scan);
    free(line);
}
END_TEST

/* Quadratic, but not yet hopeless: about half a million steps to say no. */
static void push_slow_line(leakdiag_scan *scan)
{
    char line[602];
    memset(line, 'a', sizeof line);
    line[601] = '\n';
    push(scan, line, sizeof line);
}

START_TEST(a_pattern_that_failed_often_gets_less_time)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a.*[xyz]", REGEX}, 1, NULL);
    char *hopeless = malloc(16384);
    memset(hopeless, 'a', 16384);
    hopeless[16383] = '\n';
    for (uint64_t i = 0; i < 31; i++)
        push(scan, hopeless, 16384);
    push_slow_line(scan);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 31);
    push(scan, hopeless, 16384);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 32);
    push_slow_line(scan);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 33);
    leakdiag_scan_free(scan);
    free(hopeless);
}
END_TEST

START_TEST(one_place_in_the_line_has_a_limit_of_its_own)
{
    /* 2^17 ways to fail at the first `a`: over the match limit, well under the steps of a line. */
    leakdiag_scan *scan = scan_text("(a+)+$", REGEX, "aaaaaaaaaaaaaaaaa!\naaaaaaaaaa!\n");
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 1);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(ordinary_expressions_on_long_lines_are_not_expensive)
{
    static const char *const texts[] = {"error.*timeout", "[a-z]+ing: \\d+", "\\bw\\w+ 12\\d",
                                        "^\\S+ \\S+ timeout", "(?i)TIMEOUT|refused"};
    char *line = malloc(65537);
    for (size_t i = 0; i < 65536; i++)
        line[i] = "words of seven and "[i % 19];
    memcpy(line, "a b timeout error ", 18);
    memcpy(line + 65500, "waiting: 12 w2 129 timeout", 26);
    for (size_t i = 0; i < COUNT(texts); i++) {
        leakdiag_scan *scan = scan_bytes(texts[i], REGEX, line, 65536);
        ck_assert_msg(leakdiag_scan_count(scan, 0) == 1, "%s: %d given up", texts[i],
                      (int)leakdiag_scan_expensive(scan, 0));
        leakdiag_scan_free(scan);
    }
    free(line);
}
END_TEST

/* ---- memory ---- */

typedef struct failing {
    size_t calls, fail_at; /* 0: never */
    int keep_failing;
    long live;
} failing;

static int refuses(failing *f)
{
    f->calls++;
    return f->fail_at && (f->calls == f->fail_at || (f->keep_failing && f->calls > f->fail_at));
}

static void *failing_alloc(size_t bytes, void *payload)
{
    failing *f = payload;
    if (refuses(f))
        return NULL;
    f->live++;
    return malloc(bytes);
}

static void *failing_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    failing *f = payload;
    if (refuses(f))
        return NULL;
    f->live += memory == NULL;
    return realloc(memory, bytes);
}

static void failing_release(void *memory, void *payload)
{
    ((failing *)payload)->live--;
    free(memory);
}

/* The whole life of a scan; 1 when it went to its end. */
static int whole_life(char **ret_json)
{
    leakdiag_pattern list[] = {{"f", "order", 0},
                               {"i", "ORDER", ICASE},
                               {"r", "(*NO_JIT)#(\\d+)(?:a|b)*c", REGEX},
                               {"j", "o(r)d(?:e|f)+", REGEX | ICASE}};
    static const char log[] =
        "order #12abc\n2024-12-03T10:00:00Z order\nno\n#7ababababababababababababababababc";
    leakdiag_patterns *patterns = (leakdiag_patterns *)0x1;
    leakdiag_scan *scan = (leakdiag_scan *)0x1;
    leakdiag_error err = {0};
    int st = leakdiag_patterns_new(list, COUNT(list), &patterns, &err);
    if (st != LEAKDIAG_OK) {
        ck_assert_int_eq(st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_eq(patterns, (leakdiag_patterns *)0x1);
        return 0;
    }
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = 2;
    st = leakdiag_scan_new(patterns, &options, &scan, &err);
    leakdiag_patterns_unref(patterns);
    if (st != LEAKDIAG_OK) {
        ck_assert_int_eq(st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_eq(scan, (leakdiag_scan *)0x1);
        return 0;
    }
    for (size_t at = 0; st == LEAKDIAG_OK && at < strlen(log); at += 8)
        st = leakdiag_scan_push(scan, log + at, strlen(log + at) < 8 ? strlen(log + at) : 8, &err);
    int scan_failed = st != LEAKDIAG_OK;
    if (st == LEAKDIAG_OK)
        st = leakdiag_scan_finish(scan, &err);
    scan_failed |= st != LEAKDIAG_OK;
    if (scan_failed) { /* a part must not pass for the whole */
        ck_assert_int_eq(leakdiag_scan_push(scan, "x", 1, &err), LEAKDIAG_E_NOMEM);
        ck_assert_int_eq(leakdiag_scan_finish(scan, &err), LEAKDIAG_E_NOMEM);
    }
    *ret_json = NULL;
    int rendered_st = leakdiag_scan_to_json(scan, ret_json, &err);
    if (rendered_st != LEAKDIAG_OK) {
        ck_assert_int_eq(rendered_st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_null(*ret_json);
    }
    ck_assert(!scan_failed || rendered_st != LEAKDIAG_OK);
    leakdiag_scan_free(scan);
    return rendered_st == LEAKDIAG_OK;
}

START_TEST(every_allocation_may_fail)
{
    failing f = {.keep_failing = _i};
    leakdiag_allocator allocator = {sizeof allocator, failing_alloc, failing_resize,
                                    failing_release, &f};
    ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
    char *expected = NULL;
    ck_assert_int_eq(whole_life(&expected), 1);
    size_t all = f.calls, survived = 0;
    ck_assert_uint_gt(all, 30);
    for (size_t k = 1; k <= all; k++) {
        long live = f.live;
        char *json = NULL;
        f.calls = 0;
        f.fail_at = k;
        if (whole_life(&json)) { /* only where something else took over */
            ck_assert_str_eq(json, expected);
            survived++;
        }
        leakdiag_free(json);
        ck_assert_int_eq(f.live, live);
    }
    ck_assert_uint_lt(survived, all);
    leakdiag_free(expected);
    ck_assert_int_eq(f.live, 0);
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
}
END_TEST

/* ---- threads ---- */

#define THREADS 4

static void *scan_in_a_thread(void *payload)
{
    leakdiag_patterns *patterns = leakdiag_patterns_ref(payload);
    static const char log[] = "order 12\nOrder x\nnothing\n";
    uint64_t found = 0;
    for (int round = 0; round < 50; round++) {
        leakdiag_scan *scan = NULL;
        if (leakdiag_scan_new(patterns, NULL, &scan, NULL) == LEAKDIAG_OK &&
            leakdiag_scan_push(scan, log, strlen(log), NULL) == LEAKDIAG_OK &&
            leakdiag_scan_finish(scan, NULL) == LEAKDIAG_OK)
            found += leakdiag_scan_count(scan, 0) + leakdiag_scan_count(scan, 1);
        leakdiag_scan_free(scan);
    }
    leakdiag_patterns_unref(patterns);
    return (void *)(uintptr_t)found;
}

START_TEST(threads_share_a_set)
{
    leakdiag_pattern list[] = {{"i", "ORDER", ICASE}, {"r", "order (\\d+)", REGEX}};
    leakdiag_patterns *patterns = compile(list, 2);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, scan_in_a_thread, patterns), 0);
    for (size_t t = 0; t < THREADS; t++) {
        void *found = NULL;
        pthread_join(threads[t], &found);
        ck_assert_uint_eq((uintptr_t)found, 150); /* 50 rounds of 2 + 1 lines */
    }
    leakdiag_patterns_unref(patterns);
}
END_TEST

static void add_bounds(Suite *suite)
{
    TCase *tc = add_case(suite, "bounds");
    tcase_add_loop_test(tc, an_expensive_line_is_given_up_soon_and_is_never_a_no, 0, COUNT(costly));
    tcase_add_test(tc, a_log_full_of_expensive_lines_ends_and_cheap_ones_still_count);
    tcase_add_test(tc, a_pattern_that_failed_often_gets_less_time);
    tcase_add_test(tc, one_place_in_the_line_has_a_limit_of_its_own);
    tcase_add_test(tc, ordinary_expressions_on_long_lines_are_not_expensive);
    tcase_add_loop_test(tc, every_allocation_may_fail, 0, 2);
    tcase_add_test(tc, threads_share_a_set);
}

int main(void)
{
    Suite *suite = suite_create("logs, bounds");
    add_bounds(suite);
    return run_suite(suite);
}
