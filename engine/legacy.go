package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"simp/codec/client/legacy"
	"simp/netio"
)

// LegacyConfig says who is served by a LegacyServer. The zero value is right for a daemon.
type LegacyConfig struct {
	// Allow says which addresses are answered; nil: this host's own only, since whoever reaches the client port is the
	// user. It is asked once for each client.
	Allow func(netip.Addr) bool

	// Bound says whether a client's socket still exists; an error means that it cannot be told. nil: netio.Bound.
	Bound func(netip.AddrPort) (bool, error)
}

// LegacyServer serves clients that speak datagrams in one of the protocols of package legacy: each source address has a
// dialogue, and each dialogue a Client of the engine.
//
// None of these protocols tells the end of a client, and nothing can be sent to find out that every client would take
// well: one ends on what it does not expect, another loses what comes at the wrong moment. So the server looks whether
// the client's port is still bound: every legacyLook, and whenever somebody else asks for the daemon. One that is there and
// has not asked for the daemon gives way if there are too many, after legacyUndecided. A client on another
// host cannot be looked for: it is believed to be there, but after legacySilence its place is another's who asks.
type LegacyServer struct {
	engine *Engine
	conn   netio.Conn
	cfg    LegacyConfig

	mu      sync.Mutex
	clients map[netip.AddrPort]*legacyClient
	stopped bool
	running sync.WaitGroup // one for each dialogue
}

// NewLegacyServer returns a server on conn that is not running yet. The caller closes conn if it does not call Serve.
func (e *Engine) NewLegacyServer(conn netio.Conn, cfg LegacyConfig) *LegacyServer {
	if cfg.Allow == nil {
		cfg.Allow = netio.IsLocal
	}
	if cfg.Bound == nil {
		cfg.Bound = netio.Bound
	}
	s := &LegacyServer{engine: e, conn: conn, cfg: cfg, clients: make(map[netip.AddrPort]*legacyClient)}
	e.legacy.Store(s)
	return s
}

// Addr is where the clients find the server.
func (s *LegacyServer) Addr() netip.AddrPort { return s.conn.LocalAddr() }

// Serve reads datagrams until ctx ends or the socket fails. When it returns, the socket is closed, all of its clients
// have been told what there was to tell and are detached, and no goroutine is left.
func (s *LegacyServer) Serve(ctx context.Context) error {
	// The clients first, while their last datagrams can still be sent; then the socket, which ends the reading.
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		s.endAll()
		_ = s.conn.Close()
	})
	err := s.read()
	if stop() {
		s.endAll()
		_ = s.conn.Close()
	} else {
		<-ended
	}
	if err != nil {
		return fmt.Errorf("engine: read clients: %w", err)
	}
	return nil
}

// read takes datagrams until the socket is closed. It is the only reader.
func (s *LegacyServer) read() error {
	buf := make([]byte, legacy.MaxDatagram+1) // one more, to tell what was cut
	failures := 0
	for {
		n, from, err := s.conn.ReadFrom(buf)
		switch {
		case err == nil && n > legacy.MaxDatagram:
			failures = 0
			s.engine.env.counters.add(clientsIgnored)
		case err == nil:
			failures = 0
			s.receive(buf[:n], from)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			if failures++; failures == readFailures {
				return err
			}
			time.Sleep(readPause)
		}
	}
}

// receive gives a datagram to the dialogue of its source, or begins one.
func (s *LegacyServer) receive(b []byte, from netip.AddrPort) {
	l := s.find(from)
	_, greets := legacy.Recognise(b)
	switch {
	case l != nil:
	case !greets:
		s.engine.env.counters.add(clientsIgnored)
		return
	case !s.cfg.Allow(from.Addr()):
		// Not a word: whoever may not be a client may not have us send anything either, to an address that anybody can
		// write into a datagram.
		s.engine.env.counters.add(clientsNotAllowed)
		return
	}
	if greets && (l == nil || !l.holds()) {
		s.look() // whoever asks for the daemon shall not be refused for somebody who is gone
	}
	if l != nil {
		if !l.receive(b) {
			return
		}
		s.engine.env.counters.add(clientsReplaced) // by another client, whose first datagram this is
	}
	s.begin(b, from)
}

// begin opens a dialogue with a client that may have one.
func (s *LegacyServer) begin(b []byte, from netip.AddrPort) {
	protocol, known := legacy.Recognise(b)
	if !known { // a late one, of a dialogue that has just ended
		s.engine.env.counters.add(clientsIgnored)
		return
	}
	// A socket that we cannot see although it has just sent us something is somewhere else, behind a translation of
	// addresses; of that client the end cannot be seen.
	bound, err := s.cfg.Bound(from)
	l := newLegacyClient(s, from, bound && err == nil)
	if !s.add(l) {
		l.client.Close()
		s.refuse(b, from)
		return
	}
	s.engine.env.cfg.Log.Debug().Stringer("client", from).Stringer("protocol", protocol).Msg("a client that speaks datagrams has come")
	l.open(b, s.engine.client.Load() != nil)
	go l.run()
}

// refuse tells a client for which there is no place why, in the form that its user is shown. No dialogue begins, so whatever
// it says to that is ignored.
func (s *LegacyServer) refuse(first []byte, to netip.AddrPort) {
	s.engine.env.counters.add(clientsRefused)
	if s.isStopped() {
		return
	}
	var out legacy.Output
	legacy.Refuse(first, legacy.EndCrowded, &out)
	for _, b := range out.Datagrams {
		if err := s.conn.WriteTo(b, to); err != nil {
			s.engine.env.counters.add(dropUnsent)
		}
	}
}

func (s *LegacyServer) add(l *legacyClient) bool {
	s.mu.Lock()
	full := len(s.clients) >= maxLegacyClients
	s.mu.Unlock()
	if full {
		s.sweep()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || len(s.clients) >= maxLegacyClients {
		return false
	}
	s.clients[l.addr] = l
	s.running.Add(1)
	return true
}

func (s *LegacyServer) remove(l *legacyClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[l.addr] == l {
		delete(s.clients, l.addr)
	}
}

func (s *LegacyServer) find(addr netip.AddrPort) *legacyClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients[addr]
}

func (s *LegacyServer) all() []*legacyClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*legacyClient, 0, len(s.clients))
	for _, l := range s.clients {
		all = append(all, l)
	}
	return all
}

// look ends the client that holds the daemon, if it is one of ours and gone.
func (s *LegacyServer) look() {
	holder := s.engine.client.Load()
	if holder == nil {
		return
	}
	for _, l := range s.all() {
		if l.client == holder {
			l.makeWay()
		}
	}
}

// sweep makes room: it ends all clients that are gone, or else, of those that do not hold the daemon, the one that has been
// silent for longest. One that can be seen has legacyUndecided for that: its user may be about to type a name.
func (s *LegacyServer) sweep() {
	var silent *legacyClient
	var since time.Time
	now := legacyNow()
	for _, l := range s.all() {
		l.look()
		at := l.lastHeard()
		idle := !l.checkable || now.Sub(at) >= legacyUndecided
		if idle && !l.holds() && (silent == nil || at.Before(since)) {
			silent, since = l, at
		}
	}
	s.mu.Lock()
	full := len(s.clients) >= maxLegacyClients
	s.mu.Unlock()
	if full && silent != nil {
		silent.drop()
	}
}

func (s *LegacyServer) isStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// endAll closes all clients and waits until they have been told everything.
func (s *LegacyServer) endAll() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	for _, l := range s.all() {
		l.close()
	}
	s.running.Wait()
}
