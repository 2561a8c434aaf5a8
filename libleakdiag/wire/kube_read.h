/* What the decoders of the Kubernetes API share. */
#ifndef LD_WIRE_KUBE_READ_H
#define LD_WIRE_KUBE_READ_H

#include "base/json.h"
#include "base/text.h"
#include "wire/kube.h"

#define LD_KUBE_CONTAINERS_MAX 64 /* of one pod */

/* The body without what stands in the lists "managedFields", which is not checked. *ret is empty
 * before, and stays so when the body has none. E_NOMEM only. */
leakdiag_status ld_kube_lean(const char *body, size_t len, ld_text *ret, leakdiag_error *err);
/* Checks the answer and parses an object of one of two kinds (the second may be NULL), without what
 * is in its managedFields. */
leakdiag_status ld_kube_parse(const ld_kube_asked *asked, const ld_answer *answer, const char *kind,
                              const char *or_kind, json_t **ret, leakdiag_error *err);
/* The same with them. */
leakdiag_status ld_kube_parse_whole(const ld_kube_asked *asked, const ld_answer *answer,
                                    const char *kind, const char *or_kind, json_t **ret,
                                    leakdiag_error *err);
/* As ld_kube_parse() for a list: at most LD_KUBE_ITEMS_MAX items, each an object with a name. The
 * items are borrowed from *ret. */
leakdiag_status ld_kube_parse_list(const ld_kube_asked *asked, const ld_answer *answer,
                                   const char *kind, json_t **ret, const json_t **ret_items,
                                   leakdiag_error *err);
/* "get pods "x" in namespace y: TEXT". */
leakdiag_status ld_kube_fail(const ld_kube_asked *asked, leakdiag_status status, const char *text,
                             leakdiag_error *err);

/* A text member into *ret, which stays when it is absent or no text. false: out of memory. */
bool ld_kube_copy(const json_t *object, const char *key, char **ret);
/* Unix ms; 0 when absent, unreadable, or not after 1970. */
int64_t ld_kube_time(const json_t *object, const char *key);
/* A whole number of at least 0 that a double holds; else `absent`. */
int64_t ld_kube_count(const json_t *object, const char *key, int64_t absent);
/* A label or annotation, or NULL. Borrowed. */
const char *ld_kube_label(const json_t *metadata, const char *map, const char *key);
/* The condition of that type, or NULL. Borrowed. */
const json_t *ld_kube_condition(const json_t *status, const char *type);
bool ld_kube_is_text(const json_t *object, const char *key, const char *wanted);

/* A label selector as a query. *ret stays NULL when there is none or it is empty. E_PROTOCOL when
 * it is none: dropping a part would select more. */
leakdiag_status ld_kube_selector_text(const json_t *selector, char **ret, leakdiag_error *err);
/* The same from plain labels. */
leakdiag_status ld_kube_labels_text(const json_t *labels, char **ret, leakdiag_error *err);
/* One key or value of a selector. */
bool ld_kube_is_label_key(const char *text, size_t len);
bool ld_kube_is_label_value(const char *text, size_t len);

/* A Pod as a list of one. */
leakdiag_status ld_kube_read_pod_object(const ld_kube_asked *asked, const json_t *pod,
                                        ld_kube_pods *ret, leakdiag_error *err);
/* The pods of a namespace, not paged; selector may be NULL. */
leakdiag_status ld_kube_path_pod_list(const char *ns, const char *selector, char **ret,
                                      leakdiag_error *err);
/* Containers first, then init containers, of a pod's spec. */
leakdiag_status ld_kube_read_containers(const json_t *spec, ld_kube_container **ret, size_t *ret_n,
                                        leakdiag_error *err);
void ld_kube_containers_done(ld_kube_container *list, size_t n);
void ld_kube_env_done(ld_kube_env *env, size_t n);
/* resources.WHICH.memory: *text stays NULL when there is none, *bytes is NAN when there is none or
 * it is not readable; why may be NULL. */
leakdiag_status ld_kube_read_memory(const json_t *resources, const char *which, char **text,
                                    double *bytes, char **why, leakdiag_error *err);

#endif
