/* A file with //export may only declare, so the callback that C calls stands here. */
#include <leakdiag.h>

#include "_cgo_export.h"

int ld_go_on_look(const leakdiag_diagnosis *diagnosis, void *payload);

int ld_go_answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload);

int ld_go_on_look(const leakdiag_diagnosis *diagnosis, void *payload)
{
    return ldGoOnLook((uintptr_t)diagnosis, (uintptr_t)payload);
}

int ld_go_answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    return ldGoAnswer((leakdiag_http_request *)request, ret, (uintptr_t)payload);
}

int ld_go_write(const leakdiag_log_record *record, void *payload);

int ld_go_write(const leakdiag_log_record *record, void *payload)
{
    return ldGoWrite((leakdiag_log_record *)record, (uintptr_t)payload);
}
