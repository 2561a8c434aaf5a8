"""Answer the library's HTTP requests from a function of your own instead of the network.

A transport is a callable that takes an HttpRequest and returns an HttpAnswer: recorded answers in a
test, a tunnel, a client with other rules. It is called on the thread that made the call which needs
an answer. What it raises comes out of that call.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Mapping

from . import _capi
from ._handle import Word
from ._wait import Ask


class HttpFailure(Word):
    """Why there is no answer."""

    CONNECT = "connect"
    NAME = "name"
    TIMEOUT = "timeout"
    CUT_OFF = "cut-off"
    NOT_HTTP = "not-http"
    TLS = "tls"


_FAILURES = tuple(HttpFailure)


def http_failure_name(failure: int) -> str:
    """The word for a failure's number in C."""
    return str(_capi.http_failure_name(failure))


@dataclasses.dataclass(frozen=True)
class HttpRequest:
    """One request as it would be sent. Credentials are among the headers: do not log them."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str] = dataclasses.field(repr=False)
    deadline_ms: int


@dataclasses.dataclass(frozen=True)
class HttpAnswer:
    """The answer, or with `failure` why there is none. What is left out is not said."""

    status: int = 0
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    date_ms: int = 0
    latency_ms: int = 0
    failure: str | None = None
    failure_kind: HttpFailure = HttpFailure.CONNECT


Transport = Callable[[HttpRequest], HttpAnswer]


def _split(headers: list[str]) -> dict[str, str]:
    pairs = (header.partition(":") for header in headers)
    return {name: value.strip() for name, _, value in pairs}


class Answering:
    """A transport as the library takes it, for one call or one session. `ask` runs the callable on
    the thread of the call that is under way."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.ask: Ask | None = None
        self._kept: list[Any] = [self._called, None, None]
        self.handle = _capi.new_transport()
        _capi.transport_set_answer(self.handle, self._kept)

    def _called(self, method: str, url: str, body: bytes, headers: list[str],
                deadline_ms: int) -> tuple[Any, ...]:
        assert self.ask is not None
        a = self.ask(self.transport, HttpRequest(method, url, body, _split(headers), deadline_ms))
        if not isinstance(a, HttpAnswer):
            raise TypeError("a transport returns an HttpAnswer, not %s" % type(a).__name__)
        return (a.status, a.content_type, bytes(a.body), a.date_ms, a.latency_ms,
                ["%s: %s" % item for item in a.headers.items()], a.failure,
                _FAILURES.index(HttpFailure(a.failure_kind)))


def answering(transport: Transport | None) -> Answering | None:
    """The transport for one call, or None for the network."""
    return None if transport is None else Answering(transport)
