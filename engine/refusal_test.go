package engine

import (
	"net/netip"
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
)

// §8.4: every command in every state in which it makes no sense is answered by one error with a reason, and changes
// nothing.
func TestRefusals(t *testing.T) {
	peer := netip.MustParseAddrPort("10.0.0.2:7777")
	commands := map[string]client.Command{
		"invite": client.Invite{Peer: peer}, "cancel": client.Cancel{Peer: peer}, "accept": client.Accept{Peer: peer},
		"decline": client.Decline{Peer: peer}, "chat": client.Chat{Peer: peer, Text: "x"}, "leave": client.Leave{Peer: peer},
		"leave now": client.Leave{Peer: peer, Now: true}, "chat (nobody named)": client.Chat{Text: "x"}, "leave (nobody named)": client.Leave{},
	}
	type reasons map[string]client.ErrorReason
	const (
		noChat, noInvitation, notInviting = client.ReasonNoChat, client.ReasonNoInvitation, client.ReasonNotInviting
		open, connecting, closing         = client.ReasonAlreadyOpen, client.ReasonConnecting, client.ReasonClosing
	)
	for _, tc := range []struct {
		name string
		put  func(alice *node, bob *stranger)
		want reasons
	}{
		{"nothing", func(*node, *stranger) {}, reasons{
			"cancel": notInviting, "accept": noInvitation, "decline": noInvitation, "chat": noChat, "leave": noChat, "leave now": noChat,
			"chat (nobody named)": noChat, "leave (nobody named)": noChat,
		}},
		{"inviting", func(a *node, _ *stranger) { a.client.Do(client.Invite{Peer: peer}) }, reasons{
			"accept": noInvitation, "decline": noInvitation, "chat": noChat, "leave": noChat, "leave now": noChat,
			"chat (nobody named)": noChat, "leave (nobody named)": noChat,
		}},
		{"invited", func(_ *node, b *stranger) { b.sendDatagram(nativeSYN()) }, reasons{
			"cancel": notInviting, "chat": noChat, "leave": noChat, "leave now": noChat,
			"chat (nobody named)": noChat, "leave (nobody named)": noChat,
		}},
		{"connecting", func(a *node, b *stranger) {
			b.sendDatagram(nativeSYN())
			wait()
			a.client.Do(client.Accept{Peer: peer})
		}, reasons{"invite": connecting, "accept": connecting, "chat": noChat, "chat (nobody named)": noChat}},
		{"open", openWith, reasons{"invite": open, "cancel": notInviting, "accept": open, "decline": noInvitation}},
		{"leaving", func(a *node, b *stranger) {
			openWith(a, b)
			a.client.Do(client.Chat{Text: "unread"})
			a.client.Do(client.Leave{})
		}, reasons{
			"invite": open, "cancel": notInviting, "accept": open, "decline": noInvitation, "chat": closing, "leave": closing,
			"chat (nobody named)": closing, "leave (nobody named)": closing,
		}},
		{"closing", func(a *node, b *stranger) {
			openWith(a, b)
			a.client.Do(client.Leave{})
		}, reasons{
			"cancel": notInviting, "accept": noInvitation, "decline": noInvitation, "chat": closing, "leave": closing,
			"chat (nobody named)": noChat, "leave (nobody named)": noChat,
		}},
		{"declining", func(a *node, b *stranger) {
			b.sendDatagram(nativeSYN())
			wait()
			a.client.Do(client.Decline{Peer: peer})
		}, reasons{
			"cancel": notInviting, "accept": noInvitation, "decline": noInvitation, "chat": closing, "leave": closing, "leave now": noChat,
			"chat (nobody named)": noChat, "leave (nobody named)": noChat,
		}},
	} {
		for name, reason := range tc.want {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					network := newNetwork()
					alice := startNode(t, network, "10.0.0.1:7777", nil)
					alice.login("alice")
					tc.put(alice, newStranger(t, network, peer.String(), alice))
					wait()
					before := alice.status()
					alice.wantRefusal(commands[name], reason)
					after := alice.status()
					before.Counters, after.Counters = nil, nil
					diffEvents(t, []client.Event{before}, []client.Event{after})
				})
			})
		}
	}
}

// openWith puts alice into a chat with a peer that then says nothing more.
func openWith(alice *node, bob *stranger) {
	bob.sendDatagram(nativeSYN())
	wait()
	alice.client.Do(client.Accept{Peer: bob.conn.LocalAddr()})
	wait()
	bob.sendDatagram(nativeACK(codec.SYNACK, 0))
	wait()
}

// What cannot be an address of somebody else is refused before anything is sent.
func TestRefusals_Addresses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		alice.login("alice")
		wait()
		for peer, reason := range map[string]client.ErrorReason{
			"10.0.0.1:7777":        client.ReasonSelf,
			"0.0.0.0:7777":         client.ReasonBadAddress,
			"224.0.0.1:7777":       client.ReasonBadAddress,
			"255.255.255.255:7777": client.ReasonBadAddress,
			"[2001:db8::1]:7777":   client.ReasonBadAddress,
		} {
			alice.wantRefusal(client.Invite{Peer: netip.MustParseAddrPort(peer)}, reason)
		}
		alice.wantCounter("datagrams/out", 0)
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d conversations have begun", got)
		}
	})
}

// The user's own invitations are bounded too, and so is what is kept of partners after the end.
func TestRefusals_TooManyInvitations(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		alice.login("alice")
		for i := range maxInvitations {
			alice.client.Do(client.Invite{Peer: flooder(i)})
		}
		wait()
		alice.wantRefusal(client.Invite{Peer: flooder(maxInvitations)}, client.ReasonOverloaded)
		alice.client.Do(client.Cancel{Peer: flooder(0)})
		wait()
		alice.events()
		alice.client.Do(client.Invite{Peer: flooder(maxInvitations)})
		wait()
		alice.wantNames("inviting")
		time.Sleep(10 * time.Minute)
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d conversations are left", got)
		}
	})
}
