"""Memory of a local process or cgroup, now."""

from __future__ import annotations

import os

from . import _capi
from ._handle import Result
from .base import Path


class Memory(Result):
    """One sample of a process or cgroup. What is not known is None."""

    __slots__ = ()
    _shown = ("kind", "pid", "working_set_bytes", "limit_bytes", "oom_kills", "detail")

    @classmethod
    def of_process(cls, pid: int, *, root: str | None = None) -> Memory:
        """Memory of a process, as Kubernetes counts it where it has a cgroup of its own."""
        return cls._of(_capi.memory_of_process(pid, root))

    @classmethod
    def of_cgroup(cls, path: Path, *, root: str | None = None) -> Memory:
        """Memory of a cgroup and of those below it."""
        return cls._of(_capi.memory_of_cgroup(os.fspath(path), root))

    @property
    def time_ms(self) -> int:
        """When it was read, Unix ms."""
        return _capi.memory_time_ms(self._handle)

    @property
    def working_set_bytes(self) -> float | None:
        """What Kubernetes calls working set."""
        number = _capi.memory_working_set_bytes(self._handle)
        return number if number == number else None

    @property
    def usage_bytes(self) -> float | None:
        """Usage with all of the page cache."""
        number = _capi.memory_usage_bytes(self._handle)
        return number if number == number else None

    @property
    def anonymous_bytes(self) -> float | None:
        """Anonymous memory."""
        number = _capi.memory_anonymous_bytes(self._handle)
        return number if number == number else None

    @property
    def has_limit(self) -> bool | None:
        """Whether there is a limit; None when not known."""
        return (False, True, None)[_capi.memory_has_limit(self._handle)]

    @property
    def limit_bytes(self) -> float | None:
        """The limit that holds."""
        number = _capi.memory_limit_bytes(self._handle)
        return number if number == number else None

    @property
    def oom_kills(self) -> int | None:
        """OOM kills in this cgroup since it was made."""
        kills = _capi.memory_oom_kills(self._handle)
        return None if kills < 0 else kills

    @property
    def started_ms(self) -> int | None:
        """Start of the (oldest) process, Unix ms."""
        return _capi.memory_started_ms(self._handle) or None

    @property
    def pid(self) -> int | None:
        """The (oldest) process."""
        return _capi.memory_pid(self._handle) or None

    @property
    def process_count(self) -> int | None:
        """Number of processes in it."""
        count = _capi.memory_process_count(self._handle)
        return None if count < 0 else count

    @property
    def kind(self) -> str | None:
        """"cgroup-v1", "cgroup-v2" or "process"."""
        return _capi.memory_kind(self._handle)

    @property
    def cgroup(self) -> str | None:
        """Folder of the cgroup; "" for a process."""
        return _capi.memory_cgroup(self._handle)

    @property
    def detail(self) -> str | None:
        """Why the numbers are those of the process alone; else ""."""
        return _capi.memory_detail(self._handle)

    @property
    def has_environment(self) -> bool:
        """Whether the environment could be read."""
        return _capi.memory_has_environment(self._handle) != 0

    def environment(self, name: str) -> str | None:
        """A variable of the process; of a few names only, see leakdiag/memory.h."""
        return _capi.memory_environment(self._handle, name)

    def to_json(self) -> str:
        return _capi.memory_to_json(self._handle)
