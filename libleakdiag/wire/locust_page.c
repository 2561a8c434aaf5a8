/* The script of Locust's index page: window.templateArgs = {…}. The object is walked, not parsed as
 * a whole: its history grows with the test, and three members are all that is wanted. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "wire/locust.h"

#define MARK        "window.templateArgs = {"
#define VALUE_BYTES 256   /* longest value that is looked into */
#define ENTRY_BYTES 65536 /* longest entry of the history */
#define USERS_MAX   1e9

/* First version whose page shows the number of users that was asked for last; before, it shows what
 * the command line said, whatever was asked for since. */
#define TARGET_SINCE_MAJOR 2
#define TARGET_SINCE_MINOR 47

typedef struct piece {
    const char *data;
    size_t len;
} piece;

/* Bytes of the JSON value at the beginning of text; 0 when it does not end. */
static size_t value_len(piece text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if (depth > 0 && (c == '}' || c == ']')) {
            if (--depth == 0)
                return i + 1;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return i;
    }
    return 0;
}

static piece skip(piece text, size_t n)
{
    return (piece){text.data + n, text.len - n};
}

static piece skip_blanks(piece text)
{
    size_t n = 0;
    while (n < text.len && (text.data[n] == ' ' || text.data[n] == '\n' || text.data[n] == '\t' ||
                            text.data[n] == '\r' || text.data[n] == ','))
        n++;
    return skip(text, n);
}

/* Length of the quoted text at the beginning, quotes included; 0 when there is none. */
static size_t name_len(piece text)
{
    if (text.len == 0 || text.data[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            return i + 1;
    }
    return 0;
}

/* Takes one member off the beginning of an object's inside; false at its end. */
static bool next_member(piece *inside, piece *name, piece *value)
{
    piece text = skip_blanks(*inside);
    size_t n = name_len(text);
    if (n == 0)
        return false;
    *name = (piece){text.data + 1, n - 2};
    text = skip_blanks(skip(text, n));
    if (text.len == 0 || text.data[0] != ':')
        return false;
    text = skip_blanks(skip(text, 1));
    n = value_len(text);
    *value = (piece){text.data, n};
    *inside = skip(text, n);
    return n > 0;
}

static bool is_named(piece name, const char *wanted)
{
    return name.len == strlen(wanted) && memcmp(name.data, wanted, name.len) == 0;
}

static json_t *parse_small(piece text, size_t max_bytes)
{
    const ld_json_limits limits = {.bytes = max_bytes, .depth = 8, .values = 1000};
    json_t *json = NULL;
    return ld_json_parse(text.data, text.len, &limits, &json, NULL) ? NULL : json;
}

static double number_of(piece value)
{
    LD_JSON *json = parse_small(value, VALUE_BYTES);
    return json_is_number(json) ? json_number_value(json) : NAN;
}

/* "2.47.0", "2.47.0.dev3" */
static bool shows_target(piece value)
{
    LD_JSON *json = parse_small(value, VALUE_BYTES);
    const char *text = json_string_value(json);
    const char *dot = text ? strchr(text, '.') : NULL;
    double major, minor;
    if (!dot || !ld_number_parse(text, (size_t)(dot - text), &major) ||
        !ld_number_parse(dot + 1, strspn(dot + 1, "0123456789"), &minor))
        return false;
    return major > TARGET_SINCE_MAJOR ||
           (major == TARGET_SINCE_MAJOR && minor >= TARGET_SINCE_MINOR);
}

/* The time of the first entry of the list; older versions write it without a date: not known. */
static int64_t first_time_ms(piece list)
{
    if (list.len == 0 || list.data[0] != '[')
        return 0;
    piece entry = skip_blanks(skip(list, 1));
    entry.len = value_len(entry);
    LD_JSON *json = entry.len ? parse_small(entry, ENTRY_BYTES) : NULL;
    const char *text = NULL;
    int64_t time_ms = 0;
    if (ld_json_get_text(json, "time", &text) &&
        ld_rfc3339_parse(text, strlen(text), &time_ms) == strlen(text))
        return time_ms;
    return 0;
}

void ld_locust_read_page(const char *data, size_t len, ld_locust_page *ret)
{
    *ret = (ld_locust_page){.target_users = -1, .spawn_per_s = NAN};
    const char *mark = len ? memmem(data, len, MARK, strlen(MARK)) : NULL;
    if (!mark)
        return;
    piece inside = {mark + strlen(MARK), len - (size_t)(mark - data) - strlen(MARK)};
    piece name, value;
    double target = NAN, spawn = NAN;
    bool target_shown = false;
    while (next_member(&inside, &name, &value)) {
        if (is_named(name, "num_users"))
            target = number_of(value);
        else if (is_named(name, "spawn_rate"))
            spawn = number_of(value);
        else if (is_named(name, "version"))
            target_shown = shows_target(value);
        else if (is_named(name, "history"))
            ret->first_ms = first_time_ms(value);
    }
    if (target_shown && target >= 0 && target <= USERS_MAX && target == trunc(target))
        ret->target_users = (int64_t)target;
    if (spawn > 0 && spawn <= USERS_MAX)
        ret->spawn_per_s = spawn;
}
