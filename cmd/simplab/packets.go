package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"simp/codec/text"
	"simp/engine/follow"
	"simp/netio/pcap"
)

// traffic is what a capture has, as far as it was read.
type traffic struct {
	Began   time.Time // its first packet of UDP or TCP
	Between int       // datagrams between daemons
	Cut     int       // of these, those of which the capture does not hold all
	Clients int       // packets between a daemon and its client
	Others  int       // all other packets
}

// clientPort is where daemons wait for their clients.
const clientPort = 7778

// read hands on what a capture has of the traffic between daemons, in order and in a stream; the bytes are valid during a call only.
// from is nil for a file. Errors of each come back as they are. All others are a misuse, and a sentence that begins with the name;
// what came before a [pcap.Broken] has been handed on.
func (t *traffic) read(name string, from io.Reader, port uint16, bar *progress, each func(follow.Packet) error) (err error) {
	var r *pcap.Reader
	if from == nil {
		r, err = pcap.Open(name)
	} else if r, err = pcap.NewReader(from); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		return misuse{err}
	}
	defer func() { _ = r.Close() }()
	defer func() { t.Others = r.Read() - t.Between - t.Clients }()
	for {
		p, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && t.Between > 0:
			return nil
		case errors.Is(err, io.EOF):
			return misuse{fmt.Errorf("%s: %w", text.Visible(name), t.nothing(r.Read(), port))}
		case err != nil:
			return misuse{fmt.Errorf("%s: %w", text.Visible(name), err)}
		case t.Began.IsZero():
			t.Began = p.At
		}
		if bar != nil {
			bar.step(p.N, r.Part())
		}
		switch {
		case p.Proto == pcap.UDP && follow.BetweenDaemons(p.From, p.To, port):
		case withPort(p.From, p.To, clientPort):
			t.Clients++
			continue
		default:
			continue
		}
		t.Between++
		if p.Cut {
			t.Cut++
		}
		if err := each(follow.Packet{N: p.N, At: p.At, From: p.From, To: p.To, Bytes: p.Payload, Cut: p.Cut}); err != nil {
			return err
		}
	}
}

func withPort(from, to netip.AddrPort, port uint16) bool {
	return from.Port() == port || to.Port() == port
}

// nothing says what a capture has instead of traffic between daemons.
func (t *traffic) nothing(packets int, port uint16) error {
	switch {
	case packets == 0:
		return errors.New("no packet is in it")
	case t.Clients > 0:
		return fmt.Errorf("no datagram between daemons (UDP, port %d) is in it, but %d between a daemon and its client (port %d), which are another protocol: capture port %[1]d",
			port, t.Clients, clientPort)
	}
	return fmt.Errorf("none of its %d packets is a datagram between daemons (UDP, port %d): if they use another port, say which with --port", packets, port)
}
