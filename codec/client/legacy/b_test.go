package legacy_test

import (
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

const (
	bWelcome = "CONNECT|Welcome, lisa! \nYou currently have no pending chat requests."
	bAsksBob = "CONNECTING|Connected to user: bob"
	second   = time.Second
)

// loginB brings a client of B's to its menu.
func loginB(t *testing.T, pending ...client.Pending) *desk {
	t.Helper()
	return loginAtB(t, legacy.Circumstances{}, pending...)
}

func loginAtB(t *testing.T, at legacy.Circumstances, pending ...client.Pending) *desk {
	t.Helper()
	d := openAt(t, start, "PING|", at)
	d.want("ACK", "PONG|Daemon is running.")
	d.receive(start, "ACK|")
	d.receive(start, "CONNECT|lisa")
	d.asks(client.Connect{User: "lisa"})
	d.want()
	d.tell(start, connected(pending...))
	d.want("ACK", bWelcome)
	d.receive(start, "ACK|")
	return d
}

// startedB has a chat open that the client asked for: it is its turn.
func startedB(t *testing.T) *desk {
	t.Helper()
	d := loginB(t)
	d.receive(start, "CONNECTING|request: 127.0.0.2")
	d.want("ACK")
	d.asks(client.Invite{Peer: bob})
	d.tell(start, established("bob"))
	d.want("CONNECTING|Connected to user: bob")
	d.receive(start, "ACK|")
	return d
}

// waitingB has shown the client an invitation of bob's.
func waitingB(t *testing.T) *desk {
	t.Helper()
	d := loginB(t, client.Pending{Peer: bob, User: "bob"})
	d.receive(start, "CONNECTING|")
	d.want("ACK", bAsksBob)
	d.receive(start, "ACK|")
	d.asks()
	return d
}

// A name that cannot be is shown where the client expects its ACK; it offers the name twice more and exits.
func TestBNameIsRefused(t *testing.T) {
	for name, why := range map[string]string{
		"": "ERROR|The name is empty.", " lisa": "ERROR|The name", "a|b": "ERROR|A name with a vertical bar",
		strings.Repeat("x", 33): "ERROR|The name",
	} {
		d := open(t, start, "PING|", false)
		d.take()
		d.receive(start, "ACK|")
		for tries := 1; tries <= 3; tries++ {
			if d.gone {
				t.Fatalf("%q: gone after %d tries, the client makes 3", name, tries-1)
			}
			d.receive(start, "CONNECT|"+name)
			d.wantPart(why, "")
			d.receive(start, "ACK|")
		}
		d.asks()
		if !d.gone {
			t.Errorf("%q: the client has exited, but is taken to be there", name)
		}
	}
}

// The daemon may become free while the client offers its name again.
func TestBTakenMeanwhile(t *testing.T) {
	d := open(t, start, "PING|", false)
	d.receive(start, "ACK|")
	d.receive(start, "CONNECT|lisa")
	d.take()
	d.tell(start, client.NewError("connect", client.ReasonTaken, client.Facts{User: "alice"}))
	d.wantPart("ERROR|This daemon already has a client", "")
	d.receive(start, "ACK|")
	d.receive(start, "CONNECT|lisa")
	d.asks(client.Connect{User: "lisa"}, client.Connect{User: "lisa"})
	d.tell(start, connected())
	d.want("ACK", bWelcome)
}

// "y" sends nothing: without a QUIT| the invitation is accepted in the end, not before.
func TestBAccepts(t *testing.T) {
	d := waitingB(t)
	d.expire(start.Add(3*second - 1))
	d.asks()
	d.expire(start.Add(3 * second))
	d.asks(client.Accept{Peer: bob})
	d.tell(start, established("bob"))
	d.want()
	d.tell(start, said("hello"))
	d.want("CHAT|new message from: bob: hello")
	// Its user may still be reading the question: copies would pile up.
	d.tell(start, said("are you there?"))
	d.expire(start.Add(time.Hour))
	d.want()
	d.receive(start.Add(time.Hour), "ACK|")
	d.want() // it types now
	d.receive(start, "CHAT|yes")
	d.asks(client.Chat{Peer: bob, Text: "yes"})
	d.want("ACK", "CHAT|are you there?")
}

func TestBDeclines(t *testing.T) {
	d := waitingB(t)
	d.receive(start, "QUIT|")
	d.want("ACK")
	d.asks(client.Decline{Peer: bob})
	d.expire(start.Add(time.Hour))
	d.asks()
	d.want()
}

// A late "n" finds the first message in front of its ACK: the client throws that away, and says it again. One ACK too
// many would be taken for the answer to its next request.
func TestBDeclinesLate(t *testing.T) {
	d := waitingB(t)
	d.expire(start.Add(3 * second))
	d.tell(start, established("bob"))
	d.tell(start, said("hello"))
	d.take()
	d.receive(start, "QUIT|")
	d.want()
	d.receive(start, "ACK|")
	d.want()
	d.receive(start, "QUIT|")
	d.want("ACK")
	d.asks(client.Accept{Peer: bob}, client.Leave{Peer: bob})
	d.tell(start, closed(bob, client.CloseLeft))
	d.receive(start, "CONNECTING|")
	d.want("ACK") // and the message is not shown once more
}

// Whoever leaves before the first message leaves a client that waits for it.
func TestBPartnerIsGoneAtOnce(t *testing.T) {
	d := waitingB(t)
	d.tell(start, client.Withdrawn{Peer: bob, User: "bob", Reason: client.WithdrawCancelled})
	d.want()
	d.expire(start.Add(3 * second))
	d.asks()
	d.wantPart("QUIT|bob", "")
	d.receive(start, "ACK|")
	d.receive(start, "CONNECTING|")
	d.want("ACK")
}

// Messages wait for the client's turn, and go as many at a time as it reads, in order and whole.
func TestBTurns(t *testing.T) {
	d := startedB(t)
	var sent []string
	for i := range 40 {
		text := strings.Repeat("x", 10*i) + "."
		sent = append(sent, text)
		d.tell(start, said(text))
	}
	long := strings.Repeat("words ", 700)
	d.tell(start, said(long))
	d.want()
	var got []string
	for d.d.Held() > 0 {
		d.receive(start, "CHAT|next")
		answer := d.take()
		if len(answer) != 2 || answer[0] != "ACK" || !strings.HasPrefix(answer[1], "CHAT|") || len(answer[1]) > 1024 {
			t.Fatalf("the answer is %q", answer)
		}
		got = append(got, strings.TrimPrefix(answer[1], "CHAT|"))
		d.receive(start, "ACK|")
	}
	if len(got) > 20 {
		t.Errorf("%d turns for what fits into fewer", len(got))
	}
	want := strings.Join(append(sent, long), "\n")
	// A message that was cut goes on in the next turn; elsewhere a turn ends with a message.
	all := strings.Join(got, "\n")
	if strings.ReplaceAll(all, "\n", "") != strings.ReplaceAll(want, "\n", "") {
		t.Errorf("the client reads\n%q\nwant\n%q", all, want)
	}
	d.receive(start, "CHAT|last")
	d.want("ACK")
	d.tell(start, said("now"))
	d.want("CHAT|now")
}

// A client that listens is repeated to, and doubted in the end.
func TestBRepeats(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|a")
	d.tell(start, said("b"))
	d.want("ACK", "CHAT|b")
	for i := 1; i <= 2; i++ {
		d.expire(start.Add(time.Duration(i)*5*second - 1))
		d.want()
		d.expire(start.Add(time.Duration(i) * 5 * second))
		d.want("CHAT|b")
	}
	d.expire(start.Add(15 * second))
	d.want()
	if !d.doubt || d.gone {
		t.Errorf("doubt %t, gone %t; want doubt", d.doubt, d.gone)
	}
	// It was only stopped. All three copies are in its socket: it shows one, and throws the others away when it next waits
	// for an ACK, sending its message again each time.
	d.receive(start, "ACK|")
	d.receive(start, "CHAT|c")
	d.want()
	d.receive(start, "ACK|")
	d.receive(start, "CHAT|c")
	d.want()
	d.receive(start, "ACK|")
	d.receive(start, "CHAT|c")
	d.want("ACK")
	d.asks(client.Chat{Peer: bob, Text: "a"}, client.Chat{Peer: bob, Text: "c"})
	d.tell(start, said("d"))
	d.want("CHAT|d")
}

// A client on this host misses nothing, and a copy that it finds behind the invitation would end its chat.
func TestBNearIsNotRepeatedTo(t *testing.T) {
	d := loginAtB(t, legacy.Circumstances{Near: true}, client.Pending{Peer: bob, User: "bob"})
	d.receive(start, "CONNECTING|")
	d.want("ACK", bAsksBob)
	d.expire(start.Add(time.Hour))
	d.want()
	if d.doubt {
		t.Error("it is doubted, although it may just be stopped")
	}
	d.receive(start.Add(time.Hour), "ACK|")
	d.expire(start.Add(time.Hour + 3*second))
	d.asks(client.Accept{Peer: bob})
}

// A client elsewhere that was stopped finds the invitation twice. It takes the copy for the first message, and goes back
// to its menu: the chat is left, and the next invitation reaches it.
func TestBIsBackInTheMenu(t *testing.T) {
	d := loginB(t, client.Pending{Peer: bob, User: "bob"})
	d.receive(start, "CONNECTING|")
	d.expire(start.Add(5 * second))
	d.want("ACK", bAsksBob, bAsksBob)
	now := start.Add(6 * second)
	d.receive(now, "ACK|")
	d.receive(now.Add(second), "ACK|") // "y"
	d.expire(now.Add(3 * second))
	d.tell(now, established("bob"))
	d.asks(client.Accept{Peer: bob})
	d.want()
	d.receive(now.Add(4*second), "CONNECTING|")
	d.want("ACK")
	d.asks(client.Leave{Peer: bob}, client.Leave{Peer: bob, Now: true})
	d.tell(now, closed(bob, client.CloseLeft))
	d.tell(now, client.Invitation{Peer: carla, User: "carla"})
	d.want("CONNECTING|Connected to user: carla")

	for _, listening := range []bool{false, true} {
		d := startedB(t)
		if listening {
			d.receive(start, "CHAT|a")
		}
		d.take()
		d.takeCommands()
		d.receive(start.Add(10*second), "CONNECTING|request: 127.0.0.3")
		d.want("ACK")
		d.asks(client.Leave{Peer: bob}, client.Leave{Peer: bob, Now: true})
	}
}

// A message that the client repeats is carried out once, and acknowledged again if it missed the ACK.
func TestBRepeatedMessage(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|a")
	d.want("ACK")
	d.receive(start.Add(second), "CHAT|a") // both were in our socket: it reads our one ACK
	d.want()
	d.receive(start.Add(5*second), "CHAT|a")
	d.want("ACK")
	d.asks(client.Chat{Peer: bob, Text: "a"})
	d.tell(start, said("b"))
	d.receive(start, "ACK|")
	d.receive(start, "CHAT|a") // the same words once more
	d.asks(client.Chat{Peer: bob, Text: "a"})
}

// An empty line leaves the client waiting for an answer that nobody would give.
func TestBEmptyLine(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|")
	d.want("ACK", "CHAT|[daemon: nothing was sent, the line was empty]")
	d.asks()
	d.receive(start, "ACK|")
	d.tell(start, said("x"))
	d.receive(start, "CHAT|")
	d.want("ACK", "CHAT|x")
}

// What the daemon does not take is said where the answer would be.
func TestBMessageIsRefused(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|a")
	d.take()
	d.tell(start, client.NewError("chat", client.ReasonQueueFull, client.Facts{Peer: bob}))
	d.wantPart("CHAT|[daemon: The message was not taken", "]")
}

// The partner leaves while the client types: what came before is shown first, and nobody is led to believe that the own
// messages arrive.
func TestBPartnerLeaves(t *testing.T) {
	d := startedB(t)
	d.tell(start, said("bye"))
	d.tell(start, closed(bob, client.CloseLeft))
	d.want()
	d.receive(start, "CHAT|wait")
	d.want("ACK", "CHAT|[daemon: your message was not sent, the chat is over]\nbye")
	d.receive(start, "ACK|")
	d.receive(start, "CHAT|wait!")
	d.asks()
	d.want("ACK", "QUIT|bob left the chat")
	d.receive(start, "ACK|")
	d.receive(start, "QUIT|")
	d.want("ACK", "QUIT|You have been disconnected.")
	if !d.gone {
		t.Error("the client has left, but is taken to be there")
	}
}

func TestBLossIsTold(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|a")
	d.take()
	d.tell(start, client.Closed{Peer: bob, Reason: client.CloseUnreachable, Undelivered: []client.Undelivered{{Text: "a"}}})
	d.wantPart("ERROR|bob does not answer.", "Not delivered: a")
}

// Messages that the client had no turn for when its user left are shown when it next waits.
func TestBUnreadMessages(t *testing.T) {
	d := startedB(t)
	d.tell(start, said("unread"))
	d.receive(start, "QUIT|")
	d.want("ACK")
	d.asks(client.Leave{Peer: bob})
	d.tell(start, closed(bob, client.CloseLeft))
	d.tell(start, client.Invitation{Peer: carla, User: "carla"})
	d.want()
	d.receive(start, "CONNECTING|")
	d.want("ACK", "CHAT|message from bob: unread")
	d.receive(start, "ACK|")
	d.want("CONNECTING|Connected to user: carla")
}

// Whoever chats, leaves and repeats that stops being told once enough is held, but not while the client waits for news.
func TestBHoldsWhatIsOver(t *testing.T) {
	d := loginB(t)
	for range 5 {
		d.tell(start, established("bob"))
		d.tell(start, said("x"))
		d.tell(start, closed(bob, client.CloseLeft))
	}
	if got := d.d.Held(); got != 5 {
		t.Errorf("%d messages are held, want 5", got)
	}
	d.receive(start, "CONNECTING|request: 127.0.0.3")
	if got := d.d.Held(); got != 0 {
		t.Errorf("%d messages keep the answer from being told", got)
	}
	d.tell(start, closed(carla, client.CloseDeclined))
	d.receive(start, "ACK|")
	if got := d.d.Held(); got != 5 {
		t.Errorf("%d messages are held, want 5", got)
	}
}

// Who leaves the program instead reads them in its last words, as far as they fit.
func TestBUnreadMessagesAtTheEnd(t *testing.T) {
	for _, test := range []struct{ more, want string }{
		{"", "QUIT|message from bob: unread\nYou have been disconnected."},
		{strings.Repeat("x", 950), "QUIT|message from bob: unread\n[daemon: more messages came than fit here]\nYou have been disconnected."},
	} {
		d := startedB(t)
		d.tell(start, said("unread"))
		if test.more != "" {
			d.tell(start, said(test.more))
		}
		d.receive(start, "QUIT|")
		d.want("ACK")
		d.receive(start, "QUIT|")
		d.want("ACK", test.want)
	}
}

// The next chat does not wait for messages to a peer that does not answer, nor begins before the last one is closed.
func TestBNextChat(t *testing.T) {
	d := startedB(t)
	d.receive(start, "CHAT|lost")
	d.tell(start, said("x"))
	d.receive(start, "ACK|")
	d.receive(start, "QUIT|")
	d.take()
	d.takeCommands()
	d.receive(start, "CONNECTING|request: 127.0.0.3")
	d.want("ACK")
	d.asks(client.Leave{Peer: bob, Now: true})
	d.tell(start, client.Closed{Peer: bob, Reason: client.CloseLeft, Undelivered: []client.Undelivered{{Text: "lost"}}})
	d.asks(client.Invite{Peer: carla})
	d.tell(start, client.NewError("invite", client.ReasonOverloaded, client.Facts{Peer: carla}))
	d.wantPart("ERROR|The command was not taken", "")
}

func TestBBadAddress(t *testing.T) {
	d := loginB(t)
	d.receive(start, "CONNECTING|request: 0.0.0.0")
	d.asks()
	if got := d.take(); len(got) != 2 || got[0] != "ACK" || !strings.HasPrefix(got[1], `ERROR|"0.0.0.0" is not the address of one host.`) {
		t.Errorf("the answer is %q", got)
	}
	d.receive(start, "ACK|")
	d.receive(start, "CONNECTING|")
	d.want("ACK")
}

// What B cannot read is written so that it can, and visibly so.
func TestBText(t *testing.T) {
	d := startedB(t)
	d.tell(start, said("a|b grün \x1b[2J 日"))
	d.receive(start, "CHAT|a|b")
	d.asks(client.Chat{Peer: bob, Text: "a|b"})
	d.want("ACK", "CHAT|a<U+007C>b gruen <U+001B>[2J <U+65E5>")
}

func TestBAnotherClient(t *testing.T) {
	d := startedB(t)
	d.receive(start, "PING|")
	if !d.anew {
		t.Error("another client at the same address is not noticed")
	}
}

// A client that reads hears that the daemon stops; one that types must not be sent anything.
func TestGoodbye(t *testing.T) {
	typing, listening, waiting := startedB(t), startedB(t), loginB(t)
	listening.receive(start, "CHAT|a")
	waiting.receive(start, "CONNECTING|")
	for _, test := range []struct {
		d    *desk
		want []string
	}{
		{typing, nil}, {listening, []string{"QUIT|The daemon is stopping."}}, {waiting, []string{"ERROR|The daemon is stopping."}},
		{chattingA(t), []string{"\x03\x00"}}, {loginA(t), []string{"\x02\x00The daemon is stopping. Start it again, then this client."}},
		{joinedC(t), []string{"error|message=The daemon is stopping."}},
	} {
		test.d.take()
		test.d.d.Goodbye(start, legacy.EndStopping, &test.d.out)
		test.d.collect()
		test.d.t = t
		test.d.want(test.want...)
		if !test.d.gone {
			t.Error("the dialogue goes on")
		}
	}
	d := joinedC(t)
	d.take()
	d.d.Goodbye(start, legacy.EndStalled, &d.out)
	d.collect()
	d.want("error|message=The daemon has ended this client, for which too much was waiting.")
}
