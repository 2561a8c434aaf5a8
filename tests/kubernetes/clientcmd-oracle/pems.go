package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

// pems are certificates and keys of nobody, made from fixed seeds: the same in every run.
var pems = makePems()

func makePems() map[string]string {
	all := map[string]string{}
	for i, name := range []string{"1", "2", "3"} {
		seed := sha256.Sum256([]byte("leakdiag test key " + name))
		key := ed25519.NewKeyFromSeed(seed[:])
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: "test " + name},
			NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(4000000000, 0),
			IsCA: true, BasicConstraintsValid: true,
		}
		der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
		must(err)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		must(err)
		certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		all["ca"+name], all["cert"+name] = certificate, certificate
		all["key"+name] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	}
	// A certificate is an authority in one place and a client in another: told apart by a comment.
	for _, name := range []string{"1", "2", "3"} {
		all["cert"+name] = "# client " + name + "\n" + all["cert"+name]
	}
	return all
}

func nameOf(data []byte) string {
	for name, text := range pems {
		if text == string(data) {
			return name
		}
	}
	return string(data)
}

func fill(text, dir string) string {
	for name, value := range pems {
		text = strings.ReplaceAll(text, "@"+name+".b64@",
			base64.StdEncoding.EncodeToString([]byte(value)))
		text = strings.ReplaceAll(text, "@"+name+"@", value)
	}
	return strings.ReplaceAll(text, "@DIR@", dir)
}
