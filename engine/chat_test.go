package engine

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/netio"
)

// The whole life of a chat as both users see it.
func TestTwoDaemonsChat(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := pair(t, newNetwork(), nil)
		wait()
		alice.wantNames("connected")
		bob.wantNames("connected")
		alice.client.Do(client.Invite{Peer: bob.addr})
		wait()
		bob.client.Do(client.Accept{Peer: alice.addr})
		wait()
		diffEvents(t, []client.Event{
			client.Inviting{Peer: bob.addr, Tries: 1},
			client.Established{Peer: bob.addr, User: "bob"},
		}, alice.events())
		diffEvents(t, []client.Event{
			client.Invitation{Peer: alice.addr, User: "alice"},
			client.Established{Peer: alice.addr, User: "alice"},
		}, bob.events())

		id := client.NumberID(42)
		alice.client.Do(client.Chat{Text: "hello", ID: id})
		wait()
		diffEvents(t, []client.Event{
			client.Sent{Peer: bob.addr, User: "bob", ID: id, N: 1},
			client.Delivered{Peer: bob.addr, User: "bob", ID: id, N: 1},
		}, alice.events())
		diffEvents(t, []client.Event{client.Message{Peer: alice.addr, User: "alice", Text: "hello", N: 1}}, bob.events())

		bob.client.Do(client.Leave{})
		wait()
		diffEvents(t, []client.Event{client.Closed{Peer: bob.addr, User: "bob", Reason: client.CloseLeft}}, alice.events())
		diffEvents(t, []client.Event{client.Closed{Peer: alice.addr, User: "alice", Reason: client.CloseLeft}}, bob.events())
		for _, n := range []*node{alice, bob} {
			if st := n.status(); len(st.Chats)+len(st.Pending) != 0 {
				t.Errorf("afterwards the status of %s is %+v", n.addr, st)
			}
			for name := range n.engine.Counters() {
				if !strings.HasPrefix(name, "datagrams/") {
					t.Errorf("%s counts %s in a chat without faults", n.addr, name)
				}
			}
		}
		// §6.5: when the partners have forgotten each other nothing is left.
		time.Sleep(time.Minute)
		for _, n := range []*node{alice, bob} {
			if got := len(n.engine.all()); got != 0 {
				t.Errorf("%s keeps %d actors", n.addr, got)
			}
		}
	})
}

// §3.14: two users who invite each other have both agreed.
func TestCrossingInvitations(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := pair(t, newNetwork(), nil)
		wait()
		alice.events()
		bob.events()
		alice.client.Do(client.Invite{Peer: bob.addr})
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		alice.wantNames("inviting established")
		bob.wantNames("inviting established")
		wantChatWorks(t, alice, bob)
	})
}

// §3.15: inviting somebody whose invitation waits accepts it.
func TestInvitingTheInviter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := pair(t, newNetwork(), nil)
		alice.client.Do(client.Invite{Peer: bob.addr})
		wait()
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		wantChatWorks(t, alice, bob)
	})
}

// §4.12, §4.1: both write at the same time, many messages, over a network that loses and doubles but keeps the order, as
// numbers of one bit need it. Everything arrives once and in order, and everything is reported as delivered once.
func TestBothWriteAtOnce(t *testing.T) {
	for _, plainAlice := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain=%v", plainAlice), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) { c.Plain = plainAlice })
				bob := startNode(t, network, "10.0.0.2:7777", nil)
				alice.login("alice")
				bob.login("bob")
				openChat(t, alice, bob)
				// One message each way first: a legacy peer that has never acknowledged gets three copies only.
				wantChatWorks(t, alice, bob)
				network.SetFaults(netio.Faults{Drop: 0.2, Duplicate: 0.2, MinDelay: millisecond, MaxDelay: 50 * millisecond})
				const n = 40
				for i := range n {
					alice.client.Do(client.Chat{Text: fmt.Sprint("a", i)})
					bob.client.Do(client.Chat{Text: fmt.Sprint("b", i)})
				}
				time.Sleep(2 * time.Hour)
				for _, side := range []struct {
					n    *node
					from string
				}{{alice, "b"}, {bob, "a"}} {
					events := side.n.events()
					for i, m := range only[client.Message](events) {
						if want := fmt.Sprint(side.from, i); m.Text != want || m.N != i+2 {
							t.Fatalf("message %d at %s is %+v, want %q", i, side.n.addr, m, want)
						}
					}
					if got := len(only[client.Message](events)); got != n {
						t.Errorf("%d messages arrived at %s, want %d", got, side.n.addr, n)
					}
					if got := len(only[client.Delivered](events)); got != n {
						t.Errorf("%d messages of %s delivered, want %d", got, side.n.addr, n)
					}
					if got := len(only[client.Retrying](events)); got == 0 {
						t.Error("nothing was ever repeated: the network has no faults")
					}
				}
			})
		})
	}
}

// §4.6: a partition during a chat is survived for as long as it lasts: the user sees that copies go out, then delivery.
func TestPartitionHeals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "one"})
		bob.client.Do(client.Chat{Text: "two"})
		alice.client.Do(client.Chat{Text: "three"})
		time.Sleep(time.Hour)
		if got := names(bob.events()); strings.Contains(got, "message") || strings.Contains(got, "delivered") {
			t.Fatalf("through a cut network bob was told %q", got)
		}
		retried := only[client.Retrying](alice.events())
		if len(retried) < 700 {
			t.Errorf("alice was told of %d copies in an hour, want about 720", len(retried))
		}
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(6 * time.Second)
		events := alice.events()
		if len(only[client.Delivered](events)) != 2 || len(only[client.Message](events)) != 1 {
			t.Errorf("after it healed alice was told %q", names(events))
		}
		bob.wantTexts("one", "three")
		wantChatWorks(t, alice, bob)
	})
}

// §5.4: a partner that comes back without memory of the chat: it is closed as restarted, and the SYN is a new invitation.
func TestPartnerRestarts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		alice.login("alice")
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		bob.login("bob")
		openChat(t, alice, bob)
		// Bob's host loses power: nothing is said.
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		bob.halt()
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		id := client.NumberID(1)
		alice.client.Do(client.Chat{Text: "lost", ID: id})
		wait()
		alice.events()

		again := startNode(t, network, "10.0.0.2:7777", nil)
		again.login("bobby")
		again.client.Do(client.Invite{Peer: alice.addr})
		wait()
		diffEvents(t, []client.Event{
			client.Closed{Peer: bob.addr, User: "bobby", Reason: client.CloseRestarted, Undelivered: []client.Undelivered{{ID: id, N: 1, Text: "lost"}}},
			client.Invitation{Peer: bob.addr, User: "bobby"},
		}, alice.events())
		alice.client.Do(client.Accept{Peer: bob.addr})
		wait()
		wantChatWorks(t, alice, again)
	})
}

// §5.2: somebody else who invites a busy user is told so; the chat goes on.
func TestBusy(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		carol := startNode(t, network, "10.0.0.3:7777", nil)
		carol.login("carol")
		wait()
		carol.events()
		carol.client.Do(client.Invite{Peer: alice.addr})
		wait()
		diffEvents(t, []client.Event{
			client.Inviting{Peer: alice.addr, Tries: 1},
			client.Closed{Peer: alice.addr, Reason: client.CloseBusy, Text: busyText},
		}, carol.events())
		alice.wantNames("")
		raw := newStranger(t, network, "10.0.0.4:7777", alice)
		raw.sendDatagram(plain(codec.SYN, 0))
		wait()
		if got, want := strings.Join(raw.answers(), "\n"), "ERR seq=0 user=\"alice\" \"User already in another chat\"\nFIN seq=0 user=\"alice\""; got != want {
			t.Errorf("a busy user answers\n%s\nwant\n%s", got, want)
		}
		alice.wantCounter("refused/idle/busy", 2)
		wantChatWorks(t, alice, bob)
	})
}

// §5.1, and what may be left out: two chats at once; commands without a peer are then ambiguous.
func TestTwoChats(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) { c.MaxChats = 2 })
		alice.login("alice")
		others := make([]*node, 3)
		for i := range others {
			others[i] = startNode(t, network, fmt.Sprintf("10.0.0.%d:7777", i+2), nil)
			others[i].login(fmt.Sprint("friend", i))
		}
		openChat(t, alice, others[0])
		alice.client.Do(client.Chat{Text: "only one"})
		wait()
		others[0].wantTexts("only one")
		openChat(t, alice, others[1])
		alice.wantRefusal(client.Chat{Text: "whom?"}, client.ReasonSeveralChats)
		alice.wantRefusal(client.Leave{}, client.ReasonSeveralChats)
		alice.wantRefusal(client.Invite{Peer: others[2].addr}, client.ReasonBusy)
		others[2].client.Do(client.Invite{Peer: alice.addr})
		wait()
		closed := only[client.Closed](others[2].events())
		if len(closed) != 1 || closed[0].Reason != client.CloseBusy {
			t.Errorf("the third is told %+v, want busy", closed)
		}
		wantChatWorks(t, alice, others[0])
		wantChatWorks(t, alice, others[1])
		st := alice.status()
		if len(st.Chats) != 2 || st.Chats[0].Peer != others[0].addr || st.Chats[1].Peer != others[1].addr {
			t.Errorf("status %+v, want two chats in the order of addresses", st.Chats)
		}
		alice.client.Do(client.Leave{Peer: others[0].addr})
		wait()
		alice.events()
		others[1].events()
		alice.client.Do(client.Chat{Text: "alone"})
		wait()
		others[1].wantTexts("alone")
	})
}

// §3.21: two invitations are accepted in the same moment where one chat is allowed: one opens, the other is withdrawn.
func TestBothAcceptWhereOneMay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		alice.login("alice")
		var friends []*node
		for i := range 2 {
			n := startNode(t, network, fmt.Sprintf("10.0.0.%d:7777", i+2), nil)
			n.login("friend")
			friends = append(friends, n)
			alice.client.Do(client.Invite{Peer: n.addr})
		}
		wait()
		for _, n := range friends {
			n.events()
			n.client.Do(client.Accept{Peer: alice.addr})
		}
		wait()
		events := alice.events()
		closed := only[client.Closed](events)
		if len(only[client.Established](events)) != 1 || len(closed) != 1 || closed[0].Reason != client.CloseCancelled {
			t.Errorf("alice was told %q, want one chat open and one invitation cancelled", names(events))
		}
		time.Sleep(time.Minute)
		if got := len(alice.status().Chats); got != 1 {
			t.Errorf("%d chats, want 1", got)
		}
	})
}

// §6.4: two users who leave in the same moment are both done.
func TestBothLeave(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		alice.client.Do(client.Leave{})
		bob.client.Do(client.Leave{})
		wait()
		alice.wantNames("closed")
		bob.wantNames("closed")
	})
}

// Status tells what is open, how much waits and what is being repeated.
func TestStatus(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		for range 3 {
			alice.client.Do(client.Chat{Text: "x"})
		}
		time.Sleep(11 * time.Second)
		st := alice.status()
		diffStatus(t, client.Status{User: "alice", Chats: []client.ChatStatus{{Peer: bob.addr, User: "bob", State: "established", Queued: 3, Tries: 3, Dialect: "native", Evidence: "it announced itself"}}}, st)
		if st.Counters["repeated/established/repeat-chat"] != 2 {
			t.Errorf("counters %v, want 2 repeats", st.Counters)
		}

		// Invitations that wait are shown the oldest first, whatever their addresses.
		dave := startNode(t, network, "10.0.0.9:7777", nil)
		dave.login("dave")
		var since []time.Time
		for _, at := range []string{"10.0.0.8:7777", "10.0.0.5:7777", "10.0.0.7:7777"} {
			s := newStranger(t, network, at, dave)
			s.sendDatagram(plain(codec.SYN, 0))
			wait()
			since = append(since, time.Now().Add(millisecond-time.Second))
		}
		pending := dave.status().Pending
		if len(pending) != 3 {
			t.Fatalf("%d invitations wait, want 3", len(pending))
		}
		for i, want := range []string{"10.0.0.8:7777", "10.0.0.5:7777", "10.0.0.7:7777"} {
			if pending[i].Peer.String() != want || !pending[i].Since.Equal(since[i]) {
				t.Errorf("invitation %d is %+v, want that of %s since %s", i, pending[i], want, since[i])
			}
		}
		synctest.Wait()
	})
}

func diffStatus(t *testing.T, want, got client.Status) {
	t.Helper()
	got.Counters = nil
	diffEvents(t, []client.Event{want}, []client.Event{got})
}

// §3.9, §3.10: the ACK that ends the handshake is lost. The first message opens the other side all the same, and without a
// message the repeated SYN+ACK does.
func TestFinalACKIsLost(t *testing.T) {
	for _, talk := range []bool{true, false} {
		t.Run(fmt.Sprintf("talk=%v", talk), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				lost := false
				alice := startFiltered(t, network, "10.0.0.1:7777", nil, func(d codec.Datagram) bool {
					hit := !lost && codec.AckOf(d.Payload) == codec.SYNACK
					lost = lost || hit
					return hit
				})
				bob := startNode(t, network, "10.0.0.2:7777", nil)
				alice.login("alice")
				bob.login("bob")
				alice.client.Do(client.Invite{Peer: bob.addr})
				wait()
				bob.client.Do(client.Accept{Peer: alice.addr})
				wait()
				bob.wantNames("connected invitation")
				if talk {
					alice.client.Do(client.Chat{Text: "are you there?"})
					wait()
					bob.wantNames("established message")
				} else {
					time.Sleep(5 * time.Second)
					bob.wantNames("retrying established")
				}
				if !lost {
					t.Fatal("no ACK was lost: the test tests nothing")
				}
				wantChatWorks(t, alice, bob)
			})
		})
	}
}
