package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestChat is the story of two people whose daemons have the usual ports, each at an address of its own.
func TestChat(t *testing.T) {
	a, b := startAtUsualPorts(t), startAtUsualPorts(t)
	alice, answer := login(t, a, "alice")
	if answer.User != "alice" || answer.Addr != a.addr || answer.Daemon == "" || len(answer.Pending) != 0 {
		t.Errorf("connected says %+v, want user alice at %s, a version, and nothing pending", answer, a.addr)
	}
	bob, _ := login(t, b, "bob")

	// The usual port may be left out of a peer's address.
	alice.say(`{"op":"invite","peer":%q}`, netip.MustParseAddrPort(b.addr).Addr())
	if e := alice.expect("inviting"); e.Peer != b.addr || e.Tries != 1 {
		t.Errorf("inviting says %+v, want peer %s, the first try", e, b.addr)
	}
	bob.expect("invitation")
	bob.say(`{"op":"accept","peer":%q}`, a.addr)
	alice.expect("established")
	bob.expect("established")

	// Both ways, and a text that is not ASCII: these two are native to each other.
	for i, text := range []string{"Hello, Bob.", "Grüße, größer als ASCII: 你好 👋", strings.Repeat("long ", 500)} {
		alice.say(`{"op":"chat","text":%q,"id":"m-%d"}`, text, i)
		bob.say(`{"op":"chat","text":%q,"id":%d}`, "Re: "+text, i)
		if got := said(alice, "Re: "+text, fmt.Sprintf(`"m-%d"`, i)); got != "Re: "+text {
			t.Errorf("alice is told %q, want %q", got, "Re: "+text)
		}
		if got := said(bob, text, fmt.Sprint(i)); got != text {
			t.Errorf("bob is told %q, want %q", got, text)
		}
	}

	alice.say(`{"op":"status"}`)
	if e := alice.await("status"); len(e.Chats) != 1 || e.Chats[0].State != "established" || e.Chats[0].User != "bob" {
		t.Errorf("status says %+v, want one established chat with bob", e.Chats)
	}
	bob.say(`{"op":"leave"}`)
	for _, u := range []*user{alice, bob} {
		if e := u.await("closed"); e.Reason != "left" || len(e.Undelivered) != 0 {
			t.Errorf("%s is told %+v, want left, with everything delivered", u.name, e)
		}
	}
}

// said gathers what u is told until its own message with that id has been delivered and the other's text has come whole;
// long ones come in parts. It returns that text.
func said(u *user, text, id string) string {
	u.t.Helper()
	var got strings.Builder
	for delivered := false; !delivered || got.Len() < len(text); {
		switch e := u.hear(); e.Ev {
		case "message":
			got.WriteString(e.Text)
		case "delivered":
			delivered = string(e.ID) == id
		case "sent":
		default:
			u.t.Fatalf("%s was told: %s", u.name, u.past[len(u.past)-1])
		}
	}
	return got.String()
}

// startAtUsualPorts starts a daemon at 127.x.y.z, chosen by this process's number so that test processes that run at the
// same time are not in each other's way.
func startAtUsualPorts(t *testing.T, args ...string) *process {
	t.Helper()
	var why error
	for try := range 16 {
		n := uint32(os.Getpid())*16 + uint32(try)
		ip := netip.AddrFrom4([4]byte{127, byte(1 + n>>16%250), byte(n >> 8), byte(1 + n%250)})
		if probe, err := net.ListenPacket("udp", netip.AddrPortFrom(ip, 7777).String()); err != nil {
			why = err
			continue
		} else {
			_ = probe.Close()
		}
		p, err := launch(nil, append([]string{"--port=7777", "--client-port=7778", "--state-dir=" + t.TempDir(), ip.String()}, args...)...)
		if err != nil {
			why = err
			continue
		}
		t.Cleanup(p.kill)
		return p
	}
	t.Skipf("no loopback address with free ports 7777 and 7778: %v", why)
	return nil
}

// TestBadNetwork loses three datagrams of ten and doubles one of ten, in both directions.
func TestBadNetwork(t *testing.T) {
	const messages = 50
	faults := []string{"--drop=30%", "--duplicate=10%", "--retransmit=20ms"}
	a, b := start(t, append(faults, "--seed=1")...), start(t, append(faults, "--seed=2")...)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")

	// The first SYN is not repeated by the timer, since the peer might be of a kind that does not survive it: the user
	// asks again.
	for invited := false; !invited; {
		alice.say(`{"op":"invite","peer":%q}`, b.addr)
		line, err := bob.within(50 * time.Millisecond)
		invited = err == nil && bob.read(line).Ev == "invitation"
	}
	bob.say(`{"op":"accept","peer":%q}`, a.addr)
	alice.await("established")
	bob.await("established")

	var both sync.WaitGroup
	for _, pair := range [][2]*user{{alice, bob}, {bob, alice}} {
		u, partner := pair[0], pair[1]
		for i := range messages {
			u.say(`{"op":"chat","text":"%s %d","id":%d}`, u.name, i+1, i+1)
		}
		both.Go(func() { exchange(t, u, partner.name, messages) })
	}
	both.Wait()
}

// exchange checks that u receives n messages from partner exactly once and in order, and that its own n are delivered.
func exchange(t *testing.T, u *user, partner string, n int) {
	t.Helper()
	received, delivered, retried := 0, 0, 0
	for received < n || delivered < n {
		line, err := u.next()
		if err != nil {
			t.Errorf("%s has received %d and delivered %d of %d messages, then: %v", u.name, received, delivered, n, err)
			return
		}
		switch e := u.read(line); e.Ev {
		case "message":
			received++
			if want := fmt.Sprintf("%s %d", partner, received); e.Text != want || e.N != received {
				t.Errorf("%s receives %q as number %d, want %q as number %d", u.name, e.Text, e.N, want, received)
			}
		case "delivered":
			delivered++
			if want := fmt.Sprint(delivered); string(e.ID) != want || e.N != delivered {
				t.Errorf("%s hears that %s is delivered as number %d, want %s", u.name, e.ID, e.N, want)
			}
		case "retrying":
			retried++
		case "sent":
		default:
			t.Errorf("%s was told: %s", u.name, line)
		}
	}
	if retried == 0 {
		t.Errorf("%s has never heard of a repeat, on a network that loses three datagrams of ten: it was not tried out", u.name)
	}
}
