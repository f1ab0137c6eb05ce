package sim

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/fsm"
)

// Each check has to find what it is for. Our daemons do none of it, so each test makes something up: it spoils datagrams, or it
// lies to the stage about what a daemon did.

// liar stands between the world and the stage.
type liar struct {
	*stage
	deaf   bool                            // it does not say what arrives
	cause  func(cause) cause               // it says that steps have other causes
	before func(n *Node, p netip.AddrPort) // called before the stage is told of a step
}

func (l *liar) arrives(n *Node, from netip.AddrPort, b []byte) {
	if !l.deaf {
		l.stage.arrives(n, from, b)
	}
}

func (l *liar) stepped(n *Node, peer netip.AddrPort, why cause, out *engine.Outbox) {
	if l.cause != nil {
		why = l.cause(why)
	}
	if l.before != nil {
		l.before(n, peer)
	}
	l.stage.stepped(n, peer, why, out)
}

// lied plays a script with a liar and reports whether a promise seems to be broken.
func lied(t *testing.T, text string, id ID, l *liar) bool {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Play(Options{}); !r.OK() {
		t.Fatalf("a promise is broken without any lie: %v", r.Violations)
	}
	p := newPlayer(s, Options{})
	l.stage = p.stage
	p.watch = l
	p.plan()
	p.Run(p.end)
	p.rest()
	return p.outcome().Broken(id)
}

const chatting = `
node alice
node bob
node carol
0s alice invites bob
1s bob accepts alice
2s carol invites alice
3s alice says bob one
3s alice says bob two
40s bob leaves alice
fate alice bob 3 lost
until 1m
`

func TestInvariants_FoundInTexts(t *testing.T) {
	swapped := func(b []byte) []byte {
		one, two := []byte("\x03one"), []byte("\x03two") // with the Length in front, and a label behind
		if bytes.Contains(b, one) {
			return bytes.Replace(b, one, two, 1)
		}
		return bytes.Replace(b, two, one, 1)
	}
	again := func(b []byte) []byte { return bytes.Replace(b, []byte("two"), []byte("one"), 1) }
	for _, test := range []struct {
		name string
		harm func([]byte) []byte
		want []ID
	}{
		{"one message for another", swapped, []ID{S3}},
		{"a message twice", again, []ID{S1, S2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Parse(chatting)
			if err != nil {
				t.Fatal(err)
			}
			r := s.Play(Options{Harm: test.harm})
			for _, id := range test.want {
				if !r.Broken(id) {
					t.Errorf("%s is not found: %v", id, r.Violations)
				}
			}
		})
	}
}

func TestInvariants_S4(t *testing.T) {
	s, err := Parse("node alice\nnode bob\n")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(s, Options{})
	alice, bob := p.users[0], p.users[1]
	p.do(alice, Invites, bob, "")
	p.Run(time.Second)
	bob.node.Do(alice.addr, client.Accept{Peer: alice.addr}) // of which the stage knows nothing: it is not bob's doing
	p.Run(time.Second)
	v := p.judge()
	if !v.Broken(S4) || len(v.Violations) != 2 {
		t.Errorf("it is found that %v, want it for both sides", v.Violations)
	}
}

func TestInvariants_S5(t *testing.T) {
	var l liar
	l.before = func(n *Node, _ netip.AddrPort) { n.cfg.MaxChats = 0 }
	if !lied(t, chatting, S5, &l) {
		t.Error("a chat too many is not found")
	}
}

func TestInvariants_S6(t *testing.T) {
	var l liar
	l.before = func(n *Node, peer netip.AddrPort) {
		if c := n.Session(addrOf(1)); n.Addr == addrOf(0) && peer == addrOf(2) && c != nil {
			c.Fire(n.world.now, fsm.Retransmit, new(engine.Outbox)) // as if carol's datagram had done that to the chat with bob
			c.Handle(n.world.now, engine.Input{Command: client.Leave{Peer: addrOf(1), Now: true}}, new(engine.Outbox))
		}
	}
	if !lied(t, chatting, S6, &l) {
		t.Error("that a stranger ends a chat is not found")
	}
	l = liar{cause: func(cause) cause { return byDatagram }}
	l.before = func(n *Node, peer netip.AddrPort) { // as if bob, whom she does not know, had made her invite him
		c, _ := l.contact(l.at[n.Addr], peer)
		c.stranger = true
	}
	if !lied(t, "node alice\nnode bob\n1s alice invites bob\n", S6, &l) {
		t.Error("that a stranger has alice invite somebody is not found")
	}
}

func TestInvariants_S7(t *testing.T) {
	l := liar{cause: func(why cause) cause {
		if why == byTimer {
			return byDatagram
		}
		return why
	}}
	if !lied(t, chatting, S7, &l) {
		t.Error("a copy without a timer is not found")
	}
}

func TestInvariants_S8(t *testing.T) {
	const invited = "node alice accept=auto\nnode bob\n0s bob invites alice\n"
	if !lied(t, invited, S8, &liar{deaf: true}) {
		t.Error("bytes for nothing are not found")
	}
	s, err := Parse(invited + "1s partition alice bob for 1h\n")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(s, Options{})
	c, _ := p.contact(p.users[0], p.users[1].addr)
	c.received = 1 << 20
	for range maxAnswers + 1 {
		p.bounded(p.users[0], p.users[1], p.users[1].addr, c, sortSYNACK, 48)
	}
	if v := p.judge(); len(v.Violations) != 1 || !v.Broken(S8) {
		t.Errorf("%d acceptances come to %v", maxAnswers+1, v.Violations)
	}
}

func TestInvariants_InTheEnd(t *testing.T) {
	s, err := Parse("node alice\nnode bob\n0s alice invites bob\n1s bob accepts alice\n2s partition alice bob for 1h\n2s alice says bob hello\n")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(s, Options{})
	p.plan()
	p.Run(10 * time.Second)
	p.Calm = 0 // the end has come, and nobody had the time to come to rest
	p.final()
	if v := p.judge(); !v.Broken(L1) || !v.Broken(L2) {
		t.Errorf("it is found that %v, want L1 and L2", v.Violations)
	}
}

// What is not promised is not held against anybody, and what is, is; the verdict says which.
func TestVerdict_SaysWhatIsPromised(t *testing.T) {
	const chat = "0s alice invites bob\n1s bob accepts alice\n2s alice says bob hello\n9s alice leaves bob\n"
	ofA := []ID{S2, S4}
	all := []ID{S1, S2, S3, S4}
	for _, test := range []struct {
		name, text string
		want       []ID
	}{
		{"two of ours", "node alice\nnode bob\n" + chat, nil},
		{"two of ours, everything twice", "node alice\nnode bob\nnetwork duplicate=100%\n" + chat, nil},
		{"two of ours, forged", "node alice\nnode bob\n" + chat + "3s forge bob alice 00\n", all},
		{"two of ours, forged by a stranger", "node alice\nnode bob\n" + chat + "3s forge 10.9.0.1 alice 00\n", nil},
		{"one does not announce itself", "node alice plain\nnode bob\n" + chat, []ID{S2}},
		{"the same, everything twice", "node alice plain\nnode bob\nnetwork duplicate=100%\n" + chat, all},
		{"the same, out of order", "node alice plain\nnode bob\n" + chat + "fate alice bob 3 after 20s\n", all},
		{"the same, one chat into the next", "node alice plain\nnode bob\n" + chat + "9s alice invites bob\n", all},
		{"of kind a", "node alice\npeer bob kind=a\n" + chat, ofA},
		{"of kind a, slow", "node alice\npeer bob kind=a\nnetwork delay=3s\n0s alice invites bob\n10s bob accepts alice\n20s alice says bob hello\n", all},
		{"of kind b", "node alice\npeer bob kind=b\n" + chat, all},
		{"of kind a, with a third", "node alice\npeer bob kind=a\nnode carol\n0s carol invites bob\n" + chat, all},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			p := newPlayer(s, Options{})
			p.plan()
			p.Run(p.end)
			p.rest()
			lacks, why := p.lacks(p.users[0], p.users[1])
			if list(lacks) != list(test.want) {
				t.Errorf("not promised: %v (%s), want %v", lacks, why, test.want)
			}
			for _, id := range all {
				p.violate(id, p.users[0], p.users[1], "made up")
			}
			v := p.judge()
			for _, id := range all {
				lacking := bytes.Contains([]byte(list(test.want)), []byte(id))
				if v.Broken(id) == lacking {
					t.Errorf("%s counts as broken: %t", id, v.Broken(id))
				}
			}
			if len(v.Weak) == 0 != (len(test.want) == 0) {
				t.Errorf("the verdict says %q", v.Weak)
			}
		})
	}
}
