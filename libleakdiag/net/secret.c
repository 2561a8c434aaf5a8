#include "net/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/clock.h"

#define PIPE_WAIT_MS 5000

void ld_secret_release(char *text)
{
    if (!text)
        return;
    explicit_bzero(text, strlen(text));
    ld_release(text);
}

/* ---- text ---- */

static bool reserve(ld_secret_text *text, size_t more)
{
    if (text->failed || more < text->room - text->len)
        return !text->failed;
    size_t room = (text->len + more + 1) * 2;
    char *data = ld_alloc(room);
    if (!data) {
        text->failed = true;
        return false;
    }
    if (text->len)
        memcpy(data, text->data, text->len);
    if (text->data) {
        explicit_bzero(text->data, text->room);
        ld_release(text->data);
    }
    text->data = data;
    text->room = room;
    return true;
}

void ld_secret_add(ld_secret_text *text, const char *data, size_t len)
{
    if (!reserve(text, len))
        return;
    if (len)
        memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

leakdiag_status ld_secret_take(ld_secret_text *text, char **ret, leakdiag_error *err)
{
    ld_secret_add(text, "", 0);
    if (text->failed)
        return ld_fail_nomem(err);
    *ret = text->data;
    *text = (ld_secret_text){0};
    return LEAKDIAG_OK;
}

void ld_secret_text_done(ld_secret_text *text)
{
    if (text->data)
        explicit_bzero(text->data, text->room);
    ld_release(text->data);
    *text = (ld_secret_text){0};
}

/* ---- files ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static void note(const struct stat *from, ld_file_about *about)
{
    if (about)
        *about = (ld_file_about){.device = from->st_dev,
                                 .inode = from->st_ino,
                                 .changed_ns = (int64_t)from->st_mtim.tv_sec * 1000000000 +
                                               from->st_mtim.tv_nsec,
                                 .bytes = from->st_size,
                                 .owner = from->st_uid,
                                 .mode = from->st_mode};
}

static leakdiag_status fail_errno(leakdiag_error *err, const char *what, const char *path)
{
    int code = errno;
    leakdiag_status status = code == ENOENT || code == ENOTDIR ? LEAKDIAG_E_NOT_FOUND
                             : code == EACCES || code == EPERM ? LEAKDIAG_E_AUTH
                                                               : LEAKDIAG_E_IO;
    char text[128];
    return ld_fail(err, status, "%s: cannot %s: %s", path, what,
                   strerror_r(code, text, sizeof text));
}

static leakdiag_status read_all(int fd, const char *path, ld_secret_text *out, leakdiag_error *err)
{
    char chunk[16384];
    leakdiag_status status = LEAKDIAG_OK;
    int64_t end_ms = ld_monotonic_ms() + PIPE_WAIT_MS;
    while (!status) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EAGAIN) { /* a pipe whose writer is not done yet */
            struct pollfd ready = {.fd = fd, .events = POLLIN};
            int64_t left_ms = end_ms - ld_monotonic_ms();
            if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0)
                status = ld_fail(err, LEAKDIAG_E_IO,
                                 "%s: nothing was written into this pipe for "
                                 "%d s; name a file",
                                 path, PIPE_WAIT_MS / 1000);
        } else if (n < 0 && errno != EINTR) {
            status = fail_errno(err, "read it", path);
        } else if (n > 0 && out->len + (size_t)n > LD_SECRET_FILE_MAX_BYTES) {
            status = ld_fail(err, LEAKDIAG_E_LIMIT,
                             "%s: larger than %zu bytes; is this the right "
                             "file?",
                             path, LD_SECRET_FILE_MAX_BYTES);
        } else if (n > 0) {
            ld_secret_add(out, chunk, (size_t)n);
        }
    }
    explicit_bzero(chunk, sizeof chunk);
    return status;
}

leakdiag_status ld_secret_read_file(const char *path, char **ret, size_t *ret_len,
                                    ld_file_about *about, leakdiag_error *err)
{
    LD_CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_errno(err, "open it", path);
    struct stat found;
    if (fstat(fd, &found) < 0)
        return fail_errno(err, "look at it", path);
    if (!S_ISREG(found.st_mode) && !S_ISFIFO(found.st_mode))
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s: is %s; a file is needed", path,
                       S_ISDIR(found.st_mode) ? "a folder" : "a device or socket");
    LD_CLEANUP(ld_secret_text_done) ld_secret_text out = {0};
    leakdiag_status status = read_all(fd, path, &out, err);
    size_t len = out.len;
    if (!status)
        status = ld_secret_take(&out, ret, err);
    if (status)
        return status;
    *ret_len = len;
    note(&found, about);
    return LEAKDIAG_OK;
}

bool ld_file_look(const char *path, ld_file_about *ret)
{
    struct stat found;
    if (stat(path, &found) < 0)
        return false;
    note(&found, ret);
    return true;
}

bool ld_file_same(const ld_file_about *a, const ld_file_about *b)
{
    return a->device == b->device && a->inode == b->inode && a->changed_ns == b->changed_ns &&
           a->bytes == b->bytes;
}

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_of(char c)
{
    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

leakdiag_status ld_base64_decode(const char *text, size_t len, char **ret, size_t *ret_len,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_secret_text_done) ld_secret_text out = {0};
    uint32_t bits = 0;
    size_t n = 0, padding = 0;
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) && text[i])
            continue;
        padding += text[i] == '=';
        int digit = digit_of(text[i]);
        if (text[i] != '=' && (digit < 0 || padding))
            return ld_fail(err, LEAKDIAG_E_INVALID, "not base64 at byte %zu", i);
        if (text[i] == '=')
            continue;
        bits = bits << 6 | (uint32_t)digit;
        if (++n % 4 == 1)
            continue;
        unsigned shift = (unsigned)(n % 4 == 2 ? 4 : n % 4 == 3 ? 2 : 0);
        char byte = (char)(unsigned char)(bits >> shift & 0xff);
        ld_secret_add(&out, &byte, 1);
    }
    if (n % 4 == 1 || padding > 2 || (padding && (n + padding) % 4))
        return ld_fail(err, LEAKDIAG_E_INVALID, "not base64: it was cut");
    size_t out_len = out.len;
    leakdiag_status status = ld_secret_take(&out, ret, err);
    if (!status)
        *ret_len = out_len;
    return status;
}

char *ld_base64_encode(const char *data, size_t len)
{
    char *text = ld_alloc(len / 3 * 4 + 5), *to = text;
    if (!text)
        return NULL;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < n ? (unsigned char)data[i + j] : 0u);
        for (size_t j = 0; j < 4; j++)
            *to++ = j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=';
    }
    *to = '\0';
    return text;
}
