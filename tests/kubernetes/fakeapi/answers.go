package main

import (
	"net/http"
	"strings"
	"time"
)

func (s *server) answerAPI(w http.ResponseWriter, r *http.Request) {
	fault, delay := s.faults.get()
	round := s.rounds.arrived(r.Method + " " + r.URL.RequestURI())
	if isSilent(fault, r.URL.Path) {
		<-r.Context().Done()
		return
	}
	time.Sleep(delay)
	status, contentType, body := s.choose(r)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	s.rounds.answering(round)
	send(w, r, fault, body)
}

// choose finds the answer; where the path alone does not tell, by the query.
func (s *server) choose(r *http.Request) (status int, contentType string, body []byte) {
	path, query := r.URL.Path, r.URL.Query()
	switch {
	case strings.HasSuffix(path, "/log"):
		return 200, "text/plain", s.site.tail(query.Get("tailLines"), query.Get("timestamps") == "true")
	case strings.HasSuffix(path, "/endpointslices"):
		_, name, _ := strings.Cut(query.Get("labelSelector"), "=")
		return s.site.find("GET", name+"'s slices")
	case strings.HasSuffix(path, "/pods") && strings.HasSuffix(query.Get("labelSelector"), "=flagd"):
		return s.site.find("GET", "flagd's pods")
	}
	return s.site.find(r.Method, path)
}

// answerFlagService is flagd's own port.
func (s *server) answerFlagService(w http.ResponseWriter, r *http.Request) {
	_, delay := s.faults.get()
	time.Sleep(delay)
	status, contentType, body := s.site.find(r.Method, r.URL.Path)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body)
}
