// Package sim runs the daemon's own sessions in virtual time, on one goroutine, over a network that loses, duplicates,
// delays and reorders. Nothing in it depends on a clock, a scheduler or the order of a map, so the same seed gives the
// same run, byte for byte, everywhere.
//
// From below: a [World] is a network of nodes in virtual time. A [Node] is a daemon with a user, a [Guest] one of another
// make. What is simulated is the code that ships; only the goroutines round the sessions are missing. On a world stands a
// stage, with users who act and are watched: each of their messages is followed, and each step is held against what the
// daemon promises ([Invariants]). A [Script] says who does what and what the network does, and Play performs it and
// judges. [Chat], [Storm] and [Meeting] are scripts that write themselves.
package sim

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"simp/codec"
	"simp/engine"
	"simp/fsm"
	"simp/netio"
)

// World is a network of nodes in virtual time. It is for one goroutine.
type World struct {
	now    time.Time
	seed   uint64
	faults netio.Faults
	nodes  map[netip.AddrPort]*Node
	guests map[netip.AddrPort]*Guest
	links  map[ends]*link
	queue  queue
	order  uint64
	copies []time.Time
	rand   *rand.Rand
	gate   *fsm.Gate

	raw     []byte // the datagram that arrives, and decoded; a step keeps nothing of it
	decoded codec.Datagram
	free    [][]byte // buffers of datagrams that have arrived

	// Trace, if not nil, is told each datagram that is sent, with what becomes of it, each transition and each event that a
	// user hears.
	Trace func(line string)

	worded bool // somebody is told in words what users hear, so Trace is not

	// fate, if not nil, is asked first what becomes of the n-th datagram of a link, from 1: after which times copies
	// arrive, and whether that is said at all.
	fate func(l *link, n int) (after []time.Duration, said bool)

	// ordered makes each datagram wait for those that were sent before it on its link, whatever else is said.
	ordered bool

	// harm, if not nil, may change each datagram that is sent.
	harm func(b []byte) []byte

	// sent, if not nil, is told each datagram that goes out, and when its copies arrive.
	sent func(l *link, n int, b []byte, copies []time.Time)

	watch watch // who is told what nodes do; may be nil
}

// watch is told what happens at nodes.
type watch interface {
	// arrives is called before a node gets a datagram, stepped after each step, before anybody hears of it.
	arrives(n *Node, from netip.AddrPort, b []byte)
	stepped(n *Node, peer netip.AddrPort, cause cause, out *engine.Outbox)
}

// cause is why a session took a step.
type cause uint8

const (
	byUser   cause = iota // a command
	byClient              // the client has come or gone
	byDatagram
	byTimer
)

// start is the moment at which every world begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// New returns an empty world. Every link between two nodes has the given faults and a stream of chance of its own, named
// by the seed and its ends.
func New(faults netio.Faults, seed uint64) *World {
	return &World{
		now: start, seed: seed, faults: faults, nodes: make(map[netip.AddrPort]*Node),
		guests: make(map[netip.AddrPort]*Guest), links: make(map[ends]*link),
		rand: rand.New(rand.NewPCG(seed, 1)),
	}
}

// Now is the time in the world.
func (w *World) Now() time.Time { return w.now }

// Elapsed is how long the world has run.
func (w *World) Elapsed() time.Duration { return w.now.Sub(start) }

// Rand is the world's stream of chance, for users that act at random.
func (w *World) Rand() *rand.Rand { return w.rand }

// After calls do when d has passed.
func (w *World) After(d time.Duration, do func()) { w.push(item{at: w.Elapsed() + d, do: do}) }

func (w *World) push(it item) {
	w.order++
	it.order = w.order
	w.queue.push(it)
}

// Run goes on until nothing is left to happen, or the limit of virtual time is reached; it reports whether all is quiet.
func (w *World) Run(limit time.Duration) bool {
	end := w.Elapsed() + limit
	for len(w.queue) > 0 {
		if w.queue[0].at > end {
			w.now = start.Add(end)
			return false
		}
		next := w.queue.pop()
		w.now = start.Add(next.at)
		w.happen(next)
	}
	return true
}

func (w *World) happen(it item) {
	switch {
	case it.do != nil:
		it.do()
	case it.node != nil:
		it.node.expire(it.peer)
	default:
		it.link.arrived(it.number)
		w.arrive(it.link.from, it.link.to, it.datagram)
		w.free = append(w.free, it.datagram)
	}
}

// arrive hands a datagram to whoever is at the address.
func (w *World) arrive(from, to netip.AddrPort, b []byte) {
	if g := w.guests[to]; g != nil {
		g.receive(from, b)
		return
	}
	n := w.nodes[to]
	if n == nil {
		return
	}
	if w.watch != nil {
		w.watch.arrives(n, from, b)
	}
	var notes codec.Notes
	var err error
	if w.decoded, notes, err = codec.Decode(b); err == nil {
		w.raw = b
		n.input(from, byDatagram, engine.Input{Datagram: &w.decoded, Size: len(b), Notes: notes})
	}
}
