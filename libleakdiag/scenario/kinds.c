#include "scenario/kinds.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const ld_finding flag_value_findings[] = {
    {"expected", LD_PASS},     {"lower", LD_FAIL},         {"higher", LD_WARN},
    {"not-enabled", LD_FAIL},  {"disabled", LD_FAIL},      {"code-default", LD_FAIL},
    {"missing", LD_FAIL},      {"file-rejected", LD_FAIL}, {"malformed", LD_UNKNOWN},
    {"not-ofrep", LD_UNKNOWN}, {"refused", LD_UNKNOWN},    {"unreachable", LD_UNKNOWN},
};
static const ld_key flag_value_keys[] = {{"value", LD_VALUE_TEXT, true}};

static const ld_finding flag_agreement_findings[] = {
    {"agree", LD_PASS},
    {"edit-not-durable", LD_WARN},
    {"not-loaded", LD_FAIL},
    {"app-differs", LD_FAIL},
};

static const ld_finding flag_seen_findings[] = {
    {"seen", LD_PASS},
    {"other-value", LD_FAIL},
    {"not-seen", LD_FAIL},
    {"silent-source", LD_UNKNOWN},
    {"unverified-pattern", LD_UNKNOWN},
};
static const ld_key flag_seen_keys[] = {
    {"active", LD_VALUE_PATTERN, true}, /* the activation line */
    {"value", LD_VALUE_PATTERN, false}, /* its first capture is the value the application used */
    {"window", LD_VALUE_DURATION, false},
};

static const ld_key reach_keys[] = {
    {"of", LD_VALUE_TEXT, false}, /* a service source; default: the last part of the check's id */
    {"host_env", LD_VALUE_TEXT, false}, /* the application's variables that name the service */
    {"port_env", LD_VALUE_TEXT, false},
};
static const ld_finding reach_findings[] = {
    {"reachable", LD_PASS},
    {"config-mismatch", LD_FAIL},
    {"no-endpoints", LD_FAIL},
    {"policy-blocks", LD_FAIL},
};

static const ld_finding rate_findings[] = {
    {"in-range", LD_PASS}, {"low", LD_WARN},         {"high", LD_WARN},
    {"zero", LD_FAIL},     {"lower-bound", LD_WARN}, {"silent-source", LD_UNKNOWN},
};
static const ld_key rate_keys[] = {
    {"of", LD_VALUE_COUNTERS, true}, /* the first with evidence counts */
    {"min_per_min", LD_VALUE_NUMBER, false},
    {"max_per_min", LD_VALUE_NUMBER, false},
    {"window", LD_VALUE_DURATION, false},
    {"successful", LD_VALUE_BOOL, false}, /* a request that failed does not count */
};

static const ld_finding load_findings[] = {
    {"running", LD_PASS},      {"spawning", LD_PASS},        {"stopped", LD_FAIL},
    {"users-differ", LD_WARN}, {"rate-differs", LD_WARN},    {"too-young", LD_WARN},
    {"failing", LD_FAIL},      {"other-generator", LD_WARN}, {"absent", LD_UNKNOWN},
};
static const ld_key load_keys[] = {
    {"users", LD_VALUE_NUMBER, false},     {"spawn_per_s", LD_VALUE_NUMBER, false},
    {"min_age", LD_VALUE_DURATION, false}, {"max_fail_ratio", LD_VALUE_NUMBER, false},
    {"row", LD_VALUE_TEXT, false}, /* whose failures count; default all */
};

static const ld_finding hand_off_findings[] = {
    {"configured", LD_PASS},
    {"not-configured", LD_FAIL},
    {"failing", LD_FAIL},
    {"silent-source", LD_UNKNOWN},
};
static const ld_key hand_off_keys[] = {
    {"env", LD_VALUE_LIST, false}, /* any of these names set to something: configured */
    {"ok", LD_VALUE_PATTERN, false},
    {"failed", LD_VALUE_PATTERN, false},
};

static const ld_finding service_findings[] = {
    {"ready", LD_PASS},
    {"no-endpoints", LD_FAIL},
    {"missing", LD_FAIL},
};
static const ld_key service_keys[] = {
    {"of", LD_VALUE_TEXT, false}, /* a service source; default: the last part of the check's id */
};
static const ld_finding rollout_findings[] = {
    {"settled", LD_PASS},
    {"in-progress", LD_WARN},
    {"stuck", LD_FAIL},
    {"settling", LD_WARN},
};
static const ld_key rollout_keys[] = {
    {"settle", LD_VALUE_DURATION, false},
    {"of", LD_VALUE_TEXT, false}, /* a workload source; default: the last part of the check's id */
};

static const ld_finding limit_findings[] = {
    {"expected", LD_PASS}, {"higher", LD_FAIL},      {"lower", LD_WARN},
    {"none", LD_FAIL},     {"pods-differ", LD_WARN}, {"decimal-unit", LD_WARN},
};
static const ld_key limit_keys[] = {{"bytes", LD_VALUE_BYTES, false}};

static const ld_finding soft_limit_findings[] = {
    {"none", LD_PASS},
    {"roomy", LD_PASS},
    {"tight", LD_WARN},
};
static const ld_key soft_limit_keys[] = {{"env", LD_VALUE_TEXT, false}};

static const ld_finding memory_findings[] = {
    {"on-track", LD_PASS},     {"ahead", LD_WARN},     {"behind", LD_FAIL},
    {"flat", LD_FAIL},         {"plateau", LD_FAIL},   {"gc-bound", LD_FAIL},
    {"step", LD_WARN},         {"shrinking", LD_FAIL}, {"oom-sawtooth", LD_PASS},
    {"too-early", LD_UNKNOWN}, {"stale", LD_UNKNOWN},  {"no-samples", LD_UNKNOWN},
};

static const ld_finding termination_findings[] = {
    {"none", LD_PASS},
    {"oom-killed", LD_PASS},
    {"evicted", LD_FAIL},
    {"crashed", LD_FAIL},
};
static const ld_finding telemetry_findings[] = {
    {"as-expected", LD_PASS},      {"flat", LD_FAIL}, {"absent", LD_FAIL}, {"delayed", LD_WARN},
    {"not-permitted", LD_UNKNOWN},
};
static const ld_finding collector_findings[] = {
    {"configured", LD_PASS},
    {"not-configured", LD_FAIL},
    {"misconfigured", LD_FAIL},
    {"failing", LD_FAIL},
};

#define FINDINGS(name) name##_findings, COUNT(name##_findings)
#define KEYS(name)     name##_keys, COUNT(name##_keys)

static const ld_kind kinds[LD_KINDS] = {
    {LD_KIND_FLAG_VALUE, "flag-value", FINDINGS(flag_value), KEYS(flag_value)},
    {LD_KIND_FLAG_AGREEMENT, "flag-agreement", FINDINGS(flag_agreement), NULL, 0},
    {LD_KIND_FLAG_SEEN, "flag-seen", FINDINGS(flag_seen), KEYS(flag_seen)},
    {LD_KIND_REACH, "reach", FINDINGS(reach), KEYS(reach)},
    {LD_KIND_RATE, "rate", FINDINGS(rate), KEYS(rate)},
    {LD_KIND_LOAD, "load", FINDINGS(load), KEYS(load)},
    {LD_KIND_HAND_OFF, "hand-off", FINDINGS(hand_off), KEYS(hand_off)},
    {LD_KIND_SERVICE, "service", FINDINGS(service), KEYS(service)},
    {LD_KIND_ROLLOUT, "rollout", FINDINGS(rollout), KEYS(rollout)},
    {LD_KIND_LIMIT, "limit", FINDINGS(limit), KEYS(limit)},
    {LD_KIND_SOFT_LIMIT, "soft-limit", FINDINGS(soft_limit), KEYS(soft_limit)},
    {LD_KIND_MEMORY, "memory", FINDINGS(memory), NULL, 0},
    {LD_KIND_TERMINATION, "termination", FINDINGS(termination), NULL, 0},
    {LD_KIND_TELEMETRY, "telemetry", FINDINGS(telemetry), NULL, 0},
    {LD_KIND_COLLECTOR, "collector", FINDINGS(collector), NULL, 0},
};

/* A service is asked at its URL when that is set, else through the cluster when there is one, else
 * where it usually is on this machine. */
#define REACHED_BY                                                                                 \
    {"url", LD_VALUE_TEXT, true}, {"service", LD_VALUE_TEXT, false},                               \
        {"namespace", LD_VALUE_TEXT, false},                                                       \
    {                                                                                              \
        "local", LD_VALUE_TEXT, false                                                              \
    }

static const ld_key flag_service_keys[] = {REACHED_BY, {"key", LD_VALUE_TEXT, true}};
static const ld_key flagd_file_keys[] = {{"path", LD_VALUE_TEXT, true},
                                         {"key", LD_VALUE_TEXT, true}};
static const ld_key config_map_keys[] = {{"namespace", LD_VALUE_TEXT, true},
                                         {"name", LD_VALUE_TEXT, true},
                                         {"key", LD_VALUE_TEXT, true}};
static const ld_key cgroup_keys[] = {{"path", LD_VALUE_TEXT, true}};
static const ld_key process_keys[] = {{"pid", LD_VALUE_TEXT, true}};
static const ld_key csv_keys[] = {{"path", LD_VALUE_TEXT, true}};
static const ld_key log_file_keys[] = {{"path", LD_VALUE_TEXT, true}};
static const ld_key pod_log_keys[] = {{"of", LD_VALUE_TEXT, true}};
static const ld_key locust_keys[] = {REACHED_BY};
static const ld_key kubernetes_keys[] = {
    {"as", LD_VALUE_TEXT, true},          {"namespace", LD_VALUE_TEXT, true},
    {"deployment", LD_VALUE_TEXT, false}, {"pod", LD_VALUE_TEXT, false},
    {"selector", LD_VALUE_TEXT, false},   {"usual_selector", LD_VALUE_TEXT, false},
    {"container", LD_VALUE_TEXT, false},
};
static const ld_key service_source_keys[] = {
    {"as", LD_VALUE_TEXT, true}, {"namespace", LD_VALUE_TEXT, true}, {"name", LD_VALUE_TEXT, true}};
static const ld_key prometheus_keys[] = {
    REACHED_BY,
    {"name", LD_VALUE_TEXT, true},   /* "memory", or a counter of rate checks */
    {"of", LD_VALUE_TEXT, false},    /* of memory: the workload */
    {"query", LD_VALUE_TEXT, false}, /* of a counter: PromQL that gives a rate per minute */
};

/* Types of one role stand together. */
static const ld_source_type source_types[] = {
    {"ofrep", KEYS(flag_service), "url", "flag", false},
    {"flagd-rpc", KEYS(flag_service), "url", "flag", false},
    {"flagd-ui", KEYS(flag_service), "url", "flag", false},
    {"flagd-configmap", KEYS(config_map), "name", "flag", true},
    {"flagd-file", KEYS(flagd_file), "path", "flag", false},
    {"cgroup", KEYS(cgroup), "path", "memory", false},
    {"process", KEYS(process), "pid", "memory", false},
    {"csv", KEYS(csv), "path", "memory", false},
    {"log-file", KEYS(log_file), "path", "log", false},
    {"pod-log", KEYS(pod_log), "of", "log", true},
    {"locust", KEYS(locust), "url", "load", false},
    {"kubernetes", KEYS(kubernetes), "namespace", "workload", true},
    {"kubernetes-service", KEYS(service_source), "name", "service", true},
    {"prometheus", KEYS(prometheus), "url", "history", false},
};

const ld_kind *ld_kind_at(size_t i)
{
    return i < LD_KINDS ? &kinds[i] : NULL;
}

const ld_kind *ld_kind_find(const char *name)
{
    for (size_t i = 0; i < LD_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

size_t ld_source_type_count(void)
{
    return COUNT(source_types);
}

const ld_source_type *ld_source_type_at(size_t i)
{
    return i < COUNT(source_types) ? &source_types[i] : NULL;
}

const ld_source_type *ld_source_type_find(const char *name)
{
    for (size_t i = 0; i < COUNT(source_types); i++)
        if (strcmp(source_types[i].name, name) == 0)
            return &source_types[i];
    return NULL;
}

const ld_finding *ld_kind_finding(const ld_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->n_findings; i++)
        if (strcmp(kind->findings[i].name, name) == 0)
            return &kind->findings[i];
    return NULL;
}

static const char *const outcome_names[] = {"pass", "warn", "fail", "unknown", "blocked"};

const char *ld_outcome_name(ld_outcome outcome)
{
    return outcome_names[outcome];
}

bool ld_outcome_find(const char *name, ld_outcome *ret)
{
    for (size_t i = 0; i < COUNT(outcome_names); i++) {
        if (strcmp(outcome_names[i], name) != 0)
            continue;
        *ret = (ld_outcome)i;
        return true;
    }
    return false;
}
