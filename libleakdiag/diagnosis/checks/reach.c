/* Can the application reach the flag service? Told from outside of its pod: what its configuration
 * says against what exists, and what it did. Each word says how much it proves. */
#include <string.h>

#include "diagnosis/checks/checks.h"

/* The strongest witness: the application said lately that it acts on a value. */
static bool is_used(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->scenario->n_checks; i++) {
        const ld_check *check = &d->scenario->checks[i];
        const char *active = ld_attribute_text(&check->expect, "active", "");
        if (check->kind->id == LD_KIND_FLAG_SEEN &&
            ld_pattern_lines(&d->view, ld_view_pattern(&d->view, active)) > 0)
            return true;
    }
    return false;
}

/* "flagd", "flagd.otel-demo", "flagd.otel-demo.svc.cluster.local" all name the service flagd. */
static bool names_service(const char *host, const char *object)
{
    const char *name = strchr(object, '/');
    name = name ? name + 1 : object;
    size_t n = strlen(name);
    return strncmp(host, name, n) == 0 && (host[n] == '\0' || host[n] == '.');
}

static bool has_port(const char *ports, const char *port)
{
    size_t n = strlen(port);
    for (const char *at = ports; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, port, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* What of the application's configuration does not fit the service, said in the reason. */
static bool is_mismatch(ld_answer *answer, const ld_service_fact *service, const char *host,
                        const char *port)
{
    if (host && service->object && !names_service(host, service->object)) {
        ld_text_addf(&answer->reason, "the application is told to ask %s, the service is %s", host,
                     service->object);
        return true;
    }
    if (port && service->ports && !has_port(service->ports, port)) {
        ld_text_addf(&answer->reason, "the application asks port %s, %s has %s", port,
                     service->object, service->ports);
        return true;
    }
    return false;
}

static const ld_way *way_to(const ld_service_fact *service, const char *port)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    for (size_t i = 0; port && i < service->n_ways; i++) {
        ld_text_done(&text);
        ld_text_addf(&text, "%lld", (long long)service->ways[i].port);
        if (text.data && strcmp(text.data, port) == 0)
            return &service->ways[i];
    }
    return NULL;
}

static bool is_verdict(const ld_way *way, const char *verdict)
{
    return way && way->verdict && strcmp(way->verdict, verdict) == 0;
}

/* What the policies leave open is said beside what is known without them. */
static void note_policies(ld_answer *answer, const ld_service_fact *service, const ld_way *way)
{
    const char *policy = way && way->policy ? way->policy : "one of them";
    if (is_verdict(way, "unknown"))
        ld_text_addf(&answer->reason,
                     "; whether a network policy forbids it hangs on addresses or labels that are "
                     "not read (%s)",
                     policy);
    else if (is_verdict(way, "open"))
        ld_text_add(&answer->reason, "; no network policy forbids it");
    else if (service->no_ways)
        ld_text_addf(&answer->reason, "; network policies are not known: %s", service->no_ways);
}

/* NULL when it is not set, or from where it is not read. */
static const char *configured(const leakdiag_diagnosis *d, const char *name, bool *known)
{
    const char *value = ld_view_env(&d->view, name, known);
    bool is_elsewhere = value && strcmp(value, LD_ENV_SET_ELSEWHERE) == 0;
    *known = *known && !is_elsewhere;
    return is_elsewhere ? NULL : value;
}

static const char *configured_port(const leakdiag_diagnosis *d, const ld_answer *answer)
{
    bool known;
    const ld_attributes *expect = &answer->check->expect;
    return configured(d, ld_attribute_text(expect, "port_env", "FLAGD_PORT"), &known);
}

/* The application came through, whatever the policies say. */
static void judge_used(const leakdiag_diagnosis *d, ld_answer *answer, const ld_fact *fact)
{
    const ld_way *way = fact->error ? NULL : way_to(&fact->of.service, configured_port(d, answer));
    ld_find(answer, "reachable");
    ld_text_add(&answer->observed, "the application acts on a value");
    if (is_verdict(way, "blocked"))
        ld_text_addf(&answer->reason,
                     "a network policy forbids it (%s), so nothing enforces that here, or not yet",
                     way->policy ? way->policy : "?");
}

static void judge_service(leakdiag_diagnosis *d, ld_answer *answer, const ld_service_fact *service)
{
    bool known;
    const ld_attributes *expect = &answer->check->expect;
    const char *host = configured(d, ld_attribute_text(expect, "host_env", "FLAGD_HOST"), &known);
    const char *port = configured_port(d, answer);
    const ld_way *way = way_to(service, port);
    if (!service->exists) {
        ld_find(answer, "no-endpoints");
        ld_text_addf(&answer->observed, "no %s", service->object);
    } else if (is_mismatch(answer, service, host, port)) {
        ld_find(answer, "config-mismatch");
        ld_text_addf(&answer->observed, "%s:%s", host ? host : "?", port ? port : "?");
    } else if (service->ready == 0 && !service->is_external) {
        ld_find(answer, "no-endpoints");
        ld_text_addf(&answer->observed, "%s has no ready endpoint", service->object);
    } else if (is_verdict(way, "blocked")) {
        ld_find(answer, "policy-blocks");
        ld_text_addf(&answer->observed, "%s to port %s", way->policy ? way->policy : "?", port);
        ld_text_add(&answer->reason, "that is what the network policies say; that the cluster's "
                                     "network enforces them is not proved");
    } else if (service->ready > 0 && host) {
        ld_find(answer, "reachable");
        ld_text_addf(&answer->observed, "%s:%s has %lld ready", host, port ? port : "?",
                     (long long)service->ready);
        ld_text_add(&answer->reason,
                    "the configuration agrees and something is ready; that a packet "
                    "passes is not proved");
        note_policies(answer, service, way);
    } else {
        ld_text_add(&answer->reason, service->detail ? service->detail
                                     : known         ? "the application names no flag service"
                                             : "the application's environment is not known");
    }
}

/* The port that applications use speaks for itself: OFREP on another one proves nothing of it. */
static void note_rpc(const leakdiag_diagnosis *d, ld_answer *answer)
{
    const ld_fact *rpc = d->view.flag_rpc, *flag = d->view.flag;
    if (!rpc || rpc->error || rpc->of.flag.state != LEAKDIAG_FLAG_UNREACHABLE)
        return;
    bool ofrep_answers =
        flag && !flag->error && flag != rpc && flag->of.flag.state == LEAKDIAG_FLAG_VALUE;
    ld_text_addf(&answer->reason, "%s%sthe application's port did not answer: %s",
                 answer->reason.len ? "; " : "", ofrep_answers ? "OFREP answers, but " : "",
                 rpc->of.flag.detail ? rpc->of.flag.detail : "no reason given");
    if (!answer->finding || strcmp(answer->finding->name, "reachable") != 0)
        return;
    answer->finding = NULL;
    /* The API server tried, beside an OFREP that it could reach: nothing listens on that port. */
    if (ofrep_answers && rpc->of.flag.http_status >= 500)
        ld_find(answer, "no-endpoints");
}

leakdiag_status ld_judge_reach(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_fact *fact = ld_view_service(&d->view, ld_check_subject(answer->check));
    ld_text_add(&answer->expected, "reachable");
    if (!fact)
        return ld_not_configured(answer, "the way to it");
    ld_rest_on(answer, fact);
    if (is_used(d)) {
        judge_used(d, answer, fact);
        return LEAKDIAG_OK;
    }
    if (fact->error)
        return ld_not_collected(answer, fact);
    if (!fact->of.service.exists && ld_view_lacks_app(&d->view)) {
        ld_text_addf(&answer->reason, "no %s, and no application: is the namespace right?",
                     fact->of.service.object);
        return LEAKDIAG_OK;
    }
    judge_service(d, answer, &fact->of.service);
    note_rpc(d, answer);
    return LEAKDIAG_OK;
}
