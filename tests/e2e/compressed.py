"""The built-in scenario otel-demo/checkout with the clock of the tests: 20 minutes become 40 seconds.

Made from the built-in file each time, so that sources, patterns, checks and causes are the ones that
people get; only paces, times and rates are others. A built-in that has changed so much that a line
is not found is an error.
"""

import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT_IN = os.path.join(TOP, "libleakdiag", "scenario", "builtin", "otel-demo-checkout.yaml")
TIMES = 30
# The metrics API has a sample each 10 s here, of up to 10 s ago: older than 25 s is stale.
PACE = "pace: {every: 5s, window: 5m, settle: 5m, stale: 2m}"
LOW, HIGH = ORDERS_PER_MIN = (300, 600)
PARAMETERS = [
    ("min_age:     {type: duration, default: 10m,", "min_age:     {type: duration, default: 20s,"),
    ("min_orders:  {type: number,   default: 10,", "min_orders:  {type: number,   default: %d," % LOW),
    ("max_orders:  {type: number,   default: 20,", "max_orders:  {type: number,   default: %d," % HIGH),
    ("tolerance: {value: 1.5Mi, time: 90s}", "tolerance: {value: 1.5Mi, time: 3s}"),
]
POINTS_MIN = (0, 3, 6, 9, 12, 15, 18, 20)


def once(text, old, new):
    if text.count(old) != 1:
        raise ValueError("the built-in scenario has %r %d times" % (old, text.count(old)))
    return text.replace(old, new)


def scenario(settle="2s", window="20s"):
    """The text of the scenario. settle: how long after a restart nothing is judged; window: what of
    a log counts as now."""
    with open(BUILT_IN) as file:
        text = file.read()
    text = text[: text.index("\ntests:\n")]
    pace = "pace: {every: 1s, window: %s, settle: %s, stale: 25s, time_scale: %d}"
    text = once(text, PACE, pace % (window, settle, TIMES))
    for old, new in PARAMETERS:
        text = once(text, old, new)
    for minutes in POINTS_MIN:
        text = once(text, "{at: %dm," % minutes, "{at: %ds," % (minutes * 60 // TIMES))
    return once(text, "name: otel-demo/checkout", "name: e2e/checkout") + "\n"
