/* Text laid out for a terminal: words that wrap, columns, colours; everything from outside escaped.
 *
 * No line is wider than the paper unless one word alone is. No blank ends a line, and each line
 * closes its own colour, so that a pager may begin anywhere. */
#ifndef LD_REPORT_PAPER_H
#define LD_REPORT_PAPER_H

#include "base/text.h"

/* One of the inks, or'ed with LD_INK_STRONG. */
typedef enum ld_ink {
    LD_INK_PLAIN = 0,
    LD_INK_DIM = 1,
    LD_INK_GREEN = 2,
    LD_INK_YELLOW = 3,
    LD_INK_RED = 4,
    LD_INK_MAGENTA = 5,
    LD_INK_CYAN = 6,
    LD_INK_STRONG = 8
} ld_ink;

#define LD_PAPER_COLUMNS_MIN 20
#define LD_PAPER_COLUMNS_MAX 1000

typedef struct ld_paper {
    ld_text text;
    size_t columns;
    bool color, ascii;
    size_t indent; /* where a wrapped line goes on; ld_paper_end() sets it to 0 */
    size_t column; /* what is written of this line */
    size_t gap;    /* blanks due before the next word */
    unsigned ink;  /* in effect */
} ld_paper;

void ld_paper_done(ld_paper *paper); /* free the content; for LD_CLEANUP */
/* Words from anywhere, wrapped at blanks; the first one is set off from what is before it. */
void ld_paper_words(ld_paper *paper, unsigned ink, const char *text);
/* A shell command: breaks between its words with a backslash, so that it can be pasted. */
void ld_paper_command(ld_paper *paper, unsigned ink, const char *command);
/* The next word begins at this column, or two blanks after what is already there. */
void ld_paper_at(ld_paper *paper, size_t column);
/* The same, and lines that wrap from here on go on there. */
void ld_paper_margin(ld_paper *paper, size_t column);
/* The project's own characters, as they are: no blank before them, no wrap. */
void ld_paper_glyphs(ld_paper *paper, unsigned ink, const char *glyphs);
void ld_paper_end(ld_paper *paper); /* the line ends */
void ld_paper_blank(ld_paper *paper);
/* The words in full on a line of their own, from `column` on. */
void ld_paper_line(ld_paper *paper, size_t column, unsigned ink, const char *text);
/* How many columns the words would take on one line. */
size_t ld_paper_width(const ld_paper *paper, const char *text);

/* Columns of safe UTF-8 text on a terminal: East Asian wide characters take two, combining ones
 * none. */
size_t ld_text_columns(const char *data, size_t len);

#endif
