package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// TestAcceptAuto: an answering machine takes messages while nobody is there, and hands them to who comes.
func TestAcceptAuto(t *testing.T) {
	machine, b := start(t, "--accept=auto"), start(t)
	bob, _ := login(t, b, "bob")
	bob.say(`{"op":"invite","peer":%q}`, machine.addr)
	bob.expect("inviting")
	bob.expect("established")
	for i := 1; i <= 3; i++ {
		bob.say(`{"op":"chat","text":"message %d"}`, i)
		bob.await("delivered")
	}

	alice, _ := login(t, machine, "alice")
	if e := alice.expect("established"); e.User != "bob" || e.Peer != b.addr {
		t.Errorf("alice finds a chat with %q at %s, want bob at %s", e.User, e.Peer, b.addr)
	}
	for i := 1; i <= 3; i++ {
		if e := alice.expect("message"); e.Text != fmt.Sprintf("message %d", i) || e.N != i {
			t.Errorf("message %d is %q, number %d", i, e.Text, e.N)
		}
	}
	// The chat is hers now.
	alice.say(`{"op":"chat","text":"here I am"}`)
	if e := bob.await("message"); e.Text != "here I am" {
		t.Errorf("bob receives %q", e.Text)
	}
}

// TestAcceptNever: everybody is declined, with a client and without.
func TestAcceptNever(t *testing.T) {
	recluse, b := start(t, "--accept=never"), start(t)
	bob, _ := login(t, b, "bob")
	for _, there := range []bool{false, true} {
		var alice *user
		if there {
			alice, _ = login(t, recluse, "alice")
		}
		bob.say(`{"op":"invite","peer":%q}`, recluse.addr)
		bob.expect("inviting")
		if e := bob.expect("closed"); e.Reason != "declined" {
			t.Errorf("with a client: %t; bob's invitation ends with %q, want declined", there, e.Reason)
		}
		if there { // and she was not disturbed
			alice.say(`{"op":"ping"}`)
			alice.expect("pong")
		}
	}
}

// TestAcceptAsk: an invitation waits for a client, and is in the answer to its connect.
func TestAcceptAsk(t *testing.T) {
	a, b := start(t), start(t)
	bob, _ := login(t, b, "bob")
	bob.say(`{"op":"invite","peer":%q}`, a.addr)
	bob.expect("inviting")
	a.logged(t, `"to":"syn-received"`)

	alice, answer := login(t, a, "alice")
	if len(answer.Pending) != 1 || answer.Pending[0].User != "bob" || answer.Pending[0].Peer != b.addr {
		t.Fatalf("pending at connect: %+v, want bob at %s", answer.Pending, b.addr)
	}
	alice.say(`{"op":"accept","peer":%q}`, b.addr)
	alice.expect("established")
	bob.expect("established")
}

// TestDecline: the invited user says no, and the inviting one takes back.
func TestDecline(t *testing.T) {
	a, b := start(t), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	alice.say(`{"op":"invite","peer":%q}`, b.addr)
	alice.expect("inviting")
	bob.expect("invitation")
	bob.say(`{"op":"decline","peer":%q}`, a.addr)
	if e := alice.expect("closed"); e.Reason != "declined" {
		t.Errorf("alice hears %q, want declined", e.Reason)
	}
	bob.expect("closed")

	bob.say(`{"op":"invite","peer":%q}`, a.addr)
	bob.expect("inviting")
	alice.expect("invitation")
	bob.say(`{"op":"cancel","peer":%q}`, a.addr)
	if e := alice.expect("withdrawn"); e.Reason != "cancelled" {
		t.Errorf("alice hears %q, want cancelled", e.Reason)
	}
}

// TestBusy: who is in a chat is not to be had, and is not disturbed.
func TestBusy(t *testing.T) {
	a, b, c := start(t), start(t), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	carla, _ := login(t, c, "carla")
	befriend(alice, bob, a, b)

	carla.say(`{"op":"invite","peer":%q}`, a.addr)
	carla.expect("inviting")
	if e := carla.expect("closed"); e.Reason != "busy" {
		t.Errorf("carla hears %q, want busy", e.Reason)
	}
	bob.say(`{"op":"chat","text":"where were we?"}`)
	alice.expect("message")
}

// TestOneClient: a daemon has one user at a time.
func TestOneClient(t *testing.T) {
	a, b := start(t), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	befriend(alice, bob, a, b)

	mallory := dial(t, a)
	mallory.say(`{"op":"connect","user":"mallory"}`)
	if e := mallory.expect("error"); e.Reason != "taken" || !strings.Contains(e.Text, `"alice"`) {
		t.Errorf("a second client hears %q (%s), want taken, by alice", e.Reason, e.Text)
	}
	// Who may not have the daemon may not use it either, and has not changed anything.
	mallory.say(`{"op":"leave"}`)
	if e := mallory.expect("error"); e.Reason != "not-connected" {
		t.Errorf("the refused client's command is answered with %q, want not-connected", e.Reason)
	}
	alice.say(`{"op":"chat","text":"still here"}`)
	bob.expect("message")

	// Alice's client dies: its chats are left, the daemon is free.
	if err := alice.conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = alice.conn.Close()
	if e := bob.expect("closed"); e.Reason != "left" {
		t.Errorf("bob hears %q of the dead client, want left", e.Reason)
	}
	a.logged(t, `"message":"client gone"`)
	mallory.say(`{"op":"connect","user":"mallory"}`)
	mallory.expect("connected")
}

// TestRestart: a daemon that was killed knows nothing of its chat; inviting again closes the old one and opens a new one.
func TestRestart(t *testing.T) {
	a, b := start(t), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	befriend(alice, bob, a, b)

	a.kill()
	_, port, err := net.SplitHostPort(a.addr)
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, "--port="+port)
	alice, _ = login(t, again, "alice")
	alice.say(`{"op":"invite","peer":%q}`, b.addr)
	if e := bob.expect("closed"); e.Reason != "restarted" {
		t.Errorf("bob hears %q, want restarted", e.Reason)
	}
	bob.expect("invitation")
	bob.say(`{"op":"accept","peer":%q}`, again.addr)
	bob.expect("established")
	bob.say(`{"op":"chat","text":"welcome back"}`)
	alice.await("message")
}

// TestShutdown: the user of a daemon that is stopped hears so, and the partner that the chat is over.
func TestShutdown(t *testing.T) {
	a, b := start(t), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	befriend(alice, bob, a, b)

	if err := a.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	bob.expect("closed")
	if e := alice.expect("closed"); e.Reason != "shutdown" {
		t.Errorf("alice hears %q, want shutdown", e.Reason)
	}
	if line, err := alice.next(); err == nil {
		t.Errorf("after the end alice is told %s", line)
	}
	if got, err := a.status(); err != nil || got != "0" {
		t.Errorf("the daemon ends with %s, %v; want status 0", got, err)
	}
}
