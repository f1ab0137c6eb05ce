package rules

import (
	"fmt"

	"simp/codec"
	"simp/engine/follow"
	"simp/fsm"
)

// handshakeRules are about the three datagrams that open a chat.
func handshakeRules() []*Rule {
	return []*Rule{
		{
			ID: "hs/1", Name: "SYN carries 0", Severity: Deviation,
			Sentence: "SYN carries 0 (ours: the specification names no numbers outside chat).",
			Ref:      "3.1",
			Usually:  "It goes on with the counter of an earlier chat.",
			seen: func(x *scene) {
				if x.Datagram.Kind == codec.SYN && x.Datagram.Seq == 1 {
					x.breaks("SYN carries 1", "0")
				}
			},
		},
		{
			ID: "hs/2", Name: "SYN is answered by SYN+ACK, FIN or ERR",
			Sentence: "The invited user accepts: SYN+ACK. The user declines: FIN instead.",
			Ref:      "3.2 3.3", explains: []string{"hs/3", "hs/7", "sw/", "cl/"},
			Usually: "It acknowledges whatever comes, also what asks for more than an ACK; or it has ended on this SYN.",
			seen:    answersSYN, missing: noAnswerToSYN,
		},
		{
			ID: "hs/3", Name: "SYN+ACK is answered by ACK",
			Sentence: "The inviting daemon answers SYN+ACK with ACK. Both are in a chat.",
			Ref:      "3.4 3.9", explains: []string{"hs/7", "sw/6", "sw/7", "cl/1"},
			Usually: "It takes the chat for open as soon as SYN+ACK is there, and forgets that the other side waits for the third datagram; or it answers the first copy only.",
			seen: func(x *scene) {
				if x.Passed != nil && !x.c.Native() {
					x.breaks(fmt.Sprintf("a message, with the SYN+ACK of #%d not acknowledged", x.Passed.Last), fmt.Sprintf("ACK seq=%d first", x.Passed.Seq))
				}
			},
			missing: func(x *scene, m *follow.Missing) {
				if !m.Repeat && m.Of == codec.SYNACK {
					x.unanswered(m)
				}
			},
		},
		{
			ID: "hs/4", Name: "SYN+ACK repeats the SYN's number", Severity: Deviation,
			Sentence: "SYN+ACK echoes the SYN's number (ours: the specification names no numbers outside chat).",
			Ref:      "3.2", explains: []string{"hs/5"},
			Usually: "It numbers its own datagrams from another number on, or always writes 1 into an answer.",
			seen: func(x *scene) {
				if syn := x.c.Asked(x.By.Other(), codec.SYN); x.Datagram.Kind == codec.SYNACK && syn != nil && x.Datagram.Seq != syn.Seq {
					x.breaks(fmt.Sprintf("SYN+ACK carries %d, and the SYN carried %d", x.Datagram.Seq, syn.Seq), fmt.Sprint(syn.Seq))
				}
			},
		},
		{
			ID: "hs/5", Name: "The final ACK repeats the SYN+ACK's number", Severity: Deviation,
			Sentence: "The final ACK echoes the SYN+ACK's number (ours: the specification names no numbers outside chat).",
			Ref:      "3.4",
			Usually:  "It numbers the three datagrams of the handshake as if they were messages.",
			seen: func(x *scene) {
				if a := x.Answers; x.Datagram.Kind == codec.ACK && x.Of == codec.SYNACK && a != nil && x.Datagram.Seq != a.Seq {
					x.breaks(fmt.Sprintf("the ACK carries %d, and the SYN+ACK carried %d", x.Datagram.Seq, a.Seq), fmt.Sprint(a.Seq))
				}
			},
		},
		{
			ID: "hs/6", Name: "SYN+ACK answers a SYN",
			Sentence: "The inviting daemon sends SYN. The invited user accepts: SYN+ACK.",
			Ref:      "3.2 3.20", explains: []string{"hs/3", "hs/7", "sw/", "cl/"},
			Usually: "It begins with the second step, or answers its own SYN that it has got back.",
			seen: func(x *scene) {
				if x.Datagram.Kind == codec.SYNACK && x.whole() && x.c.Asked(x.By.Other(), codec.SYN) == nil {
					if f := x.breaks("SYN+ACK, and the other side has sent no SYN", "SYN, or nothing"); x.c.Close {
						f.Unsure = true // that of the conversation before was late
					}
				}
			},
		},
		{
			ID: "hs/7", Name: "No message before the handshake is over",
			Sentence: "The inviting daemon answers SYN+ACK with ACK. Both are in a chat.",
			Ref:      "3.19", explains: []string{"sw/", "cl/"},
			Usually: "Its user interface lets the user write, and its daemon send, while the invitation is still unanswered.",
			seen:    messageTooEarly,
		},
	}
}

func answersSYN(x *scene) {
	other := x.By.Other()
	syn := x.c.Asked(other, codec.SYN)
	if x.c.Native() || x.c.Close || syn == nil || !syn.Open() || x.Was[other] != fsm.SynSent {
		// Close: it may acknowledge the end of the conversation before.
		return
	}
	if x.Datagram.Kind == codec.ACK && x.Of == codec.SYN && codec.AckOf(x.Datagram.Payload) != codec.SYN {
		x.breaks(fmt.Sprintf("ACK in answer to the SYN of #%d", syn.Last), "SYN+ACK, FIN or ERR")
	}
}

func noAnswerToSYN(x *scene, m *follow.Missing) {
	if m.Repeat || m.For.Kind != codec.SYN || x.c.Parties[m.By].InUse {
		return
	}
	if x.c.Parties[m.By].Sent > 0 && x.c.Native() { // it rings
		return
	}
	x.lacks(m, fmt.Sprintf("nothing in answer to the SYN of #%d%s", m.For.Last, copies(m.For)), "SYN+ACK, FIN or ERR, once its user has decided").Unsure = true
}

func messageTooEarly(x *scene) {
	if x.Datagram.Kind != codec.CHAT || !x.whole() || x.c.Opened && x.Is[x.By] == fsm.Established || x.Copy != follow.Fresh {
		return
	}
	other := x.By.Other()
	switch own := x.Was[x.By]; {
	case own == fsm.SynSent && x.c.Asked(other, codec.SYNACK) == nil:
		x.breaks("a message, and nobody has answered the SYN", "to wait for SYN+ACK")
	case own == fsm.SynReceived && x.c.Asked(x.By, codec.SYNACK) == nil:
		x.breaks("a message, and its SYN+ACK has not been sent", "SYN+ACK first")
	case own == fsm.SynReceived:
		x.mayBreak("a message, and its SYN+ACK has not been acknowledged", "to wait for the ACK")
	}
}

// unanswered notes that something has had no answer, until it comes.
func (x *scene) unanswered(m *follow.Missing) {
	if m.Awaited {
		return // its time is not up
	}
	own := &x.file.sides[m.By]
	if own.unanswered[m.For.Kind].first == m.For.First {
		return // it was found when a copy of it had no answer
	}
	f := x.lacks(m, fmt.Sprintf("nothing in answer to the %s of #%d", m.For.Kind, m.For.First), fmt.Sprintf("%s seq=%d, at once", m.Kind, m.Seq))
	own.unanswered[m.For.Kind] = debt{f, m.For.First}
}

// copies says how often something was sent.
func copies(a *follow.Ask) string {
	if a.Copies < 2 {
		return ""
	}
	return fmt.Sprintf(", which is its copy %d", a.Copies)
}
