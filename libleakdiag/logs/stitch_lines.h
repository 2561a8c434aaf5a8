/* Lines as marks, and the window of the last ones. */
#ifndef LD_LOGS_STITCH_LINES_H
#define LD_LOGS_STITCH_LINES_H

#include "logs/stitch.h"

/* The whole lines of a piece. */
typedef struct ld_marks {
    ld_mark *list;  /* made as they are asked for */
    size_t *begins; /* n + 1 of them: the last is behind the last newline */
    size_t n;
    bool is_tail;
    const ld_piece *piece;
} ld_marks;

leakdiag_status ld_marks_read(const ld_piece *piece, ld_marks *ret, leakdiag_error *err);
void ld_marks_done(ld_marks *marks);
ld_mark ld_mark_of(const char *data, size_t len);
bool ld_mark_equal(ld_mark a, ld_mark b);
/* Of the first or last line that has one; 0 none. */
int64_t ld_marks_first_ms(const ld_marks *marks, size_t from);
int64_t ld_marks_last_ms(const ld_marks *marks);

typedef enum ld_found { LD_FOUND_NOT = 0, LD_FOUND_UNSURE, LD_FOUND } ld_found;

/* Where the lines behind the window begin. */
ld_found ld_window_find(const ld_window *window, const ld_marks *marks, size_t *ret_at);
void ld_window_add(ld_window *window, const ld_marks *marks, size_t from);
/* A new one, of these lines alone. */
void ld_window_begin(ld_window *window, const ld_marks *marks);

#endif
