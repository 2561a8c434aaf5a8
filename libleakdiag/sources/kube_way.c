#include "sources/kube_way.h"

#include "base/alloc.h"
#include "sources/copier.h"
#include "sources/exchange.h"
#include "sources/kube_look.h"

/* The newest pod that is not going, as the others of its workload have the same labels; NULL. */
static const ld_kube_pod *pod_of(const ld_asking *asking, const char *as)
{
    const ld_kube_look *look = ld_asking_look(asking, as);
    const ld_kube_pod *newest = NULL;
    for (size_t i = 0; look && look->has_pods && i < look->pods.n; i++) {
        const ld_kube_pod *pod = &look->pods.list[i];
        if (!pod->deleted_ms && (!newest || pod->created_ms > newest->created_ms))
            newest = pod;
    }
    return newest;
}

/* A port without a name is one with an empty name in the slices. */
static bool same_name(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The port of the pods behind a port of the service: the slices have it as a number, also where the
 * service names it. 0: not known. */
static int64_t pod_port(const ld_ways_asked *asked, const ld_kube_port *port)
{
    for (size_t i = 0; i < asked->endpoints->n_ports; i++)
        if (same_name(asked->endpoints->ports[i].name, port->name))
            return asked->endpoints->ports[i].port;
    return 0;
}

static void fill(const ld_kube_passage *passage, ld_way *way, ld_copier *c)
{
    static const char *const verdicts[] = {"unknown", "open", "blocked"};
    LD_CLEANUP(ld_text_done) ld_text policy = {0};
    ld_copy_to(c, verdicts[passage->verdict], &way->verdict);
    if (!passage->policy || c->status)
        return;
    ld_text_addf(&policy, "%s by %s", passage->direction, passage->policy);
    if (policy.failed)
        c->status = ld_fail_nomem(c->err);
    ld_copy_to(c, policy.data, &way->policy);
}

static leakdiag_status judge(const ld_ways_asked *asked, const ld_kube_policies *policies,
                             const ld_kube_pod *from, const ld_kube_pod *to, ld_service_fact *of,
                             leakdiag_error *err)
{
    ld_copier c = {.err = err};
    size_t n = asked->service->n_ports;
    of->ways = n ? ld_alloc_array(n, sizeof *of->ways) : NULL;
    if (n && !of->ways)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n && !c.status; i++) {
        ld_kube_way way = {from, to, asked->ns, pod_port(asked, &asked->service->ports[i])};
        ld_kube_passage passage = {0};
        if (!way.port)
            continue;
        ld_kube_policies_judge(policies, &way, &passage);
        of->ways[of->n_ways].port = asked->service->ports[i].port;
        fill(&passage, &of->ways[of->n_ways++], &c);
    }
    return c.status;
}

leakdiag_status ld_ways_add(const ld_ways_asked *asked, ld_service_fact *of, leakdiag_error *err)
{
    LD_CLEANUP(ld_kube_policies_done) ld_kube_policies policies = {0};
    const ld_kube_asked what = {"list", "networkpolicies", "networking.k8s.io", asked->ns, NULL};
    const ld_kube_pod *from = pod_of(asked->asking, "app"), *to = pod_of(asked->asking, asked->as);
    ld_copier c = {.err = err};
    leakdiag_error why = {0};
    leakdiag_status status = ld_ask_unanswered(asked->policies, &why);
    if (!status) {
        ld_answer answer = ld_exchange_answer(asked->policies);
        status = ld_kube_read_policies(&what, &answer, &policies, &why);
    }
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        ld_copy_to(&c, why.message, &of->no_ways);
    else if (!from || !to)
        ld_copy_to(&c, "without pods at both ends policies say nothing", &of->no_ways);
    else
        return judge(asked, &policies, from, to, of, err);
    return c.status;
}
