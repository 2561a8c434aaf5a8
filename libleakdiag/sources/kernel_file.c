#include "sources/kernel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static leakdiag_status failed(int error, const char *path, leakdiag_error *err)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:  /* /proc: the process has ended meanwhile */
    case ENODEV: /* cgroup: it was removed meanwhile */
        return ld_fail(err, LEAKDIAG_E_NOT_FOUND, "%s: not there", path);
    case EACCES:
    case EPERM:
        return ld_fail(err, LEAKDIAG_E_AUTH, "%s: may not be read; run as its owner, or as root",
                       path);
    case ENOMEM:
        return ld_fail_nomem(err);
    default: {
        char text[128] = "";
        return ld_fail(err, LEAKDIAG_E_IO, "%s: %s", path, strerror_r(error, text, sizeof text));
    }
    }
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

leakdiag_status ld_kernel_file_read(const char *root, const char *path, size_t max, ld_text *ret,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text whole = {0};
    ld_text_addf(&whole, "%s%s", root, path);
    if (whole.failed)
        return ld_fail_nomem(err);
    LD_CLEANUP(close_file) int fd = open(whole.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failed(errno, path, err);
    size_t before = ret->len;
    for (;;) {
        char buffer[4096];
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(errno, path, err);
        if (n == 0)
            break;
        if ((size_t)n > max - (ret->len - before))
            return ld_fail(err, LEAKDIAG_E_LIMIT, "%s: more than %zu bytes", path, max);
        ld_text_add_bytes(ret, buffer, (size_t)n);
        explicit_bzero(buffer, (size_t)n); /* an environment may hold secrets */
    }
    return ret->failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}
