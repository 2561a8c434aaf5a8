/* Any bytes as the answer of a credential plugin. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/exec_credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    ld_exec_credential credential = {0};
    leakdiag_error err = {0};
    leakdiag_status status = ld_exec_credential_read("client.authentication.k8s.io/v1",
                                                     (const char *)data, len, &credential, &err);
    if (status && strpbrk(err.message, "\n\r\x1b"))
        abort();
    if (!status && !credential.token && !credential.key_pem)
        abort(); /* accepted, and gives nothing */
    if (!status && credential.token && strpbrk(credential.token, "\r\n"))
        abort(); /* one header would become two */
    ld_exec_credential_done(&credential);
    return 0;
}
