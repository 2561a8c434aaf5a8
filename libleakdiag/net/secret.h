/* Bytes that are nobody else's business: read from small files, decoded, and wiped when freed. */
#ifndef LD_NET_SECRET_H
#define LD_NET_SECRET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LD_SECRET_FILE_MAX_BYTES ((size_t)1 << 20)

/* Wipes the text to its NUL, and frees it. NULL is fine. */
void ld_secret_release(char *text);
static inline void ld_secret_releasep(char **p)
{
    ld_secret_release(*p);
}
#define LD_SECRET LD_CLEANUP(ld_secret_releasep) char

/* A growing text that leaves no copy behind; an out-of-memory sticks, as in ld_text. */
typedef struct ld_secret_text {
    char *data; /* NUL-terminated once anything was added */
    size_t len, room;
    bool failed;
} ld_secret_text;

void ld_secret_add(ld_secret_text *text, const char *data, size_t len);
leakdiag_status ld_secret_take(ld_secret_text *text, char **ret, leakdiag_error *err);
void ld_secret_text_done(ld_secret_text *text);

/* The file as it was when it was read: tells whether it changed, and who may have written it. */
typedef struct ld_file_about {
    dev_t device;
    ino_t inode;
    int64_t changed_ns, bytes;
    uid_t owner;
    mode_t mode;
} ld_file_about;

/* The whole of a file or pipe, at most LD_SECRET_FILE_MAX_BYTES, without waiting for more than a
 * few seconds. *ret is NUL-terminated and may hold any byte. about may be NULL. */
leakdiag_status ld_secret_read_file(const char *path, char **ret, size_t *ret_len,
                                    ld_file_about *about, leakdiag_error *err);
/* False when there is no such file now. */
bool ld_file_look(const char *path, ld_file_about *ret);
bool ld_file_same(const ld_file_about *a, const ld_file_about *b);

/* Base64 with or without '=' and line breaks, also of the URL kind. LEAKDIAG_E_INVALID without a
 * word about what it was. */
leakdiag_status ld_base64_decode(const char *text, size_t len, char **ret, size_t *ret_len,
                                 leakdiag_error *err);
/* From ld_alloc; NULL when out of memory. */
char *ld_base64_encode(const char *data, size_t len);

#endif
