/* Where temporary files of tests are: the folder TMPDIR, so that who runs tests that fail on purpose
 * can remove what they leave. */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A template for mkstemp() and mkdtemp(); a TMPDIR too long for it is not used. */
static inline void temporary_template(char path[64], const char *name)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder || strlen(folder) > 36)
        folder = "/tmp";
    snprintf(path, 64, "%.36s/leakdiag-%.10s-XXXXXX", folder, name);
}

#endif
