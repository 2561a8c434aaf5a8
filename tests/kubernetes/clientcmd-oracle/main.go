// Command clientcmd-oracle writes kubeconfig cases with what client-go makes of them, as JSON. The
// tests of the C library read the same files and must come to the same result.
//
//	cd tests/kubernetes && go run ./clientcmd-oracle > ../fixtures/kubeconfig/cases.json
//
// The cases, their keys and the order are the same in every run.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Options are those of leakdiag_cluster_open.
type Options struct {
	Kubeconfig  string `json:"kubeconfig,omitempty"`
	Context     string `json:"context,omitempty"`
	Cluster     string `json:"cluster,omitempty"`
	User        string `json:"user,omitempty"`
	Namespace   string `json:"namespace_name,omitempty"`
	Impersonate string `json:"impersonate,omitempty"`
}

// Case is the input. In texts @DIR@ is the folder of the case, @ca1@ that PEM, and @ca1.b64@ its base64.
type Case struct {
	Name    string            `json:"name"`
	Files   map[string]string `json:"files"`
	List    []string          `json:"list"` // KUBECONFIG; below @DIR@
	Options Options           `json:"options"`
	Host    string            `json:"service_host,omitempty"` // the process is a pod
	Port    string            `json:"service_port,omitempty"`
	Expect  Expect            `json:"expect"`
}

// Expect is what client-go makes of it.
type Expect struct {
	Error         string   `json:"error,omitempty"` // why; only that there is one is compared
	InCluster     bool     `json:"in_cluster,omitempty"`
	Server        string   `json:"server,omitempty"`
	CA            string   `json:"ca,omitempty"`
	Certificate   string   `json:"certificate,omitempty"`
	Key           string   `json:"key,omitempty"`
	ServerName    string   `json:"server_name,omitempty"`
	Insecure      bool     `json:"insecure,omitempty"`
	Proxy         string   `json:"proxy,omitempty"`
	Authorization string   `json:"authorization,omitempty"`
	Headers       []string `json:"headers,omitempty"`
	Exec          string   `json:"exec,omitempty"`
	Namespace     string   `json:"namespace_name,omitempty"`
}

// capture is the end of the wire: it keeps the headers.
type capture struct{ header http.Header }

func (c *capture) RoundTrip(request *http.Request) (*http.Response, error) {
	c.header = request.Header
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: request}, nil
}

func failed(err error, dir string) Expect {
	return Expect{Error: strings.ReplaceAll(err.Error(), dir, "@DIR@")}
}

func (c *Case) run(dir string) Expect {
	for name, content := range c.Files {
		path := filepath.Join(dir, name)
		must(os.MkdirAll(filepath.Dir(path), 0o700))
		must(os.WriteFile(path, []byte(fill(content, dir)), 0o600))
	}
	list := []string{}
	for _, name := range c.List {
		if name != "" {
			name = filepath.Join(dir, name)
		}
		list = append(list, name)
	}
	must(os.Setenv("KUBECONFIG", strings.Join(list, ":")))
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if len(list) == 0 {
		rules.Precedence = []string{filepath.Join(dir, ".kube/config")} // that of the home folder
	}
	if c.Options.Kubeconfig != "" {
		rules.ExplicitPath = filepath.Join(dir, c.Options.Kubeconfig)
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.Options.Context,
		AuthInfo: api.AuthInfo{Impersonate: c.Options.Impersonate},
		Context: api.Context{Cluster: c.Options.Cluster, AuthInfo: c.Options.User,
			Namespace: c.Options.Namespace}}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil && clientcmd.IsEmptyConfig(err) && c.Host != "" {
		return Expect{InCluster: true, Server: "https://" + net.JoinHostPort(c.Host, c.Port)}
	}
	if err != nil {
		return failed(err, dir)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return failed(err, dir)
	}
	expect, err := wire(config, dir)
	if err != nil {
		return failed(err, dir)
	}
	expect.Namespace = namespace
	return expect
}

// wire is what would be sent, and to whom.
func wire(config *rest.Config, dir string) (Expect, error) {
	if _, err := rest.TLSConfigFor(config); err != nil {
		return Expect{}, err
	}
	if err := rest.LoadTLSFiles(config); err != nil {
		return Expect{}, err
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return Expect{}, err
	}
	expect := Expect{Server: strings.TrimRight(server.String(), "/"), ServerName: config.ServerName,
		CA: nameOf(config.CAData), Certificate: nameOf(config.CertData), Key: nameOf(config.KeyData),
		Insecure: config.Insecure}
	if config.ExecProvider != nil {
		expect.Exec = strings.ReplaceAll(config.ExecProvider.Command, dir, "@DIR@")
		config.ExecProvider = nil // only the rest of what is sent is asked for
	}
	request, err := http.NewRequest("GET", server.String(), nil)
	if err != nil {
		return Expect{}, err
	}
	if config.Proxy != nil {
		proxy, err := config.Proxy(request)
		if err != nil {
			return Expect{}, err
		}
		expect.Proxy = strings.Replace(proxy.String(), "socks5:", "socks5h:", 1)
	}
	seen := &capture{}
	tripper, err := rest.HTTPWrappersForConfig(config, seen)
	if err != nil {
		return Expect{}, err
	}
	if _, err := tripper.RoundTrip(request); err != nil {
		return Expect{}, err
	}
	expect.Authorization = seen.header.Get("Authorization")
	for name, values := range seen.header {
		for _, value := range values {
			if strings.HasPrefix(name, "Impersonate-") {
				expect.Headers = append(expect.Headers, strings.ToLower(name)+": "+value)
			}
		}
	}
	sort.Strings(expect.Headers)
	return expect, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "clientcmd-oracle:", err)
		os.Exit(1)
	}
}

func main() {
	must(os.Setenv("KUBERNETES_SERVICE_HOST", ""))
	cases := append(byHand(), byChance(200-len(byHand()))...)
	for i := range cases {
		dir, err := os.MkdirTemp("", "clientcmd-oracle")
		must(err)
		cases[i].Expect = cases[i].run(dir)
		must(os.RemoveAll(dir))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	must(encoder.Encode(map[string]any{"client-go": "v0.34.4", "pems": pems, "cases": cases}))
}
