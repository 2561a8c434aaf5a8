"""What the library tells: to a logging.Logger, to a callable, and to nobody."""

import logging
import os
import threading

import leakdiag as ld
import pytest
from leakdiag.log import log_level_name

KEY = "kafkaQueueProblems"
SECRET = "hunter22hunter22"


def test_a_callable_takes_each_record_on_the_calling_thread(service):
    kept, threads = [], set()

    def log(record):
        kept.append(record)
        threads.add(threading.current_thread())

    ld.Flag.evaluate(service.url, KEY, bearer_token=SECRET, log=log)
    (record,) = kept
    assert threads == {threading.current_thread()}
    assert (record.level, record.event, record.method) == (ld.LogLevel.DEBUG, "request", "POST")
    assert record.url == service.url + "/ofrep/v1/evaluate/flags/" + KEY
    assert record.source == service.url[len("http://"):]
    assert (record.http_status, record.attempt, record.connection) == (200, 1, "new")
    assert record.bytes > 0 and record.duration_ms >= 0 and record.time_ms > 1_500_000_000_000
    assert ": 200 in " in record.message and SECRET not in repr(record)


def test_the_logger_leakdiag_hears_without_being_named(service, caplog):
    with caplog.at_level(logging.DEBUG, logger="leakdiag"):
        ld.Flags.evaluate(service.url)
    (line,) = caplog.records
    assert (line.name, line.levelno) == ("leakdiag", logging.DEBUG)
    assert isinstance(line.leakdiag, ld.LogRecord) and line.getMessage() == line.leakdiag.message


def test_a_logger_of_ones_own_and_its_level(service, caplog):
    logger = logging.getLogger("mine")
    with caplog.at_level(logging.INFO, logger="mine"):
        ld.Load.read(service.url, log=logger)
        assert not caplog.records  # an answer is worth debug only
        ld.Load.read("http://127.0.0.1:9", deadline_s=5, log=logger)
    assert {(line.name, line.levelno) for line in caplog.records} == {("mine", logging.INFO)}
    assert "refused" in caplog.text


def test_an_adapter_of_a_logger_is_one_too(service, caplog):
    class Named(logging.LoggerAdapter):
        def process(self, message, extra):
            return "[100%%] " + message, extra

    with caplog.at_level(logging.DEBUG, logger="mine"):
        ld.Flags.evaluate(service.url, log=Named(logging.getLogger("mine"), {}))
    (line,) = caplog.records
    assert line.name == "mine" and line.getMessage() == "[100%] " + line.leakdiag.message


def test_the_library_prints_nothing_when_nobody_listens(capfd):
    scenario = ld.Scenario.builtin("otel-demo/checkout", set={
        "ofrep_url": "http://127.0.0.1:9", "locust_url": "http://127.0.0.1:9"})
    with ld.Session(scenario) as session:
        session.gather()
    assert capfd.readouterr() == ("", "")


def test_a_session_says_what_is_missing_once(service):
    kept = []
    scenario = ld.Scenario.builtin("otel-demo/checkout", set={
        "ofrep_url": service.url, "locust_url": "http://127.0.0.1:9", "pid": os.getpid()})
    with ld.Session(scenario, log=kept.append) as session:
        session.gather()
        (missing,) = [r for r in kept if r.level is ld.LogLevel.WARNING]
        assert missing.event == "missing" and "locust" in missing.source
        assert (missing.method, missing.bytes, missing.attempt) == (None, None, None)
        kept.clear()
        session.gather()
        assert not [r for r in kept if r.level is ld.LogLevel.WARNING]


def test_an_exception_of_the_log_comes_out(service):
    def log(record):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ld.Flag.evaluate(service.url, KEY, log=log)
    scenario = ld.Scenario.builtin("otel-demo/checkout", set={
        "ofrep_url": service.url, "locust_url": service.url, "pid": os.getpid()})
    with ld.Session(scenario, log=log) as session:
        with pytest.raises(KeyError, match="mine"):
            session.gather()
        caught = []

        def run():
            try:
                session.watch()
            except KeyError as error:
                caught.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert len(caught) == 1


def test_what_is_no_log_is_refused(service):
    with pytest.raises(TypeError, match="logging.Logger or a callable"):
        ld.Flag.evaluate(service.url, KEY, log="debug")


def test_levels_have_names():
    assert [log_level_name(i) for i in range(3)] == [str(level) for level in ld.LogLevel]
