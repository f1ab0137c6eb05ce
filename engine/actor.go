package engine

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"simp/codec/client"
)

// actor is a goroutine round a session: it takes letters, lets the session decide, performs what it wants done, and
// waits for the next letter or deadline. Only its goroutine touches the session. One that has had nothing to do for a
// while ends, because its stack never shrinks below what it once needed; the next letter or deadline starts another, so
// there is one at most at any time.
type actor struct {
	engine  *Engine
	session Session
	box     mailbox
	birth   *Birth // not told yet; nil where nobody observes

	timer *time.Timer // knocks at the mailbox; nil until first needed
	armed time.Time   // when the timer fires; zero: not armed
}

func newActor(e *Engine, s Session) *actor {
	a := &actor{engine: e, session: s}
	a.box = newMailbox(func() { go a.run() })
	return a
}

func (a *actor) run() {
	now := time.Now()
	busy := now // when there was last something to do
	var letters []letter
	for {
		var worked bool
		if letters, worked = a.turn(now, letters); worked {
			busy = now
		}
		if a.session.Done() || a.engine.env.stop.Load() && a.session.Quiet() {
			if a.engine.retire(a) {
				return
			}
		}
		restAt := busy.Add(restAfter)
		if !now.Before(restAt) {
			a.arm(now, time.Time{})
			if a.box.sleep() {
				return
			}
		}
		a.arm(now, restAt)
		<-a.box.wake
		now = time.Now()
	}
}

// turn handles everything that is there and everything that is due.
func (a *actor) turn(now time.Time, spare []letter) (emptied []letter, worked bool) {
	letters := a.box.take(spare)
	// Borrowed: the few that are in use stay warm, where one for each actor would be cold whenever it is needed.
	out := a.engine.outboxes.Get().(*Outbox) //nolint:forcetypeassert // the pool holds nothing else
	for i := range letters {
		a.open(now, &letters[i], out)
	}
	a.expire(now, out)
	worked = len(letters) > 0 || len(out.steps) > 0
	a.engine.perform(now, a.session.peer, out, a.session.prompted)
	for _, l := range letters {
		if l.census != nil {
			l.census.wg.Done() // not before: whoever asked may count on having been told everything up to here
		}
	}
	out.Reset()
	a.engine.outboxes.Put(out)
	clear(letters)
	if cap(letters) > keptLetters {
		return nil, worked
	}
	return letters[:0], worked
}

// keptLetters is how many letters' memory an actor keeps while it sleeps: two are enough for stop-and-wait both ways.
const keptLetters = 2

// open hands a letter to the session.
func (a *actor) open(now time.Time, l *letter, out *Outbox) {
	question := l.kind == letterQuery || l.kind == letterWatch // which changes nothing
	if a.engine.observed() && !question {
		out.Watch(&a.session)
		a.give(now, l, out)
		a.tellLetter(now, l, out)
	} else {
		a.give(now, l, out)
	}
	if l.packet != nil {
		a.engine.release(l.packet)
	}
}

func (a *actor) give(now time.Time, l *letter, out *Outbox) {
	s := &a.session
	switch l.kind {
	case letterDatagram:
		s.Handle(now, Input{Datagram: &l.packet.datagram, Size: len(l.packet.buf), Notes: l.packet.notes}, out)
	case letterCommand:
		s.Handle(now, Input{Command: l.command}, out)
	case letterAttach:
		l.census.add(s)
		s.Handle(now, Input{Attach: true}, out)
	case letterDetach:
		s.Handle(now, Input{Detach: true}, out)
	case letterQuery:
		l.census.add(s)
	case letterWatch:
		l.census.watch.answer(s)
	case letterShutdown:
		s.Handle(now, Input{Shutdown: true}, out)
	case letterKill:
		s.abandon(now, out)
	}
}

// expire handles the timers that are due.
func (a *actor) expire(now time.Time, out *Outbox) {
	at, any := a.session.NextDeadline()
	if !a.engine.observed() || !any || at.After(now) {
		a.session.Expire(now, out)
		return
	}
	out.Watch(&a.session)
	a.session.Expire(now, out)
	a.engine.tell(Observation{At: now, Cause: CauseTimer}, &a.session, out)
}

// arm sees to it that the timer knocks at the session's next deadline, or at rest if that is earlier; zero: not for rest.
// It is left alone when the deadline has only moved later: knocking once too often is cheaper than moving it with each
// message.
func (a *actor) arm(now, rest time.Time) {
	if !a.armed.IsZero() && !now.Before(a.armed) {
		a.armed = time.Time{} // it has fired
	}
	at, any := a.session.NextDeadline()
	if !rest.IsZero() && (!any || rest.Before(at)) {
		at, any = rest, true
	}
	if !any || !a.armed.IsZero() && !at.Before(a.armed) {
		return
	}
	if d := at.Sub(now); a.timer == nil {
		a.timer = time.AfterFunc(d, a.box.knock)
	} else {
		a.timer.Reset(d)
	}
	a.armed = at
}

// perform does what a session wanted done. The order is part of the contract of Outbox. The user hears of a datagram that
// could not be sent only where one of the user's acts is behind it: strangers could flood the client otherwise.
func (e *Engine) perform(now time.Time, peer netip.AddrPort, out *Outbox, prompted bool) {
	e.logSteps(out.steps, now)
	if len(out.Events) > 0 {
		if c := e.client.Load(); c != nil {
			c.queue(out.Events)
			defer c.wake() // the datagrams first: somebody waits for them on the other side
		}
	}
	var failed error
	for b := range out.Datagrams {
		if err := e.conn.WriteTo(b, peer); err != nil {
			failed = err
			continue
		}
		e.env.counters.add(datagramsOut)
	}
	if failed == nil || errors.Is(failed, net.ErrClosed) {
		return
	}
	e.sendFailed(now, peer, failed)
	if !prompted {
		return
	}
	if c := e.client.Load(); c != nil {
		c.push(client.NewError("", client.ReasonSendFailed, client.Facts{Peer: peer, Detail: cause(failed)}))
	}
}

// cause is what the operating system said, without the addresses that the sentence round it names anyway.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// census gathers what the conversations of a daemon look like, for a client. Each actor answers for itself.
type census struct {
	wg    sync.WaitGroup
	watch *watcher // for whom; nil: for a user

	mu      sync.Mutex
	chats   []client.ChatStatus
	pending []client.Pending
}

// ask posts a question whose answer is one of those that wg waits for.
func (c *census) ask(a *actor, kind letterKind) {
	c.wg.Add(1)
	if a.box.post(letter{kind: kind, census: c}) != postedOK {
		c.wg.Done() // it has retired
	}
}

func (c *census) add(s *Session) {
	chat, pending, half, active := s.status()
	if !active {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if half {
		c.pending = append(c.pending, pending)
	} else {
		c.chats = append(c.chats, chat)
	}
}

// sortCensus orders chats by address and invitations by age: actors answer in any order, people read in one.
func sortCensus(c *census) {
	slices.SortFunc(c.chats, func(a, b client.ChatStatus) int { return a.Peer.Compare(b.Peer) })
	slices.SortFunc(c.pending, func(a, b client.Pending) int {
		return cmp.Or(a.Since.Compare(b.Since), a.Peer.Compare(b.Peer))
	})
}
