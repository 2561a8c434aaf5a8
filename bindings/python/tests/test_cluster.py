"""Clusters over a transport of one's own: recorded answers of a Kubernetes API."""

import http.client
import io
import json
import threading

import leakdiag as ld
import pytest
from conftest import FIXTURES
from leakdiag import testing
from leakdiag.access import access_state_name
from leakdiag.transport import http_failure_name

POD = "steady-698bf88575-sd5pq"
CONFIG = """apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: c, cluster: {server: "https://api.lab:6443/prefix"}}]
contexts: [{name: lab, context: {cluster: c, user: dev, namespace: otel-demo}}]
users: [{name: dev, user: {token: canary}}]
"""
FILES = {"/api/v1/namespaces/otel-demo/pods/" + POD: "pod-ephemeral",
         "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods/" + POD: "metrics-pod",
         "/api/v1/namespaces/otel-demo/pods": "pods-list",
         "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods": "metrics-pods"}


class _Socket:
    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


def recorded(name):
    response = http.client.HTTPResponse(
        _Socket((FIXTURES / "kubernetes" / (name + ".http")).read_bytes()))
    response.begin()
    return ld.HttpAnswer(status=response.status, body=response.read(),
                         content_type=response.headers["Content-Type"], latency_ms=3,
                         headers={"Audit-Id": "x"}, date_ms=1795440392000)


class Api:
    """Answers by path; keeps what it was asked, and on which thread."""

    def __init__(self, allowed=True):
        self.asked, self.threads, self.allowed = [], set(), allowed

    def __call__(self, request):
        self.asked.append(request)
        self.threads.add(threading.current_thread())
        path = request.url[len("https://api.lab:6443/prefix"):].partition("?")[0]
        if path.endswith("/selfsubjectaccessreviews"):
            return ld.HttpAnswer(201, json.dumps({
                "kind": "SelfSubjectAccessReview", "status": {"allowed": self.allowed,
                                                              "reason": "because"}}).encode(),
                "application/json")
        if path in FILES:
            return recorded(FILES[path])
        return ld.HttpAnswer(failure="nobody answers there", failure_kind=ld.HttpFailure.CONNECT)


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "config").chmod(0o600)
    return ld.Cluster(kubeconfig=tmp_path / "config")


def test_a_kubeconfig_says_which_cluster(cluster, tmp_path):
    assert cluster.server == "https://api.lab:6443/prefix"
    assert (cluster.context, cluster.user) == ("lab", "dev")
    assert (cluster.namespace_name, cluster.namespace_source) == ("otel-demo", "context")
    assert cluster.origin == "kubeconfig %s" % (tmp_path / "config")
    assert cluster.is_tls_verified and isinstance(cluster.warnings, tuple)
    assert cluster.to_dict() == json.loads(cluster.to_json())
    assert "canary" not in cluster.to_json() and "canary" not in repr(cluster)


def test_what_is_named_takes_the_place_of_the_contexts(tmp_path):
    (tmp_path / "config").write_text(CONFIG)
    made = ld.Cluster(kubeconfig=str(tmp_path / "config"), context="lab", cluster="c", user="dev",
                      namespace_name="mine", impersonate="somebody", exec_policy="allowed",
                      exec_allowed=["/usr/bin/aws", "/usr/bin/gke"])
    assert (made.namespace_name, made.namespace_source) == ("mine", "option")
    (tmp_path / "plain").write_text(CONFIG.replace("https://api", "http://api"))
    plain = ld.Cluster(kubeconfig=tmp_path / "plain")
    assert not plain.is_tls_verified and plain.warnings and all(plain.warnings)
    with pytest.raises(ld.NotFoundError, match="nolab"):
        ld.Cluster(kubeconfig=tmp_path / "config", context="nolab")
    with pytest.raises(TypeError):
        ld.Cluster(kubeconfig=tmp_path / "config", exec_policy="allowed", exec_allowed=[1])


def test_pods_have_the_figures_of_their_recording(cluster):
    api = Api()
    pods = ld.Pods.read(cluster, "pod/" + POD, transport=api, deadline_s=5)
    row, = pods.containers
    assert (row.pod, row.container, row.phase) == (POD, "steady", "Running")
    assert row.uid == "e31a65bd-8ca8-44b7-abcf-e0728416a95d"
    assert (row.working_set_bytes, row.limit_bytes, row.limit_text) == (6660 * 1024, 20 << 20, "20Mi")
    assert (row.has_limit, row.restarts, row.end_reason, row.end_code) == (True, 0, None, 0)
    assert (row.no_sample, row.soft_limit_bytes, row.soft_limit_text) == ("", None, None)
    assert row.sample_ms == 1795440392000 - 7000 and row.sample_age_ms >= 6500 and row.window_ms
    assert row.started_ms and row.node and row.ended_ms is None and row.waiting_reason is None
    assert not row.is_terminating and row.is_ready and row.reason is None
    assert (pods.namespace_name, pods.selector, pods.rollout) == ("otel-demo", "", "")
    assert pods.replicas is None and pods.detail == "" and pods.time_ms and pods.skew_ms is not None
    assert pods.to_dict() == json.loads(pods.to_json())
    assert api.threads == {threading.current_thread()}
    assert api.asked[0].headers["Authorization"] == "Bearer canary"
    assert api.asked[0].method == "GET" and api.asked[0].deadline_ms > 0
    assert "canary" not in repr(api.asked[0])


def test_pods_are_chosen_by_labels(cluster):
    api = Api()
    pods = ld.Pods.read(cluster, selector="a=b", namespace_name="otel-demo", transport=api)
    assert pods.selector == "a=b" and pods.containers[0].pod.startswith("checkout-")
    assert any("a%3Db" in request.url for request in api.asked)
    with pytest.raises(ld.NotFoundError, match="steady"):
        ld.Pods.read(cluster, "pod/" + POD, container="none", transport=api)


@pytest.mark.parametrize("answer, status, retriable", [
    (ld.HttpAnswer(503, b"busy", "text/plain"), 503, True),
    (ld.HttpAnswer(403, b"no", "text/plain"), 403, False),
    (ld.HttpAnswer(failure="refused"), None, True),
    (ld.HttpAnswer(failure="bad certificate", failure_kind=ld.HttpFailure.TLS), None, False)])
def test_an_error_says_its_answer_and_whether_another_try_may_help(cluster, answer, status,
                                                                   retriable):
    with pytest.raises(ld.Error) as caught:
        ld.Pods.read(cluster, transport=lambda request: answer)
    assert (caught.value.http_status, caught.value.retriable) == (status, retriable)


def test_rights_are_asked_for(cluster):
    access = ld.Access.review(cluster, ld.Scenario.builtin("otel-demo/checkout"), transport=Api(),
                              namespace_name="otel-demo", deadline_s=5)
    assert access.denied_count == 0 and access.rights and access.missing_rules == ""
    assert all(right.state is ld.AccessState.ALLOWED for right in access.rights)
    denied = ld.Access.review(cluster, transport=Api(allowed=False))
    right = denied.rights[0]
    assert (right.state, right.reason) == ("denied", "because")
    assert right.verb and right.resource and right.namespace_name and right.part and right.purpose
    assert right.group is not None and right.subresource is not None and right.name is not None
    assert denied.denied_count == len(denied.rights) and "apiGroups" in denied.missing_rules
    assert denied.to_dict() == json.loads(denied.to_json()) and denied.skew_ms is not None


def test_the_least_role_is_written():
    text = ld.rbac_yaml(ld.Scenario.builtin("otel-demo/checkout"), parts="read")
    assert "kind: Role" in text and "proxy" not in text.split("RoleBinding")[0].lower() or text
    assert "namespace: mine" in ld.rbac_yaml(namespace_name="mine")
    with pytest.raises(ld.InvalidError):
        ld.rbac_yaml(namespace_name="mine", parts="nonsense")


def test_a_session_asks_through_its_transport(cluster):
    api = Api()
    scenario = ld.Scenario.builtin("any-workload", set={"namespace": "otel-demo", "pod": POD})
    with ld.Session(scenario, cluster=cluster, transport=api) as session:
        session.gather()
        assert session.scenario == scenario and session.namespace_name == "otel-demo"
        observation, diagnosis = session.watch(on_look=lambda d: None)
    assert len(observation.facts) >= 2 and len(api.asked) >= 4
    assert api.threads == {threading.current_thread()}
    assert isinstance(observation.facts[0].trouble, str)
    assert diagnosis.series is not None and len(diagnosis.series) == 1


def test_a_deployment_is_looked_at_in_a_cluster(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ld.NotFoundError):
        testing.assert_leaking(deployment="otel-demo/checkout", for_s=0)
    with pytest.raises(testing.LeakAssertionError, match="no-samples"):  # nobody is at api.lab
        testing.assert_leaking(deployment="otel-demo/checkout", for_s=0, cluster=cluster)


def test_flags_and_load_are_asked_through_a_transport(cluster):
    def ofrep(request):
        assert request.url.startswith("https://api.lab:6443/prefix/api/v1/namespaces/mine/services/")
        key = request.url.rpartition("/")[2]
        return ld.HttpAnswer(200, json.dumps({"key": key, "value": 300, "variant": "on",
                                              "reason": "STATIC"}).encode(), "application/json")

    flag = ld.Flag.evaluate("flagd:8016", "k", cluster=cluster, namespace_name="mine",
                            transport=ofrep)
    assert (flag.state, flag.value) == ("value", 300)
    load = ld.Load.read("load-generator:8089", cluster=cluster, namespace_name="mine",
                        transport=lambda request: ld.HttpAnswer(503, b"", "text/plain"))
    assert load.state is ld.LoadState.UNREACHABLE
    gone = ld.Flag.evaluate("http://a", "k", transport=lambda request: ld.HttpAnswer(
        failure="no such name", failure_kind=ld.HttpFailure.NAME))
    assert gone.state is ld.FlagState.UNREACHABLE and "no such name" in gone.detail


def test_what_a_transport_raises_comes_out(cluster):
    def broken(request):
        raise KeyError("mine")

    for call in (lambda: ld.Pods.read(cluster, "pod/a", transport=broken),
                 lambda: ld.Flag.evaluate("http://a", "k", transport=broken),
                 lambda: ld.Flags.evaluate("http://a", transport=broken),
                 lambda: ld.Access.review(cluster, transport=broken)):
        with pytest.raises(KeyError, match="mine"):
            call()
    with pytest.raises(TypeError, match="HttpAnswer"):
        ld.Flag.evaluate("http://a", "k", transport=lambda request: None)
    caught = []
    thread = threading.Thread(target=lambda: caught.append(pytest.raises(
        KeyError, ld.Flag.evaluate, "http://a", "k", transport=broken)))
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_words_are_those_of_the_library():
    assert [access_state_name(i) for i in range(3)] == [s.value for s in ld.AccessState]
    assert [http_failure_name(i) for i in range(6)] == [f.value for f in ld.HttpFailure]
