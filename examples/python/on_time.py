"""Hold a series against an expected curve. Usage: on_time.py 0m=8Mi,20m=20Mi < memory.csv"""

import sys

import leakdiag

curve = leakdiag.Timeline.parse(sys.argv[1])
comparison = curve.compare(leakdiag.Series.from_csv(sys.stdin.read()))
print("%s, %s times the time" % (comparison.finding, comparison.fitted_time_ratio))
