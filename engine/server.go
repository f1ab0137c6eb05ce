package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"simp/codec/client"
	"simp/netio"
)

// clientConns are the open connections to the client port.
type clientConns struct {
	mu   sync.Mutex
	open map[net.Conn]*Client
}

// ServeClients takes connections from ln until ctx ends or ln fails, each speaking the protocol that protocol returns
// for it. When it returns, ln is closed and no connection is left.
func (e *Engine) ServeClients(ctx context.Context, ln net.Listener, protocol func() client.Protocol) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	stop := context.AfterFunc(ctx, func() {
		_ = ln.Close()
		e.endClients()
	})
	defer stop()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			_ = ln.Close()
			e.endClients()
			return fmt.Errorf("engine: accept client: %w", err)
		}
		c := e.NewClient()
		c.local = func() bool { return onThisHost(conn.RemoteAddr()) }
		if !e.clients.add(conn, c) {
			e.env.counters.add(clientsRefused)
			_ = conn.Close()
			continue
		}
		if ctx.Err() != nil {
			c.Close() // it came while the others were being closed
		}
		conns.Go(func() {
			defer e.clients.remove(conn)
			e.serve(conn, c, protocol())
		})
	}
}

// onThisHost reports whether the other end of a connection is on this host.
func onThisHost(a net.Addr) bool {
	tcp, is := a.(*net.TCPAddr)
	return is && netio.IsLocal(tcp.AddrPort().Addr())
}

func (c *clientConns) add(conn net.Conn, cl *Client) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = make(map[net.Conn]*Client)
	}
	if len(c.open) >= maxClientConns {
		return false
	}
	c.open[conn] = cl
	return true
}

func (c *clientConns) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// endClients closes all clients. What they were told last still reaches them: their connections are closed once it is
// written.
func (e *Engine) endClients() {
	e.clients.mu.Lock()
	clients := make([]*Client, 0, len(e.clients.open)+1)
	for _, c := range e.clients.open {
		clients = append(clients, c)
	}
	e.clients.mu.Unlock()
	if c := e.client.Load(); c != nil {
		clients = append(clients, c)
	}
	for _, c := range clients {
		c.Close()
	}
}

// serve lets a client in: one goroutine, this one, reads its commands, another writes its events.
func (e *Engine) serve(conn net.Conn, c *Client, p client.Protocol) {
	var writer sync.WaitGroup
	writer.Go(func() {
		write(conn, c, p)
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // long ago: the reader ends too
	})
	e.readCommands(conn, c, p)
	c.Close()
	writer.Wait()
	hangUp(conn)
}

// hangUp closes a connection so that what was written last arrives: closing one with unread input would have the system
// reset it, and the other side might never read our last line.
func hangUp(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	half, can := conn.(interface{ CloseWrite() error })
	if !can || half.CloseWrite() != nil || conn.SetReadDeadline(time.Now().Add(clientLinger)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, conn)
}

func (e *Engine) readCommands(conn net.Conn, c *Client, p client.Protocol) {
	lines := client.NewLineReader(conn, client.MaxLine)
	for c.waitRoom() {
		line, err := lines.Next()
		if err != nil {
			if errors.Is(err, client.ErrLineTooLong) {
				c.push(client.NewError("", client.ReasonTooLong, client.Facts{Limit: client.MaxLine}))
			}
			return
		}
		cmd, err := p.DecodeCommand(line)
		var bad *client.DecodeError
		switch {
		case errors.As(err, &bad):
			c.push(bad.Event())
		case err != nil:
			c.push(client.NewError("", client.ReasonBadJSON, client.Facts{Detail: err.Error()}))
		default:
			c.Do(cmd)
		}
	}
}

// write sends a client its events until it is closed and has them all, or does not take them.
func write(conn net.Conn, c *Client, p client.Protocol) {
	var events []client.Event
	var buf []byte
	for {
		var more bool
		if events, more = c.Next(events); !more {
			return
		}
		buf = buf[:0]
		for _, ev := range events {
			line, err := p.AppendEvent(buf, ev)
			if err != nil {
				continue // an event that cannot be written is a fault of ours; the next ones still can
			}
			buf = line
		}
		if err := conn.SetWriteDeadline(time.Now().Add(clientWrite)); err != nil {
			c.Close()
			return
		}
		if _, err := conn.Write(buf); err != nil {
			c.Close()
			return
		}
	}
}
