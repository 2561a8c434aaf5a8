package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// What may go wrong: at the door, before TLS, or with the answer.
var known = map[string]string{
	"none":           "",
	"deaf":           "connections are accepted and nothing is said on them",
	"reset":          "connections are reset at once",
	"garbage":        "what answers does not speak TLS",
	"silent":         "requests are taken and never answered",
	"silent-log":     "the same of logs only",
	"silent-service": "the same of proxied services only",
	"silent-metrics": "the same of metrics only",
	"slow-body":      "an answer begins at once and goes on with a byte in 10 ms",
	"cut":            "an answer ends in the middle, and its connection with it",
}

type faults struct {
	mutex sync.Mutex
	name  string
	delay time.Duration
}

func (f *faults) set(name string) error {
	if _, ok := known[name]; !ok {
		return fmt.Errorf("%q is no fault", name)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.name = name
	return nil
}

func (f *faults) setDelay(delay time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.delay = delay
}

func (f *faults) get() (string, time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.name, f.delay
}

func isSilent(fault, path string) bool {
	switch fault {
	case "silent":
		return true
	case "silent-log":
		return strings.HasSuffix(path, "/log")
	case "silent-service":
		return strings.Contains(path, "/proxy/")
	case "silent-metrics":
		return strings.HasPrefix(path, "/apis/metrics.k8s.io/")
	}
	return false
}

// send writes an answer as the fault has it.
func send(w http.ResponseWriter, r *http.Request, fault string, body []byte) {
	switch fault {
	case "slow-body":
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil || r.Context().Err() != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	case "cut":
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		w.Write(body)
	}
}

// gate stands before the TLS server: it counts connections, and some faults keep them there.
type gate struct {
	net.Listener
	server *server
	kept   []net.Conn
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		connection, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g.server.rounds.connected()
		fault, _ := g.server.faults.get()
		switch fault {
		case "deaf":
			g.kept = append(g.kept, connection)
		case "reset":
			connection.(*net.TCPConn).SetLinger(0)
			connection.Close()
		case "garbage":
			connection.Write([]byte("220 mail.example ESMTP\r\n"))
			connection.Close()
		default:
			return connection, nil
		}
	}
}
