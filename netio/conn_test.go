package netio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// conns lists every kind of Conn, each as a function that makes two which reach
// each other.
func conns() map[string]func(t *testing.T) (a, b Conn) {
	memory := func(t *testing.T) (Conn, Conn) {
		m := NewMemory(Faults{}, 1)
		return listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	}
	udp := func(t *testing.T) (Conn, Conn) {
		return listenUDP(t, "127.0.0.1"), listenUDP(t, "127.0.0.1")
	}
	decorated := func(below func(*testing.T) (Conn, Conn), decorate func(Conn) Conn) func(*testing.T) (Conn, Conn) {
		return func(t *testing.T) (Conn, Conn) {
			a, b := below(t)
			return decorate(a), decorate(b)
		}
	}
	faults := func(c Conn) Conn { return WithFaults(c, harmless(), 1) }
	filter := func(c Conn) Conn {
		return WithFilter(c, func([]byte, netip.AddrPort) bool { return false })
	}
	tap := func(c Conn) Conn { return WithTap(c, func(Direction, []byte, netip.AddrPort) {}) }
	return map[string]func(*testing.T) (Conn, Conn){
		"UDP over IPv4": udp,
		"UDP over IPv6": func(t *testing.T) (Conn, Conn) {
			skipWithoutIPv6(t)
			return listenUDP(t, "::1"), listenUDP(t, "::1")
		},
		"memory":          memory,
		"faults":          decorated(memory, faults),
		"filter":          decorated(memory, filter),
		"tap":             decorated(memory, tap),
		"all over UDP":    decorated(udp, func(c Conn) Conn { return tap(faults(filter(c))) }),
		"all over memory": decorated(memory, func(c Conn) Conn { return filter(tap(faults(c))) }),
	}
}

func TestConn_CarriesDatagrams(t *testing.T) {
	long := strings.Repeat("x", 1200)
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, b := makeTwo(t)
			for _, text := range []string{"hello", "", long, "\x00\xff"} {
				send(t, a, text, b.LocalAddr())
				if got, want := receive(t, b), (received{text, a.LocalAddr()}); got != want {
					t.Errorf("received %.20q from %v, want %.20q from %v", got.Text, got.From, want.Text, want.From)
				}
			}
			send(t, b, "answer", a.LocalAddr())
			if got, want := receive(t, a), (received{"answer", b.LocalAddr()}); got != want {
				t.Errorf("received %v, want %v", got, want)
			}
		})
	}
}

func TestConn_CutsWhatDoesNotFit(t *testing.T) {
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, b := makeTwo(t)
			send(t, a, "0123456789", b.LocalAddr())
			send(t, a, "next", b.LocalAddr())
			buf := []byte("......")
			n, from, err := b.ReadFrom(buf[:4])
			if err != nil || n != 4 || from != a.LocalAddr() || string(buf) != "0123.." {
				t.Errorf("ReadFrom = %d, %v, %v with %q, want 4, %v, nil with 0123..", n, from, err, buf, a.LocalAddr())
			}
			if got := receive(t, b).Text; got != "next" {
				t.Errorf("what was cut off came back: %q", got)
			}
		})
	}
}

func TestConn_RefusesTooLong(t *testing.T) {
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, b := makeTwo(t)
			if err := a.WriteTo(make([]byte, MaxDatagram+30), b.LocalAddr()); err == nil {
				t.Error("a datagram longer than UDP carries was taken")
			}
			send(t, a, "still works", b.LocalAddr())
			if got := receive(t, b).Text; got != "still works" {
				t.Errorf("received %q", got)
			}
		})
	}
}

func TestConn_CloseUnblocksReader(t *testing.T) {
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, _ := makeTwo(t)
			result := make(chan error, 1)
			go func() {
				_, _, err := a.ReadFrom(make([]byte, 10))
				result <- err
			}()
			if err := a.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			select {
			case err := <-result:
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("ReadFrom returned %v, want net.ErrClosed", err)
				}
			case <-time.After(patience):
				t.Fatal("ReadFrom still waits after Close")
			}
		})
	}
}

func TestConn_AfterClose(t *testing.T) {
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, b := makeTwo(t)
			send(t, b, "left unread", a.LocalAddr())
			local := a.LocalAddr()
			if err := a.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			if _, _, err := a.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("ReadFrom returned %v, want net.ErrClosed", err)
			}
			if err := a.WriteTo([]byte("x"), b.LocalAddr()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("WriteTo returned %v, want net.ErrClosed", err)
			}
			if err := a.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the second Close returned %v, want net.ErrClosed", err)
			}
			if a.LocalAddr() != local {
				t.Errorf("LocalAddr changed from %v to %v", local, a.LocalAddr())
			}
		})
	}
}

// What a decorator drops never reaches the Conn below, which knows that it is
// closed.
func TestConn_AfterCloseNothingIsDroppedSilently(t *testing.T) {
	for name, decorate := range map[string]func(Conn) Conn{
		"faults": func(c Conn) Conn { return WithFaults(c, Faults{Drop: 1}, 1) },
		"filter": func(c Conn) Conn { return WithFilter(c, func([]byte, netip.AddrPort) bool { return true }) },
	} {
		t.Run(name, func(t *testing.T) {
			c := decorate(listenMemory(t, NewMemory(Faults{}, 1), "10.0.0.1:7777"))
			send(t, c, "dropped", c.LocalAddr())
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.WriteTo([]byte("dropped"), c.LocalAddr()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("WriteTo returned %v, want net.ErrClosed", err)
			}
		})
	}
}

// Many goroutines write to one Conn while it is read and, at the end, closed.
// What arrives must be what was sent, each once, and per writer in order.
func TestConn_ManyWriters(t *testing.T) {
	const writers, each = 8, 25 // fits every queue
	for name, makeTwo := range conns() {
		t.Run(name, func(t *testing.T) {
			a, b := makeTwo(t)
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					for i := range each {
						var msg [8]byte
						binary.BigEndian.PutUint32(msg[:], uint32(w))
						binary.BigEndian.PutUint32(msg[4:], uint32(i))
						if err := a.WriteTo(msg[:], b.LocalAddr()); err != nil {
							t.Errorf("WriteTo: %v", err)
						}
					}
				})
			}
			var next [writers]uint32
			for range writers * each {
				msg := receive(t, b).Text
				w, i := binary.BigEndian.Uint32([]byte(msg)), binary.BigEndian.Uint32([]byte(msg)[4:])
				if i != next[w] {
					t.Errorf("writer %d: datagram %d arrived, want %d", w, i, next[w])
				}
				next[w] = i + 1
			}
			group.Wait()

			// Closing under their hands: either result is right, a race is not.
			for range writers {
				group.Go(func() {
					if err := a.WriteTo([]byte("late"), b.LocalAddr()); err != nil && !errors.Is(err, net.ErrClosed) {
						t.Errorf("WriteTo: %v", err)
					}
				})
			}
			_ = a.Close()
			group.Wait()
		})
	}
}

func TestListenError(t *testing.T) {
	system := func(errno syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "udp4", Err: os.NewSyscallError("bind", errno)}
	}
	at := addrPort("192.0.2.1:77")
	tests := []struct {
		err   error
		class error
		text  string
	}{
		{system(syscall.EADDRINUSE), ErrPortTaken, "netio: listen on udp 192.0.2.1:77: another program has this port (bind: " + syscall.EADDRINUSE.Error() + ")"},
		{system(syscall.EADDRNOTAVAIL), ErrNotLocal, "netio: listen on udp 192.0.2.1:77: not an address of this host (bind: " + syscall.EADDRNOTAVAIL.Error() + ")"},
		{system(syscall.EACCES), ErrNotPermitted, "netio: listen on udp 192.0.2.1:77: not permitted to use this port (bind: " + syscall.EACCES.Error() + ")"},
		{system(syscall.EPERM), ErrNotPermitted, "netio: listen on udp 192.0.2.1:77: not permitted to use this port (bind: " + syscall.EPERM.Error() + ")"},
		{system(wsaEADDRINUSE), ErrPortTaken, ""},
		{system(wsaEADDRNOTAVAIL), ErrNotLocal, ""},
		{system(wsaEACCES), ErrNotPermitted, ""},
		{system(syscall.ENOMEM), nil, "netio: listen on udp 192.0.2.1:77: bind: " + syscall.ENOMEM.Error()},
		{errors.New("no such luck"), nil, "netio: listen on udp 192.0.2.1:77: no such luck"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err), func(t *testing.T) {
			got := listenError("udp", at, tt.err)
			for _, class := range []error{ErrPortTaken, ErrNotLocal, ErrNotPermitted} {
				if is, want := errors.Is(got, class), errors.Is(tt.class, class); is != want {
					t.Errorf("errors.Is(%v, %v) = %v, want %v", got, class, is, want)
				}
			}
			if errno, ok := errors.AsType[syscall.Errno](tt.err); ok && !errors.Is(got, errno) {
				t.Errorf("%v does not wrap what the system said", got)
			}
			if tt.text != "" {
				if diff := cmp.Diff(tt.text, got.Error()); diff != "" {
					t.Errorf("text (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestUnmap(t *testing.T) {
	tests := []struct{ in, want string }{
		{"192.0.2.1:7777", "192.0.2.1:7777"},
		{"[::ffff:192.0.2.1]:7777", "192.0.2.1:7777"},
		{"[fe80::1%eth0]:7777", "[fe80::1%eth0]:7777"},
		{"[2001:db8::1]:0", "[2001:db8::1]:0"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(addrPort(tt.want), unmap(addrPort(tt.in)), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Errorf("unmap(%s) (-want +got):\n%s", tt.in, diff)
		}
	}
}
