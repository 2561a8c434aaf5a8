/* The one cleanup idiom: LD_CLEANUP(fn) on a local, ld_steal() to hand it out. */
#ifndef LD_BASE_CLEANUP_H
#define LD_BASE_CLEANUP_H

#include <stddef.h>

/* fn takes the address of the variable and must accept an empty one. */
#define LD_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Makes `static void name(type **p)` out of a `void free_fn(type *)`. */
#define LD_DEFINE_CLEANUP(type, free_fn, name)                                                     \
    static inline void name(type **p)                                                              \
    {                                                                                              \
        free_fn(*p);                                                                               \
    }

/* Hands the pointer out and leaves NULL, so that the cleanup does nothing. */
#define ld_steal(p)                                                                                \
    __extension__({                                                                                \
        __typeof__(*(p)) *ld_slot_ = (p);                                                          \
        __typeof__(*(p)) ld_stolen_ = *ld_slot_;                                                   \
        *ld_slot_ = NULL;                                                                          \
        ld_stolen_;                                                                                \
    })

#endif
