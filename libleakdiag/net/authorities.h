/* Where the certificates are of those whom https trusts when the origin names no authority. */
#ifndef LD_NET_AUTHORITIES_H
#define LD_NET_AUTHORITIES_H

#include "net/surroundings.h"

typedef struct ld_authorities {
    const char *file, *folder; /* borrowed; NULL: none */
} ld_authorities;

/* What the environment names; else the file that libcurl was built to read; else, because it may have
 * been built on another distribution, the first one that is there. With none of them it is
 * built_in.file again, so that libcurl says what it misses. */
ld_authorities ld_authorities_find(ld_authorities built_in, const ld_surroundings *around);

#endif
