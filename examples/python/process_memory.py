"""Memory of a process, as Kubernetes counts it. Usage: process_memory.py PID"""

import sys

import leakdiag

memory = leakdiag.Memory.of_process(int(sys.argv[1]))
print("working set %.0f, limit %s, by %s" % (memory.working_set_bytes, memory.limit_bytes,
                                             memory.kind))
