package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"simp/engine/follow"
	"simp/netio/pcap"
)

// capturedBetween hands on what a capture has of the traffic between daemons, in order, and returns what it handed on. The errors of
// each come back as they are, all others in a sentence that names the file.
func capturedBetween(name string, port uint16, began func(time.Time), each func(follow.Packet) error) (packets int, err error) {
	c, err := pcap.ReadFile(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return 0, misuse{fmt.Errorf("%s cannot be read: %w", name, err)}
	}
	began(c.Start)
	for i, d := range c.Datagrams {
		if !follow.BetweenDaemons(d.From, d.To, port) {
			continue
		}
		packets++
		if err := each(follow.Packet{N: i + 1, At: d.At, From: d.From, To: d.To, Bytes: d.Payload}); err != nil {
			return packets, err
		}
	}
	return packets, nil
}
