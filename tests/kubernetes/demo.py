"""The demo in the tests' cluster: its flag, its load, its limits, and how a person changes them."""

import json
import time
import urllib.parse

NAMESPACE = "otel-demo"
READY_S = 180
FLAG_PATH, FLAG_QUESTION = "/ofrep/v1/evaluate/flags/kafkaQueueProblems", '{"context":{}}'
FLAGS_SCHEMA = "https://flagd.dev/schema/v0/flags.json"


class Demo:
    """Mixed into a cluster (cluster.py), which asks, waits and has kubectl."""

    def flag(self):
        """What OFREP says of the demo's flag: a value, or None."""
        status, body = self.flag_answer()
        return json.loads(body).get("value") if status == 200 else None

    def flag_answer(self):
        return self.service("flagd", 8016, FLAG_PATH, FLAG_QUESTION)

    def flag_of_pod(self):
        """[value] of flagd's pod itself: a Service may still lead to the one before. None: no answer."""
        pods = [pod for pod in self.pods("flagd") if "deletionTimestamp" not in pod["metadata"]]
        if len(pods) != 1:
            return None
        target = "/api/v1/namespaces/%s/pods/%s:8016/proxy%s"
        target %= (NAMESPACE, pods[0]["metadata"]["name"], FLAG_PATH)
        status, body = self.ask("POST", target, FLAG_QUESTION)
        return [json.loads(body).get("value")] if status == 200 else None

    def set_flag(self, value):
        """Edits the flag as a person does, on flagd-ui's page; a restart of flagd forgets it."""
        status, body = self.service("flagd", 4000, "/api/read")
        if status != 200:
            raise RuntimeError("flagd-ui: HTTP %s: %s" % (status, body))
        flags = json.loads(body)["flags"]
        flags["kafkaQueueProblems"]["variants"]["on"] = value or 300
        flags["kafkaQueueProblems"]["defaultVariant"] = "on" if value else "off"
        written = json.dumps({"data": {"$schema": FLAGS_SCHEMA, "flags": flags}})
        status, body = self.service("flagd", 4000, "/api/write", written)
        if status != 200:
            raise RuntimeError("flagd-ui: HTTP %s: %s" % (status, body))
        self.wait_for_flag(value)

    def wait_for_flag(self, value):
        what = "flag %s over OFREP" % value
        self.wait(what, lambda: self.flag() == value, seen=self.flag_answer)

    def set_flag_for_good(self, value):
        """Edits the flag where a restart of flagd keeps it, and restarts flagd."""
        self.store_flag(value)
        deadline = time.monotonic() + READY_S
        while True:
            self.kubectl("rollout", "restart", "deployment/flagd")
            self.wait_for_rollout("flagd")
            given = self.wait("the new flagd", self.flag_of_pod)[0]
            # A kubelet that has lost its watch, as when the API server was restarted, gives a new pod
            # the ConfigMap it has; the pod copies that once, so only another one can have the new.
            if given == value:
                break
            if time.monotonic() > deadline:
                raise RuntimeError("each new flagd has flag %s, stored is %s" % (given, value))
        self.wait_for_flag(value)

    def store_flag(self, value):
        """In the ConfigMap, which flagd copies when its pod starts."""
        config = self.get("configmaps", "flagd-config")
        document = json.loads(config["data"]["demo.flagd.json"])
        flag = document["flags"]["kafkaQueueProblems"]
        flag["variants"]["on"] = value or 300
        flag["defaultVariant"] = "on" if value else "off"
        patch = json.dumps({"data": {"demo.flagd.json": json.dumps(document, indent=2)}})
        self.kubectl("patch", "configmap", "flagd-config", "-p", patch)

    def set_limit(self, limit, deployment="checkout"):
        """Memory limit of a Deployment's container of the same name, e.g. "20M"; None: no limit."""
        container = {"name": deployment, "resources": {"limits": {"memory": limit}}}
        self.patch_pods(deployment, {"containers": [container]})

    def set_env(self, name, value, deployment="checkout"):
        """One variable of a Deployment's container of the same name; None takes it away."""
        entry = {"name": name, "value": value} if value is not None else {"name": name, "$patch": "delete"}
        self.patch_pods(deployment, {"containers": [{"name": deployment, "env": [entry]}]})

    def patch_pods(self, deployment, pod_spec):
        """Changes the pods of a Deployment and waits until the new ones are ready."""
        patch = json.dumps({"spec": {"template": {"spec": pod_spec}}})
        self.kubectl("patch", "deployment", deployment, "-p", patch)
        self.wait_for_rollout(deployment)

    def load(self):
        """Locust's own statistics; None when it does not answer."""
        status, body = self.service("load-generator", 8089, "/stats/requests")
        return json.loads(body) if status == 200 else None

    def start_load(self, users=25, per_s=3):
        form = urllib.parse.urlencode({"user_count": users, "spawn_rate": per_s})
        kind = "application/x-www-form-urlencoded"
        status, body = self.service("load-generator", 8089, "/swarm", form, kind=kind)
        if status != 200 or not json.loads(body).get("success"):
            raise RuntimeError("Locust did not start: HTTP %s: %s" % (status, body))
        self.wait("running load", lambda: self.load_is(("spawning", "running")))

    def stop_load(self):
        for method in ("POST", "GET"):  # POST since 2.47, GET before
            if self.service("load-generator", 8089, "/stop", method=method)[0] == 200:
                break
        self.wait("stopped load", lambda: self.load_is(("ready", "stopped")))

    def load_is(self, states):
        return (self.load() or {}).get("state") in states
