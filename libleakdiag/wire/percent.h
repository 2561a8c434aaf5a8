/* Outside text in a URL. */
#ifndef LD_WIRE_PERCENT_H
#define LD_WIRE_PERCENT_H

#include "base/text.h"

/* Everything but letters, digits, '-', '.', '_' and '~' as %XX. */
void ld_percent_add(ld_text *url, const char *text);
/* "?name=value", or "&name=value" when the URL has a query already; the value is encoded. */
void ld_percent_add_query(ld_text *url, const char *name, const char *value);

#endif
