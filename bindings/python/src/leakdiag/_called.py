"""What the library calls back during a call."""

from __future__ import annotations

from typing import Any, Callable

from ._wait import Ask
from .log import Listening, Log
from .transport import Transport, answering


class Called:
    """A transport and a log, for one call or one session."""

    def __init__(self, transport: Transport | None, log: Log | None) -> None:
        self._answering, self._listening = answering(transport), Listening(log)
        self.transport: Any = None if self._answering is None else self._answering.handle
        self.log: Any = self._listening.handle

    def on(self, ask: Ask) -> None:
        """From now on they run through `ask`."""
        self._listening.ask = ask
        if self._answering is not None:
            self._answering.ask = ask

    def during(self, call: Callable[[], Any]) -> Callable[[Ask], Any]:
        """`call` for with_callbacks(): they run on the calling thread."""
        def run(ask: Ask) -> Any:
            self.on(ask)
            return call()
        return run
