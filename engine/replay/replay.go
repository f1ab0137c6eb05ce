package replay

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"simp/codec"
	"simp/engine"
	"simp/fsm"
)

// Options say how a recording is replayed.
type Options struct {
	Survey *Survey // of the same recording

	// As says in whose place ours is put; nil: of each daemon in turn, all at the same time.
	As func(netip.AddrPort) bool

	// Part and Parts divide the work among several replays of the same recording, which may run at the same time: of Parts this one
	// takes care of those daemons that belong to Part, from 0. Parts 0: of all. A daemon knows nothing of what others do.
	Part, Parts int

	Retransmit time.Duration // of the recorded daemons; 0: 5 s
	MaxChats   int           // of theirs; 0: as many as each is seen to have
	Tolerance  time.Duration // 0: DefaultTolerance

	Report func(Divergence) // told each divergence, those of one conversation in order
}

// DefaultTolerance is by how much the recorded times may be off. It is far below the least time after which anything is repeated,
// and above what a slow program and a network need.
const DefaultTolerance = 250 * time.Millisecond

// underWay is how long a datagram may be on its way from where it was captured to the recorded daemon.
func (r *Replay) underWay() time.Duration { return r.o.Tolerance / 5 }

// Bounds of what is kept.
const (
	maxIdle  = 1024 // conversations that are over: that they began, and what kind of peer it was
	maxHeld  = 64   // datagrams under way to one daemon from one peer
	maxOurs  = 64   // datagrams that ours has sent to one peer and that were not seen
	maxEarly = 8    // the other way round
)

// Replay is a recording that is being replayed. It is for one goroutine.
type Replay struct {
	Followed int // datagrams that were held against ours, from the place of their sender
	Middle   int // datagrams of conversations of which the beginning is missing, once for each place

	o          Options
	cfg        engine.Config
	start, now time.Time
	seats      map[netip.AddrPort]*seat
	all        map[ends]*conversation
	queue      queue
	idle       []*conversation
	free       [][]byte // buffers that are not used any more
	out        engine.Outbox
	arriving   letter // one that is being delivered
}

// ends are a recorded daemon and one of its peers.
type ends struct{ self, peer netip.AddrPort }

// seat is our daemon in the place of a recorded one.
type seat struct {
	self  netip.AddrPort
	env   *engine.Env
	names *names
	user  string
	with  map[netip.AddrPort]*conversation
	busy  map[*conversation]struct{} // those that are open, or to which something is on its way
}

// New prepares a replay.
func New(o Options) *Replay {
	if o.Tolerance == 0 {
		o.Tolerance = DefaultTolerance
	}
	cfg := engine.Defaults()
	if o.Retransmit > 0 {
		cfg.Retransmit = o.Retransmit
	}
	cfg.Gate = fsm.NewGate()
	return &Replay{o: o, cfg: cfg, seats: make(map[netip.AddrPort]*seat), all: make(map[ends]*conversation)}
}

// Pass moves the clock to when a packet was captured, whatever it was.
func (r *Replay) Pass(at time.Time) {
	if r.start.IsZero() {
		r.start, r.now = at, at
	}
	if at.Before(r.now) {
		at = r.now // captures of several interfaces are not always in order
	}
	for len(r.queue.heap) > 0 && !r.queue.heap[0].at.After(at) {
		w := r.queue.pop()
		if c := w.of; c.wake.Equal(w.at) {
			r.now = w.at
			c.wake = time.Time{}
			c.pass(w.at)
			c.settle()
		}
	}
	r.now = at
}

// Packet takes the next UDP datagram of the recording, of which n is the packet's number.
func (r *Replay) Packet(n int, at time.Time, from, to netip.AddrPort, payload []byte) {
	r.Pass(at)
	sends, receives := r.plays(from), r.plays(to)
	if !sends && !receives {
		return
	}
	d, _, err := codec.Decode(payload)
	var c *conversation
	if sends {
		c = r.conversation(from, to)
		if c.follows(err == nil && d.Kind == codec.SYN) {
			r.Followed++
			c.recorded(sent{n: n, at: r.now, raw: payload, d: d, bad: err != nil})
			c.settle()
		}
	}
	if err == nil && receives {
		if t := r.twin(c, to, from); t.follows(d.Kind == codec.SYN) {
			t.hold(payload)
			t.settle()
		}
	}
}

func (r *Replay) plays(a netip.AddrPort) bool {
	return r.o.Survey.isDaemon(a) && (r.o.Parts < 2 || partOf(a)%uint32(r.o.Parts) == uint32(r.o.Part)) && (r.o.As == nil || r.o.As(a))
}

// partOf spreads addresses evenly (FNV-1a).
func partOf(a netip.AddrPort) uint32 {
	h := uint32(2166136261)
	add := func(b byte) { h = (h ^ uint32(b)) * 16777619 }
	for _, b := range a.Addr().As16() {
		add(b)
	}
	add(byte(a.Port() >> 8))
	add(byte(a.Port()))
	return h ^ h>>16
}

// End is the end of the recording: what ours would have sent by now is told.
func (r *Replay) End() {
	for _, self := range slices.SortedFunc(maps.Keys(r.seats), netip.AddrPort.Compare) {
		for _, c := range sorted(maps.Values(r.seats[self].with)) {
			c.end()
		}
	}
}

// conversation is that of a daemon with a peer.
func (r *Replay) conversation(self, peer netip.AddrPort) *conversation {
	c := r.all[ends{self, peer}]
	if c == nil {
		s := r.seat(self)
		c = &conversation{r: r, seat: s, peer: peer, session: engine.NewSession(s.env, peer, true)}
		s.with[peer], r.all[ends{self, peer}] = c, c
	}
	c.idle = false
	return c
}

// twin is the same conversation from the other side, as which c is seen; nil: not at all.
func (r *Replay) twin(c *conversation, self, peer netip.AddrPort) *conversation {
	if c == nil {
		return r.conversation(self, peer)
	}
	if c.twin == nil {
		c.twin = r.conversation(self, peer)
		c.twin.twin = c
	}
	c.twin.idle = false
	return c.twin
}

func (r *Replay) seat(self netip.AddrPort) *seat {
	s := r.seats[self]
	if s == nil {
		cfg := r.cfg
		r.o.Survey.configure(self, &cfg)
		if r.o.MaxChats > 0 {
			cfg.MaxChats = r.o.MaxChats
		}
		n := &names{}
		cfg.Random = n
		s = &seat{self: self, env: engine.NewEnv(cfg, ""), names: n, with: make(map[netip.AddrPort]*conversation), busy: make(map[*conversation]struct{})}
		r.seats[self] = s
	}
	return s
}

// rest notes that a conversation is over. The oldest of many are forgotten.
func (r *Replay) rest(c *conversation) {
	c.idle = true
	r.idle = append(r.idle, c)
	for len(r.idle) > maxIdle {
		old := r.idle[0]
		r.idle[0] = nil
		r.idle = r.idle[1:]
		if !old.idle {
			continue
		}
		old.flush()
		delete(old.seat.with, old.peer)
		delete(r.all, ends{old.seat.self, old.peer})
		if old.twin != nil {
			old.twin.twin = nil
		}
		if len(old.seat.with) == 0 {
			delete(r.seats, old.seat.self)
		}
	}
}

// keep copies bytes into a buffer that has been used before, if there is one.
func (r *Replay) keep(b []byte) []byte {
	if n := len(r.free); n > 0 {
		buf := r.free[n-1]
		r.free = r.free[:n-1]
		return append(buf[:0], b...)
	}
	return append(make([]byte, 0, max(128, len(b))), b...)
}

func (r *Replay) release(b []byte) {
	if len(r.free) < 1024 {
		r.free = append(r.free, b)
	}
}
