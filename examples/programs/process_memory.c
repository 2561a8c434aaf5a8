/* How much memory has this process (or its cgroup), and how far may it go? process_memory PID */
#include <leakdiag/memory.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    if (leakdiag_memory_of_process(argc > 1 ? atol(argv[1]) : 0, NULL, &memory, &err)) {
        fprintf(stderr, "usage: process_memory PID\n%s\n", err.message);
        return 1;
    }
    printf("%s: %.0f bytes", leakdiag_memory_kind(memory),
           leakdiag_memory_working_set_bytes(memory));
    if (leakdiag_memory_has_limit(memory) == 1)
        printf(" of %.0f", leakdiag_memory_limit_bytes(memory));
    if (leakdiag_memory_oom_kills(memory) >= 0)
        printf(", %lld OOM kills", (long long)leakdiag_memory_oom_kills(memory));
    printf(" %s\n", leakdiag_memory_detail(memory));
    leakdiag_memory_free(memory);
    return 0;
}
