package engine

import (
	"net/netip"
	"sync"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

// legacyClient is one client that speaks datagrams: its dialogue, and the Client that the engine knows. The network's
// reader, the timer and run step the dialogue, one at a time.
type legacyClient struct {
	server    *LegacyServer
	addr      netip.AddrPort
	client    *Client
	checkable bool // its socket can be seen, so its end can be too

	mu       sync.Mutex
	change   sync.Cond // messages were shown, or the dialogue has ended
	dialogue legacy.Dialogue
	out      legacy.Output
	timer    *time.Timer
	heard    time.Time
	looked   time.Time // when the client was last heard of, or looked for
	over     bool
}

func newLegacyClient(s *LegacyServer, addr netip.AddrPort, checkable bool) *legacyClient {
	l := &legacyClient{server: s, addr: addr, client: s.engine.NewClient(), checkable: checkable}
	l.change.L = &l.mu
	return l
}

// legacyNow is the one place where these dialogues get the time.
func legacyNow() time.Time { return time.Now() }

// open begins the dialogue. run follows.
func (l *legacyClient) open(first []byte, taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := legacyNow()
	l.heard, l.looked = now, now
	l.timer = time.AfterFunc(legacyLook, l.expire)
	l.dialogue = legacy.Open(now, first, legacy.Circumstances{Taken: taken, Near: l.checkable}, &l.out)
	if taken && l.out.Gone {
		l.server.engine.env.counters.add(clientsTaken)
	}
	l.perform(now)
}

// run tells the dialogue what the daemon tells its client, until either has ended.
func (l *legacyClient) run() {
	defer l.server.running.Done()
	var events []client.Event
	for {
		var more bool
		if events, more = l.client.Next(events); !more {
			break
		}
		l.tell(events)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over { // the daemon has closed the client: it stops, or the client did not take what it was told
		why := legacy.EndStalled
		if l.server.engine.env.stop.Load() || l.server.isStopped() {
			why = legacy.EndStopping
		}
		l.goodbye(legacyNow(), why)
	}
	l.end()
}

// goodbye ends the dialogue and tells the client why.
func (l *legacyClient) goodbye(now time.Time, why legacy.End) {
	l.dialogue.Goodbye(now, why, &l.out)
	l.perform(now)
}

// tell hands events to the dialogue while it has room for messages. What waits here keeps the queue of the Client from
// being emptied, and that keeps messages from being acknowledged: the sender waits, and nothing is lost.
func (l *legacyClient) tell(events []client.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ev := range events {
		for l.dialogue.Held() >= maxLegacyHeld && !l.over && !l.client.isClosed() {
			l.change.Wait()
		}
		if l.over {
			return
		}
		now := legacyNow()
		l.dialogue.Tell(now, ev, &l.out)
		l.perform(now)
	}
}

// receive takes a datagram of the client's; true if it is the first one of another client.
func (l *legacyClient) receive(b []byte) (anew bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return true
	}
	now := legacyNow()
	l.heard, l.looked = now, now
	l.dialogue.Receive(now, b, &l.out)
	anew = l.out.Anew
	if l.out.Ignored && !anew {
		l.server.engine.env.counters.add(clientsIgnored)
	}
	l.perform(now)
	return anew
}

// look ends the client if it is gone.
func (l *legacyClient) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over && l.gone() {
		l.end()
	}
}

// makeWay is look for a client that holds the daemon, of whom somebody else asks for it.
func (l *legacyClient) makeWay() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := legacyNow()
	switch {
	case l.over:
	case l.gone():
		l.end()
	case !l.checkable && now.Sub(l.heard) >= legacySilence:
		l.goodbye(now, legacy.EndSilent)
	}
}

// drop ends the dialogue without a word.
func (l *legacyClient) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
}

func (l *legacyClient) lastHeard() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard
}

// holds reports whether the client holds the daemon.
func (l *legacyClient) holds() bool { return l.server.engine.client.Load() == l.client }

// gone looks whether the client's socket is gone.
func (l *legacyClient) gone() bool {
	if !l.checkable {
		return false
	}
	bound, err := l.server.cfg.Bound(l.addr)
	if bound || err != nil {
		return false
	}
	l.server.engine.env.counters.add(clientsVanished)
	l.server.engine.env.cfg.Log.Info().Stringer("client", l.addr).Msg("a client has gone without a word")
	return true
}

// expire is what the timer calls.
func (l *legacyClient) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	now := legacyNow()
	if now.Sub(l.looked) >= legacyLook {
		l.looked = now
		if l.gone() || !l.checkable && !l.holds() && now.Sub(l.heard) >= legacySilence {
			l.end()
			return
		}
	}
	l.dialogue.Expire(now, &l.out)
	l.perform(now)
}

// perform does what a step of the dialogue asks for, and sets the timer for the next one.
func (l *legacyClient) perform(now time.Time) {
	e := l.server.engine
	for _, b := range l.out.Datagrams {
		if err := l.server.conn.WriteTo(b, l.addr); err != nil {
			e.env.counters.add(dropUnsent)
		}
	}
	for _, cmd := range l.out.Commands {
		l.client.Do(cmd)
	}
	// Who does not confirm what it was sent and cannot be seen either is taken for gone; who can be seen was only stopped
	// for a while.
	over := l.out.Gone || l.out.Anew || l.out.Doubt && (!l.checkable || l.gone())
	l.out.Reset()
	if over {
		l.end()
		return
	}
	at := l.looked.Add(legacyLook)
	if due, has := l.dialogue.NextDeadline(); has && due.Before(at) {
		at = due
	}
	l.timer.Reset(at.Sub(now))
	l.change.Broadcast()
}

// close lets run tell the dialogue what is left to tell, and end it.
func (l *legacyClient) close() {
	l.client.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change.Broadcast()
}

// end ends the dialogue and the client's hold on the daemon. run then ends too.
func (l *legacyClient) end() {
	if l.over {
		return
	}
	l.over = true
	l.timer.Stop()
	l.server.remove(l)
	l.client.Close()
	l.change.Broadcast()
}
