package main

import "sync"

// A round is all requests that arrive before the first answer of the round before was sent, so it
// is what one round trip brings.
type rounds struct {
	mutex      sync.Mutex
	counts     counts
	isAnswered bool
	round      int // not reset: tells late answers of an earlier round from those of this one
}

type counts struct {
	Requests    int      `json:"requests"`
	Connections int      `json:"connections"`
	Rounds      int      `json:"rounds"`
	Paths       []string `json:"paths"`
}

func (r *rounds) connected() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.counts.Connections++
}

// arrived returns the round that the request belongs to.
func (r *rounds) arrived(path string) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.counts.Rounds == 0 || r.isAnswered {
		r.round++
		r.counts.Rounds++
		r.isAnswered = false
	}
	r.counts.Requests++
	r.counts.Paths = append(r.counts.Paths, path)
	return r.round
}

// answering is called just before the answer is sent.
func (r *rounds) answering(round int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if round == r.round {
		r.isAnswered = true
	}
}

func (r *rounds) take() counts {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	taken := r.counts
	r.counts = counts{}
	return taken
}
