package broken

import (
	"strings"

	"simp/codec"
	"simp/fsm"
	"simp/fsm/check"
)

// mirrored lists faults that others have too, of the other side, of another datagram, or of a daemon that announces itself: what is
// named must not hang on which it is.
func mirrored() []Trace {
	noACK, silent := check.Dropping(fsm.ACK), check.NotStarting(fsm.Retransmit)
	byte10 := func(b []byte) []byte {
		b[operation] = 0x10
		return b
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	declined := two + "0s alice invites bob\n2s bob declines alice\n"
	calledLost := two + open + `
2s bob says alice hello
40s bob leaves-now alice
fate bob alice 2 lost
`
	busyCaller := strings.Replace(busy, "carol invites bob", "carol invites alice", 1)
	return []Trace{
		miswritten("decline-unknown", "dg/1", "bob", "writes FIN with the Operation 0x10", declined, only(codec.FIN, byte10)),
		miswritten("busy-unknown", "dg/1", "bob", "writes ERR with the Operation 0x10", busy, only(codec.ERR, byte10)),
		miswritten("final-ack-cut", "dg/2", "alice", "sends ACK as 3 bytes", chat, only(codec.ACK, cut(3))),
		miswritten("fin-cut", "dg/2", "alice", "sends FIN without a name", chat, only(codec.FIN, cut(3))),
		miswritten("length-one", "dg/3", "bob", "writes the Length 1 where there is no payload", chat, func(b []byte) []byte {
			if len(b) == payload {
				b[length+3] = 1
			}
			return b
		}),
		mistaken("native-no-final-ack", "hs/3", "alice", "does not acknowledge the SYN+ACK", native(chat), "syn-sent/accepted", noACK),
		mistaken("native-same-queued", "sw/2", "alice", "numbers a message that has waited like the last", native(twoAtOnce), "established/delivered-next",
			check.After(func(v *fsm.Vars, out *fsm.Actions) {
				v.TxSeq ^= 1
				check.Each(out, fsm.CHAT, func(a *fsm.Action) { a.Seq ^= 1 })
			})),
		mistaken("ack-other-of-copies", "sw/5", "bob", "acknowledges a copy with the number that it expects next", lostACK, "established/duplicate", toggling(fsm.ACK)),
		mistaken("native-ack-other", "sw/5", "bob", "acknowledges with the number that it expects next", native(chat), "established/message", toggling(fsm.ACK)),
		mistaken("no-timer-called", "sw/7", "bob", "does not send a message again", calledLost, "established/send", silent),
		mistaken("native-no-repeat", "sw/7", "alice", "does not send a message again", native(lostAndGone), "established/send", silent),
		mistaken("three-at-once-called", "sw/8", "bob", "sends each message three times at once", chat, "established/send", thrice),
		mistaken("busy-silent-caller", "bz/1", "alice", "ignores others while its user is in a chat that it began", busyCaller, "idle/busy", func(r *fsm.Rule) { r.Do = nil }),
		mistaken("native-after-leaving", "cl/2", "alice", "sends messages after its FIN", native(afterLeaving), "established/leave", func(r *fsm.Rule) { r.To = fsm.Established }),
	}
}
