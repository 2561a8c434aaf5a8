package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// runRelay passes connections from a socket that it was given to an address it can reach. The socket
// was made outside the cluster's network namespace, the address is inside.
func runRelay(arguments []string) error {
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	descriptor := flags.Uint("fd", 3, "the listening socket")
	to := flags.String("to", "", "where connections go")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	listener, err := net.FileListener(os.NewFile(uintptr(*descriptor), "listener"))
	if err != nil {
		return fmt.Errorf("descriptor %d is no listening socket: %w", *descriptor, err)
	}
	return serve(listener, func() string { return *to })
}

// serve relays what a listener accepts until it is closed. Where to is asked for each connection; an
// empty answer is refused with a reset, as a Service without endpoints does.
func serve(listener net.Listener, where func() string) error {
	for {
		from, err := listener.Accept()
		if err != nil {
			return err
		}
		go relay(from.(*net.TCPConn), where())
	}
}

func relay(from *net.TCPConn, address string) {
	defer from.Close()
	if address == "" {
		from.SetLinger(0)
		return
	}
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		from.SetLinger(0)
		return
	}
	to := connection.(*net.TCPConn)
	defer to.Close()
	done := make(chan struct{})
	go func() {
		io.Copy(to, from)
		to.CloseWrite()
		close(done)
	}()
	io.Copy(from, to)
	from.CloseWrite()
	<-done
}
