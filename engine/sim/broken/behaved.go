package broken

import (
	"encoding/binary"

	"simp/codec"
	"simp/fsm"
	"simp/fsm/check"
)

// toggling gives what a rule sends of a kind the other number.
func toggling(p fsm.Packet) func(*fsm.Rule) {
	return check.After(func(_ *fsm.Vars, out *fsm.Actions) { check.Each(out, p, func(a *fsm.Action) { a.Seq ^= 1 }) })
}

// sendingAtOnce makes a rule do what the one does that sends a message in an open chat, and stay in its state.
func sendingAtOnce(r *fsm.Rule) {
	for _, other := range fsm.Cell(fsm.Established, fsm.Say) {
		if other.Name == "send" {
			r.Do, r.To = other.Do, r.From
		}
	}
}

// thrice makes a rule that sends a message send it three times.
func thrice(r *fsm.Rule) {
	check.After(func(_ *fsm.Vars, out *fsm.Actions) {
		for _, a := range out.All() {
			if a.Effect == fsm.Send && a.Packet == fsm.CHAT {
				out.Add(a)
				out.Add(a)
				return
			}
		}
	})(r)
}

// handshakes lists faults in opening a chat, and in refusing one.
func handshakes() []Trace {
	both := func(edits ...func(*fsm.Rule)) func(*fsm.Rule) {
		return func(r *fsm.Rule) {
			for _, edit := range edits {
				edit(r)
			}
		}
	}
	return []Trace{
		mistaken("syn-one", "hs/1", "alice", "numbers its SYN 1", chat, "idle/invite", toggling(fsm.SYN)),
		mistaken("syn-ack-other", "hs/4", "bob", "numbers its SYN+ACK 1, whatever the SYN says", chat, "syn-received/accept", toggling(fsm.SYNACK)),
		mistaken("final-ack-other", "hs/5", "alice", "numbers the ACK of the SYN+ACK 1", chat, "syn-sent/accepted", toggling(fsm.ACK)),
		mistaken("no-final-ack", "hs/3", "alice", "does not acknowledge the SYN+ACK", chat, "syn-sent/accepted", check.Dropping(fsm.ACK)),
		mistaken("final-ack-once", "hs/3", "alice", "does not acknowledge a SYN+ACK that comes again", two+open+"20s alice leaves bob\nfate alice bob 2 lost\n", "established/final-ack-lost", check.Dropping(fsm.ACK)),
		miswritten("ack-for-syn-ack", "hs/2", "bob", "answers SYN with ACK", chat, func(b []byte) []byte {
			if is(b, codec.SYNACK) {
				_, b[operation] = codec.ACK.Code()
			}
			return b
		}),
		mistaken("early-caller", "hs/7", "alice", "sends messages before the invitation is answered", earlyCaller, "syn-sent/say-too-early", sendingAtOnce),
		mistaken("early-called", "hs/7", "bob", "sends messages before its user has answered", earlyCalled, "syn-received/say-too-early", sendingAtOnce),
		mistaken("busy-fin-only", "bz/1", "bob", "refuses with FIN alone while its user is in a chat", busy, "idle/busy", check.Dropping(fsm.ERR)),
		mistaken("busy-err-only", "bz/2", "bob", "refuses with ERR alone while its user is in a chat", busy, "idle/busy", check.Dropping(fsm.FIN)),
		mistaken("busy-silent", "bz/1", "bob", "ignores others while its user is in a chat", busy, "idle/busy", both(check.Dropping(fsm.ERR), check.Dropping(fsm.FIN))),
		misset("busy-accepts", "bz/1", "bob", "accepts a second chat", busy, busyWithRoom),
	}
}

// messages lists faults in sending and acknowledging messages.
func messages() []Trace {
	noACK := check.Dropping(fsm.ACK)
	return []Trace{
		mistaken("repeat-toggles", "sw/4", "alice", "changes the number of a message when it sends it again", lostACK, "established/repeat-chat", toggling(fsm.CHAT)),
		mistaken("repeat-toggles-called", "sw/4", "bob", "changes the number of a message when it sends it again", called+"fate alice bob 3 lost\n", "established/repeat-chat", toggling(fsm.CHAT)),
		mistaken("same-number", "sw/2", "alice", "numbers the next message like the last", chat, "established/delivered", check.After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxSeq ^= 1 })),
		mistaken("same-number-queued", "sw/2", "bob", "numbers a message that has waited like the last", two+open+"2s bob says alice one\n2s bob says alice two\n4s bob leaves alice\n", "established/delivered-next",
			check.After(func(v *fsm.Vars, out *fsm.Actions) {
				v.TxSeq ^= 1
				check.Each(out, fsm.CHAT, func(a *fsm.Action) { a.Seq ^= 1 })
			})),
		mistaken("no-queue", "sw/3", "alice", "sends a message while another one waits for its ACK", twoAtOnce, "established/queue", func(r *fsm.Rule) {
			r.Do = func(v fsm.Vars, _ fsm.Event, out *fsm.Actions) fsm.Vars { // the one in flight is forgotten
				v.TxSeq ^= 1
				out.Add(fsm.Action{Effect: fsm.Queue})
				out.Add(fsm.Action{Effect: fsm.GiveUp})
				out.Add(fsm.Action{Effect: fsm.Send, Packet: fsm.CHAT, Seq: v.TxSeq})
				return v
			}
		}),
		mistaken("no-ack", "sw/6", "bob", "does not acknowledge messages", chat, "established/message", noACK),
		mistaken("no-ack-caller", "sw/6", "alice", "does not acknowledge messages", called, "established/message", noACK),
		mistaken("no-ack-of-copies", "sw/6", "bob", "does not acknowledge a message that it has already", lostACK, "established/duplicate", noACK),
		mistaken("ack-other", "sw/5", "bob", "acknowledges with the number that it expects next", chat, "established/message", toggling(fsm.ACK)),
		mistaken("ack-other-caller", "sw/5", "alice", "acknowledges with the number that it expects next", chat, "established/message", toggling(fsm.ACK)),
		miswritten("ack-constant", "sw/5", "bob", "acknowledges everything with 1", chat, func(b []byte) []byte {
			if is(b, codec.ACK) {
				b[sequence] = 1
			}
			return b
		}),
		mistaken("no-timer", "sw/7", "alice", "does not send a message again", lostAndGone, "established/send", check.NotStarting(fsm.Retransmit)),
		mistaken("one-repeat", "sw/7", "alice", "sends a message again only once", lostTwice, "established/repeat-chat", check.NotStarting(fsm.Retransmit)),
		misset("short-timer", "sw/8", "alice", "sends a message again after a second", lostTwice, timer("alice", "1s", lostTwice)),
		misset("shorter-timer", "sw/8", "bob", "sends a message again after 200 ms", chat+"fate bob alice 3 lost\nfate bob alice 4 lost\nfate bob alice 5 lost\n",
			timer("bob", "200ms", chat+"fate bob alice 3 lost\nfate bob alice 4 lost\nfate bob alice 5 lost\n")),
		mistaken("three-at-once", "sw/8", "alice", "sends each message three times at once", chat, "established/send", thrice),
		mistaken("deaf-to-acks", "sw/9", "alice", "does not take the ACK of a message for one", two+open+"2s alice says bob hello\n30s alice leaves-now bob\n", "established/delivered", check.Never),
	}
}

// goodbyes lists faults in ending a chat.
func goodbyes() []Trace {
	answering := func(kind codec.Kind, text string) func([]byte) []byte {
		acks := 0
		return func(b []byte) []byte {
			if !is(b, codec.ACK) {
				return b
			}
			if acks++; acks < 4 { // three messages first
				return b
			}
			_, b[operation] = kind.Code()
			b = append(b, text...)
			binary.BigEndian.PutUint32(b[length:], uint32(len(b)-payload))
			return b
		}
	}
	fresh := func(t Trace, make func() func([]byte) []byte) Trace {
		t.spoil = make
		return t
	}
	return []Trace{
		mistaken("no-ack-of-fin", "cl/1", "bob", "does not acknowledge a FIN", chat, "established/partner-left", check.Dropping(fsm.ACK)),
		mistaken("no-ack-of-second-fin", "cl/1", "bob", "does not acknowledge a FIN that comes again", lostLastACK, "idle/fin-again", check.Dropping(fsm.ACK)),
		fresh(Trace{Name: "err-for-ack", Rule: "cl/1", Who: "bob", What: "answers FIN with ERR", Story: chat},
			func() func([]byte) []byte { return answering(codec.ERR, "not in a chat") }),
		fresh(Trace{Name: "fin-for-ack", Rule: "cl/1", Who: "bob", What: "answers FIN with FIN", Story: chat},
			func() func([]byte) []byte { return answering(codec.FIN, "") }),
		mistaken("after-leaving", "cl/2", "alice", "sends messages after its FIN", afterLeaving, "established/leave", func(r *fsm.Rule) { r.To = fsm.Established }),
		mistaken("after-left", "cl/3", "bob", "sends messages after it has acknowledged the FIN", afterLeft, "established/partner-left", func(r *fsm.Rule) { r.To = fsm.Established }),
		mistaken("fin-for-ever", "cl/4", "alice", "sends FIN again although it was acknowledged", native(chat), "fin-wait/goodbye-acked", check.Never),
	}
}

// natives lists faults of daemons that have announced themselves.
func natives() []Trace {
	talk, lost := native(chat), native(chat)+"fate bob alice 3 lost\n" // behind the ringing and SYN+ACK
	return []Trace{
		mistaken("native-ack-of-what", "na/1", "bob", "does not say what its ACK of a message is for", talk, "established/message", check.After(func(_ *fsm.Vars, out *fsm.Actions) {
			check.Each(out, fsm.ACK, func(a *fsm.Action) { a.Of = fsm.NoPacket })
		})),
		mistaken("native-not-counted", "na/2", "alice", "does not count its messages", talk, "established/delivered", check.After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxNum = 1 })),
		mistaken("native-ack-of-another", "na/3", "bob", "acknowledges the message after the one that came", talk, "established/message", check.After(func(_ *fsm.Vars, out *fsm.Actions) {
			check.Each(out, fsm.ACK, func(a *fsm.Action) { a.Num++ })
		})),
		mistaken("native-repeat-toggles", "sw/4", "alice", "changes the number of a message when it sends it again", lost, "established/repeat-chat", toggling(fsm.CHAT)),
		mistaken("native-no-ack", "sw/6", "bob", "does not acknowledge messages", talk, "established/message", check.Dropping(fsm.ACK)),
		mistaken("native-no-ack-of-copies", "sw/6", "bob", "does not acknowledge a message that it has already", lost, "established/duplicate", check.Dropping(fsm.ACK)),
		mistaken("native-no-timer", "na/5", "bob", "does not send its SYN+ACK again", native(lostSYNACK+"fate bob alice 2 lost\n"), "syn-received/accept", check.NotStarting(fsm.Retransmit)),
		mistaken("native-no-ack-of-fin", "cl/1", "bob", "does not acknowledge a FIN", talk, "established/partner-left", check.Dropping(fsm.ACK)),
		mistaken("native-same-number", "sw/2", "alice", "numbers the next message like the last", talk, "established/delivered", check.After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxSeq ^= 1 })),
	}
}
