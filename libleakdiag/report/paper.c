#include "report/paper.h"

#include "base/cleanup.h"

void ld_paper_done(ld_paper *paper)
{
    ld_text_done(&paper->text);
}

static void set_ink(ld_paper *paper, unsigned ink)
{
    static const char *const codes[] = {"", "2", "32", "33", "31", "35", "36"};
    if (!paper->color || ink == paper->ink)
        return;
    if (paper->ink != LD_INK_PLAIN)
        ld_text_add(&paper->text, "\x1b[0m");
    unsigned hue = ink & 7u;
    bool is_strong = (ink & LD_INK_STRONG) != 0;
    if (ink != LD_INK_PLAIN)
        ld_text_addf(&paper->text, "\x1b[%s%s%sm", is_strong ? "1" : "",
                     is_strong && hue ? ";" : "", codes[hue]);
    paper->ink = ink;
}

static void add_blanks(ld_paper *paper, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ld_text_add_char(&paper->text, ' ');
    paper->column += n;
}

static void break_line(ld_paper *paper)
{
    set_ink(paper, LD_INK_PLAIN);
    ld_text_add_char(&paper->text, '\n');
    paper->column = 0;
}

void ld_paper_end(ld_paper *paper)
{
    break_line(paper);
    paper->indent = paper->gap = 0;
}

void ld_paper_blank(ld_paper *paper)
{
    if (paper->column)
        ld_paper_end(paper);
    ld_paper_end(paper);
}

void ld_paper_at(ld_paper *paper, size_t column)
{
    if (paper->column == 0 || column > paper->column)
        paper->gap = column - paper->column;
    else
        paper->gap = 2;
}

void ld_paper_margin(ld_paper *paper, size_t column)
{
    ld_paper_at(paper, column);
    paper->indent = column;
}

void ld_paper_glyphs(ld_paper *paper, unsigned ink, const char *glyphs)
{
    add_blanks(paper, paper->gap);
    paper->gap = 0;
    set_ink(paper, ink);
    ld_text_add(&paper->text, glyphs);
    paper->column += ld_text_columns(glyphs, strlen(glyphs));
}

/* What people's prose uses beyond ASCII, as plain as it gets; other characters by their number. */
static const char *plain_form(const char *character, size_t n)
{
    static const struct {
        const char *from, *to;
    } forms[] = {{"\xe2\x80\x93", "-"},   {"\xe2\x80\x94", "-"},  {"\xe2\x80\x98", "'"},
                 {"\xe2\x80\x99", "'"},   {"\xe2\x80\x9c", "\""}, {"\xe2\x80\x9d", "\""},
                 {"\xe2\x80\xa6", "..."}, {"\xc3\x97", "x"},      {"\xe2\x89\xa4", "<="},
                 {"\xe2\x89\xa5", ">="},  {"\xc2\xb1", "+-"}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strlen(forms[i].from) == n && memcmp(forms[i].from, character, n) == 0)
            return forms[i].to;
    return NULL;
}

static unsigned code_point(const char *character, size_t n)
{
    unsigned code = (unsigned char)character[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)character[i] & 0x3fu);
    return code;
}

static void add_ascii(ld_text *out, const char *safe, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(safe + i, len - i);
        const char *plain = n > 1 ? plain_form(safe + i, n) : NULL;
        if (n <= 1)
            ld_text_add_char(out, safe[i]);
        else if (plain)
            ld_text_add(out, plain);
        else
            ld_text_addf(out, "\\u{%x}", code_point(safe + i, n));
        i += n ? n : 1;
    }
}

/* A word as it will be seen. */
static void shape_word(const ld_paper *paper, const char *data, size_t len, ld_text *out)
{
    if (!paper->ascii) {
        ld_text_add_safe(out, data, len);
        return;
    }
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    ld_text_add_safe(&safe, data, len);
    out->failed = out->failed || safe.failed;
    if (safe.data)
        add_ascii(out, safe.data, safe.len);
}

/* `behind` columns must stay free behind the word; `bridge` ends a line that goes on. */
static void add_word(ld_paper *paper, unsigned ink, const ld_text *word, size_t behind,
                     const char *bridge)
{
    size_t width = ld_text_columns(word->data, word->len);
    size_t room = paper->columns > behind + width ? paper->columns - behind - width : 0;
    if (paper->column && paper->column + paper->gap > room) {
        ld_text_add(&paper->text, bridge);
        break_line(paper);
        paper->gap = paper->indent;
    }
    if (paper->column == 0 && paper->gap > room)
        paper->gap = room; /* rather less indented than over the edge */
    add_blanks(paper, paper->gap);
    set_ink(paper, ink);
    ld_text_add_bytes(&paper->text, word->data, word->len);
    paper->column += width;
    paper->gap = 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

void ld_paper_words(ld_paper *paper, unsigned ink, const char *text)
{
    LD_CLEANUP(ld_text_done) ld_text word = {0};
    for (const char *p = text; *p;) {
        if (is_blank(*p)) {
            p++;
            continue;
        }
        const char *from = p;
        while (*p && !is_blank(*p))
            p++;
        word.len = 0;
        shape_word(paper, from, (size_t)(p - from), &word);
        if (!word.failed)
            add_word(paper, ink, &word, 0, "");
    }
    paper->text.failed = paper->text.failed || word.failed;
}

/* Where the shell's next word ends: blanks in quotes or behind a backslash belong to it. */
static const char *shell_word_end(const char *p)
{
    char quote = '\0';
    for (; *p; p++) {
        if (*p == '\\' && quote != '\'' && p[1])
            p++;
        else if (quote)
            quote = *p == quote ? '\0' : quote;
        else if (*p == '\'' || *p == '"')
            quote = *p;
        else if (is_blank(*p))
            break;
    }
    return p;
}

void ld_paper_command(ld_paper *paper, unsigned ink, const char *command)
{
    LD_CLEANUP(ld_text_done) ld_text word = {0};
    const char *bridge = ""; /* before its first word the command has not begun */
    for (const char *p = command; *p;) {
        if (is_blank(*p)) {
            p++;
            continue;
        }
        const char *from = p;
        p = shell_word_end(p);
        const char *rest = p;
        while (is_blank(*rest))
            rest++;
        word.len = 0;
        shape_word(paper, from, (size_t)(p - from), &word);
        if (!word.failed)
            add_word(paper, ink, &word, *rest ? 2 : 0, bridge);
        bridge = " \\";
    }
    paper->text.failed = paper->text.failed || word.failed;
}

void ld_paper_line(ld_paper *paper, size_t column, unsigned ink, const char *text)
{
    if (paper->column)
        ld_paper_end(paper);
    ld_paper_margin(paper, column);
    ld_paper_words(paper, ink, text);
    ld_paper_end(paper);
}

size_t ld_paper_width(const ld_paper *paper, const char *text)
{
    LD_CLEANUP(ld_text_done) ld_text shaped = {0};
    shape_word(paper, text, strlen(text), &shaped);
    return shaped.data ? ld_text_columns(shaped.data, shaped.len) : 0;
}
