package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// RSA with 2048 bits and a client certificate: what kubeadm, and with it most clusters, hand out.
type keys struct {
	authority     *x509.Certificate
	authorityKey  *rsa.PrivateKey
	authorityPool *x509.CertPool
	serverPair    tls.Certificate
	clientPair    tls.Certificate
}

func makeKeys() (*keys, error) {
	k := &keys{authorityPool: x509.NewCertPool()}
	pair, err := k.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	})
	if err != nil {
		return nil, err
	}
	k.authorityKey = pair.PrivateKey.(*rsa.PrivateKey)
	if k.authority, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
		return nil, err
	}
	k.authorityPool.AddCert(k.authority)
	if k.serverPair, err = k.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}); err != nil {
		return nil, err
	}
	k.clientPair, err = k.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "kubernetes-admin", Organization: []string{"readers"}},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return k, err
}

// issue signs with the authority, or with the new key itself when there is none yet.
func (k *keys) issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return tls.Certificate{}, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	parent, signer := k.authority, k.authorityKey
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func (k *keys) server() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{k.serverPair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    k.authorityPool,
		NextProtos:   []string{"h2", "http/1.1"},
		MinVersion:   tls.VersionTLS12,
	}
}

func asPEM(kind string, der []byte) string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (k *keys) writeKubeconfig(path, url string) error {
	key := x509.MarshalPKCS1PrivateKey(k.clientPair.PrivateKey.(*rsa.PrivateKey))
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: fake
contexts:
- context:
    cluster: fake
    user: kubernetes-admin
  name: kubernetes-admin@fake
current-context: kubernetes-admin@fake
preferences: {}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: %s
    client-key-data: %s
`, asPEM("CERTIFICATE", k.authority.Raw), url, asPEM("CERTIFICATE", k.clientPair.Certificate[0]),
		asPEM("RSA PRIVATE KEY", key))
	return os.WriteFile(path, []byte(text), 0o600)
}
