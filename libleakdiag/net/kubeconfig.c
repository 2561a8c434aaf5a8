#include "net/kubeconfig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define NAMES_SHOWN 10

static const struct {
    const char *list, *one;
} kinds[] = {{"clusters", "cluster"}, {"contexts", "context"}, {"users", "user"}};

/* ---- wiping ---- */

static void wipe_node(const ld_node *node)
{
    for (size_t i = 0; i < node->n; i++)
        wipe_node(&node->children[i]); /* depth is bounded by LD_NODE_MAX_DEPTH */
    if (node->text)
        explicit_bzero(node->text, strlen(node->text));
}

static void file_done(ld_kubeconfig_file *file)
{
    if (file->root)
        wipe_node(file->root);
    ld_node_free(file->root);
    ld_release(file->path);
    ld_release(file->folder);
}

void ld_kubeconfig_done(ld_kubeconfig *config)
{
    for (size_t i = 0; i < config->n; i++)
        file_done(&config->files[i]);
    ld_release(config->files);
    ld_release(config->missing);
    *config = (ld_kubeconfig){0};
}

/* ---- places ---- */

bool ld_node_is_null(const ld_node *node)
{
    if (!node)
        return true;
    if (node->kind != LD_NODE_SCALAR || node->quoted)
        return false;
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(node->text, words[i]) == 0)
            return true;
    return false;
}

static leakdiag_status fail_in(const char *path, const ld_node *at, leakdiag_error *err,
                               leakdiag_status status, const char *format, va_list args)
    LD_PRINTF(5, 0);

static leakdiag_status fail_in(const char *path, const ld_node *at, leakdiag_error *err,
                               leakdiag_status status, const char *format, va_list args)
{
    char text[480];
    vsnprintf(text, sizeof text, format, args);
    size_t line = at ? (at->key_line ? at->key_line : at->line) : 0;
    size_t column = at ? (at->key_line ? at->key_column : at->column) : 0;
    if (line == 0)
        return ld_fail(err, status, "%s: %s", path, text);
    return ld_fail_at(err, status, line, column, "%s:%zu:%zu: %s", path, line, column, text);
}

static leakdiag_status fail_at(const ld_kubeconfig_file *file, const ld_node *at,
                               leakdiag_error *err, const char *format, ...) LD_PRINTF(4, 5);

static leakdiag_status fail_at(const ld_kubeconfig_file *file, const ld_node *at,
                               leakdiag_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leakdiag_status status = fail_in(file->path, at, err, LEAKDIAG_E_INVALID, format, args);
    va_end(args);
    return status;
}

leakdiag_status ld_entry_fail(const ld_entry *entry, const char *key, leakdiag_error *err,
                              leakdiag_status status, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const ld_node *at = key ? ld_node_get(entry->node, key) : NULL;
    at = at ? at : entry->item;
    size_t line = at ? (at->key_line ? at->key_line : at->line) : 0;
    size_t column = at ? (at->key_line ? at->key_column : at->column) : 0;
    return ld_fail_at(err, status, line, column, "%s:%zu:%zu: %s %.63s: %s", entry->file->path,
                      line, column, entry->kind, entry->name, text);
}

/* ---- shape ---- */

/* The text after which an error message may repeat what is in the file. */
static void forget_content(leakdiag_error *err)
{
    if (!err)
        return;
    char *near = strstr(err->message, " near "); /* jansson shows the bytes around */
    if (near)
        *near = '\0';
    if (strncmp(err->message, "key \"", 5) == 0) /* what looks like a key may be a secret */
        snprintf(err->message, sizeof err->message, "a key is there twice in one map: remove one");
}

static leakdiag_status check_item(const ld_kubeconfig_file *file, ld_entry_kind kind,
                                  const ld_node *item, leakdiag_error *err)
{
    const char *one = kinds[kind].one;
    if (item->kind != LD_NODE_MAP)
        return fail_at(file, item, err, "an item of %s must be a map with name and %s",
                       kinds[kind].list, one);
    const ld_node *name = ld_node_get(item, "name"), *node = ld_node_get(item, one);
    if (name && name->kind != LD_NODE_SCALAR)
        return fail_at(file, name, err, "the name of a %s must be a text", one);
    if (!ld_node_is_null(node) && node->kind != LD_NODE_MAP)
        return fail_at(file, node, err, "%s must be a map", one);
    return LEAKDIAG_OK;
}

static const char *name_of(const ld_node *item)
{
    const ld_node *name = ld_node_get(item, "name");
    return ld_node_is_null(name) ? "" : name->text;
}

static int by_name(const void *a, const void *b)
{
    const ld_node *x = *(const ld_node *const *)a, *y = *(const ld_node *const *)b;
    int order = strcmp(name_of(x), name_of(y));
    return order ? order : (x > y) - (x < y);
}

/* As client-go: which of the two is meant is not said, so neither is taken. */
static leakdiag_status refuse_doubles(const ld_kubeconfig_file *file, ld_entry_kind kind,
                                      const ld_node *list, leakdiag_error *err)
{
    const ld_node **sorted = ld_alloc_array(list->n ? list->n : 1, sizeof *sorted);
    if (!sorted)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < list->n; i++)
        sorted[i] = &list->children[i];
    qsort(sorted, list->n, sizeof *sorted, by_name);
    const ld_node *first = NULL, *second = NULL;
    for (size_t i = 1; i < list->n && !second; i++)
        if (strcmp(name_of(sorted[i - 1]), name_of(sorted[i])) == 0) {
            first = sorted[i - 1];
            second = sorted[i];
        }
    ld_release(sorted);
    if (!second)
        return LEAKDIAG_OK;
    return fail_at(file, second, err,
                   "%s %.63s is defined twice, on line %zu and on line %zu: rename or remove one",
                   kinds[kind].one, name_of(second), first->line, second->line);
}

static leakdiag_status check_list(const ld_kubeconfig_file *file, ld_entry_kind kind,
                                  leakdiag_error *err)
{
    const ld_node *list = ld_node_get(file->root, kinds[kind].list);
    if (ld_node_is_null(list))
        return LEAKDIAG_OK;
    if (list->kind != LD_NODE_LIST)
        return fail_at(file, list, err, "%s must be a list", kinds[kind].list);
    for (size_t i = 0; i < list->n; i++) {
        leakdiag_status status = check_item(file, kind, &list->children[i], err);
        if (status)
            return status;
    }
    return refuse_doubles(file, kind, list, err);
}

static leakdiag_status check_word(const ld_kubeconfig_file *file, const char *key,
                                  const char *expected, leakdiag_error *err)
{
    const ld_node *node = ld_node_get(file->root, key);
    if (ld_node_is_null(node) || (node->kind == LD_NODE_SCALAR &&
                                  (!*node->text || !expected || !strcmp(node->text, expected))))
        return LEAKDIAG_OK;
    if (!expected)
        return fail_at(file, node, err, "%s must be a text", key);
    return fail_at(file, node, err, "%s is not %s: this is no kubeconfig", key, expected);
}

static leakdiag_status check_shape(const ld_kubeconfig_file *file, leakdiag_error *err)
{
    if (!file->root)
        return LEAKDIAG_OK;
    if (file->root->kind != LD_NODE_MAP)
        return fail_at(file, file->root, err, "no map at its top: this is no kubeconfig");
    leakdiag_status status = check_word(file, "kind", "Config", err);
    if (!status)
        status = check_word(file, "apiVersion", "v1", err);
    if (!status)
        status = check_word(file, "current-context", NULL, err);
    for (int kind = LD_CLUSTERS; !status && kind <= LD_USERS; kind++)
        status = check_list(file, (ld_entry_kind)kind, err);
    return status;
}

/* ---- loading ---- */

static bool is_blank(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!data[i] || !strchr(" \t\r\n", data[i]))
            return false;
    return true;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ld_copy_text(".");
    return ld_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

static leakdiag_status read_file(const char *path, ld_kubeconfig_file *file, leakdiag_error *err)
{
    LD_CLEANUP(ld_secret_text_done) ld_secret_text text = {0};
    char *data = NULL;
    size_t len = 0;
    file->path = ld_copy_text(path);
    file->folder = folder_of(path);
    if (!file->path || !file->folder)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_secret_read_file(path, &data, &len, &file->about, err);
    if (status)
        return status;
    text = (ld_secret_text){.data = data, .len = len, .room = len + 1};
    leakdiag_error why = {0};
    status = is_blank(data, len) ? LEAKDIAG_OK : ld_node_parse(data, len, &file->root, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status) {
        forget_content(&why);
        return ld_fail_at(err, status, why.line, why.column, "%s:%u:%u: %s", path, why.line,
                          why.column, why.message);
    }
    return check_shape(file, err);
}

static leakdiag_status add_file(ld_kubeconfig *config, const char *path, leakdiag_error *err)
{
    leakdiag_status status = read_file(path, &config->files[config->n], err);
    if (status)
        file_done(&config->files[config->n]);
    else
        config->n++;
    if (status)
        config->files[config->n] = (ld_kubeconfig_file){0};
    return status;
}

/* One path of a list: not there is fine, for now. */
static leakdiag_status add_if_there(ld_kubeconfig *config, const char *path, ld_warnings *warnings,
                                    ld_text *missing, leakdiag_error *err)
{
    leakdiag_status status = add_file(config, path, err);
    if (status != LEAKDIAG_E_NOT_FOUND)
        return status;
    if (warnings)
        ld_warn(warnings, "KUBECONFIG names %s, which is not there", path);
    ld_text_addf(missing, "%s%s: not found", missing->len ? "; " : "", path);
    return LEAKDIAG_OK;
}

static leakdiag_status load_explicit(const char *path, ld_kubeconfig *config, leakdiag_error *err)
{
    leakdiag_status status = add_file(config, path, err);
    if (status == LEAKDIAG_E_NOT_FOUND && strchr(path, ':'))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "kubeconfig %s: one file expected; use KUBECONFIG for a list", path);
    if (status == LEAKDIAG_E_NOT_FOUND)
        return ld_fail(err, status, "kubeconfig %s: not found; is the path right from here?", path);
    return status;
}

/* Was it named before in the list? */
static bool is_repeated(const char *list, const char *at, size_t len)
{
    for (const char *p = list; p < at;) {
        size_t n = strcspn(p, ":");
        if (n == len && memcmp(p, at, len) == 0)
            return true;
        p += n + 1;
    }
    return false;
}

static leakdiag_status load_list(const char *list, ld_kubeconfig *config, ld_warnings *warnings,
                                 ld_text *missing, leakdiag_error *err)
{
    size_t seen = 0;
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ":");
        if (n && !is_repeated(list, p, n)) {
            if (++seen > LD_KUBECONFIG_FILES_MAX)
                return ld_fail(err, LEAKDIAG_E_LIMIT, "KUBECONFIG names more than %d files",
                               LD_KUBECONFIG_FILES_MAX);
            LD_CLEANUP(ld_releasep) char *path = ld_copy_bytes(p, n);
            if (!path)
                return ld_fail_nomem(err);
            leakdiag_status status = add_if_there(config, path, warnings, missing, err);
            if (status)
                return status;
        }
        p += n;
        if (!*p)
            return LEAKDIAG_OK;
    }
}

static leakdiag_status load_default(const char *home, ld_kubeconfig *config, ld_text *missing,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    if (!home || !*home) {
        ld_text_add(missing, "neither KUBECONFIG nor HOME is set");
        return LEAKDIAG_OK;
    }
    ld_text_addf(&path, "%s/.kube/config", home);
    if (path.failed)
        return ld_fail_nomem(err);
    return add_if_there(config, path.data, NULL, missing, err);
}

leakdiag_status ld_kubeconfig_load(const char *explicit_path, const ld_surroundings *around,
                                   ld_warnings *warnings, ld_kubeconfig *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_kubeconfig_done) ld_kubeconfig config = {0};
    LD_CLEANUP(ld_text_done) ld_text missing = {0};
    config.files = ld_alloc_array(LD_KUBECONFIG_FILES_MAX, sizeof *config.files);
    if (!config.files)
        return ld_fail_nomem(err);
    leakdiag_status status;
    if (explicit_path && *explicit_path)
        status = load_explicit(explicit_path, &config, err);
    else if (around->kubeconfig && *around->kubeconfig)
        status = load_list(around->kubeconfig, &config, warnings, &missing, err);
    else
        status = load_default(around->home, &config, &missing, err);
    if (!status)
        status = ld_text_take(&missing, &config.missing, err);
    if (status)
        return status;
    *ret = config;
    config = (ld_kubeconfig){0};
    return LEAKDIAG_OK;
}

/* ---- looking ---- */

bool ld_kubeconfig_find(const ld_kubeconfig *config, ld_entry_kind kind, const char *name,
                        ld_entry *ret)
{
    for (size_t i = 0; i < config->n; i++) {
        const ld_node *list = ld_node_get(config->files[i].root, kinds[kind].list);
        for (size_t j = 0; list && j < list->n; j++) {
            const ld_node *item = &list->children[j];
            if (strcmp(name_of(item), name) != 0)
                continue;
            const ld_node *node = ld_node_get(item, kinds[kind].one);
            *ret = (ld_entry){.file = &config->files[i],
                              .node = ld_node_is_null(node) ? NULL : node,
                              .item = item,
                              .kind = kinds[kind].one,
                              .name = name_of(item)};
            return true;
        }
    }
    return false;
}

const char *ld_kubeconfig_current_context(const ld_kubeconfig *config)
{
    for (size_t i = 0; i < config->n; i++) {
        const ld_node *node = ld_node_get(config->files[i].root, "current-context");
        if (!ld_node_is_null(node) && *node->text)
            return node->text;
    }
    return NULL;
}

leakdiag_status ld_kubeconfig_names(const ld_kubeconfig *config, ld_entry_kind kind, char **ret,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    size_t n = 0;
    for (size_t i = 0; i < config->n; i++) {
        const ld_node *list = ld_node_get(config->files[i].root, kinds[kind].list);
        for (size_t j = 0; list && j < list->n; j++) {
            const char *name = name_of(&list->children[j]);
            ld_entry first;
            if (!ld_kubeconfig_find(config, kind, name, &first) || first.file != &config->files[i])
                continue;
            if (n++ < NAMES_SHOWN) {
                ld_text_add(&text, n > 1 ? ", " : "");
                ld_text_add_safe(&text, name, strnlen(name, 63));
            }
        }
    }
    if (n > NAMES_SHOWN)
        ld_text_addf(&text, " and %zu more", n - NAMES_SHOWN);
    if (n == 0)
        ld_text_add(&text, "none");
    return ld_text_take(&text, ret, err);
}

leakdiag_status ld_entry_text(const ld_entry *entry, const char *key, const char **ret,
                              leakdiag_error *err)
{
    const ld_node *node = ld_node_get(entry->node, key);
    *ret = NULL;
    if (ld_node_is_null(node))
        return LEAKDIAG_OK;
    if (node->kind != LD_NODE_SCALAR)
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_INVALID, "%s must be a text", key);
    if (*node->text)
        *ret = node->text;
    return LEAKDIAG_OK;
}

leakdiag_status ld_entry_bool(const ld_entry *entry, const char *key, bool *ret,
                              leakdiag_error *err)
{
    const ld_node *node = ld_node_get(entry->node, key);
    *ret = false;
    if (ld_node_is_null(node))
        return LEAKDIAG_OK;
    bool is_plain = node->kind == LD_NODE_SCALAR && !node->quoted;
    if (is_plain && (ld_text_same_word(node->text, "true", 5)))
        *ret = true;
    else if (!is_plain || !ld_text_same_word(node->text, "false", 6))
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_INVALID,
                             "%s must be true or false, without quotes", key);
    return LEAKDIAG_OK;
}

leakdiag_status ld_entry_child(const ld_entry *entry, const char *key, ld_node_kind kind,
                               const ld_node **ret, leakdiag_error *err)
{
    const ld_node *node = ld_node_get(entry->node, key);
    *ret = NULL;
    if (ld_node_is_null(node))
        return LEAKDIAG_OK;
    if (node->kind != kind)
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_INVALID, "%s must be a %s", key,
                             kind == LD_NODE_LIST ? "list" : "map");
    *ret = node;
    return LEAKDIAG_OK;
}

/* Takes the last "/name" off; false when there is none that can be taken. */
static bool go_up(ld_text *text)
{
    const char *slash = text->len ? strrchr(text->data, '/') : NULL;
    const char *last = slash ? slash + 1 : text->data;
    if (!text->len || strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
        return false;
    text->len = slash ? (size_t)(slash - text->data) : 0;
    text->data[text->len] = '\0';
    return true;
}

/* As client-go: "." and ".." are resolved in the text, whatever links there are. */
static void add_segments(ld_text *text, const char *path)
{
    for (const char *p = path; *p && !text->failed; p += *p == '/') {
        size_t n = strcspn(p, "/");
        bool is_up = n == 2 && memcmp(p, "..", 2) == 0;
        if (n && !(n == 1 && *p == '.') && !(is_up && go_up(text))) {
            ld_text_add_char(text, '/');
            ld_text_add_bytes(text, p, n);
        }
        p += n;
    }
}

char *ld_entry_path(const ld_entry *entry, const char *path)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    char *whole = NULL;
    if (*path == '/')
        return ld_copy_text(path);
    const char *folder = entry->file->folder;
    if (*folder != '/')
        ld_text_add_char(&text, '.');
    add_segments(&text, folder);
    add_segments(&text, path);
    return ld_text_take(&text, &whole, NULL) ? NULL : whole;
}

/* ---- PEM ---- */

static leakdiag_status check_pem(const ld_entry *entry, const char *key, const char *where,
                                 const char *pem, size_t len, const char *marker,
                                 leakdiag_error *err)
{
    if (strlen(pem) != len)
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_INVALID, "%s has a NUL byte: no PEM",
                             where);
    if (strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY") || strstr(pem, "Proc-Type: 4,ENCRYPTED"))
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_UNSUPPORTED,
                             "the key in %s is encrypted, and nobody can be asked for its "
                             "passphrase; store it decrypted (openssl pkey)",
                             where);
    const char *begin = strstr(pem, "-----BEGIN ");
    while (begin && strncmp(begin + 11 + strcspn(begin + 11, "-\r\n") - strlen(marker), marker,
                            strlen(marker)) != 0)
        begin = strstr(begin + 11, "-----BEGIN ");
    if (!begin || !strstr(begin, "-----END "))
        return ld_entry_fail(entry, key, err, LEAKDIAG_E_INVALID,
                             "%s is not PEM: no -----BEGIN … %s----- to its end in it", where,
                             marker);
    return LEAKDIAG_OK;
}

static leakdiag_status pem_of_data(const ld_entry *entry, const char *key, const char *data,
                                   const char *marker, char **ret, leakdiag_error *err)
{
    LD_SECRET *pem = NULL;
    size_t len = 0;
    leakdiag_error why = {0};
    leakdiag_status status = ld_base64_decode(data, strlen(data), &pem, &len, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        return ld_entry_fail(entry, key, err, status, "%s: %s", key, why.message);
    status = check_pem(entry, key, key, pem, len, marker, err);
    if (!status)
        *ret = ld_steal(&pem);
    return status;
}

static leakdiag_status pem_of_file(const ld_entry *entry, const char *key, const char *path,
                                   const char *marker, char **ret, leakdiag_error *err)
{
    LD_SECRET *pem = NULL;
    size_t len = 0;
    leakdiag_error why = {0};
    leakdiag_status status = ld_secret_read_file(path, &pem, &len, NULL, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        return ld_entry_fail(entry, key, err, status, "%s: %s (relative paths count from %s)", key,
                             why.message, entry->file->folder);
    status = check_pem(entry, key, path, pem, len, marker, err);
    if (!status)
        *ret = ld_steal(&pem);
    return status;
}

leakdiag_status ld_entry_pem(const ld_entry *entry, const char *key, const char *marker, char **ret,
                             char **ret_path, leakdiag_error *err)
{
    char data_key[64];
    const char *data, *file;
    snprintf(data_key, sizeof data_key, "%s-data", key);
    leakdiag_status status = ld_entry_text(entry, data_key, &data, err);
    if (!status)
        status = ld_entry_text(entry, key, &file, err);
    if (status)
        return status;
    if (data && file)
        return ld_entry_fail(entry, data_key, err, LEAKDIAG_E_INVALID,
                             "%s and %s are both there: remove one", data_key, key);
    if (data)
        return pem_of_data(entry, data_key, data, marker, ret, err);
    if (!file)
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_releasep) char *path = ld_entry_path(entry, file);
    if (!path)
        return ld_fail_nomem(err);
    status = pem_of_file(entry, key, path, marker, ret, err);
    if (!status && ret_path)
        *ret_path = ld_steal(&path);
    return status;
}
