#include "logs/stitch.h"

#include "logs/stitch_lines.h"

static const char rotated[] = "its log was rotated: lines between were gone when it was read";
static const char replaced[] =
    "it restarted, and the log of the instance before was gone or of a later one when it was read";
static const char not_seen_twice[] =
    "the log of the instance before was gone before all of it was seen for certain";
static const char begins_late[] =
    "a new instance's log begins long after its start: it may have been rotated since";
static const char faster[] = "more was written since the last look than one look reads";
static const char ambiguous[] =
    "equal lines of one time cannot be told apart: some may not have been counted";

/* What one look has to lay over each other. */
typedef struct joint {
    const ld_stitch *was;
    ld_marks current, previous;
    ld_seam *seam;
    const ld_hint *hint;
} joint;

static void joint_done(joint *j)
{
    ld_marks_done(&j->current);
    ld_marks_done(&j->previous);
}

static void take_current(joint *j, size_t from)
{
    j->seam->current_from = j->current.begins[from];
    j->seam->current_to = j->current.begins[j->current.n];
    j->seam->current_lines = j->current.n - from;
}

static void take_previous(joint *j, size_t from)
{
    j->seam->previous_from = j->previous.begins[from];
    j->seam->previous_to = j->previous.begins[j->previous.n];
}

static void tell_gap(joint *j, const char *reason, int64_t to_ms)
{
    if (!j->seam->gap.reason)
        j->seam->gap = (ld_gap){reason, j->was->now.last_ms, to_ms};
}

static void need(joint *j, ld_need what)
{
    *j->seam = (ld_seam){.need = what, .next = *j->was};
    if (what == LD_NEED_LATER)
        j->seam->next.deferred++;
}

/* --- which file is the younger one --- */

static int64_t last_known(const joint *j)
{
    int64_t now_ms = j->was->now.last_ms, before_ms = j->was->before.last_ms;
    return now_ms > before_ms ? now_ms : before_ms;
}

static bool is_younger(const joint *j, const ld_marks *marks)
{
    return ld_marks_last_ms(marks) > last_known(j);
}

/* The first look asked for both logs at once, and an instance ended between the two answers. */
static bool is_between(const joint *j)
{
    return j->was->is_before_guessed && ld_marks_last_ms(&j->previous) > j->was->before.last_ms;
}

/* What ends before what was read already is no younger file, but an answer that was cut off. A
 * clock that was set back looks the same for a while. */
static bool is_doubtful(const joint *j, const ld_marks *marks)
{
    int64_t last_ms = ld_marks_last_ms(marks), known_ms = last_known(j);
    return j->was->deferred < LD_STITCH_PATIENCE && known_ms &&
           (marks->n == 0 || (last_ms && last_ms <= known_ms));
}

/* --- the end of a file that will not grow --- */

/* A last line without a newline is one when it was there twice: else the answer was cut off. */
static void close_previous(joint *j, size_t n_new)
{
    const ld_piece *piece = j->previous.piece;
    size_t end = j->previous.begins[j->previous.n], rest = piece->len - end;
    ld_mark torn = rest ? ld_mark_of(piece->data + end, rest) : (ld_mark){0};
    bool is_same = ld_mark_equal(torn, j->was->torn);
    j->seam->next.torn = torn;
    j->seam->next.is_before_known = true;
    j->seam->is_previous_closed = n_new == 0 && is_same;
    j->seam->next.is_before_open = !j->seam->is_previous_closed;
    if (!j->seam->is_previous_closed || rest == 0)
        return;
    if (j->seam->previous_to == 0)
        j->seam->previous_from = end;
    j->seam->previous_to = piece->len;
    j->seam->next.torn = (ld_mark){0};
}

/* Another one has taken its place. */
static void lose_previous(joint *j)
{
    j->seam->next.is_before_known = true;
    if (j->was->is_before_open)
        tell_gap(j, not_seen_twice, 0);
    j->seam->next.is_before_open = false;
}

static void continue_before(joint *j, size_t at, bool is_sure)
{
    if (!is_sure)
        tell_gap(j, ambiguous, ld_marks_first_ms(&j->previous, at));
    take_previous(j, at);
    ld_window_add(&j->seam->next.before, &j->previous, at);
    close_previous(j, j->previous.n - at);
}

/* --- the newest instance is still the one that was read last --- */

/* Where one piece goes on in another one. */
static ld_found goes_on(const ld_marks *piece, const ld_marks *in, size_t *ret_at)
{
    ld_window end = {0};
    if (piece->n == 0)
        return LD_FOUND_NOT;
    ld_window_begin(&end, piece);
    return ld_window_find(&end, in, ret_at);
}

/* Its log may be both: while it waits to be started again, the instance before is the newest. */
static ld_found is_of_current(const joint *j, size_t *ret_at)
{
    return goes_on(&j->current, &j->previous, ret_at);
}

/* The same, of an answer that was cut off. */
static bool is_cut_current(const joint *j)
{
    size_t at;
    return j->was->deferred < LD_STITCH_PATIENCE &&
           goes_on(&j->previous, &j->current, &at) == LD_FOUND;
}

/* It restarted between the two answers, so the later one may have more. */
static void add_later(joint *j, size_t at)
{
    take_previous(j, at);
    j->seam->is_previous_behind = true;
    ld_window_add(&j->seam->next.now, &j->previous, at);
}

/* Lines of the instance before that an earlier answer did not have yet. */
static void add_late(joint *j)
{
    size_t at;
    if (j->previous.piece->kind == LD_PIECE_ABSENT) {
        lose_previous(j);
        j->seam->is_previous_closed = true;
    }
    if (j->previous.piece->kind < LD_PIECE_TAIL)
        return;
    ld_found found = is_of_current(j, &at);
    if (found == LD_FOUND_UNSURE && j->previous.piece->kind == LD_PIECE_TAIL) {
        need(j, LD_NEED_PREVIOUS_WHOLE);
        return;
    }
    if (found == LD_FOUND) {
        add_later(j, at);
        return;
    }
    if (is_cut_current(j))
        return;
    found = ld_window_find(&j->was->before, &j->previous, &at);
    if (found != LD_FOUND && j->previous.piece->kind == LD_PIECE_TAIL) {
        need(j, LD_NEED_PREVIOUS_WHOLE);
    } else if (found != LD_FOUND_NOT && j->was->before.n > 0) {
        continue_before(j, at, found == LD_FOUND);
    } else if (j->was->before.n == 0 || is_younger(j, &j->previous) || is_between(j)) {
        if (j->was->before.n && is_younger(j, &j->previous)) { /* twice while it was asked */
            tell_gap(j, replaced, ld_marks_first_ms(&j->previous, 0));
            j->seam->is_previous_behind = true;
        }
        take_previous(j, 0);
        ld_window_begin(&j->seam->next.before, &j->previous);
        close_previous(j, j->previous.n);
    }
}

/* --- it is not --- */

static void begin_current(joint *j)
{
    take_current(j, 0);
    ld_window_begin(&j->seam->next.now, &j->current);
    if (j->current.piece->kind == LD_PIECE_END_TAIL)
        tell_gap(j, faster, ld_marks_first_ms(&j->current, 0));
}

/* Behind a restart the newest file may already be its instance's second one. */
static void begin_instance(joint *j)
{
    int64_t first_ms = ld_marks_first_ms(&j->current, 0), started_ms = j->hint->started_ms;
    begin_current(j);
    if (started_ms && first_ms - started_ms > LD_STITCH_SILENCE_MS)
        tell_gap(j, begins_late, first_ms);
}

/* Nothing in either file joins what was read. */
static void begin_anew(joint *j, const char *why)
{
    if (is_doubtful(j, &j->current)) {
        need(j, LD_NEED_LATER);
        return;
    }
    if (j->was->now.n)
        tell_gap(j, j->current.piece->kind == LD_PIECE_END_TAIL ? faster : why,
                 ld_marks_first_ms(&j->current, 0));
    begin_current(j);
}

/* The log of the instance before ends what was read, and the newest one begins behind it. */
static void join_both(joint *j, size_t at, bool is_sure)
{
    if (j->current.n > 0 && is_doubtful(j, &j->current)) {
        need(j, LD_NEED_LATER);
        return;
    }
    lose_previous(j);
    take_previous(j, at);
    j->seam->next.before = j->was->now;
    ld_window_add(&j->seam->next.before, &j->previous, at);
    if (!is_sure)
        tell_gap(j, ambiguous, ld_marks_first_ms(&j->previous, at));
    begin_instance(j);
    close_previous(j, j->previous.n - at + 1); /* once more, to see that it was all */
}

/* It is known: the current file is what is new. */
static void begin_behind(joint *j, size_t at, bool is_sure)
{
    begin_anew(j, rotated);
    if (j->seam->need == LD_NEED_NOTHING)
        continue_before(j, at, is_sure);
}

/* An instance that ended before the one that was read began, or one that came and went since. */
static void join_neither(joint *j)
{
    size_t at;
    ld_found found = ld_window_find(&j->was->before, &j->previous, &at);
    if (found != LD_FOUND_NOT && j->was->before.n > 0) {
        begin_behind(j, at, found == LD_FOUND);
        return;
    }
    if (is_doubtful(j, &j->previous) || (j->current.n > 0 && is_doubtful(j, &j->current))) {
        need(j, LD_NEED_LATER);
        return;
    }
    if (!j->was->is_before_known && !is_younger(j, &j->previous)) {
        begin_anew(j, rotated);
        return;
    }
    if (j->was->now.n)
        tell_gap(j, replaced, ld_marks_first_ms(&j->previous, 0));
    lose_previous(j);
    take_previous(j, 0);
    ld_window_begin(&j->seam->next.before, &j->previous);
    begin_instance(j);
    close_previous(j, j->previous.n + 1);
}

/* A later answer of the file whose earlier one is the current piece. */
static void continue_with_previous(joint *j)
{
    size_t at;
    ld_found found = ld_window_find(&j->was->now, &j->previous, &at);
    if (found != LD_FOUND && j->previous.piece->kind == LD_PIECE_TAIL) {
        need(j, LD_NEED_PREVIOUS_WHOLE);
        return;
    }
    if (found == LD_FOUND_NOT && is_doubtful(j, &j->previous)) {
        need(j, LD_NEED_LATER);
        return;
    }
    if (found != LD_FOUND)
        tell_gap(j, found ? ambiguous : rotated, ld_marks_first_ms(&j->previous, at));
    take_previous(j, at);
    if (found == LD_FOUND_NOT)
        ld_window_begin(&j->seam->next.now, &j->previous);
    else
        ld_window_add(&j->seam->next.now, &j->previous, at);
}

static void join_previous(joint *j)
{
    size_t at;
    ld_piece_kind kind = j->previous.piece->kind;
    if (kind == LD_PIECE_NOT_ASKED) {
        need(j, LD_NEED_PREVIOUS);
    } else if (kind == LD_PIECE_UNREAD) {
        *j->seam = (ld_seam){.need = LD_NEED_LATER, .next = *j->was};
    } else if (kind == LD_PIECE_ABSENT) {
        begin_anew(j, j->hint->has_restarted ? replaced : rotated);
        if (j->seam->need == LD_NEED_NOTHING) {
            lose_previous(j);
            j->seam->is_previous_closed = true;
        }
    } else if (is_of_current(j, &at) == LD_FOUND) {
        continue_with_previous(j);
    } else if (is_cut_current(j)) {
        need(j, LD_NEED_LATER);
    } else if (j->was->now.n == 0 && j->was->before.n > 0 &&
               ld_window_find(&j->was->before, &j->previous, &at) == LD_FOUND) {
        begin_behind(j, at, true);
    } else if (j->was->now.n == 0 && j->was->before.n > 0 && is_doubtful(j, &j->previous)) {
        need(j, LD_NEED_LATER);
    } else {
        ld_found found = ld_window_find(&j->was->now, &j->previous, &at);
        if (found != LD_FOUND && kind == LD_PIECE_TAIL)
            need(j, LD_NEED_PREVIOUS_WHOLE);
        else if (found == LD_FOUND_NOT)
            join_neither(j);
        else
            join_both(j, at, found == LD_FOUND);
    }
}

/* --- a look --- */

static bool wants_previous(const joint *j)
{
    return j->hint->has_restarted && j->previous.piece->kind == LD_PIECE_NOT_ASKED;
}

static void look_first(joint *j)
{
    size_t at;
    if (j->previous.piece->kind >= LD_PIECE_TAIL && is_of_current(j, &at) != LD_FOUND &&
        !is_cut_current(j)) {
        take_previous(j, 0);
        ld_window_begin(&j->seam->next.before, &j->previous);
        close_previous(j, j->previous.n + 1);
        j->seam->next.is_before_guessed = true;
    }
    take_current(j, 0);
    ld_window_begin(&j->seam->next.now, &j->current);
    j->seam->next.is_opened = true;
    j->seam->next.is_before_known = j->previous.piece->kind != LD_PIECE_UNREAD;
}

static void look(joint *j)
{
    size_t at;
    j->seam->next.deferred = 0;
    if (!j->was->is_opened && wants_previous(j)) {
        need(j, LD_NEED_PREVIOUS);
        return;
    }
    if (!j->was->is_opened) {
        look_first(j);
        return;
    }
    ld_piece_kind kind = j->current.piece->kind;
    ld_found found = ld_window_find(&j->was->now, &j->current, &at);
    if (found != LD_FOUND && kind == LD_PIECE_TAIL) {
        need(j, LD_NEED_WHOLE);
        return;
    }
    if (found == LD_FOUND_NOT || (j->was->now.n == 0 && j->hint->has_restarted)) {
        join_previous(j);
        return;
    }
    if (wants_previous(j)) {
        need(j, LD_NEED_PREVIOUS);
        return;
    }
    if (found == LD_FOUND_UNSURE)
        tell_gap(j, j->was->now.n ? ambiguous : faster, ld_marks_first_ms(&j->current, at));
    take_current(j, at);
    ld_window_add(&j->seam->next.now, &j->current, at);
    add_late(j);
}

leakdiag_status ld_stitch_look(const ld_stitch *stitch, const ld_piece *current,
                               const ld_piece *previous, const ld_hint *hint, ld_seam *ret,
                               leakdiag_error *err)
{
    *ret = (ld_seam){.next = *stitch};
    LD_CLEANUP(joint_done) joint j = {.was = stitch, .seam = ret, .hint = hint};
    leakdiag_status status = ld_marks_read(current, &j.current, err);
    if (!status)
        status = ld_marks_read(previous, &j.previous, err);
    if (status)
        return status;
    look(&j);
    if (stitch->is_opened && ret->need == LD_NEED_NOTHING && previous->kind >= LD_PIECE_ABSENT)
        ret->next.is_before_guessed = false;
    return LEAKDIAG_OK;
}
