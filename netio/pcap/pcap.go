// Package pcap reads UDP datagrams and TCP segments out of packet captures, as tcpdump and Wireshark write them, and writes
// captures that those open.
//
// A [Reader] goes through a file of any length; [ReadFile] has all of a short one at once.
package pcap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Capture is what was read of a capture.
type Capture struct {
	Start     time.Time // when its first packet was seen, of whatever protocol
	Datagrams []Datagram
}

// Datagram is one UDP datagram of a capture.
type Datagram struct {
	At       time.Time
	From, To netip.AddrPort
	Payload  []byte
}

// ReadFile reads a capture file and returns its UDP datagrams in order. Packets of other protocols are left out; one that is
// cut is an error. With an error comes what was read before it.
func ReadFile(path string) (Capture, error) {
	r, err := Open(path)
	if err != nil {
		return Capture{}, err
	}
	defer func() { _ = r.Close() }()
	c, err := readAll(r)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Read is ReadFile for a capture from anywhere.
func Read(from io.Reader) (Capture, error) {
	r, err := NewReader(from)
	if err != nil {
		return Capture{}, err
	}
	return readAll(r)
}

func readAll(r *Reader) (Capture, error) {
	var c Capture
	for {
		p, err := r.Next()
		c.Start = r.start
		switch {
		case errors.Is(err, io.EOF):
			return c, nil
		case err != nil:
			return c, err
		case p.Proto != UDP:
		case p.Cut:
			return c, ErrCut
		default:
			c.Datagrams = append(c.Datagrams, Datagram{At: p.At, From: p.From, To: p.To, Payload: bytes.Clone(p.Payload)})
		}
	}
}
