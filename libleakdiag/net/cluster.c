#include "net/cluster.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "net/clock.h"
#include "net/cluster_state.h"

#define WAIT_SLICE_MS 50 /* a cancelled call returns within this */
#define RETRY_MS                                                                                   \
    10000 /* a plugin that failed is not run again at once while its last token holds */

void leakdiag_cluster_free(leakdiag_cluster *cluster)
{
    if (!cluster)
        return;
    if (cluster->has_lock) {
        pthread_cond_destroy(&cluster->changed);
        pthread_mutex_destroy(&cluster->lock);
    }
    ld_credentials_done(&cluster->credentials);
    ld_warnings_done(&cluster->warnings);
    ld_secret_release(cluster->proxy_url);
    ld_release(cluster->server_name);
    ld_release(cluster->ca_pem);
    ld_release(cluster->ca_path);
    ld_release(cluster->server);
    ld_release(cluster->context);
    ld_release(cluster->cluster_name);
    ld_release(cluster->user);
    ld_release(cluster->namespace_name);
    ld_release(cluster->origin);
    ld_release(cluster);
}

ld_surroundings ld_cluster_surroundings(const leakdiag_cluster *cluster)
{
    return cluster->is_process ? ld_surroundings_of_process() : cluster->around;
}

static int64_t now_of(const leakdiag_cluster *cluster)
{
    return cluster->around.now_ms(cluster->around.payload);
}

/* ---- what is told, once the lock is free: who listens may call the library ---- */

typedef struct events {
    bool has_run, was_read; /* the plugin; the token file */
    int64_t took_ms;        /* the plugin */
    leakdiag_status failed;
    leakdiag_error why;
} events;

static void tell(const leakdiag_cluster *cluster, const events *seen, ld_log *log)
{
    const char *where = cluster->credentials.where ? cluster->credentials.where : "";
    if (seen->was_read)
        ld_log_say(log, LEAKDIAG_LOG_LEVEL_DEBUG, "credential", where,
                   "%s: its token file was read again", where);
    if (!seen->has_run)
        return;
    leakdiag_log_level level = seen->failed ? LEAKDIAG_LOG_LEVEL_WARNING : LEAKDIAG_LOG_LEVEL_INFO;
    if (!ld_log_wants(log, level))
        return;
    leakdiag_log_record record = {.level = level,
                                  .event = "credential",
                                  .source = where,
                                  .duration_ms = seen->took_ms,
                                  .bytes = -1};
    if (seen->failed) /* begins with where */
        ld_log_write(log, record, "%s", seen->why.message);
    else
        ld_log_write(log, record, "%s: its exec plugin gave a credential in %lld ms", where,
                     (long long)seen->took_ms);
}

/* ---- the credential that holds now (called with the lock) ---- */

/* The authorities of a pod change with its token, over years. What cannot be read stays as it was.
 */
static void read_ca_again(leakdiag_cluster *cluster)
{
    char *pem = NULL;
    size_t len = 0;
    if (!cluster->ca_path || ld_secret_read_file(cluster->ca_path, &pem, &len, NULL, NULL))
        return;
    if (strlen(pem) != len || !strstr(pem, "-----BEGIN CERTIFICATE-----")) {
        ld_release(pem);
        return;
    }
    ld_release(cluster->ca_pem);
    cluster->ca_pem = pem;
}

static leakdiag_status read_files_again(leakdiag_cluster *cluster, events *seen,
                                        leakdiag_error *err)
{
    leakdiag_status status = ld_credentials_read_again(&cluster->credentials, cluster->was_refused,
                                                       now_of(cluster), &seen->was_read, err);
    if (status)
        return ld_error_prefix(err, status, "%s", cluster->credentials.where);
    if (cluster->credentials.token_path)
        cluster->was_refused = false;
    if (seen->was_read)
        read_ca_again(cluster);
    return LEAKDIAG_OK;
}

static char *copy_or_null(const char *text, bool *failed)
{
    char *copy = text ? ld_copy_text(text) : NULL;
    *failed = *failed || (text && !copy);
    return copy;
}

static leakdiag_status make_origin(const leakdiag_cluster *cluster, ld_origin **ret,
                                   leakdiag_error *err)
{
    leakdiag_status status = ld_credentials_check(&cluster->credentials, now_of(cluster), err);
    if (status)
        return status;
    LD_CLEANUP(ld_origin_freep) ld_origin *origin = ld_alloc_zero(sizeof *origin);
    bool failed = !origin;
    if (origin) {
        origin->base_url = copy_or_null(cluster->server, &failed);
        origin->proxy_url = copy_or_null(cluster->proxy_url, &failed);
    }
    if (!failed && cluster->is_https) {
        origin->ca_pem = copy_or_null(cluster->ca_pem, &failed);
        origin->server_name = copy_or_null(cluster->server_name, &failed);
        origin->is_insecure = cluster->is_insecure;
    }
    if (failed)
        return ld_fail_nomem(err);
    if (cluster->is_https)
        status = ld_credentials_show(&cluster->credentials, origin, err);
    if (!status)
        *ret = ld_steal(&origin);
    return status;
}

/* ---- the plugin, once for all threads ---- */

/* A thread that gave up, or had less time, says nothing about the plugin. */
static bool is_shared_failure(leakdiag_status status)
{
    return status == LEAKDIAG_E_AUTH;
}

/* Runs it without the lock. Its failure is no failure while the last token still holds. */
static leakdiag_status run_plugin(leakdiag_cluster *cluster, int64_t left_ms,
                                  const leakdiag_cancel *cancel, events *seen, leakdiag_error *err)
{
    ld_exec_credential given = {0};
    leakdiag_error why = {0};
    int64_t start_ms = ld_monotonic_ms();
    cluster->is_busy = true;
    pthread_mutex_unlock(&cluster->lock);
    ld_surroundings around = ld_cluster_surroundings(cluster);
    leakdiag_status status =
        ld_exec_plugin_run(cluster->credentials.exec, &around, left_ms, cancel, &given, &why);
    pthread_mutex_lock(&cluster->lock);
    cluster->is_busy = false;
    cluster->runs++;
    ld_credentials *own = &cluster->credentials;
    int64_t now_ms = now_of(cluster);
    seen->has_run = true;
    seen->failed = status;
    if (!status) {
        ld_credentials_take(own, &given, now_ms);
        cluster->was_refused = false;
    } else {
        ld_error_prefix(&why, status, "%s: exec plugin", own->where);
        if (own->has_run && !cluster->was_refused && own->expires_ms > now_ms) {
            own->renew_ms =
                now_ms + RETRY_MS < own->expires_ms ? now_ms + RETRY_MS : own->expires_ms;
            status = status == LEAKDIAG_E_AUTH ? LEAKDIAG_OK : status;
        }
    }
    cluster->last_status = status;
    cluster->last_error = why;
    seen->took_ms = ld_monotonic_ms() - start_ms;
    seen->why = why;
    pthread_cond_broadcast(&cluster->changed);
    if (status && err)
        *err = why;
    return status;
}

static void wait_a_bit(leakdiag_cluster *cluster)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_SLICE_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&cluster->changed, &cluster->lock, &until);
}

/* Until the credential is fresh: by this thread's run, or by another's. */
static leakdiag_status get_credential(leakdiag_cluster *cluster, int64_t end_ms,
                                      const leakdiag_cancel *cancel, events *seen_now,
                                      leakdiag_error *err)
{
    uint64_t seen = cluster->runs;
    bool has_waited = false;
    while (ld_credentials_need_run(&cluster->credentials, cluster->was_refused, now_of(cluster)) ||
           cluster->is_busy) {
        int64_t left_ms = end_ms - ld_monotonic_ms();
        if (leakdiag_cancel_is_triggered(cancel))
            return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
        if (left_ms <= 0)
            return ld_fail(err, LEAKDIAG_E_TIMEOUT,
                           "%s: no credential in time: its exec plugin is still running",
                           cluster->credentials.where);
        if (cluster->is_busy) {
            has_waited = true;
            wait_a_bit(cluster);
        } else if (has_waited && cluster->runs != seen && is_shared_failure(cluster->last_status)) {
            if (err)
                *err = cluster->last_error;
            return cluster->last_status;
        } else {
            /* One run per call: what it gave is used, even if it expires at once. */
            return run_plugin(cluster, left_ms, cancel, seen_now, err);
        }
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_cluster_origin(leakdiag_cluster *cluster, int64_t deadline_ms,
                                  const leakdiag_cancel *cancel, ld_log *log, ld_origin **ret,
                                  leakdiag_error *err)
{
    LD_CLEANUP(ld_origin_freep) ld_origin *origin = NULL;
    events seen = {0};
    if (deadline_ms <= 0 || deadline_ms > INT32_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the deadline is not positive, or too far away");
    int64_t end_ms = ld_monotonic_ms() + deadline_ms;
    pthread_mutex_lock(&cluster->lock);
    leakdiag_status status = get_credential(cluster, end_ms, cancel, &seen, err);
    if (!status)
        status = read_files_again(cluster, &seen, err);
    if (!status)
        status = make_origin(cluster, &origin, err);
    pthread_mutex_unlock(&cluster->lock);
    tell(cluster, &seen, log);
    if (!status)
        status = ld_log_status(log, err);
    if (!status)
        *ret = ld_steal(&origin);
    return status;
}

void ld_cluster_refused(leakdiag_cluster *cluster)
{
    pthread_mutex_lock(&cluster->lock);
    cluster->was_refused = ld_credentials_can_refresh(&cluster->credentials);
    pthread_mutex_unlock(&cluster->lock);
}

void ld_cluster_say_refused(const leakdiag_cluster *cluster, ld_log *log)
{
    const char *where = cluster->credentials.where ? cluster->credentials.where : "";
    ld_log_say(log, LEAKDIAG_LOG_LEVEL_INFO, "credential", where,
               "%s: %s refused it (401); asked again with a new one", where, cluster->server);
}

bool ld_cluster_can_refresh(const leakdiag_cluster *cluster)
{
    return ld_credentials_can_refresh(&cluster->credentials); /* of what never changes */
}

/* ---- what is known ---- */

const char *leakdiag_cluster_server(const leakdiag_cluster *cluster)
{
    return cluster->server;
}

const char *leakdiag_cluster_context(const leakdiag_cluster *cluster)
{
    return cluster->context;
}

const char *leakdiag_cluster_namespace_name(const leakdiag_cluster *cluster)
{
    return cluster->namespace_name;
}

const char *leakdiag_cluster_namespace_source(const leakdiag_cluster *cluster)
{
    return cluster->namespace_source;
}

const char *leakdiag_cluster_user(const leakdiag_cluster *cluster)
{
    return cluster->user;
}

const char *leakdiag_cluster_origin(const leakdiag_cluster *cluster)
{
    return cluster->origin;
}

int leakdiag_cluster_is_tls_verified(const leakdiag_cluster *cluster)
{
    return cluster->is_https && !cluster->is_insecure;
}

size_t leakdiag_cluster_warning_count(const leakdiag_cluster *cluster)
{
    return cluster->warnings.n;
}

const char *leakdiag_cluster_warning(const leakdiag_cluster *cluster, size_t i)
{
    return i < cluster->warnings.n ? cluster->warnings.list[i] : NULL;
}

static json_t *json_of_warnings(const leakdiag_cluster *cluster)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < cluster->warnings.n; i++)
        if (json_array_append_new(list, ld_json_text(cluster->warnings.list[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

leakdiag_status leakdiag_cluster_to_json(const leakdiag_cluster *cluster, char **ret,
                                         leakdiag_error *err)
{
    LD_JSON *json = json_object();
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"schema", json_string("leakdiag.cluster/1")},
        {"server", ld_json_text(cluster->server)},
        {"origin", ld_json_text(cluster->origin)},
        {"context", ld_json_text(cluster->context)},
        {"cluster", ld_json_text(cluster->cluster_name)},
        {"user", ld_json_text(cluster->user)},
        {"namespace_name", ld_json_text(cluster->namespace_name)},
        {"namespace_source", ld_json_text(cluster->namespace_source)},
        {"credential", ld_json_text(cluster->credential_kind)},
        {"impersonates", json_boolean(cluster->has_impersonation)},
        {"proxy", json_boolean(cluster->proxy_url != NULL)},
        {"tls_verified", json_boolean(leakdiag_cluster_is_tls_verified(cluster))},
        {"warnings", json_of_warnings(cluster)},
    };
    bool failed = !json;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        failed = json_object_set_new(json, members[i].key, members[i].value) || failed;
    return failed ? ld_fail_nomem(err) : ld_json_dump(json, ret, err);
}
