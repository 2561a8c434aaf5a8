/* What is left out of the API server's objects before they are parsed, and what is not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kube_recorded.h"
#include "wire/kube_read.h"

static char *lean_of(const char *body, size_t len)
{
    ld_text text = {0};
    ck_assert(!ld_kube_lean(body, len, &text, NULL));
    char *copy = strndup(text.len ? text.data : body, text.len ? text.len : len);
    ld_text_done(&text);
    return copy;
}

static const struct {
    const char *body, *lean;
} cases[] = {
    {"{\"managedFields\":[{\"a\":[1,{\"b\":\"]\"}]}],\"name\":\"x\"}",
     "{\"managedFields\":[],\"name\":\"x\"}"},
    {"{\"name\":\"x\",\"managedFields\" : [ {} ] }", "{\"name\":\"x\",\"managedFields\" : [] }"},
    {"[{\"managedFields\":[1]},{\"managedFields\":[2]}]",
     "[{\"managedFields\":[]},{\"managedFields\":[]}]"},
    {"{\"managedFields\":[\"\\\"]\",\"\\\\\"]}", "{\"managedFields\":[]}"},
    {"{\"managedFields\":[]}", "{\"managedFields\":[]}"},
    /* Not the list of that name. */
    {"{\"managedFields\":null}", NULL},
    {"{\"managedFields\":\"[\"}", NULL},
    {"{\"managedFields\":{\"a\":[1]}}", NULL},
    {"{\"a\":\"managedFields\",\"b\":[1]}", NULL},
    {"[\"managedFields\",[1]]", NULL},
    {"{\"a\":\"\\\"managedFields\\\":[1]\"}", NULL},
    {"{\"xmanagedFields\":[1],\"managedFieldsx\":[1]}", NULL},
    /* Cut: left to the parser. */
    {"{\"managedFields\":[{\"a\":1}", NULL},
    {"{\"managedFields\":[\"", NULL},
    {"{\"managedFields\":[\"\\", NULL},
    {"{\"managedFields\":", NULL},
    {"{\"managedFields\"", NULL},
    {"", NULL},
};

START_TEST(the_lists_of_that_name_lose_what_is_in_them_and_nothing_else_changes)
{
    char *lean = lean_of(cases[_i].body, strlen(cases[_i].body));
    ck_assert_str_eq(lean, cases[_i].lean ? cases[_i].lean : cases[_i].body);
    free(lean);
}
END_TEST

/* The slow and obvious way. */
static void clear_lists(json_t *json)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_object(json)) {
        if (json_is_array(json_object_get(json, "managedFields")))
            json_array_clear(json_object_get(json, "managedFields"));
        json_object_foreach(json, key, member) clear_lists(member);
    }
    json_array_foreach(json, i, member) clear_lists(member);
}

static const char *const objects[] = {"pods-list",        "deployment-get", "configmap-get",
                                      "replicasets-list", "pod-oomkilled",  "pods-partialmetadata"};

START_TEST(a_recorded_object_is_the_same_but_for_them_and_much_smaller)
{
    kube_recorded *r = kube_read(objects[_i]);
    char *lean = lean_of(r->body, r->len);
    json_t *wanted = json_loadb(r->body, r->len, 0, NULL), *got = json_loads(lean, 0, NULL);
    ck_assert_ptr_nonnull(wanted);
    clear_lists(wanted);
    ck_assert(json_equal(wanted, got));
    ck_assert_uint_lt(strlen(lean), r->len * 9 / 10);
    json_decref(wanted);
    json_decref(got);
    free(lean);
    kube_done(r);
}
END_TEST

START_TEST(an_object_cut_anywhere_stays_one_that_is_cut)
{
    kube_recorded *r = kube_read("configmap-get");
    size_t whole = (size_t)(strrchr(r->body, '}') - r->body); /* and a newline */
    for (size_t len = 0; len <= whole; len++) {
        char *cut = malloc(len ? len : 1); /* so that a look beyond is a sanitizer's catch */
        memcpy(cut, r->body, len);
        char *lean = lean_of(cut, len);
        json_t *json = json_loads(lean, 0, NULL);
        ck_assert_ptr_null(json);
        free(lean);
        free(cut);
    }
    kube_done(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tc = tcase_create("kube lean");
    tcase_add_loop_test(tc, the_lists_of_that_name_lose_what_is_in_them_and_nothing_else_changes, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tc, a_recorded_object_is_the_same_but_for_them_and_much_smaller, 0,
                        (int)(sizeof objects / sizeof objects[0]));
    tcase_add_test(tc, an_object_cut_anywhere_stays_one_that_is_cut);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
