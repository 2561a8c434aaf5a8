/* Kubeconfig files: found, read, and looked at as one. The first file that defines a name wins, and
 * its whole entry; no fields are mixed. Nothing that is said of them holds a secret. */
#ifndef LD_NET_KUBECONFIG_H
#define LD_NET_KUBECONFIG_H

#include "base/node.h"
#include "net/secret.h"
#include "net/surroundings.h"
#include "net/warnings.h"

#define LD_KUBECONFIG_FILES_MAX 64

typedef struct ld_kubeconfig_file {
    char *path, *folder; /* folder: what relative paths in it are relative to */
    ld_node *root;       /* NULL: the file is empty */
    ld_file_about about;
} ld_kubeconfig_file;

typedef struct ld_kubeconfig {
    ld_kubeconfig_file *files;
    size_t n;
    char *missing; /* "a: not found; b: not found": for the message when none is there; NULL */
} ld_kubeconfig;

/* explicit_path, or what the surroundings name. A list of which nothing exists is LEAKDIAG_OK with
 * n 0; a file that was named explicitly must be there. */
leakdiag_status ld_kubeconfig_load(const char *explicit_path, const ld_surroundings *around,
                                   ld_warnings *warnings, ld_kubeconfig *ret, leakdiag_error *err);
void ld_kubeconfig_done(ld_kubeconfig *config);

/* A map in one of the files. */
typedef struct ld_entry {
    const ld_kubeconfig_file *file;
    const ld_node *node;     /* the map; NULL: empty */
    const ld_node *item;     /* what holds it, for places */
    const char *kind, *name; /* "cluster", "prod": for messages */
} ld_entry;

typedef enum ld_entry_kind { LD_CLUSTERS, LD_CONTEXTS, LD_USERS } ld_entry_kind;

bool ld_kubeconfig_find(const ld_kubeconfig *config, ld_entry_kind kind, const char *name,
                        ld_entry *ret);
/* current-context of the first file that has one, or NULL. */
const char *ld_kubeconfig_current_context(const ld_kubeconfig *config);
/* "a, b, c" and "… and 5 more", at most ten; "none". *ret from ld_alloc. */
leakdiag_status ld_kubeconfig_names(const ld_kubeconfig *config, ld_entry_kind kind, char **ret,
                                    leakdiag_error *err);

/* Fails with "PATH:LINE:COL: KIND NAME: …"; at the member of that key, or at the entry. */
leakdiag_status ld_entry_fail(const ld_entry *entry, const char *key, leakdiag_error *err,
                              leakdiag_status status, const char *format, ...) LD_PRINTF(5, 6);
/* A member's text; NULL when missing, null or "". Another kind of value is an error. */
leakdiag_status ld_entry_text(const ld_entry *entry, const char *key, const char **ret,
                              leakdiag_error *err);
leakdiag_status ld_entry_bool(const ld_entry *entry, const char *key, bool *ret,
                              leakdiag_error *err);
/* A member that must be a list or map; NULL when missing or null. */
leakdiag_status ld_entry_child(const ld_entry *entry, const char *key, ld_node_kind kind,
                               const ld_node **ret, leakdiag_error *err);
/* A plain null, or nothing at all. */
bool ld_node_is_null(const ld_node *node);
/* "a/b" below the file's folder; as it is when absolute. From ld_alloc; NULL: out of memory. */
char *ld_entry_path(const ld_entry *entry, const char *path);

/* key-data (base64) or the file under key, as PEM that has `marker` in it; *ret NULL when neither
 * is there. *ret_path, when it came from a file, is that file; may be NULL. Freed with
 * ld_secret_release(). */
leakdiag_status ld_entry_pem(const ld_entry *entry, const char *key, const char *marker, char **ret,
                             char **ret_path, leakdiag_error *err);

#endif
