/* libcurl, loaded when the first request is made. Loading it costs some 5 ms (it brings thirty
 * libraries with it), which a program that only counts log lines or judges a recording would pay
 * before main(). So the shared library defines the functions that it uses under their own names,
 * hidden by the version script, and hands each call on. One that is missing here does not link. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <threads.h>

#include "net/http.h"

/* libcurl's ABI has had this number since 2006; Debian's other builds bear other names. */
static const char *const sonames[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};

static once_flag once = ONCE_FLAG_INIT;
static void *library; /* never closed: libcurl does not like to be unloaded */

static void load(void)
{
    for (size_t i = 0; !library && i < sizeof sonames / sizeof *sonames; i++)
        library = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
}

bool ld_curl_is_missing(void)
{
    call_once(&once, load);
    return !library;
}

static void *find(const char *name)
{
    call_once(&once, load);
    return library ? dlsym(library, name) : NULL;
}

/* Looked up once: a look makes a thousand calls. */
static void *find_once(_Atomic(void *) *known, const char *name)
{
    void *object = atomic_load_explicit(known, memory_order_acquire);
    if (!object) {
        object = find(name);
        atomic_store_explicit(known, object, memory_order_release);
    }
    return object;
}

/* Calls the function of libcurl with that name, or gives `otherwise`. */
#define HAND_ON(name, otherwise, ...)                                                              \
    static _Atomic(void *) known;                                                                  \
    union {                                                                                        \
        void *object;                                                                              \
        __typeof__(&name) function;                                                                \
    } found = {.object = find_once(&known, #name)};                                                \
    return found.object ? found.function(__VA_ARGS__) : (otherwise)
#define HAND_ON_NOTHING(name, ...)                                                                 \
    static _Atomic(void *) known;                                                                  \
    union {                                                                                        \
        void *object;                                                                              \
        __typeof__(&name) function;                                                                \
    } found = {.object = find_once(&known, #name)};                                                \
    if (found.object)                                                                              \
    found.function(__VA_ARGS__)

#undef curl_easy_setopt /* macros that check types; here are the functions behind them */
#undef curl_easy_getinfo

CURLcode curl_global_init(long flags)
{
    HAND_ON(curl_global_init, CURLE_FAILED_INIT, flags);
}

curl_version_info_data *curl_version_info(CURLversion age)
{
    static curl_version_info_data unknown; /* no file, no folder */
    HAND_ON(curl_version_info, &unknown, age);
}

CURL *curl_easy_init(void)
{
    HAND_ON(curl_easy_init, NULL, );
}

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    va_list list;
    va_start(list, option);
    curl_off_t offset = 0;
    long number = 0;
    void *pointer = NULL;
    if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        offset = va_arg(list, curl_off_t);
    else if (option < CURLOPTTYPE_OBJECTPOINT)
        number = va_arg(list, long);
    else
        pointer = va_arg(list, void *);
    va_end(list);
    if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
        HAND_ON(curl_easy_setopt, CURLE_FAILED_INIT, curl, option, offset);
    }
    if (option < CURLOPTTYPE_OBJECTPOINT) {
        HAND_ON(curl_easy_setopt, CURLE_FAILED_INIT, curl, option, number);
    }
    HAND_ON(curl_easy_setopt, CURLE_FAILED_INIT, curl, option, pointer);
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
    va_list list;
    va_start(list, info);
    void *ret = va_arg(list, void *);
    va_end(list);
    HAND_ON(curl_easy_getinfo, CURLE_FAILED_INIT, curl, info, ret);
}

void curl_easy_cleanup(CURL *curl)
{
    HAND_ON_NOTHING(curl_easy_cleanup, curl);
}

const char *curl_easy_strerror(CURLcode code)
{
    HAND_ON(curl_easy_strerror, "libcurl.so.4 cannot be loaded", code);
}

CURLM *curl_multi_init(void)
{
    HAND_ON(curl_multi_init, NULL, );
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *curl)
{
    HAND_ON(curl_multi_add_handle, CURLM_INTERNAL_ERROR, multi, curl);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *curl)
{
    HAND_ON(curl_multi_remove_handle, CURLM_INTERNAL_ERROR, multi, curl);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    HAND_ON(curl_multi_perform, CURLM_INTERNAL_ERROR, multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned int n, int timeout_ms,
                          int *ret)
{
    HAND_ON(curl_multi_poll, CURLM_INTERNAL_ERROR, multi, extra, n, timeout_ms, ret);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    HAND_ON(curl_multi_info_read, NULL, multi, left);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    HAND_ON(curl_multi_cleanup, CURLM_INTERNAL_ERROR, multi);
}

const char *curl_multi_strerror(CURLMcode code)
{
    HAND_ON(curl_multi_strerror, "libcurl.so.4 cannot be loaded", code);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    HAND_ON(curl_slist_append, NULL, list, text);
}

void curl_slist_free_all(struct curl_slist *list)
{
    HAND_ON_NOTHING(curl_slist_free_all, list);
}
