"""Assertions about memory for tests: is a process, cgroup, deployment or capture leaking?

They look until memory can be judged, at most `for_s` seconds (0 is one look). Too little to judge by
is a failure, not a pass. A failure shows the whole report: memory over time, the checks, the causes.

`time_scale` fits workloads that leak that much faster: the times that a trend is judged by are divided
by it. Samples come at the scenario's pace all the same, every five seconds, and six are needed: a
verdict takes 25 seconds at 10 and at 100, where it takes over a minute at 1. The minute in which a
workload is said to settle after its start stays a minute, too.

A capture is judged with the settings that it was made with, its `time_scale` included, unless others
are given.
"""

from __future__ import annotations

from typing import Any, Mapping, Union

from .base import Path
from .cluster import Cluster
from .diagnosis import Diagnosis, Outcome, diagnose
from .errors import Error, InvalidError, NotFoundError
from .observation import Observation
from .scenario import Scenario
from .series import MemoryFinding
from .session import Session, Watched

__all__ = ["assert_leaking", "assert_not_leaking", "assert_on_track", "look",
           "LeakAssertionError"]

WORKLOAD = "any-workload"
LEAKING = (MemoryFinding.AHEAD, MemoryFinding.OOM_SAWTOOTH)
UNDECIDED = (None, MemoryFinding.TOO_EARLY, MemoryFinding.NO_SAMPLES, MemoryFinding.STALE)
Capture = Union[Path, Observation]


class LeakAssertionError(AssertionError):
    """Memory is not as it was asserted. The diagnosis and what was observed come with it."""

    diagnosis: Diagnosis
    observation: Observation


def _target(pid: int | None, cgroup: Path | None, deployment: str | None) -> dict[str, object]:
    """Settings of the scenario that name what to watch."""
    given: dict[str, object] = {}
    if pid is not None:
        given["pid"] = pid
    if cgroup is not None:
        given["cgroup"] = cgroup
    if deployment is not None:
        namespace, slash, name = deployment.partition("/")
        if not (namespace and slash and name):
            raise InvalidError('deployment: "namespace/name" is needed, not %r' % deployment)
        given["namespace"], given["deployment"] = namespace, name
    return given


def _scenario(name: Scenario | Path, settings: Mapping[str, object]) -> Scenario:
    if not isinstance(name, Scenario):
        return Scenario.load(name, set=settings)
    if settings:
        raise InvalidError("a finished scenario takes no pid, cgroup, deployment or set; "
                           "name the scenario instead, or fill it in before")
    return name


def _scenario_of_capture(name: Scenario | Path, settings: Mapping[str, object],
                         observation: Observation) -> Scenario:
    """The scenario with the settings that the capture was made with, as far as it knows them, and
    then those that are given."""
    if isinstance(name, Scenario):
        return _scenario(name, settings)
    known = {param.name for param in Scenario.load(name).params}
    own = dict(setting.split("=", 1) for setting in observation.settings)
    return Scenario.load(name, set={**{k: v for k, v in own.items() if k in known}, **settings})


def _check_time(scenario: Scenario, for_s: float) -> None:
    """A time that is shorter than the pace would be one look, at which nothing can be judged."""
    every_s = scenario.to_dict()["pace"]["every_ms"] / 1000
    if 0 < for_s < every_s:
        raise InvalidError("for_s: %g is less than the %g seconds between two looks, so there would be "
                           "one; give the time that a verdict may take, like 120, or 0 for one look"
                           % (for_s, every_s))


def _usual_cluster(needed: bool) -> Cluster | None:
    """That of the kubeconfig. Without one, a scenario that can do without is looked at locally."""
    try:
        return Cluster()
    except NotFoundError:
        if needed:
            raise
        return None


def look(scenario: Scenario | Path = WORKLOAD, *, pid: int | None = None,
         cgroup: Path | None = None, deployment: str | None = None,
         capture: Capture | None = None, for_s: float = 300, time_scale: float | None = None,
         set: Mapping[str, object] | None = None, save: Path | None = None,
         cluster: Cluster | None = None) -> Watched:
    """Look at one target until memory can be judged, and judge it by a scenario. What was observed
    is saved as a capture, in place of one that is there. Without a cluster a scenario that needs one
    is looked at in that of the kubeconfig."""
    named = [t for t in (pid, cgroup, deployment, capture) if t is not None]
    if len(named) > 1:
        raise InvalidError("pid, cgroup, deployment, capture: one of them says what to look at")
    settings = {**_target(pid, cgroup, deployment), **(set or {})}
    if time_scale is not None:
        settings["time_scale"] = "%g" % time_scale
    if capture is not None:
        observation = capture if isinstance(capture, Observation) else Observation.load(capture)
        made = _scenario_of_capture(scenario, settings, observation)
        seen = Watched(observation, diagnose(made, observation))
    else:
        made = _scenario(scenario, settings)
        if not named and not set and made.name == WORKLOAD:
            raise InvalidError("pid, cgroup, deployment, capture: one of them must say what to look "
                               "at")
        _check_time(made, for_s)
        if cluster is None and (deployment is not None or not named and made.uses_cluster):
            cluster = _usual_cluster(needed=deployment is not None)
        with Session(made, cluster=cluster) as session:
            seen = session.watch(for_s=for_s, until_decided=for_s > 0)
    if save is not None:
        seen.observation.save(save, replace=True)
    return seen


def _fail(claim: str, seen: Watched, save: Path | None) -> None:
    __tracebackhide__ = True
    observation, diagnosis = seen
    memory = diagnosis.memory_finding
    found = "memory was not judged" if memory is None else "memory is %s" % memory
    kept = "" if save is None else "\ncapture: %s (leakdiag replay shows it again)" % save
    error = LeakAssertionError("%s, but %s\n\n%s%s" % (claim, found, diagnosis.report(columns=100),
                                                       kept))
    error.diagnosis, error.observation = diagnosis, observation
    raise error


def _seen(*arguments: Any, **options: Any) -> Watched:
    """look(), whose errors show the test that is wrong and nothing of this package."""
    __tracebackhide__ = True
    try:
        return look(*arguments, **options)
    except Error as error:
        raise error.with_traceback(None)


def assert_leaking(*, pid: int | None = None, cgroup: Path | None = None,
                   deployment: str | None = None, capture: Capture | None = None,
                   for_s: float = 300, time_scale: float | None = None,
                   save: Path | None = None, cluster: Cluster | None = None) -> Diagnosis:
    """Memory grows without an end in sight."""
    __tracebackhide__ = True
    seen = _seen(pid=pid, cgroup=cgroup, deployment=deployment, capture=capture,
                 for_s=for_s, time_scale=time_scale, save=save, cluster=cluster)
    if seen.diagnosis.memory_finding not in LEAKING:
        _fail("a leak was expected", seen, save)
    return seen.diagnosis


def assert_not_leaking(*, pid: int | None = None, cgroup: Path | None = None,
                       deployment: str | None = None, capture: Capture | None = None,
                       for_s: float = 300, time_scale: float | None = None,
                       save: Path | None = None, cluster: Cluster | None = None) -> Diagnosis:
    """Memory does not grow, or stops growing. Too little to judge by fails, too."""
    __tracebackhide__ = True
    seen = _seen(pid=pid, cgroup=cgroup, deployment=deployment, capture=capture,
                 for_s=for_s, time_scale=time_scale, save=save, cluster=cluster)
    if seen.diagnosis.memory_finding in LEAKING + UNDECIDED:
        _fail("no leak was expected", seen, save)
    return seen.diagnosis


def assert_on_track(scenario: Scenario | Path, *, pid: int | None = None,
                    cgroup: Path | None = None, deployment: str | None = None,
                    capture: Capture | None = None, for_s: float = 300,
                    set: Mapping[str, object] | None = None,
                    save: Path | None = None, cluster: Cluster | None = None) -> Diagnosis:
    """Memory is as the scenario expects it: its check of memory passes."""
    __tracebackhide__ = True
    seen = _seen(scenario, pid=pid, cgroup=cgroup, deployment=deployment,
                 capture=capture, for_s=for_s, set=set, save=save, cluster=cluster)
    outcomes = [check.outcome for check in seen.diagnosis.checks if check.kind == "memory"]
    if outcomes != [Outcome.PASS]:
        _fail("memory was expected to be on track", seen, save)
    return seen.diagnosis
