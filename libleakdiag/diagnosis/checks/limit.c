/* Is the memory limit the one that the experiment needs? */
#include <math.h>

#include "diagnosis/checks/checks.h"

/* "20M" where "20Mi" was meant: the same number with the decimal unit. */
static bool is_decimal_twin(double bytes, double expected)
{
    static const double binary[] = {1024, 1048576, 1073741824}, decimal[] = {1e3, 1e6, 1e9};
    for (size_t i = 0; i < 3; i++)
        if (fmod(expected, binary[i]) == 0 && bytes == expected / binary[i] * decimal[i])
            return true;
    return false;
}

static const char *compare(double bytes, double expected)
{
    if (!isfinite(expected) || bytes == expected)
        return "expected";
    if (is_decimal_twin(bytes, expected))
        return "decimal-unit";
    return bytes > expected ? "higher" : "lower";
}

leakdiag_status ld_judge_limit(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    double expected = ld_attribute_number(&answer->check->expect, "bytes", NAN);
    if (isfinite(expected))
        ld_add_bytes(&answer->expected, expected);
    if (!view->memory && view->memory_error)
        return ld_not_collected(answer, view->memory_error);
    if (!view->memory)
        return ld_not_configured(answer, "the memory limit");

    const ld_memory_fact *memory = &view->memory->of.memory;
    ld_rest_on(answer, view->memory);
    if (memory->has_limit < 0) {
        ld_text_add(&answer->reason, "the source does not tell the limit");
        return LEAKDIAG_OK;
    }
    if (memory->has_limit == 0) {
        ld_find(answer, "none");
        ld_text_add(&answer->observed, "none");
        return LEAKDIAG_OK;
    }
    ld_find(answer, compare(memory->limit_bytes, expected));
    ld_add_bytes(&answer->observed, memory->limit_bytes);
    if (is_decimal_twin(memory->limit_bytes, expected))
        ld_text_add(&answer->reason, "written with the decimal unit M (or G): 20M is not 20Mi");
    return LEAKDIAG_OK;
}
