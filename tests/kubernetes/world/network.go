package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// The network is in the place of kube-proxy and of the cluster's DNS: it listens on the address of
// each Service and relays to a ready endpoint, and it answers names. The kernel must treat the
// service range as local ("ip route add local RANGE dev lo").

type meta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

type servicePort struct {
	Name     string `json:"name"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

type service struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		ClusterIP string        `json:"clusterIP"`
		Ports     []servicePort `json:"ports"`
	} `json:"spec"`
}

type endpointSlice struct {
	Metadata  meta `json:"metadata"`
	Endpoints []struct {
		Addresses  []string `json:"addresses"`
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
	} `json:"endpoints"`
	Ports []struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	} `json:"ports"`
}

type network struct {
	api    string
	client *http.Client

	lock      sync.Mutex
	services  map[string]service
	slices    map[string]endpointSlice
	listeners map[string]net.Listener // by address:port
	turn      int
}

func runNetwork(arguments []string) error {
	flags := flag.NewFlagSet("network", flag.ContinueOnError)
	api := flags.String("api", "", "URL of the API server")
	pki := flags.String("pki", "", "folder with ca.crt, network.crt and network.key")
	dns := flags.String("dns", "", "address:port to answer names on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	client, err := newClient(*pki)
	if err != nil {
		return err
	}
	n := &network{api: *api, client: client, services: map[string]service{},
		slices: map[string]endpointSlice{}, listeners: map[string]net.Listener{}}
	go follow(n, "/api/v1/services", n.setServices, n.changeService)
	go follow(n, "/apis/discovery.k8s.io/v1/endpointslices", n.setSlices, n.changeSlice)
	return n.answerNames(*dns)
}

func newClient(pki string) (*http.Client, error) {
	authority, err := os.ReadFile(pki + "/ca.crt")
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(pki+"/network.crt", pki+"/network.key")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}}, nil
}

// --- following the API ---------------------------------------------------------------------------

type list[T any] struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Items []T `json:"items"`
}

type event[T any] struct {
	Type   string `json:"type"`
	Object T      `json:"object"`
}

// follow lists and watches for ever; whatever ends a watch, the next list sets things right.
func follow[T any](n *network, path string, set func([]T), change func(string, T)) {
	for {
		version, err := listAll(n, path, set)
		if err == nil {
			err = watch(n, path, version, change)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "world network: %s: %v; asking again\n", path, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func listAll[T any](n *network, path string, set func([]T)) (string, error) {
	answer, err := n.client.Get(n.api + path)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	var all list[T]
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return "", err
	}
	set(all.Items)
	return all.Metadata.ResourceVersion, nil
}

func watch[T any](n *network, path, version string, change func(string, T)) error {
	answer, err := n.client.Get(n.api + path + "?watch=1&timeoutSeconds=300&resourceVersion=" + version)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	for events := json.NewDecoder(answer.Body); ; {
		var next event[T]
		if err := events.Decode(&next); err != nil {
			return nil // the end of a watch is no failure
		}
		if next.Type == "ERROR" {
			return nil
		}
		change(next.Type, next.Object)
	}
}

func (m meta) key() string { return m.Namespace + "/" + m.Name }

func (n *network) setServices(all []service) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.services = map[string]service{}
	for _, one := range all {
		n.services[one.Metadata.key()] = one
	}
	n.listen()
}

func (n *network) changeService(kind string, one service) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if kind == "DELETED" {
		delete(n.services, one.Metadata.key())
	} else {
		n.services[one.Metadata.key()] = one
	}
	n.listen()
}

func (n *network) setSlices(all []endpointSlice) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.slices = map[string]endpointSlice{}
	for _, one := range all {
		n.slices[one.Metadata.key()] = one
	}
}

func (n *network) changeSlice(kind string, one endpointSlice) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if kind == "DELETED" {
		delete(n.slices, one.Metadata.key())
	} else {
		n.slices[one.Metadata.key()] = one
	}
}

// --- addresses of Services -----------------------------------------------------------------------

// listen makes the listeners agree with the Services there are. The lock is held.
func (n *network) listen() {
	wanted := map[string]bool{}
	for key, one := range n.services {
		if net.ParseIP(one.Spec.ClusterIP) == nil {
			continue
		}
		for _, port := range one.Spec.Ports {
			address := net.JoinHostPort(one.Spec.ClusterIP, strconv.Itoa(port.Port))
			if port.Protocol == "" || port.Protocol == "TCP" {
				wanted[address] = true
				n.open(address, key, port.Name)
			}
		}
	}
	for address, listener := range n.listeners {
		if !wanted[address] {
			listener.Close()
			delete(n.listeners, address)
		}
	}
}

func (n *network) open(address, service, port string) {
	if n.listeners[address] != nil {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintf(os.Stderr, "world network: Service %s: %v\n", service, err)
		return
	}
	n.listeners[address] = listener
	go serve(listener, func() string { return n.endpoint(service, port) })
}

// endpoint is a ready address of a Service's port, in turns; "" when there is none.
func (n *network) endpoint(service, port string) string {
	n.lock.Lock()
	defer n.lock.Unlock()
	var ready []string
	for _, slice := range n.slices {
		if slice.Metadata.Namespace+"/"+slice.Metadata.Labels["kubernetes.io/service-name"] == service {
			ready = append(ready, slice.ready(port)...)
		}
	}
	if len(ready) == 0 {
		return ""
	}
	n.turn++
	return ready[n.turn%len(ready)]
}

func (s endpointSlice) ready(name string) []string {
	var all []string
	for _, port := range s.Ports {
		if port.Name != name {
			continue
		}
		for _, endpoint := range s.Endpoints {
			// Not said means ready: the API says so.
			if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
				continue
			}
			for _, address := range endpoint.Addresses {
				all = append(all, net.JoinHostPort(address, strconv.Itoa(port.Port)))
			}
		}
	}
	return all
}
