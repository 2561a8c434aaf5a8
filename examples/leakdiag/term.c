/* What the terminal can show, and text from outside made harmless for it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

static struct {
    bool color, ascii;
} term;

/* As the C library chooses the character set, without setting a locale. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static bool terminal_has_color(void)
{
    const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && name && strcmp(name, "dumb") != 0;
}

void term_setup(const char *color)
{
    term.ascii = !locale_is_utf8();
    if (color && strcmp(color, "auto") != 0)
        term.color = strcmp(color, "always") == 0;
    else
        term.color = terminal_has_color();
}

bool term_color(void)
{
    return term.color;
}

bool term_ascii(void)
{
    return term.ascii;
}

int term_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        return size.ws_col;
    return 0;
}

const char *paint_on(paint color)
{
    static const char *const codes[] = {"\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m"};
    return term.color ? codes[color] : "";
}

const char *paint_off(void)
{
    return term.color ? "\x1b[0m" : "";
}

const char *sign_dash(void)
{
    return term.ascii ? "-" : "–";
}

/* --- text from outside -------------------------------------------------------------------------
 */

/* Length of the valid UTF-8 sequence at data (no surrogates, nothing overlong), 0 when broken. */
static size_t utf8_read(const unsigned char *data, size_t len, uint32_t *ret)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = data[0] < 0x80   ? 1
               : data[0] < 0xC2 ? 0
               : data[0] < 0xE0 ? 2
               : data[0] < 0xF0 ? 3
                                : 4;
    if (n == 0 || n > len || data[0] > 0xF4)
        return 0;
    uint32_t code = n == 1 ? data[0] : data[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((data[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (data[i] & 0x3Fu);
    }
    if (code < smallest[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    *ret = code;
    return n;
}

/* Signs that are invisible or turn the direction of the text around them. */
static bool is_hidden(uint32_t code)
{
    return (code >= 0x80 && code < 0xA0) || code == 0xAD || code == 0x61C || code == 0x180E ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code < 0xE1000);
}

void print_safe_bytes(FILE *file, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        const unsigned char *at = (const unsigned char *)data + i;
        uint32_t code = 0;
        size_t n = utf8_read(at, len - i, &code);
        if (n == 0 || code < 0x20 || code == 0x7F) {
            fprintf(file, "\\x%02x", *at);
            n = 1;
        } else if (is_hidden(code) || (code >= 0x80 && term.ascii)) {
            fprintf(file, code > 0xFFFF ? "\\U%08x" : "\\u%04x", code);
        } else {
            fwrite(at, 1, n, file);
        }
        i += n;
    }
}

void print_safe(FILE *file, const char *text)
{
    print_safe_bytes(file, text, strlen(text));
}

void print_json(FILE *file, const char *text)
{
    if (!text) {
        fputs("null", file);
        return;
    }
    size_t len = strlen(text);
    fputc('"', file);
    for (size_t i = 0; i < len;) {
        const unsigned char *at = (const unsigned char *)text + i;
        uint32_t code = 0;
        size_t n = utf8_read(at, len - i, &code);
        if (n == 0) {
            fputs("\xEF\xBF\xBD", file);
            n = 1;
        } else if (code == '"' || code == '\\') {
            fprintf(file, "\\%c", (int)code);
        } else if (code < 0x20 || code == 0x7F) {
            fprintf(file, "\\u%04x", code);
        } else {
            fwrite(at, 1, n, file);
        }
        i += n;
    }
    fputc('"', file);
}

int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        return status;
    fail(EXIT_TOOL, "standard output: %s; nothing more was written", strerror(errno));
    return EXIT_TOOL;
}
