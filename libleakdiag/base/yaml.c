/* YAML through libyaml's events. What makes libyaml slow or its tree dangerous (directives,
 * anchors, depth) is refused at the first sight of it. */
#include <string.h>
#include <yaml.h>

#include "base/node.h"
#include "base/text.h"

/* Length of the line break at p (what libyaml takes for one), else 0. */
static size_t line_break(const char *p, size_t len)
{
    if (p[0] == '\r')
        return len > 1 && p[1] == '\n' ? 2 : 1;
    if (p[0] == '\n')
        return 1;
    if (len > 1 && memcmp(p, "\xc2\x85", 2) == 0)
        return 2;
    if (len > 2 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

static leakdiag_status check_character(const char *p, size_t n, size_t line, size_t column,
                                       leakdiag_error *err)
{
    unsigned char c = (unsigned char)*p;
    if (n == 0)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                          "byte 0x%02x is not UTF-8: save the file as UTF-8", (unsigned)c);
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column, "control byte 0x%02x",
                          (unsigned)c);
    if (c == '%' && column == 1)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                          "a line that begins with %% is a YAML directive, and those are not "
                          "supported: quote or indent it");
    return LEAKDIAG_OK;
}

/* One pass over the bytes before libyaml sees them: it takes seconds for 30,000 directives. */
static leakdiag_status prescan(const char *data, size_t len, leakdiag_error *err)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < len;) {
        if (data[i] >= ' ' && data[i] <= '~' && (data[i] != '%' || column > 1)) { /* most */
            column++;
            i++;
            continue;
        }
        size_t n = line_break(data + i, len - i);
        if (n) {
            line++;
            column = 1;
            i += n;
            continue;
        }
        n = ld_utf8_len(data + i, len - i);
        leakdiag_status status = check_character(data + i, n, line, column, err);
        if (status)
            return status;
        column++;
        i += n;
    }
    return LEAKDIAG_OK;
}

typedef struct source {
    const char *data;
    size_t len;
    yaml_parser_t parser;
} source;

/* The line where libyaml stopped. Its marks count characters, not bytes. */
static const char *line_at(const source *s, size_t line, size_t *ret_len)
{
    size_t at = 0, n;
    while (line > 0 && at < s->len) {
        n = line_break(s->data + at, s->len - at);
        line -= n > 0;
        at += n ? n : 1;
    }
    size_t end = at;
    while (end < s->len && !line_break(s->data + end, s->len - end))
        end++;
    *ret_len = end - at;
    return s->data + at;
}

/* A hint for the mistakes that libyaml describes in its own terms. */
static const char *hint(const source *s)
{
    size_t len;
    const char *line = line_at(s, s->parser.problem_mark.line, &len);
    if (memmem(line, len, "${", 2))
        return "; a value with ${…} needs quotes between { } or [ ]";
    size_t indent = 0;
    while (indent < len && line[indent] == ' ')
        indent++;
    if (indent < len && line[indent] == '\t')
        return "; indent with blanks, not with tabs";
    return "";
}

static leakdiag_status parser_error(const source *s, leakdiag_error *err)
{
    const yaml_parser_t *p = &s->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return ld_fail_nomem(err);
    const char *problem = p->problem ? p->problem : "it cannot be read";
    if (p->error == YAML_READER_ERROR)
        return ld_fail(err, LEAKDIAG_E_INVALID, "not valid YAML: %s at byte %zu", problem,
                       p->problem_offset);
    size_t line = p->problem_mark.line + 1, column = p->problem_mark.column + 1;
    if (p->context && p->context_mark.line != p->problem_mark.line)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                          "not valid YAML: %s (%s that begins on line %zu)%s", problem, p->context,
                          p->context_mark.line + 1, hint(s));
    return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column, "not valid YAML: %s%s", problem,
                      hint(s));
}

static leakdiag_status refuse(const yaml_event_t *event, const char *what, leakdiag_error *err)
{
    return ld_fail_at(err, LEAKDIAG_E_INVALID, event->start_mark.line + 1,
                      event->start_mark.column + 1,
                      "%s not supported: write the value out, or quote it", what);
}

static leakdiag_status check_decoration(const yaml_event_t *event, const yaml_char_t *anchor,
                                        const yaml_char_t *tag, leakdiag_error *err)
{
    if (anchor)
        return refuse(event, "anchors (&name) are", err);
    if (tag)
        return refuse(event, "tags (!name) are", err);
    return LEAKDIAG_OK;
}

static leakdiag_status take_scalar(ld_node_builder *builder, const yaml_event_t *event,
                                   leakdiag_error *err)
{
    const char *text = (const char *)event->data.scalar.value;
    ld_scalar scalar = {text, event->data.scalar.length,
                        event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE};
    leakdiag_status status =
        check_decoration(event, event->data.scalar.anchor, event->data.scalar.tag, err);
    if (!status && !scalar.quoted && strcmp(text, "<<") == 0)
        status = refuse(event, "merge keys (<<) are", err);
    if (status)
        return status;
    return ld_node_add_scalar(builder, scalar, event->start_mark.line + 1,
                              event->start_mark.column + 1, err);
}

static leakdiag_status take_event(ld_node_builder *builder, const yaml_event_t *event,
                                  leakdiag_error *err)
{
    size_t line = event->start_mark.line + 1, column = event->start_mark.column + 1;
    leakdiag_status status;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(builder, event, err);
    case YAML_ALIAS_EVENT:
        return refuse(event, "aliases (*name) are", err);
    case YAML_SEQUENCE_START_EVENT:
        status = check_decoration(event, event->data.sequence_start.anchor,
                                  event->data.sequence_start.tag, err);
        return status ? status : ld_node_open(builder, LD_NODE_LIST, line, column, err);
    case YAML_MAPPING_START_EVENT:
        status = check_decoration(event, event->data.mapping_start.anchor,
                                  event->data.mapping_start.tag, err);
        return status ? status : ld_node_open(builder, LD_NODE_MAP, line, column, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return ld_node_close(builder, err);
    case YAML_DOCUMENT_START_EVENT:
        if (builder->root)
            return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                              "a second document begins here: only one is allowed");
        return LEAKDIAG_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    default:
        return LEAKDIAG_OK;
    }
}

static leakdiag_status read_events(source *s, ld_node_builder *builder, leakdiag_error *err)
{
    for (bool more = true; more;) {
        LD_CLEANUP(yaml_event_delete) yaml_event_t event = {0};
        if (!yaml_parser_parse(&s->parser, &event))
            return parser_error(s, err);
        more = event.type != YAML_STREAM_END_EVENT;
        leakdiag_status status = take_event(builder, &event, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status nothing(leakdiag_error *err)
{
    return ld_fail_at(err, LEAKDIAG_E_INVALID, 1, 1, "there is nothing in it");
}

leakdiag_status ld_yaml_read(const char *data, size_t len, ld_node **ret, leakdiag_error *err)
{
    leakdiag_status status = prescan(data, len, err);
    if (!status && len == 0)
        status = nothing(err);
    if (status)
        return status;
    source s = {.data = data, .len = len};
    if (!yaml_parser_initialize(&s.parser))
        return ld_fail_nomem(err);
    /* Said, not guessed: a guess would take UTF-16 from a byte order mark. */
    yaml_parser_set_encoding(&s.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&s.parser, (const unsigned char *)data, len);

    LD_CLEANUP(ld_node_builder_done) ld_node_builder builder = {0};
    status = read_events(&s, &builder, err);
    yaml_parser_delete(&s.parser);
    if (status)
        return status;
    if (!builder.root)
        return nothing(err);
    *ret = ld_steal(&builder.root);
    return LEAKDIAG_OK;
}
