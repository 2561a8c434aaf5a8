package main

import (
	"encoding/binary"
	"net"
	"strings"
)

const clusterDomain = ".svc.cluster.local"

const (
	typeA         = 1
	classInternet = 1
	headBytes     = 12
	noSuchName    = 3
)

// answerNames answers SERVICE.NAMESPACE.svc.cluster.local with the Service's address, and every
// other name with "there is no such name": nothing outside the cluster can be reached anyway.
func (n *network) answerNames(address string) error {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		if answer := n.answer(buffer[:size]); answer != nil {
			socket.WriteTo(answer, from)
		}
	}
}

// answer is the reply to one query; nil for what is no query with one question.
func (n *network) answer(query []byte) []byte {
	name, end := question(query)
	if end == 0 {
		return nil
	}
	kind := binary.BigEndian.Uint16(query[end-4:])
	reply := append([]byte{}, query[:end]...)
	reply[2], reply[3] = 0x84|query[2]&1, 0x80 // a reply, with authority; recursion as asked
	for i := 6; i < headBytes; i++ {
		reply[i] = 0
	}
	address := n.addressOf(name)
	if address == nil {
		reply[3] |= noSuchName
		return reply
	}
	if kind != typeA { // the name is there, but has no such record: the resolver asks no further
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, headBytes, 0, typeA, 0, classInternet, 0, 0, 0, 5, 0, 4)
	return append(reply, address...)
}

// question returns the name asked for in lower case, and where the question ends; 0: none.
func question(query []byte) (string, int) {
	if len(query) < headBytes || query[2]&0x80 != 0 || binary.BigEndian.Uint16(query[4:]) != 1 {
		return "", 0
	}
	var labels []string
	at := headBytes
	for {
		if at >= len(query) {
			return "", 0
		}
		length := int(query[at])
		at++
		if length == 0 {
			break
		}
		if length > 63 || at+length > len(query) {
			return "", 0
		}
		labels = append(labels, strings.ToLower(string(query[at:at+length])))
		at += length
	}
	if at+4 > len(query) {
		return "", 0
	}
	return strings.Join(labels, "."), at + 4
}

func (n *network) addressOf(name string) net.IP {
	name, found := strings.CutSuffix(name, clusterDomain)
	service, namespace, both := strings.Cut(name, ".")
	if !found || !both {
		return nil
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	return net.ParseIP(n.services[namespace+"/"+service].Spec.ClusterIP).To4()
}
