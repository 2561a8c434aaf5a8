#include "sources/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define FIRST_LOOK_BYTES ((int64_t)4 << 20)  /* how far the first look reaches back */
#define LOOK_BYTES       ((int64_t)16 << 20) /* the most one look reads */
#define RECENT_LINES     64

LD_DEFINE_CLEANUP(leakdiag_scan, leakdiag_scan_free, scan_freep)

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

leakdiag_status ld_log_file_init(ld_log_file *log, const char *path, leakdiag_error *err)
{
    *log = (ld_log_file){.fifo = -1};
    log->path = ld_copy_text(path);
    return log->path ? LEAKDIAG_OK : ld_fail_nomem(err);
}

void ld_log_file_done(ld_log_file *log)
{
    close_fd(&log->fifo);
    ld_text_done(&log->tail);
    ld_release(log->path);
}

/* What one look found out about the place to read from. */
typedef struct look {
    int64_t from;
    bool is_first, has_gap, skip_line;
    int64_t modified_ms;
} look;

static look place(const ld_log_file *log, const struct stat *about)
{
    look l = {.from = log->offset, .is_first = !log->was_read};
    if (l.is_first) {
        l.from = about->st_size > FIRST_LOOK_BYTES ? about->st_size - FIRST_LOOK_BYTES : 0;
        l.skip_line = l.from > 0;
        return l;
    }
    bool replaced = about->st_dev != log->device || about->st_ino != log->inode;
    if (replaced || about->st_size < log->offset) { /* rotated, or cut and written anew */
        l.from = 0;
        l.has_gap = true;
    }
    if (about->st_size - l.from > LOOK_BYTES) { /* faster than we look */
        l.from = about->st_size - LOOK_BYTES;
        l.skip_line = l.has_gap = true;
    }
    return l;
}

/* The rest of the line that the beginning of the data is in the middle of. */
static size_t after_newline(const char *data, size_t n)
{
    const char *newline = memchr(data, '\n', n);
    return newline ? (size_t)(newline + 1 - data) : n;
}

static leakdiag_status read_file(int fd, look *l, leakdiag_scan *scan, int64_t *ret_end,
                                 leakdiag_error *err)
{
    char chunk[65536];
    int64_t at = l->from, end = l->from + LOOK_BYTES;
    while (at < end) {
        ssize_t n = pread(fd, chunk, sizeof chunk, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ld_fail(err, LEAKDIAG_E_IO, "cannot read it: error %d", errno);
        if (n == 0)
            break;
        size_t skip = l->skip_line ? after_newline(chunk, (size_t)n) : 0;
        l->skip_line = l->skip_line && skip == (size_t)n;
        leakdiag_status status = leakdiag_scan_push(scan, chunk + skip, (size_t)n - skip, err);
        if (status)
            return status;
        at += n;
    }
    *ret_end = at - (int64_t)leakdiag_scan_pending_bytes(scan); /* an unfinished line comes again */
    return LEAKDIAG_OK;
}

/* A pipe gives its bytes once: the unfinished line is kept here. */
static leakdiag_status read_fifo(ld_log_file *log, leakdiag_scan *scan, leakdiag_error *err)
{
    char chunk[65536];
    leakdiag_status status = leakdiag_scan_push(scan, log->tail.data, log->tail.len, err);
    for (int64_t total = 0; !status && total < LOOK_BYTES;) {
        ssize_t n = read(log->fifo, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* nothing now, or no writer now */
            break;
        status = leakdiag_scan_push(scan, chunk, (size_t)n, err);
        const char *newline = memrchr(chunk, '\n', (size_t)n);
        if (newline)
            log->tail.len = 0;
        const char *rest = newline ? newline + 1 : chunk;
        if (log->tail.len < LEAKDIAG_LINE_MAX_BYTES)
            ld_text_add_bytes(&log->tail, rest, (size_t)(chunk + n - rest));
        total += n;
    }
    return status;
}

static leakdiag_status open_log(ld_log_file *log, int *fd, struct stat *about, leakdiag_error *err)
{
    *fd = log->fifo >= 0 ? log->fifo : open(log->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, about) < 0) {
        char text[128];
        leakdiag_status status = errno == ENOENT || errno == ENOTDIR ? LEAKDIAG_E_NOT_FOUND
                                 : errno == EACCES || errno == EPERM ? LEAKDIAG_E_AUTH
                                                                     : LEAKDIAG_E_IO;
        return ld_fail(err, status, "%s: %s; name the application's log with --set log_file=PATH",
                       log->path, strerror_r(errno, text, sizeof text));
    }
    if (S_ISFIFO(about->st_mode)) {
        log->is_fifo = true;
        log->fifo = *fd;
        return LEAKDIAG_OK;
    }
    if (!S_ISREG(about->st_mode))
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s: is neither a file nor a pipe", log->path);
    return LEAKDIAG_OK;
}

static leakdiag_status scan_once(ld_log_file *log, leakdiag_scan *scan, look *l,
                                 leakdiag_error *err)
{
    int fd = -1;
    struct stat about;
    leakdiag_status status = open_log(log, &fd, &about, err);
    if (!status && log->is_fifo) {
        *l = (look){.is_first = !log->was_read};
        status = read_fifo(log, scan, err);
    } else if (!status) {
        *l = place(log, &about);
        l->modified_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
        status = read_file(fd, l, scan, &log->offset, err);
        log->device = about.st_dev;
        log->inode = about.st_ino;
    }
    if (fd >= 0 && fd != log->fifo)
        close(fd);
    return status;
}

leakdiag_status ld_log_file_look(ld_log_file *log, leakdiag_patterns *patterns,
                                 const leakdiag_scenario *scenario, int64_t now_ms, ld_fact **ret,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(scan_freep) leakdiag_scan *scan = NULL;
    ld_text_addf(&source, "log-file %s", log->path);
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.window_from_ms = now_ms - scenario->window_ms;
    options.window_to_ms = now_ms;
    options.recent = RECENT_LINES;
    leakdiag_status status = leakdiag_scan_new(patterns, &options, &scan, err);
    if (status || source.failed)
        return status ? status : ld_fail_nomem(err);

    look l = {0};
    leakdiag_error why = {0};
    status = scan_once(log, scan, &l, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        return ld_fact_new_failed(LD_FACT_LOG, source.data, now_ms, status, why.message, ret, err);
    log->was_read = true;
    status =
        ld_fact_from_scan(scan, scenario, source.data, now_ms, l.is_first, l.has_gap, ret, err);
    if (!status)
        (*ret)->of.log.modified_ms = l.modified_ms;
    return status;
}
