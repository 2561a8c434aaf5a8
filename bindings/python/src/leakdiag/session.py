"""A session gathers: it asks all sources of a scenario at once and keeps what it has seen."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Callable, Iterator, NamedTuple

from . import _capi
from ._handle import CancelToken, Handle, milliseconds, options
from ._wait import cancellable, with_callback
from .diagnosis import Diagnosis
from .errors import InvalidError
from .observation import Observation
from .scenario import Scenario


class Watched(NamedTuple):
    """What a watch came to."""

    observation: Observation
    diagnosis: Diagnosis


class Session(Handle):
    """A scenario, its sources, and all that was seen. It serves one thread at a time; cancel() is for
    the others. Once cancelled (also by Ctrl-C) it stays so: make a new one, with the last
    observation as history."""

    __slots__ = ("_cancel", "_busy")
    _cancel: CancelToken
    _busy: threading.Lock

    def __init__(self, scenario: Scenario, *, deadline_s: float | None = None,
                 history: tuple[Observation, ...] = (), cancel: CancelToken | None = None) -> None:
        """Nothing is asked yet. `history` are earlier observations of the same workload."""
        self._cancel = cancel or CancelToken()
        self._busy = threading.Lock()
        made = options("session_options", deadline_ms=milliseconds(deadline_s),
                       cancel=self._cancel._handle)
        self._handle = _capi.session_new(scenario._handle, made)
        for earlier in history:
            self.add_history(earlier)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Any]:
        if not self._busy.acquire(blocking=False):
            raise InvalidError("the session is in use by another thread or by its own callback; "
                               "wait for it, or make a session of your own")
        # The token outlives the session for the length of the call.
        token, handle = self._cancel, self._handle
        try:
            yield handle
        finally:
            self._busy.release()
            del token

    def cancel(self) -> None:
        """End what waits, from any thread."""
        self._cancel.cancel()

    def add_history(self, earlier: Observation) -> None:
        """Start from what an earlier capture knows. Before the first look."""
        with self._alone() as handle:
            _capi.session_add_history(handle, earlier._handle)

    def gather(self) -> Observation:
        """One look: ask everything, return all that is known now."""
        with self._alone() as handle:
            return Observation._of(cancellable(lambda: _capi.session_gather(handle), self._cancel))

    def watch(self, *, for_s: float | None = None, until_decided: bool = False,
              on_look: Callable[[Diagnosis], object] | None = None) -> Watched:
        """Look again and again at the scenario's pace, and judge each time. on_look is called after
        each look, on this thread; what it returns stops the watch when it is true. Its diagnosis
        can be used during the call only."""
        made = options("watch_options", for_ms=milliseconds(for_s),
                       until_decided=int(until_decided))

        def call(ask: Callable[[Any], Any] | None) -> Any:
            if ask is not None:
                _capi.watch_options_set_on_look(made, ask)
            return _capi.session_watch(handle, made)

        def look(lent: Any) -> bool:
            assert on_look is not None
            with Diagnosis._of(lent) as diagnosis:
                return bool(on_look(diagnosis))

        with self._alone() as handle:
            observation, diagnosis = with_callback(call, self._cancel, look if on_look else None)
        return Watched(Observation._of(observation), Diagnosis._of(diagnosis))
