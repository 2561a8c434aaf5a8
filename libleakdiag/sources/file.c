/* Whole files: read with a bound, written as a whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <leakdiag/file.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "sources/file.h"

static void close_fd(int *fd)
{
    if (*fd > STDIN_FILENO)
        close(*fd);
}

static leakdiag_status fail_errno(leakdiag_error *err, const char *what, const char *path)
{
    int code = errno;
    leakdiag_status status = code == ENOENT || code == ENOTDIR ? LEAKDIAG_E_NOT_FOUND
                             : code == EACCES || code == EPERM ? LEAKDIAG_E_AUTH
                             : code == EEXIST                  ? LEAKDIAG_E_CONFLICT
                                                               : LEAKDIAG_E_IO;
    char text[128];
    return ld_fail(err, status, "%s: cannot %s: %s", path, what,
                   strerror_r(code, text, sizeof text));
}

static leakdiag_status read_all(int fd, const char *path, size_t max_bytes, ld_text *out,
                                leakdiag_error *err)
{
    char chunk[65536];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "read it", path);
        if (n == 0)
            return LEAKDIAG_OK;
        if (out->len + (size_t)n > max_bytes)
            return ld_fail(err, LEAKDIAG_E_LIMIT, "%s: larger than %zu bytes", path, max_bytes);
        ld_text_add_bytes(out, chunk, (size_t)n);
        if (out->failed)
            return ld_fail_nomem(err);
    }
}

static leakdiag_status read_whole(const char *path, size_t max_bytes, bool may_wait, char **ret,
                                  size_t *ret_len, leakdiag_error *err)
{
    bool is_stdin = may_wait && strcmp(path, "-") == 0;
    int flags = O_RDONLY | O_CLOEXEC | (may_wait ? 0 : O_NONBLOCK);
    LD_CLEANUP(close_fd) int fd = is_stdin ? STDIN_FILENO : open(path, flags);
    if (fd < 0)
        return fail_errno(err, "open it", path);
    struct stat about;
    if (fstat(fd, &about) < 0)
        return fail_errno(err, "look at it", path);
    if (!may_wait && S_ISFIFO(about.st_mode))
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s: is a pipe; a look needs a file", path);
    if (!is_stdin && !S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode))
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s: is %s; a file is needed", path,
                       S_ISDIR(about.st_mode) ? "a folder" : "a device or socket");

    LD_CLEANUP(ld_text_done) ld_text out = {0};
    leakdiag_status status = read_all(fd, path, max_bytes, &out, err);
    size_t len = out.len;
    if (!status)
        status = ld_text_take(&out, ret, err);
    if (!status)
        *ret_len = len;
    return status;
}

leakdiag_status leakdiag_file_read(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
                                   leakdiag_error *err)
{
    return read_whole(path, max_bytes, true, ret, ret_len, err);
}

leakdiag_status ld_file_read_now(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
                                 leakdiag_error *err)
{
    return read_whole(path, max_bytes, false, ret, ret_len, err);
}

static leakdiag_status write_all(int fd, const char *data, size_t len, const char *path,
                                 leakdiag_error *err)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "write it", path);
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? LEAKDIAG_OK : fail_errno(err, "write it", path);
}

/* link() fails when the name exists, rename() replaces it: both all or nothing. */
static leakdiag_status move(const char *from, const char *path, int replace, leakdiag_error *err)
{
    int failed = replace ? rename(from, path) : link(from, path);
    if (failed && errno == EEXIST)
        return ld_fail(err, LEAKDIAG_E_CONFLICT,
                       "%s: exists already; choose another name or force it", path);
    if (failed)
        return fail_errno(err, "put it in place", path);
    if (!replace)
        unlink(from);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_file_write(const char *path, const char *data, size_t len, int replace,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text name = {0};
    ld_text_addf(&name, "%s.XXXXXX", path);
    if (name.failed)
        return ld_fail_nomem(err);
    LD_CLEANUP(close_fd) int fd = mkostemp(name.data, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return fail_errno(err, "create a file beside it", path);
    leakdiag_status status = write_all(fd, data, len, path, err);
    if (!status)
        status = move(name.data, path, replace, err);
    if (status)
        unlink(name.data);
    return status;
}
