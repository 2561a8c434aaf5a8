/* A growing text. An out-of-memory sticks: append freely, ask once at the end. */
#ifndef LD_BASE_TEXT_H
#define LD_BASE_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

typedef struct ld_text {
    char *data; /* NUL-terminated once anything was appended; may be NULL when empty */
    size_t len;
    size_t room;
    bool failed; /* out of memory happened */
} ld_text;

void ld_text_done(ld_text *text); /* free the content; for LD_CLEANUP */
void ld_text_add(ld_text *text, const char *more);
void ld_text_add_bytes(ld_text *text, const char *data, size_t len);
void ld_text_add_char(ld_text *text, char c);
void ld_text_addf(ld_text *text, const char *format, ...) LD_PRINTF(2, 3); /* no %f and kin */
/* Shortest decimal that reads back as the same double; "null" for NAN and infinities. */
void ld_text_add_number(ld_text *text, double value);
/* Fixed number of decimals, locale-free; "?" for NAN. */
void ld_text_add_fixed(ld_text *text, double value, int decimals);
/* Outside text for a terminal or a one-line message: C0, DEL, C1, bidi controls, zero-width and
 * broken UTF-8 become visible escapes (\x1b). */
void ld_text_add_safe(ld_text *text, const char *data, size_t len);
/* The same for XML 1.0 content and attributes. */
void ld_text_add_xml(ld_text *text, const char *data, size_t len);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD, and what a terminal would
 * obey is escaped, since JSON is looked at there too. */
void ld_text_add_json(ld_text *text, const char *data, size_t len);
/* Hands the text out (an empty one as ""), or fails with LEAKDIAG_E_NOMEM. */
leakdiag_status ld_text_take(ld_text *text, char **ret, leakdiag_error *err);
/* Like strcmp()==0, and NULLs are equal to NULLs only. */
bool ld_text_equal(const char *a, const char *b);
/* The same letters, whatever their case; ASCII only: strncasecmp() follows the locale. Both have
 * len bytes, or end sooner with a NUL. */
bool ld_text_same_word(const char *a, const char *b, size_t len);
/* The candidate nearest to word, or NULL: "did you mean". Edit distance at most a third of the
 * word's length and one more (two exchanged letters are two edits); 1 for a word of two letters. */
const char *ld_text_nearest(const char *word, const char *const *candidates, size_t n);
/* Length in bytes of the valid UTF-8 sequence at data, 0 if it is broken. */
size_t ld_utf8_len(const char *data, size_t len);
/* Is that sequence (n from ld_utf8_len) a character that moves the cursor, reorders or hides text?
 */
bool ld_utf8_is_unsafe(const char *data, size_t n);

#endif
