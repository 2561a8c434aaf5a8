/* What does this flag evaluate to? flag_value http://localhost:8016 kafkaQueueProblems */
#include <leakdiag/flag.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_flag *flag = NULL;
    leakdiag_error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: flag_value URL KEY\n");
        return 2;
    }
    if (leakdiag_flag_evaluate(argv[1], argv[2], NULL, &flag, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (leakdiag_flag_get_state(flag) == LEAKDIAG_FLAG_VALUE)
        printf("%s = %s (by %s)\n", argv[2], leakdiag_flag_value_json(flag),
               leakdiag_flag_method(flag));
    else
        printf("%s: %s: %s\n", argv[2], leakdiag_flag_state_name(leakdiag_flag_get_state(flag)),
               leakdiag_flag_detail(flag));
    leakdiag_flag_free(flag);
    return 0;
}
