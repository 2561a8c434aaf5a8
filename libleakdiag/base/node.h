/* A document as a tree of texts, lists and maps: what YAML and JSON have in common. Every node
 * knows its place. Nothing is interpreted: 300, on and null are texts.
 *
 * YAML is read in a strict subset (no anchors, aliases, tags, merge keys, directives or further
 * documents) through libyaml's event interface, because its document loader has no limits.
 */
#ifndef LD_BASE_NODE_H
#define LD_BASE_NODE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LD_NODE_MAX_BYTES        1048576 /* of a document */
#define LD_NODE_MAX_DEPTH        32
#define LD_NODE_MAX_EVENTS       200000 /* beginnings, ends and texts */
#define LD_NODE_MAX_SCALAR_BYTES 65536

typedef enum ld_node_kind { LD_NODE_SCALAR, LD_NODE_LIST, LD_NODE_MAP } ld_node_kind;

typedef struct ld_node ld_node;
struct ld_node {
    ld_node_kind kind;
    bool quoted;         /* a scalar in quotes, or a | or > block; in JSON: a string */
    size_t line, column; /* of its first character, from 1; columns count characters */
    char *text;          /* of a scalar: UTF-8 without NUL; else NULL */

    char *key; /* of a map's member; else NULL */
    bool key_quoted;
    size_t key_line, key_column;

    ld_node *children; /* of a list or map, in the order of the text */
    size_t n, room;
};

/* Reads JSON when the first character that is not blank is '{', else YAML.
 * LEAKDIAG_E_INVALID and LEAKDIAG_E_LIMIT come with line and column. */
leakdiag_status ld_node_parse(const char *data, size_t len, ld_node **ret, leakdiag_error *err);
void ld_node_free(ld_node *node);
LD_DEFINE_CLEANUP(ld_node, ld_node_free, ld_node_freep)

/* The member of a map, or NULL (also when it is no map). */
const ld_node *ld_node_get(const ld_node *map, const char *key);
/* The text of a scalar, or NULL (also for NULL). */
const char *ld_node_text(const ld_node *node);

/* How a reader makes the tree: events in the order of the text. It checks what is the same for all
 * formats: depth, number of events, keys that are texts and not doubled. */
typedef struct ld_node_builder {
    ld_node *root;
    ld_node *open[LD_NODE_MAX_DEPTH]; /* open[depth - 1] is the innermost */
    size_t depth;
    size_t events;
    ld_node key; /* read, and waiting for its value */
} ld_node_builder;

typedef struct ld_scalar {
    const char *data;
    size_t len;
    bool quoted;
} ld_scalar;

leakdiag_status ld_node_add_scalar(ld_node_builder *builder, ld_scalar scalar, size_t line,
                                   size_t column, leakdiag_error *err);
leakdiag_status ld_node_open(ld_node_builder *builder, ld_node_kind kind, size_t line,
                             size_t column, leakdiag_error *err);
leakdiag_status ld_node_close(ld_node_builder *builder, leakdiag_error *err);
void ld_node_builder_done(ld_node_builder *builder); /* for LD_CLEANUP */

/* The two readers behind ld_node_parse(). */
leakdiag_status ld_yaml_read(const char *data, size_t len, ld_node **ret, leakdiag_error *err);
leakdiag_status ld_json_read(const char *data, size_t len, ld_node **ret, leakdiag_error *err);

#endif
