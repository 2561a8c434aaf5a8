"""Is a recorded series leaking? Usage: is_it_leaking.py [LIMIT] < memory.csv (columns t,ws)"""

import sys

import leakdiag

series = leakdiag.Series.from_csv(sys.stdin.read())
limit = leakdiag.parse_quantity(sys.argv[1]) if len(sys.argv) > 1 else None
trend = series.analyze(limit_bytes=limit)
print("%s: %s bytes/s, limit in %s s" % (trend.verdict, trend.slope_bytes_per_s, trend.ttl_s))
