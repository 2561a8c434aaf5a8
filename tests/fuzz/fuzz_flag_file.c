/* Any bytes as a flagd file. One flag and the list of all must agree. */
#include <leakdiag/flag.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int fine)
{
    if (!fine)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char key[] = "kafkaQueueProblems";
    const char *file = (const char *)data;
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    require(leakdiag_flag_from_file(file, len, key, &flag, NULL) == LEAKDIAG_OK);
    require(leakdiag_flags_from_file(file, len, &flags, NULL) == LEAKDIAG_OK);
    leakdiag_flag_state state = leakdiag_flag_get_state(flag);
    const leakdiag_flag *listed = NULL;
    for (size_t i = 0; i < leakdiag_flags_len(flags); i++)
        if (strcmp(leakdiag_flag_key(leakdiag_flags_at(flags, i)), key) == 0)
            listed = leakdiag_flags_at(flags, i);
    if (leakdiag_flags_state(flags) != LEAKDIAG_FLAG_VALUE)
        require(state == leakdiag_flags_state(flags));
    else if (listed)
        require(state == leakdiag_flag_get_state(listed));
    else
        require(state == LEAKDIAG_FLAG_MISSING);
    leakdiag_flags_free(flags);
    leakdiag_flag_free(flag);
    return 0;
}
