"""What a feature flag evaluates to: over OFREP, or offline from a flagd file."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator, Mapping

from . import _capi
from ._called import Called
from ._handle import CancelToken, Result, Word, deadline_ms, options
from ._wait import with_callbacks
from .cluster import Cluster
from .log import Log
from .transport import Transport


class FlagState(Word):
    """What the answer to an evaluation means."""

    VALUE = "value"
    CODE_DEFAULT = "code-default"
    DISABLED = "disabled"
    MISSING = "missing"
    FILE_REJECTED = "file-rejected"
    MALFORMED = "malformed"
    NOT_OFREP = "not-ofrep"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class FlagType(Word):
    """Type of the value."""

    NONE = "none"
    BOOLEAN = "boolean"
    NUMBER = "number"
    STRING = "string"
    OBJECT = "object"


_STATES = tuple(FlagState)
_TYPES = tuple(FlagType)


def flag_state_name(state: int) -> str:
    """The word for a state's number in C."""
    return str(_capi.flag_state_name(state))


def flag_type_name(kind: int) -> str:
    """The word for a type's number in C."""
    return str(_capi.flag_type_name(kind))


def _asking(context: Mapping[str, Any] | None, deadline_s: float | None, bearer_token: str | None,
            api_key: str | None, cluster: Cluster | None,
            namespace_name: str | None) -> Callable[..., Any]:
    """What runs an evaluation with these options."""
    context_json = None if context is None else json.dumps(context, allow_nan=False)

    def call(evaluate: Callable[[Any], Any], cancel: CancelToken | None,
             transport: Transport | None, log: Log | None) -> Any:
        token, called = cancel or CancelToken(), Called(transport, log)
        given = options("flag_options", deadline_ms=deadline_ms(deadline_s),
                        context_json=context_json, bearer_token=bearer_token, api_key=api_key,
                        cancel=token._handle, cluster=None if cluster is None else cluster._handle,
                        namespace_name=namespace_name, transport=called.transport, log=called.log)
        return with_callbacks(called.during(lambda: evaluate(given)), token)
    return call


class Flag(Result):
    """One evaluated flag."""

    __slots__ = ()
    _shown = ("key", "state", "value", "variant", "reason", "detail")

    @classmethod
    def evaluate(cls, url: str, key: str, *, context: Mapping[str, Any] | None = None,
                 deadline_s: float | None = None, bearer_token: str | None = None,
                 api_key: str | None = None, cancel: CancelToken | None = None,
                 cluster: Cluster | None = None, namespace_name: str | None = None,
                 transport: Transport | None = None, log: Log | None = None) -> Flag:
        """Evaluate one flag over OFREP; with a cluster also of a service of it, "flagd:8016". A
        service that does not answer is a state, no exception."""
        call = _asking(context, deadline_s, bearer_token, api_key, cluster, namespace_name)
        return cls._of(call(lambda made: _capi.flag_evaluate(url, key, made), cancel, transport,
                            log))

    @classmethod
    def from_file(cls, data: bytes | str, key: str) -> Flag:
        """Evaluate offline from the bytes of a flagd file, by flagd's own rules."""
        return cls._of(_capi.flag_from_file(data, key))

    @property
    def state(self) -> FlagState:
        """What the answer means."""
        return _STATES[_capi.flag_get_state(self._handle)]

    @property
    def key(self) -> str | None:
        """The key that was asked for."""
        return _capi.flag_key(self._handle)

    @property
    def type(self) -> FlagType:
        """Type of the value."""
        return _TYPES[_capi.flag_get_type(self._handle)]

    @property
    def value(self) -> Any:
        """The value, or None without one."""
        text = _capi.flag_value_json(self._handle)
        return None if text is None else json.loads(text)

    @property
    def value_json(self) -> str | None:
        """The value as JSON text, or None without one."""
        return _capi.flag_value_json(self._handle)

    @property
    def number(self) -> float | None:
        """The value as a number; booleans are 1 and 0."""
        number = _capi.flag_number(self._handle)
        return number if number == number else None

    @property
    def string(self) -> str | None:
        """The value if it is a text."""
        return _capi.flag_string(self._handle)

    @property
    def variant(self) -> str | None:
        """Name of the variant."""
        return _capi.flag_variant(self._handle)

    @property
    def reason(self) -> str | None:
        """OFREP reason as it came (STATIC, DEFAULT, …)."""
        return _capi.flag_reason(self._handle)

    @property
    def error_code(self) -> str | None:
        """OFREP errorCode as it came."""
        return _capi.flag_error_code(self._handle)

    @property
    def detail(self) -> str | None:
        """One line that says why the state is what it is; "" for a plain value."""
        return _capi.flag_detail(self._handle)

    @property
    def method(self) -> str | None:
        """"POST", "GET" or "file": which question was answered."""
        return _capi.flag_method(self._handle)

    @property
    def http_status(self) -> int | None:
        """HTTP status of the answer that decided."""
        return _capi.flag_http_status(self._handle) or None

    @property
    def has_targeting(self) -> bool:
        """Whether there are targeting rules that an offline evaluation did not follow."""
        return _capi.flag_has_targeting(self._handle) != 0

    @property
    def latency_ms(self) -> int | None:
        """From the question to the answer."""
        latency = _capi.flag_latency_ms(self._handle)
        return None if latency < 0 else latency

    @property
    def body(self) -> bytes:
        """The body that decided, as it came."""
        return _capi.flag_body(self._handle) or b""

    def to_json(self) -> str:
        return _capi.flag_to_json(self._handle)


class Flags(Result):
    """All flags of a service; a sequence."""

    __slots__ = ()
    _shown = ("state", "detail")

    @classmethod
    def evaluate(cls, url: str, *, context: Mapping[str, Any] | None = None,
                 deadline_s: float | None = None, bearer_token: str | None = None,
                 api_key: str | None = None, cancel: CancelToken | None = None,
                 cluster: Cluster | None = None, namespace_name: str | None = None,
                 transport: Transport | None = None, log: Log | None = None) -> Flags:
        """Evaluate all flags of a service over OFREP."""
        call = _asking(context, deadline_s, bearer_token, api_key, cluster, namespace_name)
        return cls._of(call(lambda made: _capi.flag_evaluate_all(url, made), cancel, transport,
                            log))

    @classmethod
    def from_file(cls, data: bytes | str) -> Flags:
        """All flags of a flagd file."""
        return cls._of(_capi.flags_from_file(data))

    @property
    def state(self) -> FlagState:
        """`value` when there is a list, else why there is none."""
        return _STATES[_capi.flags_state(self._handle)]

    @property
    def detail(self) -> str | None:
        """Why, when the state is not `value`."""
        return _capi.flags_detail(self._handle)

    def __len__(self) -> int:
        return _capi.flags_len(self._handle)

    def __getitem__(self, i: int) -> Flag:
        n = len(self)
        if not -n <= i < n:
            raise IndexError("there are %d flags" % n)
        return Flag._of(_capi.flags_at(self._handle, i % n))

    def __iter__(self) -> Iterator[Flag]:
        return (self[i] for i in range(len(self)))

    def to_json(self) -> str:
        return _capi.flags_to_json(self._handle)
