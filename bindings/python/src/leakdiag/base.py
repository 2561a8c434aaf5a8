"""Version, quantities, durations, files."""

from __future__ import annotations

import os
from typing import Union

from . import _capi
from .errors import Status

Path = Union[str, "os.PathLike[str]"]


def version() -> str:
    """Version of the library that is running."""
    return str(_capi.version())


def status_name(status: Status | int) -> str:
    """A status as a word, like "not-found"."""
    return str(_capi.status_name(int(status)))


def parse_quantity(text: str) -> int:
    """A size as Kubernetes writes it, in bytes: "20Mi", "20M", "1.5Gi"."""
    return _capi.quantity_parse(text)


def parse_duration_ms(text: str) -> int:
    """A duration in milliseconds: "90s", "3m", "1h20m"; a bare number is seconds."""
    return _capi.duration_parse(text)


def read_file(path: Path, max_bytes: int = 32 << 20) -> bytes:
    """A whole file or pipe of at most max_bytes; "-" is standard input."""
    return _capi.file_read(os.fspath(path), max_bytes)


def write_file(path: Path, data: bytes | str, *, replace: bool = False) -> None:
    """Write a file as a whole or not at all, readable by its owner only."""
    _capi.file_write(os.fspath(path), data, int(replace))
