"""Hear what the library does: requests and retries, credentials, sources, what is missing and why.

Each call that asks somebody takes `log`: a logging.Logger or LoggerAdapter, or a callable that takes
a LogRecord.
Without one it is the logger "leakdiag", so logging.getLogger("leakdiag").setLevel(logging.DEBUG) shows
each request. Records of a Logger carry the LogRecord as their attribute `leakdiag`. The callable runs
on the thread that made the call; what it raises ends the call and comes out of it. No secret reaches
a record.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any, Callable, Optional, Union

from . import _capi
from ._handle import Word
from ._wait import Ask


class LogLevel(Word):
    """How much somebody wants to know."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


_LEVELS = tuple(LogLevel)
_OF_LOGGING = (logging.DEBUG, logging.INFO, logging.WARNING)


def log_level_name(level: int) -> str:
    """The word for a level's number in C."""
    return str(_capi.log_level_name(level))


@dataclasses.dataclass(frozen=True)
class LogRecord:
    """One thing that happened. What does not belong to a request is None where it is about none."""

    level: LogLevel
    time_ms: int
    event: str
    source: str
    message: str
    method: str | None = None
    url: str | None = None
    connection: str | None = None
    http_status: int | None = None
    duration_ms: int | None = None
    bytes: int | None = None
    attempt: int | None = None


Log = Union[logging.Logger, "logging.LoggerAdapter[Any]", Callable[[LogRecord], object]]
_LOGGERS = (logging.Logger, logging.LoggerAdapter)

# A library prints nothing by itself, not even through logging's last resort.
logging.getLogger("leakdiag").addHandler(logging.NullHandler())


class Listening:
    """A log as the library takes it, for one call or one session. `ask` runs it on the thread of the
    call that is under way."""

    def __init__(self, log: Optional[Log]) -> None:
        self.log = logging.getLogger("leakdiag") if log is None else log
        if not isinstance(self.log, _LOGGERS) and not callable(self.log):
            raise TypeError("log needs a logging.Logger or a callable, not %s"
                            % type(self.log).__name__)
        self.ask: Ask | None = None
        self.handle = _capi.new_log()
        _capi.log_set_write(self.handle, self)  # borrowed, so that no cycle waits for the collector

    def __call__(self, level: int, time_ms: int, event: str, source: str, message: str,
                 method: str | None, url: str | None, connection: str | None, http_status: int,
                 duration_ms: int, size: int, attempt: int) -> None:
        if isinstance(self.log, _LOGGERS) and not self.log.isEnabledFor(_OF_LOGGING[level]):
            return
        record = LogRecord(_LEVELS[level], time_ms, event, source, message, method, url, connection,
                           http_status or None, None if duration_ms < 0 else duration_ms,
                           None if size < 0 else size, attempt or None)
        assert self.ask is not None
        self.ask(self._write, record)

    def _write(self, record: LogRecord) -> None:
        if isinstance(self.log, _LOGGERS):
            self.log.log(_OF_LOGGING[_LEVELS.index(record.level)], "%s", record.message,
                         extra={"leakdiag": record})
        else:
            self.log(record)
