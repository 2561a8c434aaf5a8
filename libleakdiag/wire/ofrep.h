/* OFREP, the OpenFeature remote evaluation protocol, as flagd speaks it. Pure: bytes and facts. */
#ifndef LD_WIRE_OFREP_H
#define LD_WIRE_OFREP_H

#include "wire/answer.h"
#include "wire/flag.h"

#define LD_OFREP_BULK_PATH      "/ofrep/v1/evaluate/flags"
#define LD_OFREP_BODY_MAX_BYTES ((size_t)1 << 20)

/* "/ofrep/v1/evaluate/flags/KEY", the key checked and percent-encoded. *ret is from ld_alloc. */
leakdiag_status ld_ofrep_path(const char *key, char **ret, leakdiag_error *err);
/* {"context":…}; context_json must be an object, NULL is an empty one. *ret is from ld_alloc. */
leakdiag_status ld_ofrep_body(const char *context_json, char **ret, leakdiag_error *err);

/* The answer to one evaluation. Whatever came is a state; only E_NOMEM fails. */
leakdiag_status ld_ofrep_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                leakdiag_error *err);
/* The POST was turned away in a way that something simpler than flagd would: one GET may help. */
bool ld_ofrep_wants_get(const ld_answer *post);
/* The same after the GET: the GET's answer when it is OFREP, else the POST's, naming both. */
leakdiag_status ld_ofrep_decode_both(const char *key, const ld_answer *post, const ld_answer *get,
                                     leakdiag_flag **ret, leakdiag_error *err);

/* The answer to the bulk evaluation; state `value` when a list came, also an empty one. */
leakdiag_status ld_ofrep_decode_bulk(const ld_answer *answer, leakdiag_flags **ret,
                                     leakdiag_error *err);
/* Tells `missing` from `file-rejected` by what the bulk evaluation said; leaves other states and
 * an unusable bulk answer alone. */
leakdiag_status ld_ofrep_refine(leakdiag_flag *flag, const leakdiag_flags *all,
                                leakdiag_error *err);

#endif
