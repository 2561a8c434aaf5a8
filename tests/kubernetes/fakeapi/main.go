// Fakeapi is a Kubernetes API server and the services behind it, as far as the quick diagnosis asks
// for them: it replays recorded answers over HTTPS, late if told, and counts.
//
// It writes a kubeconfig, prints one line of JSON with its addresses, and then obeys lines on its
// standard input; their end is its end:
//
//	delay 25ms     every answer is late by that
//	fault NAME     what goes wrong from now on (see faults.go); none ends it
//	counts         prints requests, connections and rounds since the last time as a line of JSON
//
// Go's TLS and HTTP/2 are what a real API server uses.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

type server struct {
	site   *site
	rounds rounds
	faults faults
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("fakeapi: ")
	fixtures := flag.String("fixtures", "tests/fixtures", "folder of the recorded answers")
	kubeconfig := flag.String("kubeconfig", "", "file to write")
	flag.Parse()
	if *kubeconfig == "" || flag.NArg() > 0 {
		log.Print("-kubeconfig FILE is needed, and nothing but options")
		os.Exit(2)
	}
	if err := run(*fixtures, *kubeconfig); err != nil {
		log.Fatal(err)
	}
}

func run(fixtures, kubeconfig string) error {
	site, err := readSite(fixtures)
	if err != nil {
		return err
	}
	s := &server{site: site}
	keys, err := makeKeys()
	if err != nil {
		return err
	}
	api, err := s.serve(keys.server())
	if err != nil {
		return err
	}
	flagService, err := s.serve(nil)
	if err != nil {
		return err
	}
	if err := keys.writeKubeconfig(kubeconfig, "https://"+api); err != nil {
		return err
	}
	tell(map[string]string{"api": "https://" + api, "ofrep": "http://" + flagService})
	return s.obey(os.Stdin)
}

// serve answers on a port of its own, with TLS when there is a configuration for it. The plain one
// is flagd's own port as a port-forward shows it, and is not counted.
func (s *server) serve(config *tls.Config) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	silent := log.New(io.Discard, "", 0)
	if config == nil {
		plain := &http.Server{Handler: http.HandlerFunc(s.answerFlagService), ErrorLog: silent}
		go plain.Serve(listener)
		return listener.Addr().String(), nil
	}
	secure := &http.Server{Handler: http.HandlerFunc(s.answerAPI), TLSConfig: config, ErrorLog: silent}
	go secure.ServeTLS(&gate{Listener: listener, server: s}, "", "")
	return listener.Addr().String(), nil
}

func (s *server) obey(commands io.Reader) error {
	lines := bufio.NewScanner(commands)
	for lines.Scan() {
		verb, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch verb {
		case "delay":
			delay, err := time.ParseDuration(rest)
			if err != nil {
				return err
			}
			s.site.refresh()
			s.faults.setDelay(delay)
		case "fault":
			if err := s.faults.set(rest); err != nil {
				return err
			}
		case "counts":
			tell(s.rounds.take())
			continue
		default:
			return fmt.Errorf("%q is no command", verb)
		}
		tell(map[string]string{verb: rest})
	}
	return lines.Err()
}

func tell(what any) {
	line, err := json.Marshal(what)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}
