"""What does a flag evaluate to? Usage: flag_value.py URL KEY"""

import sys

import leakdiag

url, key = sys.argv[1:]
flag = leakdiag.Flag.evaluate(url, key)
if flag.state is not leakdiag.FlagState.VALUE:
    sys.exit("%s: %s" % (flag.state, flag.detail))
print("%s = %s (by %s)" % (key, flag.value_json, flag.method))
