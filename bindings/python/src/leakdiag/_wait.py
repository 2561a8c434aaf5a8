"""Calls that wait, and how Ctrl-C ends them.

Python runs signal handlers in the main thread only, and not while that thread is inside C. So there
a waiting call runs in a thread of its own, and the main thread waits for it where it can be
interrupted. An exception of a signal handler (KeyboardInterrupt) triggers the cancel token; the call
then returns soon, is waited for, and the exception goes on. In other threads the call runs directly:
CancelToken.cancel() ends it.
"""

from __future__ import annotations

import queue
import threading
from typing import Any, Callable, TypeVar

from ._handle import CancelToken

T = TypeVar("T")
_Message = tuple[str, Any]
Ask = Callable[..., Any]


def _directly(callback: Callable[..., Any], *arguments: Any) -> Any:
    return callback(*arguments)


class _Stop(Exception):
    """The caller's thread is gone from its wait; the callback shall not run any more."""


def cancellable(call: Callable[[], T], cancel: CancelToken) -> T:
    """call(), which `cancel` ends."""
    return with_callbacks(lambda _: call(), cancel)


def with_callbacks(call: Callable[[Ask], T], cancel: CancelToken) -> T:
    """call(ask): ask(callback, ...) runs a callback on the calling thread, whatever thread the call
    is on."""
    if threading.current_thread() is not threading.main_thread():
        return call(_directly)
    waiting = _Waiting(call)
    try:
        waiting.start()
        waiting.serve()
    except BaseException:
        cancel.cancel()
        waiting.end()
        raise
    made: T = waiting.result()
    return made


class _Waiting:
    def __init__(self, call: Callable[[Ask], Any]) -> None:
        self.call = call
        self.to_caller: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self.finished = threading.Event()
        self.thread = threading.Thread(target=self.run, name="leakdiag-wait", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def run(self) -> None:
        try:
            self.outcome: _Message = ("made", self.call(self.ask))
        except BaseException as error:
            self.outcome = ("failed", error)
        self.finished.set()
        self.to_caller.put(("over", None))

    def ask(self, callback: Callable[..., Any], *arguments: Any) -> Any:
        """On the call's thread: let the caller's thread run the callback."""
        self.to_caller.put(("callback", (callback, arguments)))
        kind, value = self.answers.get()
        if kind == "failed":
            raise value
        return value

    def serve(self) -> None:
        """On the caller's thread: run callbacks until the call is over."""
        while True:
            try:
                # A signal that comes right before the wait is seen only after it: hence the time-out.
                kind, wanted = self.to_caller.get(timeout=0.1)
            except queue.Empty:
                continue
            if kind == "over":
                return
            callback, arguments = wanted
            try:
                answer: _Message = ("made", callback(*arguments))
            except Exception as error:
                answer = ("failed", error)
            self.answers.put(answer)

    def end(self) -> None:
        """Wait for the cancelled call, whatever signals come: its memory must not go before it."""
        tries = 0
        while not self.finished.is_set() and (self.thread.ident is not None or tries < 20):
            try:
                tries += 1
                self.answers.put(("failed", _Stop()))
                self.finished.wait(0.05)
            except BaseException:
                continue

    def result(self) -> Any:
        kind, value = self.outcome
        if kind == "failed":
            raise value
        return value
