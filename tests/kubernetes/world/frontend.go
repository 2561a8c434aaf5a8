package main

import (
	"flag"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// runFrontend is in the place of the demo's frontend: it takes the requests of the load generator
// and passes those for the checkout on.
func runFrontend(arguments []string) error {
	flags := flag.NewFlagSet("frontend", flag.ContinueOnError)
	listen := flags.String("listen", ":8080", "address to listen on")
	checkout := flags.String("checkout", "http://checkout:8080", "where orders go")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	target, err := url.Parse(*checkout)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/checkout", httputil.NewSingleHostReverseProxy(target))
	mux.HandleFunc("/{$}", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Write([]byte("frontend\n"))
	})
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
