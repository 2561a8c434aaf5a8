import json

import leakdiag as ld
from leakdiag.load import load_state_name


def test_locust_is_read(service):
    load = ld.Load.read(service.url, deadline_s=5)
    assert load.state is ld.LoadState.RUNNING
    assert load.users and load.rows
    row = next(row for row in load.rows if row.name == "/api/checkout")
    assert row.method == "POST" and row.requests >= row.failures >= 0
    assert load.http_status == 200 and load.latency_ms is not None
    assert load.detail is not None and 0 <= load.fail_ratio <= 1
    for value in (load.target_users, load.spawn_per_s, load.age_ms):
        assert value is None or value >= 0
    assert load.to_dict() == json.loads(load.to_json())


def test_a_service_that_does_not_answer_is_a_state():
    load = ld.Load.read("http://127.0.0.1:1")
    assert load.state is ld.LoadState.UNREACHABLE
    assert (load.users, load.rows, load.fail_ratio) == (None, (), None)


def test_words_are_those_of_the_library():
    assert [load_state_name(i) for i in range(10)] == [s.value for s in ld.LoadState]
