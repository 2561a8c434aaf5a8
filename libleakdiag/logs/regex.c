#define PCRE2_CODE_UNIT_WIDTH 8
#include "logs/regex.h"

#include <pcre2.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "logs/needle.h"

#define MATCH_LIMIT     100000
#define DEPTH_LIMIT     1000
#define HEAP_LIMIT_KIB  1024
#define JIT_STACK_BYTES ((size_t)1024 * 1024)
#define JIT_STACK_START ((size_t)32 * 1024)

struct ld_regex {
    pcre2_code *code;
    char *head;       /* what every match begins with; NULL: nothing is known */
    ld_needle needle; /* the same */
};

/* PCRE2's match limit starts afresh at every place where a match may begin, so that `a.*[xy]` on a
 * long line is quadratic under any limit. Callouts close that hole: they come before every item of
 * the pattern, so what they count is the work of the whole line. */
typedef struct effort {
    uint64_t steps;
    uint64_t steps_max;
    size_t position;
} effort;

struct ld_matcher {
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *jit_stack; /* NULL where PCRE2 has no just-in-time compiler */
    effort effort;
};

static void *pcre2_takes(PCRE2_SIZE bytes, void *unused)
{
    (void)unused;
    return ld_alloc(bytes);
}

static void pcre2_gives(void *memory, void *unused)
{
    (void)unused;
    ld_release(memory);
}

LD_DEFINE_CLEANUP(pcre2_general_context, pcre2_general_context_free, general_context_freep)
LD_DEFINE_CLEANUP(pcre2_compile_context, pcre2_compile_context_free, compile_context_freep)
LD_DEFINE_CLEANUP(ld_regex, ld_regex_free, regex_freep)
LD_DEFINE_CLEANUP(ld_matcher, ld_matcher_free, matcher_freep)

static leakdiag_status fail_compile(int code, size_t offset, leakdiag_error *err)
{
    if (code == PCRE2_ERROR_HEAP_FAILED)
        return ld_fail_nomem(err);
    PCRE2_UCHAR8 text[160];
    if (pcre2_get_error_message(code, text, sizeof text) == PCRE2_ERROR_BADDATA)
        text[0] = '\0';
    return ld_fail_at(err, LEAKDIAG_E_INVALID, 0, offset + 1,
                      "not a regular expression: %s (at byte %zu)", (const char *)text, offset + 1);
}

/* Behind the class that begins here. */
static const char *skip_class(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']';
    while (*at && *at != ']')
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* Whether the whole expression may be a choice: it has a '|' that is in no parentheses, or one in
 * an expression that is too clever for this look at it. */
static bool may_be_choice(const char *text)
{
    if (!strchr(text, '|'))
        return false;
    if (strstr(text, "\\Q") || strstr(text, "(?") || strstr(text, "(*") || strstr(text, "[:"))
        return true;
    size_t depth = 0;
    for (const char *at = text; *at;) {
        if (*at == '|' && depth == 0)
            return true;
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        at = *at == '[' ? skip_class(at) : at + (*at == '\\' && at[1] ? 2 : 1);
    }
    return false;
}

/* Length of the fixed text that every match of an expression begins with: up to the first byte that
 * has a meaning, less the one that such a byte may make optional. */
static size_t head_len(const char *text)
{
    size_t n = strcspn(text, "\\^$.[|()*+?{");
    if (may_be_choice(text))
        return 0;
    return text[n] && strchr("*?{", text[n]) && n > 0 ? n - 1 : n;
}

/* Most lines do not match, and without that text need no more than a look. */
static leakdiag_status keep_head(ld_regex *regex, const char *text, leakdiag_error *err)
{
    size_t len = head_len(text);
    if (len == 0)
        return LEAKDIAG_OK;
    regex->head = ld_copy_bytes(text, len);
    if (!regex->head)
        return ld_fail_nomem(err);
    regex->needle = ld_needle_of(regex->head, len);
    return LEAKDIAG_OK;
}

leakdiag_status ld_regex_new(const char *text, bool ignore_case, ld_regex **ret,
                             leakdiag_error *err)
{
    LD_CLEANUP(regex_freep) ld_regex *regex = ld_alloc_zero(sizeof *regex);
    LD_CLEANUP(general_context_freep)
    pcre2_general_context *general = pcre2_general_context_create(pcre2_takes, pcre2_gives, NULL);
    LD_CLEANUP(compile_context_freep)
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    if (!regex || !context)
        return ld_fail_nomem(err);
    /* How PCRE2 was built must not decide what `.` and `$` mean. */
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_UNICODE);

    uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_AUTO_CALLOUT;
    if (ignore_case)
        options |= PCRE2_CASELESS;
    int code = 0;
    PCRE2_SIZE offset = 0;
    regex->code = pcre2_compile((PCRE2_SPTR8)text, strlen(text), options, &code, &offset, context);
    if (!regex->code)
        return fail_compile(code, offset, err);
    /* Where this fails (not built in, no executable memory, too large) the interpreter answers. */
    (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    leakdiag_status status = ignore_case ? LEAKDIAG_OK : keep_head(regex, text, err);
    if (!status)
        *ret = ld_steal(&regex);
    return status;
}

void ld_regex_free(ld_regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    ld_release(regex->head);
    ld_release(regex);
}

static int count_steps(pcre2_callout_block *block, void *payload)
{
    effort *e = payload;
    size_t here = block->current_position;
    e->steps += 1 + (here > e->position ? here - e->position : e->position - here);
    e->position = here;
    return e->steps > e->steps_max ? PCRE2_ERROR_CALLOUT : 0;
}

leakdiag_status ld_matcher_new(ld_matcher **ret, leakdiag_error *err)
{
    LD_CLEANUP(matcher_freep) ld_matcher *matcher = ld_alloc_zero(sizeof *matcher);
    LD_CLEANUP(general_context_freep)
    pcre2_general_context *general = pcre2_general_context_create(pcre2_takes, pcre2_gives, NULL);
    if (!matcher || !general)
        return ld_fail_nomem(err);
    matcher->context = pcre2_match_context_create(general);
    matcher->data = pcre2_match_data_create(LD_REGEX_GROUPS + 1, general);
    if (!matcher->context || !matcher->data)
        return ld_fail_nomem(err);

    uint32_t has_jit = 0;
    if (pcre2_config(PCRE2_CONFIG_JIT, &has_jit) == 0 && has_jit) {
        matcher->jit_stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_BYTES, general);
        if (!matcher->jit_stack)
            return ld_fail_nomem(err);
        pcre2_jit_stack_assign(matcher->context, NULL, matcher->jit_stack);
    }
    pcre2_set_match_limit(matcher->context, MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(matcher->context, HEAP_LIMIT_KIB);
    pcre2_set_callout(matcher->context, count_steps, &matcher->effort);
    *ret = ld_steal(&matcher);
    return LEAKDIAG_OK;
}

void ld_matcher_free(ld_matcher *matcher)
{
    if (!matcher)
        return;
    pcre2_match_context_free(matcher->context);
    pcre2_match_data_free(matcher->data);
    pcre2_jit_stack_free(matcher->jit_stack);
    ld_release(matcher);
}

/* `pairs` is what PCRE2 filled; groups behind it took no part. */
static void read_groups(pcre2_match_data *data, uint32_t pairs, const char *line, size_t len,
                        ld_group groups[LD_REGEX_GROUPS])
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    for (uint32_t g = 1; g <= LD_REGEX_GROUPS; g++) {
        groups[g - 1] = (ld_group){0};
        if (g >= pairs)
            continue;
        PCRE2_SIZE begin = at[2 * g], end = at[2 * g + 1];
        if (begin != PCRE2_UNSET && begin <= end && end <= len)
            groups[g - 1] = (ld_group){.begin = line + begin, .len = end - begin};
    }
}

ld_match ld_regex_match(const ld_regex *regex, ld_matcher *matcher, const char *line, size_t len,
                        uint64_t steps_max, ld_group groups[LD_REGEX_GROUPS])
{
    if (regex->head && !ld_needle_is_in(&regex->needle, line, len))
        return LD_MATCH_NO;
    matcher->effort = (effort){.steps_max = steps_max};
    int found =
        pcre2_match(regex->code, (PCRE2_SPTR8)line, len, 0, 0, matcher->data, matcher->context);
    if (found == PCRE2_ERROR_NOMATCH)
        return LD_MATCH_NO;
    if (found == PCRE2_ERROR_NOMEMORY)
        return LD_MATCH_NOMEM;
    if (found < 0) /* over a limit, or a recursion that PCRE2 refuses: no answer either way */
        return LD_MATCH_GIVEN_UP;
    /* 0 says that the expression has more groups than are kept. */
    uint32_t pairs = found == 0 ? LD_REGEX_GROUPS + 1 : (uint32_t)found;
    read_groups(matcher->data, pairs, line, len, groups);
    return LD_MATCH_YES;
}
