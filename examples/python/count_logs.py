"""Count patterns in a log. Usage: kubectl logs ... | count_logs.py"""

import sys

import leakdiag

patterns = leakdiag.Patterns([
    leakdiag.Pattern("orders", "order placed", ignore_case=True),
    leakdiag.Pattern("queued", r"Done with #(\d+) messages", regex=True),
])
scan = patterns.scan()
while chunk := sys.stdin.buffer.read1(65536):
    scan.push(chunk)
for name, count in scan.finish().counts.items():
    print("%s: %d" % (name, count))
