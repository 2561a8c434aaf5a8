package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Longer than any run, shorter than what a lost key could be good for.
const certificateLife = 48 * time.Hour

type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

type identity struct {
	file, signer, name, group string
	hosts                     string // comma separated; names and addresses
}

// Who there is in a cluster: the names and groups are the ones RBAC knows.
var identities = []identity{
	{file: "kubelet-client", signer: "ca", name: "kube-apiserver-kubelet-client", group: "system:masters"},
	{file: "front-proxy-client", signer: "front-proxy-ca", name: "front-proxy-client"},
	{file: "admin", signer: "ca", name: "admin", group: "system:masters"},
	{file: "controller-manager", signer: "ca", name: "system:kube-controller-manager"},
	{file: "scheduler", signer: "ca", name: "system:kube-scheduler"},
	{file: "network", signer: "ca", name: "network", group: "system:masters"},
	{file: "metrics-server", signer: "ca", name: "system:serviceaccount:kube-system:metrics-server",
		hosts: "metrics-server.kube-system.svc"},
}

// makePKI writes every key and certificate of a cluster into a folder.
func makePKI(arguments []string) error {
	flags := flag.NewFlagSet("pki", flag.ContinueOnError)
	folder := flags.String("folder", "", "where to write; only its owner may read it")
	node := flags.String("node", "", "name of the node")
	hosts := flags.String("hosts", "", "names and addresses of the API server and the node")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if err := os.MkdirAll(*folder, 0o700); err != nil {
		return err
	}
	authorities := map[string]*authority{}
	for _, name := range []string{"ca", "front-proxy-ca"} {
		made, err := makeAuthority(*folder, name)
		if err != nil {
			return err
		}
		authorities[name] = made
	}
	all := append([]identity{
		{file: "apiserver", signer: "ca", name: "kube-apiserver", hosts: *hosts},
		{file: "kubelet", signer: "ca", name: "system:node:" + *node, group: "system:nodes",
			hosts: *node + "," + *hosts},
	}, identities...)
	for _, who := range all {
		if err := makeIdentity(*folder, who, authorities[who.signer]); err != nil {
			return err
		}
	}
	return makeTokenKey(*folder)
}

func makeAuthority(folder, name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(name, "")
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key}, writePair(folder, name, der, key)
}

func makeIdentity(folder string, who identity, signer *authority) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := newTemplate(who.name, who.group)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range strings.Split(who.hosts, ",") {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else if host != "" {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.certificate, key.Public(), signer.key)
	if err != nil {
		return err
	}
	return writePair(folder, who.file, der, key)
}

func newTemplate(name, group string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{CommonName: name}
	if group != "" {
		subject.Organization = []string{group}
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: subject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife)}, nil
}

// makeTokenKey makes the key that signs the tokens of service accounts.
func makeTokenKey(folder string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	private := x509.MarshalPKCS1PrivateKey(key)
	if err := writePEM(filepath.Join(folder, "sa.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writePEM(filepath.Join(folder, "sa.key"), "RSA PRIVATE KEY", private)
}

func writePair(folder, name string, certificate []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(folder, name+".crt"), "CERTIFICATE", certificate); err != nil {
		return err
	}
	return writePEM(filepath.Join(folder, name+".key"), "EC PRIVATE KEY", private)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
