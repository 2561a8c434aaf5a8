"""What can go wrong, one class for each status of the library."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """What went wrong, grouped by what a caller would do about it."""

    OK = 0
    INVALID = -1
    NOMEM = -2
    IO = -3
    TIMEOUT = -4
    CANCELLED = -5
    AUTH = -6
    NOT_FOUND = -7
    CONFLICT = -8
    PROTOCOL = -9
    LIMIT = -10
    UNSUPPORTED = -11
    CALLBACK = -12


class Error(Exception):
    """A call of the library failed. The text says what, where, why and the next step."""

    status: Status | int
    http_status: int | None
    retriable: bool
    line: int | None
    column: int | None

    def __init__(self, message: str, *, status: int = Status.INVALID, http_status: int = 0,
                 retriable: bool = False, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.status = Status(status) if status in _KNOWN else status
        self.http_status = http_status or None
        self.retriable = retriable
        self.line = line or None
        self.column = column or None

    def _at(self, where: str) -> Error:
        """The same with the place, like a file, before the text."""
        return of_status(int(self.status), self.http_status or 0, int(self.retriable),
                         self.line or 0, self.column or 0, "%s: %s" % (where, self))


class InvalidError(Error, ValueError):
    """Bad argument or bad input: correct it."""


class NoMemoryError(Error, MemoryError):
    """Out of memory."""


class IoError(Error):
    """A file or connection failed."""


class DeadlineError(Error):
    """The deadline passed."""


class CancelledError(Error):
    """The cancel token was triggered."""


class AuthError(Error):
    """Refused: credentials or rights."""


class NotFoundError(Error, LookupError):
    """No such thing."""


class ConflictError(Error):
    """Changed meanwhile, or exists already."""


class ProtocolError(Error):
    """The other side does not speak as it should."""


class LimitError(Error):
    """Larger, deeper or longer than allowed."""


class UnsupportedError(Error):
    """Not here, or not in this version."""


class CallbackError(Error):
    """A callback asked to stop."""


CLASSES: dict[int, type[Error]] = {
    Status.INVALID: InvalidError,
    Status.NOMEM: NoMemoryError,
    Status.IO: IoError,
    Status.TIMEOUT: DeadlineError,
    Status.CANCELLED: CancelledError,
    Status.AUTH: AuthError,
    Status.NOT_FOUND: NotFoundError,
    Status.CONFLICT: ConflictError,
    Status.PROTOCOL: ProtocolError,
    Status.LIMIT: LimitError,
    Status.UNSUPPORTED: UnsupportedError,
    Status.CALLBACK: CallbackError,
}
_KNOWN = frozenset(int(status) for status in Status)
_RETRIABLE = 1


def of_status(status: int, http_status: int, flags: int, line: int, column: int,
              message: str) -> Error:
    """The exception for a failed call; the extension module asks for it."""
    return CLASSES.get(status, Error)(message, status=status, http_status=http_status,
                                      retriable=bool(flags & _RETRIABLE), line=line, column=column)
