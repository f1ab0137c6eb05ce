package netio

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// Waiting for a host to be dead takes 30 s and a host; what can be tested is that
// the system was asked to notice.
func TestListenClients_NoticesDeadClients(t *testing.T) {
	l := listenClients(t, nil, nil)
	dial(t, l, "127.0.0.1")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("Accept returned a %T", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range []struct {
		name                string
		level, number, want int
	}{
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE (s)", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{"TCP_KEEPINTVL (s)", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
		{"TCP_USER_TIMEOUT (ms)", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 30_000},
	} {
		var got int
		var getErr error
		err := raw.Control(func(fd uintptr) {
			got, getErr = unix.GetsockoptInt(int(fd), option.level, option.number)
		})
		if err != nil || getErr != nil || got != option.want {
			t.Errorf("%s = %d, %v, %v, want %d", option.name, got, err, getErr, option.want)
		}
	}
}
