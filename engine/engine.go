package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"simp/codec"
	"simp/netio"
)

// Engine is a daemon: the conversations of one user with everybody else, over one socket.
//
// Run reads the network until its context ends. Clients come through NewClient (in process) or ServeClients (over TCP);
// both may be used from any goroutine while Run runs.
type Engine struct {
	env      *Env
	conn     netio.Conn
	client   atomic.Pointer[Client] // the one that is attached
	warnings limiter

	packets  sync.Pool // *packet
	outboxes sync.Pool // *Outbox

	mu     sync.RWMutex // guards the registry; taken for a lookup, an insertion or a removal, never while sending
	peers  map[netip.AddrPort]*actor
	actors sync.WaitGroup

	stranger struct { // the reader's: what a stranger's datagram is tried on
		Session
		out Outbox
	}
	clients  clientConns
	watchers watchers
	legacy   atomic.Pointer[LegacyServer] // nil: clients that speak datagrams are not served
}

// New returns a daemon on conn that is not running yet. The caller closes conn when it does not call Run.
func New(cfg Config, conn netio.Conn) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("engine: configure: %w", err)
	}
	e := &Engine{
		env: NewEnv(cfg, ""), conn: conn, peers: make(map[netip.AddrPort]*actor),
		outboxes: sync.Pool{New: func() any { return new(Outbox) }},
		packets:  sync.Pool{New: func() any { return &packet{buf: make([]byte, 0, pooledBuffer)} }},
	}
	e.env.room = func() bool {
		c := e.client.Load()
		return c != nil && c.hasRoom()
	}
	return e, nil
}

// Addr is the daemon's own address.
func (e *Engine) Addr() netip.AddrPort { return e.conn.LocalAddr() }

// Counters returns everything that was dropped, ignored, repeated or refused so far, by name.
func (e *Engine) Counters() map[string]uint64 {
	all := e.env.Counters()
	if e.env.cfg.Counters != nil {
		e.env.cfg.Counters(all)
	}
	return all
}

// Run reads the network until ctx ends; then it says goodbye to all partners, waits for their ACKs one retransmission
// time at most, closes the socket and returns nil. It returns an error if the socket fails before. When it returns, no
// goroutine of the daemon is left except those of ServeClients, which has a context of its own.
func (e *Engine) Run(ctx context.Context) error {
	read := make(chan error, 1)
	go func() { read <- e.read() }()
	select {
	case <-ctx.Done():
	case err := <-read:
		read <- err // for the last lines
	}
	e.goodbye()
	closed := e.conn.Close()
	if err := <-read; err != nil {
		return fmt.Errorf("engine: read network: %w", err)
	}
	if closed != nil {
		return fmt.Errorf("engine: close network: %w", closed)
	}
	return nil
}

// goodbye closes all conversations, and ends their actors when they are quiet or the time is up.
func (e *Engine) goodbye() {
	e.mu.Lock()
	e.env.stop.Store(true) // under the lock: no actor starts from here on
	e.mu.Unlock()
	e.postAll(letter{kind: letterShutdown})
	quiet := make(chan struct{})
	go func() {
		e.actors.Wait()
		close(quiet)
	}()
	patience := time.NewTimer(e.env.cfg.Retransmit)
	defer patience.Stop()
	select {
	case <-quiet:
	case <-patience.C:
		e.postAll(letter{kind: letterKill})
		<-quiet
	}
	e.endClients()
	if e.env.cfg.Log.GetLevel() <= zerolog.InfoLevel {
		e.env.cfg.Log.Info().Interface("counters", e.Counters()).Msg("stopped")
	}
}

// read takes datagrams from the socket until it is closed. It is the only reader. Other errors pass, or they do not, and
// then the daemon had better say so than look alive.
func (e *Engine) read() error {
	buf := make([]byte, codec.MaxReceive+1) // one more, to tell what was cut
	failures := 0
	for {
		n, from, err := e.conn.ReadFrom(buf)
		switch {
		case err == nil:
			failures = 0
			e.receive(buf[:n], from)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			if failures++; failures == readFailures {
				return err
			}
			e.env.cfg.Log.Warn().Err(err).Msg("the network could not be read; trying again")
			time.Sleep(readPause)
		}
	}
}

// receive gives a datagram to its peer's actor, or tries it on a stranger's session.
func (e *Engine) receive(b []byte, from netip.AddrPort) {
	e.env.counters.add(datagramsIn)
	p := e.packets.Get().(*packet) //nolint:forcetypeassert // the pool holds nothing else
	p.buf = append(p.buf[:0], b...)
	d, notes, err := codec.Decode(p.buf)
	if err != nil {
		e.env.counters.unreadable(err)
		e.tellLoss(CauseUnreadable, from, p.buf, err)
		e.release(p)
		return
	}
	e.env.counters.tolerated(notes)
	p.datagram, p.notes = d, notes
	for {
		a := e.find(from)
		if a == nil {
			if e.meet(p, from) {
				return
			}
			continue // our user has invited the same peer this instant
		}
		switch a.box.post(letter{kind: letterDatagram, packet: p}) {
		case postedOK:
			return
		case postedFull:
			e.env.counters.add(dropMailboxFull)
			e.tellLoss(CauseDropped, from, p.buf, nil)
			e.release(p)
			return
		case postedClosed: // the actor has just retired
		}
	}
}

// find returns the peer's actor, nil if it has none.
func (e *Engine) find(peer netip.AddrPort) *actor {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.peers[peer]
}

// meet tries a stranger's datagram on a session without an actor. Only if that leads anywhere does the stranger get a
// goroutine; a refusal or a shrug costs no more than this call. The registry is locked meanwhile, so that no client
// invites the same peer; meet returns false if one has.
func (e *Engine) meet(p *packet, from netip.AddrPort) bool {
	now := time.Now()
	e.mu.Lock()
	if e.peers[from] != nil {
		e.mu.Unlock()
		return false
	}
	s, out := &e.stranger.Session, &e.stranger.out
	*s = NewSession(e.env, from, e.client.Load() != nil)
	var birth *Birth
	if e.observed() {
		birth = s.Birth()
		out.Watch(s)
	}
	s.Handle(now, Input{Datagram: &p.datagram, Size: len(p.buf), Notes: p.notes}, out)
	stays := !s.Done() && !e.env.stop.Load()
	if birth != nil { // before the actor has anything to tell
		e.tell(Observation{At: now, Cause: CauseDatagram, Raw: p.buf, Begins: birth, Ends: !stays}, s, out)
	}
	if stays {
		e.start(newActor(e, *s))
	}
	e.mu.Unlock()
	e.perform(now, from, out, false)
	out.Reset()
	e.release(p)
	return true
}

// start puts an actor into the registry and lets it run. The registry is locked.
func (e *Engine) start(a *actor) {
	e.peers[a.session.peer] = a
	e.actors.Add(1)
	go a.run()
}

// retire takes an actor out of the registry, unless something has come in for it.
func (e *Engine) retire(a *actor) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !a.box.closeIfEmpty() {
		return false
	}
	delete(e.peers, a.session.peer)
	if lost := a.session.unread(); lost > 0 {
		e.env.counters.lost(lost)
		e.env.cfg.Log.Warn().Stringer("peer", a.session.peer).Str("user", a.session.user).Int("messages", lost).
			Msg("the daemon stops with messages that no client has come to read")
	}
	e.tellEnd(&a.session)
	a.session.leaveAll()
	if a.timer != nil {
		a.timer.Stop()
	}
	e.actors.Done()
	return true
}

func (e *Engine) release(p *packet) {
	p.datagram = codec.Datagram{}
	e.packets.Put(p)
}

// all returns the actors of this moment.
func (e *Engine) all() []*actor {
	e.mu.RLock()
	defer e.mu.RUnlock()
	actors := make([]*actor, 0, len(e.peers))
	for _, a := range e.peers {
		actors = append(actors, a)
	}
	return actors
}

func (e *Engine) postAll(l letter) {
	for _, a := range e.all() {
		a.box.post(l)
	}
}

// ask posts a question to the given actors and waits until each has answered or retired.
func ask(actors []*actor, kind letterKind) *census {
	c := new(census)
	for _, a := range actors {
		c.ask(a, kind)
	}
	c.wg.Wait()
	return c
}
