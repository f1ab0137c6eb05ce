package replay

import (
	"bytes"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"simp/codec"
	"simp/engine"
	"simp/fsm"
)

// conversation is that of a recorded daemon with one peer, and of ours in its place.
type conversation struct {
	r       *Replay
	seat    *seat
	twin    *conversation // the same from the other side; nil: not known
	peer    netip.AddrPort
	session engine.Session
	clock   time.Time // of the session

	began bool        // its first SYN was seen
	idle  bool        // it is over
	busy  bool        // it is among those of its seat
	heard bool        // something has arrived since ours has invited
	knows codec.Token // the last name that has arrived of those that the peer gives
	wake  time.Time

	held  []letter // from the peer, on the way
	ours  []ours   // what ours has sent and the recorded daemon has not, yet
	early []sent   // what the recorded daemon has sent and ours has not, yet
	last  [codec.CHAT + 1]previous
	chats uint64 // messages that were written
	rule  string // the last that ours took

	told *Divergence // the last one, to which more may be added
}

// letter is a datagram on the way to the recorded daemon.
type letter struct {
	at    time.Time // captured
	raw   []byte
	d     codec.Datagram // parts of raw
	notes codec.Notes
}

// ours is a datagram that ours has sent.
type ours struct {
	at     time.Time
	raw    []byte
	d      codec.Datagram // parts of raw
	rule   string
	repeat bool
}

// sent is a datagram that the recorded daemon has sent.
type sent struct {
	n   int
	at  time.Time
	raw []byte
	d   codec.Datagram
	bad bool // it is no SIMP
}

// previous is the last datagram of a kind that the recorded daemon has sent.
type previous struct {
	at  time.Time
	raw []byte
	d   codec.Datagram // parts of raw
}

// follows reports whether the beginning was seen, which a SYN is.
func (c *conversation) follows(syn bool) bool {
	if c.began = c.began || syn; !c.began {
		c.r.Middle++
	}
	return c.began
}

// hold puts a datagram of the peer on the way.
func (c *conversation) hold(raw []byte) {
	if len(c.held) == maxHeld {
		c.deliver(c.r.now)
	}
	l := letter{at: c.r.now, raw: c.r.keep(raw)}
	l.d, l.notes, _ = codec.Decode(l.raw) // it was read before
	c.held = append(c.held, l)
}

// deliver gives the session the oldest datagram on the way.
func (c *conversation) deliver(at time.Time) {
	l := &c.r.arriving
	*l = c.held[0]
	c.held = slices.Delete(c.held, 0, 1)
	c.heard = true
	if g := given(&l.d); g != (codec.Token{}) {
		c.knows = g
	}
	c.handle(at, engine.Input{Datagram: &l.d, Size: len(l.raw), Notes: l.notes})
	c.collect(l.at, false) // what answers it is missing from when it was captured
	c.r.release(l.raw)
}

// input gives the session something else.
func (c *conversation) input(at time.Time, in engine.Input) {
	c.handle(at, in)
	c.collect(at, false)
}

func (c *conversation) handle(at time.Time, in engine.Input) {
	if c.session.Done() {
		c.session = engine.NewSession(c.seat.env, c.peer, true)
	}
	c.clock = later(c.clock, at)
	c.session.Handle(c.clock, in, &c.r.out)
}

// collect takes what ours wants to be sent.
func (c *conversation) collect(at time.Time, repeat bool) {
	out := &c.r.out
	for rule := range out.Steps {
		c.rule = rule.ID()
	}
	for b := range out.Datagrams {
		raw := c.r.keep(b)
		d, _, err := codec.Decode(raw)
		if err != nil {
			continue // ours are readable
		}
		o := ours{at: at, raw: raw, d: d, rule: c.rule, repeat: repeat && d.Kind != codec.ACK}
		if i := slices.IndexFunc(c.early, func(s sent) bool { return equal(&s.d, &d) }); i >= 0 {
			c.early = slices.Delete(c.early, i, i+1) // that it came too early was told
			continue
		}
		if len(c.ours) == maxOurs {
			c.missing(&c.ours[0])
			c.drop(0)
		}
		c.ours = append(c.ours, o)
	}
	out.Reset()
}

// pass lets everything happen that is due and can wait no longer.
func (c *conversation) pass(now time.Time) {
	for {
		at, due := c.next()
		switch {
		case len(c.held) > 0 && (!due || !c.held[0].at.Add(c.r.underWay()).After(at)):
			if at = c.held[0].at.Add(c.r.underWay()); at.After(now) {
				c.report(now)
				return
			}
			c.deliver(at)
		case due && !at.After(now):
			c.expire()
		default:
			c.report(now)
			return
		}
	}
}

// next is when a deadline of ours can wait no longer. Timers may be late; what only waits for the peer to be ready goes out.
func (c *conversation) next() (at time.Time, due bool) {
	at, due = c.session.NextDeadline()
	if due && c.session.Delayed() == 0 {
		at = at.Add(c.r.o.Tolerance)
	}
	return at, due
}

// expire lets the next deadline of ours come.
func (c *conversation) expire() {
	at, _ := c.session.NextDeadline()
	repeat := c.session.Delayed() == 0
	c.clock = later(c.clock, at)
	c.session.Expire(c.clock, &c.r.out)
	c.collect(at, repeat)
}

// waits is how long it may take until what is missing comes after all, so that it is told as late.
func (c *conversation) waits() time.Duration { return 3 * c.r.cfg.Retransmit }

// report tells what has been missing for too long.
func (c *conversation) report(now time.Time) {
	for len(c.ours) > 0 && !c.ours[0].at.Add(c.waits()).After(now) {
		c.missing(&c.ours[0])
		c.drop(0)
	}
	c.early = slices.DeleteFunc(c.early, func(s sent) bool { return !s.at.Add(c.waits()).After(now) })
}

// drop forgets something that ours has sent.
func (c *conversation) drop(i int) {
	c.r.release(c.ours[i].raw)
	c.ours = slices.Delete(c.ours, i, i+1)
}

// settle sees to it that the conversation is looked at when it has to be.
func (c *conversation) settle() {
	if busy := len(c.held) > 0 || c.session.State() != fsm.Idle; busy != c.busy {
		if c.busy = busy; busy {
			c.seat.busy[c] = struct{}{}
		} else {
			delete(c.seat.busy, c)
		}
	}
	at, any := c.next()
	sooner := func(t time.Time) {
		if !any || t.Before(at) {
			at, any = t, true
		}
	}
	if len(c.held) > 0 {
		sooner(c.held[0].at.Add(c.r.underWay()))
	}
	if len(c.ours) > 0 {
		sooner(c.ours[0].at.Add(c.waits()))
	}
	if len(c.early) > 0 {
		sooner(c.early[0].at.Add(c.waits()))
	}
	if !any {
		if !c.idle && c.session.Done() {
			c.early, c.last = nil, [codec.CHAT + 1]previous{}
			c.r.rest(c)
		}
		return
	}
	if at = later(at, c.r.now); c.wake.IsZero() || at.Before(c.wake) {
		c.wake = at
		c.r.queue.push(at, c)
	}
}

// end tells what should have been sent by now.
func (c *conversation) end() {
	now := c.r.now
	for i := range c.ours {
		if !c.ours[i].at.Add(c.r.o.Tolerance).After(now) {
			c.missing(&c.ours[i])
		}
	}
	c.ours = nil
	c.flush()
}

// remember notes what the recorded daemon has sent.
func (c *conversation) remember(s *sent) {
	p := &c.last[s.d.Kind]
	p.at, p.raw = s.at, append(p.raw[:0], s.raw...)
	if s.d.Kind == codec.CHAT {
		p.d, _, _ = codec.Decode(p.raw) // it was read before
	}
}

// equal reports whether two datagrams say the same. How a name or a checksum is written down is no matter.
func equal(a, b *codec.Datagram) bool {
	return a.Kind == b.Kind && a.Form == b.Form && a.Seq == b.Seq && a.Announced == b.Announced &&
		bytes.Equal(a.Payload, b.Payload) && bytes.Equal(a.Label, b.Label)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sorted lists conversations by their peers' addresses: the order of a map would make two replays differ.
func sorted(of iter.Seq[*conversation]) []*conversation {
	return slices.SortedFunc(of, func(a, b *conversation) int { return a.peer.Compare(b.peer) })
}

// missing tells that ours has sent what was not sent.
func (c *conversation) missing(o *ours) {
	c.tell(Divergence{At: o.at.Sub(c.r.start), Ours: says(&o.d), Repeat: o.repeat, Rule: o.rule})
}

// tell reports a divergence. Copies of one are counted.
func (c *conversation) tell(d Divergence) {
	d.Self, d.Peer = c.seat.self, c.peer
	if c.told != nil && c.told.same(&d) {
		c.told.More++
		return
	}
	c.flush()
	c.told = &d
}

// flush reports what waits for more of it.
func (c *conversation) flush() {
	if c.told != nil && c.r.o.Report != nil {
		c.r.o.Report(*c.told)
	}
	c.told = nil
}

// unreadable says what was sent that is no SIMP.
func unreadable(raw []byte) string { return strconv.Itoa(len(raw)) + " bytes that are no SIMP" }
