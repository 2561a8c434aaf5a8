/* SIGPIPE must not reach the host program: libcurl sends with MSG_NOSIGNAL, but OpenSSL's write()
 * does not. Blocked for this thread around a call; one that came meanwhile is taken away. */
#ifndef LD_NET_SIGPIPE_H
#define LD_NET_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

typedef struct ld_sigpipe {
    sigset_t before;
    bool was_pending;
} ld_sigpipe;

void ld_sigpipe_block(ld_sigpipe *guard);
void ld_sigpipe_restore(ld_sigpipe *guard);

#endif
