package netio

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Linux reports ICMP errors only to sockets that ask for it, as other systems do
// to every socket. Ask for it, provoke one, and read on as if nothing had been.
func TestUDP_ReadSwallowsReportsAboutEarlierDatagrams(t *testing.T) {
	a, b, gone := listenUDP(t, "127.0.0.1"), listenUDP(t, "127.0.0.1"), listenUDP(t, "127.0.0.1")
	udp, ok := a.(*udpConn)
	if !ok {
		t.Fatalf("ListenUDP returned a %T", a)
	}
	raw, err := udp.socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	set := func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
	}
	if controlErr := raw.Control(set); controlErr != nil || err != nil {
		t.Fatalf("IP_RECVERR: %v, %v", controlErr, err)
	}
	_ = gone.Close()
	send(t, a, "nobody home", gone.LocalAddr()) // on loopback the report comes at once
	send(t, b, "hello", a.LocalAddr())
	if got, want := receive(t, a), (received{"hello", b.LocalAddr()}); got != want {
		t.Errorf("received %v, want %v", got, want)
	}
}
