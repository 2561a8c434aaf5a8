/* One try of an exchange over a transport of one's own. */
#ifndef LD_NET_TRANSPORT_H
#define LD_NET_TRANSPORT_H

#include "net/exchange.h"

/* Asks it, and sets end and stage of the exchange, and why when there is no answer. E_CALLBACK,
 * E_NOMEM. */
leakdiag_status ld_transport_try(const leakdiag_transport *transport, ld_exchange *x,
                                 int64_t timeout_ms, leakdiag_error *err);

#endif
