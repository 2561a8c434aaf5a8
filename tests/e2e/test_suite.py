#!/usr/bin/env python3
"""leakdiag against a real Kubernetes with the demo in it, which is broken in every way of the runbook.

One cluster (tests/kubernetes) for all tests; they run in the order of their names, because each break
is also the way to the next. What leakdiag must say of each is decided from the design, not from what
it said. The clock is compressed (compressed.py): 20 minutes of the runbook are 40 seconds.

LEAKDIAG names the command (default: the one that build/dev, then build, installs). LEAKDIAG_CLUSTER_STATE
names the folder of a cluster with the demo that is up already, and is left up. LEAKDIAG_SUITE_KEEP is
a folder for the captures of all looks, which are thrown away otherwise. Arguments are unittest's: names
of tests. Without root, namespaces or a memory controller it says so and is skipped;
LEAKDIAG_CLUSTER=required makes that a failure.
"""

import sys
import unittest

sys.dont_write_bytecode = True
import needs_cluster  # noqa: E402  (first: it makes the cluster's modules found)
from cases_cost import Cost  # noqa: E402
from cases_pods import Pods  # noqa: E402
from cases_rights import Rights  # noqa: E402
from cases_runbook import Runbook  # noqa: E402
from cases_server import Server  # noqa: E402
from on_cluster import OnCluster  # noqa: E402


class Suite(OnCluster, Runbook, Pods, Rights, Server, Cost, unittest.TestCase):
    """One cluster; the tests run in the order of their names."""


if __name__ == "__main__":
    sys.exit(needs_cluster.main())
