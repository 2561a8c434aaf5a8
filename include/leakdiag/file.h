/**
 * @file leakdiag/file.h
 * Whole files: read with a bound, written as a whole or not at all.
 *
 * For captures, scenarios and recordings; may be called from any thread.
 */
#ifndef LEAKDIAG_FILE_H
#define LEAKDIAG_FILE_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Read a whole file. Of a pipe it waits for the writer: until one opens it, and until the last one
 * has closed it. Nothing ends this wait early.
 *
 * @param path       A file or pipe; "-" is standard input.
 * @param max_bytes  A larger one is an error; nothing of it is returned.
 * @param[out] ret   Its bytes and a NUL; free with leakdiag_free().
 * @param[out] ret_len  Their number, without the NUL.
 * @retval LEAKDIAG_OK           *ret and *ret_len are set
 * @retval LEAKDIAG_E_NOT_FOUND  no such file
 * @retval LEAKDIAG_E_INVALID    a folder or device
 * @retval LEAKDIAG_E_LIMIT      larger than max_bytes
 * @retval LEAKDIAG_E_AUTH       may not be read
 * @retval LEAKDIAG_E_IO         reading failed
 * @retval LEAKDIAG_E_NOMEM      out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_file_read(const char *path, size_t max_bytes,
                                                               char **ret, size_t *ret_len,
                                                               leakdiag_error *err);
/**
 * Write a file as a whole or not at all (temporary file, sync, rename), readable by its owner only.
 *
 * @param data     Borrowed for the call.
 * @param replace  0: an existing file is an error; 1: it is replaced.
 * @retval LEAKDIAG_OK           the file is there, whole
 * @retval LEAKDIAG_E_CONFLICT   it exists and replace is 0
 * @retval LEAKDIAG_E_NOT_FOUND  its folder is missing
 * @retval LEAKDIAG_E_AUTH       may not be written
 * @retval LEAKDIAG_E_IO         writing failed; nothing is left behind
 * @retval LEAKDIAG_E_NOMEM      out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_file_write(const char *path, const char *data,
                                                                size_t len, int replace,
                                                                leakdiag_error *err);

#ifdef __cplusplus
}
#endif
#endif
