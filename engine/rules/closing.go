package rules

import (
	"fmt"

	"simp/codec"
	"simp/engine/follow"
	"simp/fsm"
)

// busyRules are about who is in another chat.
func busyRules() []*Rule {
	const sentence = "A SYN from somebody else while the user is in a chat is refused: ERR with the text `User already in another chat`, followed by FIN."
	return []*Rule{
		{
			ID: "bz/1", Name: "Who is in a chat refuses others with ERR",
			Sentence: sentence, Ref: "5.2", explains: []string{"bz/2", "hs/", "sw/", "cl/"},
			Usually: "It looks for the state of this conversation only, and not whether its user is in another one; or it drops what does not come from the partner.",
			seen: func(x *scene) {
				if syn := x.c.Asked(follow.Caller, codec.SYN); x.By == follow.Caller && x.Datagram.Kind == codec.FIN && syn != nil && syn.Open() &&
					x.Was[follow.Caller] == fsm.SynSent && x.c.Parties[follow.Called].InUse {
					x.ignored(syn)
					return
				}
				a := x.Answers
				if x.By != follow.Called || !x.c.Parties[follow.Called].InUse || !x.Elsewhere || a == nil || a.Kind != codec.SYN || a.Answered != 0 {
					return
				}
				switch {
				case x.Datagram.Kind == codec.SYNACK:
					x.mayBreakAs(Deviation, "SYN+ACK, while its user is in a chat with somebody else", "ERR, then FIN")
				case x.Datagram.Kind == codec.FIN && x.c.Native() && codec.ReasonOf(x.Datagram.Payload) == codec.Declined:
				case x.Datagram.Kind == codec.FIN:
					f := x.mayBreak("FIN alone, while its user is in a chat with somebody else", "ERR, then FIN") // its daemon may have been started anew
					x.file.sides[x.By].alone = debt{f, x.N}
				}
			},
			missing: func(x *scene, m *follow.Missing) {
				if !m.Repeat && m.For.Kind == codec.SYN && x.c.Parties[m.By].InUse && x.c.Parties[m.By].Sent == 0 {
					x.ignored(m.For)
				}
			},
		},
		{
			ID: "bz/2", Name: "FIN follows the ERR",
			Sentence: sentence, Ref: "5.2 5.3",
			Usually: "It takes the ERR for enough. A caller that waits for the FIN goes on waiting.",
			seen: func(x *scene) {
				if own := &x.file.sides[x.By]; x.Datagram.Kind == codec.ERR && own.alone.found != nil {
					x.file.drop(own.alone)
					own.alone = debt{}
					x.mayBreak("the ERR behind its FIN", "ERR first")
				}
			},
			missing: func(x *scene, m *follow.Missing) {
				if m.For.Kind == codec.ERR && m.Kind == codec.FIN {
					f := x.lacks(m, fmt.Sprintf("no FIN behind the ERR of #%d", m.For.Last), "FIN, at once")
					f.Unsure = !x.judge.opts.Lossless
				}
			},
		},
		{
			ID: "bz/3", Name: "The ERR says `User already in another chat`", Severity: Deviation,
			Sentence: sentence, Ref: "5.2",
			Usually: "It has a text of its own. Programs that compare it take the refusal for another error.",
			seen: func(x *scene) {
				a := x.Answers
				if x.Datagram.Kind == codec.ERR && a != nil && a.Kind == codec.SYN && x.c.Parties[x.By].InUse &&
					x.Datagram.Form == codec.Usual && string(x.Datagram.Payload) != "User already in another chat" {
					x.breaks(fmt.Sprintf("the text %q", x.Datagram.Payload), "the text of the specification")
				}
			},
		},
	}
}

// ignored notes that a busy daemon has not answered a SYN.
func (x *scene) ignored(syn *follow.Ask) {
	x.find(Finding{
		Severity: x.rule.Severity, Packet: syn.Last, At: syn.Sent, By: x.c.Parties[follow.Called].Addr, Unsure: !x.judge.opts.Lossless,
		Seen: fmt.Sprintf("nothing in answer to the SYN of #%d, while its user is in a chat with somebody else", syn.Last), Expected: "ERR, then FIN",
	})
}

// closingRules are about the end.
func closingRules() []*Rule {
	return []*Rule{
		{
			ID: "cl/1", Name: "FIN is answered by ACK",
			Sentence: "The user who leaves: FIN. The other daemon answers ACK, then tells its user that the chat has ended.",
			Ref:      "6.1", explains: []string{"cl/3", "cl/4"},
			Usually: "It answers with a FIN or an ERR of its own, or ends without a word.",
			seen: func(x *scene) {
				own, fin := &x.file.sides[x.By], x.c.Asked(x.By.Other(), codec.FIN)
				switch {
				case x.Datagram.Kind == codec.ACK && x.Of == codec.FIN && own.met.found != nil: // both have left at the same time
					x.file.drop(own.met)
					own.met = debt{}
				case fin == nil || !fin.Open() || fin.Refuses || x.Was[x.By.Other()] != fsm.FinWait || x.Copy != follow.Fresh:
				case x.Datagram.Kind == codec.ERR:
					x.breaks(fmt.Sprintf("ERR in answer to the FIN of #%d", fin.Last), fmt.Sprintf("ACK seq=%d", fin.Seq))
				case x.Datagram.Kind == codec.FIN && !x.c.Native(): // who says why does not answer
					own.met = debt{x.mayBreak(fmt.Sprintf("FIN in answer to the FIN of #%d", fin.Last), fmt.Sprintf("ACK seq=%d", fin.Seq)), x.N}
				}
			},
			missing: func(x *scene, m *follow.Missing) {
				if !m.Repeat && m.Of == codec.FIN {
					x.unanswered(m)
				}
			},
		},
		{
			ID: "cl/2", Name: "No message after one's own FIN",
			Sentence: "The user who leaves: FIN.",
			Ref:      "6.2 6.6", explains: []string{"sw/", "cl/4"},
			Usually: "It sends the FIN at once and what is in its queue behind it.",
			seen: func(x *scene) {
				again := x.Copy == follow.Repeated || x.Copy == follow.Rewritten
				if own := &x.file.sides[x.By]; own.fin != 0 && (x.isMessage() || x.Datagram.Kind == codec.CHAT && again && !x.soon(x.At.Sub(own.finAt))) {
					x.breaks(fmt.Sprintf("a message, after its own FIN in #%d", own.fin), "nothing, or SYN for a new chat")
				}
			},
		},
		{
			ID: "cl/3", Name: "No message after the ACK of the other's FIN",
			Sentence: "The other daemon answers ACK, then tells its user that the chat has ended.",
			Ref:      "6.1", explains: []string{"sw/"},
			Usually: "It acknowledges the FIN without leaving the chat.",
			seen: func(x *scene) {
				if own := &x.file.sides[x.By]; x.isMessage() && own.fin == 0 && own.ackedFIN != 0 {
					f := x.breaks(fmt.Sprintf("a message, after it has acknowledged the other's FIN in #%d", own.ackedFIN), "nothing, or SYN for a new chat")
					f.Unsure = f.Unsure || x.c.Close // that may have been the FIN of the conversation before
				}
			},
		},
		{
			ID: "cl/4", Name: "What was acknowledged is not sent again",
			Sentence: "FIN is retransmitted until its ACK, three times at most.",
			Ref:      "6.3",
			Usually:  "Its timer is not stopped by the ACK, or it waits for an ACK with another number.",
			seen: func(x *scene) {
				if x.Datagram.Kind == codec.FIN {
					x.againAfterACK(2)
				}
			},
		},
	}
}

// errorRules are about ERR.
func errorRules() []*Rule {
	return []*Rule{{
		ID: "er/1", Name: "ERR carries a readable text",
		Sentence: "ERR carries a readable text.",
		Ref:      "7.1",
		Usually:  "It leaves the reason to the reader.",
		seen: func(x *scene) {
			if x.Datagram.Kind != codec.ERR || x.Datagram.Form == codec.Stub {
				return
			}
			switch {
			case len(x.Datagram.Payload) == 0:
				x.breaks("ERR without a text", "a text that says why")
			case x.Notes.Has(codec.PayloadControl), x.Notes.Has(codec.PayloadNotASCII):
				x.breaks(fmt.Sprintf("the text %q", x.Datagram.Payload), "printable ASCII")
			}
		},
	}}
}
