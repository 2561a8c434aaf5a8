#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"

struct leakdiag_cancel {
    atomic_int triggered;
};

leakdiag_status leakdiag_cancel_new(leakdiag_cancel **ret, leakdiag_error *err)
{
    leakdiag_cancel *cancel = ld_alloc_zero(sizeof *cancel);
    if (!cancel)
        return ld_fail_nomem(err);
    atomic_init(&cancel->triggered, 0);
    *ret = cancel;
    return LEAKDIAG_OK;
}

void leakdiag_cancel_trigger(leakdiag_cancel *cancel)
{
    atomic_store(&cancel->triggered, 1);
}

int leakdiag_cancel_is_triggered(const leakdiag_cancel *cancel)
{
    return cancel ? atomic_load(&cancel->triggered) : 0;
}

void leakdiag_cancel_free(leakdiag_cancel *cancel)
{
    ld_release(cancel);
}
