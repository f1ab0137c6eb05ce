package legacy_test

import (
	"testing"

	"simp/codec/client"
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
