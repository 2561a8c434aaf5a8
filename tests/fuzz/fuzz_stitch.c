/* Any looks at a log: each record is a byte that says what was asked, a length, and the answer.
 * What is new lies within the answers, at whole lines, and the same look again brings nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "logs/stitch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

typedef struct input {
    const uint8_t *data;
    size_t len;
} input;

static uint8_t take_byte(input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->data++;
}

static ld_piece take_piece(input *in, uint8_t what)
{
    ld_piece piece = {.kind = (ld_piece_kind)(what % (LD_PIECE_WHOLE + 1))};
    if (piece.kind < LD_PIECE_TAIL)
        return piece;
    size_t n = take_byte(in);
    piece.len = n < in->len ? n : in->len;
    piece.data = (const char *)in->data;
    in->data += piece.len;
    in->len -= piece.len;
    return piece;
}

/* Ranges begin and end behind newlines; only a file that has ended may end otherwise. */
static void check_range(const ld_piece *piece, size_t from, size_t to, bool may_be_torn)
{
    require(from <= to && to <= piece->len);
    require(from == 0 || from == to || piece->data[from - 1] == '\n');
    require(to == 0 || from == to || piece->data[to - 1] == '\n' ||
            (may_be_torn && to == piece->len));
}

static void check_seam(const ld_piece *current, const ld_piece *previous, const ld_seam *seam)
{
    check_range(current, seam->current_from, seam->current_to, false);
    check_range(previous, seam->previous_from, seam->previous_to, true);
    require(seam->next.now.n <= LD_STITCH_RUNS && seam->next.before.n <= LD_STITCH_RUNS);
    require(seam->next.deferred >= 0 && seam->next.deferred <= LD_STITCH_PATIENCE + 1);
    if (seam->need == LD_NEED_WHOLE)
        require(current->kind == LD_PIECE_TAIL);
    if (seam->need == LD_NEED_PREVIOUS)
        require(previous->kind == LD_PIECE_NOT_ASKED);
    if (seam->need == LD_NEED_PREVIOUS_WHOLE)
        require(previous->kind == LD_PIECE_TAIL);
}

/* All of a log, read once more at once, has nothing new. */
static void check_again(const ld_piece *current, const ld_seam *seam)
{
    static const ld_piece not_asked = {LD_PIECE_NOT_ASKED, NULL, 0};
    static const ld_hint hint = {false, 0};
    ld_seam again;
    if (current->kind != LD_PIECE_WHOLE || seam->previous_to || seam->next.now.n == 0)
        return;
    require(ld_stitch_look(&seam->next, current, &not_asked, &hint, &again, NULL) == LEAKDIAG_OK);
    require(again.need != LD_NEED_NOTHING || again.current_from == again.current_to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    input in = {data, len};
    ld_stitch stitch = {0};
    while (in.len > 0) {
        uint8_t what = take_byte(&in);
        ld_hint hint = {what & 128, what & 64 ? INT64_C(1795392000000) : 0};
        ld_piece current = take_piece(&in, (uint8_t)(LD_PIECE_TAIL + what % 3));
        ld_piece previous = take_piece(&in, (uint8_t)(what / 3));
        ld_seam seam;
        require(ld_stitch_look(&stitch, &current, &previous, &hint, &seam, NULL) == LEAKDIAG_OK);
        check_seam(&current, &previous, &seam);
        if (seam.need == LD_NEED_NOTHING)
            check_again(&current, &seam);
        if (seam.need == LD_NEED_NOTHING || seam.need == LD_NEED_LATER)
            stitch = seam.next;
    }
    return 0;
}
