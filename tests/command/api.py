"""A Kubernetes API server behind TLS that replays recorded answers, asks for a token, and grants what
a Role grants. What is made up beside the recordings: one pod's name and times, to fit its metrics."""

import json
import os
import re
import ssl
import subprocess
import threading
from urllib.parse import parse_qs, unquote, urlsplit

import fake
from fake import Fake, locust, recorded

TOKEN = "canary-token-4711"
DATE = "Mon, 23 Nov 2026 13:26:32 GMT"
POD = "checkout-7db8b9cd4b-hb5vc"
NS = "/api/v1/namespaces/otel-demo"
APPS = "/apis/apps/v1/namespaces/otel-demo"
METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def answer(status, thing):
    """An object as the API server writes it: without blanks."""
    return fake.answer(status, json.dumps(thing, separators=(",", ":")))


def parts(raw):
    """Head and decoded body of a recorded answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return head, body
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        n = int(size, 16)
        whole, body = whole + body[:n], body[n + 2:]
        if not n:
            break
    return head, whole


def kube(name):
    """A recorded answer as an object."""
    return json.loads(parts(recorded("kubernetes", name + ".http"))[1])


def checkout_pod():
    """The recorded pod after its OOM kill, as the pod that the recorded metrics are of."""
    pod = kube("pod-oomkilled")
    pod["metadata"]["name"] = POD
    one = pod["status"]["containerStatuses"][0]
    one["state"]["running"]["startedAt"] = "2026-11-23T13:20:00Z"
    one["lastState"]["terminated"]["finishedAt"] = "2026-11-23T13:19:58Z"
    return pod


def pod_list(*pods):
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods)}


def service(name, port):
    return {"kind": "Service", "apiVersion": "v1", "metadata": {"name": name},
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"a": name},
                     "ports": [{"port": port}]}}


def slices():
    return {"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": {},
            "items": [{"metadata": {"name": "s"}, "ports": [{"port": 8080}],
                       "endpoints": [{"conditions": {"ready": True}}]}]}


def routes():
    proxy = NS + "/services/%s/proxy"
    flag = {"key": "kafkaQueueProblems", "value": 300, "variant": "on", "reason": "STATIC"}
    return {
        ("GET", APPS + "/deployments/checkout"): recorded("kubernetes", "deployment-get.http"),
        ("GET", NS + "/pods"): answer(200, pod_list(checkout_pod())),
        ("GET", NS + "/pods/" + POD): answer(200, checkout_pod()),
        ("GET", METRICS): recorded("kubernetes", "metrics-pods-selector.http"),
        ("GET", NS + "/pods/steady-698bf88575-sd5pq"): recorded("kubernetes",
                                                                 "pod-ephemeral.http"),
        ("GET", METRICS + "/steady-698bf88575-sd5pq"): recorded("kubernetes", "metrics-pod.http"),
        ("GET", NS + "/pods/%s/log" % POD): recorded("kubernetes", "logs-tail5-timestamps.http"),
        ("GET", NS + "/services/flagd"): answer(200, service("flagd", 8016)),
        ("GET", NS + "/services/frontend"): answer(200, service("frontend", 8080)),
        ("GET", "/apis/discovery.k8s.io/v1/namespaces/otel-demo/endpointslices"):
            answer(200, slices()),
        ("GET", "/apis/networking.k8s.io/v1/namespaces/otel-demo/networkpolicies"):
            answer(200, {"kind": "NetworkPolicyList", "apiVersion": "networking.k8s.io/v1",
                         "metadata": {}, "items": []}),
        ("GET", NS + "/configmaps/flagd-config"): recorded("kubernetes", "configmap-get.http"),
        ("POST", proxy % "flagd:8016" + "/ofrep/v1/evaluate/flags/kafkaQueueProblems"):
            answer(200, flag),
        ("POST", proxy % "flagd:8016" + "/ofrep/v1/evaluate/flags"): answer(200, {"flags": [flag]}),
        ("GET", proxy % "load-generator:8089" + "/stats/requests"): locust(),
        ("GET", proxy % "quiet:80" + "/stats/requests"): recorded("kubernetes",
                                                                 "service-proxy-503.http"),
    }


class Right:
    """What a request needs, as the API server sees it."""

    def __init__(self, verb, group, resource, name, namespace):
        self.verb, self.group, self.resource = verb, group, resource
        self.name, self.namespace = name, namespace

    @staticmethod
    def of_request(method, path):
        match = re.match(r"/(?:api/v1|apis/([^/]+)/[^/]+)/namespaces/([^/]+)/([^/]+)"
                         r"(?:/([^/]+)(?:/([^/]+).*)?)?$", path)
        if not match:
            return None
        group, namespace, resource, name, sub = match.groups()
        verb = "create" if method == "POST" else "get" if name else "list"
        return Right(verb, group or "", resource + ("/" + sub if sub else ""), unquote(name or ""),
                     namespace)

    @staticmethod
    def of_review(body):
        asked = json.loads(body)["spec"]["resourceAttributes"]
        sub = asked.get("subresource")
        return Right(asked["verb"], asked.get("group", ""),
                     asked["resource"] + ("/" + sub if sub else ""), asked.get("name", ""),
                     asked["namespace"])


class Rule:
    """One line "- {apiGroups: …}" of a Role."""

    def __init__(self, line):
        def words(key):
            match = re.search(key + r": \[([^]]*)\]", line)
            return match and [w.strip().strip('"') for w in match.group(1).split(",")]
        self.groups, self.resources = words("apiGroups"), words("resources")
        self.names, self.verbs = words("resourceNames"), words("verbs")

    def grants(self, right):
        return (right.group in self.groups and right.resource in self.resources and
                right.verb in self.verbs and (self.names is None or right.name in self.names))


def rules_of(yaml):
    return [Rule(line) for line in yaml.split("\n") if line.startswith("- {apiGroups: [")]


def forbidden(right):
    kind = right.resource.split("/")[0] + ("." + right.group if right.group else "")
    return answer(403, {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": '%s "%s" is forbidden: User "dev" cannot %s resource "%s" in API group "%s" in '
                   'the namespace "%s"' % (kind, right.name, right.verb, right.resource,
                                           right.group, right.namespace),
        "reason": "Forbidden", "details": {"name": right.name, "kind": kind}, "code": 403})


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Api(Fake):
    """with Api(folder) as api: run("top", "--kubeconfig", api.kubeconfig). rules None: all is granted."""

    def __init__(self, folder, answers=None, rules=None, date=DATE):
        super().__init__(routes() if answers is None else answers)
        self.folder, self.rules, self.date, self.denied = folder, rules, date, []

    def __enter__(self):
        key, cert = self.folder.name("key.pem"), self.folder.name("cert.pem")
        if not os.path.exists(cert):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "30", "-keyout", key, "-out", cert, "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(cert, key)
        super().__enter__()
        self.url = self.url.replace("http:", "https:")
        self.kubeconfig = self.folder.write("config", self.config())
        os.chmod(self.kubeconfig, 0o600)
        return self

    def config(self, server=None, user="token: " + TOKEN, namespace="otel-demo", current="lab"):
        return (
            "apiVersion: v1\nkind: Config\ncurrent-context: %s\n"
            "clusters: [{name: c, cluster: {server: \"%s\", certificate-authority: cert.pem}}]\n"
            "contexts: [{name: lab, context: {cluster: c, user: dev%s}}]\n"
            "users: [{name: dev, user: {%s}}]\n" %
            (current, server or self.url, ", namespace: " + namespace if namespace else "", user))

    def talk(self, connection):
        try:
            connection = self.tls.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            connection.close()
            return
        with connection, connection.makefile("rb") as stream:
            words = stream.readline().decode("latin-1").split()
            if len(words) < 2:
                return
            head = {}
            for line in iter(stream.readline, b"\r\n"):
                if not line:
                    return
                name, _, value = line.decode("latin-1").partition(":")
                head[name.lower()] = value.strip()
            body = stream.read(int(head.get("content-length", 0)))
            self.seen.append((words[0], words[1], head, body))
            try:
                connection.sendall(self.dated(self.reply(words[0], words[1], head, body)))
                connection.unwrap()
            except OSError:
                pass

    def dated(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        head = re.sub(rb"\r\nDate: [^\r]*", b"", head)
        return head + b"\r\nDate: " + self.date.encode() + b"\r\n\r\n" + body

    def grants(self, right):
        return self.rules is None or any(rule.grants(right) for rule in self.rules)

    def reply(self, method, target, head, body):
        path = urlsplit(target).path
        if head.get("authorization") != "Bearer " + TOKEN:
            return recorded("kubernetes", "auth-401-badtoken.http")
        if path == REVIEW:
            review = json.loads(body)
            review["status"] = {"allowed": self.grants(Right.of_review(body))}
            return answer(201, review)
        right = Right.of_request(method, path)
        if right and not self.grants(right):
            self.denied.append((right.verb, right.group, right.resource, right.name))
            return forbidden(right)
        selector = parse_qs(urlsplit(target).query).get("labelSelector", [""])[0]
        reply = self.answers.get((method, path, selector),
                                 self.answers.get((method, path), None))
        if reply is None:
            name = path.rsplit("/", 1)[-1]
            reply = answer(404, {"kind": "Status", "apiVersion": "v1", "metadata": {},
                                 "status": "Failure", "reason": "NotFound", "code": 404,
                                 "message": '%s "%s" not found' % (right.resource if right else "",
                                                                   name)})
        return reply(body) if callable(reply) else reply


