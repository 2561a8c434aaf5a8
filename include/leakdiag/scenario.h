/**
 * @file leakdiag/scenario.h
 * The experiment as data: where facts come from, what is expected, what a deviation means.
 *
 * Pure: text in, object out; files are the caller's business. A finished scenario never changes and
 * may be used from any thread.
 */
#ifndef LEAKDIAG_SCENARIO_H
#define LEAKDIAG_SCENARIO_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_SCENARIO_MAX_BYTES 1048576

/** A validated scenario with its parameters filled in. Immutable. */
typedef struct leakdiag_scenario leakdiag_scenario;

/**
 * Read a scenario: YAML (block or flow; no anchors, aliases, tags, directives or merge keys), or
 * JSON of the same shape when the first character that is not blank is '{'.
 *
 * Values stay texts until their key gives them a type: `on` is "on". Parameters are filled in
 * wherever a text says `${name}` (`$${` stands for the characters themselves); a value is not
 * filled in again. Unknown keys, kinds, findings and references are errors with line, column and
 * the nearest name; the first fault by its place is reported, see leakdiag_scenario_lint() for all
 * of them.
 *
 * @param data    UTF-8; borrowed for the call; at most LEAKDIAG_SCENARIO_MAX_BYTES.
 * @param origin  File name, goes before the message as "origin:line:column: "; NULL leaves it out.
 * @param set     "name=value" texts that replace parameter defaults, checked by the parameter's
 * type; of two for one name the last counts. May be NULL when n_set is 0.
 * @param[out] ret  Owned by the caller; give it back with leakdiag_scenario_unref().
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  not a valid scenario (err has line and column), or a wrong value to
 * set
 * @retval LEAKDIAG_E_LIMIT    too large, too deep, too many
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_scenario_parse(const char *data, size_t len, const char *origin, const char *const *set,
                        size_t n_set, leakdiag_scenario **ret, leakdiag_error *err);

/**
 * A built-in scenario by name; else as leakdiag_scenario_parse().
 *
 * @param[out] ret  Owned by the caller; give it back with leakdiag_scenario_unref().
 * @retval LEAKDIAG_OK           *ret is set
 * @retval LEAKDIAG_E_NOT_FOUND  no such name (names the nearest)
 * @retval LEAKDIAG_E_INVALID    a wrong value to set, or an argument is NULL
 * @retval LEAKDIAG_E_LIMIT      too many values to set
 * @retval LEAKDIAG_E_NOMEM      out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scenario_builtin(const char *name,
                                                                      const char *const *set,
                                                                      size_t n_set,
                                                                      leakdiag_scenario **ret,
                                                                      leakdiag_error *err);
/** How many built-in scenarios there are. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scenario_builtin_count(void);
/** Name of the i-th, or NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_builtin_name(size_t i);
/** Its YAML text, NUL-terminated, or NULL beyond the end. ret_len may be NULL. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_builtin_text(size_t i, size_t *ret_len);

/** "otel-demo/checkout". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_name(const leakdiag_scenario *scenario);
/** One line. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_title(const leakdiag_scenario *scenario);
/** What it is about, or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_summary(const leakdiag_scenario *scenario);
/** 1 when some of its sources are in a cluster or reached through one, else 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scenario_uses_cluster(const leakdiag_scenario *scenario);
/** How many parameters it has. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scenario_param_count(const leakdiag_scenario *scenario);
/** Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_param_name(const leakdiag_scenario *scenario, size_t i);
/** Its value as text, after what was set. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_param_value(const leakdiag_scenario *scenario, size_t i);
/** What it is for, or "". Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_param_about(const leakdiag_scenario *scenario, size_t i);
/** "text", "number", "quantity" or "duration"; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_param_type(const leakdiag_scenario *scenario, size_t i);
/** How many checks it has. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scenario_check_count(const leakdiag_scenario *scenario);
/** "flag.value". Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_check_id(const leakdiag_scenario *scenario, size_t i);
/** The question it asks. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_check_asks(const leakdiag_scenario *scenario, size_t i);
/** How many causes it knows. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scenario_cause_count(const leakdiag_scenario *scenario);
/** "flag-not-applied". Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_cause_id(const leakdiag_scenario *scenario, size_t i);
/** One line. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_scenario_cause_title(const leakdiag_scenario *scenario, size_t i);
/**
 * The scenario as one JSON object, schema leakdiag.scenario/1, keys sorted: parameters filled in,
 * every finding's outcome spelt out, values as they were written. User names and passwords in URLs
 * are masked.
 *
 * @param[out] ret  NUL-terminated; owned by the caller; free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_scenario_to_json(const leakdiag_scenario *scenario, char **ret, leakdiag_error *err);
/** One more reference to the same scenario; from any thread. @since 0.1.0 */
LEAKDIAG_API leakdiag_scenario *leakdiag_scenario_ref(leakdiag_scenario *scenario);
/** Give a reference back; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_scenario_unref(leakdiag_scenario *scenario);

/** What a linter has to say: errors and warnings with their places. Immutable. */
typedef struct leakdiag_lint leakdiag_lint;

/**
 * Find as many faults as possible (up to 100) instead of stopping at the first: errors, which
 * leakdiag_scenario_parse() would refuse, and warnings (most of them only when there is no error):
 * unquoted on, off, yes and no (other readers of YAML take them for booleans); patterns and
 * parameters that nothing uses; causes without a fix or without what would refute them; a timeline
 * that does not end at the expected limit or is made for another flag value; a window or staleness
 * shorter than the pace.
 *
 * @param data  Borrowed for the call. A document that cannot be read at all is one error in the
 * list.
 * @param[out] ret  Owned by the caller; free with leakdiag_lint_free().
 * @retval LEAKDIAG_OK         *ret is set, whatever was found
 * @retval LEAKDIAG_E_INVALID  an argument is NULL
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scenario_lint(const char *data, size_t len,
                                                                   leakdiag_lint **ret,
                                                                   leakdiag_error *err);
/** How many it found: errors and warnings, in the order of their places. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_lint_len(const leakdiag_lint *lint);
/** 1 for an error, 0 for a warning and beyond the end. @since 0.1.0 */
LEAKDIAG_API int leakdiag_lint_is_error(const leakdiag_lint *lint, size_t i);
/** Line, from 1; 0 when not known and beyond the end. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_lint_line(const leakdiag_lint *lint, size_t i);
/** Column, from 1; 0 when not known and beyond the end. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_lint_column(const leakdiag_lint *lint, size_t i);
/** What is wrong, and what would be right. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_lint_message(const leakdiag_lint *lint, size_t i);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_lint_free(leakdiag_lint *lint);

#ifdef __cplusplus
}
#endif
#endif
