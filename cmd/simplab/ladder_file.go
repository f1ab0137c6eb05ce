package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"simp/engine/follow"
	"simp/netio/pcap"
)

// capturedBetween hands on what a capture (- is the input) has of the traffic between daemons, in order and in a stream, after it has
// said when the capture began. It returns how many packets that were. The errors of each come back as they are; all others are a
// sentence that begins with the name of the file, and what came before them has been handed on. How far it is goes to progress.
func capturedBetween(l lab, name string, progress io.Writer, port uint16, began func(time.Time), each func(follow.Packet) error) (packets int, err error) {
	var r *pcap.Reader
	if name == "-" {
		name = "the input"
		if r, err = pcap.NewReader(l.stdin); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	} else {
		r, err = pcap.Open(name)
	}
	if err != nil {
		return 0, misuse{err}
	}
	defer func() { _ = r.Close() }()
	shown := newProgress(progress, "reading "+filepath.Base(name), "packets", time.Now)
	defer shown.end()
	for first := true; ; first = false {
		p, err := r.Next()
		shown.step(p.N, r.Part())
		switch {
		case errors.Is(err, io.EOF):
			return packets, nil
		case err != nil:
			return packets, misuse{fmt.Errorf("%s: %w", name, err)}
		case first:
			began(p.At)
		}
		if p.Proto != pcap.UDP || !follow.BetweenDaemons(p.From, p.To, port) {
			continue
		}
		packets++
		if err := each(follow.Packet{N: p.N, At: p.At, From: p.From, To: p.To, Bytes: p.Payload, Cut: p.Cut}); err != nil {
			return packets, err
		}
	}
}
