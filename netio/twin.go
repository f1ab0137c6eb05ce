package netio

import (
	"fmt"
	"net"
	"sync"
)

// twin is a second descriptor of a UDP socket, for sending while the first one
// is sending. The system lets many send through one socket at once, but a
// descriptor of Go's runtime has a lock that lets one at a time, which costs a
// thousand conversations a tenth of their pace.
//
// It is made when first needed, because the runtime looks at each descriptor
// whenever something arrives, which a quiet socket need not pay for.
type twin struct {
	once   sync.Once
	mu     sync.Mutex // guards the two below
	conn   *net.UDPConn
	closed bool
}

// of returns the twin of socket, or socket itself where it cannot be doubled.
func (t *twin) of(socket *net.UDPConn) *net.UDPConn {
	t.once.Do(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.closed {
			return
		}
		if conn, err := double(socket); err == nil {
			t.conn = conn
		}
	})
	if t.conn == nil {
		return socket
	}
	return t.conn
}

func (t *twin) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.conn == nil {
		t.closed = true
		return nil
	}
	t.closed = true
	return t.conn.Close()
}

func double(socket *net.UDPConn) (*net.UDPConn, error) {
	file, err := socket.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("netio: double a socket: it became a %T", conn)
	}
	return udp, nil
}
