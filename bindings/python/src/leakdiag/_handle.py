"""What all objects of the library have in common."""

from __future__ import annotations

import enum
import json
from types import TracebackType
from typing import Any, ClassVar, TypeVar

from . import _capi
from .errors import InvalidError

Self = TypeVar("Self", bound="Handle")


class Word(str, enum.Enum):
    """A closed set of words; each member is the text that reports and JSON show."""

    def __str__(self) -> str:
        return str(self.value)


class Handle:
    """An object of the library. It is given back when nothing refers to it any more, or at the end
    of `with`, or by close(), whichever comes first."""

    __slots__ = ("_handle", "__weakref__")
    _handle: Any
    _shown: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def _of(cls: type[Self], handle: Any) -> Self:
        made = cls.__new__(cls)
        made._handle = handle
        return made

    def close(self) -> None:
        """Give it back now. Using it afterwards is a ValueError; closing again is fine."""
        self._handle = None

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return getattr(self, "_handle", None) is None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<%s (closed)>" % type(self).__name__
        fields = ", ".join("%s=%r" % (name, getattr(self, name)) for name in self._shown)
        return "%s(%s)" % (type(self).__name__, fields)

    def __copy__(self: Self) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("%s cannot be pickled; pass its JSON" % type(self).__name__)


class Result(Handle):
    """A finished object: it never changes, may be read from any thread, and is equal to another
    one that says the same."""

    __slots__ = ()

    def to_json(self) -> str:
        """The object as the JSON that the C library and the command write, byte for byte."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """json.loads(self.to_json())"""
        made: dict[str, Any] = json.loads(self.to_json())
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self is other or self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((type(self), self.to_json()))


class CancelToken(Handle):
    """Ends calls that wait. One token may serve many calls; trigger it from any thread."""

    __slots__ = ()
    _shown = ("triggered",)

    def __init__(self) -> None:
        self._handle = _capi.cancel_new()

    def cancel(self) -> None:
        """Trigger it: what waits ends with CancelledError, now and from now on. Session.watch alone
        returns what is known so far, and Watched.cancelled says that."""
        _capi.cancel_trigger(self._handle)

    @property
    def triggered(self) -> bool:
        """Whether it was triggered."""
        return _capi.cancel_is_triggered(self._handle) != 0


def options(kind: str, **fields: Any) -> Any:
    """An options struct of the library with these fields; None leaves the default. Texts and arrays
    are borrowed: the caller keeps them until its call is over."""
    made = getattr(_capi, "new_" + kind)()
    for name, value in fields.items():
        if value is not None:
            getattr(_capi, "%s_%s_set" % (kind, name))(made, value)
    return made


def milliseconds(seconds: float | None, name: str) -> int | None:
    """A duration in seconds as the library takes it."""
    if seconds is None:
        return None
    if not 0 <= seconds < 2**53 / 1000:
        raise InvalidError("%s: a duration in seconds is needed, not %r" % (name, seconds))
    return max(1, round(seconds * 1000)) if seconds else 0


def deadline_ms(seconds: float | None) -> int | None:
    """A deadline in seconds as the library takes it, for which 0 would be the default."""
    if seconds == 0:
        raise InvalidError("deadline_s: 0 leaves no time to ask; give more, or leave it out for the "
                           "usual five seconds")
    return milliseconds(seconds, "deadline_s")


def settings(values: Any) -> list[str]:
    """{"name": value} or ["name=value"] as the library takes it."""
    if hasattr(values, "items"):
        return ["%s=%s" % (name, value) for name, value in values.items()]
    if isinstance(values, str):
        raise TypeError('set needs {"name": value} or ["name=value"], not one text')
    return list(values)
