package replay

import (
	"net/netip"
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
	maxIdle  = 4096 // conversations that are over: that they began, and what kind of peer it was
	maxHeld  = 64   // datagrams under way to one daemon from one peer
	maxOurs  = 64   // datagrams that ours has sent to one peer and that were not seen
	maxEarly = 8    // the other way round
)

// Replay is a recording that is being replayed. It is for one goroutine.
type Replay struct {
	Followed   int // datagrams that were held against ours, from the place of their sender
	Middle     int // datagrams of conversations of which the beginning is missing, once for each place
	Unreadable int // datagrams between daemons that are no SIMP

	o          Options
	cfg        engine.Config
	start, now time.Time
	seats      map[netip.AddrPort]*seat
	queue      queue
	idle       []*conversation
	free       [][]byte // buffers that are not used any more
	out        engine.Outbox
}

// seat is our daemon in the place of a recorded one.
type seat struct {
	self  netip.AddrPort
	env   *engine.Env
	names *names
	with  map[netip.AddrPort]*conversation
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
	return &Replay{o: o, cfg: cfg, seats: make(map[netip.AddrPort]*seat)}
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
	s := r.o.Survey
	if !s.isDaemon(from) && !s.isDaemon(to) {
		return
	}
	d, _, err := codec.Decode(payload)
	if err != nil {
		r.Unreadable++
	}
	if r.plays(from) {
		c := r.conversation(from, to)
		if c.follows(err == nil && d.Kind == codec.SYN) {
			r.Followed++
			c.recorded(sent{n: n, at: r.now, raw: payload, d: d, bad: err != nil})
			c.settle()
		}
	}
	if err == nil && r.plays(to) {
		if c := r.conversation(to, from); c.follows(d.Kind == codec.SYN) {
			c.hold(payload)
			c.settle()
		}
	}
}

func (r *Replay) plays(a netip.AddrPort) bool {
	return r.o.Survey.isDaemon(a) && (r.o.As == nil || r.o.As(a))
}

// End is the end of the recording: what ours would have sent by now is told.
func (r *Replay) End() {
	for _, self := range r.o.Survey.Daemons() {
		s := r.seats[self]
		if s == nil {
			continue
		}
		for _, c := range sorted(s.with) {
			c.end()
		}
	}
}

func (r *Replay) conversation(self, peer netip.AddrPort) *conversation {
	s := r.seats[self]
	if s == nil {
		cfg := r.cfg
		r.o.Survey.configure(self, &cfg)
		if r.o.MaxChats > 0 {
			cfg.MaxChats = r.o.MaxChats
		}
		n := &names{}
		cfg.Random = n
		s = &seat{self: self, env: engine.NewEnv(cfg, ""), names: n, with: make(map[netip.AddrPort]*conversation)}
		r.seats[self] = s
	}
	c := s.with[peer]
	if c == nil {
		c = &conversation{r: r, seat: s, peer: peer, session: engine.NewSession(s.env, peer, true)}
		s.with[peer] = c
	}
	c.idle = false
	return c
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
