// Package watch follows what a running daemon does, from its client port: where its conversations stand, and then every step
// and every datagram. It needs no privileges; the daemon has to be on this host.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"simp/codec/client"
	"simp/codec/text"
)

// DefaultPort is the port of a daemon for its clients where none is given.
const DefaultPort = 7778

// patience is how long a daemon may take to answer before it is taken for something else.
const patience = 5 * time.Second

// ahead is how many events are read ahead of whoever takes them.
const ahead = 256

// Address is where a daemon takes its clients.
type Address struct{ netip.AddrPort }

// UnmarshalText reads an IP address, if need be with a port.
func (a *Address) UnmarshalText(b []byte) error {
	s := string(b)
	bare, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err == nil {
		s = netip.AddrPortFrom(bare, DefaultPort).String()
	}
	if a.AddrPort, err = client.ParsePeer(s); err != nil {
		return fmt.Errorf("%q is no address of a daemon: give an IP address, if need be with the daemon's client port, such as 127.0.0.1 or 127.0.0.1:%d", s, DefaultPort)
	}
	return nil
}

// ErrEnded says that the daemon has ended the connection.
var ErrEnded = errors.New("the daemon has ended the connection: it was stopped, or had to wait too long for this program to read")

// Stream is what a daemon tells.
type Stream struct {
	// Start is where everything stood when the stream began.
	Start client.Watching

	events chan client.Event
	err    error // set before events is closed
}

// Events are a [client.Step], [client.Datagram] or [client.Missed] each, in the order in which things happen, and of daemons of a
// later release also others, which are to be ignored. It is closed at the end.
func (s *Stream) Events() <-chan client.Event { return s.events }

// Err says why Events has ended, once it has: the context's error, [ErrEnded], or what failed.
func (s *Stream) Err() error { return s.err }

// Dial asks the daemon at addr to be told what happens, until ctx ends. The error is a sentence that says what to do.
func Dial(ctx context.Context, addr netip.AddrPort) (*Stream, error) {
	greeting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(greeting, "tcp", addr.String())
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("no daemon answers at TCP port %d of %s (%w): start simpd there, or give the address and the client port of one that runs",
			addr.Port(), addr.Addr(), cause(err))
	}
	stop := context.AfterFunc(greeting, func() { _ = conn.Close() })
	lines := client.NewLineReader(conn, client.MaxEventLine)
	start, err := ask(conn, lines)
	if inTime := stop(); !inTime {
		err = fmt.Errorf("it has said nothing for %s; is it another program? Give the client port of a daemon", patience)
	}
	switch {
	case ctx.Err() != nil:
		_ = conn.Close()
		return nil, ctx.Err()
	case err != nil:
		_ = conn.Close()
		return nil, fmt.Errorf("what answers at TCP port %d of %s cannot be watched: %w", addr.Port(), addr.Addr(), err)
	}
	s := &Stream{Start: start, events: make(chan client.Event, ahead)}
	go s.read(ctx, conn, lines)
	return s, nil
}

// ask begins to watch.
func ask(conn net.Conn, lines *client.LineReader) (start client.Watching, err error) {
	command, err := client.Native{}.AppendCommand(nil, client.Watch{})
	if err != nil {
		return start, err
	}
	if _, err := conn.Write(command); err != nil {
		return start, cause(err)
	}
	line, err := lines.Next()
	if err != nil {
		return start, fmt.Errorf("it said nothing that a daemon says (%w); is it another program? Give the client port of a daemon", cause(err))
	}
	event, err := client.Native{}.DecodeEvent(line)
	if err != nil {
		return start, fmt.Errorf("it speaks another protocol (%w)", err)
	}
	switch event := event.(type) {
	case client.Watching:
		return event, nil
	case client.Error:
		if event.Reason == client.ReasonUnknownOp {
			return start, errors.New("it is a daemon of an earlier release, which does not tell what it does: start the simpd of this one")
		}
		return start, errors.New(text.Visible(event.Text))
	default:
		return start, fmt.Errorf("it answers with %q; use a simplab and a simpd of the same release", event.Name())
	}
}

// read hands events on until the end.
func (s *Stream) read(ctx context.Context, conn net.Conn, lines *client.LineReader) {
	defer close(s.events)
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for {
		line, err := lines.Next()
		var event client.Event
		if err == nil {
			event, err = client.Native{}.DecodeEvent(line)
		}
		switch {
		case ctx.Err() != nil:
			s.err = ctx.Err()
			return
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			s.err = ErrEnded
			return
		case err != nil:
			s.err = fmt.Errorf("the daemon can no longer be followed: %w", cause(err))
			return
		}
		select {
		case s.events <- event:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
	}
}

// cause is what the operating system said, without the addresses that the sentence round it names anyway.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
