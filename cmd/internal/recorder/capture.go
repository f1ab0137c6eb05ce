package recorder

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"simp/codec"
	"simp/engine"
	"simp/engine/record"
	"simp/netio/pcap"
)

// capture is a recording as a capture. What the daemon sends is there as it meant to send it, before the faults that it was
// told to add.
type capture struct {
	to      *pcap.NgWriter
	between netip.AddrPort
	missing uint64 // before the next packet
	packets uint64
	lostAll uint64
}

// packet is something that a client said or heard.
type packet struct {
	at       time.Time
	from, to netip.AddrPort
	out      bool // the daemon said it
	bytes    []byte

	stream   stream
	seq, ack uint32 // bytes before it, in both directions of a stream
}

// stream is what part of a connection a packet is.
type stream uint8

const (
	noStream    stream = iota // a datagram
	streamOpens               // from is the client
	streamData
	streamCloses
)

func newCapture(to *bufio.Writer, head record.Head) (form, error) {
	about := fmt.Sprintf("simpd %s at %s: what it has received and sent. The comments say what its state machine did, and by which rule.", head.Daemon, head.Addr)
	if head.Part > 1 {
		about += fmt.Sprintf(" Part %d, behind %s.", head.Part, head.Continues)
	}
	w, err := pcap.NewNgWriter(to, about)
	return &capture{to: w, between: head.Addr}, err
}

func (c *capture) write(it *item) error {
	if it.packet != nil {
		return c.client(it.packet)
	}
	o := it.observation
	if in := o.Cause; in == engine.CauseDatagram || in == engine.CauseUnreadable || in == engine.CauseDropped {
		d := pcap.Datagram{At: o.At, From: o.Peer, To: c.between, Payload: o.Raw}
		if err := c.datagram(d, false, comment(o)); err != nil {
			return err
		}
	}
	for _, b := range o.Sent {
		if err := c.datagram(pcap.Datagram{At: o.At, From: c.between, To: o.Peer, Payload: b}, true, comment(o)); err != nil {
			return err
		}
	}
	return nil
}

// comment says what the machine did.
func comment(o *engine.Observation) string {
	switch o.Cause {
	case engine.CauseUnreadable:
		return "not read: " + codec.ErrorName(o.Err)
	case engine.CauseDropped:
		return "dropped: too many others of this peer wait"
	default:
	}
	if len(o.Steps) == 0 {
		return "sent now because the peer was not ready for it before" // nothing else is sent without a step
	}
	steps := make([]string, len(o.Steps))
	for i, s := range o.Steps {
		steps[i] = fmt.Sprintf("%s -> %s by %s/%s (%s)", s.From, s.To, s.From, s.Rule, s.On)
	}
	return strings.Join(steps, "; ")
}

func (c *capture) note(out bool, comment string) pcap.Note {
	n := pcap.Note{Out: out, Comment: comment, Lost: c.missing}
	if c.missing > 0 {
		n.Comment = strings.TrimPrefix(fmt.Sprintf("%s; %d packets or steps before this one could not be recorded", comment, c.missing), "; ")
	}
	c.missing = 0
	c.packets++
	return n
}

func (c *capture) datagram(d pcap.Datagram, out bool, comment string) error {
	return c.unless(c.to.Datagram(d, c.note(out, comment)))
}

// unless counts what no capture can hold as lost, instead of giving up.
func (c *capture) unless(err error) error {
	if errors.Is(err, pcap.ErrMixed) {
		c.packets--
		return c.lost(time.Time{}, 1)
	}
	return err
}

// client writes what a client said or heard: a datagram, or as many segments as it takes.
func (c *capture) client(p *packet) error {
	if p.stream == noStream {
		return c.datagram(pcap.Datagram{At: p.at, From: p.from, To: p.to, Payload: p.bytes}, p.out, "")
	}
	there := pcap.Segment{At: p.at, From: p.from, To: p.to, Seq: 1 + p.seq, Ack: 1 + p.ack, ACK: true}
	back := pcap.Segment{At: p.at, From: p.to, To: p.from, Seq: 1 + p.ack, Ack: 1 + p.seq, ACK: true}
	switch p.stream {
	case streamOpens:
		syn, answer := there, back
		syn.Seq, syn.Ack, syn.SYN, syn.ACK = 0, 0, true, false
		answer.Seq, answer.SYN = 0, true
		return c.segments(p.out, syn, answer, there)
	case streamCloses:
		there.FIN, back.FIN = true, true
		back.Ack++
		last := pcap.Segment{At: p.at, From: p.from, To: p.to, Seq: there.Seq + 1, Ack: back.Seq + 1, ACK: true}
		return c.segments(p.out, there, back, last)
	case streamData, noStream:
	}
	for rest := p.bytes; len(rest) > 0; {
		part := rest[:min(len(rest), pcap.MaxSegment)]
		rest = rest[len(part):]
		there.Payload = part
		if err := c.segments(p.out, there); err != nil {
			return err
		}
		there.Seq += uint32(len(part))
	}
	return nil
}

// segments writes segments whose first one goes out or comes in, the others by turns.
func (c *capture) segments(out bool, all ...pcap.Segment) error {
	for i, s := range all {
		if err := c.unless(c.to.Segment(s, c.note(out != (i%2 == 1), ""))); err != nil {
			return err
		}
	}
	return nil
}

func (c *capture) lost(_ time.Time, n uint64) error {
	c.missing += n
	c.lostAll += n
	return nil
}

func (c *capture) flush() error { return c.to.Flush() }

func (c *capture) end(at time.Time, _ string) error { return c.to.Totals(at, c.packets, c.lostAll) }
