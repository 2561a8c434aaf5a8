/**
 * @file leakdiag/base.h
 * What every other header needs: version, status codes, the error a caller passes in,
 * memory and cancellation.
 *
 * Conventions of the whole library, stated once:
 *  - A function that can fail returns a #leakdiag_status and takes a `leakdiag_error *` last.
 *    Pass NULL if the text is not wanted. The error is written on failure only.
 *  - Outputs (`ret…`) are left untouched on failure and are owned by the caller on success.
 *  - A returned `const` pointer is borrowed: it lives as long as the object it came from.
 *  - Every `_free()` and `_unref()` accepts NULL.
 *  - Options are a struct whose first field is its size; start from `…_OPTIONS_INIT`.
 *    Zero, NULL and false mean "default". Strings in options are borrowed for the call.
 *  - A `deadline_ms` is how long a call may take from its beginning, retries and a new credential
 *    included.
 *  - Times are Unix milliseconds (int64_t). Sizes are bytes. Units stand in the names.
 *  - Unknown is never zero: getters of optional numbers return NAN or say so with a `has_`.
 *  - The library never prints (leakdiag/log.h says who hears what it does), never exits, installs
 *    no signal handler and has no global state but the allocator hook, libcurl's initialisation and
 *    a C locale.
 *  - An option struct may grow at its end, which its size tells. Structs without a size
 *    (leakdiag_error, leakdiag_pattern, leakdiag_log_line, leakdiag_timeline_point) never grow.
 *  - Finished objects never change and may be read from any thread. What is not finished
 *    (a scan, a session) belongs to one thread at a time.
 */
#ifndef LEAKDIAG_BASE_H
#define LEAKDIAG_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifndef LEAKDIAG_API
#if defined(__GNUC__)
#define LEAKDIAG_API __attribute__((visibility("default")))
#else
#define LEAKDIAG_API
#endif
#endif

#ifndef LEAKDIAG_CHECK
#if defined(__GNUC__)
#define LEAKDIAG_CHECK __attribute__((warn_unused_result))
#else
#define LEAKDIAG_CHECK
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_VERSION_MAJOR 0
#define LEAKDIAG_VERSION_MINOR 1
#define LEAKDIAG_VERSION_PATCH 0
/** 0xMMmmpp, for comparisons in the preprocessor. */
#define LEAKDIAG_VERSION_NUM 0x000100
#define LEAKDIAG_VERSION     "0.1.0"

/**
 * What went wrong, grouped by what a caller would do about it. Values never change.
 * "No evidence" is not an error: it is a result (`unknown`).
 */
typedef enum leakdiag_status {
    LEAKDIAG_OK = 0,
    LEAKDIAG_E_INVALID = -1,      /**< bad argument or bad input file: correct it */
    LEAKDIAG_E_NOMEM = -2,        /**< out of memory */
    LEAKDIAG_E_IO = -3,           /**< a file or connection failed */
    LEAKDIAG_E_TIMEOUT = -4,      /**< the deadline passed */
    LEAKDIAG_E_CANCELLED = -5,    /**< the cancel token was triggered */
    LEAKDIAG_E_AUTH = -6,         /**< refused: credentials or rights */
    LEAKDIAG_E_NOT_FOUND = -7,    /**< no such thing */
    LEAKDIAG_E_CONFLICT = -8,     /**< changed meanwhile, or exists already */
    LEAKDIAG_E_PROTOCOL = -9,     /**< the other side does not speak as it should */
    LEAKDIAG_E_LIMIT = -10,       /**< larger, deeper or longer than allowed */
    LEAKDIAG_E_UNSUPPORTED = -11, /**< not here, or not in this version */
    LEAKDIAG_E_CALLBACK = -12     /**< a callback of yours failed, or asked to stop */
} leakdiag_status;

/** In leakdiag_error::flags: the same call may succeed later, with nothing changed. Set when the
 * time was over, when a connection was refused or cut off, and after the answers 408, 429, 500,
 * 502, 503, 504 and their kin. */
#define LEAKDIAG_ERROR_RETRIABLE 1u

/** Filled on failure. The caller owns it; zero it with `= {0}` (C) or `{}` (C++). */
typedef struct leakdiag_error {
    int32_t status;      /**< a #leakdiag_status */
    int32_t http_status; /**< of the answer that caused it; 0: none did */
    uint32_t flags;      /**< LEAKDIAG_ERROR_… */
    uint32_t line;       /**< of the input text, counted from 1, or 0 */
    uint32_t column;     /**< of the input text, counted from 1, or 0 */
    uint32_t reserved[3];
    char message[480]; /**< one line, no newline, no secrets */
} leakdiag_error;

/** Version of the library that is running, like "0.1.0". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_version(void);

/** A status as a word, like "not-found"; "unknown-status" for a number that is none. @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_status_name(int status);

/** Free text that a function returned through a `char **`. NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_free(void *memory);

/** Where the library's own memory comes from. */
typedef struct leakdiag_allocator {
    size_t size; /**< sizeof(leakdiag_allocator) */
    void *(*alloc)(size_t bytes, void *payload);
    void *(*resize)(void *memory, size_t old_bytes, size_t bytes, void *payload);
    void (*release)(void *memory, void *payload);
    void *payload;
} leakdiag_allocator;

/**
 * Use another allocator in the whole process. Call it before anything else of the library,
 * from one thread. jansson, libyaml, PCRE2 and libcurl keep their own.
 *
 * @param allocator  Copied. NULL goes back to malloc().
 * @retval LEAKDIAG_OK         done
 * @retval LEAKDIAG_E_INVALID  a function is missing or the size is wrong
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_set_allocator(const leakdiag_allocator *allocator);

/** A token that ends waiting calls early. One token may serve many calls. */
typedef struct leakdiag_cancel leakdiag_cancel;

/**
 * Make a token that is not triggered.
 *
 * @param[out] ret  Owned by the caller; free with leakdiag_cancel_free(). Must outlive the calls it
 *                  was given to.
 * @retval LEAKDIAG_OK       done
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_cancel_new(leakdiag_cancel **ret,
                                                                leakdiag_error *err);

/** Trigger it. From any thread, and from a signal handler. @since 0.1.0 */
LEAKDIAG_API void leakdiag_cancel_trigger(leakdiag_cancel *cancel);

/** 1 once triggered, else 0. NULL counts as never. @since 0.1.0 */
LEAKDIAG_API int leakdiag_cancel_is_triggered(const leakdiag_cancel *cancel);

/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_cancel_free(leakdiag_cancel *cancel);

/**
 * Read a size as Kubernetes writes it: "20Mi", "20M", "1.5Gi", "20971520", "1e6".
 * "20M" is 20,000,000 and "20Mi" is 20,971,520. Case matters ("20mi" is an error; "m" is milli).
 * Fractions round up to whole bytes.
 *
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  not a quantity, negative, or more than INT64_MAX
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_quantity_parse(const char *text, int64_t *ret,
                                                                    leakdiag_error *err);

/**
 * Read a duration: "90s", "3m", "1h20m", "1.5s", "250ms"; a bare number is seconds.
 *
 * @retval LEAKDIAG_OK         *ret_ms is set
 * @retval LEAKDIAG_E_INVALID  not a duration, negative, or longer than 100 years
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_duration_parse(const char *text,
                                                                    int64_t *ret_ms,
                                                                    leakdiag_error *err);

#ifdef __cplusplus
}
#endif
#endif
