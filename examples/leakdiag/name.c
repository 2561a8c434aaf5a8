/* The name the command was called by: its own, or kubectl's plugin. */
#include <string.h>

#include "cli.h"
#include "verbs.h"

static const char own[] = "leakdiag ", plugin[] = "kubectl leakdiag ";
static bool is_plugin, is_completer;

void name_setup(const char *called)
{
    const char *slash = called ? strrchr(called, '/') : NULL;
    const char *name = slash ? slash + 1 : called ? called : "";
    is_plugin = strcmp(name, "kubectl-leakdiag") == 0;
    is_completer = strcmp(name, "kubectl_complete-leakdiag") == 0;
}

bool name_is_completer(void)
{
    return is_completer;
}

static bool is_verb(const char *text)
{
    size_t len = strcspn(text, " \n)`';,.");
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t first = strcspn((*v)->name, " ");
        if (first == len && strncmp((*v)->name, text, len) == 0)
            return true;
    }
    return strncmp(text, "[", 1) == 0 || !*text;
}

/* "leakdiag VERB" begins a word here; "kubectl-leakdiag" and a path do not. */
static bool begins_command(const char *text, const char *at)
{
    bool is_word = at == text || strchr(" \n(`'|", at[-1]);
    return is_word && strncmp(at, own, sizeof own - 1) == 0 && is_verb(at + sizeof own - 1);
}

void format_command(const char *text, char *out, size_t room)
{
    size_t n = 0;
    for (const char *at = text; *at && n + sizeof plugin < room;) {
        if (is_plugin && begins_command(text, at)) {
            memcpy(out + n, plugin, sizeof plugin - 1);
            n += sizeof plugin - 1;
            at += sizeof own - 1;
        } else {
            out[n++] = *at++;
        }
    }
    out[n] = '\0';
}

void print_command(FILE *file, const char *text)
{
    for (const char *at = text; *at;) {
        if (is_plugin && begins_command(text, at)) {
            fputs(plugin, file);
            at += sizeof own - 1;
        } else {
            fputc(*at++, file);
        }
    }
}
