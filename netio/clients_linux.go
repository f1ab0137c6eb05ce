package netio

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// limitUnacknowledged makes a connection fail once data has stayed
// unacknowledged for d. Keep-alive alone does not notice a host that died with
// data on its way to it: while there is some, Linux sends no keep-alives but
// retransmits, and gives up only after about a quarter of an hour.
func limitUnacknowledged(conn *net.TCPConn, d time.Duration) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return // already closed
	}
	// A system that does not know the option still has keep-alive.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}
