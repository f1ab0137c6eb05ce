package recorder

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"simp/netio"
)

// Datagrams has what goes through the socket for clients of other implementations written down, if captures are.
func (r *Recorder) Datagrams(c netio.Conn) netio.Conn {
	if c == nil || !r.capture {
		return c
	}
	own := c.LocalAddr()
	return netio.WithTap(c, func(dir netio.Direction, b []byte, peer netip.AddrPort) {
		p := &packet{at: time.Now(), from: peer, to: own, bytes: slices.Clone(b)}
		if dir == netio.Out {
			p.from, p.to, p.out = own, peer, true
		}
		r.packet(p)
	})
}

// Connections has what clients say and hear written down, if captures are.
func (r *Recorder) Connections(ln net.Listener) net.Listener {
	if !r.capture {
		return ln
	}
	return listener{Listener: ln, recorder: r}
}

func (r *Recorder) packet(p *packet) {
	r.put(item{packet: p, size: packetSize + len(p.bytes)})
}

// packetSize is what a packet takes beside its bytes, more or less.
const packetSize = 200

type listener struct {
	net.Listener
	recorder *Recorder
}

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, recorder: l.recorder, client: addrPort(conn.RemoteAddr()), own: addrPort(conn.LocalAddr())}
	l.recorder.packet(&packet{at: time.Now(), from: c.client, to: c.own, stream: streamOpens})
	return c, nil
}

// addrPort is a TCP address; the zero one, which nobody has, if it is none.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, is := a.(*net.TCPAddr)
	if !is {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// connection is a client's, of which everything is written down. One goroutine reads and another writes.
type connection struct {
	net.Conn
	recorder    *Recorder
	client, own netip.AddrPort

	closing sync.Once

	// What was counted and what was written down have to be in the same order, in both directions together: one side would
	// acknowledge what has not been sent, otherwise.
	mu            sync.Mutex
	read, written uint32 // bytes so far
}

// heard writes down what the client has sent, said what goes to it.
func (c *connection) heard(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recorder.packet(&packet{
		at: time.Now(), from: c.client, to: c.own, bytes: slices.Clone(b), stream: streamData, seq: c.read, ack: c.written,
	})
	c.read += uint32(len(b))
}

func (c *connection) said(b []byte, s stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recorder.packet(&packet{
		at: time.Now(), from: c.own, to: c.client, out: true, bytes: slices.Clone(b), stream: s, seq: c.written, ack: c.read,
	})
	c.written += uint32(len(b))
}

func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard(b[:n])
	}
	return n, err
}

// Write has it written down first: an answer to it could come before it otherwise.
func (c *connection) Write(b []byte) (int, error) {
	c.said(b, streamData)
	return c.Conn.Write(b)
}

// CloseWrite says that nothing more will be written, where the connection can.
func (c *connection) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return net.ErrClosed
}

func (c *connection) Close() error {
	c.closing.Do(func() { c.said(nil, streamCloses) })
	return c.Conn.Close()
}
