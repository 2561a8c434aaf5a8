/* The flag definition that a cluster keeps in a ConfigMap: what flagd copies when its pod starts.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/exchange.h"
#include "wire/flag.h"
#include "wire/kube.h"

typedef struct config_map_question {
    ld_question base;
    const char *ns, *name, *key;
    char *url;
    ld_http_request request;
    leakdiag_error why;
    leakdiag_status invalid;
} config_map_question;

static void done(ld_question *question)
{
    config_map_question *q = (config_map_question *)question;
    ld_http_request_done(&q->request);
    ld_release(q->url);
}

static void answered(ld_http_request *request, void *payload)
{
    config_map_question *q = payload;
    ld_ask_note(q->base.asking, request);
}

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    config_map_question *q = (config_map_question *)question;
    const ld_attributes *attributes = &question->spec->attributes;
    LD_CLEANUP(ld_releasep) char *path = NULL;
    q->ns = ld_attribute_text(attributes, "namespace", "");
    q->name = ld_attribute_text(attributes, "name", "");
    q->key = ld_attribute_text(attributes, "key", "");
    q->invalid = ld_kube_path_config_map(q->ns, q->name, &path, &q->why);
    if (!q->invalid)
        q->invalid = ld_ask_cluster(question->asking, path, &q->url, &q->request, &q->why);
    if (q->invalid)
        return q->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
    q->request.on_done = answered;
    q->request.payload = q;
    ld_ask_send(question->asking, &q->request);
    return LEAKDIAG_OK;
}

/* The value that is a flagd document: the demo's is "demo.flagd.json". */
static const char *find_document(const ld_kube_config_map *map)
{
    for (size_t i = 0; i < map->n; i++) {
        size_t n = strlen(map->keys[i]);
        if (n >= 5 && strcmp(map->keys[i] + n - 5, ".json") == 0)
            return map->values[i];
    }
    return map->n == 1 ? map->values[0] : NULL;
}

static leakdiag_status evaluate(const config_map_question *q, const ld_kube_config_map *map,
                                leakdiag_flag **ret, leakdiag_error *err)
{
    const char *document = find_document(map);
    if (document)
        return leakdiag_flag_from_file(document, strlen(document), q->key, ret, err);
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                   "configmap/%s has no key that ends in .json; is it the one that flagd reads?",
                   q->name);
}

static leakdiag_status read_map(const config_map_question *q, ld_kube_config_map *map,
                                leakdiag_error *why)
{
    if (q->invalid) {
        *why = q->why;
        return q->invalid;
    }
    leakdiag_status status = ld_ask_unanswered(&q->request, why);
    if (status)
        return status;
    ld_kube_asked asked = {"get", "configmaps", "", q->ns, q->name};
    ld_answer answer = ld_exchange_answer(&q->request);
    return ld_kube_read_config_map(&asked, &answer, map, why);
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    config_map_question *q = (config_map_question *)question;
    LD_CLEANUP(ld_kube_config_map_done) ld_kube_config_map map = {0};
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *flag = NULL;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    leakdiag_error why = {0};
    int64_t now_ms = question->asking->now_ms;
    ld_text_addf(&source, "configmap %s/%s", q->ns, q->name);
    if (source.failed)
        return ld_fail_nomem(err);
    leakdiag_status status = read_map(q, &map, &why);
    if (!status)
        status = evaluate(q, &map, &flag, &why);
    if (status)
        return ld_facts_add_failed(facts, LD_FACT_FLAG, source.data, NULL, now_ms, status,
                                   why.message, err);
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    status = ld_fact_from_flag(flag, source.data, now_ms, &fact, err);
    if (status)
        return status;
    ld_release(fact->of.flag.method);
    fact->of.flag.method = ld_copy_text("configmap");
    if (!fact->of.flag.method)
        return ld_fail_nomem(err);
    fact->of.flag.changed_ms = map.changed_ms;
    fact->latency_ms = q->request.latency_ms;
    return ld_facts_add(facts, ld_steal(&fact), err);
}

leakdiag_status ld_config_map_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {begin, finish, done};
    config_map_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = &type;
    *ret = &q->base;
    return LEAKDIAG_OK;
}
