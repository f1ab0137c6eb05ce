package broken

import (
	"slices"

	"simp/codec"
	"simp/fsm"
	"simp/fsm/check"
)

// moments lists faults of daemons that write the right datagrams at the wrong moment, or others than those that the moment
// asks for.
func moments() []Trace {
	return slices.Concat(openings(), exchanges(), endings())
}

// becoming changes what a daemon sends of one kind into another one.
func becoming(kind codec.Kind, text string) func([]byte) []byte {
	typ, op := kind.Code()
	return func(b []byte) []byte {
		b[0], b[operation] = typ, op
		return holding(b, text)
	}
}

// alsoACK makes a rule send an ACK besides.
func alsoACK(of fsm.Packet, seq uint8) func(*fsm.Rule) {
	return check.After(func(_ *fsm.Vars, out *fsm.Actions) {
		out.Add(fsm.Action{Effect: fsm.Send, Packet: fsm.ACK, Of: of, Seq: seq})
	})
}

func openings() []Trace {
	atOnce := two + open + `
1s bob says alice hello
5s alice leaves bob
`
	// After a chat in which nothing is wrong: a capture that begins with SYN+ACK may have begun too late.
	twice := two + open + `
2s alice says bob hello
3s bob leaves alice
9s alice invites bob
15s alice cancels bob
`
	return []Trace{
		mistaken("ack-of-syn", "hs/2", "bob", "acknowledges a SYN, and sends SYN+ACK when its user has answered", chat, "idle/invitation", alsoACK(fsm.SYN, 0)),
		miswritten("message-for-syn-ack", "hs/2", "bob", "answers SYN with a message", chat, only(codec.SYNACK, becoming(codec.CHAT, "yes"))),
		{Name: "second-step-first", Rule: "hs/6", Who: "alice", What: "invites with SYN+ACK the second time", Story: twice, spoil: func() func([]byte) []byte {
			n := 0
			return only(codec.SYN, func(b []byte) []byte {
				if n++; n == 1 {
					return b
				}
				return becoming(codec.SYNACK, "")(slices.Clone(b))
			})
		}},
		mistaken("called-at-once", "hs/7", "bob", "sends messages before its SYN+ACK is acknowledged", atOnce, "syn-received/say-too-early", sendingAtOnce),
		mistaken("busy-fin-first", "bz/2", "bob", "sends FIN, and then ERR, while its user is in a chat", busy, "idle/busy", check.After(func(_ *fsm.Vars, out *fsm.Actions) {
			slices.Reverse(out.All())
		})),
		mistaken("native-busy-err-only", "bz/2", "bob", "refuses with ERR alone while its user is in a chat", native(busy), "idle/busy", check.Dropping(fsm.FIN)),
		mistaken("native-busy-fin-only", "bz/1", "bob", "refuses with FIN alone while its user is in a chat", native(busy), "idle/busy", check.Dropping(fsm.ERR)),
		mistaken("native-syn-one", "hs/1", "alice", "numbers its SYN 1", native(chat), "idle/invite", toggling(fsm.SYN)),
		mistaken("native-early-caller", "hs/7", "alice", "sends messages before the invitation is answered", native(earlyCaller), "syn-sent/say-too-early", sendingAtOnce),
		mistaken("native-no-ringing", "na/6", "bob", "does not confirm a SYN", native(chat), "idle/invitation", check.Dropping(fsm.ACK)),
	}
}

func exchanges() []Trace {
	first := check.After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxSeq ^= 1 })
	twice := check.After(func(_ *fsm.Vars, out *fsm.Actions) {
		for _, a := range out.All() {
			if a.Effect == fsm.Send && a.Packet == fsm.ACK {
				out.Add(a)
			}
		}
	})
	together := two + open + `
2s alice says bob one
2s bob says alice uno
12s alice says bob two
12s bob says alice due
22s alice says bob three
22s bob says alice tre
40s alice leaves bob
`
	alone := two + open + `
2s alice says bob hello
30s alice leaves-now bob
`
	firstOfTwoLost := twoAtOnce + "fate alice bob 3 lost\n"
	return []Trace{
		mistaken("first-is-one", "sw/1", "alice", "numbers its first message 1", chat, "syn-sent/accepted", first),
		mistaken("first-is-one-called", "sw/1", "bob", "numbers its first message 1", chat, "syn-received/confirmed", first),
		miswritten("ack-zero", "sw/5", "bob", "acknowledges everything with 0", chat, only(codec.ACK, func(b []byte) []byte {
			b[sequence] = 0
			return b
		})),
		mistaken("ack-twice", "sw/10", "bob", "acknowledges each message twice", chat, "established/message", twice),
		mistaken("ack-of-ack", "sw/10", "alice", "acknowledges ACKs", chat, "established/delivered", alsoACK(fsm.NoPacket, 0)),
		miswritten("err-for-message", "sw/6", "bob", "answers messages with ERR", alone, only(codec.ACK, becoming(codec.ERR, "what?"))),
		miswritten("message-for-ack", "sw/6", "bob", "answers messages with a message instead of ACK", alone, only(codec.ACK, becoming(codec.CHAT, "ok"))),
		mistaken("half-duplex", "sw/6", "alice", "does not acknowledge messages while one of its own waits for its ACK", together, "established/message", func(r *fsm.Rule) {
			do := r.Do
			r.Do = func(v fsm.Vars, e fsm.Event, out *fsm.Actions) fsm.Vars {
				v = do(v, e, out)
				if v.InFlight {
					check.Each(out, fsm.ACK, func(a *fsm.Action) { *a = fsm.Action{Effect: fsm.Stop, Timer: fsm.Unanswered} })
				}
				return v
			}
		}),
		misset("long-timer", "sw/7", "alice", "sends a message again only after 10 s", lostMessage, timer("alice", "10s", lostMessage)),
		mistaken("gives-up", "sw/7", "alice", "goes on with the next message where one was not acknowledged", firstOfTwoLost, "established/repeat-chat", func(r *fsm.Rule) {
			repeat := r.Do
			r.Do = func(v fsm.Vars, e fsm.Event, out *fsm.Actions) fsm.Vars {
				if !e.More {
					return repeat(v, e, out)
				}
				v.TxSeq ^= 1
				out.Add(fsm.Action{Effect: fsm.GiveUp})
				out.Add(fsm.Action{Effect: fsm.Send, Packet: fsm.CHAT, Seq: v.TxSeq})
				out.Add(fsm.Action{Effect: fsm.Start, Timer: fsm.Retransmit, Scale: 1})
				return v
			}
		}),
		misset("native-short-timer", "sw/8", "alice", "sends a message again after a second", native(lostTwice), nativeTimer("alice", "1s", native(lostTwice))),
		mistaken("native-ack-of-first", "na/3", "bob", "says of each ACK that it is of the first message", native(chat), "established/message", check.After(func(_ *fsm.Vars, out *fsm.Actions) {
			check.Each(out, fsm.ACK, func(a *fsm.Action) { a.Num = 1 })
		})),
	}
}

func endings() []Trace {
	calledLeaves := two + open + `
2s alice says bob hello
3s bob says alice hi
4s bob leaves alice
`
	leavesInFlight := two + open + `
2s alice says bob hello
3s alice leaves bob
fate alice bob 3 lost
`
	// carol shows that the capture goes on.
	lostFIN := native(chat) + `node carol
40s carol invites bob
41s bob declines carol
fate alice bob 8 lost
`
	return []Trace{
		mistaken("no-ack-of-fin-caller", "cl/1", "alice", "does not acknowledge a FIN", calledLeaves, "established/partner-left", check.Dropping(fsm.ACK)),
		mistaken("fin-in-flight", "cl/2", "alice", "sends FIN while a message waits for its ACK, and goes on repeating that", leavesInFlight, "established/leave-when-delivered", check.After(func(v *fsm.Vars, out *fsm.Actions) {
			v.Leaving = false
			out.Add(fsm.Action{Effect: fsm.Send, Packet: fsm.FIN, Seq: v.TxSeq ^ 1, Reason: fsm.Left})
		})),
		mistaken("native-after-left", "cl/3", "bob", "sends messages after it has acknowledged the FIN", native(afterLeft), "established/partner-left", func(r *fsm.Rule) { r.To = fsm.Established }),
		mistaken("native-fin-once", "na/5", "alice", "does not send its FIN again", lostFIN, "established/leave", check.NotStarting(fsm.Retransmit)),
	}
}
