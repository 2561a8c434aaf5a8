import json

import leakdiag as ld
import pytest
from conftest import FIXTURES
from leakdiag.flag import flag_state_name, flag_type_name

FILE = (FIXTURES / "src_flags" / "flags_used.good.json").read_bytes()


def test_a_flag_is_evaluated_over_ofrep(service):
    flag = ld.Flag.evaluate(service.url, "kafkaQueueProblems", deadline_s=5)
    assert (flag.state, flag.type, flag.value, flag.number) == ("value", "number", 0, 0)
    assert (flag.key, flag.variant, flag.reason) == ("kafkaQueueProblems", "off", "STATIC")
    assert (flag.value_json, flag.string, flag.error_code) == ("0", None, None)
    assert (flag.method, flag.http_status, flag.detail) == ("POST", 200, "")
    assert flag.latency_ms is not None and not flag.has_targeting
    assert json.loads(flag.body)["key"] == "kafkaQueueProblems"
    assert "kafkaQueueProblems" in repr(flag)


def test_a_text_is_a_text(service):
    flag = ld.Flag.evaluate(service.url, "stringFlag")
    assert isinstance(flag.string, str) and flag.value == flag.string
    assert flag.type is ld.FlagType.STRING


def test_credentials_and_context_are_sent(service):
    ld.Flag.evaluate(service.url, "kafkaQueueProblems", context={"user": "ä"},
                     bearer_token="geheim", api_key="schlüssel".encode("ascii", "ignore").decode())
    command, path, headers, body = service.seen[-1]
    assert headers["Authorization"] == "Bearer geheim"
    assert headers["X-API-Key"] == "schlssel"
    assert json.loads(body)["context"] == {"user": "ä"}


def test_a_service_that_does_not_answer_is_a_state():
    flag = ld.Flag.evaluate("http://127.0.0.1:1", "k")
    assert flag.state is ld.FlagState.UNREACHABLE
    assert (flag.value, flag.number, flag.http_status) == (None, None, None)


def test_json_is_the_librarys(service):
    flag = ld.Flag.evaluate(service.url, "kafkaQueueProblems")
    assert flag.to_dict() == json.loads(flag.to_json())
    assert flag.to_dict()["schema"] == "leakdiag.flag/1"


def test_a_flagd_file_is_evaluated_offline():
    flag = ld.Flag.from_file(FILE, "kafkaQueueProblems")
    assert (flag.state, flag.method, flag.latency_ms) == ("value", "file", None)
    assert flag == ld.Flag.from_file(FILE, "kafkaQueueProblems")
    assert len({flag, ld.Flag.from_file(FILE, "kafkaQueueProblems")}) == 1
    assert ld.Flag.from_file("{}", "k").state != "value"


def test_all_flags_are_a_sequence(service):
    for flags in (ld.Flags.evaluate(service.url), ld.Flags.from_file(FILE)):
        assert flags.state is ld.FlagState.VALUE and flags.detail == ""
        assert len(flags) == len(list(flags)) > 1
        assert flags[0].key and flags[-1].key == flags[len(flags) - 1].key
        with pytest.raises(IndexError):
            flags[len(flags)]
        made = flags.to_dict()
        assert (made["schema"], made["state"]) == ("leakdiag.flags/1", "value")
        assert made["flags"] == [flag.to_dict() for flag in flags]


def test_a_flag_of_a_list_outlives_it():
    flags = ld.Flags.from_file(FILE)
    flag = flags[0]
    flags.close()
    del flags
    assert flag.key


def test_words_are_those_of_the_library():
    assert [flag_state_name(i) for i in range(9)] == [s.value for s in ld.FlagState]
    assert [flag_type_name(i) for i in range(5)] == [t.value for t in ld.FlagType]


@pytest.mark.parametrize("url, key", [(None, "k"), ("http://127.0.0.1:1", None), (b"x", "k")])
def test_none_and_bytes_are_type_errors(url, key):
    with pytest.raises(TypeError):
        ld.Flag.evaluate(url, key)
