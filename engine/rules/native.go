package rules

import (
	"fmt"
	"time"

	"simp/codec"
	"simp/engine/follow"
)

// nativeRules bind peers that have announced themselves to each other.
func nativeRules() []*Rule {
	return []*Rule{
		{
			ID: "na/1", Name: "ACK and FIN say what of, and why",
			Sentence: "Between native peers the payload of an ACK names what it acknowledges, and that of a FIN why (ours).",
			Ref:      "2.3", explains: []string{"na/3", "na/4", "sw/9", "cl/4"},
			Usually: "It announces what it does not do.",
			seen: func(x *scene) {
				switch {
				case !x.c.Native():
				case x.Datagram.Kind == codec.ACK && codec.AckOf(x.Datagram.Payload) == codec.Invalid:
					x.unless("an ACK that does not say what of", "syn, syn+ack, chat or fin as its first word")
				case x.Datagram.Kind == codec.FIN && codec.ReasonOf(x.Datagram.Payload) == codec.ReasonNone:
					x.unless("a FIN that does not say why", "left, declined, cancelled, busy, shutdown or restarted as its first word")
				}
			},
		},
		{
			ID: "na/2", Name: "Messages are counted",
			Sentence: "A chat datagram says which message of its sender in this chat it is, counted from 1 (ours).",
			Ref:      "4.19", explains: []string{"na/3", "sw/"},
			Usually: "It does not count, or counts copies too.",
			seen: func(x *scene) {
				if !x.c.Native() || !x.isMessage() || !x.whole() {
					return
				}
				if is, want := x.Datagram.Number(), x.file.sides[x.By].number+1; is != want {
					x.breaks(fmt.Sprintf("message #%d of the chat, by its label", is), fmt.Sprintf("#%d", want))
				}
			},
		},
		{
			ID: "na/3", Name: "The ACK names the message",
			Sentence: "Its ACK repeats that number (ours).",
			Ref:      "4.19", explains: []string{"sw/5", "sw/9"},
			Usually: "It acknowledges with a number of its own count.",
			seen: func(x *scene) {
				if !x.c.Native() || x.Datagram.Kind != codec.ACK || x.Of != codec.CHAT || !x.whole() {
					return
				}
				is, sent := x.Datagram.Number(), x.file.sides[x.By.Other()].number
				another := x.Answers != nil && x.Answers.Number != is && uint8(is-1)&1 != x.Datagram.Seq&1 // they carry 0 and 1 in turn, from 0
				if is == 0 || is > sent || another {
					x.breaks(fmt.Sprintf("an ACK of message #%d", is), fmt.Sprintf("one of those that were sent, #1 to #%d", sent))
				}
			},
		},
		{
			ID: "na/4", Name: "Everything names the conversation",
			Sentence: "Each SYN of a native peer names a new conversation; from then on everything says the name that its receiver gave (ours).",
			Ref:      "2.8",
			Usually:  "It announces what it does not do.",
			seen: func(x *scene) {
				if name, _ := x.Datagram.Name(); x.c.Native() && name == (codec.Token{}) && x.c.Parties[x.By].Token != (codec.Token{}) && x.c.Parties[x.By.Other()].Token != (codec.Token{}) {
					x.unless(fmt.Sprintf("%s without a name", x.Datagram.Kind), "the name that the other side gave")
				}
			},
		},
		{
			ID: "na/5", Name: "What waits for an answer is sent again",
			Sentence: "Between native peers every datagram that expects an answer is retransmitted (SYN, SYN+ACK, FIN, chat) (ours).",
			Ref:      "2.4 3.8 6.3", explains: []string{"hs/3", "cl/1"},
			Usually: "It has no timer for this one.",
			missing: func(x *scene, m *follow.Missing) {
				if m.Repeat && m.For.Kind != codec.CHAT && !m.Awaited {
					x.lacks(m, fmt.Sprintf("the %s of #%d is not answered and was not sent again", m.For.Kind, m.For.First), fmt.Sprintf("a copy every %s", x.judge.opts.Retransmit)).Unsure = true
				}
			},
		},
		{
			ID: "na/6", Name: "A SYN is confirmed at once", Severity: Remark, // a slow network looks the same
			Sentence: "The invited daemon confirms a SYN at once (\"ringing\"), between native peers (ours).",
			Ref:      "3.5",
			Usually:  "It waits for its user before it says anything. The inviting daemon cannot know that its invitation has arrived.",
			seen: func(x *scene) {
				a := x.Answers
				if x.Datagram.Kind != codec.SYNACK || !x.c.Native() || x.Again || a == nil || a.Kind != codec.SYN ||
					x.file.sides[x.By].rang || x.c.Asked(x.By, codec.SYN) != nil {
					return
				}
				if waited := x.At.Sub(a.Began); waited >= x.judge.opts.Retransmit/10 { // else its user has answered at once
					x.mayBreak(fmt.Sprintf("nothing in answer to the SYN of #%d for %s", a.First, waited.Round(time.Millisecond)), "ACK, at once")
				}
			},
		},
	}
}

// unless is breaks, but where the side may have been started anew and know nothing of the conversation: it acknowledges no
// message then, and sends none.
func (x *scene) unless(seen, expected string) {
	if x.Datagram.Kind == codec.CHAT || x.Datagram.Kind == codec.ACK && x.Of == codec.CHAT {
		x.breaks(seen, expected)
	} else {
		x.mayBreak(seen, expected)
	}
}
