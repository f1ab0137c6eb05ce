package replay

import (
	"bytes"
	"maps"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/engine"
	"simp/fsm"
)

// How something that the recorded daemon has sent is explained: what has ours to be told, so that it sends the same?

// recorded takes what the recorded daemon has sent.
func (c *conversation) recorded(s sent) {
	c.pass(s.at)
	if s.bad {
		c.tell(Divergence{N: s.n, At: s.at.Sub(c.r.start), Sent: unreadable(s.raw), Rule: c.stands()})
		return
	}
	if len(s.d.User) > 0 && string(s.d.User) != c.seat.user {
		c.seat.user = string(s.d.User)
		c.seat.env.SetUser(c.seat.user)
	}
	c.seat.names.next = given(&s.d)
	if !c.explain(&s) {
		c.differs(&s)
	}
	c.seat.names.next = codec.Token{}
	c.remember(&s)
}

// explain looks for what makes ours send the same. The order matters: what ours has sent already, what it is about to send, what
// its user may have done, what may have arrived meanwhile, and then again what its user may have done.
func (c *conversation) explain(s *sent) bool {
	if c.match(s) {
		return true
	}
	for range c.provenBy(s) {
		if c.deliver(s.at); c.match(s) {
			return true
		}
	}
	repeats := c.repeats(s)
	switch {
	case repeats && c.fire(s.at, fsm.Retransmit), s.d.Kind == codec.FIN && c.mayGiveUp() && c.fire(s.at, fsm.Retransmit),
		s.d.Kind == codec.FIN && c.fire(s.at, fsm.Expiry):
		if c.match(s) {
			return true
		}
	}
	acted := !c.answers(s) && c.act(s)
	if acted && c.match(s) {
		return true
	}
	if c.asksForPlace(s) && c.othersArrive(s.at) {
		acted = false
	}
	if s.d.Kind == codec.ERR {
		c.othersAccept(s.at)
	}
	for len(c.held) > 0 {
		if c.deliver(s.at); c.match(s) {
			return true
		}
	}
	if !acted && c.act(s) && c.match(s) {
		return true
	}
	if s.d.Kind == codec.FIN && c.session.State() == fsm.Established {
		if c.input(s.at, engine.Input{Command: client.Leave{Peer: c.peer, Now: true}}); c.match(s) {
			return true
		}
	}
	return s.d.Kind != codec.ACK && s.d.Kind != codec.ERR && c.fire(s.at, fsm.Retransmit) && c.match(s)
}

// asksForPlace reports whether something depends on how many chats the user has with others: an invitation, an acceptance, or
// what becomes of an invitation that is on its way.
func (c *conversation) asksForPlace(s *sent) bool {
	switch s.d.Kind {
	case codec.SYN, codec.SYNACK, codec.ERR:
		return true
	case codec.ACK, codec.FIN:
		next := c.nextHeld()
		return next == codec.SYN || next == codec.SYNACK
	case codec.CHAT, codec.Invalid:
	}
	return false
}

// nextHeld is what the oldest datagram on the way is, Invalid if there is none.
func (c *conversation) nextHeld() codec.Kind {
	if len(c.held) == 0 {
		return codec.Invalid
	}
	return c.held[0].d.Kind
}

// othersArrive lets arrive what is on the way from other peers, and reports whether there was anything.
func (c *conversation) othersArrive(at time.Time) (any bool) {
	name := c.seat.names.next
	c.seat.names.next = codec.Token{} // it is this conversation's
	defer func() { c.seat.names.next = name }()
	for _, o := range sorted(maps.Keys(c.seat.busy)) {
		if o == c || len(o.held) == 0 {
			continue
		}
		for any = true; len(o.held) > 0; {
			o.deliver(at)
		}
		o.settle()
	}
	return any
}

// othersAccept lets our user accept the one invitation that waits, since a refusal as busy shows that it was accepted: the
// acceptance may go out later, where the peer is not ready for it.
func (c *conversation) othersAccept(at time.Time) {
	var waits *conversation
	for o := range c.seat.busy {
		switch state := o.session.State(); {
		case o == c || state == fsm.Idle:
		case !o.session.HalfOpen() || waits != nil:
			return // there is a chat already, or it is not clear which
		default:
			waits = o
		}
	}
	if waits != nil {
		waits.input(at, engine.Input{Command: client.Accept{Peer: waits.peer}})
		waits.settle()
	}
}

// provenBy is how many of the datagrams on the way must have arrived, since what was sent says a name that they give.
func (c *conversation) provenBy(s *sent) (n int) {
	if len(c.held) == 0 {
		return 0
	}
	name, second := s.d.Name()
	if name == (codec.Token{}) {
		return 0
	}
	for i := range c.held {
		if g := given(&c.held[i].d); g != (codec.Token{}) && g != c.knows && (g == name || g == second) {
			n = i + 1
		}
	}
	return n
}

// match finds what ours has sent that is the same, or what is written and only waits until the peer is ready for it.
func (c *conversation) match(s *sent) bool {
	if c.find(s) {
		return true
	}
	if c.session.Delayed() == 0 {
		return false
	}
	c.expire()
	return c.match(s)
}

// find finds what ours has sent that is the same. Of several the earliest that is not late. One that is late
// is told: the earliest answer, since a daemon that was busy gives all of them, the latest repeat, since it does not.
func (c *conversation) find(s *sent) bool {
	late := -1
	for i := range c.ours {
		o := &c.ours[i]
		switch {
		case !equal(&o.d, &s.d):
		case s.at.Sub(o.at) > c.r.o.Tolerance:
			if late < 0 || o.repeat {
				late = i
			}
		default:
			c.drop(i)
			return true
		}
	}
	if late < 0 {
		return false
	}
	o := &c.ours[late]
	c.tell(Divergence{
		At: o.at.Sub(c.r.start), Ours: says(&o.d), Repeat: o.repeat, Rule: o.rule, UntilN: s.n, Until: s.at.Sub(c.r.start),
	})
	c.drop(late)
	return true
}

// near reports whether two moments are the same, as far as a recording knows.
func (c *conversation) near(a, b time.Time) bool { return a.Sub(b).Abs() <= c.r.o.Tolerance }

// fire lets a timer of ours come if that is now, as far as a recording knows.
func (c *conversation) fire(now time.Time, t fsm.Timer) bool {
	due, running := c.session.Due(t)
	if !running || !c.near(now, due) {
		return false
	}
	c.clock = later(c.clock, now)
	c.session.Fire(c.clock, t, &c.r.out)
	c.collect(now, true)
	return true
}

// mayGiveUp reports whether ours repeats an acceptance, which ends with a FIN.
func (c *conversation) mayGiveUp() bool {
	return c.session.State() == fsm.SynReceived && !c.session.HalfOpen()
}

// repeats reports whether something can be a copy of what waits for its answer.
func (c *conversation) repeats(s *sent) bool {
	switch state := c.session.State(); s.d.Kind {
	case codec.SYN:
		return state == fsm.SynSent
	case codec.SYNACK:
		return c.mayGiveUp()
	case codec.FIN:
		return state == fsm.FinWait
	case codec.CHAT:
		before := &c.last[codec.CHAT].d
		copied := !c.session.AtRest() || len(before.Label) > 0 // native peers number their messages
		return state == fsm.Established && before.Kind == codec.CHAT && copied &&
			bytes.Equal(before.Payload, s.d.Payload) && bytes.Equal(before.Label, s.d.Label)
	case codec.ACK, codec.ERR, codec.Invalid:
	}
	return false
}

// answers reports whether what is on the way must have arrived first: a FIN may answer it or end what it has opened, and a SYN
// begin what it has ended.
func (c *conversation) answers(s *sent) bool {
	next := c.nextHeld()
	switch {
	case next == codec.Invalid:
		return false
	case s.d.Kind == codec.SYN && c.session.State() == fsm.SynSent:
		// An invitation with another name begins anew, and so the one before is over.
		return !bytes.Equal(s.raw, c.last[codec.SYN].raw) || next == codec.FIN || next == codec.ERR
	case s.d.Kind != codec.FIN:
		return false
	}
	switch codec.ReasonOf(s.d.Payload) {
	case codec.Restarted, codec.Busy:
		return true
	case codec.Left:
		return c.session.State() != fsm.Established
	case codec.Declined:
		return false
	case codec.Cancelled, codec.Shutdown, codec.ReasonNone:
	}
	if c.session.State() == fsm.SynSent && !c.heard && !s.d.Announced {
		return true // to a peer of which nothing was heard it would announce itself
	}
	return c.mayGiveUp() && (next == codec.ACK || next == codec.CHAT)
}

// act lets our user do what the recorded one must have done, if ours may do that as things stand.
func (c *conversation) act(s *sent) bool {
	var in engine.Input
	state := c.session.State()
	switch s.d.Kind {
	case codec.SYN:
		if state == fsm.Idle || state == fsm.FinWait || state == fsm.SynSent {
			c.heard = c.heard && state == fsm.SynSent
			in.Command = client.Invite{Peer: c.peer}
		}
	case codec.SYNACK:
		if c.session.HalfOpen() {
			in.Command = client.Accept{Peer: c.peer}
		}
	case codec.CHAT:
		if state == fsm.Established && !c.repeats(s) {
			c.chats++
			in.Command = client.Chat{Peer: c.peer, Text: string(s.d.Payload), ID: client.NumberID(c.chats)}
		}
	case codec.FIN:
		in = c.ending(s)
	case codec.ACK, codec.ERR, codec.Invalid: // daemons do that by themselves
	}
	if in == (engine.Input{}) {
		return false
	}
	c.input(s.at, in)
	return true
}

// ending is what the user may have done to end a conversation. Native peers say it.
func (c *conversation) ending(s *sent) engine.Input {
	state := c.session.State()
	if state == fsm.Idle || state == fsm.FinWait {
		return engine.Input{}
	}
	switch codec.ReasonOf(s.d.Payload) {
	case codec.Shutdown:
		return engine.Input{Shutdown: true}
	case codec.Cancelled:
		return engine.Input{Command: client.Cancel{Peer: c.peer}}
	case codec.Declined:
		return engine.Input{Command: client.Decline{Peer: c.peer}}
	case codec.Left:
		return engine.Input{Command: client.Leave{Peer: c.peer}}
	case codec.ReasonNone, codec.Busy, codec.Restarted:
	}
	switch {
	case c.session.HalfOpen():
		return engine.Input{Command: client.Decline{Peer: c.peer}}
	case state == fsm.Established:
		return engine.Input{Command: client.Leave{Peer: c.peer}}
	}
	return engine.Input{Command: client.Cancel{Peer: c.peer}}
}

// differs tells what nothing explains.
func (c *conversation) differs(s *sent) {
	d := Divergence{N: s.n, At: s.at.Sub(c.r.start), Sent: says(&s.d)}
	for i := len(c.ours) - 1; i >= 0; i-- {
		if o := &c.ours[i]; o.d.Kind == s.d.Kind && c.near(o.at, s.at) {
			d.Ours, d.Rule = says(&o.d), o.rule
			c.tell(d)
			c.drop(i)
			return
		}
	}
	p := &c.last[s.d.Kind]
	if bytes.Equal(p.raw, s.raw) && c.near(s.at, p.at.Add(c.r.cfg.Retransmit)) {
		return // what it repeats was answered this moment
	}
	state := c.session.State()
	d.Rule = c.stands()
	c.tell(d)
	if s.d.Kind == codec.SYN && (state == fsm.Established || state == fsm.SynReceived) {
		c.anew()
		if c.input(s.at, engine.Input{Command: client.Invite{Peer: c.peer}}); c.match(s) {
			return
		}
	}
	if len(c.early) < maxEarly {
		e := *s
		e.raw = bytes.Clone(s.raw)
		e.d, _, _ = codec.Decode(e.raw)
		c.early = append(c.early, e)
	}
}

// stands is where ours stands, for people.
func (c *conversation) stands() string {
	state := c.session.State()
	if state == fsm.Established && !c.session.AtRest() {
		return state.String() + ", a message is not acknowledged"
	}
	return state.String()
}

// anew has ours forget the conversation, as a daemon does that was started again.
func (c *conversation) anew() {
	c.session.Abandon()
	c.session = engine.NewSession(c.seat.env, c.peer, true)
	c.ours, c.early = nil, nil
}
