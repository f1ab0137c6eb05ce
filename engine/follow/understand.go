package follow

import (
	"time"

	"simp/codec"
	"simp/fsm"
)

// understand works out what a datagram of the present conversation is, and what it changes.
func (f *Follower) understand(c *Conversation, s *Seen) {
	d := &s.Datagram
	own := &c.Parties[s.By]
	if (d.Kind == codec.SYN || d.Kind == codec.CHAT) && len(d.User) > 0 && own.Name != string(d.User) {
		own.Name = string(d.User)
	}
	own.Announced = own.Announced || codec.IsNative(*d)
	switch name, second := d.Name(); {
	case d.Kind == codec.SYN:
		own.Token = name
	case d.Kind == codec.SYNACK && second != codec.Token{}:
		own.Token = second
	}
	if d.Kind == codec.ACK {
		f.acknowledge(c, s)
	} else {
		f.ask(c, s)
	}
	f.move(c, s)
	f.settle(c, s)
}

// acknowledge finds what an ACK is about.
func (f *Follower) acknowledge(c *Conversation, s *Seen) {
	a := c.acknowledged(s)
	if a == nil {
		return
	}
	s.Of = a.Kind
	s.Again = a.Answered != 0
	s.Late = a.told && !s.Again
	if s.Again && a.heard == a.Copies && a.Kind != codec.SYN {
		s.Copy, s.First = Doubled, a.Answered
	}
	f.answered = *a
	s.Answers = &f.answered
	if a.Kind == codec.SYN { // the ringing of native peers: the answer is still to come
		return
	}
	f.answer(a, s)
}

// answer notes that a has its answer.
func (f *Follower) answer(a *Ask, s *Seen) {
	if a.Answered == 0 {
		a.Answered = s.N
	}
	a.heard = a.Copies
	a.rest()
}

// acknowledged is what an ACK acknowledges. Those that do not say are taken for what waits longest, of what has the same
// number first; then for what came last.
func (c *Conversation) acknowledged(s *Seen) *Ask {
	d := &s.Datagram
	asks := &c.asks[s.By.Other()]
	of := codec.AckOf(d.Payload)
	if d.Form == codec.FINACK && asks[codec.FIN].First != 0 {
		of = codec.FIN
	}
	if of != codec.Invalid {
		s.Of = of
		if asks[of].First == 0 {
			return nil
		}
		return &asks[of]
	}
	var best *Ask
	for _, kind := range [...]codec.Kind{codec.SYNACK, codec.CHAT, codec.FIN, codec.SYN} {
		if a := &asks[kind]; a.First != 0 && (best == nil || c.ratherThan(a, best, d.Seq)) {
			best = a
		}
	}
	return best
}

// ratherThan reports whether an ACK is rather for a than for b.
func (c *Conversation) ratherThan(a, b *Ask, seq uint8) bool {
	switch {
	case (a.Kind == codec.SYN) != (b.Kind == codec.SYN): // nobody but native peers acknowledges a SYN, and they say so
		return b.Kind == codec.SYN
	case c.settled(a) != c.settled(b):
		return c.settled(b)
	case a.wanting() != b.wanting():
		return a.wanting()
	case (a.Seq == seq) != (b.Seq == seq):
		return a.Seq == seq
	case a.Open():
		return a.First < b.First
	}
	return a.Last > b.Last
}

// settled reports whether an ask is a refusal that only native peers acknowledge.
func (c *Conversation) settled(a *Ask) bool { return a.Refuses && !c.Native() }

// ask notes a datagram that wants an answer, and what it answers itself.
func (f *Follower) ask(c *Conversation, s *Seen) {
	d := &s.Datagram
	a := &c.asks[s.By][d.Kind]
	if a.First != 0 {
		s.Gap = s.At.Sub(a.Sent)
	}
	soon := s.Gap < f.opts.Retransmit/2
	switch {
	case a.same(s.Bytes) && soon:
		s.Copy = Doubled
	case a.same(s.Bytes):
		s.Copy = Repeated
	case a.First != 0 && !soon && f.restates(a, s):
		s.Copy, s.Reworded = Rewritten, d.Kind == codec.CHAT && a.reworded(d)
	}
	if s.Copy != Fresh {
		s.First = a.First
		if s.Copy != Doubled && !a.due[wantAnswer].IsZero() {
			f.report(c, a, wantAnswer) // its own timer says so
		}
		a.take(s)
	} else {
		if a.Open() {
			f.pushed = *a
			s.Pushed = &f.pushed
		}
		a.begin(s)
		if d.Kind == codec.CHAT {
			c.Parties[s.By].Messages++
		}
	}
	s.Copies = a.Copies
	other := &c.asks[s.By.Other()]
	switch syn := &other[codec.SYN]; d.Kind {
	case codec.SYNACK, codec.FIN, codec.ERR:
		if c.Parties[s.By.Other()].State == fsm.SynSent && syn.First != 0 {
			f.answered = *syn
			s.Answers, s.Again, s.Late = &f.answered, syn.Answered != 0, syn.told
			f.answer(syn, s)
		}
		if refusal := &c.asks[s.By][codec.ERR]; d.Kind == codec.FIN && refusal.Open() {
			f.answer(refusal, s)
		}
	case codec.CHAT:
		if accepted := &other[codec.SYNACK]; accepted.Open() {
			f.passed = *accepted
			s.Passed = &f.passed
		}
	case codec.SYN, codec.ACK, codec.Invalid:
	}
}

// restates reports whether a datagram in other bytes is a copy of what a side has sent before. If that was answered, and does
// not say which message it is, only the time tells the copy from the same words written again.
func (f *Follower) restates(a *Ask, s *Seen) bool {
	if !a.says(&s.Datagram) {
		return false
	}
	if a.Open() || s.Datagram.Number() != 0 {
		return true
	}
	return s.Datagram.Kind == codec.CHAT && s.Gap > f.opts.Retransmit*9/10 && s.Gap < f.opts.Retransmit*6/5
}

// move works out where both sides stand after a datagram. It is taken for arrived.
func (f *Follower) move(c *Conversation, s *Seen) {
	by, to := s.By, s.By.Other()
	own, other := c.Parties[by].State, c.Parties[to].State
	switch s.Datagram.Kind {
	case codec.SYN:
		if c.Opened {
			return // a late copy: one that is not makes another conversation
		}
		f.setState(c, by, fsm.SynSent)
		if other == fsm.Idle {
			f.setState(c, to, fsm.SynReceived)
		}
	case codec.SYNACK:
		if own != fsm.Established {
			f.setState(c, by, fsm.SynReceived)
		}
		if other == fsm.Idle && s.Begins {
			f.setState(c, to, fsm.SynSent)
		}
	case codec.ACK:
		switch s.Of {
		case codec.SYNACK:
			if own != fsm.FinWait && other != fsm.Idle {
				f.setState(c, by, fsm.Established)
				f.setState(c, to, fsm.Established)
			}
		case codec.FIN:
			f.setState(c, by, fsm.Idle)
			f.setState(c, to, fsm.Idle)
		case codec.Invalid, codec.SYN, codec.ACK, codec.ERR, codec.CHAT:
		}
	case codec.CHAT:
		accepted := c.asks[to][codec.SYNACK].First != 0 && other == fsm.SynReceived
		unheard := c.Opened && own == fsm.Idle && other == fsm.FinWait // the FIN has not arrived, or not yet
		switch {
		case s.Begins, accepted:
			f.setState(c, by, fsm.Established)
			f.setState(c, to, fsm.Established)
		case unheard:
			f.setState(c, by, fsm.Established)
		}
	case codec.FIN:
		f.end(c, s)
	case codec.ERR:
		if other == fsm.SynSent {
			f.setState(c, to, fsm.Idle)
			if own == fsm.SynReceived {
				f.setState(c, by, fsm.Idle)
			}
		}
	case codec.Invalid:
	}
}

// end works out what a FIN ends.
func (f *Follower) end(c *Conversation, s *Seen) {
	by, to := s.By, s.By.Other()
	fin := &c.asks[by][codec.FIN]
	switch own := c.Parties[by].State; {
	case s.Copy != Fresh:
	case own == fsm.Established:
		f.setState(c, by, fsm.FinWait)
	case own == fsm.FinWait:
	default:
		fin.Refuses = !s.Begins && !c.Opened
		switch {
		case fin.Refuses && c.Native():
			f.setState(c, by, fsm.FinWait)
		case fin.Refuses:
			f.setState(c, by, fsm.Idle)
		}
	}
	f.setState(c, to, fsm.Idle)
	for kind := range c.asks[to] { // nothing is owed to who has left, nor expected from whom one leaves
		c.asks[to][kind].rest()
	}
	c.asks[by][codec.SYN].rest()
	c.asks[by][codec.SYNACK].rest()
	c.asks[by][codec.CHAT].due[wantRepeat] = time.Time{}
}
