"""Mutations of the engine's sources: one line each that must not go unseen.

FILE below libleakdiag, ROWS of the world matrix that must turn red, OLD text, NEW text. OLD must
stand in the file exactly once.
"""

SOURCES = [
    # --- the flag's value
    ("diagnosis/checks/flag_value.c", "R2", "if (value <= 0)", "if (value < 0)"),
    ("diagnosis/checks/flag_value.c", "issue 4", 'value < expected ? "lower" : "higher"',
     'value > expected ? "lower" : "higher"'),
    ("diagnosis/checks/flag_value.c", "R1", "if (value == expected)", "if (value != expected)"),
    ("diagnosis/checks/flag_value.c", "R2", "if (flag->state == LEAKDIAG_FLAG_VALUE)",
     "if (flag->state <= LEAKDIAG_FLAG_DISABLED)"),
    ("diagnosis/view.c", "issue 1", "best && fact->time_ms != best->time_ms",
     "best && fact->time_ms == best->time_ms"),
    # --- the application acts on it
    ("diagnosis/checks/flag_seen.c", "issue 2", "    return acted && last_other_line",
     "    return false && acted && last_other_line"),
    ("diagnosis/checks/flag_seen.c", "R9", "if (view->log.patterns[i].count > 0)",
     "if (view->log.patterns[i].count >= 0)"),
    ("diagnosis/checks/flag_seen.c", "issue 2", "used != served", "used == served"),
    ("diagnosis/checks/flag_seen.c", "R9", "if (view->log.lines == 0)", "if (view->log.lines < 0)"),
    ("diagnosis/funnel.c", "R10",
     "if (need->outcome == LD_UNKNOWN && !need->check->supporting)",
     "if (need->outcome == LD_UNKNOWN && need->check->supporting)"),
    # --- the hand-off
    ("diagnosis/checks/hand_off.c", "R12", "return n_failed > 0;", "return false;"),
    ("diagnosis/checks/hand_off.c", "R12", "last_time(failed) > last_time(ok) :",
     "last_time(failed) < last_time(ok) :"),
    ("diagnosis/checks/hand_off.c", "R12", "if (value && value[0])", "if (value)"),
    ("diagnosis/checks/hand_off.c", "R12", "} else if (known) {", "} else if (!known) {"),
    # --- the limit
    ("diagnosis/checks/limit.c", "issue 5", "            return true;\n    return false;",
     "            return false;\n    return false;"),
    ("diagnosis/checks/limit.c", "issue 5", 'bytes > expected ? "higher" : "lower"',
     'bytes < expected ? "higher" : "lower"'),
    ("diagnosis/checks/limit.c", "issue 5", "if (memory->has_limit == 0)",
     "if (memory->has_limit == 2)"),
    ("diagnosis/checks/limit.c", "R14", "if (memory->has_limit < 0)", "if (memory->has_limit < -1)"),
    # --- the soft limit
    ("diagnosis/checks/soft_limit.c", "R13", 'roomy ? "roomy" : "tight"',
     'roomy ? "tight" : "roomy"'),
    ("base/soft_limit.c", "R13", 'strcmp(text, "off") == 0', 'strcmp(text, "none") == 0'),
    ("base/soft_limit.c", "R13", "factor *= 1024;", "factor *= 1;"),
    # --- rates
    ("diagnosis/checks/rate.c", "issue 3", "ld_load_is_idle(const ld_load_fact *load)\n{",
     "ld_load_is_idle(const ld_load_fact *load)\n{\n    return false;"),
    ("diagnosis/checks/rate.c", "issue 3", "|| load->users == 0;", "|| load->users < -1;"),
    ("diagnosis/checks/rate.c", "R11", "isfinite(min) && counter->per_min < min",
     "isfinite(min) && counter->per_min > min"),
    ("diagnosis/checks/rate.c", "R11", "isfinite(max) && counter->per_min > max",
     "isfinite(max) && counter->per_min < 0"),
    ("diagnosis/checks/rate.c", "R11",
     'has_stopped(view, counter))\n        return counter->is_lower_bound ? "lower-bound" : "zero";',
     'has_stopped(view, counter))\n        return "zero";'),
    ("diagnosis/checks/rate.c", "R11", 'counter->is_lower_bound ? "lower-bound" : "low"',
     '"low"'),
    ("diagnosis/checks/rate.c", "R11", " || view->log.has_gap;", ";"),
    ("diagnosis/checks/rate.c", "R10", "if (pattern->count == 0)\n        return counter;",
     "if (pattern->count < 0)\n        return counter;"),
    ("diagnosis/checks/rate.c", "issue 3", "successful && row->failures > 0",
     "successful && row->failures < 0"),
    ("diagnosis/checks/rate.c", "issue 3", "return counter->per_min > 0 || counter->window_s",
     "return counter->per_min >= 0 || counter->window_s"),
    ("diagnosis/checks/rate.c", "issue 3", "return idle_ms == INT64_MIN ||", "return true ||"),
    ("diagnosis/checks/rate.c", "issue 3",
     "            if (moved_lately(view, &counter))\n                return true;",
     "            if (moved_lately(view, &counter))\n                return false;"),
    ("diagnosis/checks/rate.c", "R11", "(double)ld_pattern_lines(view, pattern)",
     "(double)pattern->count"),
    ("diagnosis/checks/rate.c", "R11", "counter.window_s = (double)view->log.window_ms / 1e3;",
     "counter.window_s = (double)view->scenario->window_ms / 1e3;"),
    ("diagnosis/checks/rate.c", "R11", "silence_s * 5e3 <=", "silence_s * 5e3 < 0 *"),
    ("diagnosis/view_log.c", "R11", "log->has_gap && age_ms < window_ms", "log->has_gap && age_ms < 0"),
    # --- the load
    ("diagnosis/checks/load.c", "numbers", "(double)load->users != users",
     "(double)load->users < users"),
    ("diagnosis/checks/load.c", "numbers", "load->spawn_per_s != spawn",
     "load->spawn_per_s > spawn"),
    ("diagnosis/checks/load.c", "numbers", "if (age < min_age_s && !at_least)",
     "if (age < min_age_s && at_least)"),
    ("diagnosis/checks/load.c", "issue 3", "if (failed > ld_attribute_number",
     "if (failed < ld_attribute_number"),
    ("diagnosis/checks/load.c", "issue 3", "if (!is_refused && ld_orders_in_log",
     "if (ld_orders_in_log"),
    ("diagnosis/checks/load.c", "issue 3", 'orders_come ? "other-generator" : "stopped"',
     '"stopped"'),
    # --- restarts and ends
    ("diagnosis/checks/rollout.c", "issue 2", 'age_s < settle_s ? "settling" : "settled"',
     'age_s < settle_s ? "settled" : "settling"'),
    ("diagnosis/checks/termination.c", "numbers", "if (view->oom_kills > 0)",
     "if (view->oom_kills < -1)"),
    ("diagnosis/checks/termination.c", "numbers", "if (view->n_restarts > view->n_ooms)",
     "if (view->n_restarts < view->n_ooms)"),
    ("diagnosis/view_memory.c", "numbers", "now->oom_kills > before->oom_kills",
     "now->oom_kills < before->oom_kills"),
    ("diagnosis/view_memory.c", "numbers", "return a->started_ms != b->started_ms;", "return false;"),
    # --- the timeline
    ("diagnosis/view.c", "issue 1", "            later(view, active->first->time_ms);",
     "            (void)active;"),
    ("diagnosis/time_to_limit.c", "R19", "d->ttl_hi_s = fmax(d->ttl_hi_s, curve_s);",
     "d->ttl_hi_s = fmin(d->ttl_hi_s, curve_s);"),
    # --- funnel, causes, verdict
    ("diagnosis/funnel.c", "R12", "        if (need->outcome == LD_FAIL)\n",
     "        if (need->outcome == LD_WARN)\n"),
    ("diagnosis/funnel.c", "issue 3", "            return need->blocked_by;",
     "            return SIZE_MAX;"),
    ("diagnosis/funnel.c", "issue 4,R20", "if (answer->outcome == LD_PASS)",
     "if (answer->outcome == LD_UNKNOWN)"),
    ("diagnosis/causes.c", "issue 2", "count_holding(d, &cause->unless) == 0",
     "count_holding(d, &cause->unless) <= cause->unless.n"),
    ("diagnosis/causes.c", "issue 3", "count_holding(d, &cause->any) > 0",
     "count_holding(d, &cause->any) <= cause->any.n"),
    ("diagnosis/causes.c", "issue 2", "count_holding(d, &cause->when) == cause->when.n",
     "count_holding(d, &cause->when) > 0"),
    ("diagnosis/causes.c", "issue 1", "supported ? LEAKDIAG_CONFIDENCE_CONFIRMED : LEAKDIAG_CONFIDENCE_POSSIBLE",
     "supported ? LEAKDIAG_CONFIDENCE_POSSIBLE : LEAKDIAG_CONFIDENCE_CONFIRMED"),
    ("diagnosis/conclude.c", "R1", "if (any(d, LD_UNKNOWN, false))", "if (any(d, LD_UNKNOWN, true))"),
    ("diagnosis/conclude.c", "numbers", "if (any(d, LD_WARN, true))", "if (any(d, LD_PASS, false))"),
    ("diagnosis/conclude.c", "R11", "if (any(d, LD_FAIL, true))", "if (any(d, LD_BLOCKED, true))"),
]

# Checks that nobody answers yet: rules on them make no difference in any world.
UNANSWERED = {"telemetry.arriving", "collector"}

# Rules that cannot make a difference in any world, and why.
EQUIVALENT = {
    "no-checkouts: without any load": "a load that is stopped makes the requests zero as well",
    "soft-limit: without when soft-limit": "memory is gc-bound only at a soft limit",
}

# Rows of the world matrix that hold a cause to its rules.
ROWS_OF_CAUSE = {
    "flag-not-applied": "R2,issue 1",
    "app-has-old-value": "issue 2,R12,R9,R3,R6,R18",
    "no-checkouts": "issue 3,R10,R11,services",
    "flag-value-too-low": "issue 4,R20",
    "limit-too-high": "issue 5",
    "settling": "issue 2,R6,R18",
    "soft-limit": "R13",
    "hand-off-broken": "R12",
    "edit-lost": "issue 1,R5,R8",
    "flag-unreachable": "R3",
}
