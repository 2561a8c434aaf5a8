import re

import leakdiag as ld
import pytest
from leakdiag import errors


def test_the_version_is_that_of_the_library():
    assert re.fullmatch(r"\d+\.\d+\.\d+", ld.__version__)
    assert ld.__version__ == ld.version()


def test_sizes_and_durations_are_read_as_kubernetes_writes_them():
    assert ld.parse_quantity("20Mi") == 20971520
    assert ld.parse_quantity("20M") == 20000000
    assert ld.parse_duration_ms("1h20m") == 4800000


def test_a_status_is_an_exception_class_and_a_word():
    assert ld.status_name(ld.Status.NOT_FOUND) == "not-found"
    assert set(errors.CLASSES) == set(ld.Status) - {ld.Status.OK}
    for status, kind in errors.CLASSES.items():
        made = errors.of_status(status, 401, 1, 2, 3, "why")
        assert type(made) is kind and issubclass(kind, ld.Error)
        assert (made.status, made.http_status, made.retriable) == (status, 401, True)
        assert (made.line, made.column, str(made)) == (2, 3, "why")


def test_a_status_of_a_newer_library_is_an_error_still():
    assert type(errors.of_status(-99, 0, 0, 0, 0, "new")) is ld.Error


def test_a_failure_says_what_is_wrong():
    with pytest.raises(ld.InvalidError, match="20mi") as caught:
        ld.parse_quantity("20mi")
    assert isinstance(caught.value, ValueError)
    assert caught.value.http_status is None and caught.value.line is None


def test_a_wrong_type_is_a_type_error():
    with pytest.raises(TypeError):
        ld.parse_quantity(20)


def test_a_nul_in_a_text_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        ld.parse_quantity("20\x00Mi")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    ld.write_file(path, b"\x00\xff")
    assert ld.read_file(path) == b"\x00\xff"
    with pytest.raises(ld.ConflictError):
        ld.write_file(path, "b")
    ld.write_file(path, "b", replace=True)
    assert ld.read_file(path) == b"b"
    with pytest.raises(ld.LimitError):
        ld.read_file(path, 0)
    with pytest.raises(ld.NotFoundError):
        ld.read_file(tmp_path / "none")


def test_a_token_is_triggered_once_and_for_all():
    token = ld.CancelToken()
    assert not token.triggered
    token.cancel()
    assert token.triggered


def test_what_is_closed_is_a_value_error_and_no_crash():
    token = ld.CancelToken()
    with token:
        pass
    token.close()
    assert token.closed and "closed" in repr(token)
    with pytest.raises(ValueError, match="closed"):
        token.cancel()
