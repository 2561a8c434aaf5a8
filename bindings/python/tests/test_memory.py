import json
import os
import shutil

import leakdiag as ld
import pytest
from conftest import FIXTURES


def test_a_process_has_memory():
    memory = ld.Memory.of_process(os.getpid())
    assert memory.working_set_bytes > 1 << 20
    assert memory.pid and memory.started_ms and memory.time_ms > memory.started_ms
    assert memory.kind in ("process", "cgroup-v1", "cgroup-v2")
    assert memory.has_limit in (True, False, None)
    assert (memory.limit_bytes is None) == (memory.has_limit is not True)
    assert memory.has_environment and memory.environment("GOGC") is None
    assert memory.to_dict() == json.loads(memory.to_json())
    assert memory.cgroup is not None and memory.detail is not None
    for value in (memory.usage_bytes, memory.anonymous_bytes, memory.oom_kills,
                  memory.process_count):
        assert value is None or value >= 0


def test_a_recorded_cgroup_is_read_below_a_root(tmp_path):
    folder = tmp_path / "sys/fs/cgroup/memory/shop"
    folder.mkdir(parents=True)
    for name in ("memory.limit_in_bytes", "memory.oom_control", "memory.stat",
                 "memory.usage_in_bytes"):
        shutil.copy(FIXTURES / "kernel/v1" / name, folder / name)
    (folder / "cgroup.procs").write_text("")
    memory = ld.Memory.of_cgroup("/sys/fs/cgroup/memory/shop", root=str(tmp_path))
    assert memory.kind == "cgroup-v1" and memory.pid is None
    assert memory.usage_bytes == int((folder / "memory.usage_in_bytes").read_text())


def test_what_is_not_there_is_not_found(tmp_path):
    with pytest.raises(ld.NotFoundError):
        ld.Memory.of_process(4194303)
    with pytest.raises(LookupError):
        ld.Memory.of_cgroup("/none", root=str(tmp_path))
    with pytest.raises(ld.InvalidError):
        ld.Memory.of_process(0)
