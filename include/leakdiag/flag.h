/**
 * @file leakdiag/flag.h
 * What a feature flag evaluates to: over OFREP (one flag or all), or offline from a flagd file.
 *
 * leakdiag_flag_evaluate() and leakdiag_flag_evaluate_all() use the network; the other functions are
 * pure. A finished result never changes and may be read from any thread.
 */
#ifndef LEAKDIAG_FLAG_H
#define LEAKDIAG_FLAG_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_FLAG_KEY_MAX_BYTES 253

/** What the answer to an evaluation means. An HTTP 200 alone proves none of them. Values never change. */
typedef enum leakdiag_flag_state {
    LEAKDIAG_FLAG_VALUE = 0,         /**< there is a value */
    LEAKDIAG_FLAG_CODE_DEFAULT = 1,  /**< the flag exists but gives no value: the application uses its own default */
    LEAKDIAG_FLAG_DISABLED = 2,      /**< state DISABLED */
    LEAKDIAG_FLAG_MISSING = 3,       /**< the service knows other flags but not this one */
    LEAKDIAG_FLAG_FILE_REJECTED = 4, /**< the service has no flag at all: its file was rejected or is empty */
    LEAKDIAG_FLAG_MALFORMED = 5,     /**< an OFREP answer that cannot be used (bad JSON, wrong key, an error code) */
    LEAKDIAG_FLAG_NOT_OFREP = 6,     /**< something answers there, but not OFREP */
    LEAKDIAG_FLAG_REFUSED = 7,       /**< 401, 403, 429: asked, but not answered */
    LEAKDIAG_FLAG_UNREACHABLE = 8    /**< no answer: refused connection, time-out, cut off */
} leakdiag_flag_state;

/** Type of the value. */
typedef enum leakdiag_flag_type {
    LEAKDIAG_FLAG_TYPE_NONE = 0, /**< no value */
    LEAKDIAG_FLAG_TYPE_BOOLEAN = 1,
    LEAKDIAG_FLAG_TYPE_NUMBER = 2, /**< 300 and 300.0 are the same number */
    LEAKDIAG_FLAG_TYPE_STRING = 3,
    LEAKDIAG_FLAG_TYPE_OBJECT = 4 /**< an object or a list */
} leakdiag_flag_type;

/** "value", "code-default", "disabled", "missing", "file-rejected", "malformed", "not-ofrep",
 * "refused", "unreachable". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_state_name(leakdiag_flag_state state);
/** "none", "boolean", "number", "string", "object". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_type_name(leakdiag_flag_type type);

/** How to evaluate over the network. Start from LEAKDIAG_FLAG_OPTIONS_INIT. */
typedef struct leakdiag_flag_options {
    size_t size;
    int64_t timeout_ms;        /**< for everything together; default 5,000 */
    const char *context_json;  /**< a JSON object; default {} */
    const char *bearer_token;  /**< sent as Authorization: Bearer; never shown */
    const char *api_key;       /**< sent as X-API-Key; never shown */
    leakdiag_cancel *cancel;   /**< may be NULL */
} leakdiag_flag_options;

/* clang-format off */
#define LEAKDIAG_FLAG_OPTIONS_INIT {sizeof(leakdiag_flag_options), 0, NULL, NULL, NULL, NULL}
/* clang-format on */

/** One evaluated flag. Immutable. */
typedef struct leakdiag_flag leakdiag_flag;

/**
 * Evaluate one flag. POST first; on 405, or on a 404 whose body is not JSON, one GET (fakes made after
 * the runbook answer only that); leakdiag_flag_method() says which one answered. When the flag is
 * not found, the bulk endpoint tells `missing` from `file-rejected`.
 *
 * An endpoint that does not answer is a result (`unreachable`), not an error.
 *
 * @param url  Base URL, "http://localhost:8016"; a path prefix is kept.
 * @param key  At most LEAKDIAG_FLAG_KEY_MAX_BYTES bytes; no control bytes, '/' or "..".
 * @retval LEAKDIAG_OK           *ret is set, whatever the state
 * @retval LEAKDIAG_E_INVALID    bad URL, key, context or header value: nothing was sent
 * @retval LEAKDIAG_E_CANCELLED  the token was triggered
 * @retval LEAKDIAG_E_NOMEM      out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flag_evaluate(const char *url, const char *key,
                                                                   const leakdiag_flag_options *options,
                                                                   leakdiag_flag **ret,
                                                                   leakdiag_error *err);

/** All flags of a service. Immutable. */
typedef struct leakdiag_flags leakdiag_flags;

/**
 * Evaluate all flags (OFREP bulk). leakdiag_flags_state() is `value` when a list came, even an empty
 * one; else what went wrong.
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_flag_evaluate_all(const char *url, const leakdiag_flag_options *options,
                           leakdiag_flags **ret, leakdiag_error *err);

/**
 * Evaluate offline from the bytes of a flagd file: static variants. A flag with targeting rules gives
 * its default variant and leakdiag_flag_has_targeting() says so. One flag whose defaultVariant is not
 * among its variants makes flagd reject the whole file: so does this (`file-rejected`, detail names it).
 *
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  bad key (a bad file is the state `file-rejected`)
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flag_from_file(const char *data, size_t len,
                                                                    const char *key,
                                                                    leakdiag_flag **ret,
                                                                    leakdiag_error *err);
/** The same for all flags of the file. @since 0.1.0 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flags_from_file(const char *data, size_t len,
                                                                     leakdiag_flags **ret,
                                                                     leakdiag_error *err);

LEAKDIAG_API leakdiag_flag_state leakdiag_flags_state(const leakdiag_flags *flags);
/** Why, when the state is not `value`; else "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flags_detail(const leakdiag_flags *flags);
LEAKDIAG_API size_t leakdiag_flags_len(const leakdiag_flags *flags);
/** Borrowed from the list. @since 0.1.0 */
LEAKDIAG_API const leakdiag_flag *leakdiag_flags_at(const leakdiag_flags *flags, size_t i);
LEAKDIAG_API void leakdiag_flags_free(leakdiag_flags *flags);

LEAKDIAG_API leakdiag_flag_state leakdiag_flag_get_state(const leakdiag_flag *flag);
LEAKDIAG_API const char *leakdiag_flag_key(const leakdiag_flag *flag);
LEAKDIAG_API leakdiag_flag_type leakdiag_flag_get_type(const leakdiag_flag *flag);
/** The value as a number; booleans are 1 and 0; NAN for others and without a value. @since 0.1.0 */
LEAKDIAG_API double leakdiag_flag_number(const leakdiag_flag *flag);
/** The string value, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_string(const leakdiag_flag *flag);
/** The value as JSON text, or NULL without one. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_value_json(const leakdiag_flag *flag);
/** Name of the variant, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_variant(const leakdiag_flag *flag);
/** OFREP reason (STATIC, DEFAULT, TARGETING_MATCH, DISABLED, …), or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_reason(const leakdiag_flag *flag);
/** OFREP errorCode, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_error_code(const leakdiag_flag *flag);
/** One line that says why the state is what it is; "" for a plain value. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_detail(const leakdiag_flag *flag);
/** "POST", "GET" or "file": which question was answered. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_method(const leakdiag_flag *flag);
/** HTTP status of the answer that decided, or 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_flag_http_status(const leakdiag_flag *flag);
/** 1 when targeting rules exist that an offline evaluation did not follow. @since 0.1.0 */
LEAKDIAG_API int leakdiag_flag_has_targeting(const leakdiag_flag *flag);
/** From the question to the answer, ms; -1 when not measured (offline). @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_flag_latency_ms(const leakdiag_flag *flag);
/** The body that decided, as it came (at most 1 MiB); "" when there was none. Borrowed; may hold
 * any byte, *ret_len says how many; NUL-terminated for convenience. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_body(const leakdiag_flag *flag, size_t *ret_len);
/** One JSON object, schema leakdiag.flag/1. Free with leakdiag_free(). @since 0.1.0 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flag_to_json(const leakdiag_flag *flag,
                                                                  char **ret, leakdiag_error *err);
LEAKDIAG_API void leakdiag_flag_free(leakdiag_flag *flag);

#ifdef __cplusplus
}
#endif
#endif
