package main

import (
	"fmt"
	"strings"
)

// Names are no y or n: client-go reads YAML 1.1, where those are true and false.

// one is a kubeconfig with one cluster "c", one user "u" and one context "x".
func one(cluster, user string) string {
	return config("x", "c", cluster, "u", user, "x", "cluster: c, user: u")
}

// config is a kubeconfig; the parts are those of YAML flow maps, without the braces.
func config(current, clusterName, cluster, userName, user, contextName, context string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: %s
clusters:
- {name: %s, cluster: {%s}}
users:
- {name: %s, user: {%s}}
contexts:
- {name: %s, context: {%s}}
`, current, clusterName, cluster, userName, user, contextName, context)
}

const https = "server: https://1.2.3.4:6443"

func single(name, content string) Case {
	return Case{Name: name, Files: map[string]string{"config": content}, List: []string{"config"}}
}

func (c Case) with(options Options) Case {
	c.Options = options
	return c
}

func (c Case) also(name, content string) Case {
	files := map[string]string{}
	for known, text := range c.Files {
		files[known] = text
	}
	files[name] = content
	c.Files = files
	return c
}

func (c Case) inPod(host, port string) Case {
	c.Host, c.Port = host, port
	return c
}

func (c Case) list(names ...string) Case {
	c.List = names
	return c
}

func servers() []Case {
	all := []Case{}
	for _, s := range []struct{ name, url string }{
		{"plain", "https://1.2.3.4:6443"}, {"slash at the end", "https://1.2.3.4:6443/"},
		{"prefix", "https://rancher.example/k8s/clusters/c-x"},
		{"prefix and slash", "https://rancher.example/k8s/clusters/c-x/"},
		{"query", "'https://rancher.example/k8s?a=b'"}, {"fragment", "'https://rancher.example/k8s#a'"},
		{"no port", "https://kube.example"}, {"IPv6", "'https://[fd00::1]:6443'"},
		{"IPv6 and prefix", "'https://[fd00::1]/a/b'"}, {"capitals", "https://Kube.Example:6443"},
		{"http", "http://1.2.3.4:8080"}, {"http and prefix", "http://proxy.example/k8s"},
		{"no scheme", "1.2.3.4:6443"}, {"bare host", "kube.example"}, {"empty", "''"},
		{"bad port", "'https://1.2.3.4:port'"}, {"IPv6 without brackets", "'https://fd00::1:6443'"},
		{"space", "'https://a b'"}, {"number", "6443"},
	} {
		all = append(all, single("server: "+s.name, one("server: "+s.url, "token: t1")))
	}
	return all
}

func trust() []Case {
	key := func(cluster string) string { return one(https+", "+cluster, "token: t1") }
	return []Case{
		single("ca: data", key("certificate-authority-data: @ca1.b64@")),
		single("ca: file", key("certificate-authority: ca.pem")).also("ca.pem", "@ca2@"),
		single("ca: file in a folder", key("certificate-authority: pki/ca.pem")).also("pki/ca.pem", "@ca2@"),
		single("ca: absolute file", key("certificate-authority: '@DIR@/ca.pem'")).also("ca.pem", "@ca3@"),
		single("ca: file is missing", key("certificate-authority: ca.pem")),
		single("ca: file is no PEM", key("certificate-authority: ca.pem")).also("ca.pem", "nonsense"),
		single("ca: data and file", key("certificate-authority-data: @ca1.b64@, certificate-authority: ca.pem")).also("ca.pem", "@ca2@"),
		single("ca: data is no base64", key("certificate-authority-data: '%%%'")),
		single("ca: data is no PEM", key("certificate-authority-data: bm9uc2Vuc2U=")),
		single("ca: insecure", key("insecure-skip-tls-verify: true")),
		single("ca: not insecure", key("insecure-skip-tls-verify: false, certificate-authority-data: @ca1.b64@")),
		single("ca: insecure and data", key("insecure-skip-tls-verify: true, certificate-authority-data: @ca1.b64@")),
		single("ca: insecure and file", key("insecure-skip-tls-verify: true, certificate-authority: ca.pem")).also("ca.pem", "@ca1@"),
		single("ca: insecure is a text", key("insecure-skip-tls-verify: 'true'")),
		single("ca: server name", key("tls-server-name: kube.internal, certificate-authority-data: @ca1.b64@")),
		single("ca: unknown fields", key("disable-compression: true, what-is-this: [1, 2]")),
		single("proxy: http", key("proxy-url: 'http://proxy:3128'")),
		single("proxy: https", key("proxy-url: 'https://proxy:3128'")),
		single("proxy: socks5", key("proxy-url: 'socks5://proxy:1080'")),
		single("proxy: socks4", key("proxy-url: 'socks4://proxy:1080'")),
		single("proxy: no scheme", key("proxy-url: 'proxy:3128'")),
	}
}

func users() []Case {
	key := func(user string) string { return one(https, user) }
	const certData = "client-certificate-data: @cert1.b64@, client-key-data: @key1.b64@"
	const certFiles = "client-certificate: c.pem, client-key: k.pem"
	const exec = "exec: {apiVersion: client.authentication.k8s.io/%s, command: %s, interactiveMode: %s}"
	run := func(version, command, mode string) string { return key(fmt.Sprintf(exec, version, command, mode)) }
	return []Case{
		single("user: nobody", key("")),
		single("user: token", key("token: abc.def")),
		single("user: token with blanks", key("token: ' abc '")),
		single("user: token is a number", key("token: 12345")),
		single("user: token file", key("tokenFile: t")).also("t", "from-file\n"),
		single("user: token file in a folder", key("tokenFile: a/../b/t")).also("b/t", "from-b"),
		single("user: token file is missing", key("tokenFile: t")),
		single("user: token and token file", key("token: abc, tokenFile: t")).also("t", "from-file"),
		single("user: token and missing token file", key("token: abc, tokenFile: t")),
		single("user: basic", key("username: me, password: pass")),
		single("user: basic with a colon", key("username: me, password: 'a:b c'")),
		single("user: name only", key("username: me")),
		single("user: password only", key("password: pass")),
		single("user: token and basic", key("token: abc, username: me, password: pass")),
		single("user: token file and basic", key("tokenFile: t, username: me, password: pass")).also("t", "tok"),
		single("user: certificate data", key(certData)),
		single("user: certificate files", key(certFiles)).also("c.pem", "@cert2@").also("k.pem", "@key2@"),
		single("user: certificate file, key data", key("client-certificate: c.pem, client-key-data: @key2.b64@")).also("c.pem", "@cert2@"),
		single("user: certificate and token", key(certData+", token: abc")),
		single("user: certificate and basic", key(certData+", username: me, password: pass")),
		single("user: certificate without key", key("client-certificate-data: @cert1.b64@")),
		single("user: key without certificate", key("client-key-data: @key1.b64@")),
		single("user: certificate data and file", key(certData+", client-certificate: c.pem")).also("c.pem", "@cert1@"),
		single("user: key data and file", key(certData+", client-key: k.pem")).also("k.pem", "@key1@"),
		single("user: certificate file is missing", key(certFiles)).also("k.pem", "@key2@"),
		single("user: key file is missing", key(certFiles)).also("c.pem", "@cert2@"),
		single("user: key is no PEM", key("client-certificate-data: @cert1.b64@, client-key-data: UkVEQUNURUQ=")),
		single("user: exec", run("v1", "plugin", "Never")),
		single("user: exec relative", run("v1", "bin/plugin", "IfAvailable")),
		single("user: exec dot", run("v1beta1", "./plugin", "Never")),
		single("user: exec absolute", run("v1beta1", "/usr/bin/plugin", "Never")),
		single("user: exec v1alpha1", run("v1alpha1", "plugin", "Never")),
		single("user: exec unknown version", run("v2", "plugin", "Never")),
		single("user: exec unknown mode", run("v1", "plugin", "Sometimes")),
		single("user: exec v1 without mode", key("exec: {apiVersion: client.authentication.k8s.io/v1, command: p}")),
		single("user: exec v1beta1 without mode", key("exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}")),
		single("user: exec without command", key("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}")),
		single("user: exec without version", key("exec: {command: p, interactiveMode: Never}")),
		single("user: exec env without name", key("exec: {apiVersion: client.authentication.k8s.io/v1, command: p, interactiveMode: Never, env: [{value: a}]}")),
		single("user: exec and auth-provider", key("auth-provider: {name: oidc}, "+fmt.Sprintf(exec, "v1", "p", "Never"))),
		single("user: auth-provider gcp", key("auth-provider: {name: gcp}")),
		single("user: auth-provider azure", key("auth-provider: {name: azure}")),
		single("user: as", key("token: t, as: jane")),
		single("user: as with all", key("token: t, as: jane, as-uid: u-1, as-groups: [dev, ops], as-user-extra: {Scopes: [a, b], 'x/y%': [c]}")),
		single("user: as-groups without as", key("token: t, as-groups: [dev]")),
		single("user: as by option", key("token: t, as: jane, as-groups: [dev]")).with(Options{Impersonate: "joe"}),
		single("user: http drops all", one("server: http://1.2.3.4:80", "token: t, as: jane")),
		single("user: http drops certificates", one("server: http://1.2.3.4:80", certData)),
	}
}

func choices() []Case {
	two := `apiVersion: v1
kind: Config
current-context: x
clusters:
- {name: c, cluster: {server: "https://c:1"}}
- {name: d, cluster: {server: "https://d:1"}}
users:
- {name: u, user: {token: tu}}
- {name: v, user: {token: tv}}
contexts:
- {name: x, context: {cluster: c, user: u, namespace: nx}}
- {name: w, context: {cluster: d, user: v}}
`
	none := strings.Replace(two, "current-context: x\n", "", 1)
	pick := func(name string, o Options) Case { return single("choice: "+name, two).with(o) }
	return []Case{
		pick("current-context", Options{}), pick("context", Options{Context: "w"}),
		pick("cluster", Options{Cluster: "d"}), pick("user", Options{User: "v"}),
		pick("namespace", Options{Namespace: "other"}), pick("all", Options{"", "w", "c", "u", "n", ""}),
		pick("no such context", Options{Context: "z"}), pick("no such cluster", Options{Cluster: "z"}),
		pick("no such user", Options{User: "z"}),
		single("choice: no current-context", none), single("choice: no current-context, in a pod", none).inPod("10.0.0.1", "443"),
		single("choice: no current-context, cluster and user", none).with(Options{Cluster: "d", User: "v"}),
		single("choice: no current-context, cluster", none).with(Options{Cluster: "d"}),
		single("choice: no current-context, context", none).with(Options{Context: "x"}),
		single("choice: undefined current-context", strings.Replace(two, "current-context: x", "current-context: z", 1)),
		single("choice: undefined current-context, context", strings.Replace(two, "current-context: x", "current-context: z", 1)).with(Options{Context: "w"}),
		single("choice: undefined cluster", config("x", "c", https, "u", "", "x", "cluster: other, user: u")),
		single("choice: undefined user", config("x", "c", https, "u", "", "x", "cluster: c, user: other")),
		single("choice: no user", config("x", "c", https, "u", "token: t", "x", "cluster: c")),
		single("choice: empty cluster", one("", "token: t")),
		single("choice: kubeconfig", two).with(Options{Kubeconfig: "other"}).also("other", one(https, "token: o")),
		single("choice: kubeconfig is missing", two).with(Options{Kubeconfig: "other"}),
		single("choice: kubeconfig is a list", two).with(Options{Kubeconfig: "config:config"}),
		single("choice: home", one(https, "token: c")).also(".kube/config", one(https, "token: home")).list(),
		single("choice: nothing", two).list("a", "b"),
		single("choice: nothing, in a pod", two).list("a", "b").inPod("10.0.0.1", "443"),
		single("choice: nothing, in a pod with IPv6", two).list("a").inPod("fd00::1", "6443"),
		single("choice: a kubeconfig in a pod", two).inPod("10.0.0.1", "443"),
		single("choice: empty file", "").inPod("10.0.0.1", "443"),
	}
}

func shapes() []Case {
	asJSON := `{"apiVersion": "v1", "kind": "Config", "current-context": "x", "preferences": {}, "clusters": [{"name": "c",
"cluster": {"server": "https://json:1", "certificate-authority-data": "@ca1.b64@"}}], "users": [{"name": "u", "user": {"token": "j\u0041"}}],
"contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "js"}}]}`
	good := one(https, "token: t")
	return []Case{
		single("shape: JSON", asJSON),
		single("shape: broken JSON", asJSON[:len(asJSON)-2]),
		single("shape: tab", strings.Replace(good, "- {name: c,", "\t- {name: c,", 1)),
		single("shape: list at the top", "- a\n- b\n"),
		single("shape: another kind", strings.Replace(good, "kind: Config", "kind: Pod", 1)),
		single("shape: no kind", strings.Replace(good, "kind: Config\n", "", 1)),
		single("shape: another version", strings.Replace(good, "apiVersion: v1", "apiVersion: v2", 1)),
		single("shape: no version", strings.Replace(good, "apiVersion: v1\n", "", 1)),
		single("shape: two clusters of one name", strings.Replace(good, "users:", "- {name: c, cluster: {server: 'https://other:1'}}\nusers:", 1)),
		single("shape: two users of one name", strings.Replace(good, "contexts:", "- {name: u, user: {token: other}}\ncontexts:", 1)),
		single("shape: two contexts of one name", good+"- {name: x, context: {cluster: c}}\n"),
		single("shape: clusters is a map", strings.Replace(good, "- {name: c, cluster: {"+https+"}}", "  c: d", 1)),
		single("shape: null lists", "apiVersion: v1\nkind: Config\nclusters: null\nusers: null\ncontexts: null\n"),
		single("shape: unknown keys", good+"what: {is: this}\npreferences: {colors: true}\n"),
		single("shape: comments and quotes", "# a comment\n"+strings.Replace(good, "token: t", "token: \"t\"", 1)+"# the end\n"),
		single("shape: alias", strings.Replace(good, "token: t", "token: &a t, password: *a", 1)),
		single("shape: anchor alone", strings.Replace(good, "token: t", "token: &a t", 1)),
		single("shape: block text", strings.Replace(good, "{name: u, user: {token: t}}", "name: u\n  user:\n    token: |\n      abc", 1)),
		single("shape: server is a list", one("server: [a]", "token: t")),
	}
}

func lists() []Case {
	a := config("x", "c", "server: 'https://a:1'", "u", "token: ta", "x", "cluster: c, user: u, namespace: na")
	b := config("w", "c", "server: 'https://b:1', tls-server-name: b", "u", "token: tb", "w", "cluster: c, user: u")
	late := strings.Replace(a, "current-context: x", "current-context: ''", 1)
	base := Case{Files: map[string]string{"a": a, "b": b}, List: []string{"a", "b"}}
	named := func(name string, c Case) Case { c.Name = "list: " + name; return c }
	return []Case{
		named("first wins", base), named("other order", base.list("b", "a")),
		named("context of the second", base.with(Options{Context: "w"})),
		named("current-context in the second", base.also("a", late)),
		named("missing first", base.list("no", "b")), named("missing between", base.list("a", "no", "b")),
		named("empty entries", base.list("", "a", "", "b")), named("repeated", base.list("a", "b", "a")),
		named("broken second", base.also("b", "a: [")), named("empty first", base.also("a", "")),
		named("relative paths", Case{Files: map[string]string{
			"one/config": "contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n",
			"two/config": "clusters: [{name: c, cluster: {server: 'https://t:1', certificate-authority: pki/ca}}]\n",
			"tri/config": "users: [{name: u, user: {tokenFile: ../two/token}}]\n",
			"two/pki/ca": "@ca3@", "two/token": "tok\n"}, List: []string{"one/config", "two/config", "tri/config"}}),
	}
}

func byHand() []Case {
	all := []Case{}
	for _, more := range [][]Case{servers(), trust(), users(), choices(), shapes(), lists()} {
		all = append(all, more...)
	}
	return all
}
