package legacy_test

import (
	"strings"
	"testing"

	"simp/codec/client"
)

const (
	aChoice = "\x05\x01Do you want to wait for connection or start one? [wait/start]: "
	aAsksB  = "\x04\x01Request from user bob address: 127.0.0.2:7777. Do you want to accept? [y/n]: "
	aOpened = "\x06\x00Connection established"
)

// loginA brings a client of A's to its wait/start prompt.
func loginA(t *testing.T, pending ...client.Pending) *desk {
	t.Helper()
	d := open(t, start, "\x00\x01", false)
	d.want("\x00\x00", "\x00\x01Please enter a username: ")
	d.receive(start, "\x00\x01alice")
	d.asks(client.Connect{User: "alice"})
	d.want()
	d.tell(start, connected(pending...))
	return d
}

// The client knows no second prompt for the name. It shows any text at its wait/start prompt, but "start" there makes it
// take the next datagram for the address prompt.
func TestANameIsAskedForAgain(t *testing.T) {
	d := open(t, start, "\x00\x01", false)
	d.take()
	d.receive(start, "\x00\x01") // an empty name
	d.wantPart("\x05\x01The name is empty.", "Please enter a username: ")
	d.receive(start, "\x05\x00grün")
	d.wantPart("\x05\x01The name", "Please enter a username: ")
	d.receive(start, "\x05\x00start")
	d.want("\x05\x01Please enter a username: ")
	d.receive(start, "\x05\x00 start")
	d.wantPart("\x05\x01The name", "Please enter a username: ")
	d.receive(start, "\x05\x00alice")
	d.asks(client.Connect{User: "alice"})
	d.tell(start, connected())
	d.want(aChoice)
}

// A client that greeted the daemon's predecessor sends its name first.
func TestANameComesFirst(t *testing.T) {
	d := open(t, start, "\x00\x01alice", false)
	d.asks(client.Connect{User: "alice"})
	d.tell(start, connected())
	d.want(aChoice)
}

func TestATaken(t *testing.T) {
	const taken = "\x02\x00The daemon already connected to a client"
	d := open(t, start, "\x00\x01", true)
	d.want(taken)
	if !d.gone {
		t.Error("a client that was refused is still there")
	}
	// Somebody else was faster to give a name.
	d = open(t, start, "\x00\x01alice", false)
	d.tell(start, client.NewError("connect", client.ReasonTaken, client.Facts{User: "bob"}))
	d.want(taken)
	if !d.gone {
		t.Error("a client that was refused is still there")
	}
}

// Nothing but the prompt may come behind "start": the client would take it for the prompt.
func TestAIsNotDisturbed(t *testing.T) {
	d := loginA(t)
	d.want(aChoice)
	d.tell(start, invitation("bob"))
	d.want()
	d.receive(start, "\x05\x00start")
	d.want("\x05\x01Enter the other daemon's IP address: ")
	d.tell(start, client.Invitation{Peer: carla, User: "carla"})
	d.want()
	d.receive(start, "\x05\x00nowhere")
	d.wantPart("\x05\x01", aChoice[2:])
	d.receive(start, "\x05\x00wait")
	d.want(aAsksB)
	d.receive(start, "\x09\x01n")
	d.asks(client.Decline{Peer: bob})
	d.want()
	d.receive(start, "\x07")
	d.want(aChoice)
	d.receive(start, "\x05\x00wait")
	d.wantPart("\x04\x01Request from user carla address: 127.0.0.3:7777.", "[y/n]: ")
}

// An invitation that is gone before it is answered brings the client back to its prompt, with the reason.
func TestAInvitationIsGone(t *testing.T) {
	d := loginA(t, client.Pending{Peer: bob, User: "bob"})
	d.want(aAsksB)
	d.tell(start, client.Withdrawn{Peer: bob, User: "bob", Reason: client.WithdrawCancelled})
	d.want()
	d.receive(start, "\x09\x01y")
	d.want("\x05\x01bob does not ask for a chat any more. " + aChoice[2:])
	d.asks()

	d = loginA(t, client.Pending{Peer: bob, User: "bob"})
	d.receive(start, "\x09\x01y")
	d.take()
	d.tell(start, client.NewError("accept", client.ReasonNoInvitation, client.Facts{Peer: bob}))
	d.wantPart("\x05\x01There is no pending invitation", aChoice[2:])
}

// Inviting whoever invites us opens the chat.
func TestACrossing(t *testing.T) {
	d := loginA(t)
	d.tell(start, invitation("bob"))
	d.receive(start, "\x05\x00start")
	d.receive(start, "\x05\x00127.0.0.2")
	d.take()
	d.tell(start, established("bob"))
	d.want(aOpened)
}

// What the daemon accepted by itself is shown when the client waits. Of chats that are over the client has only the
// messages, and goes on waiting.
func TestAChatWithoutAsking(t *testing.T) {
	d := loginA(t)
	d.want(aChoice)
	d.tell(start, established("bob"))
	d.tell(start, said("one"))
	d.tell(start, said("two"))
	d.tell(start, closed(bob, client.CloseLeft))
	d.want()
	d.receive(start, "\x05\x00wait")
	d.want("\x01\x00[daemon: message from bob] one", "\x01\x00[daemon: message from bob] two")
	d.tell(start, client.Established{Peer: carla, User: "carla"})
	d.want(aOpened)
}

// The client exits with its chat: what others have said before is shown first, and so it is to a user who gives up.
func TestAOthersAreRead(t *testing.T) {
	const fromCarla = "\x01\x00[daemon: message from carla] hello"
	carlaSpeaks := func(d *desk) {
		d.tell(start, client.Established{Peer: carla, User: "carla"})
		d.tell(start, client.Message{Peer: carla, User: "carla", Text: "hello"})
	}
	d := chattingA(t)
	carlaSpeaks(d)
	d.want(fromCarla)
	d.tell(start, closed(bob, client.CloseLeft))
	d.want("\x03\x00")

	d = loginA(t, client.Pending{Peer: bob, User: "bob"})
	d.take()
	carlaSpeaks(d)
	d.tell(start, closed(carla, client.CloseLeft))
	d.want() // it is being asked
	d.receive(start, "\x09\x01y")
	d.want(fromCarla)

	d = loginA(t)
	d.receive(start, "\x05\x00start")
	d.take()
	carlaSpeaks(d)
	d.want() // it would read them as what came of its invitation
	d.receive(start, "\x05\x00127.0.0.2")
	d.want(fromCarla)

	d = loginA(t)
	d.take()
	carlaSpeaks(d)
	d.receive(start, "\x05\x00q")
	d.want(fromCarla, "\x03\x00")
}

func chattingA(t *testing.T) *desk {
	t.Helper()
	d := loginA(t, client.Pending{Peer: bob, User: "bob"})
	d.receive(start, "\x09\x01y")
	d.tell(start, established("bob"))
	d.take()
	d.takeCommands()
	return d
}

func TestAChat(t *testing.T) {
	d := chattingA(t)
	d.receive(start, "\x01\x01hello")
	d.receive(start, "\x01\x01") // an empty line
	d.receive(start, "\x01\x01gr\xfc\x00n")
	d.asks(client.Chat{Peer: bob, Text: "hello"}, client.Chat{Peer: bob, Text: "gr\uFFFD\uFFFDn"})
	d.tell(start, said("a\x1b[2J\nOther: forged"))
	d.want("\x01\x00a␛[2J␊Other: forged")
	d.tell(start, said(strings.Repeat("ü", 3000)))
	var all string
	for _, s := range d.take() {
		if len(s) > 4096 {
			t.Errorf("the client cannot read %d bytes", len(s))
		}
		all += strings.TrimPrefix(s, "\x01\x00")
	}
	if all != strings.Repeat("ü", 3000) {
		t.Errorf("of a long message arrives %d bytes, want 6000", len(all))
	}
	d.tell(start, client.NewError("chat", client.ReasonQueueFull, client.Facts{Peer: bob, Limit: 1024}))
	d.wantPart("\x01\x00[daemon: The message was not taken", "]")
	d.tell(start, client.Closed{Peer: bob, Reason: client.CloseLeft, Undelivered: []client.Undelivered{{Text: "late"}}})
	d.want("\x01\x00[daemon: Not delivered: late]", "\x03\x00")
	if !d.gone {
		t.Error("the client exits, but is taken to be there")
	}
}

func TestALeaves(t *testing.T) {
	d := chattingA(t)
	d.receive(start, "\x03\x00")
	d.asks(client.Leave{Peer: bob})
	d.want("\x03\x00")
	if !d.gone {
		t.Error("the client exits, but is taken to be there")
	}
	d = chattingA(t)
	d.receive(start, "\x00\x01")
	if !d.anew {
		t.Error("another client at the same address is not noticed")
	}
}

// What a partner's daemon cannot do, what became of a message that nobody confirmed, and each message that may be a copy, users
// hear in the chat.
func TestRemarks(t *testing.T) {
	const limits, unconfirmed = "[daemon: It reads nothing.]", "[daemon: your message 1 was sent 3 times and never confirmed, so it may not have arrived]"
	const again = "[daemon: the last message came again, as a copy or written twice: ok]"
	happen := func(d *desk) {
		d.tell(start, client.Recognised{Peer: bob, User: "bob", Dialect: "b", Limits: "It reads nothing."})
		d.tell(start, client.Unconfirmed{Peer: bob, User: "bob", N: 1, Tries: 3})
		d.tell(start, client.Recognised{Peer: bob, User: "bob", Dialect: "a"})
		d.tell(start, client.Repeated{Peer: bob, User: "bob", Text: "ok"})
		d.tell(start, client.Repeated{Peer: bob, User: "bob", Text: "ok"})
	}
	d := chattingA(t)
	happen(d)
	d.want("\x01\x00"+limits, "\x01\x00"+unconfirmed, "\x01\x00"+again, "\x01\x00"+again)

	d = joinedC(t)
	d.tell(start, established("bob"))
	d.take()
	happen(d)
	d.want("message|username=bob|text="+limits, "message|username=bob|text="+unconfirmed, "message|username=bob|text="+again, "message|username=bob|text="+again)

	d = startedB(t)
	d.receive(start, "CHAT|a")
	d.take()
	happen(d)
	d.want() // it would be taken for the answer
	d.tell(start, said("hello"))
	d.want("CHAT|" + limits + "\n" + unconfirmed + "\n" + again + "\n" + again + "\nhello")

	d = startedB(t)
	d.receive(start, "CHAT|a")
	d.take()
	happen(d)
	d.tell(start, closed(bob, client.CloseLeft))
	d.want("ERROR|bob left the chat. " + limits + " " + unconfirmed + " " + again + " " + again)
}
