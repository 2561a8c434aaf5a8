"""Memory of the pods of a Deployment. Usage: pod_memory.py NAMESPACE NAME"""

import sys

import leakdiag

namespace, name = sys.argv[1:]
pods = leakdiag.Pods.read(leakdiag.Cluster(), "deploy/" + name, namespace_name=namespace)
for row in pods.containers:
    print("%s/%s: %s of %s bytes %s" % (row.pod, row.container, row.working_set_bytes,
                                        row.limit_bytes, row.no_sample))
