"""What a load generator (Locust) says of itself."""

from __future__ import annotations

import dataclasses

from . import _capi
from ._called import Called
from ._handle import CancelToken, Result, Word, deadline_ms, options
from ._wait import with_callbacks
from .cluster import Cluster
from .log import Log
from .transport import Transport


class LoadState(Word):
    """State of the load test."""

    UNKNOWN = "unknown"
    READY = "ready"
    SPAWNING = "spawning"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    MISSING = "missing"
    NOT_LOCUST = "not-locust"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


_STATES = tuple(LoadState)


def load_state_name(state: int) -> str:
    """The word for a state's number in C."""
    return str(_capi.load_state_name(state))


@dataclasses.dataclass(frozen=True)
class LoadRow:
    """One row of the statistics."""

    name: str | None
    method: str | None
    requests: int | None
    failures: int | None
    rate_per_s: float | None


class Load(Result):
    """One answer of Locust. What is not known is None."""

    __slots__ = ()
    _shown = ("state", "users", "target_users", "detail")

    @classmethod
    def read(cls, url: str, *, deadline_s: float | None = None,
             cancel: CancelToken | None = None, cluster: Cluster | None = None,
             namespace_name: str | None = None, transport: Transport | None = None,
             log: Log | None = None) -> Load:
        """Ask Locust; with a cluster also a service of it, "load-generator:8089". A service that
        does not answer is a state, no exception."""
        token, called = cancel or CancelToken(), Called(transport, log)
        given = options("load_options", deadline_ms=deadline_ms(deadline_s), cancel=token._handle,
                        cluster=None if cluster is None else cluster._handle,
                        namespace_name=namespace_name,
                        transport=called.transport, log=called.log)
        call = called.during(lambda: _capi.load_read(url, given))
        return cls._of(with_callbacks(call, token))

    @property
    def state(self) -> LoadState:
        """What Locust does now."""
        return _STATES[_capi.load_get_state(self._handle)]

    @property
    def users(self) -> int | None:
        """Users now."""
        users = _capi.load_users(self._handle)
        return None if users < 0 else users

    @property
    def target_users(self) -> int | None:
        """Users asked for."""
        users = _capi.load_target_users(self._handle)
        return None if users < 0 else users

    @property
    def spawn_per_s(self) -> float | None:
        """Users started per second."""
        number = _capi.load_spawn_per_s(self._handle)
        return number if number == number else None

    @property
    def age_ms(self) -> int | None:
        """How long the test has been running at least."""
        age = _capi.load_age_ms(self._handle)
        return None if age < 0 else age

    @property
    def fail_ratio(self) -> float | None:
        """Share of failed requests, 0 to 1."""
        number = _capi.load_fail_ratio(self._handle)
        return number if number == number else None

    @property
    def rows(self) -> tuple[LoadRow, ...]:
        """The statistics, without the sum."""
        return tuple(self._row(i) for i in range(_capi.load_row_count(self._handle)))

    def _row(self, i: int) -> LoadRow:
        requests = _capi.load_row_requests(self._handle, i)
        failures = _capi.load_row_failures(self._handle, i)
        rate = _capi.load_row_rate_per_s(self._handle, i)
        return LoadRow(_capi.load_row_name(self._handle, i), _capi.load_row_method(self._handle, i),
                       None if requests < 0 else requests, None if failures < 0 else failures,
                       rate if rate == rate else None)

    @property
    def detail(self) -> str | None:
        """Why the state is what it is; may be ""."""
        return _capi.load_detail(self._handle)

    @property
    def http_status(self) -> int | None:
        """HTTP status of the answer."""
        return _capi.load_http_status(self._handle) or None

    @property
    def latency_ms(self) -> int | None:
        """From the question to the answer."""
        latency = _capi.load_latency_ms(self._handle)
        return None if latency < 0 else latency

    def to_json(self) -> str:
        return _capi.load_to_json(self._handle)
