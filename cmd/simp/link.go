package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"simp/codec/client"
	"simp/codec/text"
)

const (
	// greeting is how long a daemon may take to answer before it is taken for something else.
	greeting = 5 * time.Second
	// farewell is how long the last commands may take to reach the daemon.
	farewell = 2 * time.Second
)

// errNobody says that nobody answers at the daemon's address.
var errNobody = errors.New("nobody answers")

// received is something that the daemon said.
type received struct {
	event client.Event
	line  string
	err   error // the last thing of all; io.EOF: the daemon has closed the connection
}

// link is the connection to the daemon. One goroutine reads it, another writes it, so that neither side waits for the
// other to read before it reads itself.
type link struct {
	conn   net.Conn
	events chan received // ends with one that has an err
	frames chan []byte   // lines for the daemon, with their line feeds

	ended   context.Context // the connection is no longer wanted
	end     context.CancelFunc
	written chan struct{} // closed when nothing more is written
	bridge  chan struct{} // closed when the bridge to a foreign daemon is down; nil: there is none
}

// dial connects to the daemon at addr and makes sure that it is one. The error wraps errNobody if there is nothing.
func dial(ctx context.Context, addr netip.AddrPort) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, fmt.Errorf("%w at TCP port %d of %s (%w)", errNobody, addr.Port(), addr.Addr(), cause(err))
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	reader := client.NewLineReader(conn, client.MaxEventLine)
	err = greet(conn, reader)
	if inTime := stop(); !inTime {
		err = fmt.Errorf("it has said nothing for %s; is it another program? Choose another port with --client-port", greeting)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("what answers at TCP port %d of %s does not serve as a daemon: %w", addr.Port(), addr.Addr(), err)
	}
	return newLink(conn, reader), nil
}

func newLink(conn net.Conn, reader *client.LineReader) *link {
	l := &link{conn: conn, events: make(chan received), frames: make(chan []byte), written: make(chan struct{})}
	l.ended, l.end = context.WithCancel(context.Background())
	go l.read(reader)
	go l.write()
	return l
}

// greet asks whether a daemon is there.
func greet(conn net.Conn, reader *client.LineReader) error {
	ping, err := client.Native{}.AppendCommand(nil, client.Ping{})
	if err != nil {
		return err
	}
	if _, err := conn.Write(ping); err != nil {
		return cause(err)
	}
	line, err := reader.Next()
	if err != nil {
		return fmt.Errorf("it said nothing that a daemon says (%w); is it another program? Choose another port with --client-port", cause(err))
	}
	event, err := client.Native{}.DecodeEvent(line)
	if err != nil {
		return fmt.Errorf("it speaks another protocol (%w)", err)
	}
	if refusal, is := event.(client.Error); is {
		return errors.New(text.Visible(refusal.Text))
	}
	return nil
}

// cause is what the operating system said, without the addresses that the sentence round it names anyway.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func (l *link) read(reader *client.LineReader) {
	for {
		var r received
		line, err := reader.Next()
		if err == nil {
			r.line = string(line)
			r.event, err = client.Native{}.DecodeEvent(line)
		}
		r.err = err
		select {
		case l.events <- r:
		case <-l.ended.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *link) write() {
	defer close(l.written)
	for {
		select {
		case b := <-l.frames:
			if _, err := l.conn.Write(b); err != nil {
				return // the reader finds out why
			}
		case <-l.ended.Done():
			return
		}
	}
}

// finish writes what is left and waits until the daemon, which was told to quit, closes the connection: closing it from
// here while events are unread would reset it, and the daemon might lose the last commands.
func (l *link) finish(frames [][]byte) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	for {
		var next []byte
		var out chan<- []byte
		if len(frames) > 0 {
			next, out = frames[0], l.frames
		}
		select {
		case out <- next:
			frames = frames[1:]
		case r := <-l.events:
			if r.err != nil {
				return
			}
		case <-l.written:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) close() {
	l.end()
	_ = l.conn.Close()
	<-l.written
	if l.bridge != nil {
		<-l.bridge
	}
}

// lost is what a connection's last error means to people; nil: the daemon ended it in order.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return cause(err)
}
