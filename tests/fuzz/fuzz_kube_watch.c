/* Any bytes as a watch, whole and in chunks: the same events and the same end. The first byte is
 * the length of the chunks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/kube_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

static bool count(const ld_kube_event *event, void *payload)
{
    require(event->pods.n == (event->kind != LD_KUBE_BOOKMARK));
    require(event->pods.n == 0 || event->pods.list[0].name);
    ++*(int64_t *)payload;
    return true;
}

static leakdiag_status push_all(ld_kube_watch *watch, const char *data, size_t len, size_t step,
                                int64_t *n, leakdiag_error *err)
{
    static const ld_kube_asked asked = {"watch", "pods", "", "otel-demo", NULL};
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t at = 0; !status && at < len; at += step)
        status = ld_kube_watch_push(watch, &asked, data + at, len - at < step ? len - at : step,
                                    count, n, err);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    ld_kube_watch whole = {0}, cut = {0};
    int64_t n_whole = 0, n_cut = 0;
    leakdiag_error err = {0};
    if (len == 0)
        return 0;
    const char *body = (const char *)data + 1;
    leakdiag_status status = push_all(&whole, body, len - 1, len, &n_whole, &err);
    require(status == LEAKDIAG_OK || (*err.message && !strchr(err.message, '\n')));
    require(push_all(&cut, body, len - 1, data[0] ? data[0] : 1, &n_cut, &err) == status);
    require(n_whole == n_cut && whole.n_events == n_whole && cut.n_events == n_cut);
    require(ld_text_equal(whole.resource_version, cut.resource_version));
    require(!whole.resource_version == (n_whole == 0));
    ld_kube_watch_done(&whole);
    ld_kube_watch_done(&cut);
    return 0;
}
