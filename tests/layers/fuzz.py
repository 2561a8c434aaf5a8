#!/usr/bin/env python3
"""Replay the committed corpus through every fuzz target, then fuzz each for a few seconds."""

import glob
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from count_ctest import without_randomisation

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOTAL_S = 60  # of fuzzing, over all targets, unless FUZZ_SECONDS says how long each is to run
FUZZ_SECONDS = int(os.environ.get("LEAKDIAG_FUZZ_SECONDS", "0"))
LIMITS = ["-timeout=5", "-rss_limit_mb=1024", "-max_len=65536"]


def fuzz(binary, corpus, seconds):
    """(sentence, output or None when fine) for the replay and for the short run."""
    name = os.path.basename(binary)
    with tempfile.TemporaryDirectory() as fresh:
        common = without_randomisation() + [binary, *LIMITS,
                                            "-artifact_prefix=%s/build/log/%s-" % (TOP, name)]
        replay = [*common, "-runs=0", corpus]
        # A fixed seed: a gate that fails by chance helps nobody. Long runs belong to a person.
        short_run = [*common, "-seed=1", "-max_total_time=%d" % seconds, fresh, corpus]
        results = []
        for sentence, command in (("%s replays its corpus" % name, replay),
                                  ("%s finds nothing in %d s" % (name, seconds), short_run)):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            text = done.stdout.decode(errors="replace")
            results.append((sentence, text if done.returncode else None))
    return results


def main():
    build = os.path.join(TOP, sys.argv[1])
    sources = sorted(glob.glob(os.path.join(TOP, "tests", "fuzz", "fuzz_*.c")))
    names = [os.path.splitext(os.path.basename(source))[0] for source in sources]
    os.makedirs(os.path.join(TOP, "build", "log"), exist_ok=True)
    jobs = os.cpu_count() or 2
    seconds = max(2, TOTAL_S // max(1, (len(names) + jobs - 1) // jobs) if names else 2)
    seconds = FUZZ_SECONDS or min(seconds, 15)
    passed = failed = 0
    todo = []
    for name in names:
        binary = os.path.join(build, "tests", "fuzz", name)
        corpus = os.path.join(TOP, "tests", "fuzz", "corpus", name[len("fuzz_"):])
        if not os.path.exists(binary) or not os.path.isdir(corpus) or not os.listdir(corpus):
            print("FAILED: %s has no program or no corpus" % name)
            failed += 1
        else:
            todo.append((binary, corpus))
    with ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(lambda pair: fuzz(*pair, seconds), todo):
            for sentence, problem in results:
                passed += problem is None
                failed += problem is not None
                if problem is not None:
                    print("FAILED: %s\n%s" % (sentence, problem[-3000:]))
    if not names:
        print("FAILED: there are no fuzz targets in tests/fuzz")
        failed += 1
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
