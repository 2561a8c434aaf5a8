/* flagd-ui's read API: the definition as the UI holds it in memory. Pure. */
#ifndef LD_WIRE_FLAGD_UI_H
#define LD_WIRE_FLAGD_UI_H

#include "wire/answer.h"
#include "wire/flag.h"

/* The UI since demo 2.1, and the one before it (base path /feature). */
#define LD_FLAGD_UI_READ_PATH     "/api/read"
#define LD_FLAGD_UI_READ_PATH_OLD "/feature/api/read-file?file_name=demo.flagd.json"

/* The document evaluated offline by flagd's rules (leakdiag_flag_from_file()), with method "ui".
 * Whatever came is a state; only E_NOMEM fails. */
leakdiag_status ld_flagd_ui_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                   leakdiag_error *err);

#endif
