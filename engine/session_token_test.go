package engine

import (
	"strings"
	"testing"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// named gives a native peer's datagram the name of a conversation (§2.8).
func named(d codec.Datagram, name codec.Token) codec.Datagram {
	if d.Kind == codec.CHAT || d.Kind == codec.ERR {
		d.Label = codec.AppendLabel(nil, name, d.Number())
		return d
	}
	word := string(d.Payload)
	d.Payload = codec.AppendWords(nil, word, name)
	return d
}

func nameOf(d codec.Datagram) codec.Token {
	name, _ := d.Name()
	return name
}

// confirm lets the peer acknowledge our SYN+ACK, as who has received it and knows the name that it gives.
func (p *solo) confirm() {
	p.tb.Helper()
	p.receive(named(nativeACK(codec.SYNACK, 0), p.s.names.Ours))
	p.wantState(fsm.Established)
}

// leaving is the FIN of a peer that leaves the chat: it says our name and its own.
func (p *solo) leaving() codec.Datagram {
	d := nativeFIN(0, codec.Left)
	d.Payload = codec.AppendWords(nil, codec.Left.Word(), p.s.names.Ours, p.s.names.Theirs)
	return d
}

var firstName, secondName = codec.TokenFrom(1), codec.TokenFrom(2)

// §2.8: what is left on its way of one conversation changes nothing in the next with the same peer.
func TestOldConversation(t *testing.T) {
	begin := func(t *testing.T) *solo {
		p := newSolo(t, nil)
		p.receive(named(nativeSYN(), firstName))
		p.do(client.Accept{Peer: bobAddr})
		p.confirm()
		p.receive(p.leaving())
		p.wantState(fsm.Idle)
		p.forget()
		return p
	}
	again := func(p *solo) {
		p.receive(named(nativeSYN(), secondName))
		p.do(client.Accept{Peer: bobAddr})
		p.confirm()
		p.wantState(fsm.Established)
		p.forget()
	}
	t.Run("a late copy of the SYN invites nobody", func(t *testing.T) {
		p := begin(t)
		p.receive(named(nativeSYN(), firstName))
		p.wantState(fsm.Idle)
		p.wantEvents()
	})
	t.Run("nor does it close the next chat", func(t *testing.T) {
		p := begin(t)
		again(p)
		p.receive(named(nativeSYN(), firstName), named(nativeSYN(), secondName))
		p.wantState(fsm.Established)
		p.wantEvents()
	})
	t.Run("a late FIN is answered and ends nothing", func(t *testing.T) {
		p := begin(t)
		late := p.leaving()
		again(p)
		p.receive(late)
		p.wantState(fsm.Established)
		p.wantSent(`0s ACK seq=0 user="alice" of="fin"`)
		p.wantEvents()
	})
	t.Run("a late ACK delivers nothing", func(t *testing.T) {
		p := begin(t)
		late := named(nativeACK(codec.CHAT, 0), p.s.names.Ours)
		again(p)
		p.do(client.Chat{Text: "x"})
		p.forget()
		p.receive(late)
		p.wantEvents()
		p.receive(named(nativeACK(codec.CHAT, 0), p.s.names.Ours))
		p.wantEvents(client.Delivered{Peer: bobAddr, User: "bob", N: 1})
	})
	t.Run("a new SYN is a new invitation", func(t *testing.T) {
		p := begin(t)
		again(p)
		p.receive(named(nativeSYN(), codec.TokenFrom(3)))
		p.wantEvents(
			client.Closed{Peer: bobAddr, User: "bob", Reason: client.CloseRestarted},
			client.Invitation{Peer: bobAddr, User: "bob"},
		)
	})
}

// §2.8: SYN+ACK, ACK and FIN carry the name that the SYN gave; a peer that gives none gets none.
func TestConversationIsNamed(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(named(nativeSYN(), firstName))
	p.do(client.Accept{Peer: bobAddr})
	p.confirm()
	p.receive(named(chat(0, "x"), p.s.names.Ours))
	p.do(client.Leave{})
	for _, s := range p.sent {
		if d, _ := s.decoded(t); nameOf(d) != firstName {
			t.Errorf("%s does not name the conversation", d)
		}
	}
	if got := len(p.sent); got != 4 {
		t.Errorf("%d datagrams, want ACK, SYN+ACK, ACK and FIN", got)
	}

	p = newSolo(t, nil)
	p.receive(nativeSYN())
	p.do(client.Accept{Peer: bobAddr})
	for _, s := range p.sent {
		if d, _ := s.decoded(t); nameOf(d) != (codec.Token{}) {
			t.Errorf("%s names a conversation that the peer did not name", d)
		}
	}
}

// §2.8: each SYN of ours names another conversation, and its copies the same one.
func TestInvitationsHaveNames(t *testing.T) {
	p := newSolo(t, nil)
	seen := make(map[codec.Token]bool)
	for range 20 {
		p.do(client.Invite{Peer: bobAddr})
		p.receive(nativeACK(codec.SYN, 0))
		p.pass(6 * sec)
		first, _ := p.sent[0].decoded(t)
		second, _ := p.sent[1].decoded(t)
		if a, b := nameOf(first), nameOf(second); a != b || a == (codec.Token{}) || seen[a] {
			t.Fatalf("invitation %q, its copy %q; used before: %v", a, b, seen[a])
		}
		seen[nameOf(first)] = true
		p.do(client.Cancel{Peer: bobAddr})
		p.pass(60 * sec)
		p.forget()
	}
}

// §2.8, §9.3: a late copy of the SYN that opened a chat changes nothing, and so it does not make a partner unproved again:
// a long message is repeated as before.
func TestOldSYN_KeepsRepeatsGoing(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(named(nativeSYN(), firstName))
	p.do(client.Accept{Peer: bobAddr})
	p.confirm()
	p.do(client.Chat{Text: strings.Repeat("x", 600)})
	p.forget()
	p.receive(named(nativeSYN(), firstName))
	p.pass(60 * sec)
	if got := len(p.sent); got != 12 {
		t.Errorf("%d copies went out in a minute, want 12", got)
	}
}

// §2.8, §3.11: who has not heard our confirmation takes us for legacy and takes its invitation back without a name.
func TestWithdrawal_ByAPeerThatHasNotHeardOfUs(t *testing.T) {
	alice := newSolo(t, nil)
	alice.do(client.Invite{Peer: bobAddr})
	alice.do(client.Cancel{Peer: bobAddr})
	bob := newSolo(t, nil)
	for _, s := range alice.sent {
		d, _ := s.decoded(t)
		bob.receive(d)
	}
	bob.wantState(fsm.Idle)
	if _, told := bob.told[len(bob.told)-1].(client.Withdrawn); !told {
		t.Errorf("the last event is %+v, want that the invitation is withdrawn", bob.told[len(bob.told)-1])
	}
}

// §2.8, §3.14: the peer's own SYN may come after its answer to ours; the answer has named it, so it begins nothing.
func TestCrossed_SYNOvertakenByTheAnswer(t *testing.T) {
	p := newSolo(t, nil)
	p.do(client.Invite{Peer: bobAddr})
	syn, _ := p.sent[0].decoded(t)
	answer := codec.AppendWords(nil, codec.Announcement, nameOf(syn), secondName)
	p.receive(codec.Datagram{Kind: codec.SYNACK, User: []byte("bob"), Announced: true, Payload: answer})
	p.wantState(fsm.Established)
	p.receive(named(nativeSYN(), secondName))
	p.wantState(fsm.Established)
}

// §6.9: who is in a chat that we have lost hears of it with the next message, and costs us nothing.
func TestRestarted_NoticedByTheNextMessage(t *testing.T) {
	bob := newSolo(t, nil) // knows alice's side of a chat that alice has lost
	bob.receive(named(nativeSYN(), firstName))
	bob.do(client.Accept{Peer: bobAddr})
	bob.confirm()
	bob.forget()
	bob.do(client.Chat{Text: "still there?"})

	alice := newSolo(t, nil)
	message, _ := bob.sent[0].decoded(t)
	alice.receive(message)
	alice.wantEvents()
	if !alice.s.Done() {
		t.Error("a stranger's message is remembered")
	}
	if got, most := len(alice.sent), 1; got != most {
		t.Fatalf("%d datagrams answer it, want %d", got, most)
	}
	answer, _ := alice.sent[0].decoded(t)
	if codec.ReasonOf(answer.Payload) != codec.Restarted || nameOf(answer) != firstName {
		t.Errorf("the answer is %s", answer)
	}
	bob.forget()
	bob.receive(answer)
	bob.wantEvents(client.Closed{Peer: bobAddr, User: "bob", Reason: client.CloseRestarted, Undelivered: []client.Undelivered{{N: 1, Text: "still there?"}}})

	legacy := newSolo(t, nil) // what it sends names nothing
	legacy.receive(chat(0, "hello"))
	legacy.wantSent()
	legacy.wantEvents()
}

// §2.8: "One without a name counts as one of those once the peer has given one or shown that it knows ours." Anybody can write the partner's
// address on a bare datagram, so none of them opens anything, answers an invitation, or changes how the partner is treated.
func TestBareDatagrams_OfWhoeverWritesThePartnersAddress(t *testing.T) {
	bare := []codec.Datagram{plain(codec.SYN, 0), plain(codec.SYNACK, 0), plain(codec.ACK, 0), plain(codec.FIN, 0), plain(codec.ERR, 0), chat(0, "hello")}
	for name, begin := range map[string]func(*testing.T) *solo{
		"inviting": func(t *testing.T) *solo {
			p := newSolo(t, nil)
			p.do(client.Invite{Peer: bobAddr})
			p.receive(named(nativeACK(codec.SYN, 0), p.s.names.Ours))
			return p
		},
		"accepted": func(t *testing.T) *solo {
			p := newSolo(t, nil)
			p.receive(named(nativeSYN(), firstName))
			p.do(client.Accept{Peer: bobAddr})
			return p
		},
		"in a chat": func(t *testing.T) *solo {
			p := newSolo(t, nil)
			p.receive(named(nativeSYN(), firstName))
			p.do(client.Accept{Peer: bobAddr})
			p.confirm()
			return p
		},
	} {
		for _, d := range bare {
			if name == "in a chat" && d.Kind == codec.SYN {
				continue // whoever has taken the partner's place may begin so (5.4)
			}
			t.Run(name+", "+d.Kind.String(), func(t *testing.T) {
				p := begin(t)
				before := p.s.snap
				p.forget()
				p.receive(d)
				p.wantEvents()
				if p.s.snap != before {
					t.Errorf("%s became %s", before, p.s.snap)
				}
				for _, s := range p.sent {
					if answer, _ := s.decoded(t); nameOf(answer) != (codec.Token{}) {
						t.Errorf("%s tells a name", answer)
					}
				}
			})
		}
	}
	t.Run("invited, SYN", func(t *testing.T) {
		p := newSolo(t, nil)
		p.receive(named(nativeSYN(), firstName))
		p.receive(plain(codec.SYN, 0))
		p.do(client.Accept{Peer: bobAddr})
		p.confirm()
		if !p.s.native() {
			t.Error("a bare SYN makes a native peer a legacy one")
		}
	})
}

// §2.8: a late SYN of a conversation that is over does not make a native peer of whoever is there now.
func TestOldSYN_OfWhoeverWasThereBefore(t *testing.T) {
	p := newSolo(t, nil)
	p.receive(named(nativeSYN(), firstName))
	p.do(client.Accept{Peer: bobAddr})
	p.confirm()
	p.receive(p.leaving())
	p.receive(plain(codec.SYN, 0)) // another program
	p.do(client.Accept{Peer: bobAddr})
	p.flush()
	p.receive(plain(codec.ACK, 0))
	p.wantState(fsm.Established)
	p.receive(named(nativeSYN(), firstName))
	p.wantState(fsm.Established)
	if p.s.native() {
		t.Error("the other program is taken for a native peer")
	}
}
