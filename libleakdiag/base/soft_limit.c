#include "base/soft_limit.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

bool ld_soft_limit_parse(const char *text, double *ret_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    *ret_bytes = NAN;
    if (!text || !text[0] || strcmp(text, "off") == 0)
        return true;
    size_t digits = strspn(text, "0123456789");
    double value, factor = 1;
    if (!ld_number_parse(text, digits, &value))
        return false;
    const char *unit = text + digits;
    if (!unit[0]) {
        *ret_bytes = value;
        return true;
    }
    size_t i = 0;
    while (i < sizeof units / sizeof units[0] && strcmp(unit, units[i]) != 0) {
        factor *= 1024;
        i++;
    }
    if (i == sizeof units / sizeof units[0])
        return false;
    *ret_bytes = value * factor;
    return true;
}
