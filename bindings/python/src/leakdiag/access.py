"""What one may see in a cluster, and the Role that grants just what is needed."""

from __future__ import annotations

import dataclasses

from . import _capi
from ._called import Called
from ._handle import CancelToken, Result, Word, deadline_ms, options
from ._wait import with_callbacks
from .cluster import Cluster
from .scenario import Scenario
from .log import Log
from .transport import Transport


class AccessState(Word):
    """Is a right there?"""

    UNKNOWN = "unknown"
    ALLOWED = "allowed"
    DENIED = "denied"


_STATES = tuple(AccessState)


def access_state_name(state: int) -> str:
    """The word for a state's number in C."""
    return str(_capi.access_state_name(state))


@dataclasses.dataclass(frozen=True)
class Right:
    """A right that looking needs."""

    state: AccessState
    verb: str
    group: str
    resource: str
    subresource: str
    name: str
    namespace_name: str
    part: str
    purpose: str
    reason: str


class Access(Result):
    """The rights that looking at a scenario needs, and which of them are there."""

    __slots__ = ()
    _shown = ("denied_count",)

    @classmethod
    def review(cls, cluster: Cluster, scenario: Scenario | None = None, *,
               namespace_name: str | None = None, deadline_s: float | None = None,
               cancel: CancelToken | None = None, transport: Transport | None = None,
               log: Log | None = None) -> Access:
        """Ask the API server; asking needs no right of its own and changes nothing."""
        token, called = cancel or CancelToken(), Called(transport, log)
        given = options("access_options", deadline_ms=deadline_ms(deadline_s), cancel=token._handle,
                        transport=called.transport, log=called.log)
        looked = None if scenario is None else scenario._handle
        call = called.during(lambda: _capi.access_review(cluster._handle, looked, namespace_name,
                                                         given))
        return cls._of(with_callbacks(call, token))

    @property
    def rights(self) -> tuple[Right, ...]:
        """The rights."""
        h = self._handle
        return tuple(Right(
            _STATES[_capi.access_get_state(h, i)], str(_capi.access_verb(h, i)),
            str(_capi.access_group(h, i)), str(_capi.access_resource(h, i)),
            str(_capi.access_subresource(h, i)), str(_capi.access_name(h, i)),
            str(_capi.access_namespace_name(h, i)), str(_capi.access_part(h, i)),
            str(_capi.access_purpose(h, i)), str(_capi.access_reason(h, i)))
            for i in range(_capi.access_len(h)))

    @property
    def denied_count(self) -> int:
        """Number of rights that are denied."""
        return _capi.access_denied_count(self._handle)

    @property
    def skew_ms(self) -> int:
        """What the cluster's clock is ahead of this machine's."""
        return _capi.access_skew_ms(self._handle)

    @property
    def missing_rules(self) -> str:
        """The rules of a Role that grant what is denied, as YAML."""
        return _capi.access_missing_rules(self._handle)

    def to_json(self) -> str:
        return _capi.access_to_json(self._handle)


def rbac_yaml(scenario: Scenario | None = None, *, namespace_name: str | None = None,
              parts: str | None = None) -> str:
    """The least Role that looking at a scenario needs, as YAML for kubectl apply."""
    return _capi.rbac_yaml(None if scenario is None else scenario._handle, namespace_name, parts)
