package leakdiag_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakdiag.example/leakdiag"
)

const pod = "steady-698bf88575-sd5pq"

const config = `apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: c, cluster: {server: "https://api.lab:6443/prefix"}}]
contexts: [{name: lab, context: {cluster: c, user: dev, namespace: otel-demo}}]
users: [{name: dev, user: {token: canary}}]
`

var recordings = map[string]string{
	"/prefix/api/v1/namespaces/otel-demo/pods/" + pod:                      "pod-ephemeral",
	"/prefix/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods/" + pod: "metrics-pod",
	"/prefix/api/v1/namespaces/otel-demo/pods":                             "pods-list",
	"/prefix/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods":        "metrics-pods",
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func replied(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body))}
}

// api answers by path as recorded; reviews of rights as told.
func api(t *testing.T, allowed string, asked *int) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		*asked++
		if r.Header.Get("Authorization") != "Bearer canary" {
			t.Error("no credential")
		}
		if strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") {
			return replied(201, `{"kind":"SelfSubjectAccessReview","status":{"allowed":`+allowed+
				`,"reason":"because"}}`), nil
		}
		name, ok := recordings[r.URL.Path]
		if !ok {
			return nil, errors.New("nobody answers there")
		}
		data, err := os.ReadFile(fixtures(t, "kubernetes", name+".http"))
		if err != nil {
			return nil, err
		}
		return http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), r)
	})
}

func cluster(t *testing.T, options ...leakdiag.Option) *leakdiag.Cluster {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return must(leakdiag.OpenCluster(append(options, leakdiag.WithKubeconfig(path))...))(t)
}

func TestAKubeconfigSaysWhichCluster(t *testing.T) {
	c := cluster(t)
	same(t, "server", c.Server(), "https://api.lab:6443/prefix")
	same(t, "context", c.Context()+c.User(), "labdev")
	same(t, "namespace", c.NamespaceName()+" "+c.NamespaceSource(), "otel-demo context")
	same(t, "origin", strings.HasPrefix(c.Origin(), "kubeconfig "), true)
	same(t, "verified", c.IsTLSVerified(), true)
	same(t, "no secret", strings.Contains(must(c.ToJSON())(t), "canary"), false)
	c = cluster(t, leakdiag.WithKubeContext("lab"), leakdiag.WithClusterName("c"),
		leakdiag.WithUser("dev"), leakdiag.WithNamespace("mine"), leakdiag.WithImpersonate("somebody"),
		leakdiag.WithExecPolicy(leakdiag.ExecAllowed, "/usr/bin/aws"))
	same(t, "namespace", c.NamespaceName(), "mine")
	path := filepath.Join(t.TempDir(), "plain")
	plain := strings.Replace(config, "https://api", "http://api", 1)
	if err := os.WriteFile(path, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	c = must(leakdiag.OpenCluster(leakdiag.WithKubeconfig(path)))(t)
	same(t, "not verified, and says so", !c.IsTLSVerified() && c.Warnings()[0] != "", true)
	_, err := leakdiag.OpenCluster(leakdiag.WithKubeconfig(filepath.Join(t.TempDir(), "none")))
	same(t, "not found", errors.Is(err, leakdiag.ErrNotFound), true)
}

func TestPodsHaveTheFiguresOfTheirRecording(t *testing.T) {
	asked := 0
	p := must(leakdiag.ReadPods(context.Background(), cluster(t), "pod/"+pod,
		leakdiag.WithTransport(api(t, "true", &asked))))(t)
	same(t, "asked", asked, 2)
	rows := p.Containers()
	same(t, "rows", len(rows), 1)
	r := rows[0]
	same(t, "names", r.Pod+" "+r.Container+" "+r.Phase, pod+" steady Running")
	same(t, "uid", r.UID, "e31a65bd-8ca8-44b7-abcf-e0728416a95d")
	same(t, "memory", r.WorkingSetBytes, 6660*1024)
	same(t, "limit", r.LimitText == "20Mi" && r.LimitBytes == 20<<20 && r.HasLimit == 1, true)
	same(t, "end", r.EndReason == "" && r.EndCode == 0 && r.EndedMs == 0 && r.Restarts == 0, true)
	same(t, "soft limit", r.SoftLimitText == "" && r.SoftLimitBytes != r.SoftLimitBytes, true)
	same(t, "sample", r.NoSample == "" && r.SampleMs > 0 && r.SampleAgeMs > 0 && r.WindowMs > 0, true)
	same(t, "state", r.IsReady && !r.IsTerminating && r.WaitingReason == "" && r.Reason == "", true)
	same(t, "place", r.Node != "" && r.StartedMs > 0, true)
	same(t, "all", p.NamespaceName()+p.Selector()+p.Rollout()+p.Detail(), "otel-demo")
	same(t, "replicas are unknown", p.Replicas(), -1)
	same(t, "times", p.TimeMs() > 0 && p.SkewMs() == p.SkewMs(), true)
	same(t, "json", strings.Contains(must(p.ToJSON())(t), "leakdiag.pods/1"), true)
	p = must(leakdiag.ReadPods(context.Background(), cluster(t), "", leakdiag.WithSelector("a=b"),
		leakdiag.WithNamespace("otel-demo"), leakdiag.WithTransport(api(t, "true", &asked))))(t)
	same(t, "by labels", p.Selector()+p.Containers()[0].Pod[:9], "a=bcheckout-")
	_, err := leakdiag.ReadPods(context.Background(), cluster(t), "pod/"+pod,
		leakdiag.WithContainer("none"), leakdiag.WithTransport(api(t, "true", &asked)))
	same(t, "no such container", errors.Is(err, leakdiag.ErrNotFound), true)
}

func TestAnErrorSaysItsAnswerAndWhetherAnotherTryMayHelp(t *testing.T) {
	for _, row := range []struct {
		status    int // 0: refused
		retriable bool
	}{{503, true}, {403, false}, {0, true}} {
		_, err := leakdiag.ReadPods(context.Background(), cluster(t), "", leakdiag.WithTransport(
			roundTripper(func(*http.Request) (*http.Response, error) {
				if row.status == 0 {
					return nil, errors.New("refused")
				}
				return replied(row.status, "{}"), nil
			})))
		var detail *leakdiag.Error
		same(t, "an error", errors.As(err, &detail), true)
		same(t, "HTTP status", detail.HTTPStatus, row.status)
		same(t, "retriable", detail.Retriable, row.retriable)
	}
}

func TestRightsAreAskedFor(t *testing.T) {
	asked := 0
	scenario := must(leakdiag.BuiltinScenario("otel-demo/checkout"))(t)
	a := must(leakdiag.ReviewAccess(context.Background(), cluster(t), leakdiag.WithScenario(scenario),
		leakdiag.WithNamespace("otel-demo"), leakdiag.WithTransport(api(t, "true", &asked))))(t)
	same(t, "denied", a.DeniedCount(), 0)
	same(t, "rules", must(a.MissingRules())(t), "")
	a = must(leakdiag.ReviewAccess(context.Background(), cluster(t),
		leakdiag.WithTransport(api(t, "false", &asked))))(t)
	same(t, "denied", a.DeniedCount() == len(a.Rights()) && a.DeniedCount() > 0, true)
	r := a.Rights()[0]
	same(t, "state", r.State == leakdiag.AccessDenied && r.State.String() == "denied", true)
	same(t, "details", r.Verb != "" && r.Resource != "" && r.NamespaceName != "" && r.Part != "" &&
		r.Purpose != "" && r.Reason == "because" && r.Group+r.Subresource+r.Name == r.Group+
		r.Subresource+r.Name, true)
	same(t, "rules", strings.Contains(must(a.MissingRules())(t), "apiGroups"), true)
	same(t, "json", strings.Contains(must(a.ToJSON())(t), "leakdiag.access/1"), true)
	same(t, "clock", a.SkewMs() == a.SkewMs(), true)
	role := must(leakdiag.RBACYAML(leakdiag.WithScenario(scenario), leakdiag.WithParts("read"),
		leakdiag.WithNamespace("mine")))(t)
	same(t, "role", strings.Contains(role, "kind: Role") && strings.Contains(role, "mine"), true)
}

func TestASessionAsksThroughItsTransport(t *testing.T) {
	asked := 0
	scenario := must(leakdiag.BuiltinScenario("any-workload",
		leakdiag.WithSet("namespace=otel-demo", "pod="+pod)))(t)
	same(t, "needs a cluster", scenario.UsesCluster(), true)
	s := must(leakdiag.NewSession(scenario, leakdiag.WithCluster(cluster(t)),
		leakdiag.WithTransport(api(t, "true", &asked))))(t)
	defer s.Close()
	must(s.Gather(context.Background()))(t)
	same(t, "namespace", must(s.NamespaceName())(t), "otel-demo")
	same(t, "scenario", must(must(s.Scenario())(t).ToJSON())(t), must(scenario.ToJSON())(t))
	o, d, err := s.Watch(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "asked", asked >= 4, true)
	same(t, "memory is seen", d.Series() != nil && len(o.Facts()) >= 2, true)
}

func TestServicesAreAskedThroughTheCluster(t *testing.T) {
	ofrep := roundTripper(func(r *http.Request) (*http.Response, error) {
		if !strings.HasPrefix(r.URL.Path, "/prefix/api/v1/namespaces/mine/services/") {
			t.Error(r.URL)
		}
		return replied(200, `{"key":"k","value":300,"variant":"on","reason":"STATIC"}`), nil
	})
	c := cluster(t)
	f := must(leakdiag.EvaluateFlag(context.Background(), "flagd:8016", "k", leakdiag.WithCluster(c),
		leakdiag.WithNamespace("mine"), leakdiag.WithTransport(ofrep)))(t)
	same(t, "value", f.Number(), 300)
	l := must(leakdiag.ReadLoad(context.Background(), "load-generator:8089", leakdiag.WithCluster(c),
		leakdiag.WithNamespace("mine"), leakdiag.WithTransport(roundTripper(
			func(*http.Request) (*http.Response, error) { return replied(503, ""), nil }))))(t)
	same(t, "state", l.State(), leakdiag.LoadUnreachable)
}

func TestAnErrorOfATransportIsNoAnswer(t *testing.T) {
	f := must(leakdiag.EvaluateFlag(context.Background(), "http://a", "k", leakdiag.WithTransport(
		roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.EOF }))))(t)
	same(t, "state", f.State(), leakdiag.FlagUnreachable)
	same(t, "a word", leakdiag.HTTPFailureCutOff.String(), "cut-off")
}

func TestAPanicOfATransportGoesOnAfterCHasReturned(t *testing.T) {
	same(t, "it panics", panics(func() {
		_, _ = leakdiag.EvaluateFlag(context.Background(), "http://a", "k", leakdiag.WithTransport(
			roundTripper(func(*http.Request) (*http.Response, error) { panic("mine") })))
	}), true)
}

func TestATransportOfTheStandardLibraryWorks(t *testing.T) {
	s := recorded(t)
	f := must(leakdiag.EvaluateFlag(context.Background(), s.URL, "kafkaQueueProblems",
		leakdiag.WithTransport(http.DefaultTransport)))(t)
	same(t, "value", f.ValueJSON(), "0")
}
