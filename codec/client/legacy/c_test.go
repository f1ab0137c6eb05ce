package legacy_test

import (
	"testing"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

func joinedC(t *testing.T, pending ...client.Pending) *desk {
	t.Helper()
	d := open(t, start, "connect|username=carl", false)
	d.asks(client.Connect{User: "carl"})
	d.want()
	d.tell(start, connected(pending...))
	return d
}

func TestC(t *testing.T) {
	d := joinedC(t, client.Pending{Peer: bob, User: "b|b"})
	d.want("ok", "invitation|username=b<U+007C>b|ip=127.0.0.2")
	d.tell(start, client.Invitation{Peer: carla, User: "carla"})
	d.want() // the client knows one at a time
	d.receive(start, "decline")
	d.asks(client.Decline{Peer: bob})
	d.want("invitation|username=carla|ip=127.0.0.3")
	d.receive(start, "accept")
	d.receive(start, "accept") // the client asks twice
	d.asks(client.Accept{Peer: carla})
	d.tell(start, client.Established{Peer: carla, User: "carla"})
	d.want("connected|username=carla")
	d.receive(start, "accept")
	d.asks()
	d.want()
	d.receive(start, "send|text=a|b=c")
	d.asks(client.Chat{Peer: carla, Text: "a|b=c"})
	d.tell(start, client.Message{Peer: carla, User: "carla", Text: "ü|x"})
	d.want("message|username=carla|text=ue<U+007C>x")
	d.tell(start, closed(carla, client.CloseLeft))
	d.want("disconnected")
	d.receive(start, "accept")
	d.want("error|message=There is no invitation any more.")
	d.receive(start, "send|text=x")
	d.want("error|message=There is no open chat.")
}

// Who leaves and at once asks the same user again is not told of the first chat's end as the second one's.
func TestCLeavesAndReturns(t *testing.T) {
	d := joinedC(t)
	d.want("ok")
	d.receive(start, "invite|ip=127.0.0.2|port=7777")
	d.asks(client.Invite{Peer: bob})
	d.tell(start, established("bob"))
	d.want("connected|username=bob")
	d.receive(start, "quit")
	d.want("ok")
	d.receive(start, "invite|ip=127.0.0.2|port=7777")
	d.asks(client.Leave{Peer: bob}, client.Invite{Peer: bob})
	d.tell(start, closed(bob, client.CloseLeft))
	d.want()
	d.tell(start, closed(bob, client.CloseBusy))
	d.wantPart("error|message=", "is busy in another chat. Try again later.")
}

// An acceptance may cross the Cancel: then the chat is open that nobody wants, and has to be left.
func TestCCancelComesTooLate(t *testing.T) {
	d := joinedC(t)
	d.receive(start, "invite|ip=127.0.0.2|port=7777")
	d.receive(start, "invite|ip=127.0.0.3|port=7777")
	d.takeCommands()
	d.take()
	d.tell(start, established("bob"))
	d.asks(client.Leave{Peer: bob})
	d.tell(start, client.NewError("cancel", client.ReasonNotInviting, client.Facts{Peer: bob}))
	d.tell(start, closed(bob, client.CloseLeft))
	d.asks()
	d.want()
	d.tell(start, client.Established{Peer: carla, User: "carla"})
	d.want("connected|username=carla")
}

// Who accepts an invitation while an own one is out withdraws that. In a chat nothing is accepted.
func TestCAcceptsInstead(t *testing.T) {
	d := joinedC(t, client.Pending{Peer: carla, User: "carla"})
	d.receive(start, "invite|ip=127.0.0.2")
	d.receive(start, "accept")
	d.asks(client.Invite{Peer: bob}, client.Cancel{Peer: bob}, client.Accept{Peer: carla})

	d = joinedC(t, client.Pending{Peer: carla, User: "carla"})
	d.tell(start, established("bob"))
	d.take()
	d.receive(start, "invite|ip=127.0.0.2")
	d.tell(start, client.NewError("invite", client.ReasonAlreadyOpen, client.Facts{Peer: bob}))
	d.takeCommands()
	d.take()
	d.receive(start, "accept")
	d.wantPart("error|message=You are in a chat.", "")
	d.asks()
}

// What others say is shown at once, whatever the client is at.
func TestCOthersAreRead(t *testing.T) {
	d := joinedC(t, client.Pending{Peer: bob, User: "bob"})
	d.take()
	say := func(text string) {
		d.tell(start, client.Established{Peer: carla, User: "carla"})
		d.tell(start, client.Message{Peer: carla, User: "carla", Text: text})
		d.tell(start, closed(carla, client.CloseLeft))
	}
	say("one")
	d.want("message|username=carla|text=one")
	d.receive(start, "accept")
	say("two")
	d.want("message|username=carla|text=two")
	if n := legacy.Unread(d.d); n != 0 {
		t.Errorf("%d messages are held", n)
	}
}

func TestCInvites(t *testing.T) {
	d := joinedC(t)
	d.take()
	for said, want := range map[string]client.Command{
		"invite|ip=127.0.0.2":                   client.Invite{Peer: bob},
		"invite|port=7777|ip=::1":               client.Invite{Peer: addrPort("[::1]:7777")},
		"invite|ip=127.0.0.3|port=9":            client.Invite{Peer: addrPort("127.0.0.3:9")},
		"invite|ip=127.0.0.2|port=7777|extra=x": client.Invite{Peer: bob},
	} {
		d := joinedC(t)
		d.take()
		d.receive(start, said)
		d.want()
		d.asks(want)
	}
	for _, bad := range []string{"invite", "invite|ip=localhost|port=7777", "invite|ip=127.0.0.2|port=x"} {
		d.receive(start, bad)
		d.asks()
		d.wantPart("error|message=", "")
	}
}

func TestCIsRefused(t *testing.T) {
	d := open(t, start, "connect|username=", false)
	d.wantPart("error|message=The name is empty.", "")
	if !d.gone {
		t.Error("a client that was refused is still there")
	}
	d = open(t, start, "connect|username=carl", true)
	d.tell(start, client.NewError("connect", client.ReasonTaken, client.Facts{User: "alice"}))
	d.wantPart(`error|message=This daemon already has a client, the user "alice"`, "")
	if !d.gone {
		t.Error("a client that was refused is still there")
	}
}

func TestCConnectsAgain(t *testing.T) {
	d := joinedC(t)
	d.take()
	d.receive(start, "connect|username=carl")
	d.want("ok")
	d.receive(start, "connect|username=dora")
	if !d.anew {
		t.Error("another client at the same address is not noticed")
	}
}
