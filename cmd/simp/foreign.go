package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"simp/codec/client"
	"simp/codec/client/foreign"
)

const (
	// probing is how long a foreign daemon may take to show that it is there. It answers within milliseconds; only where
	// neither it nor the host says anything does simp wait that long.
	probing = 500 * time.Millisecond

	// longestDatagram is more than any foreign daemon sends.
	longestDatagram = 4096
)

// errUnanswered says that a daemon was greeted and nothing came back.
var errUnanswered = errors.New("no answer")

// dialForeign connects to a foreign daemon of the given kind at a UDP address. The error wraps errNobody if there is none.
func dialForeign(ctx context.Context, addr netip.AddrPort, kind foreign.Kind) (*link, error) {
	dialogue := foreign.New(kind, foreign.Config{Daemon: addr.Addr()})
	var hello foreign.Outbox
	dialogue.Start(time.Now(), &hello)
	conn, first, err := greetForeign(ctx, addr, hello.Datagrams[0], greeting)
	if err != nil {
		return nil, fmt.Errorf("%w at UDP port %d of %s (%w)", errNobody, addr.Port(), addr.Addr(), cause(err))
	}
	if is, known := foreign.Recognise(first); known && is != kind {
		_ = conn.Close()
		return nil, fmt.Errorf("the daemon at %s speaks protocol %s, not %s: leave --daemon-protocol out, or give the right one", addr.Addr(), is, kind)
	}
	return bridged(conn, dialogue, first), nil
}

// findForeign looks for a foreign daemon of any kind at a UDP address, in a way that none of them takes amiss. The error
// wraps errNobody if there is none.
func findForeign(ctx context.Context, addr netip.AddrPort) (*link, foreign.Kind, error) {
	if addr.Port() == 0 {
		return nil, "", errNobody
	}
	conn, first, err := greetForeign(ctx, addr, foreign.Probe(), probing)
	if err != nil {
		return nil, "", fmt.Errorf("%w (%w)", errNobody, cause(err))
	}
	kind, known := foreign.Recognise(first)
	if !known {
		_ = conn.Close()
		return nil, "", fmt.Errorf("what answers at UDP port %d of %s is no daemon that simp knows: choose another address, or another port with --client-port",
			addr.Port(), addr.Addr())
	}
	dialogue := foreign.New(kind, foreign.Config{Daemon: addr.Addr(), Probed: true})
	dialogue.Start(time.Now(), &foreign.Outbox{}) // the probe was its first datagram
	return bridged(conn, dialogue, first), kind, nil
}

// greetForeign sends the first datagram and returns the first answer.
func greetForeign(ctx context.Context, addr netip.AddrPort, hello []byte, patience time.Duration) (net.Conn, []byte, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", addr.String())
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	first := make([]byte, longestDatagram)
	n := 0
	if _, err = conn.Write(hello); err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(patience)) // an error shows again at the read
		n, err = conn.Read(first)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close()
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			err = fmt.Errorf("%w within %s", errUnanswered, patience)
		}
		return nil, nil, err
	}
	return conn, first[:n], nil
}

// bridge stands between a link and a foreign daemon and is for the link what a daemon of simp's own is: it takes lines of
// the native protocol and answers with such lines. So nothing else in simp knows of foreign daemons.
type bridge struct {
	conn     net.Conn // the daemon
	link     net.Conn
	dialogue foreign.Dialogue
	deaf     bool // the link takes nothing any more
	gone     chan struct{}
}

// bridged returns a link over a bridge that has just received first.
func bridged(conn net.Conn, dialogue foreign.Dialogue, first []byte) *link {
	near, far := net.Pipe()
	b := &bridge{conn: conn, link: far, dialogue: dialogue, gone: make(chan struct{})}
	go b.run(first)
	l := newLink(near, client.NewLineReader(near, client.MaxEventLine))
	l.bridge = b.gone
	return l
}

// run is the bridge's life. It ends when the dialogue does; a link that closes means Quit, after which the dialogue takes
// no longer than it takes to log out in order.
func (b *bridge) run(first []byte) {
	defer close(b.gone)
	done, cancel := context.WithCancel(context.Background())
	defer cancel()
	lines, datagrams := make(chan string), make(chan []byte)
	broken := make(chan error, 1)
	go func() {
		_ = feed(done, lines, b.lines()) // that there are no more says enough
		close(lines)
	}()
	go func() { broken <- feed(done, datagrams, b.datagrams) }()
	defer func() {
		_ = b.link.Close()
		_ = b.conn.Close()
	}()

	step := func(do func(*foreign.Outbox)) bool {
		var out foreign.Outbox
		do(&out)
		b.perform(out)
		return !out.Ended
	}
	more := step(func(out *foreign.Outbox) { b.dialogue.Datagram(time.Now(), first, out) })
	for more {
		due, stop := until(b.dialogue.Deadline())
		select {
		case line, open := <-lines:
			if !open {
				lines, b.deaf = nil, true
				more = step(func(out *foreign.Outbox) { b.dialogue.Command(time.Now(), client.Quit{}, out) })
				break
			}
			more = step(func(out *foreign.Outbox) { b.command(line, out) })
		case d := <-datagrams:
			more = step(func(out *foreign.Outbox) { b.dialogue.Datagram(time.Now(), d, out) })
		case <-due:
			more = step(func(out *foreign.Outbox) { b.dialogue.Expire(time.Now(), out) })
		case err := <-broken:
			b.perform(foreign.Outbox{Events: []client.Event{client.Error{Reason: foreign.ReasonUnsupported, Text: fmt.Sprintf(
				"The daemon at %s is gone (%s). Start it again, then start simp again.", b.conn.RemoteAddr(), cause(err))}}})
			more = false
		}
		stop()
	}
}

// until returns a channel that is closed at a time, or never if it is zero.
func until(t time.Time) (<-chan struct{}, context.CancelFunc) {
	if t.IsZero() {
		return nil, func() {}
	}
	ctx, cancel := context.WithDeadline(context.Background(), t)
	return ctx.Done(), cancel
}

// command takes a line as a daemon would.
func (b *bridge) command(line string, out *foreign.Outbox) {
	c, err := client.Native{}.DecodeCommand([]byte(line))
	var refused *client.DecodeError
	switch {
	case errors.As(err, &refused):
		out.Events = append(out.Events, refused.Event())
	case err == nil:
		b.dialogue.Command(time.Now(), c, out)
	}
}

// perform sends what a step has brought. A datagram that cannot be sent is lost like any other; where the daemon is gone
// the next read says so.
func (b *bridge) perform(out foreign.Outbox) {
	for _, d := range out.Datagrams {
		_, _ = b.conn.Write(d)
	}
	var lines []byte
	for _, e := range out.Events {
		lines, _ = client.Native{}.AppendEvent(lines, e) // every event of a dialogue can be written
	}
	if len(lines) > 0 && !b.deaf {
		if _, err := b.link.Write(lines); err != nil {
			b.deaf = true
		}
	}
}

func (b *bridge) lines() func() (string, error) {
	reader := client.NewLineReader(b.link, client.MaxLine)
	return func() (string, error) {
		line, err := reader.Next()
		return string(line), err
	}
}

// datagrams returns the next datagram. What the network says of a datagram of ours is no reason to end, but for a daemon
// that is not there any more.
func (b *bridge) datagrams() ([]byte, error) {
	buf := make([]byte, longestDatagram)
	for {
		n, err := b.conn.Read(buf)
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
			return buf[:n], err
		}
	}
}

// feed passes on what next returns until it fails.
func feed[T any](done context.Context, to chan<- T, next func() (T, error)) error {
	for {
		v, err := next()
		if err != nil {
			return err
		}
		select {
		case to <- v:
		case <-done.Done():
			return done.Err()
		}
	}
}
