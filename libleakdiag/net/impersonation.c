#include "net/impersonation.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define HEADERS_MAX 256

void ld_headers_free(char **headers)
{
    for (size_t i = 0; headers && headers[i]; i++)
        ld_secret_release(headers[i]);
    ld_release(headers);
}
static void ld_headers_freep(char ***p)
{
    ld_headers_free(*p);
}

leakdiag_status ld_headers_copy(char *const *headers, char ***ret, leakdiag_error *err)
{
    size_t n = 0;
    while (headers[n])
        n++;
    LD_CLEANUP(ld_headers_freep) char **copy = ld_alloc_array(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        if (!(copy[i] = ld_copy_text(headers[i])))
            return ld_fail_nomem(err);
    if (!copy)
        return ld_fail_nomem(err);
    *ret = ld_steal(&copy);
    return LEAKDIAG_OK;
}

typedef struct writer {
    char **headers; /* room for HEADERS_MAX and the NULL */
    size_t n;
    const ld_entry *user;
} writer;

static leakdiag_status refuse(const writer *w, const char *key, leakdiag_error *err,
                              const char *why)
{
    if (w->user)
        return ld_entry_fail(w->user, key, err, LEAKDIAG_E_INVALID, "%s %s", key, why);
    return ld_fail(err, LEAKDIAG_E_INVALID, "the user to act as %s", why);
}

static leakdiag_status add(writer *w, const char *key, const char *name, const char *value,
                           leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    if (w->n == HEADERS_MAX)
        return refuse(w, key, err, "makes too many headers");
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return refuse(w, key, err, "has a control byte: no header may have it");
    ld_text_addf(&text, "%s: %s", name, value);
    leakdiag_status status = ld_text_take(&text, &w->headers[w->n], err);
    w->n += !status;
    return status;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$&'*+-.^_`|~", c));
}

/* The key of an extra becomes part of a header's name: lower case, and what a name may not have is
 * percent-encoded, '%' too. */
static void add_key(ld_text *text, const char *key)
{
    for (const char *p = key; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
        if (is_token_char(c))
            ld_text_add_char(text, c);
        else
            ld_text_addf(text, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static leakdiag_status add_list(writer *w, const char *key, const char *name, const ld_node *list,
                                leakdiag_error *err)
{
    if (list->kind != LD_NODE_LIST)
        return refuse(w, key, err, "must be a list");
    for (size_t i = 0; i < list->n; i++) {
        if (list->children[i].kind != LD_NODE_SCALAR)
            return refuse(w, key, err, "must have texts");
        leakdiag_status status = add(w, key, name, list->children[i].text, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status add_extra(writer *w, const ld_node *extra, leakdiag_error *err)
{
    for (size_t i = 0; i < extra->n; i++) {
        LD_CLEANUP(ld_text_done) ld_text name = {0};
        ld_text_add(&name, "Impersonate-Extra-");
        add_key(&name, extra->children[i].key);
        if (name.failed)
            return ld_fail_nomem(err);
        leakdiag_status status = add_list(w, "as-user-extra", name.data, &extra->children[i], err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status add_of_entry(writer *w, const ld_entry *user, leakdiag_error *err)
{
    const char *uid;
    const ld_node *groups, *extra;
    leakdiag_status status = ld_entry_text(user, "as-uid", &uid, err);
    if (!status)
        status = ld_entry_child(user, "as-groups", LD_NODE_LIST, &groups, err);
    if (!status)
        status = ld_entry_child(user, "as-user-extra", LD_NODE_MAP, &extra, err);
    if (status)
        return status;
    if (w->n == 0 && (uid || groups || extra))
        return ld_entry_fail(user, "as-uid", err, LEAKDIAG_E_INVALID,
                             "as-uid, as-groups and as-user-extra need as: a user to act as");
    if (uid)
        status = add(w, "as-uid", "Impersonate-Uid", uid, err);
    if (!status && groups)
        status = add_list(w, "as-groups", "Impersonate-Group", groups, err);
    if (!status && extra)
        status = add_extra(w, extra, err);
    return status;
}

leakdiag_status ld_impersonation_read(const ld_entry *user, const char *instead, char ***ret,
                                      leakdiag_error *err)
{
    LD_CLEANUP(ld_headers_freep) char **headers = ld_alloc_array(HEADERS_MAX + 1, sizeof *headers);
    writer w = {.headers = headers, .user = user};
    const char *as = NULL;
    if (!headers)
        return ld_fail_nomem(err);
    leakdiag_status status = user ? ld_entry_text(user, "as", &as, err) : LEAKDIAG_OK;
    if (instead && *instead) {
        as = instead;
        w.user = NULL;
    }
    if (!status && as)
        status = add(&w, "as", "Impersonate-User", as, err);
    w.user = user;
    if (!status && user)
        status = add_of_entry(&w, user, err);
    if (!status && w.n)
        *ret = ld_steal(&headers);
    return status;
}
