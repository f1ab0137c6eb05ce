// Package sim runs the daemon's own sessions in virtual time, on one goroutine, over a network that loses, duplicates,
// delays and reorders. Nothing in it depends on a clock, a scheduler or the order of a map, so the same seed gives the
// same run, byte for byte, everywhere.
//
// It is a world of nodes. A node is a daemon with a user: sessions by peer, and a function that hears each event and may
// answer with commands. What is simulated is the code that ships; only the goroutines round the sessions are missing.
package sim

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// World is a network of nodes in virtual time. It is for one goroutine.
type World struct {
	now    time.Time
	seed   uint64
	faults netio.Faults
	nodes  map[netip.AddrPort]*Node
	guests map[netip.AddrPort]*Guest
	links  map[link]*netio.Link
	queue  queue
	order  uint64
	copies []time.Time
	rand   *rand.Rand

	// Trace, if not nil, is told each datagram that is sent, with what becomes of it, and each event that a user hears.
	Trace func(line string)
}

type link struct{ from, to netip.AddrPort }

// Start is the moment at which every world begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// New returns an empty world. Every link between two nodes has the given faults and a stream of chance of its own, named
// by the seed and its ends.
func New(faults netio.Faults, seed uint64) *World {
	return &World{
		now: start, seed: seed, faults: faults, nodes: make(map[netip.AddrPort]*Node),
		guests: make(map[netip.AddrPort]*Guest), links: make(map[link]*netio.Link),
		rand: rand.New(rand.NewPCG(seed, 1)),
	}
}

// Now is the time in the world.
func (w *World) Now() time.Time { return w.now }

// Elapsed is how long the world has run.
func (w *World) Elapsed() time.Duration { return w.now.Sub(start) }

// Rand is the world's stream of chance, for users that act at random.
func (w *World) Rand() *rand.Rand { return w.rand }

// SetFaults changes how bad all links are from now on.
func (w *World) SetFaults(f netio.Faults) {
	w.faults = f
	for _, l := range w.links {
		l.SetFaults(f)
	}
}

// Node is a daemon with a user.
type Node struct {
	Addr netip.AddrPort
	Name string

	// Hear, if not nil, is told each event that the user's client would get. It may call Do.
	Hear func(client.Event)

	world    *World
	cfg      engine.Config
	env      *engine.Env
	sessions map[netip.AddrPort]*conversation
	out      engine.Outbox
	acting   bool
	pending  []client.Event
}

// conversation is a session and when it will next be woken; zero: not at all.
type conversation struct {
	engine.Session
	wake time.Time
}

// Add puts a node into the world.
func (w *World) Add(addr netip.AddrPort, name string, cfg engine.Config) *Node {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], w.seed)
	binary.LittleEndian.PutUint64(seed[8:], netio.PairSeed(addr, addr))
	cfg.Random = rand.NewChaCha8(seed)
	n := &Node{Addr: addr, Name: name, world: w, cfg: cfg}
	n.Restart()
	w.nodes[addr] = n
	return n
}

// Restart makes the node forget everything, as a daemon does that was killed and started again.
func (n *Node) Restart() {
	n.env = engine.NewEnv(n.cfg, n.Name)
	n.sessions = make(map[netip.AddrPort]*conversation)
}

// Quiet reports whether none of the node's conversations is under way.
func (n *Node) Quiet() bool {
	for _, s := range n.sessions {
		if !s.Quiet() {
			return false
		}
	}
	return true
}

// Session returns the conversation with a peer, nil if there is none.
func (n *Node) Session(peer netip.AddrPort) *engine.Session {
	if c := n.sessions[peer]; c != nil {
		return &c.Session
	}
	return nil
}

// Do carries out a user's command to a peer.
func (n *Node) Do(peer netip.AddrPort, cmd client.Command) {
	n.input(peer, engine.Input{Command: cmd})
}

// After calls do when d has passed.
func (w *World) After(d time.Duration, do func()) { w.push(item{at: w.now.Add(d), do: do}) }

// input gives one input to the session with a peer. Events that the user answers at once are heard after the step.
func (n *Node) input(peer netip.AddrPort, in engine.Input) {
	s := n.sessions[peer]
	if s == nil {
		s = &conversation{Session: engine.NewSession(n.env, peer, true)}
	}
	s.Handle(n.world.now, in, &n.out)
	n.settle(peer, s)
}

func (n *Node) expire(peer netip.AddrPort) {
	if s := n.sessions[peer]; s != nil && !n.world.now.Before(s.wake) {
		s.wake = time.Time{}
		s.Expire(n.world.now, &n.out)
		n.settle(peer, s)
	}
}

// settle performs what a session wanted done.
func (n *Node) settle(peer netip.AddrPort, s *conversation) {
	w := n.world
	if s.Done() {
		delete(n.sessions, peer)
	} else {
		n.sessions[peer] = s
		// One wake-up that is not later than the deadline is enough: it asks again.
		if at, any := s.NextDeadline(); any && (s.wake.IsZero() || at.Before(s.wake)) {
			s.wake = at
			w.push(item{at: at, node: n, peer: peer})
		}
	}
	n.pending = append(n.pending, n.out.Events...)
	for b := range n.out.Datagrams {
		w.send(n.Addr, peer, b)
	}
	n.out.Reset()
	if n.acting {
		return // the outer call goes on with what came
	}
	n.acting = true
	for len(n.pending) > 0 {
		ev := n.pending[0]
		n.pending = n.pending[1:]
		if w.Trace != nil {
			w.trace("%-8s hears %s", n.Name, describe(ev))
		}
		if n.Hear != nil {
			n.Hear(ev)
		}
	}
	n.acting = false
}

func describe(ev client.Event) string {
	line, err := client.Native{}.AppendEvent(nil, ev)
	if err != nil {
		return err.Error()
	}
	return string(line[:len(line)-1])
}

func (w *World) trace(format string, args ...any) {
	w.Trace(fmt.Sprintf("%9.3fs ", w.Elapsed().Seconds()) + fmt.Sprintf(format, args...))
}

// Inject puts a datagram on the way, as if from had sent it.
func (w *World) Inject(from, to netip.AddrPort, b []byte) { w.send(from, to, b) }

func (w *World) send(from, to netip.AddrPort, b []byte) {
	l := w.links[link{from, to}]
	if l == nil {
		l = netio.NewLink(w.faults, w.seed, netio.PairSeed(from, to))
		w.links[link{from, to}] = l
	}
	w.copies = l.Fate(w.now, w.copies[:0])
	if w.Trace != nil {
		w.traceDatagram(from, to, b)
	}
	for _, at := range w.copies {
		w.push(item{at: at, from: from, to: to, datagram: slices.Clone(b)})
	}
}

func (w *World) traceDatagram(from, to netip.AddrPort, b []byte) {
	what := "unreadable"
	if d, _, err := codec.Decode(b); err == nil {
		what = d.String()
	}
	fate := "lost"
	switch len(w.copies) {
	case 0:
	case 1:
		fate = "arrives in " + w.copies[0].Sub(w.now).String()
	default:
		fate = fmt.Sprintf("arrives %d times", len(w.copies))
	}
	w.trace("%s -> %s %s (%s)", from, to, what, fate)
}

// Run goes on until nothing is left to happen, or the limit of virtual time is reached; it reports whether all is quiet.
func (w *World) Run(limit time.Duration) bool {
	end := w.now.Add(limit)
	for len(w.queue) > 0 {
		next := w.queue[0]
		if next.at.After(end) {
			w.now = end
			return false
		}
		heap.Pop(&w.queue)
		w.now = next.at
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
		if g := w.guests[it.to]; g != nil {
			g.receive(it.from, it.datagram)
		}
		n := w.nodes[it.to]
		if n == nil {
			return
		}
		if d, notes, err := codec.Decode(it.datagram); err == nil {
			n.input(it.from, engine.Input{Datagram: &d, Size: len(it.datagram), Notes: notes})
		}
	}
}

// item is something that will happen: a call, a deadline, or a datagram that arrives.
type item struct {
	at    time.Time
	order uint64 // of two at the same time the one that was put in first

	do       func()
	node     *Node
	peer     netip.AddrPort
	from, to netip.AddrPort
	datagram []byte
}

func (w *World) push(it item) {
	w.order++
	it.order = w.order
	heap.Push(&w.queue, it)
}

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) } //nolint:forcetypeassert // heap gives back what push gave it
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	old[len(old)-1] = item{}
	*q = old[:len(old)-1]
	return it
}
