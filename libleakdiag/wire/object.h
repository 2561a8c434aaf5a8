/* Members of a JSON object that is being made. */
#ifndef LD_WIRE_OBJECT_H
#define LD_WIRE_OBJECT_H

#include <jansson.h>
#include <stdbool.h>

/* Takes value over, also when it fails (out of memory, or object or value is NULL). */
static inline bool ld_object_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

/* A count of which values below `smallest` stand for not known. New reference. */
static inline json_t *ld_object_known(int64_t value, int64_t smallest)
{
    return value < smallest ? json_null() : json_integer(value);
}

#endif
