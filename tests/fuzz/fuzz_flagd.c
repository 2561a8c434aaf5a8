/* Any bytes as an answer of flagd's own port and of flagd-ui: the first byte picks status and
 * content type, the rest is the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/flagd_rpc.h"
#include "wire/flagd_ui.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = {200, 200, 400, 404, 405, 415, 500, 503};
static const char *const types[] = {"application/json", "text/html", "", NULL};

static void require(bool fine)
{
    if (!fine)
        abort();
}

/* rpc gives whole numbers only; the detail says why there is no plain value. */
static void check_flag(leakdiag_flag *flag, const char *method)
{
    leakdiag_flag_state state = leakdiag_flag_get_state(flag);
    bool has_value = leakdiag_flag_value_json(flag) != NULL;
    require(strcmp(leakdiag_flag_method(flag), method) == 0);
    require(has_value == (leakdiag_flag_get_type(flag) != LEAKDIAG_FLAG_TYPE_NONE));
    require(state != LEAKDIAG_FLAG_VALUE || has_value);
    require(state == LEAKDIAG_FLAG_VALUE || *leakdiag_flag_detail(flag));
    require(!has_value || strcmp(method, "rpc") != 0 ||
            leakdiag_flag_get_type(flag) == LEAKDIAG_FLAG_TYPE_NUMBER);
    char *text = NULL;
    require(leakdiag_flag_to_json(flag, &text, NULL) == LEAKDIAG_OK);
    leakdiag_free(text);
    leakdiag_flag_free(flag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    const ld_answer answer = {
        .method = "POST",
        .status = statuses[data[0] & 7],
        .content_type = types[data[0] >> 3 & 3],
        .redirect_host = "login.example",
        .body = (const char *)data + 1,
        .len = len - 1,
    };
    leakdiag_flag *flag = NULL;
    require(ld_flagd_rpc_decode("kafkaQueueProblems", &answer, &flag, NULL) == LEAKDIAG_OK);
    check_flag(flag, "rpc");
    require(ld_flagd_ui_decode("kafkaQueueProblems", &answer, &flag, NULL) == LEAKDIAG_OK);
    check_flag(flag, "ui");
    return 0;
}
