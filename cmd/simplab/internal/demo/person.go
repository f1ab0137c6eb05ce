package demo

import (
	"context"
	"fmt"
	"net"

	"simp/codec/client"
)

// person is a user's client: a TCP connection to the daemon's client port. What it is told goes to hear, on a goroutine
// of its own, before it can be waited for.
type person struct {
	name     string
	conn     net.Conn
	protocol client.Native
	events   chan client.Event // closed with the connection
}

// attach connects to a daemon.
func attach(ctx context.Context, name, addr string, hear func(client.Event)) (*person, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo: attach %s: %w", name, err)
	}
	p := &person{name: name, conn: conn, events: make(chan client.Event, 256)}
	go p.listen(hear)
	return p, nil
}

func (p *person) listen(hear func(client.Event)) {
	defer close(p.events)
	lines := client.NewLineReader(p.conn, client.MaxEventLine)
	for {
		line, err := lines.Next()
		if err != nil {
			return
		}
		e, err := p.protocol.DecodeEvent(line)
		if err != nil {
			return
		}
		hear(e)
		p.events <- e
	}
}

// do sends a command.
func (p *person) do(c client.Command) error {
	line, err := p.protocol.AppendCommand(nil, c)
	if err == nil {
		_, err = p.conn.Write(line)
	}
	if err != nil {
		return fmt.Errorf("demo: %s for %s: %w", c.Op(), p.name, err)
	}
	return nil
}

// until waits for an event that matches. what says what it would have been.
func (p *person) until(ctx context.Context, what string, match func(client.Event) bool) error {
	for {
		select {
		case e, open := <-p.events:
			if !open {
				return fmt.Errorf("%s was never told that %s: the daemon has closed the connection", p.name, what)
			}
			if match(e) {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("%s was not told in time that %s", p.name, what)
		}
	}
}

// words says an event as a person would read it.
func words(e client.Event, partner string) string {
	switch e := e.(type) {
	case client.Connected:
		return "connected"
	case client.Inviting:
		return "inviting " + partner
	case client.Invitation:
		return e.User + " invites you"
	case client.Established:
		return "the chat is open"
	case client.Sent:
		return fmt.Sprintf("message %d queued", e.N)
	case client.Message:
		return e.User + ": " + e.Text
	case client.Retrying:
		return fmt.Sprintf("no answer, %s sent again", e.What)
	case client.Delivered:
		return fmt.Sprintf("message %d delivered", e.N)
	case client.Closed:
		return fmt.Sprintf("the chat is over: %s", e.Reason)
	case client.Error:
		return e.Text
	}
	return e.Name()
}
