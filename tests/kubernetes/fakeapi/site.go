package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The demo, 20 minutes after its checkout started with the flag on.
const age = 20 * time.Minute

const orderEvery = 4 * time.Second

// A recorded answer. Its times move along, so that what was fresh when it was recorded is fresh.
type recorded struct {
	status      int
	contentType string
	body        string
	when        time.Time     // the time that becomes now
	older       time.Duration // except that it was then that much later
	current     []byte
}

type site struct {
	mutex    sync.Mutex
	answers  map[string]*recorded // by "METHOD path"
	notFound *recorded
	lines    []string // one order in the log
	log      []string // with the kubelet's stamps
	tails    map[string][]byte
}

func readSite(folder string) (*site, error) {
	s := &site{answers: map[string]*recorded{}}
	b := builder{site: s, folder: folder}
	b.discovery()
	b.workload()
	b.services()
	s.notFound = b.read("kubernetes/path-404.http")
	log := b.text("logs/checkout-2.0.2.jsonl")
	if b.err != nil {
		return nil, b.err
	}
	s.lines = strings.Split(strings.TrimSpace(log), "\n")
	s.refresh()
	return s, nil
}

// refresh lets the recorded times end now.
func (s *site) refresh() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	for _, answer := range s.answers {
		answer.current = []byte(moved(answer.body, now.Sub(answer.when)-answer.older))
	}
	s.notFound.current = []byte(s.notFound.body)
	s.log, s.tails = nil, map[string][]byte{}
	first := recordedTime(s.lines[0])
	for at := now.Add(-age); at.Before(now.Add(-time.Second)); at = at.Add(orderEvery) {
		for _, line := range s.lines {
			stamp := at.Add(recordedTime(line).Sub(first))
			s.log = append(s.log, stamp.UTC().Format("2006-01-02T15:04:05.000000000Z")+" "+
				moved(line, at.Sub(first)))
		}
	}
}

var (
	stamp   = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	seconds = regexp.MustCompile(`\[(17\d{8}),`) // of Prometheus
)

func recordedTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, stamp.FindString(text))
	if err != nil {
		panic(err)
	}
	return at
}

func moved(text string, by time.Duration) string {
	text = stamp.ReplaceAllStringFunc(text, func(found string) string {
		return recordedTime(found).Add(by).Format(time.RFC3339Nano)
	})
	return seconds.ReplaceAllStringFunc(text, func(found string) string {
		at, _ := strconv.ParseInt(found[1:11], 10, 64)
		return fmt.Sprintf("[%d,", at+int64(by/time.Second))
	})
}

func (s *site) find(method, path string) (status int, contentType string, body []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := s.answers[method+" "+path]
	if found == nil {
		found = s.notFound
	}
	return found.status, found.contentType, found.current
}

// tail is the log as the kubelet would give it; made once, as a kubelet reads what is there.
func (s *site) tail(lines string, withStamps bool) []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := fmt.Sprint(lines, withStamps)
	if s.tails[key] == nil {
		s.tails[key] = s.makeTail(lines, withStamps)
	}
	return s.tails[key]
}

func (s *site) makeTail(lines string, withStamps bool) []byte {
	log := s.log
	if n, err := strconv.Atoi(lines); err == nil && n < len(log) {
		log = log[len(log)-n:]
	}
	var text bytes.Buffer
	for _, line := range log {
		if !withStamps {
			_, line, _ = strings.Cut(line, " ")
		}
		text.WriteString(line)
		text.WriteByte('\n')
	}
	return text.Bytes()
}

// builder reads what the site answers with; the first error stays.
type builder struct {
	site   *site
	folder string
	err    error
}

func (b *builder) text(name string) string {
	data, err := os.ReadFile(filepath.Join(b.folder, name))
	if err != nil && b.err == nil {
		b.err = err
	}
	return string(data)
}

// read takes a recorded answer with its headers; the body comes out of its chunks.
func (b *builder) read(name string) *recorded {
	text := b.text(name)
	if b.err != nil {
		return &recorded{}
	}
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
	if err != nil {
		b.err = fmt.Errorf("%s: %w", name, err)
		return &recorded{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.err = fmt.Errorf("%s: %w", name, err)
	}
	when, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		when = time.Now()
	}
	return &recorded{status: response.StatusCode, contentType: response.Header.Get("Content-Type"),
		body: string(body), when: when}
}

func (b *builder) add(methodAndPath string, answer *recorded) {
	b.site.answers[methodAndPath] = answer
}

func (b *builder) made(methodAndPath, body string) {
	b.add(methodAndPath, &recorded{status: 200, contentType: "application/json", body: body,
		when: time.Now()})
}

const ns = "/namespaces/otel-demo/"

// discovery: what kubectl keeps in its cache, recorded from an API server whose metrics-server was
// announced and did not run.
func (b *builder) discovery() {
	groups := b.read("kubernetes/discovery-apis.http")
	groups.body = strings.Replace(groups.body, `{"version":"v1beta1","freshness":"Stale"}`,
		`{"version":"v1beta1","resources":[`+
			`{"resource":"nodes","responseKind":{"group":"","version":"","kind":"NodeMetrics"},`+
			`"scope":"Cluster","singularResource":"","verbs":["get","list"]},`+
			`{"resource":"pods","responseKind":{"group":"","version":"","kind":"PodMetrics"},`+
			`"scope":"Namespaced","singularResource":"","verbs":["get","list"]}],`+
			`"freshness":"Current"}`, 1)
	b.add("GET /apis", groups)
	b.add("GET /api", b.read("kubernetes/discovery-api.http"))
	b.add("GET /version", b.read("kubernetes/version.http"))
}

var podName = regexp.MustCompile(`checkout-[0-9a-f]{8,10}-[a-z0-9]{5}`)

// workload: checkout as recorded; flagd is the same with another name.
func (b *builder) workload() {
	deployment, pods := b.read("kubernetes/deployment-get.http"), b.read("kubernetes/pods-list.http")
	metrics := b.read("kubernetes/metrics-pods.http")
	deployment.older, pods.older = age, age
	pod := podName.FindString(pods.body)
	metrics.body = podName.ReplaceAllString(metrics.body, pod)
	b.add("GET /apis/apps/v1"+ns+"deployments/checkout", deployment)
	b.add("GET /api/v1"+ns+"pods", pods)
	b.add("GET /apis/metrics.k8s.io/v1beta1"+ns+"pods", metrics)
	for name, from := range map[string]*recorded{
		"GET /apis/apps/v1" + ns + "deployments/flagd": deployment, "GET flagd's pods": pods} {
		copied := *from
		copied.body = strings.ReplaceAll(from.body, "checkout", "flagd")
		b.add(name, &copied)
	}
}

func (b *builder) services() {
	for _, name := range []string{"flagd", "frontend"} {
		b.made("GET /api/v1"+ns+"services/"+name, `{"kind":"Service","apiVersion":"v1","metadata":{"name":"`+
			name+`","namespace":"otel-demo"},"spec":{"type":"ClusterIP","clusterIP":"10.96.7.8",`+
			`"selector":{"opentelemetry.io/name":"`+name+`"},"ports":[{"name":"http","protocol":"TCP",`+
			`"port":8080,"targetPort":8080}]}}`)
		b.made("GET "+name+"'s slices", `{"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1",`+
			`"metadata":{},"items":[{"metadata":{"name":"`+name+`-x2x4x"},"addressType":"IPv4","endpoints":`+
			`[{"addresses":["10.244.0.7"],"conditions":{"ready":true,"serving":true,"terminating":false}}],`+
			`"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}]}`)
	}
	b.made("GET /apis/networking.k8s.io/v1"+ns+"networkpolicies", `{"kind":"NetworkPolicyList",`+
		`"apiVersion":"networking.k8s.io/v1","metadata":{},"items":[]}`)
	b.add("GET /api/v1"+ns+"configmaps/flagd-config", b.on(b.read("kubernetes/configmap-get.http")))
	ofrep := b.on(b.read("ofrep/03_post_emptybody.resp.http"))
	b.add("POST /ofrep/v1/evaluate/flags/kafkaQueueProblems", ofrep)
	b.add("GET /ofrep/v1/evaluate/flags/kafkaQueueProblems", b.read("ofrep/02_get.resp.http"))
	b.proxied("POST", "flagd:8016", "ofrep/v1/evaluate/flags/kafkaQueueProblems", ofrep)
	b.proxied("POST", "flagd:8013", "flagd.evaluation.v1.Service/ResolveInt",
		b.on(b.read("flagd_eval/v1_resolveint.resp.http")))
	b.made("GET flagd's page", b.text("flagdui/phoenix_read.response200.handwritten.json"))
	b.proxied("GET", "flagd:4000", "feature/api/read-file", b.site.answers["GET flagd's page"])
	b.proxied("GET", "load-generator:8089", "stats/requests",
		b.read("locust/v2.47.0/32_stats_running.resp.http"))
	b.proxied("GET", "load-generator:8089", "", b.read("locust/v2.47.0/32_index_running.resp.http"))
	history := b.read("prometheus/01_query_range_ws.resp.http")
	history.body = podName.ReplaceAllString(history.body, podName.FindString(b.site.answers["GET /api/v1"+ns+"pods"].body))
	b.proxied("GET", "prometheus:9090", "api/v1/query_range", history)
}

// on: the flag was recorded switched off, here it is on.
func (b *builder) on(answer *recorded) *recorded {
	answer.body = strings.NewReplacer(`"value":0`, `"value":300`, `"value":"0"`, `"value":"300"`,
		`"variant":"off"`, `"variant":"on"`, `\"on\":100`, `\"on\":300`,
		`\"defaultVariant\":\"off\"`, `\"defaultVariant\":\"on\"`).Replace(answer.body)
	return answer
}

func (b *builder) proxied(method, service, path string, answer *recorded) {
	b.add(method+" /api/v1"+ns+"services/"+service+"/proxy/"+path, answer)
}
