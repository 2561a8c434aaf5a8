/* Until when a certificate holds: read from its DER, and nothing else of it. Whether it is to be
 * trusted is the TLS library's business. */
#ifndef LD_NET_CERTIFICATE_H
#define LD_NET_CERTIFICATE_H

#include <stdbool.h>

#include "base/error.h"

/* notAfter of the first certificate in the PEM, or the latest of all; 0 in *ret when it cannot be
 * read. Only E_NOMEM is an error. */
leakdiag_status ld_certificate_expires(const char *pem, bool latest_of_all, int64_t *ret_ms,
                                       leakdiag_error *err);

#endif
