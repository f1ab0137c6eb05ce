package main

import (
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"
)

// user is a person at a daemon, with the smallest client there can be. It knows the protocol from its description
// only, and so holds the daemon to the bytes.
type user struct {
	t    *testing.T
	name string
	conn net.Conn
	*feed
}

// event is any line of a daemon.
type event struct {
	V                                                    int
	Ev, Peer, User, Text, Reason, Op, Addr, Daemon, What string
	N, Tries                                             int
	ID                                                   json.RawMessage
	Pending                                              []struct{ Peer, User string }
	Chats                                                []struct{ Peer, User, State, Dialect, Evidence string }
	Undelivered                                          []struct{ Text string }
}

// dial connects to a daemon's client port, without a word.
func dial(t *testing.T, p *process) *user {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.clients, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &user{t: t, name: "somebody", conn: conn, feed: follow(conn)}
}

// login connects as the daemon's user and returns the answer.
func login(t *testing.T, p *process, name string) (*user, event) {
	t.Helper()
	u := dial(t, p)
	u.name = name
	u.say(`{"op":"connect","user":%q}`, name)
	return u, u.expect("connected")
}

// say sends a line.
func (u *user) say(format string, args ...any) {
	u.t.Helper()
	if err := u.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		u.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(u.conn, format+"\n", args...); err != nil {
		u.t.Fatalf("%s cannot send: %v", u.name, err)
	}
}

// hear returns the next event, whatever it is.
func (u *user) hear() event {
	u.t.Helper()
	line, err := u.next()
	if err != nil {
		u.t.Fatalf("%s waits for an event: %v", u.name, err)
	}
	return u.read(line)
}

func (u *user) read(line string) event {
	u.t.Helper()
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		u.t.Fatalf("%s was told %q: %v", u.name, line, err)
	}
	if e.V != 1 || e.Ev == "" {
		u.t.Fatalf("%s was told something of another protocol: %s", u.name, line)
	}
	return e
}

// expect returns the next event, which must be of that name.
func (u *user) expect(ev string) event {
	u.t.Helper()
	e := u.hear()
	if e.Ev != ev {
		u.t.Fatalf("%s expects %q, but was told: %s", u.name, ev, u.past[len(u.past)-1])
	}
	return e
}

// await returns the next event of that name and leaves out what comes before it.
func (u *user) await(ev string) event {
	u.t.Helper()
	for {
		if e := u.hear(); e.Ev == ev {
			return e
		}
	}
}

// befriend opens a chat between two users, the first inviting.
func befriend(a, b *user, atA, atB *process) {
	a.t.Helper()
	a.say(`{"op":"invite","peer":%q}`, atB.addr)
	a.expect("inviting")
	if e := b.expect("invitation"); e.User != a.name || e.Peer != atA.addr {
		b.t.Fatalf("%s is invited by %q at %s, want %q at %s", b.name, e.User, e.Peer, a.name, atA.addr)
	}
	b.say(`{"op":"accept","peer":%q}`, atA.addr)
	a.expect("established")
	b.expect("established")
}
