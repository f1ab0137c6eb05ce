package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"simp/cmd/internal/daemon"
	"simp/codec"
	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// beat is how long what has happened is kept back, so that it can be put in order. Most of it is already; but what a user
// is told comes over a connection, and may come a moment after the datagram that left behind it. It is far below the
// latency of the wire, so cause and effect on different sides never fall into the same beat.
const beat = 5 * time.Millisecond

// stage is what the story is played on. It writes down everything that happens, from whichever goroutine it comes.
type stage struct {
	lose string // the message whose datagram is to be lost, the first time that it leaves the left side

	showing sync.Mutex // held while entries are shown, so that the daemons need not wait for a slow terminal
	show    func(Entry)

	daemons [2]*daemon.Daemon
	people  [2]*person
	running sync.WaitGroup
	stop    context.CancelFunc

	mu      sync.Mutex
	begin   time.Time
	shut    bool    // what happens from now on does not belong to the story
	pending []Entry // of this beat
	flusher *time.Timer
	record  record
	victim  []byte        // the bytes that were lost
	lostAt  time.Duration // and when
	copies  map[string]int
}

func newStage(lose string, show func(Entry)) *stage {
	s := &stage{lose: lose, show: show, begin: time.Now(), copies: make(map[string]int)}
	s.flusher = time.AfterFunc(time.Hour, s.flush)
	s.flusher.Stop()
	return s
}

// open starts two daemons at addresses of this host that are free, and attaches a person to each.
func (s *stage) open(ctx context.Context, names [2]string, o Options) error {
	next := netip.AddrFrom4([4]byte{127, 0, 0, 2})
	for _, side := range []Side{Left, Right} {
		var err error
		if s.daemons[side], next, err = openFree(next, s.config(side, o)); err != nil {
			return err
		}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	for _, side := range []Side{Left, Right} {
		d := s.daemons[side]
		s.running.Go(func() { _ = d.Run(running) }) // how it ends is not part of the story
		hear := func(e client.Event) { s.told(side, names[side.Other()], e) }
		var err error
		if s.people[side], err = attach(ctx, names[side], d.ClientAddr().String(), hear); err != nil {
			return err
		}
	}
	return nil
}

// openFree opens a daemon at the first address from ip on that has both usual ports free, and returns the address behind
// it. Where 127.0.0.1 is the only loopback address there is, it opens it there on any free ports.
func openFree(ip netip.Addr, cfg daemon.Config) (*daemon.Daemon, netip.Addr, error) {
	const tries = 250 // a class C full of daemons
	cfg.Port, cfg.ClientPort = client.DefaultPort, client.DefaultPort+1
	for range tries {
		cfg.IP = ip
		d, err := daemon.Open(cfg)
		switch {
		case err == nil:
			return d, ip.Next(), nil
		case errors.Is(err, netio.ErrNotLocal):
			cfg.IP, cfg.Port, cfg.ClientPort = netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0, 0
			d, err := daemon.Open(cfg)
			return d, ip, err
		case !errors.Is(err, netio.ErrPortTaken):
			return nil, ip, err
		}
		ip = ip.Next()
	}
	return nil, ip, fmt.Errorf("no loopback address has ports %d and %d free: stop some of the daemons of this host", cfg.Port, cfg.ClientPort)
}

// config is a daemon that is watched.
func (s *stage) config(side Side, o Options) daemon.Config {
	cfg := daemon.Config{
		Engine: engine.Defaults(),
		Faults: netio.Faults{MinDelay: o.Latency, MaxDelay: o.Latency},
		// Outside the faults, and so at the moment of sending. One filter does both, because what is drawn is whether
		// the datagram arrives.
		Wrap: func(c netio.Conn) netio.Conn {
			return netio.WithFilter(c, func(b []byte, _ netip.AddrPort) bool { return s.sending(side, b) })
		},
	}
	cfg.Engine.Retransmit = o.Retransmit
	cfg.Engine.OnTransition = func(t engine.Transition) {
		s.write(Entry{Side: side, Kind: Step, Text: t.From, Detail: t.To, Rule: t.Rule})
	}
	return cfg
}

// sending writes a datagram down and decides whether it is lost.
func (s *stage) sending(side Side, b []byte) (lost bool) {
	d, _, err := codec.Decode(b)
	if err != nil {
		s.write(Entry{Side: side, Kind: Datagram, Text: err.Error()})
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(s.begin)
	lost = s.victim == nil && side == Left && d.Kind == codec.CHAT && string(d.Payload) == s.lose
	key := fmt.Sprint(side) + string(b)
	if s.copies[key]++; d.Kind == codec.ACK {
		s.copies[key] = 1 // it has the bytes of an earlier one without being its copy
	}
	switch {
	case lost:
		s.record.lost++
		s.victim, s.lostAt = bytes.Clone(b), now
	case bytes.Equal(b, s.victim):
		if s.record.repeated++; s.record.repeated == 1 {
			s.record.after = now - s.lostAt
		}
	}
	s.enter(Entry{At: now, Side: side, Kind: Datagram, Text: summary(d), Copy: s.copies[key], Lost: lost})
	return lost
}

// summary is the codec's, without the name: that is the lane's.
func summary(d codec.Datagram) string {
	return strings.Replace(d.String(), fmt.Sprintf(" user=%q", d.User), "", 1)
}

// told writes down what a person is told.
func (s *stage) told(side Side, partner string, e client.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return
	}
	s.record.told(side, e)
	s.enter(Entry{At: time.Since(s.begin), Side: side, Kind: Told, Text: words(e, partner)})
}

// write writes down what happens now.
func (s *stage) write(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.At = time.Since(s.begin)
	s.enter(e)
}

// enter adds an entry to the beat. The stage is locked.
func (s *stage) enter(e Entry) {
	if s.shut {
		return
	}
	if len(s.pending) == 0 {
		s.flusher.Reset(beat)
	}
	s.pending = append(s.pending, e)
}

// flush shows what has happened in this beat.
func (s *stage) flush() {
	s.showing.Lock()
	defer s.showing.Unlock()
	s.mu.Lock()
	entries := s.pending
	s.pending = nil
	s.mu.Unlock()
	order(entries)
	for _, e := range entries {
		s.show(e)
	}
}

// order sorts the entries of a beat: who began comes first, and each side's come in the order in which one side does
// things.
func order(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	first := entries[0].Side
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if a.Side == b.Side {
			return int(a.Kind) - int(b.Kind)
		}
		if a.Side == first {
			return -1
		}
		return 1
	})
	// What a user is told is written down when the client has it, although the daemon handed it on earlier: before
	// whatever follows here.
	for i := len(entries) - 2; i >= 0; i-- {
		if e, next := &entries[i], entries[i+1]; e.Side == next.Side {
			e.At = min(e.At, next.At)
		}
	}
}

// restart sets the clock to zero.
func (s *stage) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin = time.Now()
}

// close ends the story and everything that was opened, and returns the record.
func (s *stage) close() *record {
	s.flusher.Stop()
	s.flush()
	s.mu.Lock()
	s.shut = true
	s.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
	for _, side := range []Side{Left, Right} {
		if p := s.people[side]; p != nil {
			_ = p.conn.Close()
		}
		if d := s.daemons[side]; d != nil && s.stop == nil {
			_ = d.Close() // it was never run
		}
	}
	s.running.Wait()
	return &s.record
}
