package engine

import (
	"slices"
	"strings"

	"simp/codec"
)

// explanation is a reason why ours sends something else than the recorded daemon did, in its place.
type explanation struct {
	of    string // what differs
	says  string
	holds func(*row) bool
}

// is reports whether the row is about a kind of datagram, in the place of one of the kinds of daemons.
func (l *row) is(k codec.Kind, daemons string) bool {
	d := l.theirs
	if l.them == nil {
		d = l.ours
	}
	return d.Kind == k && strings.Contains(daemons, l.kind)
}

func (l *row) in(recordings ...string) bool { return slices.Contains(recordings, l.recording) }

// explanations are tried in order. One that nothing needs fails the test, so that none outlives its reason; and each names
// the recordings in which it counts, where it is about an event and not about how a kind writes.
var explanations = []explanation{
	{
		"announcement, look", "ours announces itself, in the form that all kinds read",
		func(l *row) bool { return l.is(codec.SYN, "abcdef") && l.ours.Announced && l.usL == regular },
	},
	{
		"number", "a answers an invitation with the number 1, ours with the SYN's",
		func(l *row) bool {
			return l.kind == "a" && l.theirs.Seq == 1 && l.ours.Seq == 0 && (l.theirs.Kind == codec.SYNACK || l.theirs.Kind == codec.FIN || l.theirs.Kind == codec.ERR)
		},
	},
	{
		"number", "a ends the handshake with the number 0, ours with the SYN+ACK's",
		func(l *row) bool { return l.is(codec.ACK, "a") && l.theirs.Seq == 0 && l.ours.Seq == 1 },
	},
	{
		"number", "a's ACKs carry 1, ours the number of what they acknowledge",
		func(l *row) bool { return l.is(codec.ACK, "a") && l.theirs.Seq == 1 && l.ours.Seq == 0 },
	},
	{
		"number", "a numbers all messages 0, ours in turn",
		func(l *row) bool { return l.is(codec.CHAT, "a") && l.theirs.Seq == 0 && l.ours.Seq == 1 },
	},
	{
		"number", "it ends every chat with the number 0, ours with that of the next message",
		func(l *row) bool { return l.is(codec.FIN, "ace") && l.theirs.Seq == 0 && l.ours.Seq == 1 },
	},
	{
		"number", "f ends a chat with the number of its last message, ours with that of the next",
		func(l *row) bool { return l.is(codec.FIN, "f") && l.theirs.Seq == l.ours.Seq-1 && l.in("f-chat") },
	},
	{
		"text", "a FIN of ours has no text for a peer that has not announced itself",
		func(l *row) bool { return l.is(codec.FIN, "ad") && len(l.ours.Payload) == 0 },
	},
	{
		"form", "d refuses with operation 0x09",
		func(l *row) bool { return l.is(codec.FIN, "d") && l.theirs.Form == codec.FINERR },
	},
	{
		"text", "ours says in the specification's words that its user is busy",
		func(l *row) bool { return l.is(codec.ERR, "a") && string(l.ours.Payload) == busyText && l.in("a-busy") },
	},
	{
		"form", "e says in 33 bytes that its user is busy",
		func(l *row) bool { return l.is(codec.ERR, "e") && l.theirs.Form == codec.Stub && l.in("e-busy") },
	},
	{
		"ours only", "the specification's answer of a busy daemon is ERR and FIN; this kind sends one of them, or nothing",
		func(l *row) bool {
			return l.in("a-busy") && l.is(codec.FIN, "a") && !l.known || l.in("b-busy", "d-busy", "f-busy") && l.is(codec.ERR, "bdf")
		},
	},
	{
		"theirs only", "it acknowledges a refusal; some take that for an opened chat, so ours does only if asked again (3.17)",
		func(l *row) bool { return l.is(codec.ACK, "cf") && l.in("c-decline", "c-busy", "f-decline", "f-busy") },
	},
	{
		"earlier", "the recorded daemon was frozen",
		func(l *row) bool {
			return l.is(codec.ACK, "abcdef") && l.in("a-retransmit", "b-retransmit", "c-retransmit", "d-retransmit", "e-retransmit", "f-retransmit")
		},
	},
	{
		"ours only", "the recorded daemon was frozen",
		func(l *row) bool { return l.is(codec.ACK, "cd") && l.in("c-busy", "c-retransmit", "d-retransmit") },
	},
	{
		"earlier", "a repeats every 5.4 s, ours every 5 s",
		func(l *row) bool { return l.is(codec.CHAT, "a") && l.in("a-retransmit") },
	},
	{
		"theirs only", "a's daemon does not notice the end of a chat that its partner has left",
		func(l *row) bool { return l.is(codec.ERR, "a") && l.in("a-chat") },
	},
	{
		"theirs only", "the script in the other daemon's place goes on within a millisecond, and what of ours waits until a is ready (11.7) comes too late",
		func(l *row) bool {
			return (l.is(codec.SYNACK, "a") || l.is(codec.CHAT, "a") || l.is(codec.ACK, "a")) && l.in("daemon-a-start", "daemon-a-wait")
		},
	},

	{
		"theirs only", "b says that the script's second ACK has the wrong number; ours does not mind",
		func(l *row) bool { return l.is(codec.ERR, "b") && l.in("daemon-b-start") },
	},
	{
		"theirs only", "b refuses a SYN without a checksum, and ends",
		func(l *row) bool { return l.is(codec.ERR, "b") && l.in("a-calls-b") },
	},
	{
		"theirs only", "b takes its own message, reflected, for one that is numbered wrong, and ends",
		func(l *row) bool { return l.is(codec.ERR, "b") && l.in("b-chat", "b-idle", "b-retransmit") },
	},
	{
		"ours only", "ours asks where b's counter stands (4.14), or acknowledges what b reflects",
		func(l *row) bool { return l.is(codec.ACK, "b") },
	},
	{
		"theirs only", "no answer of b was recorded that would tell where its counter stands, so ours waits (4.14)",
		func(l *row) bool {
			return l.is(codec.CHAT, "b") && l.in("b-chat", "b-idle", "b-retransmit", "daemon-b-start", "daemon-b-wait")
		},
	},
	{
		"number", "b echoes the number; ours moves b's counter to where the next message needs it (4.14)",
		func(l *row) bool { return l.is(codec.ACK, "b") && l.theirs.Seq == 0 && l.ours.Seq == 1 },
	},
	{
		"theirs only", "b acknowledges a message twice",
		func(l *row) bool {
			return l.is(codec.ACK, "b") && l.in("b-chat", "b-idle", "b-retransmit", "daemon-b-wait")
		},
	},

	{
		"number", "c takes the ACK that carol sent it for one of its own message",
		func(l *row) bool { return l.is(codec.CHAT, "c") && l.in("c-busy") },
	},
	{
		"theirs only", "c sends its next message though the last one was not acknowledged; ours repeats that one",
		func(l *row) bool { return l.is(codec.CHAT, "c") && l.in("c-busy") },
	},
	{
		"ours only, later, number", "c never repeats a message, and gives the next one its number",
		func(l *row) bool { return l.is(codec.CHAT, "c") && l.in("c-busy", "c-retransmit") },
	},

	{
		"number", "nothing has shown yet that d counts for both directions together",
		func(l *row) bool { return (l.is(codec.CHAT, "d") || l.is(codec.FIN, "d")) && !l.known },
	},
	{
		"theirs only", "d's sender did not see the ACK, which its listener had taken",
		func(l *row) bool { return l.is(codec.FIN, "d") && l.in("d-chat") },
	},
	{
		"ours only", "d does not acknowledge a FIN again",
		func(l *row) bool { return l.is(codec.ACK, "d") && l.in("d-chat") },
	},

	{
		"number", "nothing has shown yet that f counts from 1",
		func(l *row) bool { return l.is(codec.CHAT, "f") && !l.known },
	},
	{
		"theirs only, ours only", "the ACK that was recorded has f's number, and ours another, so ours waits and repeats",
		func(l *row) bool {
			return (l.is(codec.CHAT, "f") || l.is(codec.FIN, "f")) && !l.known && l.in("f-chat", "f-retransmit")
		},
	},
	{
		"ours only", "f repeats no message but the first of who began the chat",
		func(l *row) bool { return l.is(codec.CHAT, "f") && l.in("f-retransmit") },
	},
}
