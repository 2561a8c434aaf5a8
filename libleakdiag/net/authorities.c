#include "net/authorities.h"

#include <stdbool.h>
#include <unistd.h>

static bool is_set(const char *path)
{
    return path && *path;
}

static bool is_there(const char *path)
{
    return is_set(path) && access(path, R_OK) == 0;
}

ld_authorities ld_authorities_find(ld_authorities built_in, const ld_surroundings *around)
{
    ld_authorities found = built_in;
    if (is_set(around->certificate_folder))
        found.folder = around->certificate_folder;
    if (is_set(around->certificate_file)) {
        found.file = around->certificate_file;
        return found;
    }
    if (is_there(built_in.file))
        return found;
    for (const char *const *place = around->certificate_places; place && *place; place++)
        if (is_there(*place)) {
            found.file = *place;
            return found;
        }
    if (is_set(around->certificate_folder))
        found.file = NULL; /* the folder will do */
    return found;
}
