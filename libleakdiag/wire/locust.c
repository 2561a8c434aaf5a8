#include "wire/locust.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

#define VALUES_MAX 200000
#define COUNT_MAX  (INT64_C(1) << 40)
#define AGE_MAX_S  3.2e9 /* a hundred years: more is nonsense */
/* The page's times and the Date of an answer are cut to whole seconds. */
#define CLOCK_STEP_MS 1000

static leakdiag_load_state state_of(const char *word)
{
    static const struct {
        const char *word;
        leakdiag_load_state state;
    } states[] = {
        {"ready", LEAKDIAG_LOAD_READY},       {"spawning", LEAKDIAG_LOAD_SPAWNING},
        {"running", LEAKDIAG_LOAD_RUNNING},   {"cleanup", LEAKDIAG_LOAD_STOPPING},
        {"stopping", LEAKDIAG_LOAD_STOPPING}, {"stopped", LEAKDIAG_LOAD_STOPPED},
        {"missing", LEAKDIAG_LOAD_MISSING},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(word, states[i].word) == 0)
            return states[i].state;
    return LEAKDIAG_LOAD_UNKNOWN;
}

/* A count; -1 when it is missing, negative, no whole number or beyond reason. */
static int64_t count_of(const json_t *object, const char *key)
{
    int64_t value = -1;
    ld_json_get_int(object, key, &value);
    return value >= 0 && value <= COUNT_MAX ? value : -1;
}

static double rate_of(const json_t *object, const char *key)
{
    double value = NAN;
    ld_json_get_number(object, key, &value);
    return value >= 0 ? value : NAN;
}

static double ratio_of(const json_t *object, const char *key)
{
    double value = rate_of(object, key);
    return value <= 1 ? value : NAN;
}

static bool is_sum(const json_t *row)
{
    const char *name = "", *method = "";
    ld_json_get_text(row, "name", &name);
    ld_json_get_text(row, "method", &method);
    return strcmp(name, "Aggregated") == 0 && !*method;
}

/* current_rps is the rate of now in every version; total_rps is the average since the start in the
 * rows, but means either at the top, depending on the version. */
static ld_load_row_fields row_of(const json_t *row)
{
    ld_load_row_fields fields = {
        .requests = count_of(row, "num_requests"),
        .failures = count_of(row, "num_failures"),
        .rate_per_s = rate_of(row, "current_rps"),
    };
    ld_json_get_text(row, "name", &fields.name);
    ld_json_get_text(row, "method", &fields.method);
    return fields;
}

/* From the start (or the last reset) to the last request: requests / (requests per second since the
 * start). Not more than the age, to the millisecond. */
static double span_s(const json_t *sum)
{
    double requests = rate_of(sum, "num_requests"), per_s = rate_of(sum, "total_rps");
    return requests > 0 && per_s > 0 ? requests / per_s : NAN;
}

/* Both ways tell at least how old the test is, so the larger one is nearer. */
static int64_t age_ms(leakdiag_load_state state, const json_t *sum, const ld_locust_page *page,
                      int64_t now_ms)
{
    if (state != LEAKDIAG_LOAD_RUNNING && state != LEAKDIAG_LOAD_SPAWNING)
        return -1;
    double by_requests = span_s(sum);
    double by_history = NAN;
    if (page->first_ms > 0 && now_ms - page->first_ms >= CLOCK_STEP_MS)
        by_history = (double)(now_ms - page->first_ms - CLOCK_STEP_MS) / 1e3;
    double age_s = fmax(by_requests, by_history); /* NAN only when both are */
    return age_s >= 0 && age_s < AGE_MAX_S ? (int64_t)(age_s * 1e3) : -1;
}

static void describe(ld_load_fields *fields, const json_t *json, ld_text *detail)
{
    const char *word = NULL;
    if (!ld_json_get_text(json, "state", &word)) {
        ld_text_add(detail, "the answer has no state");
        return;
    }
    fields->state = state_of(word);
    if (fields->state == LEAKDIAG_LOAD_UNKNOWN) {
        ld_text_add(detail, "a state that is not known here: ");
        ld_detail_add(detail, word, strlen(word));
    } else if (fields->state == LEAKDIAG_LOAD_READY)
        ld_text_add(detail, "the test was never started");
    else if (fields->state == LEAKDIAG_LOAD_STOPPED)
        ld_text_add(detail, "the test was stopped; its rates are those before");
    else if (fields->state == LEAKDIAG_LOAD_MISSING)
        ld_text_add(detail, "Locust has no runner");
    if (fields->state == LEAKDIAG_LOAD_READY && count_of(json, "worker_count") == 0)
        ld_text_add(detail, ", and this master has no worker");
    if (fields->users < 0)
        ld_text_add(detail, detail->len ? "; no user_count" : "the answer has no user_count");
}

static leakdiag_status decode_stats(const json_t *json, const ld_answer *stats,
                                    const ld_locust_page *page, int64_t now_ms, leakdiag_load **ret,
                                    leakdiag_error *err)
{
    ld_load_fields fields = LD_LOAD_FIELDS_UNKNOWN;
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    const json_t *list = json_object_get(json, "stats"), *entry, *sum = NULL;
    LD_CLEANUP(ld_releasep)
    ld_load_row_fields *rows = ld_alloc_array(json_array_size(list), sizeof *rows);
    if (!rows)
        return ld_fail_nomem(err);
    size_t i;
    json_array_foreach(list, i, entry)
    {
        if (is_sum(entry))
            sum = entry;
        else
            rows[fields.n_rows++] = row_of(entry);
    }
    fields.rows = rows;
    fields.users = count_of(json, "user_count");
    fields.fail_ratio = ratio_of(json, "fail_ratio");
    describe(&fields, json, &detail);
    if (detail.failed)
        return ld_fail_nomem(err);
    fields.target_users = page->target_users;
    fields.spawn_per_s = page->spawn_per_s;
    fields.age_ms = age_ms(fields.state, sum, page, now_ms);
    fields.detail = detail.data;
    fields.http_status = stats->status;
    fields.latency_ms = stats->latency_ms;
    return ld_load_new(&fields, ret, err);
}

/* Locust with --web-login but no key answers 200 with this text. */
static bool is_login_page(const ld_answer *answer)
{
    static const char mark[] = "Locust auth exception";
    return answer->len && memmem(answer->body, answer->len, mark, sizeof mark - 1);
}

/* 302 and 303 are how a login sends people to its page; the others say that Locust moved. */
static bool is_login_redirect(int status)
{
    return status == 302 || status == 303;
}

static leakdiag_status decode_other(const ld_answer *answer, const leakdiag_error *why,
                                    leakdiag_load **ret, leakdiag_error *err)
{
    ld_load_fields fields = LD_LOAD_FIELDS_UNKNOWN;
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    fields.state = LEAKDIAG_LOAD_NOT_LOCUST;
    if (ld_detail_add_refusal(&detail, answer)) {
        if (answer->status >= 400 || is_login_redirect(answer->status))
            fields.state = LEAKDIAG_LOAD_REFUSED;
    } else if (is_login_page(answer)) {
        fields.state = LEAKDIAG_LOAD_REFUSED;
        ld_text_add(&detail, "Locust wants a login: ");
        ld_detail_add(&detail, answer->body, answer->len);
    } else if (answer->status >= 502 && answer->status <= 504) {
        fields.state = LEAKDIAG_LOAD_UNREACHABLE;
        ld_text_addf(&detail, "HTTP %d: a gateway answers, but the service behind it does not",
                     answer->status);
    } else if (answer->status == 200 && why->message[0] && ld_answer_says_json(answer)) {
        ld_text_add(&detail, "the answer cannot be read: ");
        ld_detail_add(&detail, why->message, strlen(why->message));
    } else {
        ld_detail_add_answer(&detail, answer);
        ld_text_add(&detail, answer->status == 404
                                 ? ": no Locust at this address; does it have a --web-base-path?"
                                 : ": not an answer of Locust");
    }
    if (detail.failed)
        return ld_fail_nomem(err);
    fields.detail = detail.data;
    fields.http_status = answer->status;
    fields.latency_ms = answer->latency_ms;
    return ld_load_new(&fields, ret, err);
}

leakdiag_status ld_locust_decode(const ld_answer *stats, const ld_answer *page, leakdiag_load **ret,
                                 leakdiag_error *err)
{
    const ld_json_limits limits = {.bytes = LD_LOCUST_STATS_MAX_BYTES, .values = VALUES_MAX};
    LD_JSON *json = NULL;
    leakdiag_error why = {0};
    leakdiag_status status =
        ld_json_parse(stats->body ? stats->body : "", stats->len, &limits, &json, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (stats->status != 200 || !json_is_array(json_object_get(json, "stats")))
        return decode_other(stats, &why, ret, err);

    ld_locust_page told;
    bool has_page = page && page->status == 200;
    ld_locust_read_page(has_page ? page->body : NULL, has_page ? page->len : 0, &told);
    return decode_stats(json, stats, &told, has_page ? page->now_ms : 0, ret, err);
}
