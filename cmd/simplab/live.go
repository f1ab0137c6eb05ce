package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"simp/cmd/internal/watch"
	"simp/engine/follow"
	"simp/netio/pcap"
)

// liveSource is where packets come from while they are sent.
type liveSource struct {
	name  string
	next  func() (liveNews, error) // waits for what comes next, whose bytes are valid until the next call; the error ends it
	close func()                   // ends a call of next, too
}

// liveNews is a packet, or else that some could not be seen.
type liveNews struct {
	packet follow.Packet
	gap    string
}

// pump reads a source until it ends or ctx does. Whoever takes news says so when it is done with it.
func (s liveSource) pump(ctx context.Context) (news <-chan liveNews, ended <-chan error, taken chan<- struct{}) {
	packets, end, done := make(chan liveNews), make(chan error, 1), make(chan struct{})
	go func() {
		for {
			p, err := s.next()
			if err != nil {
				end <- err
				return
			}
			select {
			case packets <- p:
				<-done
			case <-ctx.Done():
				return
			}
		}
	}()
	return packets, end, done
}

// slack is how much later than that something is taken for missing: packets need a moment until they get here.
const slack = 100 * time.Millisecond

// openLive opens what an argument names: an address is that of a daemon, anything else is an interface, and nothing the daemon where simpd
// runs without arguments.
func openLive(ctx context.Context, what string, port uint16, instead string) (liveSource, error) {
	where := cmp.Or(what, "127.0.0.1")
	var daemon watch.Address
	err := daemon.UnmarshalText([]byte(where))
	switch {
	case err == nil:
		return watched(ctx, daemon.AddrPort)
	case strings.ContainsAny(where[:1], "0123456789[:"):
		return liveSource{}, err
	}
	return captureLive(where, port, instead)
}

// captureLive is an interface as a source. instead is the command that needs no right.
func captureLive(name string, port uint16, instead string) (liveSource, error) {
	r, err := pcap.OpenInterface(name)
	switch {
	case errors.Is(err, pcap.ErrNotPermitted):
		return liveSource{}, fmt.Errorf("%w: root may, and so may everybody in a file of tcpdump -w; to watch a daemon of this host no right is needed: %s", err, instead)
	case err != nil:
		return liveSource{}, err
	}
	n := 0
	return liveSource{
		name:  name,
		close: func() { _ = r.Close() },
		next: func() (liveNews, error) {
			for {
				p, err := r.Next()
				if err != nil {
					return liveNews{}, errors.New("it cannot be captured any more")
				}
				if p.Proto == pcap.UDP && follow.BetweenDaemons(p.From, p.To, port) {
					n++
					return liveNews{packet: follow.Packet{N: n, At: p.At, From: p.From, To: p.To, Bytes: p.Payload, Cut: p.Cut}}, nil
				}
			}
		},
	}, nil
}
