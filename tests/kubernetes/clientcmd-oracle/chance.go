package main

import (
	"fmt"
	"strings"
)

// dice is a xorshift: the same numbers with every version of Go.
type dice uint64

func (d *dice) below(n int) int {
	*d ^= *d << 13
	*d ^= *d >> 7
	*d ^= *d << 17
	return int(uint64(*d>>33) % uint64(n))
}

func (d *dice) oneOf(words ...string) string { return words[d.below(len(words))] }

// some are names out of a, b, c, each of them with chance 6 in 7, at times in another order.
func (d *dice) some(prefix string) []string {
	names := []string{}
	for _, letter := range []string{"a", "b", "c"} {
		if d.below(7) > 0 {
			names = append(names, prefix+letter)
		}
	}
	if len(names) > 1 && d.below(2) == 0 {
		names[0], names[1] = names[1], names[0]
	}
	return names
}

func (d *dice) cluster(file int, name string) string {
	server := fmt.Sprintf("server: 'https://%s-%d.example:6443%s'", name, file, d.oneOf("", "/", "/p/q"))
	extra := d.oneOf("", "", "", ", certificate-authority-data: @ca1.b64@", ", certificate-authority: ca",
		", certificate-authority: ../ca", ", insecure-skip-tls-verify: true", ", tls-server-name: inner",
		", proxy-url: 'socks5://p:1'")
	return server + extra
}

func (d *dice) user(file int, name string) string {
	return d.oneOf(fmt.Sprintf("token: %s-%d", name, file), "tokenFile: tok", "tokenFile: ../tok",
		fmt.Sprintf("username: %s, password: p%d", name, file), "",
		"client-certificate-data: @cert1.b64@, client-key-data: @key1.b64@",
		"client-certificate: c, client-key: k",
		"exec: {apiVersion: client.authentication.k8s.io/v1, command: ./run, interactiveMode: Never}",
		fmt.Sprintf("token: %s-%d, as: jane, as-groups: [g%d]", name, file, file))
}

func (d *dice) context() string {
	// Every user and cluster name that a context may have; some are defined in no file.
	return fmt.Sprintf("cluster: c%s, user: u%s%s", d.oneOf("a", "b", "c"), d.oneOf("a", "b", "c"),
		d.oneOf("", "", ", namespace: n1", ", namespace: ''"))
}

func (d *dice) file(number int) string {
	text := &strings.Builder{}
	fmt.Fprintf(text, "apiVersion: v1\nkind: Config\n")
	if d.below(3) > 0 {
		fmt.Fprintf(text, "current-context: %s\n", d.oneOf("xa", "xb", "xc", "xa", "''"))
	}
	text.WriteString("clusters:\n")
	for _, name := range d.some("c") {
		fmt.Fprintf(text, "- {name: %s, cluster: {%s}}\n", name, d.cluster(number, name))
	}
	text.WriteString("users:\n")
	for _, name := range d.some("u") {
		fmt.Fprintf(text, "- {name: %s, user: {%s}}\n", name, d.user(number, name))
	}
	text.WriteString("contexts:\n")
	for _, name := range d.some("x") {
		fmt.Fprintf(text, "- {name: %s, context: {%s}}\n", name, d.context())
	}
	return text.String()
}

// everyUser is the last file of each list: a context whose user is defined nowhere is anonymous to
// client-go and an error to us, on purpose, and that is told apart once, by hand.
const everyUser = "users: [{name: ua, user: {token: last-a}}, {name: ub, user: {token: last-b}}, {name: uc, user: {token: last-c}}]\n"

func byChance(n int) []Case {
	d := dice(20261123)
	all := []Case{}
	for i := 0; i < n; i++ {
		c := Case{Name: fmt.Sprintf("chance %d", i), Files: map[string]string{"ca": "@ca2@", "tok": "tok-top"}}
		for number := 0; number <= d.below(3); number++ {
			folder := fmt.Sprintf("f%d/", number)
			c.Files[folder+"config"] = d.file(number)
			c.Files[folder+"ca"] = "@ca3@"
			c.Files[folder+"tok"] = fmt.Sprintf("tok-%d\n", number)
			c.Files[folder+"c"], c.Files[folder+"k"] = "@cert2@", "@key2@"
			c.List = append(c.List, folder+"config")
			if d.below(6) == 0 {
				c.List = append(c.List, fmt.Sprintf("missing-%d", number))
			}
		}
		c.Files["last"] = everyUser
		c.List = append(c.List, "last")
		c.Options = Options{Context: d.oneOf("", "", "xa", "xb"), Cluster: d.oneOf("", "", "", "cb"),
			User: d.oneOf("", "", "", "uc"), Namespace: d.oneOf("", "", "n2"), Impersonate: d.oneOf("", "", "", "joe")}
		all = append(all, c)
	}
	return all
}
