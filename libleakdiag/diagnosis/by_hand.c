#include "diagnosis/by_hand.h"

#include <string.h>

/* Where the object is: "pod NS/NAME/CONTAINER" and "deployment NS/NAME" are the sources of its
 * facts.
 */
typedef struct object {
    char ns[64], name[254], container[64];
} object;

/* One part up to '/' or the end. Only what Kubernetes lets a name be: the line is pasted into a
 * shell.
 */
static const char *take(const char *text, char *out, size_t room)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    if (n == 0 || n >= room || (text[n] && text[n] != '/'))
        return NULL;
    memcpy(out, text, n);
    out[n] = '\0';
    return text + n + (text[n] == '/');
}

static bool read_object(const char *source, const char *kind, object *ret)
{
    size_t n = strlen(kind);
    if (strncmp(source, kind, n) != 0)
        return false;
    const char *rest = take(source + n, ret->ns, sizeof ret->ns);
    rest = rest ? take(rest, ret->name, sizeof ret->name) : NULL;
    ret->container[0] = '\0';
    return rest && (!*rest || take(rest, ret->container, sizeof ret->container));
}

static void add_container(ld_text *ret, const object *o, const char *list, const char *field)
{
    ld_text_addf(ret, "kubectl get pod %s -n %s -o jsonpath='{.%s[?(@.name==\"%s\")].%s}'", o->name,
                 o->ns, list, o->container, field);
}

static void add_pod(ld_text *ret, ld_kind_id kind, const object *o)
{
    if (kind == LD_KIND_LIMIT)
        add_container(ret, o, "spec.containers", "resources.limits.memory");
    else if (kind == LD_KIND_SOFT_LIMIT)
        add_container(ret, o, "spec.containers", "env");
    else if (kind == LD_KIND_TERMINATION)
        add_container(ret, o, "status.containerStatuses", "lastState.terminated");
    else if (kind == LD_KIND_MEMORY)
        ld_text_addf(ret, "kubectl get --raw /apis/metrics.k8s.io/v1beta1/namespaces/%s/pods/%s",
                     o->ns, o->name);
    else if (kind == LD_KIND_ROLLOUT)
        ld_text_addf(ret, "kubectl get pod %s -n %s", o->name, o->ns);
}

void ld_by_hand(ld_answer *answer)
{
    static const char kubectl[] = "kubectl";
    const char *source = answer->fact ? answer->fact->source : NULL;
    const char *said = answer->check->command;
    object o;
    if (!source || (said && strstr(said, kubectl)))
        return;
    if (read_object(source, "pod ", &o) && o.container[0])
        add_pod(&answer->command, answer->check->kind->id, &o);
    else if (read_object(source, "deployment ", &o) && answer->check->kind->id == LD_KIND_ROLLOUT)
        ld_text_addf(&answer->command, "kubectl rollout status deployment/%s -n %s", o.name, o.ns);
    else if (read_object(source, "deployment ", &o) && answer->check->kind->id == LD_KIND_LIMIT)
        ld_text_addf(&answer->command,
                     "kubectl get deployment %s -n %s -o "
                     "jsonpath='{.spec.template.spec.containers[*].resources.limits.memory}'",
                     o.name, o.ns);
}

const char *ld_command_of(const ld_answer *answer)
{
    if (answer->command.data)
        return answer->command.data;
    return answer->check->command ? answer->check->command : "";
}
