#include "logs/patterns.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#define KNOWN_FLAGS ((uint64_t)(LEAKDIAG_PATTERN_IGNORE_CASE | LEAKDIAG_PATTERN_REGEX))

LD_DEFINE_CLEANUP(leakdiag_patterns, leakdiag_patterns_unref, patterns_unrefp)

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at once: the top bit of each says whether it is between A and Z, and becomes the bit
 * that is between a letter's two cases. */
static uint64_t fold_eight(uint64_t word)
{
    uint64_t low = word & EACH(0x7f);
    uint64_t from_a = low + EACH(0x80 - 'A'), behind_z = low + EACH(0x7f - 'Z');
    return word | (((from_a ^ behind_z) & ~word & EACH(0x80)) >> 2);
}

void ld_fold(char *to, const char *from, size_t len)
{
    size_t i = 0;
    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from + i, sizeof word);
        word = fold_eight(word);
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < len; i++) {
        char c = from[i];
        to[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

static bool is_utf8(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(text + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static leakdiag_status check(const leakdiag_pattern *given, size_t i, leakdiag_error *err)
{
    if (!given->name || !given->name[0])
        return ld_fail(err, LEAKDIAG_E_INVALID, "pattern %zu has no name: give it one", i + 1);
    if (strnlen(given->name, LEAKDIAG_PATTERN_MAX_BYTES + 1) > LEAKDIAG_PATTERN_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "the name of pattern %zu is longer than %d bytes",
                       i + 1, LEAKDIAG_PATTERN_MAX_BYTES);
    if (!is_utf8(given->name))
        return ld_fail(err, LEAKDIAG_E_INVALID, "the name of pattern %zu is not UTF-8", i + 1);
    if (!given->text || !given->text[0])
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "pattern \"%.64s\" is empty and would match every line: give it a text",
                       given->name);
    if (strnlen(given->text, LEAKDIAG_PATTERN_MAX_BYTES + 1) > LEAKDIAG_PATTERN_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "pattern \"%.64s\" is longer than %d bytes",
                       given->name, LEAKDIAG_PATTERN_MAX_BYTES);
    if (given->flags & ~KNOWN_FLAGS)
        return ld_fail(err, LEAKDIAG_E_INVALID, "pattern \"%.64s\" has an unknown flag",
                       given->name);
    if (!(given->flags & LEAKDIAG_PATTERN_REGEX) && strchr(given->text, '\n'))
        return ld_fail(
            err, LEAKDIAG_E_INVALID,
            "pattern \"%.64s\" holds a newline, which no line does: make it two patterns",
            given->name);
    return LEAKDIAG_OK;
}

static leakdiag_status compile(const leakdiag_pattern *given, ld_pattern *item, leakdiag_error *err)
{
    bool ignore_case = given->flags & LEAKDIAG_PATTERN_IGNORE_CASE;
    item->name = ld_copy_text(given->name);
    if (!item->name)
        return ld_fail_nomem(err);
    if (given->flags & LEAKDIAG_PATTERN_REGEX) {
        leakdiag_status st = ld_regex_new(given->text, ignore_case, &item->regex, err);
        if (st == LEAKDIAG_E_INVALID)
            return ld_error_prefix(err, st, "pattern \"%.64s\"", given->name);
        return st;
    }
    item->text = ld_copy_text(given->text);
    if (!item->text)
        return ld_fail_nomem(err);
    size_t len = strlen(item->text);
    item->folded = ignore_case;
    if (ignore_case)
        ld_fold(item->text, item->text, len);
    item->needle = ld_needle_of(item->text, len);
    return LEAKDIAG_OK;
}

/* Insertion sort: at most 256 names. */
static leakdiag_status sort_names(leakdiag_patterns *patterns, leakdiag_error *err)
{
    size_t *order = patterns->by_name;
    for (size_t i = 0; i < patterns->len; i++) {
        const char *name = patterns->items[i].name;
        size_t to = i;
        for (; to > 0; to--) {
            int side = strcmp(patterns->items[order[to - 1]].name, name);
            if (side == 0)
                return ld_fail(err, LEAKDIAG_E_INVALID,
                               "the name \"%.64s\" is used twice: rename pattern %zu", name, i + 1);
            if (side < 0)
                break;
            order[to] = order[to - 1];
        }
        order[to] = i;
    }
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_patterns_new(const leakdiag_pattern *list, size_t n,
                                      leakdiag_patterns **ret, leakdiag_error *err)
{
    if (!ret || (!list && n))
        return ld_fail(err, LEAKDIAG_E_INVALID, "no patterns or no place for the result was given");
    if (n > LEAKDIAG_PATTERNS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "%zu patterns; at most %d fit in one set", n,
                       LEAKDIAG_PATTERNS_MAX);
    LD_CLEANUP(patterns_unrefp) leakdiag_patterns *patterns = ld_alloc_zero(sizeof *patterns);
    if (!patterns)
        return ld_fail_nomem(err);
    atomic_init(&patterns->refs, 1);
    patterns->items = ld_alloc_array(n, sizeof *patterns->items);
    patterns->by_name = ld_alloc_array(n, sizeof *patterns->by_name);
    if (!patterns->items || !patterns->by_name)
        return ld_fail_nomem(err);

    for (size_t i = 0; i < n; i++) {
        leakdiag_status st = check(&list[i], i, err);
        if (st != LEAKDIAG_OK)
            return st;
        patterns->len = i + 1; /* from here the cleanup sees it */
        st = compile(&list[i], &patterns->items[i], err);
        if (st != LEAKDIAG_OK)
            return st;
        patterns->any_regex |= patterns->items[i].regex != NULL;
        patterns->any_folded |= patterns->items[i].folded;
    }
    leakdiag_status st = sort_names(patterns, err);
    if (st != LEAKDIAG_OK)
        return st;
    *ret = ld_steal(&patterns);
    return LEAKDIAG_OK;
}

leakdiag_patterns *leakdiag_patterns_ref(leakdiag_patterns *patterns)
{
    if (patterns)
        atomic_fetch_add_explicit(&patterns->refs, 1, memory_order_relaxed);
    return patterns;
}

void leakdiag_patterns_unref(leakdiag_patterns *patterns)
{
    if (!patterns || atomic_fetch_sub_explicit(&patterns->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < patterns->len; i++) {
        ld_release(patterns->items[i].name);
        ld_release(patterns->items[i].text);
        ld_regex_free(patterns->items[i].regex);
    }
    ld_release(patterns->items);
    ld_release(patterns->by_name);
    ld_release(patterns);
}

size_t leakdiag_patterns_len(const leakdiag_patterns *patterns)
{
    return patterns->len;
}

const char *leakdiag_patterns_name(const leakdiag_patterns *patterns, size_t i)
{
    return i < patterns->len ? patterns->items[i].name : NULL;
}
