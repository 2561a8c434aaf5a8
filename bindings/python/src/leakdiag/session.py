"""A session gathers: it asks all sources of a scenario at once and keeps what it has seen."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Callable, Iterator, NamedTuple

from . import _capi
from ._called import Called
from ._handle import CancelToken, Handle, deadline_ms, milliseconds, options
from ._wait import Ask, with_callbacks
from .cluster import Cluster
from .diagnosis import Diagnosis
from .errors import InvalidError
from .observation import Observation
from .scenario import Scenario
from .log import Log
from .transport import Transport


class _Watched(NamedTuple):
    observation: Observation
    diagnosis: Diagnosis


class Watched(_Watched):
    """What a watch came to, (observation, diagnosis); when it was cancelled, what is known so far."""

    cancelled: bool = False
    """Whether the session's cancel token was triggered."""


class Session(Handle):
    """A scenario, its sources, and all that was seen. It serves one thread at a time; cancel() is for
    the others. Once cancelled (also by Ctrl-C) it stays so: make a new one, with the last
    observation as history."""

    __slots__ = ("_cancel", "_busy", "_called", "_cluster")
    _cancel: CancelToken
    _called: Called
    _cluster: Cluster | None
    _busy: threading.Lock

    def __init__(self, scenario: Scenario, *, deadline_s: float | None = None,
                 history: tuple[Observation, ...] = (), cancel: CancelToken | None = None,
                 cluster: Cluster | None = None, transport: Transport | None = None,
                 log: Log | None = None) -> None:
        """Nothing is asked yet. `history` are earlier observations of the same workload; without a
        cluster the scenario's sources of one are not asked."""
        self._cancel = cancel or CancelToken()
        self._called, self._cluster = Called(transport, log), cluster
        self._busy = threading.Lock()
        made = options("session_options", deadline_ms=deadline_ms(deadline_s),
                       cancel=self._cancel._handle,
                       cluster=None if cluster is None else cluster._handle,
                       transport=self._called.transport, log=self._called.log)
        self._handle = _capi.session_new(scenario._handle, made)
        for earlier in history:
            self.add_history(earlier)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Any]:
        if not self._busy.acquire(blocking=False):
            raise InvalidError("the session is in use by another thread or by its own callback; "
                               "wait for it, or make a session of your own")
        # What the session borrows stays for the length of the call, also when it is closed meanwhile.
        borrowed = self._cancel, self._cluster, self._called
        handle = self._handle
        try:
            yield handle
        finally:
            self._busy.release()
            del borrowed

    def cancel(self) -> None:
        """End what waits, from any thread: as CancelToken.cancel() does."""
        self._cancel.cancel()

    def add_history(self, earlier: Observation) -> None:
        """Start from what an earlier capture knows. Before the first look."""
        with self._alone() as handle:
            _capi.session_add_history(handle, earlier._handle)

    @property
    def scenario(self) -> Scenario:
        """What it looks and judges with: once the application was found in a version that a profile
        describes, with the profile's settings added."""
        with self._alone() as handle:
            return Scenario._of(_capi.session_scenario(handle))

    @property
    def namespace_name(self) -> str | None:
        """The namespace of the cluster in which the workload is looked for; None: in none."""
        with self._alone() as handle:
            return _capi.session_namespace_name(handle)

    def gather(self) -> Observation:
        """One look: ask everything, return all that is known now."""
        with self._alone() as handle:
            call = self._called.during(lambda: _capi.session_gather(handle))
            return Observation._of(with_callbacks(call, self._cancel))

    def watch(self, *, for_s: float | None = None, until_decided: bool = False,
              on_look: Callable[[Diagnosis], object] | None = None) -> Watched:
        """Look again and again at the scenario's pace, and judge each time. on_look is called after
        each look, on this thread; what it returns stops the watch when it is true. Its diagnosis
        can be used during the call only. When the token is triggered it returns what is known so
        far, and `cancelled` is true."""
        made = options("watch_options", for_ms=milliseconds(for_s, "for_s"),
                       until_decided=int(until_decided))

        def look(lent: Any) -> bool:
            assert on_look is not None
            with Diagnosis._of(lent) as diagnosis:
                return bool(on_look(diagnosis))

        def call(ask: Ask) -> Any:
            self._called.on(ask)
            if on_look is None:
                return _capi.session_watch(handle, made)

            def asking(lent: Any) -> Any:
                return ask(look, lent)

            _capi.watch_options_set_on_look(made, asking)
            return _capi.session_watch(handle, made)

        with self._alone() as handle:
            observation, diagnosis = with_callbacks(call, self._cancel)
            cancelled = self._cancel.triggered
        seen = Watched(Observation._of(observation), Diagnosis._of(diagnosis))
        seen.cancelled = cancelled
        return seen
