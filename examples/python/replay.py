"""Judge a capture again. Usage: replay.py FILE [SCENARIO]"""

import sys

import leakdiag

scenario = leakdiag.Scenario.load(sys.argv[2]) if len(sys.argv) > 2 else None
diagnosis = leakdiag.replay(sys.argv[1], scenario=scenario)
print(diagnosis.to_json(), end="")
sys.exit(diagnosis.exit_code)
