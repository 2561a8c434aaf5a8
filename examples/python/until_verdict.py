"""Look at a process until memory can be judged. Usage: until_verdict.py PID [TIME_SCALE]"""

import sys

import leakdiag

settings = {"pid": sys.argv[1], "time_scale": sys.argv[2] if len(sys.argv) > 2 else 1}
scenario = leakdiag.Scenario.builtin("any-workload", set=settings)
with leakdiag.Session(scenario) as session:
    observation, diagnosis = session.watch(
        until_decided=True, on_look=lambda d: print(d.summary, file=sys.stderr))
print(diagnosis.summary)
sys.exit(diagnosis.exit_code)
