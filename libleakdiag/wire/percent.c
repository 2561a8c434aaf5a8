#include "wire/percent.h"

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void ld_percent_add(ld_text *url, const char *text)
{
    for (const char *p = text; *p; p++)
        if (is_plain(*p))
            ld_text_add_char(url, *p);
        else
            ld_text_addf(url, "%%%02X", (unsigned)(unsigned char)*p);
}

void ld_percent_add_query(ld_text *url, const char *name, const char *value)
{
    ld_text_add_char(url, url->data && strchr(url->data, '?') ? '&' : '?');
    ld_text_add(url, name);
    ld_text_add_char(url, '=');
    ld_percent_add(url, value);
}
