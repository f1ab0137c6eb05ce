package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// §3.12: the inviting user hears after 30 s, and every 30 s from then on; sending again starts the wait anew.
func TestUnanswered(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(95 * sec)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(35 * sec)
	got := []int{}
	for _, ev := range only[client.Unanswered](p.events()) {
		got = append(got, ev.Seconds)
	}
	if diff := cmp.Diff([]int{30, 60, 90, 125}, got); diff != "" {
		t.Errorf("told after seconds (-want +got):\n%s", diff)
	}
}

// §3.13: an invitation that nobody answers expires after 5 minutes, on both sides. Sending it again gives it no more time.
func TestExpiry_OfOurInvitation(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(200 * sec)
	p.do(client.Invite{Peer: bobAddr})
	p.pass(5*time.Minute - 200*sec - time.Millisecond)
	p.wantState(fsm.SynSent)
	p.forget()
	p.pass(time.Millisecond)
	p.wantState(fsm.Idle)
	p.wantSent(`300s FIN seq=0 user="alice" sealed="cancelled"`)
	closed := only[client.Closed](p.events())
	diffEvents(t, []client.Event{client.Closed{Peer: bobAddr, Reason: client.CloseUnreachable}}, []client.Event{closed[0]})
}

func TestExpiry_OfTheirInvitation(t *testing.T) {
	p := newSolo(t, func(c *Config) { c.InvitationExpiry = time.Minute })
	p.receive(nativeSYN())
	p.pass(30 * sec)
	p.receive(nativeSYN()) // §3.6: the same invitation, with the same end
	p.pass(30*sec - time.Millisecond)
	p.forget()
	p.pass(time.Millisecond)
	p.wantSent(`60s FIN seq=0 user="alice" "declined"`)
	p.wantEvents(client.Withdrawn{Peer: bobAddr, User: "bob", Reason: client.WithdrawExpired})
}

// §3.6: a repeated SYN is confirmed again, and the user is asked once.
func TestInvitationIsShownOnce(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(nativeSYN(), nativeSYN(), nativeSYN())
	p.wantSent(
		`0s ACK seq=0 user="alice" of="syn"`,
		`0s ACK seq=0 user="alice" of="syn"`,
		`0s ACK seq=0 user="alice" of="syn"`,
	)
	p.wantEvents(client.Invitation{Peer: bobAddr, User: "bob"})
}

// §8.1 and its reason: a name comes from a SYN, a message or a native SYN+ACK. Some peers echo our own name in an ACK and
// in their SYN+ACK.
func TestNameIsLearned(t *testing.T) {
	eve := func(d codec.Datagram) codec.Datagram { d.User = []byte("eve"); return d }
	open := func(p *solo) { p.do(client.Invite{Peer: bobAddr}); p.receive(eve(plain(codec.SYNACK, 0))) }
	for _, tc := range []struct {
		name string
		put  func(*solo)
		from codec.Datagram
		want string
	}{
		{"SYN", func(*solo) {}, eve(plain(codec.SYN, 0)), "eve"},
		{"message", open, eve(chat(0, "x")), "eve"},
		{"native SYN+ACK", func(p *solo) { p.do(client.Invite{Peer: bobAddr}) }, eve(nativeSYNACK()), "eve"},
		{"legacy SYN+ACK", func(p *solo) { p.do(client.Invite{Peer: bobAddr}) }, eve(plain(codec.SYNACK, 0)), ""},
		{"ACK", open, eve(plain(codec.ACK, 0)), ""},
		{"ringing", func(p *solo) { p.do(client.Invite{Peer: bobAddr}) }, eve(nativeACK(codec.SYN, 0)), ""},
		{"FIN", open, eve(plain(codec.FIN, 0)), ""},
		{"ERR", open, eve(codec.Datagram{Kind: codec.ERR, Payload: []byte("oops")}), ""},
		{"message of a stranger", func(*solo) {}, eve(chat(0, "x")), ""},
		{"stray native SYN+ACK", func(*solo) {}, eve(nativeSYNACK()), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.put(p)
			p.receive(tc.from)
			if p.s.user != tc.want {
				t.Errorf("the peer is called %q, want %q", p.s.user, tc.want)
			}
		})
	}
}

// §4.11: between native peers the number alone tells a duplicate, from a legacy peer number and payload together.
func TestDuplicate(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(*solo)
		in   []codec.Datagram
		want []string
		acks int
	}{
		{"native, same number", (*solo).openNative, []codec.Datagram{chat(0, "a"), chat(0, "b")}, []string{"a"}, 2},
		{"native, number goes on", (*solo).openNative, []codec.Datagram{chat(0, "a"), chat(1, "a"), chat(0, "a")}, []string{"a", "a", "a"}, 3},
		{"native, no number", (*solo).openNative, []codec.Datagram{chat(2, "a"), chat(255, "a")}, nil, 0},
		{"legacy, same number and text", (*solo).openLegacy, []codec.Datagram{chat(0, "a"), chat(0, "a")}, []string{"a"}, 2},
		{"legacy, always number 0", (*solo).openLegacy, []codec.Datagram{chat(0, "a"), chat(0, "b"), chat(0, "a")}, []string{"a", "b", "a"}, 3},
		{"legacy, same text under the next number", (*solo).openLegacy, []codec.Datagram{chat(0, "a"), chat(1, "a")}, []string{"a", "a"}, 2},
		{"legacy, counts on", (*solo).openLegacy, []codec.Datagram{chat(1, "a"), chat(2, "b"), chat(2, "b"), chat(3, "c")}, []string{"a", "b", "c"}, 4},
		{"legacy, empty text", (*solo).openLegacy, []codec.Datagram{chat(0, ""), chat(0, "")}, []string{""}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.open(p)
			p.receive(tc.in...)
			p.pass(sec) // a kind that is recognised may want its ACKs a moment later
			var got []string
			for i, m := range only[client.Message](p.events()) {
				got = append(got, m.Text)
				if m.N != i+1 {
					t.Errorf("message %q has number %d, want %d", m.Text, m.N, i+1)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			if len(p.sent) != tc.acks {
				t.Errorf("%d ACKs, want %d", len(p.sent), tc.acks)
			}
			for i, s := range p.sent {
				if d, _ := s.decoded(t); d.Kind != codec.ACK || d.Seq != tc.in[i].Seq {
					t.Errorf("answer %d is %s, want an ACK with number %d", i+1, d, tc.in[i].Seq)
				}
			}
		})
	}
}

// §4.8: without room there is no ACK; the copy that comes when there is room is taken.
func TestNoRoomNoACK(t *testing.T) {
	p := newSolo(t, nil)
	room := false
	p.env.room = func() bool { return room }
	p.openNative()
	p.receive(chat(0, "a"))
	p.wantSent()
	p.wantEvents()
	room = true
	p.receive(chat(0, "a"))
	p.wantSent(`0s ACK seq=0 user="alice" of="chat"`)
	p.wantEvents(client.Message{Peer: bobAddr, User: "bob", Text: "a", N: 1})
	room = false
	p.receive(chat(0, "a")) // §4.5: a duplicate is acknowledged whether there is room or not
	p.wantSent(`0s ACK seq=0 user="alice" of="chat"`)
}

// §8.4, §6.2: what was not delivered when a chat ended is named, in order.
func TestClosed_ListsWhatWasNotDelivered(t *testing.T) {
	one, two, three := client.NumberID(1), client.NumberID(2), client.NumberID(3)
	for _, tc := range []struct {
		name string
		end  func(*solo)
		why  client.CloseReason
	}{
		{"leave now", func(p *solo) { p.do(client.Leave{Now: true}); p.receive(nativeACK(codec.FIN, 0)) }, client.CloseLeft},
		{"partner leaves", func(p *solo) { p.receive(nativeFIN(0, codec.Left)) }, client.CloseLeft},
		{"partner's daemon stops", func(p *solo) { p.receive(nativeFIN(0, codec.Shutdown)) }, client.CloseShutdown},
		{"partner restarts", func(p *solo) { p.receive(nativeSYN()) }, client.CloseRestarted},
		{"our daemon stops", func(p *solo) { p.input(Input{Shutdown: true}); p.pass(time.Minute) }, client.CloseShutdown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.openNative()
			p.do(client.Chat{Text: "one", ID: one}, client.Chat{Text: "two", ID: two}, client.Chat{Text: "three", ID: three})
			p.receive(nativeACK(codec.CHAT, 0))
			p.forget()
			tc.end(p)
			diffEvents(t, []client.Event{client.Closed{
				Peer: bobAddr, User: "bob", Reason: tc.why,
				Undelivered: []client.Undelivered{{ID: two, N: 2, Text: "two"}, {ID: three, N: 3, Text: "three"}},
			}}, asEvents(only[client.Closed](p.events())))
		})
	}
}

func asEvents[E client.Event](all []E) []client.Event {
	var events []client.Event
	for _, e := range all {
		events = append(events, e)
	}
	return events
}

// §6.2: a user who leaves is done when the last queued message has been delivered.
func TestLeave_AfterTheQueue(t *testing.T) {
	p := newSolo(t, nil)
	p.openNative()
	p.do(client.Chat{Text: "one"}, client.Chat{Text: "two"}, client.Leave{})
	p.receive(nativeACK(codec.CHAT, 0), nativeACK(codec.CHAT, 1), nativeACK(codec.FIN, 0))
	p.wantSent(
		`0s CHAT seq=0 user="alice" len=3 "one" label="#1"`,
		`0s CHAT seq=1 user="alice" len=3 "two" label="#2"`,
		`0s FIN seq=0 user="alice" "left"`,
	)
	events := p.events()
	if got, want := names(events), "sent sent delivered delivered closed"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// §4.4: the queue is bounded, and the user is told what was not taken. A message of several parts is taken whole or not.
func TestQueueFull(t *testing.T) {
	p := newSolo(t, nil)
	p.openNative()
	for range queueLen {
		p.do(client.Chat{Text: "x"})
	}
	p.forget()
	p.do(client.Chat{Text: "x"})
	p.wantEvents(client.Error{OpName: "chat", Peer: bobAddr, Reason: client.ReasonQueueFull})
	p.receive(nativeACK(codec.CHAT, 0))
	p.forget()
	p.do(client.Chat{Text: fmt.Sprintf("%2000d", 1)})
	p.wantEvents(client.Error{OpName: "chat", Peer: bobAddr, Reason: client.ReasonQueueFull})
	p.do(client.Chat{Text: "x"})
	if got := names(p.events()); got != "sent" {
		t.Errorf("told %q, want sent: one place is free", got)
	}
	if len(p.s.queue) != queueLen {
		t.Errorf("%d datagrams wait, want %d", len(p.s.queue), queueLen)
	}
}

// §3.7, §8.3: an invitation that came while nobody was there is answered under the name of who answers it, not under the
// one that the daemon had then.
func TestName_OfWhoAccepts(t *testing.T) {
	p := newUnattended(t, nil)
	p.receive(nativeSYN())
	p.wantSent(`0s ACK seq=0 user="simpd" of="syn"`)
	p.attach("alice")
	p.do(client.Accept{Peer: bobAddr})
	p.receive(nativeACK(codec.SYNACK, 0))
	p.do(client.Chat{Text: "hi"})
	p.wantSent(
		`0s SYN+ACK seq=0 user="alice" announce="simp/1"`,
		`0s CHAT seq=0 user="alice" len=2 "hi" label="#1"`,
	)
}

// §4.3: a repeat has the same bytes also if another user has taken the daemon over meanwhile.
func TestName_StaysForTheConversation(t *testing.T) {
	p := newSolo(t, nil)
	p.openNative()
	p.do(client.Chat{Text: "hi"})
	p.detach()
	p.attach("carol")
	p.pass(11 * sec)
	p.wantCopies(codec.CHAT, every(5*sec, 0, 3)...)
}

// §6.7: the chats of a client that has gone are not the next client's business: it is told nothing of them, nothing that
// arrives in them is acknowledged as if it had been shown, and what it does itself is answered.
func TestNextClient_KnowsNothingOfTheLastOnesChats(t *testing.T) {
	leave := func(t *testing.T) *solo {
		p := newSolo(t, nil)
		p.openNative()
		p.do(client.Chat{Text: "hi"})
		p.detach()
		p.wantState(fsm.Established) // what is queued is still delivered
		p.attach("carol")
		p.forget()
		return p
	}
	t.Run("a message is not swallowed", func(t *testing.T) {
		p := leave(t)
		p.receive(chat(0, "for alice"))
		p.wantSent()
		p.wantEvents()
	})
	t.Run("the end is silent", func(t *testing.T) {
		p := leave(t)
		p.receive(nativeACK(codec.CHAT, 0))
		p.wantSent(`0s FIN seq=1 user="alice" "left"`)
		p.receive(nativeACK(codec.FIN, 1))
		p.wantState(fsm.Idle)
		p.wantEvents()
	})
	t.Run("a new invitation is shown", func(t *testing.T) {
		p := leave(t)
		p.receive(nativeSYN())
		p.wantEvents(client.Invitation{Peer: bobAddr, User: "bob"})
	})
	t.Run("an invitation of one's own is answered", func(t *testing.T) {
		p := leave(t)
		p.receive(nativeACK(codec.CHAT, 0))
		p.forget()
		p.do(client.Invite{Peer: bobAddr})
		p.wantSent(`0s SYN seq=0 user="carol" announce="simp/1"`)
		p.wantEvents(client.Inviting{Peer: bobAddr, User: "bob", Tries: 1})
	})
	t.Run("also after a refusal", func(t *testing.T) {
		p := newSolo(t, nil)
		p.receive(nativeSYN())
		p.do(client.Decline{Peer: bobAddr})
		p.detach()
		p.attach("carol")
		p.forget()
		p.wantState(fsm.FinWait)
		p.do(client.Invite{Peer: bobAddr})
		p.wantEvents(client.Inviting{Peer: bobAddr, User: "bob", Tries: 1})
	})
}
