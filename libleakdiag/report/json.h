/* Building JSON: a member that cannot be made is remembered, so that callers add freely. */
#ifndef LD_REPORT_JSON_H
#define LD_REPORT_JSON_H

#include "base/json.h"
#include "diagnosis/diagnosis.h"
#include "report/forms.h"

typedef struct ld_object {
    json_t *json;
    bool *failed;
} ld_object;

/* A member that is an object itself. */
ld_object ld_object_in(const ld_object *parent, const char *key);
void ld_object_set(const ld_object *object, const char *key, json_t *value); /* steals it */
void ld_object_text(const ld_object *object, const char *key, const char *text);
/* Rounded to so many decimals: bytes of a report must not hang on the last bit of a double. */
void ld_object_number(const ld_object *object, const char *key, double value, int decimals);
void ld_object_int(const ld_object *object, const char *key, int64_t value);
void ld_object_bool(const ld_object *object, const char *key, bool value);
void ld_object_time(const ld_object *object, const char *key, int64_t time_ms); /* 0: null */

/* The parts of a report that are long enough for files of their own. */
void ld_json_memory(const leakdiag_diagnosis *diagnosis, const ld_object *object);
void ld_json_quick(const leakdiag_diagnosis *diagnosis, const ld_five *five,
                   const ld_object *object);
json_t *ld_json_sources(const leakdiag_diagnosis *diagnosis); /* NULL when out of memory */

#endif
