package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/fsm"
	"simp/netio"
)

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
	detached bool // no client is there
	acting   bool
	pending  []client.Event
}

// conversation is a session and when it will next be woken; zero: not at all.
type conversation struct {
	engine.Session
	wake  time.Time
	birth *engine.Birth // not told yet
}

// Add puts a node into the world.
func (w *World) Add(addr netip.AddrPort, name string, cfg engine.Config) *Node {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], w.seed)
	binary.LittleEndian.PutUint64(seed[8:], netio.PairSeed(addr, addr))
	cfg.Random = rand.NewChaCha8(seed)
	if cfg.Gate == nil {
		if w.gate == nil {
			w.gate = fsm.NewGate()
		}
		cfg.Gate = w.gate
	}
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
	n.input(peer, byUser, engine.Input{Command: cmd})
}

// Detach takes the user's client away, Attach brings it back.
func (n *Node) Detach() {
	n.detached = true
	n.toAll(engine.Input{Detach: true})
}

// Attach shows the client what waits for it.
func (n *Node) Attach() {
	n.detached = false
	n.toAll(engine.Input{Attach: true})
}

// toAll gives one input to all sessions, in the order of their addresses: that of a map would make two runs differ.
func (n *Node) toAll(in engine.Input) {
	peers := make([]netip.AddrPort, 0, len(n.sessions))
	for peer := range n.sessions {
		peers = append(peers, peer)
	}
	slices.SortFunc(peers, netip.AddrPort.Compare)
	for _, peer := range peers {
		n.input(peer, byClient, in)
	}
}

// Fire makes a timer towards a peer fall due now, if it runs.
func (n *Node) Fire(peer netip.AddrPort, t fsm.Timer) {
	s := n.sessions[peer]
	if s == nil {
		return
	}
	fired := false
	n.observed(s, engine.Observation{Cause: engine.CauseTimer}, func() { fired = s.Fire(n.world.now, t, &n.out) })
	if fired {
		n.settle(peer, s, byTimer)
	}
}

// observed has something happen to a session, and tells whoever asks.
func (n *Node) observed(s *conversation, ob engine.Observation, happen func()) {
	if n.cfg.Observe == nil {
		happen()
		return
	}
	n.out.Watch(&s.Session)
	happen()
	ob.At, ob.Begins, ob.Ends = n.world.now, s.birth, s.Done()
	s.birth = nil
	n.cfg.Observe(n.out.Complete(ob, &s.Session))
}

func (n *Node) observation(in engine.Input) engine.Observation {
	switch {
	case in.Datagram != nil:
		return engine.Observation{Cause: engine.CauseDatagram, Raw: n.world.raw}
	case in.Command != nil:
		return engine.Observation{Cause: engine.CauseCommand, Command: in.Command}
	case in.Attach:
		return engine.Observation{Cause: engine.CauseAttach}
	case in.Detach:
		return engine.Observation{Cause: engine.CauseDetach}
	}
	return engine.Observation{Cause: engine.CauseShutdown}
}

// input gives one input to the session with a peer. Events that the user answers at once are heard after the step.
func (n *Node) input(peer netip.AddrPort, why cause, in engine.Input) {
	s := n.sessions[peer]
	if s == nil {
		s = &conversation{Session: engine.NewSession(n.env, peer, !n.detached)}
		if n.cfg.Observe != nil {
			s.birth = s.Birth()
		}
	}
	n.observed(s, n.observation(in), func() { s.Handle(n.world.now, in, &n.out) })
	n.settle(peer, s, why)
}

func (n *Node) expire(peer netip.AddrPort) {
	if s := n.sessions[peer]; s != nil && !n.world.now.Before(s.wake) {
		s.wake = time.Time{}
		n.observed(s, engine.Observation{Cause: engine.CauseTimer}, func() { s.Expire(n.world.now, &n.out) })
		n.settle(peer, s, byTimer)
	}
}

// settle performs what a session wanted done.
func (n *Node) settle(peer netip.AddrPort, s *conversation, why cause) {
	w := n.world
	if s.Done() {
		delete(n.sessions, peer)
	} else {
		n.sessions[peer] = s
		// One wake-up that is not later than the deadline is enough: it asks again.
		if at, any := s.NextDeadline(); any && (s.wake.IsZero() || at.Before(s.wake)) {
			s.wake = at
			w.push(item{at: at.Sub(start), node: n, peer: peer})
		}
	}
	if w.Trace != nil {
		for r := range n.out.Steps {
			w.trace("%-8s towards %s: %s -> %s by %s", n.Name, peer, r.From, r.To, r.ID())
		}
	}
	if w.watch != nil {
		w.watch.stepped(n, peer, why, &n.out)
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
	for i := 0; i < len(n.pending); i++ {
		ev := n.pending[i]
		if w.Trace != nil && !w.worded {
			w.trace("%-8s hears %s", n.Name, describe(ev))
		}
		if n.Hear != nil {
			n.Hear(ev)
		}
	}
	clear(n.pending)
	n.pending = n.pending[:0]
	n.acting = false
}

func describe(ev client.Event) string {
	line, err := client.Native{}.AppendEvent(nil, ev)
	if err != nil {
		return err.Error()
	}
	return string(line[:len(line)-1])
}
