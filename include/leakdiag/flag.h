/**
 * @file leakdiag/flag.h
 * What a feature flag evaluates to: over OFREP (one flag or all), or offline from a flagd file.
 *
 * leakdiag_flag_evaluate() and leakdiag_flag_evaluate_all() use the network and may be called from
 * any thread: they share no state. The other functions are pure. A finished result never changes
 * and may be read from any thread.
 */
#ifndef LEAKDIAG_FLAG_H
#define LEAKDIAG_FLAG_H

#include <leakdiag/cluster.h>
#include <leakdiag/log.h>
#include <leakdiag/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_FLAG_KEY_MAX_BYTES 253

/** What the answer to an evaluation means. An HTTP 200 alone proves none. Values never change. */
typedef enum leakdiag_flag_state {
    /** There is a value. */
    LEAKDIAG_FLAG_VALUE = 0,
    /** The flag exists but gives no value: the application uses its own default. */
    LEAKDIAG_FLAG_CODE_DEFAULT = 1,
    /** The flag's state is DISABLED; a value that came nevertheless is kept. */
    LEAKDIAG_FLAG_DISABLED = 2,
    /** The service knows other flags, but not this one. */
    LEAKDIAG_FLAG_MISSING = 3,
    /** The service has no flag at all: its file was rejected or is empty. */
    LEAKDIAG_FLAG_FILE_REJECTED = 4,
    /** An OFREP answer that cannot be used: bad JSON, another flag's, an error code, too large. */
    LEAKDIAG_FLAG_MALFORMED = 5,
    /** Something answers there, but not OFREP; a redirect counts as this. */
    LEAKDIAG_FLAG_NOT_OFREP = 6,
    /** 401, 403, 407, 429: asked, but not answered. */
    LEAKDIAG_FLAG_REFUSED = 7,
    /** No answer: no such name, no connection, time-out, cut off, or a gateway's 502, 503, 504. */
    LEAKDIAG_FLAG_UNREACHABLE = 8
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
    int64_t deadline_ms;      /**< for everything together; default 5,000 */
    const char *context_json; /**< a JSON object; default {} */
    const char *bearer_token; /**< sent as Authorization: Bearer; never shown */
    const char *api_key;      /**< sent as X-API-Key; never shown */
    leakdiag_cancel *cancel;  /**< may be NULL */
    /** Then url may be a service of it, "flagd:8016", which is asked through the API server; a URL
     * is asked as it is. No bearer_token then: that header is the API server's. */
    leakdiag_cluster *cluster;
    const char *namespace_name; /**< of that service; NULL: the cluster's */
    /** Who answers instead of the network; NULL: the network. */
    const leakdiag_transport *transport;
    const leakdiag_log *log; /**< who hears of it; NULL: nobody */
} leakdiag_flag_options;

/* clang-format off */
#define LEAKDIAG_FLAG_OPTIONS_INIT {sizeof(leakdiag_flag_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
/* clang-format on */

/** One evaluated flag. Immutable. */
typedef struct leakdiag_flag leakdiag_flag;

/**
 * Evaluate one flag. POST first; on 405, or on a 404 whose body is not JSON, one GET (fakes made
 * after the runbook answer only that); leakdiag_flag_method() says which one answered. When the
 * flag is not found, the bulk endpoint tells `missing` from `file-rejected`.
 *
 * An endpoint that does not answer is a result (`unreachable`), not an error. No proxy, no
 * redirect, no cookie and no .netrc is used.
 *
 * @param url      Base URL, "http://localhost:8016"; a path prefix is kept. Without user:password@,
 *                 query and fragment. With options->cluster also a service, "NAME:PORT".
 * @param key      1 to LEAKDIAG_FLAG_KEY_MAX_BYTES printable ASCII characters without '/' and "..".
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_flag_free().
 * @retval LEAKDIAG_OK             *ret is set, whatever the state
 * @retval LEAKDIAG_E_INVALID      bad URL, key, context, header value or deadline, or options of a
 *                                 wrong size: nothing was sent
 * @retval LEAKDIAG_E_LIMIT        the context is larger than 64 KiB or too deep: nothing was sent
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_AUTH         there is no credential for the cluster
 * @retval LEAKDIAG_E_TIMEOUT      that credential did not come in time
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_flag_evaluate(const char *url, const char *key, const leakdiag_flag_options *options,
                       leakdiag_flag **ret, leakdiag_error *err);

/** All flags of a service. Immutable. */
typedef struct leakdiag_flags leakdiag_flags;

/**
 * Evaluate all flags (OFREP bulk, POST). leakdiag_flags_state() is `value` when a list came, even
 * an empty one; else what went wrong. The flags of the list have no body of their own.
 *
 * @param url      As for leakdiag_flag_evaluate().
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_flags_free().
 * @retval LEAKDIAG_OK             *ret is set, whatever the state
 * @retval LEAKDIAG_E_INVALID      bad URL, context, header value or deadline, or options of a wrong
 *                                 size: nothing was sent
 * @retval LEAKDIAG_E_LIMIT        the context is larger than 64 KiB or too deep: nothing was sent
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_AUTH         there is no credential for the cluster
 * @retval LEAKDIAG_E_TIMEOUT      that credential did not come in time
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_flag_evaluate_all(const char *url, const leakdiag_flag_options *options,
                           leakdiag_flags **ret, leakdiag_error *err);

/**
 * Evaluate offline from the bytes of a flagd file (JSON), by flagd's own rules and without a
 * context. A flag with targeting rules gives its default variant, and leakdiag_flag_has_targeting()
 * says so. One flag with a field of a wrong type, or with a defaultVariant that is not among its
 * variants, makes flagd reject the whole file: so does this (`file-rejected`, the detail names it).
 * A file that flagd may take but this cannot read (a doubled key, an integer beyond 64 bits, more
 * than 4 MiB) is `malformed`.
 *
 * @param data     The file; need not end with NUL. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_flag_free().
 * @retval LEAKDIAG_OK         *ret is set, whatever the state
 * @retval LEAKDIAG_E_INVALID  bad key
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flag_from_file(const char *data, size_t len,
                                                                    const char *key,
                                                                    leakdiag_flag **ret,
                                                                    leakdiag_error *err);
/**
 * The same for all flags of the file, in the order of their keys. leakdiag_flags_state() is
 * `value`, or `file-rejected` or `malformed`.
 *
 * @param[out] ret Owned by the caller; free with leakdiag_flags_free().
 * @retval LEAKDIAG_OK       *ret is set, whatever the state
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flags_from_file(const char *data, size_t len,
                                                                     leakdiag_flags **ret,
                                                                     leakdiag_error *err);

/** `value` when there is a list, else why there is none. @since 0.1.0 */
LEAKDIAG_API leakdiag_flag_state leakdiag_flags_state(const leakdiag_flags *flags);
/** Why, when the state is not `value`; else "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flags_detail(const leakdiag_flags *flags);
/** Number of flags; 0 when the state is not `value`. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_flags_len(const leakdiag_flags *flags);
/** Borrowed from the list; NULL beyond its end. @since 0.1.0 */
LEAKDIAG_API const leakdiag_flag *leakdiag_flags_at(const leakdiag_flags *flags, size_t i);
/**
 * One JSON object, schema leakdiag.flags/1: state, detail, and the flags as leakdiag_flag_to_json()
 * has them, in the order of the list. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flags_to_json(const leakdiag_flags *flags,
                                                                   char **ret, leakdiag_error *err);
/** Free it and its flags; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_flags_free(leakdiag_flags *flags);

/** What the answer means. @since 0.1.0 */
LEAKDIAG_API leakdiag_flag_state leakdiag_flag_get_state(const leakdiag_flag *flag);
/** The key that was asked for. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_key(const leakdiag_flag *flag);
/** Type of the value; `none` without one. @since 0.1.0 */
LEAKDIAG_API leakdiag_flag_type leakdiag_flag_get_type(const leakdiag_flag *flag);
/** The value as a number; booleans are 1 and 0; NAN for others and without a value. @since 0.1.0 */
LEAKDIAG_API double leakdiag_flag_number(const leakdiag_flag *flag);
/** The string value as it came, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_string(const leakdiag_flag *flag);
/** The value as JSON text (300.0 as 300), or NULL without one. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_value_json(const leakdiag_flag *flag);
/** Name of the variant as it came, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_variant(const leakdiag_flag *flag);
/** OFREP reason as it came (STATIC, DEFAULT, TARGETING_MATCH, DISABLED, …), or NULL. Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_reason(const leakdiag_flag *flag);
/** OFREP errorCode as it came, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_error_code(const leakdiag_flag *flag);
/** One line that says why the state is what it is, safe for a terminal; "" for a plain value.
 * Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_detail(const leakdiag_flag *flag);
/** "POST", "GET" or "file": which question was answered. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_flag_method(const leakdiag_flag *flag);
/** HTTP status of the answer that decided, or 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_flag_http_status(const leakdiag_flag *flag);
/** 1 when targeting rules exist that an offline evaluation did not follow. @since 0.1.0 */
LEAKDIAG_API int leakdiag_flag_has_targeting(const leakdiag_flag *flag);
/** From the question to the answer, ms; -1 when not measured (offline). @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_flag_latency_ms(const leakdiag_flag *flag);
/**
 * The body that decided, as it came (at most 1 MiB); "" when there was none. Borrowed; may hold any
 * byte; NUL-terminated for convenience.
 * @param[out] ret_len  Its length; may be NULL.
 * @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_flag_body(const leakdiag_flag *flag, size_t *ret_len);
/**
 * One JSON object, schema leakdiag.flag/1: all of the above but the body. Free with
 * leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_flag_to_json(const leakdiag_flag *flag,
                                                                  char **ret, leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_flag_free(leakdiag_flag *flag);

#ifdef __cplusplus
}
#endif
#endif
