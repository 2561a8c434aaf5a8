#!/usr/bin/env bash
# The measures as one of the layers of tests/run.
exec "$(dirname "${BASH_SOURCE[0]}")/run" "$@"
