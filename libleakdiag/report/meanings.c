/* What each finding means, in one sentence: the closed sets of scenario/kinds.c in words. */
#include "report/forms.h"

typedef struct meaning {
    const char *finding, *text;
} meaning;

static const meaning flag_value[] = {
    {"expected", "the flag service answers with the expected value"},
    {"lower", "the value is on, but lower than expected: memory climbs more slowly"},
    {"higher", "the value is higher than expected: memory climbs faster"},
    {"not-enabled", "the value is 0, false or another variant: the leak is switched off"},
    {"disabled", "the flag's state is DISABLED: the service gives no value"},
    {"code-default", "the flag gives no value, so the application uses its own default"},
    {"missing", "the service knows other flags, but not this one"},
    {"file-rejected", "the service has no flag at all: its file was refused or is empty"},
    {"malformed", "the answer cannot be used: broken, for another flag, or of a wrong type"},
    {"not-ofrep", "something answers at that address, but it is not a flag service"},
    {"refused", "the service wants credentials, forbids it, or limits the rate"},
    {"unreachable", "no answer at all: nothing is known about the flag"},
};
static const meaning flag_agreement[] = {
    {"agree", "the stored definition, the service and the application tell the same value"},
    {"edit-not-durable", "the value lives only in the running flag service: a restart loses it"},
    {"not-loaded", "the stored definition has a value that the service does not serve"},
    {"app-differs", "the application used another value than the service serves"},
};
static const meaning flag_seen[] = {
    {"seen", "the application logged that it acts on the flag, with the expected value"},
    {"other-value", "the application acts on the flag, but with another value"},
    {"not-seen", "the log has lines and orders came, but none tells of the flag"},
    {"silent-source", "the log gave no line of any kind, so its silence proves nothing"},
    {"unverified-pattern", "the log's lines never matched anything: the pattern may not fit"},
};
static const meaning reach[] = {
    {"reachable", "the flag service can be reached the way the application does it"},
    {"config-mismatch", "the application is told another address than the service has"},
    {"no-endpoints", "the Service exists, but no ready pod stands behind it"},
    {"policy-blocks", "a network policy forbids the way"},
};
static const meaning rate[] = {
    {"in-range", "the rate lies within what is expected"},
    {"low", "fewer per minute than expected"},
    {"high", "more per minute than expected"},
    {"zero", "a source that works counted none"},
    {"lower-bound", "at least so many: lines were lost, so there may be more"},
    {"silent-source", "no source could count, which is not zero"},
};
static const meaning load[] = {
    {"running", "the load test runs as planned"},
    {"spawning", "the load test is still starting its users"},
    {"stopped", "the load test does not run, or has no users"},
    {"users-differ", "it runs with another number of users"},
    {"rate-differs", "it starts its users at another rate"},
    {"too-young", "it has not run long enough to expect an effect"},
    {"failing", "it runs, but too many of its requests fail"},
    {"other-generator", "orders come, but not from this load test"},
    {"absent", "no load test answers"},
};
static const meaning hand_off[] = {
    {"configured", "orders are handed over to Kafka: the flag is read behind that"},
    {"not-configured", "no Kafka address is set, so the flag is never read"},
    {"failing", "messages to Kafka fail, so the flag is not read"},
    {"silent-source", "nothing tells whether orders are handed over"},
};
static const meaning service[] = {
    {"ready", "the Service exists and has ready endpoints"},
    {"no-endpoints", "the Service exists, but nothing ready stands behind it"},
    {"missing", "there is no such Service"},
};
static const meaning rollout[] = {
    {"settled", "the last restart is long enough ago to judge"},
    {"in-progress", "a rollout is going on: old and new pods are mixed"},
    {"stuck", "a rollout does not get any further"},
    {"settling", "it restarted so recently that defaults may still be in use"},
};
static const meaning limit[] = {
    {"expected", "the memory limit is the expected one"},
    {"higher", "the limit is higher than expected: the kill comes later or never"},
    {"lower", "the limit is lower than expected: the kill comes earlier"},
    {"none", "there is no memory limit"},
    {"pods-differ", "the pods of the workload have different limits"},
    {"decimal-unit", "the limit uses a decimal unit: 20M is not 20Mi"},
};
static const meaning soft_limit[] = {
    {"none", "the runtime has no soft memory limit"},
    {"roomy", "the soft limit is far enough from the container limit"},
    {"tight", "the soft limit is so close that garbage collection holds memory below the limit"},
};
static const meaning memory[] = {
    {"on-track", "memory climbs within the expected band"},
    {"ahead", "memory is above the expected band (without a curve: it grows)"},
    {"behind", "memory climbs, but more slowly than expected"},
    {"flat", "memory does not move"},
    {"plateau", "memory rose, then stayed below the limit"},
    {"gc-bound", "memory climbed to a soft limit, where garbage collection holds it"},
    {"step", "memory jumped once and did not climb"},
    {"shrinking", "memory falls"},
    {"oom-sawtooth", "memory climbs, is killed at the limit, and starts again"},
    {"too-early", "too little was seen to judge; the report says when it can be"},
    {"stale", "the newest sample is too old to speak of now"},
    {"no-samples", "there is no memory sample"},
};
static const meaning termination[] = {
    {"none", "it was not terminated while it was watched"},
    {"oom-killed", "the kernel killed it at its memory limit"},
    {"evicted", "the node evicted it for want of memory"},
    {"crashed", "it ended for another reason"},
};
static const meaning telemetry[] = {
    {"as-expected", "the telemetry backend shows what is expected"},
    {"flat", "the backend has data, but no movement in them"},
    {"absent", "the backend has no such data"},
    {"delayed", "the backend's newest data are too old"},
    {"not-permitted", "the backend does not allow the question"},
};
static const meaning collector[] = {
    {"configured", "the collector gathers pod memory"},
    {"not-configured", "the collector has no receiver for pod memory"},
    {"misconfigured", "the receiver is there, but in no pipeline or without pod metrics"},
    {"failing", "the receiver logs errors"},
};

#define MEANINGS(kind, list) [kind] = {list, sizeof(list) / sizeof(list)[0]}

const char *ld_finding_meaning(ld_kind_id kind, const char *finding)
{
    static const struct {
        const meaning *list;
        size_t n;
    } kinds[LD_KINDS] = {
        MEANINGS(LD_KIND_FLAG_VALUE, flag_value),
        MEANINGS(LD_KIND_FLAG_AGREEMENT, flag_agreement),
        MEANINGS(LD_KIND_FLAG_SEEN, flag_seen),
        MEANINGS(LD_KIND_REACH, reach),
        MEANINGS(LD_KIND_RATE, rate),
        MEANINGS(LD_KIND_LOAD, load),
        MEANINGS(LD_KIND_HAND_OFF, hand_off),
        MEANINGS(LD_KIND_SERVICE, service),
        MEANINGS(LD_KIND_ROLLOUT, rollout),
        MEANINGS(LD_KIND_LIMIT, limit),
        MEANINGS(LD_KIND_SOFT_LIMIT, soft_limit),
        MEANINGS(LD_KIND_MEMORY, memory),
        MEANINGS(LD_KIND_TERMINATION, termination),
        MEANINGS(LD_KIND_TELEMETRY, telemetry),
        MEANINGS(LD_KIND_COLLECTOR, collector),
    };
    for (size_t i = 0; i < kinds[kind].n; i++)
        if (strcmp(kinds[kind].list[i].finding, finding) == 0)
            return kinds[kind].list[i].text;
    return NULL;
}
