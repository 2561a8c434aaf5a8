"""Judge a workload by a scenario, once. Usage: diagnose.py SCENARIO [name=value...]"""

import sys

import leakdiag

scenario = leakdiag.Scenario.load(sys.argv[1], set=sys.argv[2:])
with leakdiag.Session(scenario) as session:
    diagnosis = session.watch().diagnosis
print(diagnosis.report())
for cause in diagnosis.causes:
    print("%s: %s; %s" % (cause.confidence, cause.title, cause.fix))
sys.exit(diagnosis.exit_code)
