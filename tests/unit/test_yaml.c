/* YAML and JSON as a tree: what is read, what is refused, and how little it costs to refuse it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/node.h"

/* Allocations are counted through the library's own hook, and made to fail from there. */
static size_t allocations, live, fail_at;

static void *counted_alloc(size_t bytes, void *payload)
{
    (void)payload;
    if (++allocations == fail_at)
        return NULL;
    live++;
    return malloc(bytes);
}

static void *counted_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return ++allocations == fail_at ? NULL : realloc(memory, bytes);
}

static void counted_release(void *memory, void *payload)
{
    (void)payload;
    live--;
    free(memory);
}

static void count_allocations(void)
{
    static const leakdiag_allocator counting = {sizeof counting, counted_alloc, counted_resize,
                                                counted_release, NULL};
    allocations = live = fail_at = 0;
    ck_assert_int_eq(leakdiag_set_allocator(&counting), LEAKDIAG_OK);
}

static void stop_counting(void)
{
    ck_assert_uint_eq(live, 0);
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
}

static ld_node *read_text(const char *text)
{
    ld_node *node = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_node_parse(text, strlen(text), &node, &err) == LEAKDIAG_OK, "%s: %s", text,
                  err.message);
    return node;
}

START_TEST(a_document_becomes_a_tree_with_places)
{
    LD_CLEANUP(ld_node_freep)
    ld_node *root = read_text("# a comment\n"
                              "name: shop\n"
                              "list: [1, \"two\", three four]\n"
                              "map:\n"
                              "  inner: 'it''s'\n"
                              "  empty:\n"
                              "text: >-\n"
                              "  folded\n"
                              "  here\n");
    ck_assert_int_eq(root->kind, LD_NODE_MAP);
    ck_assert_uint_eq(root->n, 4);
    const ld_node *name = ld_node_get(root, "name");
    ck_assert_str_eq(name->text, "shop");
    ck_assert(!name->quoted);
    ck_assert_uint_eq(name->key_line, 2);
    ck_assert_uint_eq(name->key_column, 1);
    ck_assert_uint_eq(name->line, 2);
    ck_assert_uint_eq(name->column, 7);

    const ld_node *list = ld_node_get(root, "list");
    ck_assert_int_eq(list->kind, LD_NODE_LIST);
    ck_assert_uint_eq(list->n, 3);
    ck_assert_ptr_null(list->children[0].key);
    ck_assert_str_eq(list->children[1].text, "two");
    ck_assert(list->children[1].quoted);
    ck_assert_uint_eq(list->children[1].column, 11);
    ck_assert_str_eq(list->children[2].text, "three four");

    const ld_node *map = ld_node_get(root, "map");
    ck_assert_str_eq(ld_node_text(ld_node_get(map, "inner")), "it's");
    ck_assert_str_eq(ld_node_text(ld_node_get(map, "empty")), "");
    ck_assert_str_eq(ld_node_text(ld_node_get(root, "text")), "folded here");
    ck_assert(ld_node_get(root, "text")->quoted);
    ck_assert_ptr_null(ld_node_get(root, "nothing"));
    ck_assert_ptr_null(ld_node_get(list, "name"));
    ck_assert_ptr_null(ld_node_text(list));
}
END_TEST

START_TEST(words_that_yaml_1_1_takes_for_booleans_stay_texts)
{
    static const char *const words[] = {"on", "off", "yes", "no", "On", "OFF", "y", "true", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "variant: %s\n", words[i]);
        LD_CLEANUP(ld_node_freep) ld_node *root = read_text(text);
        ck_assert_str_eq(ld_node_text(ld_node_get(root, "variant")), words[i]);
        ck_assert(!ld_node_get(root, "variant")->quoted);
    }
}
END_TEST

START_TEST(json_gives_the_same_tree_as_yaml)
{
    LD_CLEANUP(ld_node_freep)
    ld_node *root =
        read_text("\n {\"name\": \"sh\\u006fp\",\n"
                  "  \"list\": [1, -2.50e3, true, null, \"a\\n\\\"b\\\"\"],\n"
                  "  \"map\": {\"in ner\": \"\\u00e9\\ud83d\\ude00\\u20ac\\/\"}, \"none\": {}}\n");
    const ld_node *name = ld_node_get(root, "name");
    ck_assert_str_eq(name->text, "shop");
    ck_assert(name->quoted);
    ck_assert_uint_eq(name->key_line, 2);
    ck_assert_uint_eq(name->key_column, 3);
    ck_assert_uint_eq(name->column, 11);

    const ld_node *list = ld_node_get(root, "list");
    ck_assert_uint_eq(list->line, 3);
    ck_assert_uint_eq(list->n, 5);
    ck_assert_str_eq(list->children[0].text, "1");
    ck_assert_str_eq(list->children[1].text, "-2.50e3");
    ck_assert_str_eq(list->children[2].text, "true");
    ck_assert(!list->children[2].quoted);
    ck_assert_str_eq(list->children[3].text, "");
    ck_assert_str_eq(list->children[4].text, "a\n\"b\"");
    ck_assert_str_eq(ld_node_text(ld_node_get(ld_node_get(root, "map"), "in ner")),
                     "\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac/");
    ck_assert_uint_eq(ld_node_get(root, "none")->n, 0);
    LD_CLEANUP(ld_node_freep) ld_node *accents = read_text("{\"\xc3\xa9\xe2\x82\xac\": 1}");
    ck_assert_uint_eq(accents->children[0].column, 8); /* characters, not bytes */
}
END_TEST

/* What must be refused, and where. */
typedef struct refusal {
    const char *text;
    size_t line, column;
    const char *says;
} refusal;

static const refusal refusals[] = {
    {"", 1, 1, "nothing in it"},
    {"# only a comment\n", 1, 1, "nothing in it"},
    {"a: &x 1\n", 1, 4, "anchors (&name) are not supported"},
    {"a: 1\nb: *x\n", 2, 4, "aliases (*name) are not supported"},
    {"a: &a [*a]\n", 1, 4, "anchors"},
    {"a: !!str 1\n", 1, 4, "tags (!name) are not supported"},
    {"a: !mine [1]\n", 1, 4, "tags"},
    {"a:\n  <<: {b: 1}\n", 2, 3, "merge keys"},
    {"%YAML 1.1\n---\na: 1\n", 1, 1, "YAML directive"},
    {"a: 1\n...\n%TAG ! tag:x,2000:\n---\nb: 1\n", 3, 1, "YAML directive"},
    {"a: 1\n---\nb: 2\n", 2, 1, "second document"},
    {"a: 1\nb: 2\na: 3\n", 3, 1, "key \"a\" is there twice: first on line 1, again on line 3"},
    {"m: {k: 1, j: 2, k: 3}\n", 1, 17, "key \"k\" is there twice"},
    {"? [a, b]\n: 1\n", 1, 3, "a key must be a text"},
    {"a: \"x\\0y\"\n", 1, 4, "NUL"},
    {"a: b\nc: \x01\n", 2, 4, "control byte 0x01"},
    {"a: \xff\n", 1, 4, "byte 0xff is not UTF-8"},
    {"a: \xed\xa0\x80\n", 1, 4, "not UTF-8"},
    {"\xc3\xa9\xc3\xa9: \xc0\x80\n", 1, 5, "not UTF-8"},
    {"a:\n\tb: 1\n", 2, 1, "indent with blanks"},
    {"a: [1, 2\nb: 3\n", 2, 2, "not valid YAML"},
    {"a: {url: ${base}}\n", 1, 11, "needs quotes"},
    {"a: \"never ends\n", 2, 1, "not valid YAML"},
    {"{\"a\": 1,\n \"a\": 2}", 2, 4, "not valid JSON"},
    {"{\"a\": 01}", 1, 7, "not valid JSON"},
    {"{\"a\": \"\\u0000\"}", 1, 14, "not valid JSON"},
    {"{\"a\": \"\\ud800\"}", 1, 14, "not valid JSON"},
    {"{\"a\": NaN}", 1, 9, "not valid JSON"},
    {"{\"a\": 1} x", 1, 10, "not valid JSON"},
    {"{a: 1}", 1, 2, "not valid JSON"},
};

START_TEST(what_is_refused_names_its_place)
{
    const refusal *r = &refusals[_i];
    ld_node *root = NULL;
    leakdiag_error err = {0};
    count_allocations();
    ck_assert_msg(ld_node_parse(r->text, strlen(r->text), &root, &err) == LEAKDIAG_E_INVALID,
                  "accepted: %s", r->text);
    ck_assert_ptr_null(root);
    ck_assert_msg(strstr(err.message, r->says), "%s: %s", r->text, err.message);
    ck_assert_msg(err.line == r->line && err.column == r->column, "%s: %u:%u %s", r->text, err.line,
                  err.column, err.message);
    stop_counting();
}
END_TEST

/* Hostile inputs, made by repetition. */
typedef struct hostile {
    const char *name;
    const char *before, *unit, *after;
    size_t times;
    leakdiag_status status;
    size_t line, column;
    const char *says;
} hostile;

static const hostile hostiles[] = {
    {"200 kB of [", "", "[", "", 200000, LEAKDIAG_E_LIMIT, 1, 33, "nested deeper than 32"},
    {"1 MiB of [", "", "[", "", 1048576, LEAKDIAG_E_LIMIT, 1, 33, "nested deeper than 32"},
    {"{ in JSON", "", "{\"a\":", "1", 100000, LEAKDIAG_E_LIMIT, 1, 161, "more than 32 nested"},
    {"[ in JSON", "{\"a\":", "[", "", 200000, LEAKDIAG_E_LIMIT, 1, 37, "more than 32 nested"},
    {"alias cycle", "a: &a [", "*a, ", "]", 1, LEAKDIAG_E_INVALID, 1, 4, "anchors"},
    {"60,000 anchors", "", "- &a x\n", "", 60000, LEAKDIAG_E_INVALID, 1, 3, "anchors"},
    {"60,000 aliases", "", "- *a\n", "", 60000, LEAKDIAG_E_INVALID, 1, 3, "aliases"},
    {"30,000 %TAG", "", "%TAG !a! tag:x,2000:\n", "--- a\n", 30000, LEAKDIAG_E_INVALID, 1, 1,
     "directive"},
    {"%TAG after NEL", "# \xc2\x85", "%TAG !a! tag:x,2000:\xc2\x85", "--- a\n", 30000,
     LEAKDIAG_E_INVALID, 2, 1, "directive"},
    {"1 MB of dashes", "", "- ", "x", 500000, LEAKDIAG_E_LIMIT, 1, 65, "nested deeper than 32"},
    {"1 MB of question marks", "", "? ", "x", 500000, LEAKDIAG_E_INVALID, 1, 3, "a key must be"},
    {"1 MiB quoted", "\"", "x", "\"", 1048574, LEAKDIAG_E_LIMIT, 1, 1, "more than 65536 bytes"},
    {"1 MiB block", "a: |\n ", "x", "\n", 1048569, LEAKDIAG_E_LIMIT, 1, 4, "more than 65536"},
    {"1 MiB plain", "a: ", "x", "\n", 1048572, LEAKDIAG_E_LIMIT, 1, 4, "more than 65536"},
    {"tabs", "a:\n", "\t", "b: 1\n", 100000, LEAKDIAG_E_INVALID, 2, 1, "blanks, not with tabs"},
    {"250,000 items", "[", "a,", "a]", 250000, LEAKDIAG_E_LIMIT, 1, 400000, "200000 values"},
    {"equal keys", "", "a: 1\n", "", 90000, LEAKDIAG_E_INVALID, 2, 1, "there twice"},
    {"too large", "", "x", "", 1048577, LEAKDIAG_E_LIMIT, 1, 1, "1048577 bytes are too many"},
    {"only newlines", "", "\n", "", 1048576, LEAKDIAG_E_INVALID, 1, 1, "nothing in it"},
    {"only a comment", "#", "x", "", 1048575, LEAKDIAG_E_INVALID, 1, 1, "nothing in it"},
    {"documents", "a\n", "---\na\n", "", 100000, LEAKDIAG_E_INVALID, 2, 1, "second document"},
};

static char *make(const hostile *h, size_t *ret_len)
{
    size_t unit = strlen(h->unit), before = strlen(h->before), after = strlen(h->after);
    *ret_len = before + unit * h->times + after;
    char *text = malloc(*ret_len + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, h->before, before);
    for (size_t i = 0; i < h->times; i++)
        memcpy(text + before + i * unit, h->unit, unit);
    memcpy(text + before + unit * h->times, h->after, after + 1);
    return text;
}

START_TEST(hostile_input_is_refused_at_its_place)
{
    const hostile *h = &hostiles[_i];
    size_t len;
    char *text = make(h, &len);
    ld_node *root = NULL;
    leakdiag_error err = {0};
    count_allocations();
    ck_assert_msg(ld_node_parse(text, len, &root, &err) == h->status, "%s: status %d %s", h->name,
                  err.status, err.message);
    ck_assert_ptr_null(root);
    ck_assert_msg(strstr(err.message, h->says), "%s: %s", h->name, err.message);
    ck_assert_msg(err.line == h->line && err.column == h->column, "%s: %u:%u %s", h->name, err.line,
                  err.column, err.message);
    stop_counting();
    free(text);
}
END_TEST

START_TEST(nesting_is_refused_before_a_tree_grows)
{
    static const size_t deep[] = {0, 1, 2, 3, 9};
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        size_t len;
        char *text = make(&hostiles[deep[i]], &len);
        ld_node *root = NULL;
        count_allocations();
        ck_assert_int_eq(ld_node_parse(text, len, &root, NULL), LEAKDIAG_E_LIMIT);
        ck_assert_msg(allocations <= 40, "%s: %zu allocations", hostiles[deep[i]].name,
                      allocations);
        stop_counting();
        free(text);
    }
}
END_TEST

START_TEST(the_deepest_allowed_nesting_is_read)
{
    char text[80] = "";
    for (size_t i = 0; i < LD_NODE_MAX_DEPTH; i++) {
        text[i] = '[';
        text[2 * LD_NODE_MAX_DEPTH - 1 - i] = ']';
    }
    LD_CLEANUP(ld_node_freep) ld_node *root = read_text(text);
    ck_assert_int_eq(root->kind, LD_NODE_LIST);
}
END_TEST

START_TEST(many_keys_are_read_and_a_doubled_one_among_them_is_found)
{
    enum { KEYS = 60000 };
    char *text = malloc(KEYS * 16);
    ck_assert_ptr_nonnull(text);
    size_t len = 0;
    for (int i = 0; i < KEYS; i++)
        len += (size_t)sprintf(text + len, "k%05d: %d\n", i, i);
    ld_node *root = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_node_parse(text, len, &root, &err) == LEAKDIAG_OK, "%s", err.message);
    ck_assert_uint_eq(root->n, KEYS);
    ld_node_free(root);
    root = NULL;

    len += (size_t)sprintf(text + len, "k40000: again\nk00007: again\n");
    ck_assert_int_eq(ld_node_parse(text, len, &root, &err), LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message,
                     "key \"k40000\" is there twice: first on line 40001, again on line 60001");
    free(text);
}
END_TEST

START_TEST(a_byte_order_mark_and_carriage_returns_are_fine)
{
    LD_CLEANUP(ld_node_freep)
    ld_node *yaml = read_text("\xef\xbb\xbf"
                              "a: 1\r\nb: 2\r\n");
    ck_assert_str_eq(ld_node_text(ld_node_get(yaml, "b")), "2");
    LD_CLEANUP(ld_node_freep) ld_node *json = read_text("\xef\xbb\xbf{\"a\": 1}\r\n");
    ck_assert_str_eq(ld_node_text(ld_node_get(json, "a")), "1");
}
END_TEST

START_TEST(every_prefix_of_a_document_is_read_or_refused_cleanly)
{
    static const char *const texts[] = {
        "a: [1, {b: \"c\\u00e9\"}]\nd: |\n  e\n  f\n? g\n: 'h'\n",
        "{\"a\": [1, {\"b\": \"c\\ud83d\\ude00\"}], \"d\": null}",
    };
    for (size_t t = 0; t < 2; t++) {
        for (size_t len = 0; len <= strlen(texts[t]); len++) {
            char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read beyond it */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, texts[t], len);
            ld_node *root = NULL;
            leakdiag_error err = {0};
            if (ld_node_parse(exact, len, &root, &err) != LEAKDIAG_OK) {
                ck_assert_ptr_null(root);
                ck_assert_str_ne(err.message, "");
            }
            ld_node_free(root);
            free(exact);
        }
    }
}
END_TEST

START_TEST(out_of_memory_at_any_point_leaves_nothing_behind)
{
    static const char *const texts[] = {"a: [1, 2, 3, 4, 5]\nb: {c: d, e: \"f\"}\n",
                                        "{\"a\": [1, 2, 3, 4, 5], \"b\": {\"c\": \"d\"}}"};
    for (size_t t = 0; t < 2; t++) {
        bool done = false;
        for (size_t k = 1; !done; k++) {
            ck_assert_uint_lt(k, 1000);
            count_allocations();
            fail_at = k;
            ld_node *root = NULL;
            leakdiag_status status = ld_node_parse(texts[t], strlen(texts[t]), &root, NULL);
            done = status == LEAKDIAG_OK;
            if (!done) {
                ck_assert_int_eq(status, LEAKDIAG_E_NOMEM);
                ck_assert_ptr_null(root);
            }
            ld_node_free(root);
            stop_counting();
        }
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("tree");
    tcase_add_test(tc, a_document_becomes_a_tree_with_places);
    tcase_add_test(tc, words_that_yaml_1_1_takes_for_booleans_stay_texts);
    tcase_add_test(tc, json_gives_the_same_tree_as_yaml);
    tcase_add_test(tc, a_byte_order_mark_and_carriage_returns_are_fine);
    tcase_add_test(tc, the_deepest_allowed_nesting_is_read);
    tcase_add_test(tc, many_keys_are_read_and_a_doubled_one_among_them_is_found);
    tcase_add_loop_test(tc, what_is_refused_names_its_place, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_loop_test(tc, hostile_input_is_refused_at_its_place, 0,
                        (int)(sizeof hostiles / sizeof hostiles[0]));
    tcase_add_test(tc, nesting_is_refused_before_a_tree_grows);
    tcase_add_test(tc, every_prefix_of_a_document_is_read_or_refused_cleanly);
    tcase_add_test(tc, out_of_memory_at_any_point_leaves_nothing_behind);
    Suite *suite = suite_create("yaml");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
