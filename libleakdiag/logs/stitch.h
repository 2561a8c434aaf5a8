/* Joins what is read of a container's log, look by look, into one stream in which each line comes
 * once. Pure.
 *
 * What the Kubernetes API gives of a log is the end of one file: of the running instance, or of the
 * one before it. Times do not join such pieces: a query's time is whole seconds, clocks are set
 * back, and equal lines may carry one time. So pieces are laid over each other: the lines that were
 * taken last are looked for in what comes next, and what follows them is new. Where they are in
 * none of the two files, lines were lost, and that is said. */
#ifndef LD_LOGS_STITCH_H
#define LD_LOGS_STITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LD_STITCH_RUNS       64                /* remembered of one file: runs of equal lines */
#define LD_STITCH_LINES_MAX  ((size_t)1 << 20) /* of one piece */
#define LD_STITCH_SILENCE_MS INT64_C(10000)    /* a new instance may take to its first line */
#define LD_STITCH_PATIENCE   12                /* looks for which a contradiction is not believed */

/* A line, its time included: 128 bits of hash, and some of the time's alone. */
typedef struct ld_mark {
    uint64_t a, b;
    uint64_t stamp;
    size_t len;
} ld_mark;

typedef struct ld_run { /* equal lines in a row */
    ld_mark mark;
    uint64_t n;
} ld_run;

/* The last lines that were taken of one file. */
typedef struct ld_window {
    ld_run runs[LD_STITCH_RUNS]; /* oldest first */
    size_t n;
    bool is_whole;   /* nothing of the file lies before the first run */
    bool is_open;    /* the first run may have begun before */
    int64_t last_ms; /* the time of its last line; 0 not known */
} ld_window;

/* Plain data: all zero in the beginning, copied at will. */
typedef struct ld_stitch {
    ld_window now;          /* of the file of the newest instance */
    ld_window before;       /* of the one before it, which may still be asked for */
    bool is_opened;         /* something was read */
    bool is_before_known;   /* or known to be none */
    bool is_before_open;    /* its end was not yet seen twice: an answer may have been cut off */
    bool is_before_guessed; /* it was asked for together with the current one */
    int deferred;           /* looks in a row that made no sense */
    ld_mark torn;           /* what stood behind the last newline of the file before */
} ld_stitch;

typedef enum ld_piece_kind {
    LD_PIECE_NOT_ASKED = 0,
    LD_PIECE_UNREAD,   /* asked for, and there was no answer */
    LD_PIECE_ABSENT,   /* there is no such log */
    LD_PIECE_TAIL,     /* its last lines; the first of them may be the rest of a longer one */
    LD_PIECE_END_TAIL, /* the same, and all of it cannot be had: it is too long */
    LD_PIECE_WHOLE
} ld_piece_kind;

typedef struct ld_piece {
    ld_piece_kind kind;
    const char *data;
    size_t len;
} ld_piece;

/* What has to be asked before it can be told what is new. The log of the instance before must be
 * asked for when the current one was answered, not together with it: else there may be an instance
 * between the two. Only the first look may ask for both at once: the next one asks for the instance
 * before once more, and finds the one between. */
typedef enum ld_need {
    LD_NEED_NOTHING = 0,
    LD_NEED_WHOLE,          /* of the current instance */
    LD_NEED_PREVIOUS,       /* the log of the instance before */
    LD_NEED_PREVIOUS_WHOLE, /* all of that */
    LD_NEED_LATER /* there was no answer, or one contradicts what was read before (it was cut off,
                     most likely): no line is taken, the next look will tell */
} ld_need;

typedef struct ld_gap {
    const char *reason; /* NULL: none */
    int64_t from_ms;    /* of the last line before it; 0 not known */
    int64_t to_ms;      /* of the first line behind it; 0 not known */
} ld_gap;

typedef struct ld_seam {
    ld_need need; /* not NOTHING: nothing else is set but next for LATER */
    /* New are previous[previous_from, previous_to) and then current[current_from, current_to). */
    size_t previous_from, previous_to, current_from, current_to;
    bool is_previous_behind; /* the other way round */
    uint64_t current_lines;  /* how many of the current piece are new */
    bool is_previous_closed; /* the log of the instance before will bring no more */
    ld_gap gap;
    ld_stitch next; /* to be kept in place of the stitch once the lines were counted */
} ld_seam;

/* What the cluster says of the newest instance, perhaps late. */
typedef struct ld_hint {
    bool has_restarted; /* since the log of the instance before was read to its end */
    int64_t started_ms; /* 0 not known */
} ld_hint;

/* E_LIMIT for a piece of more lines than LD_STITCH_LINES_MAX, E_NOMEM. */
leakdiag_status ld_stitch_look(const ld_stitch *stitch, const ld_piece *current,
                               const ld_piece *previous, const ld_hint *hint, ld_seam *ret,
                               leakdiag_error *err);

/* The time that stands before the first blank of a line, as the kubelet writes it; false: none. */
bool ld_line_stamp(const char *line, size_t len, int64_t *ret_ms);

#endif
