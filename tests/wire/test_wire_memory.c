/* What the kernel's files say of memory: read from Linux 6.18 (v1), after its documentation (v2).
 */
#include <math.h>

#include "recorded.h"
#include "wire/cgroup.h"
#include "wire/keyed.h"
#include "wire/memory.h"
#include "wire/proc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

START_TEST(the_recorded_v1_cgroup_is_read)
{
    size_t len;
    double usage = 0, limit = 0;
    ld_cgroup_stat stat = {0};
    char *file = read_fixture("kernel/v1/memory.usage_in_bytes", &len);
    ck_assert_int_eq(ld_cgroup_bytes(file, len, &usage, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v1/memory.limit_in_bytes", &len);
    ck_assert_int_eq(ld_cgroup_limit(file, len, &limit, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v1/memory.stat", &len);
    ck_assert_int_eq(ld_cgroup_read_stat_v1(file, len, &stat, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v1/memory.oom_control", &len);
    ck_assert_int_eq(ld_cgroup_oom_kills(file, len), 1);
    free(file);
    ck_assert(usage == 458752);
    ck_assert(limit == 20971520);
    ck_assert(stat.inactive_file_bytes == 61440);
    ck_assert(stat.anonymous_bytes == 110592);
    ck_assert(ld_cgroup_working_set(usage, stat.inactive_file_bytes) == 458752 - 61440);
}
END_TEST

START_TEST(the_documented_v2_cgroup_is_read)
{
    size_t len;
    double usage = 0, limit = 0;
    ld_cgroup_stat stat = {0};
    char *file = read_fixture("kernel/v2/memory.current.handwritten", &len);
    ck_assert_int_eq(ld_cgroup_bytes(file, len, &usage, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v2/memory.max.handwritten", &len);
    ck_assert_int_eq(ld_cgroup_limit(file, len, &limit, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v2/memory.stat.handwritten", &len);
    ck_assert_int_eq(ld_cgroup_read_stat_v2(file, len, &stat, NULL), LEAKDIAG_OK);
    free(file);
    file = read_fixture("kernel/v2/memory.events.handwritten", &len);
    ck_assert_int_eq(ld_cgroup_oom_kills(file, len), 2); /* not oom 3, not oom_group_kill 0 */
    free(file);
    ck_assert(usage == 9437184);
    ck_assert(limit == 20971520);
    ck_assert(stat.inactive_file_bytes == 1048576);
    ck_assert(stat.anonymous_bytes == 7340032);
}
END_TEST

START_TEST(v1_counts_its_children_and_an_old_kernel_has_no_totals)
{
    static const char both[] = "inactive_file 5\nrss 7\ntotal_inactive_file 50\ntotal_rss 70\n";
    static const char old[] = "rss 7\ninactive_file 5\n";
    static const char bare[] = "inactive_file 5";
    ld_cgroup_stat stat = {0};
    ck_assert_int_eq(ld_cgroup_read_stat_v1(both, sizeof both - 1, &stat, NULL), LEAKDIAG_OK);
    ck_assert(stat.inactive_file_bytes == 50 && stat.anonymous_bytes == 70);
    ck_assert_int_eq(ld_cgroup_read_stat_v1(old, sizeof old - 1, &stat, NULL), LEAKDIAG_OK);
    ck_assert(stat.inactive_file_bytes == 5 && stat.anonymous_bytes == 7);
    ck_assert_int_eq(ld_cgroup_read_stat_v2(bare, sizeof bare - 1, &stat, NULL), LEAKDIAG_OK);
    ck_assert(stat.inactive_file_bytes == 5 && isnan(stat.anonymous_bytes));
}
END_TEST

START_TEST(a_statistic_without_inactive_file_is_an_error_and_sets_nothing)
{
    static const char *const bad[] = {"",
                                      "anon 3\n",
                                      "inactive_file\n",
                                      "inactive_file x\n",
                                      "xinactive_file 3\n",
                                      "inactive_file  3\n"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        ld_cgroup_stat stat = {.inactive_file_bytes = 9};
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_cgroup_read_stat_v2(bad[i], strlen(bad[i]), &stat, &err),
                         LEAKDIAG_E_PROTOCOL);
        ck_assert_ptr_nonnull(strstr(err.message, "inactive_file"));
        ck_assert(stat.inactive_file_bytes == 9);
    }
}
END_TEST

START_TEST(a_limit_from_two_to_the_sixty_on_is_none)
{
    static const struct {
        const char *text;
        double limit; /* NAN: none */
    } rows[] = {
        {"max\n", NAN},
        {"max", NAN},
        {"9223372036854771712\n", NAN}, /* v1 with pages of 4 KiB */
        {"9223372036854710272\n", NAN}, /* v1 with pages of 64 KiB */
        {"18446744073709551615\n", NAN},
        {"1152921504606846976\n", NAN},
        {"1152921504606846975\n", 1152921504606846975.0},
        {"20971520\n", 20971520},
        {"0\n", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        double limit = -1;
        ck_assert_int_eq(ld_cgroup_limit(rows[i].text, strlen(rows[i].text), &limit, NULL),
                         LEAKDIAG_OK);
        if (isnan(rows[i].limit))
            ck_assert_msg(isnan(limit), "%s", rows[i].text);
        else
            ck_assert_msg(limit == rows[i].limit, "%s", rows[i].text);
    }
}
END_TEST

START_TEST(what_is_no_number_of_bytes_is_an_error_and_sets_nothing)
{
    static const char *const bad[] = {"",
                                      "\n",
                                      "-1\n",
                                      "+1\n",
                                      "1 2\n",
                                      "0x10\n",
                                      "1\n\n",
                                      "1.5",
                                      "maximum",
                                      "MAX",
                                      "18446744073709551616\n"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 9;
        ck_assert_int_eq(ld_cgroup_limit(bad[i], strlen(bad[i]), &value, NULL),
                         LEAKDIAG_E_PROTOCOL);
        ck_assert_int_eq(ld_cgroup_bytes(bad[i], strlen(bad[i]), &value, NULL),
                         LEAKDIAG_E_PROTOCOL);
        ck_assert(value == 9);
    }
    double value = 9;
    ck_assert_int_eq(ld_cgroup_bytes("max\n", 4, &value, NULL), LEAKDIAG_E_PROTOCOL);
}
END_TEST

START_TEST(a_kernel_that_does_not_count_oom_kills_says_not_known)
{
    static const char old[] = "oom_kill_disable 0\nunder_oom 0\n";
    static const char huge[] = "oom_kill 9223372036854775808\n";
    ck_assert_int_eq(ld_cgroup_oom_kills(old, sizeof old - 1), -1);
    ck_assert_int_eq(ld_cgroup_oom_kills("", 0), -1);
    ck_assert_int_eq(ld_cgroup_oom_kills(huge, sizeof huge - 1), -1);
    ck_assert_int_eq(ld_cgroup_oom_kills("oom_kill 0", 10), 0);
}
END_TEST

START_TEST(the_working_set_is_never_below_zero)
{
    ck_assert(ld_cgroup_working_set(10, 4) == 6);
    ck_assert(ld_cgroup_working_set(10, 10) == 0);
    ck_assert(ld_cgroup_working_set(10, 11) == 0);
}
END_TEST

START_TEST(the_recorded_process_is_read)
{
    size_t len;
    ld_proc_stat stat = {0};
    char *file = read_fixture("kernel/v1/stat", &len);
    ck_assert_int_eq(ld_proc_read_stat(file, len, &stat, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(stat.pid, 4188);
    ck_assert_int_eq(stat.parent, 4142);
    ck_assert_int_eq(stat.state, 'S');
    ck_assert_int_eq(stat.start_ticks, 351579);
    free(file);
    file = read_fixture("kernel/v1/status", &len);
    ck_assert(ld_proc_kib_line(file, len, "VmRSS") == 1792 * 1024);
    ck_assert(ld_proc_kib_line(file, len, "RssAnon") == 108 * 1024);
    ck_assert(isnan(ld_proc_kib_line(file, len, "Rss")));
    ck_assert(isnan(ld_proc_kib_line(file, len, "Threads"))); /* no kB */
    free(file);
    file = read_fixture("kernel/v1/smaps_rollup", &len);
    ck_assert(ld_proc_kib_line(file, len, "Rss") == 1792 * 1024);
    ck_assert(ld_proc_kib_line(file, len, "Anonymous") == 108 * 1024);
    free(file);
    char *path = NULL;
    file = read_fixture("kernel/v1/cgroup", &len);
    ck_assert_int_eq(ld_proc_cgroup_v1(file, len, &path, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(path, "/ldwire");
    leakdiag_free(path);
    ck_assert_int_eq(ld_proc_cgroup_v2(file, len, &path, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(path, "/");
    leakdiag_free(path);
    free(file);
    file = read_fixture("kernel/v1/proc_stat", &len);
    ck_assert_int_gt(ld_proc_boot_ms(file, len), INT64_C(1700000000000));
    free(file);
}
END_TEST

#define AFTER " S 1 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 777 2990080 421 1844 0\n"

START_TEST(a_process_may_call_itself_anything)
{
    static const char *const names[] = {
        "42 (shop)" AFTER, "42 (a b)" AFTER,          "42 ())" AFTER,
        "42 (()" AFTER,    "42 () S 9 9 (x)" AFTER,   "42 ()" AFTER,
        "42 (a\nb)" AFTER, "42 (1) R 2 3 4 5)" AFTER, "42 (\xff\xfe)" AFTER,
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        ld_proc_stat stat = {0};
        leakdiag_error err = {0};
        ck_assert_msg(ld_proc_read_stat(names[i], strlen(names[i]), &stat, &err) == LEAKDIAG_OK,
                      "%s: %s", names[i], err.message);
        ck_assert_int_eq(stat.pid, 42);
        ck_assert_int_eq(stat.parent, 1);
        ck_assert_int_eq(stat.state, 'S');
        ck_assert_int_eq(stat.start_ticks, 777);
    }
}
END_TEST

START_TEST(a_broken_stat_is_an_error_and_sets_nothing)
{
    static const char *const bad[] = {
        "",
        "42",
        "42 (shop)",
        "42 (shop) S 1 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0",
        "x (shop)" AFTER,
        "-1 (shop)" AFTER,
        "42 (shop) SS 1 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 777",
        "42 (shop) S 1 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 -777",
        "42 (shop) S 1 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 9223372036854775808",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        ld_proc_stat stat = {.pid = 9};
        ck_assert_msg(ld_proc_read_stat(bad[i], strlen(bad[i]), &stat, NULL) == LEAKDIAG_E_PROTOCOL,
                      "%s", bad[i]);
        ck_assert_int_eq(stat.pid, 9);
    }
}
END_TEST

START_TEST(the_boot_time_is_found_or_not_known)
{
    static const char good[] = "cpu 1 2\nbtime 1795000000\nprocesses 3\n";
    ck_assert_int_eq(ld_proc_boot_ms(good, sizeof good - 1), INT64_C(1795000000000));
    ck_assert_int_eq(ld_proc_boot_ms("", 0), 0);
    ck_assert_int_eq(ld_proc_boot_ms("btime x\n", 8), 0);
    ck_assert_int_eq(ld_proc_boot_ms("btime 9223372036854775807\n", 26), 0);
}
END_TEST

static const struct {
    const char *file, *v1, *v2;
} cgroups[] = {
    {"0::/user.slice/a.scope\n", NULL, "/user.slice/a.scope"},
    {"4:memory:/kubepods/pod1/abc\n0::/\n", "/kubepods/pod1/abc", "/"},
    {"4:cpu,memory:/x\n", "/x", NULL},
    {"4:memory,cpu:/x\n", "/x", NULL},
    {"4:cpu,memory,pids:/x:y\n", "/x:y", NULL},
    {"4:memoryx:/x\n3:xmemory:/y\n2:name=memory:/z\n", NULL, NULL},
    {"4:memory:/no newline", "/no newline", NULL},
    {"4:memory:/../outside\n", NULL, NULL}, /* beyond our namespace */
    {"0::/..\n", NULL, NULL},
    {"0::/a/../b\n", NULL, NULL},
    {"4:memory:relative\n", NULL, NULL},
    {"4:memory:\n0::\n", NULL, NULL},
    {"4:memory\n::\n:\n\n", NULL, NULL},
    {"", NULL, NULL},
};

START_TEST(the_memory_cgroup_of_a_process_is_found)
{
    char *v1 = NULL, *v2 = NULL;
    size_t len = strlen(cgroups[_i].file);
    ck_assert_int_eq(ld_proc_cgroup_v1(cgroups[_i].file, len, &v1, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(ld_proc_cgroup_v2(cgroups[_i].file, len, &v2, NULL), LEAKDIAG_OK);
    ck_assert_msg(ld_text_equal(v1, cgroups[_i].v1), "v1 is %s", v1 ? v1 : "NULL");
    ck_assert_msg(ld_text_equal(v2, cgroups[_i].v2), "v2 is %s", v2 ? v2 : "NULL");
    leakdiag_free(v1);
    leakdiag_free(v2);
}
END_TEST

START_TEST(of_an_environment_only_the_value_asked_for_is_taken)
{
    static const char file[] =
        "PATH=/bin\0XGOGC=1\0GOGC=50\0GOMEMLIMIT=\0KAFKA_ADDR=u:s3cret@kafka:"
        "9092\0FLAGD_HOST=a\033[2Jb\0FLAGD_PORT"; /* cut at the end */
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"GOGC", "50"},       {"GOMEMLIMIT", ""},           {"KAFKA_ADDR", "***@kafka:9092"},
        {"FLAGD_PORT", NULL}, {"FLAGD_HOST", "a\\x1b[2Jb"}, {"KAFKA_SERVICE_ADDR", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *value = NULL;
        ck_assert_int_eq(ld_proc_environment(file, sizeof file - 1, rows[i].name, &value, NULL),
                         LEAKDIAG_OK);
        ck_assert_msg(ld_text_equal(value, rows[i].value), "%s is %s", rows[i].name,
                      value ? value : "NULL");
        leakdiag_free(value);
    }
    char *value = NULL;
    ck_assert_int_eq(ld_proc_environment("", 0, "GOGC", &value, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(value);
}
END_TEST

START_TEST(there_are_as_many_names_as_places_for_them)
{
    ck_assert_ptr_nonnull(ld_proc_environment_names[LD_PROC_ENVIRONMENT_NAMES - 1]);
    ck_assert_ptr_null(ld_proc_environment_names[LD_PROC_ENVIRONMENT_NAMES]);
}
END_TEST

START_TEST(digits_are_read_up_to_the_largest)
{
    uint64_t value = 9;
    ck_assert(ld_digits("18446744073709551615", 20, &value));
    ck_assert(value == UINT64_MAX);
    value = 9;
    ck_assert(!ld_digits("18446744073709551616", 20, &value));
    ck_assert(!ld_digits("99999999999999999999999", 23, &value));
    ck_assert(!ld_digits("", 0, &value));
    ck_assert(!ld_digits("1a", 2, &value));
    ck_assert(value == 9);
}
END_TEST

/* ---- the object ---- */

static leakdiag_status make_and_print(void)
{
    ld_memory_fields fields = LD_MEMORY_FIELDS_UNKNOWN;
    fields.kind = "cgroup-v1";
    fields.has_environment = true;
    fields.environment[0] = "16MiB";
    leakdiag_memory *memory = NULL;
    char *text = NULL;
    leakdiag_status status = ld_memory_new(&fields, &memory, NULL);
    if (!status)
        status = leakdiag_memory_to_json(memory, &text, NULL);
    leakdiag_memory_free(memory);
    leakdiag_free(text);
    return status;
}

START_TEST(what_is_not_known_is_null_in_the_json)
{
    ld_memory_fields fields = LD_MEMORY_FIELDS_UNKNOWN;
    fields.kind = "process";
    fields.limit_bytes = 3; /* without has_limit it does not count */
    leakdiag_memory *memory = NULL;
    char *text = NULL;
    ck_assert_int_eq(ld_memory_new(&fields, &memory, NULL), LEAKDIAG_OK);
    ck_assert(isnan(leakdiag_memory_limit_bytes(memory)));
    ck_assert_int_eq(leakdiag_memory_has_limit(memory), -1);
    ck_assert_int_eq(leakdiag_memory_to_json(memory, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, "{\"anonymous_bytes\":null,\"cgroup\":\"\",\"detail\":\"\","
                           "\"environment\":null,\"has_limit\":null,\"kind\":\"process\","
                           "\"limit_bytes\":null,\"oom_kills\":null,\"pid\":null,"
                           "\"process_count\":null,\"schema\":\"leakdiag.memory/1\","
                           "\"started_ms\":null,\"time_ms\":0,\"usage_bytes\":null,"
                           "\"working_set_bytes\":null}");
    leakdiag_free(text);
    leakdiag_memory_free(memory);
    leakdiag_memory_free(NULL);
}
END_TEST

START_TEST(the_json_of_a_sample_is_sorted_and_complete)
{
    const ld_memory_fields fields = {
        .time_ms = 1795446061250,
        .working_set_bytes = 8388608,
        .usage_bytes = 9437184,
        .anonymous_bytes = 7340032,
        .has_limit = 1,
        .limit_bytes = 20971520,
        .oom_kills = 2,
        .started_ms = 1795446000000,
        .pid = 42,
        .process_count = 1,
        .kind = "cgroup-v2",
        .cgroup = "/sys/fs/cgroup/shop",
        .has_environment = true,
        .environment = {[0] = "16MiB", [2] = "kafka:9092"},
    };
    leakdiag_memory *memory = NULL;
    char *text = NULL;
    ck_assert_int_eq(ld_memory_new(&fields, &memory, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(leakdiag_memory_environment(memory, "GOMEMLIMIT"), "16MiB");
    ck_assert_str_eq(leakdiag_memory_environment(memory, "KAFKA_ADDR"), "kafka:9092");
    ck_assert_ptr_null(leakdiag_memory_environment(memory, "GOGC"));
    ck_assert_ptr_null(leakdiag_memory_environment(memory, "PATH"));
    ck_assert_ptr_null(leakdiag_memory_environment(memory, NULL));
    ck_assert_int_eq(leakdiag_memory_to_json(memory, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(
        text, "{\"anonymous_bytes\":7340032,\"cgroup\":\"/sys/fs/cgroup/shop\",\"detail\":\"\","
              "\"environment\":{\"GOMEMLIMIT\":\"16MiB\",\"KAFKA_ADDR\":\"kafka:9092\"},"
              "\"has_limit\":true,\"kind\":\"cgroup-v2\",\"limit_bytes\":20971520,\"oom_kills\":2,"
              "\"pid\":42,\"process_count\":1,\"schema\":\"leakdiag.memory/1\","
              "\"started_ms\":1795446000000,\"time_ms\":1795446061250,\"usage_bytes\":9437184,"
              "\"working_set_bytes\":8388608}");
    leakdiag_free(text);
    leakdiag_memory_free(memory);
}
END_TEST

static leakdiag_status read_all(void)
{
    static const char cgroup[] = "4:memory:/shop\n0::/x\n", environment[] = "GOGC=50\0";
    char *path = NULL, *value = NULL;
    leakdiag_status status = ld_proc_cgroup_v1(cgroup, sizeof cgroup - 1, &path, NULL);
    if (!status)
        status = ld_proc_environment(environment, sizeof environment - 1, "GOGC", &value, NULL);
    leakdiag_free(path);
    leakdiag_free(value);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_uint_gt(torture_run(make_and_print), 8);
    ck_assert_uint_gt(torture_run(read_all), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire: memory");
    TCase *tc = tcase_create("cgroup");
    tcase_add_test(tc, the_recorded_v1_cgroup_is_read);
    tcase_add_test(tc, the_documented_v2_cgroup_is_read);
    tcase_add_test(tc, v1_counts_its_children_and_an_old_kernel_has_no_totals);
    tcase_add_test(tc, a_statistic_without_inactive_file_is_an_error_and_sets_nothing);
    tcase_add_test(tc, a_limit_from_two_to_the_sixty_on_is_none);
    tcase_add_test(tc, what_is_no_number_of_bytes_is_an_error_and_sets_nothing);
    tcase_add_test(tc, a_kernel_that_does_not_count_oom_kills_says_not_known);
    tcase_add_test(tc, the_working_set_is_never_below_zero);
    suite_add_tcase(suite, tc);
    tc = tcase_create("proc");
    tcase_add_test(tc, the_recorded_process_is_read);
    tcase_add_test(tc, a_process_may_call_itself_anything);
    tcase_add_test(tc, a_broken_stat_is_an_error_and_sets_nothing);
    tcase_add_test(tc, the_boot_time_is_found_or_not_known);
    tcase_add_loop_test(tc, the_memory_cgroup_of_a_process_is_found, 0, (int)COUNT(cgroups));
    tcase_add_test(tc, of_an_environment_only_the_value_asked_for_is_taken);
    tcase_add_test(tc, there_are_as_many_names_as_places_for_them);
    tcase_add_test(tc, digits_are_read_up_to_the_largest);
    suite_add_tcase(suite, tc);
    tc = tcase_create("memory");
    tcase_add_test(tc, what_is_not_known_is_null_in_the_json);
    tcase_add_test(tc, the_json_of_a_sample_is_sorted_and_complete);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
