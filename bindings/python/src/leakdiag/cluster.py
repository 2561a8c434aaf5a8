"""Which cluster is meant, and as whom: a kubeconfig, or what a pod knows of its own cluster."""

from __future__ import annotations

import os
from typing import Iterable

from . import _capi
from ._handle import Result, Word, options
from .base import Path


class ExecPolicy(Word):
    """May the kubeconfig's exec plugin be run? It is any program that the kubeconfig names."""

    DENY = "deny"
    ALLOW = "allow"
    ALLOWED = "allowed"


_POLICIES = tuple(ExecPolicy)


class Cluster(Result):
    """A cluster, whom it is trusted by, and as whom it is asked. Opening it asks nobody."""

    __slots__ = ()
    _shown = ("server", "context", "namespace_name", "user")

    def __init__(self, *, kubeconfig: Path | None = None, context: str | None = None,
                 cluster: str | None = None, user: str | None = None,
                 namespace_name: str | None = None, impersonate: str | None = None,
                 exec_policy: ExecPolicy | str = ExecPolicy.DENY,
                 exec_allowed: Iterable[str] | None = None) -> None:
        """By the rules of kubectl. exec_allowed are programs for ExecPolicy.ALLOWED."""
        path = None if kubeconfig is None else os.fspath(kubeconfig)
        allowed = None if exec_allowed is None else _capi.text_array(list(exec_allowed))
        made = options("cluster_options", kubeconfig=path, context=context, cluster=cluster,
                       user=user, namespace_name=namespace_name, impersonate=impersonate,
                       exec_policy=_POLICIES.index(ExecPolicy(exec_policy)), exec_allowed=allowed)
        self._handle = _capi.cluster_open(made)

    @property
    def server(self) -> str | None:
        """The API server."""
        return _capi.cluster_server(self._handle)

    @property
    def context(self) -> str | None:
        """Name of the context; None for none, or in a pod."""
        return _capi.cluster_context(self._handle)

    @property
    def namespace_name(self) -> str | None:
        """The namespace that is meant when none is said."""
        return _capi.cluster_namespace_name(self._handle)

    @property
    def namespace_source(self) -> str | None:
        """"option", "context", "service account" or "default"."""
        return _capi.cluster_namespace_source(self._handle)

    @property
    def user(self) -> str | None:
        """The user's name in the kubeconfig; None for none, or in a pod."""
        return _capi.cluster_user(self._handle)

    @property
    def origin(self) -> str | None:
        """"kubeconfig PATH" or "in-cluster"."""
        return _capi.cluster_origin(self._handle)

    @property
    def is_tls_verified(self) -> bool:
        """Whether the server's certificate is checked."""
        return _capi.cluster_is_tls_verified(self._handle) != 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know although it works."""
        return tuple(str(_capi.cluster_warning(self._handle, i))
                     for i in range(_capi.cluster_warning_count(self._handle)))

    def to_json(self) -> str:
        return _capi.cluster_to_json(self._handle)
