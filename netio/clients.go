package netio

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// How soon a dead client is noticed: after keepAliveIdle of silence it is asked
// every keepAliveInterval, and given up after keepAliveCount questions without an
// answer. The three make clientTimeout, which is also how long data sent to it
// may stay unacknowledged.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
	clientTimeout     = keepAliveIdle + keepAliveCount*keepAliveInterval
)

const (
	// refusalTime is how long a stranger who is turned away may keep us busy.
	refusalTime = time.Second
	// maxRefusals is how many of them we talk to at once. More get no word.
	maxRefusals = 8
	// While the system has no file descriptor or memory for another connection,
	// Accept tries again after firstAcceptPause, then after twice as long, up to
	// maxAcceptPause.
	firstAcceptPause = 5 * time.Millisecond
	maxAcceptPause   = time.Second
)

// ListenClients listens on TCP for a daemon's own clients. Accept yields only
// connections from addresses that allow accepts; it is called with unmapped
// addresses, from Accept. A nil allow is [IsLocal]: whoever reaches the client
// port is the user, so nobody else is let in by forgetting.
//
// A connection that is not allowed is given to refuse, which may write a line to
// it (and even read first), then closed in a way that lets the line arrive. All
// of this has one second and happens on a goroutine beside Accept, so strangers
// cannot keep clients waiting; beyond eight strangers at once, they are closed
// without a word, and so are all if refuse is nil. refuse must wait for nothing
// but its connection, and be safe for several calls at once.
//
// A client whose host is gone, or does not acknowledge what it is sent, makes
// reads and writes fail after about 30 s.
//
// Accept keeps trying while the system is short of file descriptors or memory.
// After Close its error wraps [net.ErrClosed]. Close leaves accepted connections
// open, cuts refusals short and waits for them.
//
// An unspecified address (0.0.0.0, ::) listens on all addresses of its family.
// The errors are those of [ListenUDP].
func ListenClients(addr netip.AddrPort, allow func(netip.Addr) bool, refuse func(net.Conn)) (net.Listener, error) {
	addr = unmap(addr)
	if !addr.IsValid() {
		return nil, fmt.Errorf("netio: listen on tcp: %s", notUnicast(addr.Addr(), nil))
	}
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable:   true,
		Idle:     keepAliveIdle,
		Interval: keepAliveInterval,
		Count:    keepAliveCount,
	}}
	// The context only bounds looking names up, and there is no name here.
	socket, err := config.Listen(context.Background(), ofFamily("tcp", addr), addr.String())
	if err != nil {
		return nil, listenError("tcp", addr, err)
	}
	return newClientListener(socket, allow, refuse), nil
}

func newClientListener(socket net.Listener, allow func(netip.Addr) bool, refuse func(net.Conn)) *clientListener {
	if allow == nil {
		allow = IsLocal
	}
	return &clientListener{
		Listener: socket,
		allow:    allow,
		refuse:   refuse,
		done:     make(chan struct{}),
		refused:  make(map[net.Conn]struct{}),
	}
}

type clientListener struct {
	net.Listener
	allow  func(netip.Addr) bool
	refuse func(net.Conn)

	done     chan struct{} // closed by Close
	refusals sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	refused map[net.Conn]struct{} // those being turned away
}

func (l *clientListener) Accept() (net.Conn, error) {
	pause := firstAcceptPause
	for {
		conn, err := l.Listener.Accept()
		switch {
		case err != nil && shortOfResources(err):
			if !l.sleep(pause) {
				return nil, errClosed("accept")
			}
			pause = min(2*pause, maxAcceptPause)
		case err != nil:
			return nil, fmt.Errorf("netio: accept: %w", err)
		case l.allow(remoteAddr(conn)):
			if tcp, ok := conn.(*net.TCPConn); ok {
				limitUnacknowledged(tcp, clientTimeout)
			}
			return conn, nil
		default:
			pause = firstAcceptPause
			l.startRefusal(conn)
		}
	}
}

func (l *clientListener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errClosed("close")
	}
	l.closed = true
	close(l.done)
	for conn := range l.refused {
		_ = conn.Close()
	}
	l.mu.Unlock()
	err := l.Listener.Close()
	l.refusals.Wait()
	if err != nil {
		return fmt.Errorf("netio: close: %w", err)
	}
	return nil
}

// startRefusal turns a connection away without keeping Accept waiting.
func (l *clientListener) startRefusal(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse == nil || l.closed || len(l.refused) >= maxRefusals {
		_ = conn.Close()
		return
	}
	l.refused[conn] = struct{}{}
	l.refusals.Go(func() {
		l.turnAway(conn)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.refused, conn)
	})
}

func (l *clientListener) turnAway(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(refusalTime)); err != nil {
		return
	}
	l.refuse(conn)
	// Closing while something that the stranger sent is unread makes TCP reset
	// the connection, and a reset may overtake the line just written. So: say
	// that this was all, then read until the stranger has understood.
	if tcp, ok := conn.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

// sleep waits for d and returns false if the listener was closed meanwhile.
func (l *clientListener) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.done:
		return false
	case <-timer.C:
		return true
	}
}

// shortOfResources tells whether Accept failed for want of something that comes
// back when other connections go.
func shortOfResources(err error) bool {
	return isErrno(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM)
}

// remoteAddr returns who connected, or the zero Addr, which is nobody's.
func remoteAddr(conn net.Conn) netip.Addr {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}
