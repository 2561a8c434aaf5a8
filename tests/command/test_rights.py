#!/usr/bin/env python3
"""rbac and doctor: the printed Role is enough and not more than enough, and doctor names what lacks."""

import re

from api import Api, Right, rules_of
from harness import Folder, main, refused, run, test


def role(*args):
    result = run("rbac", *args)
    assert result.status == 0 and result.err == "", result
    return result.out


def asked(api):
    """The rights that the requests so far needed."""
    rights = [Right.of_request(method, target.partition("?")[0])
              for method, target, _, _ in api.seen]
    return [right for right in rights if right]


@test
def a_gather_under_the_printed_role_is_never_refused():
    with Folder() as folder:
        with Api(folder) as all_granted:
            free = run("diagnose", "--kubeconfig", all_granted.kubeconfig, "-o", "json")
        with Api(folder, rules=rules_of(role())) as api:
            bound = run("diagnose", "--kubeconfig", api.kubeconfig, "-o", "json")
            assert api.denied == [], api.denied
            assert len(asked(api)) >= 14, api.seen
        found = [re.findall(r'"finding": ?("[^"]*"|null)', r.out) for r in (free, bound)]
        assert found[0] == found[1] and len(found[0]) > 10, found


@test
def each_rule_of_the_role_is_needed():
    rules = rules_of(role())
    assert len(rules) == 11, role()
    with Folder() as folder:
        for i in range(len(rules)):
            with Api(folder, rules=rules[:i] + rules[i + 1:]) as api:
                run("diagnose", "--kubeconfig", api.kubeconfig)
                finds_by_labels = rules[i].verbs == ["list"] and rules[i].groups == ["apps"]
                if finds_by_labels:  # asked only when the usual name is not found
                    run("diagnose", "--kubeconfig", api.kubeconfig, "--set", "deployment=nix")
                assert api.denied, vars(rules[i])


@test
def the_role_grants_no_more_than_reading():
    for args in ((), ("--for", "read,proxy"), ("--scenario", "any-workload", "-n", "shop"),
                 ("deploy/cart", "-n", "shop"), ("pod/cart-1", "-n", "shop")):
        for rule in rules_of(role(*args)):
            assert set(rule.verbs) <= {"get", "list", "watch", "create"}, vars(rule)
            assert "create" not in rule.verbs or rule.resources == ["services/proxy"], vars(rule)
            assert not set(rule.resources) & {"secrets", "nodes/proxy", "*"}, vars(rule)
            proxied = rule.resources == ["services/proxy"]
            assert not proxied or rule.names, vars(rule)


@test
def parts_and_places_of_the_role_can_be_chosen():
    assert "services/proxy" not in role("--for", "read")
    assert "[pods]" not in role("--for", "proxy") and "services/proxy" in role("--for", "proxy")
    other = role("-n", "demo-2")
    assert "namespace: demo-2" in other and "otel-demo}" not in other
    assert 'resourceNames: ["cart"]' in role("deploy/cart", "-n", "shop")
    refused(run("rbac", "--for", "write"), "write", "read and proxy")
    refused(run("rbac", "-n", "A_b"), "A_b")
    refused(run("rbac", "--scenario", "any-workload"), "-n")
    refused(run("rbac", "cart"), "deploy/NAME")


@test
def a_workload_is_looked_at_under_its_own_role():
    with Folder() as folder:
        rules = rules_of(role("deploy/checkout", "-n", "otel-demo"))
        with Api(folder, rules=rules) as api:
            for verb in ("top", "diagnose"):
                shown = run(verb, "deploy/checkout", "--kubeconfig", api.kubeconfig)
                assert shown.status in (0, 3, 4, 5) and shown.err == "", shown
            assert "\nany-workload, deploy/checkout in otel-demo, at 20" in shown.out, shown
            assert api.denied == [], api.denied


@test
def doctor_tells_cluster_clock_rights_and_how_each_source_is_reached():
    with Folder() as folder, Api(folder) as api:
        shown = run("doctor", "--kubeconfig", api.kubeconfig)
        assert shown.status == 0 and shown.err == "", shown
        for line in ("ok      server: %s (kubeconfig %s)" % (api.url, api.kubeconfig),
                     "ok      context: lab", "ok      namespace: otel-demo (from the context)",
                     "ok      user: dev", "ok      TLS: the server's certificate is checked",
                     "ok      list pods.metrics.k8s.io in otel-demo",
                     "ok      create services/proxy flagd:8016 in otel-demo"):
            assert line + "\n" in shown.out, (line, shown)
        assert re.search(r"^note    clock: the cluster's is .* behind", shown.out, re.M), shown
        assert re.search(r"^ok      flag from ofrep otel-demo/flagd:8016 through the API server: "
                         r"answered in \d+ ms", shown.out, re.M), shown
        assert "denied" not in shown.out, shown
        option = run("doctor", "--kubeconfig", api.kubeconfig, "-n", "other").out
        assert "ok      namespace: other (from the option)" in option, option
        assert "ok      list pods in other" in option, option
        assert "Sources of otel-demo/checkout\n" in shown.out, shown
        assert "Sources of otel-demo/checkout in namespace other\n" in option, option
        assert "missing service from service other/flagd: there is no such Service" in option, option


@test
def doctor_names_every_missing_right_and_the_rules_that_grant_it():
    rules = rules_of(role())
    with Folder() as folder:
        for i in range(len(rules)):
            with Api(folder, rules=rules[:i] + rules[i + 1:]) as api:
                shown = run("doctor", "--kubeconfig", api.kubeconfig)
                missing = re.findall(r"^missing (\w+) (\S+?)(?: (\S+))? in otel-demo: denied",
                                     shown.out, re.M)
                wanted = [(verb, name) for verb in rules[i].verbs for name in rules[i].names or [""]]
                assert [(verb, name) for verb, _, name in missing] == wanted, shown
                resource = rules[i].resources[0]
                assert all(what.startswith(resource) for _, what, _ in missing), shown
                again = rules_of("\n".join(line.strip() for line in shown.out.split("\n")))
                assert [vars(rule) for rule in again] == [vars(rules[i])], shown
        with Api(folder, rules=[]) as api:
            shown = run("doctor", "--kubeconfig", api.kubeconfig)
            assert len(re.findall("^missing .*: denied", shown.out, re.M)) == 17, shown
            assert "is elsewhere" not in shown.out and "--set" not in shown.out, shown
            shown = run("diagnose", "--kubeconfig", api.kubeconfig)
            assert shown.out.endswith("\nnext: leakdiag doctor --kubeconfig %s\n" % api.kubeconfig), shown
            assert "(no source, or no answer)" in shown.out, shown
            shown = run("doctor", "--kubeconfig", api.kubeconfig)
            suggested = rules_of("\n".join(line.strip() for line in shown.out.split("\n")))
            assert [vars(rule) for rule in suggested] == [vars(rule) for rule in rules], shown


@test
def rights_that_nobody_tells_are_not_known_and_not_denied():
    with Folder() as folder, Api(folder) as api:
        config = folder.write("old", api.config(user="token: old"))
        shown = run("doctor", "--kubeconfig", config)
        assert shown.status == 1 and "missing rights: create selfsubjectaccessreviews" in shown.out, shown
        assert "HTTP 401" in shown.out and "denied" not in shown.out, shown


@test
def a_server_that_does_not_answer_makes_nothing_green():
    with Folder() as folder, Api(folder) as api:
        gone = folder.write("gone", api.config(server="https://127.0.0.1:1"))
        shown = run("doctor", "deploy/cart", "-n", "shop", "--kubeconfig", gone)
        assert shown.status == 1, shown
        assert "missing server: https://127.0.0.1:1 " in shown.out, shown
        assert "unknown clock: no answer\n" in shown.out, shown
        assert "unknown TLS: no answer; the server's certificate will be checked" in shown.out, shown
        nexts = re.findall(r"next: (.*)", shown.out)
        assert len(nexts) == 1 and "https://127.0.0.1:1 the right address" in nexts[0], shown
        old = folder.write("old", api.config(user="token: old"))
        refused_user = run("doctor", "--kubeconfig", old)
        assert "ok      server: " in refused_user.out, refused_user
        assert "ok      TLS: " in refused_user.out, refused_user


@test
def a_next_step_is_about_the_same_cluster():
    with Folder() as folder, Api(folder) as api:
        gone = folder.write("it's gone", api.config(server="https://127.0.0.1:1"))
        quoted = "'" + gone.replace("'", "'\\''") + "'"
        to = ("--context", "lab", "-n", "shop")
        shown = run("diagnose", "deploy/cart", "--kubeconfig", gone, *to)
        want = "leakdiag doctor deploy/cart --kubeconfig %s --context lab -n shop" % quoted
        assert shown.out.endswith("\nnext: %s\n" % want) and want + " says" in shown.err, shown
        shown = run("diagnose", "--kubeconfig", gone, "-s", "otel-demo/checkout")
        assert shown.out.endswith("next: leakdiag doctor --kubeconfig %s -s otel-demo/checkout\n"
                                  % quoted), shown
        shown = run("doctor", "deploy/nix", "--kubeconfig", api.kubeconfig, "-n", "otel-demo")
        assert "next: leakdiag top --kubeconfig %s -n otel-demo shows what is there" % \
            api.kubeconfig in shown.out, shown
        api.rules = []
        shown = run("doctor", "deploy/nix", "--kubeconfig", api.kubeconfig, "-n", "otel-demo")
        assert "; leakdiag rbac deploy/nix -n otel-demo prints all of it\n" in shown.out, shown


@test
def doctor_without_a_cluster_speaks_of_this_machine():
    shown = run("doctor")
    assert "note    cluster: no kubeconfig\n" in shown.out and "Rights" not in shown.out, shown
    with Folder() as folder:
        csv = folder.write("m.csv", "t,ws\n0,1\n15,2\n")
        broken = folder.write("broken", "{")
        shown = run("doctor", "--csv", csv, env={"KUBECONFIG": broken})
        assert shown.status == 0 and "Rights" not in shown.out and "cluster" not in shown.out, shown


main()
