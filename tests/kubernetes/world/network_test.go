package main

import (
	"encoding/binary"
	"encoding/json"
	"net"
	"testing"
	"time"
)

func newTestNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{services: map[string]service{}, slices: map[string]endpointSlice{},
		listeners: map[string]net.Listener{}}
	t.Cleanup(func() { n.setServices(nil) })
	return n
}

func query(name []byte, kind uint16) []byte {
	q := []byte{7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1} // one question, and an additional record to ignore
	q = append(q, name...)
	q = binary.BigEndian.AppendUint16(q, kind)
	return append(q, 0, 1, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0)
}

func label(names ...string) []byte {
	var out []byte
	for _, name := range names {
		out = append(append(out, byte(len(name))), name...)
	}
	return append(out, 0)
}

func TestNamesOfServicesHaveTheirAddress(t *testing.T) {
	n := newTestNetwork(t)
	one := service{Metadata: meta{Name: "flagd", Namespace: "otel-demo"}}
	one.Spec.ClusterIP = "10.96.0.7"
	n.services["otel-demo/flagd"] = one
	name := label("FlagD", "otel-demo", "svc", "cluster", "local")

	reply := n.answer(query(name, typeA))
	if reply[0] != 7 || reply[2]&0x80 == 0 || reply[3]&0x0f != 0 || reply[7] != 1 {
		t.Fatalf("head of the answer: %v", reply[:headBytes])
	}
	if got := net.IP(reply[len(reply)-4:]).String(); got != "10.96.0.7" {
		t.Errorf("address %s", got)
	}
	if binary.BigEndian.Uint16(reply[10:]) != 0 {
		t.Error("the additional record of the question was announced, but is not there")
	}

	reply = n.answer(query(name, 28)) // AAAA: the name is there, the record is not
	if reply[3]&0x0f != 0 || reply[7] != 0 {
		t.Errorf("AAAA: %v", reply[:headBytes])
	}
}

func TestOtherNamesAreUnknown(t *testing.T) {
	n := newTestNetwork(t)
	n.services["otel-demo/headless"] = service{}
	for _, name := range [][]byte{
		label("example", "com"),
		label("nope", "otel-demo", "svc", "cluster", "local"),
		label("headless", "otel-demo", "svc", "cluster", "local"),
		label("svc", "cluster", "local"),
		label(),
	} {
		if reply := n.answer(query(name, typeA)); reply[3]&0x0f != noSuchName || reply[7] != 0 {
			t.Errorf("%q: %v", name, reply[:headBytes])
		}
	}
}

func TestWhatIsNoQueryIsNotAnswered(t *testing.T) {
	n := newTestNetwork(t)
	whole := query(label("flagd", "otel-demo"), typeA)
	for size := 0; size < headBytes+len(label("flagd", "otel-demo"))+4; size++ {
		if n.answer(whole[:size]) != nil {
			t.Errorf("%d bytes were answered", size)
		}
	}
	reply := append([]byte{}, whole...)
	reply[2] |= 0x80
	compressed := query([]byte{0xc0, 12}, typeA)
	if n.answer(reply) != nil || n.answer(compressed) != nil {
		t.Error("an answer, or a name that points to itself, was answered")
	}
}

func slice(t *testing.T, text string) endpointSlice {
	t.Helper()
	var s endpointSlice
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyReadyEndpointsOfThePortAreUsedInTurns(t *testing.T) {
	n := newTestNetwork(t)
	n.setSlices([]endpointSlice{slice(t, `{
		"metadata": {"name": "a", "namespace": "ns", "labels": {"kubernetes.io/service-name": "s"}},
		"endpoints": [
			{"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
			{"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
			{"addresses": ["10.0.0.3"]}],
		"ports": [{"name": "rpc", "port": 8013}, {"name": "ofrep", "port": 8016}]}`)})
	seen := map[string]int{}
	for range 10 {
		seen[n.endpoint("ns/s", "ofrep")]++
	}
	if len(seen) != 2 || seen["10.0.0.1:8016"] != 5 || seen["10.0.0.3:8016"] != 5 {
		t.Errorf("%v", seen)
	}
	if n.endpoint("other/s", "ofrep") != "" || n.endpoint("ns/s", "nope") != "" {
		t.Error("an endpoint of another Service or port was used")
	}
}

func TestAServiceIsServedUntilItGoesAndRefusesWithoutEndpoints(t *testing.T) {
	n := newTestNetwork(t)
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	go func() {
		for {
			connection, err := backend.Accept()
			if err != nil {
				return
			}
			connection.Write([]byte("hello"))
			connection.Close()
		}
	}()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().(*net.TCPAddr)
	free.Close()
	one := service{Metadata: meta{Name: "s", Namespace: "ns"}}
	one.Spec.ClusterIP = "127.0.0.1"
	one.Spec.Ports = []servicePort{{Name: "p", Port: address.Port}}
	n.changeService("ADDED", one)

	if got := ask(address.String()); got != "" {
		t.Errorf("without endpoints it answered %q", got)
	}
	var endpoints endpointSlice
	endpoints.Metadata = meta{Name: "a", Namespace: "ns",
		Labels: map[string]string{"kubernetes.io/service-name": "s"}}
	port := backend.Addr().(*net.TCPAddr).Port
	text, _ := json.Marshal(map[string]any{"endpoints": []any{map[string]any{
		"addresses": []string{"127.0.0.1"}}}, "ports": []any{map[string]any{"name": "p", "port": port}}})
	json.Unmarshal(text, &endpoints)
	n.changeSlice("ADDED", endpoints)
	if got := ask(address.String()); got != "hello" {
		t.Errorf("it answered %q", got)
	}
	n.changeService("DELETED", one)
	if connection, err := net.Dial("tcp", address.String()); err == nil {
		connection.Close()
		t.Error("a Service that is gone still listens")
	}
}

// ask is what an address says; "" when it refuses, which a client may see while it still connects.
func ask(address string) string {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return ""
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 100)
	size, _ := connection.Read(buffer)
	return string(buffer[:size])
}
