import _thread
import os
import signal
import threading
import time

import leakdiag as ld
import pytest
from conftest import FIXTURES, REST


@pytest.fixture
def scenario():
    return ld.Scenario.builtin("any-workload", set={"pid": os.getpid()})


@pytest.fixture
def hanging(service):
    """A scenario whose flag service never answers."""
    return ld.Scenario.builtin("otel-demo/checkout", set={
        "ofrep_url": service.hanging, "locust_url": service.url, "pid": os.getpid()})


def test_one_look_is_an_observation(scenario):
    with ld.Session(scenario, deadline_s=5) as session:
        observation = session.gather()
    assert [fact.kind for fact in observation.facts] == ["memory"]


def test_a_watch_judges(scenario):
    with ld.Session(scenario) as session:
        observation, diagnosis = session.watch()
    assert diagnosis.memory_finding is ld.MemoryFinding.TOO_EARLY
    assert ld.diagnose(scenario, observation) == diagnosis


def test_each_look_is_called_on_the_calling_thread(scenario):
    seen = []

    def on_look(diagnosis):
        seen.append((threading.current_thread(), diagnosis.summary, diagnosis))

    with ld.Session(scenario) as session:
        session.watch(on_look=on_look)
    assert seen[0][0] is threading.current_thread() and "too-early" in seen[0][1]
    with pytest.raises(ValueError, match="closed"):
        seen[0][2].summary


def test_a_lent_diagnosis_that_is_kept_is_refused(scenario):
    """Also what was taken out of it behind the back of the public class."""
    kept = []
    with ld.Session(scenario) as session:
        session.watch(on_look=lambda diagnosis: kept.append(diagnosis._handle))
    with pytest.raises(TypeError, match="over"):
        ld.Diagnosis._of(kept[0]).summary


def test_what_on_look_returns_stops(scenario):
    with ld.Session(scenario) as session:
        started = time.monotonic()
        observation, _ = session.watch(for_s=3600, on_look=lambda diagnosis: True)
    assert len(observation.facts) == 1 and time.monotonic() - started < 60


def test_an_exception_of_on_look_comes_out(scenario):
    with ld.Session(scenario) as session:
        with pytest.raises(KeyError, match="mine"):
            session.watch(for_s=3600, on_look=lambda diagnosis: {}["mine"])
        assert session.gather().facts  # and the session is as good as before


def test_an_exception_comes_out_in_other_threads_too(scenario):
    caught = []

    def run():
        with ld.Session(scenario) as session:
            try:
                session.watch(for_s=3600, on_look=lambda diagnosis: {}["mine"])
            except KeyError as error:
                caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert len(caught) == 1


def test_history_is_what_the_next_look_has(scenario):
    earlier = ld.Observation.load(FIXTURES / "captures/leaking-process.json")
    with ld.Session(scenario, history=(earlier,)) as session:
        assert len(session.gather().facts) == len(earlier.facts) + 1
    with ld.Session(scenario) as session:
        session.add_history(earlier)
        assert len(session.gather().facts) == len(earlier.facts) + 1


def test_a_session_is_not_shared(scenario):
    with ld.Session(scenario) as session:
        with pytest.raises(ld.InvalidError, match="in use"):
            session.watch(on_look=lambda diagnosis: session.gather())


def test_another_thread_cancels(hanging, service):
    with ld.Session(hanging, deadline_s=600) as session:
        threading.Thread(target=lambda: (service.asked.wait(), session.cancel())).start()
        with pytest.raises(ld.CancelledError):
            session.gather()


def test_a_token_cancels_a_call(service):
    token = ld.CancelToken()
    threading.Thread(target=lambda: (service.asked.wait(), token.cancel())).start()
    with pytest.raises(ld.CancelledError):
        ld.Flag.evaluate(service.hanging, "k", deadline_s=600, cancel=token)
    with pytest.raises(ld.CancelledError):
        ld.Load.read(service.url, cancel=token)
    with pytest.raises(ld.CancelledError):
        ld.Flags.evaluate(service.url, cancel=token)


def test_a_token_cancels_a_call_of_another_thread(service):
    token, caught = ld.CancelToken(), []

    def ask():
        try:
            ld.Flag.evaluate(service.hanging, "k", deadline_s=600, cancel=token)
        except ld.CancelledError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    service.asked.wait()
    token.cancel()
    thread.join(60)
    assert len(caught) == 1


@pytest.mark.parametrize("what", ["flag", "flags", "load", "gather", "watch"])
def test_control_c_ends_what_waits(what, hanging, service):
    calls = {
        "flag": lambda: ld.Flag.evaluate(service.hanging, "k", deadline_s=600),
        "flags": lambda: ld.Flags.evaluate(service.hanging, deadline_s=600),
        "load": lambda: ld.Load.read(service.hanging, deadline_s=600),
        "gather": lambda: ld.Session(hanging, deadline_s=600).gather(),
        "watch": lambda: ld.Session(hanging, deadline_s=600).watch(for_s=600),
    }
    pid = os.getpid()
    threading.Thread(target=lambda: (service.asked.wait(), os.kill(pid, signal.SIGINT))).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        calls[what]()
    assert time.monotonic() - started < 60


def test_control_c_in_on_look_ends_the_watch(scenario):
    with ld.Session(scenario) as session:
        with pytest.raises(KeyboardInterrupt):
            session.watch(for_s=3600, on_look=lambda diagnosis: _thread.interrupt_main()
                          or time.sleep(60))


def test_a_signal_handler_that_returns_ends_nothing(service):
    before = signal.signal(signal.SIGUSR1, lambda *_: service.over.set())
    pid = os.getpid()
    try:
        threading.Thread(target=lambda: (service.asked.wait(),
                                         os.kill(pid, signal.SIGUSR1))).start()
        flag = ld.Flag.evaluate(service.hanging, "k", deadline_s=600)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert flag.state is not ld.FlagState.VALUE  # the server went on and closed the connection


def test_other_threads_go_on_while_a_call_waits(service):
    """The waiting call gives the interpreter away: otherwise the server could not even answer."""
    counted = []

    def count():
        service.asked.wait()
        counted.append(sum(range(1000)))
        service.over.set()

    thread = threading.Thread(target=count)
    thread.start()
    ld.Flag.evaluate(service.hanging, "k", deadline_s=600)
    thread.join()
    assert counted == [499500]


def test_finished_objects_are_read_by_many_threads():
    diagnosis = ld.replay(FIXTURES / "captures/flag-off-while-climbing.json")
    wanted, wrong = diagnosis.to_json(), []

    def read():
        for _ in range(50):
            if diagnosis.to_json() != wanted or len(diagnosis.checks) != len(diagnosis.checks):
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_wrong_time_is_refused(scenario):
    with pytest.raises(ValueError):
        ld.Session(scenario, deadline_s=-1)
    with ld.Session(scenario) as session:
        with pytest.raises(ValueError):
            session.watch(for_s=float("nan"))
    with pytest.raises(ValueError, match="closed"):
        session.gather()
    with pytest.raises(AttributeError):
        ld.Session(None)


def test_a_process_at_rest_is_started(process):
    assert process(REST).poll() is None


def test_a_cancelled_watch_says_so(scenario):
    with ld.Session(scenario) as session:
        assert session.watch().cancelled is False
        threading.Timer(0.5, session.cancel).start()
        seen = session.watch(for_s=3600)
        observation, diagnosis = seen
        assert seen.cancelled and observation.facts and diagnosis.checks


def test_a_time_that_is_none_is_refused_everywhere(scenario, service):
    asks = [lambda d: ld.Flag.evaluate(service.url, "k", deadline_s=d),
            lambda d: ld.Flags.evaluate(service.url, deadline_s=d),
            lambda d: ld.Load.read(service.url, deadline_s=d),
            lambda d: ld.Session(scenario, deadline_s=d)]
    for ask in asks:
        for wrong, match in ((0, "deadline_s: 0 leaves no time"), (-1, "deadline_s: .* not -1"),
                             (float("nan"), "deadline_s: .* not nan")):
            with pytest.raises(ld.InvalidError, match=match):
                ask(wrong)
    with pytest.raises(ld.InvalidError, match="for_s: .* not -1"):
        ld.Session(scenario).watch(for_s=-1)
