#include "net/sigpipe.h"

#include <errno.h>
#include <time.h>

static bool is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void ld_sigpipe_block(ld_sigpipe *guard)
{
    sigset_t set;
    only_sigpipe(&set);
    guard->was_pending = is_pending();
    pthread_sigmask(SIG_BLOCK, &set, &guard->before);
}

void ld_sigpipe_restore(ld_sigpipe *guard)
{
    const struct timespec now = {0};
    sigset_t set;
    only_sigpipe(&set);
    if (!guard->was_pending && is_pending())
        while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}
