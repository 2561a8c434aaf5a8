/* One try of an exchange over libcurl. */
#ifndef LD_NET_TRANSFER_H
#define LD_NET_TRANSFER_H

#include "net/exchange.h"

/* libcurl, once in the process and only when a request is really made. E_IO, E_NOMEM. */
leakdiag_status ld_transfer_open(CURLM **ret, leakdiag_error *err);
/* The exchange runs, for at most timeout_ms. E_NOMEM, E_UNSUPPORTED, E_IO. */
leakdiag_status ld_transfer_start(ld_exchange *x, CURLM *multi, int64_t timeout_ms,
                                  leakdiag_error *err);
/* How far the try that runs has come. */
ld_stage ld_transfer_stage(const ld_exchange *x);
/* Sets end and stage (no less than at_least) of the exchange, and why when there is no answer.
 * False: out of memory. */
bool ld_transfer_end(ld_exchange *x, CURLcode code, ld_stage at_least);
/* Frees what the try used; also one that runs. */
void ld_transfer_clear(ld_exchange *x, CURLM *multi);

#endif
