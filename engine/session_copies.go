package engine

import (
	"strings"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// How a session tells a copy of a message from the same words written once more, where the machine cannot tell by the number
// (4.11). What is taken for a copy is not shown: so the user hears of it wherever it may have been none.

// copying is how the messages of a kind of peer come again.
type copying struct {
	still bool // all have the same number
	none  bool // none is sent twice: what comes twice was doubled on the way

	// A copy comes at least after behind the one before it; at most until, unless that is 0; and at most within behind the
	// first, unless that is 0.
	after, until, within time.Duration

	// Even when it has heard our ACK one more may come, between these behind the last: of its two threads the other one has
	// read that. Zero: none does.
	lateAfter, lateUntil time.Duration
}

// may reports whether a copy can come now, so long after the one before it and after the first.
func (c copying) may(previous, first time.Duration) bool {
	return !c.none && previous >= c.after && (c.until == 0 || previous <= c.until) && (c.within == 0 || first <= c.within)
}

// latest is the last message that was taken from a peer whose numbers do not tell copies.
type latest struct {
	text     []byte
	number   uint8
	at       time.Time // when it was taken
	copied   time.Time // when its last copy came
	since    int       // how many messages of ours had been begun by then
	finished int       // and how many had left the queue
	heard    bool      // the peer has acknowledged one that was begun later, and so has heard that we took this one
	unheard  bool      // it has taken one with this number since: its counter stood here, and what it takes then proves nothing
	others   bool      // a message with another number was taken before it, in this chat
}

// took notes a message that was taken.
func (s *Session) took(now time.Time, d *codec.Datagram) {
	l := &s.latest
	*l = latest{
		text: append(l.text[:0], d.Payload...), number: d.Seq, at: now, copied: now, since: s.begun(), finished: s.finished,
		others: l.others || s.taken > 1 && l.number != d.Seq,
	}
}

// begun is how many messages of ours have been sent at least once in this chat.
func (s *Session) begun() int {
	if s.snap.InFlight {
		return s.finished + 1
	}
	return s.finished
}

// acknowledged notes that the peer has the message of ours in flight.
func (s *Session) acknowledged(number uint8) {
	l := &s.latest
	switch {
	case s.snap.Policy.Numbers == fsm.Shared && number == l.number:
		l.unheard = true
	case !l.unheard && s.finished >= l.since:
		l.heard = true
	}
}

// verdict is what is thought of a message that looks like the last one.
type verdict uint8

const (
	another verdict = iota
	perhaps         // a copy, or the same words once more
	copied
)

// isCopy judges a chat datagram.
func (s *Session) isCopy(now time.Time, d *codec.Datagram) verdict {
	if s.dialect.echoes && s.isEcho(now, d) {
		return copied
	}
	l := &s.latest
	if s.taken == 0 || d.Seq != l.number || string(d.Payload) != string(l.text) {
		return another
	}
	v := s.judge(now)
	if v != another {
		l.copied = now
	}
	return v
}

// judge says whether a datagram with number and text of the last message is a copy of it, coming now.
func (s *Session) judge(now time.Time) verdict {
	l, c := &s.latest, s.dialect.copying
	previous, first := now.Sub(l.copied), now.Sub(l.at)
	switch {
	case c.still && previous < sameMessage:
		return copied // no known implementation of those kinds can send a second message so soon
	case c.still && (l.heard || !c.may(previous, first)):
		return another
	case c.still:
		return perhaps

	case s.snap.Policy.Numbers == fsm.Shared && s.begun() == l.since:
		return copied // nothing of ours can have moved the counter round
	case s.snap.Policy.Numbers == fsm.Shared && l.heard && (previous < c.lateAfter || previous > c.lateUntil):
		return another // ours had the number behind that of the last, so the counter was beyond it
	case s.snap.Policy.Numbers == fsm.Shared && first < doubledUntil:
		return copied
	case s.snap.Policy.Numbers == fsm.Shared && !c.may(previous, first):
		return another
	case s.snap.Policy.Numbers == fsm.Shared:
		return perhaps

	case c.none && first >= doubledUntil:
		return perhaps // it gives the number once more to a message behind one whose ACK it has not seen
	case s.dialect.open() && s.begun() > l.since && previous >= repeatsEnd:
		return another // of the kinds that it may be none waits so long with a copy
	case s.dialect.open() && (!l.others || s.begun() > l.since):
		return perhaps // of the kinds that it may be one never changes the number, and one counts ours too
	}
	return copied
}

// sayRepeated tells the user what is not shown because it is taken for a copy and may be none.
func (s *Session) sayRepeated(d *codec.Datagram, out *Outbox) {
	s.env.counters.add(copiesDoubtful)
	s.env.cfg.Log.Info().Stringer("peer", s.peer).Msg("the same message came again; it is taken for a copy")
	s.tell(client.Repeated{Peer: s.peer, User: s.user, Text: string(d.Payload)}, out)
}

// written is a message of ours to a peer that sends back what it takes, as if its user had written it.
type written struct {
	text  string
	taken time.Time // when we heard that the peer has it; zero: not yet
	came  uint8     // which echoes have come, a bit for each
	last  time.Time // when the last one came
}

// wrote notes that the first copy of a message goes to a peer that sends it back.
func (s *Session) wrote(text string) {
	text, _, _ = strings.Cut(text, "|") // which separates fields between its daemon and its client
	s.echoing = append(s.echoing, written{text: text})
}

// wroteAway notes that the message in flight has left the queue. A peer that acknowledges one has done with those before it;
// and one that was given up never arrived, or would have come back by now.
func (s *Session) wroteAway(now time.Time, confirmed bool) {
	n := len(s.echoing)
	if n == 0 {
		return
	}
	if !confirmed {
		s.echoing = s.echoing[:n-1]
		return
	}
	s.echoing = s.echoing[n-1:]
	if w := &s.echoing[0]; w.taken.IsZero() {
		w.taken = now
	}
}

// isEcho reports whether a message is one of ours that comes back: as soon as the peer has taken it, and again one and two
// echoEvery later, each once, or several times at once. Its user may write the same words at any other time.
func (s *Session) isEcho(now time.Time, d *codec.Datagram) bool {
	for i := range s.echoing {
		w := &s.echoing[i]
		if w.text != string(d.Payload) {
			continue
		}
		if w.taken.IsZero() {
			w.taken = now
		}
		for k := range echoCopies {
			off := now.Sub(w.taken.Add(time.Duration(k) * echoEvery)).Abs()
			bit := uint8(1) << k
			if twin := w.came&bit != 0 && now.Sub(w.last) <= echoTwin; off <= echoGive && (w.came&bit == 0 || twin) {
				w.last = now
				if w.came |= bit; k > 0 && !twin {
					s.env.counters.add(echoesLate) // not every time does it send them: its user may have written these
				}
				return true
			}
		}
	}
	return false
}
