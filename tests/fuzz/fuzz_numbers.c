/* Texts that are numbers, times, durations, names or selectors: the first byte picks which. What
 * was read is written and read again as the same. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "wire/kube.h"

#define SELECTOR_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

static void quantity(const char *text)
{
    int64_t value = -1, again = -1;
    double number = -1;
    char written[LD_NUMBER_BYTES];
    leakdiag_status exact = ld_quantity_number(text, &number, NULL);
    require(exact == LEAKDIAG_E_INVALID || (isfinite(number) && number >= 0));
    if (leakdiag_quantity_parse(text, &value, NULL))
        return;
    require(value >= 0 && exact == LEAKDIAG_OK);
    require(number <= (double)value * (1 + 1e-15) && number + 1 >= (double)value * (1 - 1e-15));
    snprintf(written, sizeof written, "%lld", (long long)value);
    require(leakdiag_quantity_parse(written, &again, NULL) == LEAKDIAG_OK && again == value);
}

static void time_(const char *data, size_t len)
{
    int64_t ms = 0, again = 0;
    char written[LD_NUMBER_BYTES];
    size_t n = ld_rfc3339_parse(data, len, &ms);
    require(n <= len && (n == 0 || n >= 20));
    if (n == 0)
        return;
    ld_rfc3339_format(ms, written);
    if (!strchr(written, 'T')) /* an offset leads out of the years 1 to 9999 */
        return;
    require(ld_rfc3339_parse(written, strlen(written), &again) == strlen(written) && again == ms);
}

static void duration(const char *text)
{
    int64_t ms = -1, again = -1;
    char written[LD_NUMBER_BYTES];
    if (leakdiag_duration_parse(text, &ms, NULL))
        return;
    require(ms >= 0);
    snprintf(written, sizeof written, "%lldms", (long long)ms);
    require(leakdiag_duration_parse(written, &again, NULL) == LEAKDIAG_OK && again == ms);
}

/* What is a selector can be asked for, and stays one beside itself. */
static void selector(const char *text)
{
    leakdiag_error err = {0};
    char *path = NULL;
    size_t len = strlen(text);
    if (ld_kube_check_selector(text, &err)) {
        require(*err.message && err.column <= len + 1);
        return;
    }
    require(ld_kube_path_pods("ns", text, &path, NULL) == LEAKDIAG_OK);
    require(strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "-._~%/?&=") == strlen(path));
    ld_release(path);
    if (2 * len + 1 > SELECTOR_MAX)
        return;
    char twice[SELECTOR_MAX + 1];
    memcpy(twice, text, len);
    twice[len] = ',';
    memcpy(twice + len + 1, text, len + 1);
    require(ld_kube_check_selector(twice, NULL) == LEAKDIAG_OK);
}

/* A name that is taken never needs encoding and never leaves its place in a path. */
static void name(const char *text)
{
    char *path = NULL;
    bool is_label = ld_kube_check_label("pod", text, NULL) == LEAKDIAG_OK;
    bool is_subdomain = ld_kube_check_subdomain("pod", text, NULL) == LEAKDIAG_OK;
    require(is_subdomain || !is_label);
    if (is_subdomain) {
        require(strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text));
        require(!strstr(text, "..") && text[0] != '.' && strlen(text) <= 253);
    }
    if (ld_kube_path_service_proxy("ns", text, &path, NULL) == LEAKDIAG_OK) {
        require(!strstr(path, "..") && !strpbrk(path, "?#% "));
        ld_release(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    LD_CLEANUP(ld_releasep) char *text = ld_copy_bytes((const char *)data + 1, len - 1);
    require(text != NULL);
    switch (data[0] % 5) {
    case 0:
        quantity(text);
        break;
    case 1:
        time_((const char *)data + 1, len - 1);
        break;
    case 2:
        duration(text);
        break;
    case 3:
        selector(text);
        break;
    default:
        name(text);
    }
    return 0;
}
