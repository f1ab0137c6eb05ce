package engine

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// One client at a time; the second is told who holds the daemon, and takes over when the first has gone.
func TestSecondClientIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		alice.login("alice")
		wait()
		alice.events()
		first := alice.client
		alice.login("carol")
		wait()
		diffEvents(t, []client.Event{client.Error{OpName: "connect", Reason: client.ReasonTaken}}, alice.events())
		alice.wantCounter("client/taken", 1)
		alice.wantRefusal(client.StatusQuery{}, client.ReasonNotConnected)
		first.Close()
		alice.client.Do(client.Connect{User: "carol"})
		wait()
		alice.wantNames("connected")
		alice.client.Close()
	})
}

// A client that is gone never holds the daemon, also if its connect is still carried out after its end.
func TestClosedClientDoesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		bob.login("bob")
		ghost := alice.engine.NewClient()
		ghost.Close()
		ghost.Do(client.Connect{User: "ghost"})
		alice.login("alice")
		wait()
		alice.wantNames("connected")
		alice.client.Close()
		bob.events()
		alice.client.Do(client.Invite{Peer: bob.addr})
		wait()
		bob.wantNames("")
	})
}

// The answers that need no chat.
func TestPingAndConnect(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", func(c *Config) { c.Version = "1.2.3" })
		c := alice.engine.NewClient()
		alice.client = c
		alice.collect(c)
		c.Do(client.Ping{})
		wait()
		diffEvents(t, []client.Event{client.Pong{Daemon: "1.2.3"}}, alice.events())
		for _, cmd := range []client.Command{
			client.Invite{Peer: bobAddr}, client.Cancel{Peer: bobAddr}, client.Accept{Peer: bobAddr}, client.Decline{Peer: bobAddr},
			client.Chat{Text: "x"}, client.Leave{}, client.StatusQuery{},
		} {
			alice.wantRefusal(cmd, client.ReasonNotConnected)
		}
		alice.wantRefusal(client.Connect{User: " alice"}, client.ReasonBadUser)
		c.Do(client.Connect{User: "alice"})
		wait()
		diffEvents(t, []client.Event{client.Connected{User: "alice", Daemon: "1.2.3", Addr: alice.addr}}, alice.events())
		alice.wantRefusal(client.Connect{User: "carol"}, client.ReasonAlreadyConnected)
		c.Do(client.Quit{})
		wait()
		c.Do(client.Ping{})
		wait()
		alice.wantNames("")
	})
}

// §6.7: a client that goes, by quit or without a word, leaves its chat and cancels its invitation.
func TestClientGoes(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(*Client)
	}{
		{"quit", func(c *Client) { c.Do(client.Quit{}) }},
		{"dies", (*Client).Close},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				network := newNetwork()
				alice, bob := openPair(t, network, func(c *Config) { c.MaxChats = 2 })
				carol := startNode(t, network, "10.0.0.3:7777", nil)
				carol.login("carol")
				alice.client.Do(client.Invite{Peer: carol.addr})
				wait()
				carol.events()
				alice.client.Do(client.Chat{Peer: bob.addr, Text: "my last words"})
				tc.end(alice.client)
				wait()
				events := bob.events()
				if got := names(events); got != "message closed" {
					t.Errorf("bob was told %q, want the message and the end", got)
				}
				diffEvents(t, []client.Event{client.Withdrawn{Peer: alice.addr, User: "alice", Reason: client.WithdrawCancelled}}, carol.events())
			})
		})
	}
}

// §6.7: what is queued is still delivered, for as long as an invitation may wait; then the chat is left all the same.
func TestClientGoes_QueueIsDelivered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice, bob := openPair(t, network, nil)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "one"})
		alice.client.Do(client.Chat{Text: "two"})
		alice.client.Close()
		time.Sleep(4 * time.Minute)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(10 * time.Second)
		if got := names(bob.events()); got != "message message closed" {
			t.Errorf("bob was told %q, want both messages and the end", got)
		}

		alice.login("alice")
		openChat(t, alice, bob)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "never read"})
		alice.client.Close()
		time.Sleep(6 * time.Minute)
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("after the patience of an invitation %d conversations are left", got)
		}
	})
}

// §8.3, §6.7: with ask and no client an invitation waits; the client that attaches finds it once, and may accept.
func TestInvitationWaitsForAClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		bob.login("bob")
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		invited := time.Now().Add(millisecond - time.Second)
		time.Sleep(4 * time.Minute)
		bob.events()
		alice.login("alice")
		wait()
		diffEvents(t, []client.Event{client.Connected{
			User: "alice", Daemon: "devel", Addr: alice.addr, Pending: []client.Pending{{Peer: bob.addr, User: "bob", Since: invited, Dialect: "native", Evidence: "it announced itself"}},
		}}, alice.events())
		alice.client.Do(client.Accept{Peer: bob.addr})
		wait()
		diffEvents(t, []client.Event{client.Established{Peer: alice.addr, User: "alice"}}, withoutRepeats(bob.events()))
		wantChatWorks(t, alice, bob)
	})
}

// withoutRepeats leaves out what tells only that time passes.
func withoutRepeats(events []client.Event) []client.Event {
	var rest []client.Event
	for _, ev := range events {
		switch ev.(type) {
		case client.Inviting, client.Unanswered, client.Retrying:
		default:
			rest = append(rest, ev)
		}
	}
	return rest
}

// caller is one of many addresses, few enough on each host for its invitations to be taken.
func caller(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(i / 4 >> 8), byte(i / 4)}), uint16(7000+i%4))
}

// Invitations that arrive while clients come and go are shown to each client exactly once, and no conversation believes
// in a client that has gone, or misses the one that is there.
func TestAttachRace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		const callers = maxHalfOpen
		syn := encode(t, plain(codec.SYN, 0))
		ring := func(i int) { alice.engine.receive(syn, caller(i)) }
		for i := range callers / 2 {
			ring(i)
		}
		for round := range 30 {
			old := alice.client
			first, next := callers/2, callers
			if round > 0 {
				first, next = 0, 0
			}
			done := make(chan struct{})
			go func() { // the network goes on
				for i := first; i < next; i++ {
					ring(i)
				}
				close(done)
			}()
			closing := make(chan struct{})
			go func() {
				if old != nil {
					old.Close()
				}
				close(closing)
			}()
			c := alice.engine.NewClient()
			for { // until the old one is out
				c.Do(client.Connect{User: fmt.Sprint("user", round)})
				if alice.engine.client.Load() == c {
					break
				}
				runtime.Gosched() // a refusal that nobody reads takes room: let the old one go
			}
			<-done
			<-closing
			synctest.Wait()
			alice.client = c
			events, _ := c.Next(nil)
			seen := make(map[string]int)
			for _, ev := range events {
				switch ev := ev.(type) {
				case client.Connected:
					for _, p := range ev.Pending {
						seen[p.Peer.String()]++
					}
				case client.Invitation:
					seen[ev.Peer.String()]++
				}
			}
			if len(seen) != callers {
				t.Fatalf("round %d: the client sees %d invitations, want %d", round, len(seen), callers)
			}
			for peer, times := range seen {
				if times != 1 {
					t.Errorf("round %d: the invitation of %s is shown %d times", round, peer, times)
				}
			}
			for _, a := range alice.engine.all() {
				if !a.session.attached {
					t.Fatalf("round %d: the conversation with %s does not know that a client is there", round, a.session.peer)
				}
			}
		}
		alice.client.Close()
		synctest.Wait()
		for _, a := range alice.engine.all() {
			if a.session.attached || a.session.State() != fsm.SynReceived {
				t.Fatalf("the conversation with %s believes in a client that has gone", a.session.peer)
			}
		}
	})
}

// §8.3: an answering machine: the 257th thing that it would have to keep is not acknowledged, stays with its sender, and
// arrives through the sender's repeats once somebody reads.
func TestAnsweringMachine_EndToEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", auto)
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		bob.login("bob")
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		const sent = inboxLen + 20
		for i := range sent {
			bob.client.Do(client.Chat{Text: fmt.Sprint(i)})
		}
		time.Sleep(time.Minute)
		kept := len(only[client.Delivered](bob.events()))
		if kept != inboxLen-1 {
			t.Errorf("%d messages are acknowledged, want %d and the opening", kept, inboxLen-1)
		}
		alice.login("alice")
		time.Sleep(6 * time.Second)
		events := alice.events()
		if got := names(events[:2]); got != "connected established" {
			t.Errorf("first the client is told %q", got)
		}
		for i, m := range only[client.Message](events) {
			if m.Text != fmt.Sprint(i) || m.N != i+1 {
				t.Fatalf("message %d is %+v", i, m)
			}
		}
		if got := len(only[client.Message](events)); got != sent {
			t.Errorf("%d messages arrived, want %d", got, sent)
		}
	})
}

// §8.3: the caller has left; what it said is there for whoever attaches later.
func TestAnsweringMachine_AfterTheCallerLeft(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", auto)
		for i := range 3 {
			caller := startNode(t, network, fmt.Sprintf("10.0.0.%d:7777", i+2), nil)
			caller.login(fmt.Sprint("caller", i))
			caller.client.Do(client.Invite{Peer: alice.addr})
			wait()
			caller.client.Do(client.Chat{Text: "call me back"})
			caller.client.Do(client.Leave{})
			wait()
			if got := names(caller.events()); got != "connected inviting established sent delivered closed" {
				t.Errorf("caller %d was told %q", i, got)
			}
		}
		time.Sleep(time.Hour)
		alice.login("alice")
		wait()
		if got := names(alice.events()); got != "connected established message closed established message closed established message closed" {
			t.Errorf("alice was told %q", got)
		}
		wait()
		if got := len(alice.engine.all()); got != 0 {
			t.Errorf("%d conversations are left", got)
		}
	})
}

// §4.8: a client that does not read gets no more than its queue holds; the rest is not acknowledged and stays with the
// sender, whatever happens then.
func TestClientThatDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", auto)
		c := alice.engine.NewClient()
		c.Do(client.Connect{User: "alice"})
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		bob.login("bob")
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		const each = queueLen - 10 // a few of the first batch still wait when the second comes
		for range 2 {
			for range each {
				bob.client.Do(client.Chat{Text: "x"})
			}
			time.Sleep(10 * time.Second)
		}
		time.Sleep(time.Minute)
		const other = 2 // connected, established
		if got := len(only[client.Delivered](bob.events())); got != clientQueue-other {
			t.Errorf("%d messages are acknowledged, want %d", got, clientQueue-other)
		}
		if alice.engine.Counters()["refused/established/no-room"] == 0 {
			t.Error("nothing counts what was not taken")
		}
		// It reads again: everything arrives, nothing is lost or doubled.
		alice.collect(c)
		time.Sleep(10 * time.Second)
		msgs := only[client.Message](alice.events())
		if len(msgs) != 2*each || msgs[len(msgs)-1].N != 2*each {
			t.Errorf("%d messages arrived, want %d", len(msgs), 2*each)
		}
		c.Close()
	})
}

// A client that is stuck for good is disconnected once too much waits for it, and its chats are left in order.
func TestClientThatIsStuck(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", auto)
		c := alice.engine.NewClient()
		c.Do(client.Connect{User: "alice"})
		bob := startNode(t, network, "10.0.0.2:7777", func(c *Config) { c.Plain = true })
		bob.login("bob")
		bob.client.Do(client.Invite{Peer: alice.addr})
		wait()
		bob.events()
		// What is not a message is not held back: errors of the partner, as fast as it likes.
		oops := encode(t, codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("oops")})
		for range clientStall + 1 {
			alice.engine.receive(oops, bob.addr)
			synctest.Wait()
		}
		wait()
		alice.wantCounter("client/stalled", 1)
		bob.wantNames("closed")
		alice.login("alice")
		wait()
		alice.wantNames("connected")
	})
}
