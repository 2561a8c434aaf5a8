/* What holds the namespaces of a pod: it waits, reaps whatever is left to it, and ends when told.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_end(int number)
{
    (void)number;
    _exit(0);
}

static void on_child(int number)
{
    (void)number;
    while (waitpid(-1, 0, WNOHANG) > 0)
        ;
}

int main(void)
{
    struct sigaction end = {.sa_handler = on_end};
    struct sigaction child = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGTERM, &end, 0);
    sigaction(SIGINT, &end, 0);
    sigaction(SIGCHLD, &child, 0);
    for (;;)
        pause();
}
