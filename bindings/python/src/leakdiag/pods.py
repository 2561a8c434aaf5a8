"""Memory of the pods of a workload in a cluster, now: working set, limit, restarts, last end."""

from __future__ import annotations

import dataclasses

from . import _capi
from ._called import Called
from ._handle import CancelToken, Result, deadline_ms, options
from ._wait import with_callbacks
from .cluster import Cluster
from .log import Log
from .transport import Transport


@dataclasses.dataclass(frozen=True)
class PodContainer:
    """One container of one pod. What is not known is None."""

    pod: str
    uid: str | None
    container: str
    working_set_bytes: float | None
    sample_ms: int | None
    sample_age_ms: int | None
    window_ms: int | None
    no_sample: str
    has_limit: bool | None
    limit_bytes: float | None
    limit_text: str | None
    soft_limit_bytes: float | None
    soft_limit_text: str | None
    restarts: int | None
    end_reason: str | None
    end_code: int
    ended_ms: int | None
    waiting_reason: str | None
    is_ready: bool
    is_terminating: bool
    phase: str | None
    reason: str | None
    started_ms: int | None
    node: str | None


def _known(number: float) -> float | None:
    return number if number == number else None


def _counted(number: int) -> int | None:
    return None if number < 0 else number


class Pods(Result):
    """One answer: a row for each container of each pod."""

    __slots__ = ()
    _shown = ("namespace_name", "selector", "rollout", "detail")

    @classmethod
    def read(cls, cluster: Cluster, workload: str | None = None, *,
             namespace_name: str | None = None, selector: str | None = None,
             container: str | None = None, deadline_s: float | None = None,
             cancel: CancelToken | None = None, transport: Transport | None = None,
             log: Log | None = None) -> Pods:
        """Ask for "deploy/NAME" or "pod/NAME", or for the pods that a selector chooses."""
        token, called = cancel or CancelToken(), Called(transport, log)
        given = options("pods_options", deadline_ms=deadline_ms(deadline_s), cancel=token._handle,
                        namespace_name=namespace_name, selector=selector, container=container,
                        transport=called.transport, log=called.log)
        call = called.during(lambda: _capi.pods_read(cluster._handle, workload, given))
        return cls._of(with_callbacks(call, token))

    @property
    def containers(self) -> tuple[PodContainer, ...]:
        """The rows, in the order of namespace, pod and container."""
        return tuple(self._row(i) for i in range(_capi.pods_len(self._handle)))

    def _row(self, i: int) -> PodContainer:
        h = self._handle
        return PodContainer(
            str(_capi.pods_pod(h, i)), _capi.pods_uid(h, i), str(_capi.pods_container(h, i)),
            _known(_capi.pods_working_set_bytes(h, i)), _capi.pods_sample_ms(h, i) or None,
            _counted(_capi.pods_sample_age_ms(h, i)), _capi.pods_window_ms(h, i) or None,
            str(_capi.pods_no_sample(h, i)), (False, True, None)[_capi.pods_has_limit(h, i)],
            _known(_capi.pods_limit_bytes(h, i)), _capi.pods_limit_text(h, i),
            _known(_capi.pods_soft_limit_bytes(h, i)), _capi.pods_soft_limit_text(h, i),
            _counted(_capi.pods_restarts(h, i)), _capi.pods_end_reason(h, i),
            _capi.pods_end_code(h, i), _capi.pods_ended_ms(h, i) or None,
            _capi.pods_waiting_reason(h, i), _capi.pods_is_ready(h, i) != 0,
            _capi.pods_is_terminating(h, i) != 0, _capi.pods_phase(h, i), _capi.pods_reason(h, i),
            _capi.pods_started_ms(h, i) or None, _capi.pods_node(h, i))

    @property
    def time_ms(self) -> int:
        """When it was asked, Unix ms."""
        return _capi.pods_time_ms(self._handle)

    @property
    def skew_ms(self) -> int:
        """What the cluster's clock is ahead of this machine's."""
        return _capi.pods_skew_ms(self._handle)

    @property
    def namespace_name(self) -> str | None:
        """The namespace that was asked."""
        return _capi.pods_namespace_name(self._handle)

    @property
    def selector(self) -> str | None:
        """The labels that the pods were chosen by."""
        return _capi.pods_selector(self._handle)

    @property
    def rollout(self) -> str | None:
        """"settled", "in-progress", "stuck", "unknown", or ""."""
        return _capi.pods_rollout(self._handle)

    @property
    def replicas(self) -> int | None:
        """Pods that the Deployment wants."""
        return _counted(_capi.pods_replicas(self._handle))

    @property
    def detail(self) -> str | None:
        """What is to be known of all rows; else ""."""
        return _capi.pods_detail(self._handle)

    def to_json(self) -> str:
        return _capi.pods_to_json(self._handle)
