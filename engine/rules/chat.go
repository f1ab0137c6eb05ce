package rules

import (
	"fmt"
	"time"

	"simp/codec"
	"simp/engine/follow"
)

// chatRules are about messages: stop-and-wait.
func chatRules() []*Rule {
	const wait = "The sender sends one chat datagram and waits for its ACK."
	return []*Rule{
		{
			ID: "sw/1", Name: "The first message carries 0", Severity: Deviation,
			Sentence: "The first chat datagram of each direction carries 0 (ours).",
			Ref:      "4.1", explains: nil,
			Usually: "It counts from 1, or goes on counting from the handshake or an earlier chat.",
			seen: func(x *scene) {
				if x.isMessage() && x.whole() && x.c.Parties[x.By].Messages == 1 && x.Datagram.Seq == 1 {
					x.breaks("the first message carries 1", "0")
				}
			},
		},
		{
			ID: "sw/2", Name: "The next message carries the other number",
			Sentence: "After the ACK the next message carries the other sequence number.",
			Ref:      "4.2", explains: []string{"sw/6", "sw/7", "sw/9"},
			Usually: "It never changes the number, or changes it when it sends instead of when the ACK comes. Whoever goes by the number takes the message for a copy and does not show it.",
			seen: func(x *scene) {
				own := &x.file.sides[x.By]
				if x.isMessage() && x.c.Parties[x.By].Messages > 1 && x.Pushed == nil && x.Datagram.Seq == own.lastTold && !x.lettered(own) {
					x.breaks(fmt.Sprintf("another message with the number %d, the one before was acknowledged", x.Datagram.Seq), fmt.Sprint(1-x.Datagram.Seq&1))
				}
			},
		},
		{
			ID: "sw/3", Name: "One message in flight",
			Sentence: wait,
			Ref:      "4.1", explains: []string{"sw/2", "sw/5", "sw/6", "sw/7", "sw/9", "sw/10"},
			Usually: "It sends what the user types as it comes, without a queue.",
			seen:    oneInFlight,
		},
		{
			ID: "sw/4", Name: "A repeat is the same datagram",
			Sentence: "Without an ACK in 5 seconds it sends the same datagram again with the same sequence number.",
			Ref:      "4.3", explains: []string{"sw/2", "sw/3", "sw/5", "sw/6", "sw/7", "sw/8", "sw/9"},
			Usually: "Its resend path goes through the code that numbers a new message, and toggles the number before sending. Where the ACK was lost the message is shown twice.",
			seen: func(x *scene) {
				if x.Datagram.Kind != codec.CHAT || x.Copy != follow.Rewritten {
					return
				}
				own := &x.file.sides[x.By]
				switch a := x.c.Asked(x.By, codec.CHAT); {
				case a.Answered != 0 && !x.c.Native(): // or its user has written the same words again
					x.mayBreak(fmt.Sprintf("what looks like a copy of #%d carries %d instead of %d", x.First, x.Datagram.Seq, own.lastTold), fmt.Sprint(own.lastTold))
				case x.Datagram.Seq == own.lastTold && x.Reworded:
					x.breaks(fmt.Sprintf("what looks like a copy of #%d has another text", x.First), "the same datagram")
				case x.Datagram.Seq == own.lastTold:
					x.breaksAs(Deviation, fmt.Sprintf("a copy of #%d in other bytes", x.First), "the same datagram")
				case x.Copies > 3: // what was sent three times in vain may be tried in another way
					x.breaksAs(Deviation, fmt.Sprintf("copy %d of #%d carries %d instead of %d", x.Copies, x.First, x.Datagram.Seq, own.lastTold), fmt.Sprint(own.lastTold))
				default:
					x.breaks(fmt.Sprintf("the copy of #%d carries %d instead of %d", x.First, x.Datagram.Seq, own.lastTold), fmt.Sprint(own.lastTold))
				}
			},
		},
		{
			ID: "sw/5", Name: "The ACK carries the message's number",
			Sentence: "An ACK echoes the number of what it acknowledges.",
			Ref:      "4.2 4.5", explains: []string{"sw/3", "sw/4", "sw/6", "sw/7", "sw/8", "sw/9"},
			Usually: "It acknowledges with a constant, or with the number that it expects next. The sender that waits for its own number sends again for ever.",
			seen:    ackNumber,
		},
		{
			ID: "sw/6", Name: "Every message is acknowledged, a copy too",
			Sentence: "The receiver acknowledges every chat datagram from its partner, also a duplicate; it shows a message once.",
			Ref:      "4.5", explains: []string{"sw/3", "sw/8", "sw/9"},
			Usually: "It drops a copy before it acknowledges it, or does not acknowledge what its user does not read. The sender whose ACK was lost sends for ever.",
			seen:    errForACK,
			missing: func(x *scene, m *follow.Missing) {
				if !m.Repeat && m.Of == codec.CHAT {
					x.unanswered(m)
				}
			},
		},
		{
			ID: "sw/7", Name: "What is not acknowledged is sent again",
			Sentence: "Without an ACK in 5 seconds it sends the same datagram again.",
			Ref:      "4.3", explains: []string{"sw/3", "sw/6"},
			Usually: "It has no timer, or stops it when anything comes.",
			seen:    goesOn, missing: notRepeated,
		},
		{
			ID: "sw/8", Name: "Not sooner than after 5 s",
			Sentence: "Without an ACK in 5 seconds it sends the same datagram again.",
			Ref:      "4.3", explains: []string{"sw/9", "sw/10"},
			Usually: "Its timer is too short, or it repeats in a loop that has forgotten to wait. On a slow network each message goes out many times.",
			seen:    tooSoon,
		},
		{
			ID: "sw/9", Name: "What was acknowledged is not sent again",
			Sentence: "After the ACK the next message carries the other sequence number.",
			Ref:      "4.2", explains: []string{"sw/10"},
			Usually: "Its timer is not stopped by the ACK, or it does not take the ACK for what it is.",
			seen: func(x *scene) {
				if x.Datagram.Kind == codec.CHAT {
					x.againAfterACK(3)
				}
			},
		},
		{
			ID: "sw/10", Name: "One ACK for each datagram", Severity: Remark,
			Sentence: "The receiver acknowledges every chat datagram from its partner.",
			Ref:      "4.5",
			Usually:  "It acknowledges where it reads a datagram, and again where it shows it.",
			seen: func(x *scene) {
				switch {
				case x.Datagram.Kind != codec.ACK:
				case x.Answers == nil && x.whole() && x.Of == codec.Invalid:
					x.breaks("an ACK of nothing", "no ACK")
				case x.Copy == follow.Doubled && x.Of == codec.CHAT:
					x.mayBreak("a second ACK of the same datagram", "one")
				}
			},
		},
	}
}

// againAfterACK makes a remark where something that was acknowledged is sent again: the ACK may have been lost. Copies beyond
// so many are not likely to be the network's doing.
func (x *scene) againAfterACK(often int) {
	a := x.c.Asked(x.By, x.Datagram.Kind)
	if x.Copy != follow.Repeated && x.Copy != follow.Rewritten || a.Answered == 0 {
		return
	}
	f := x.mayBreakAs(Remark, fmt.Sprintf("#%d again, which #%d has acknowledged", x.First, a.Answered), "nothing, if that has arrived")
	if f.Count >= often {
		f.Severity = Violation
	}
}

// isMessage reports whether a datagram is a message that was not sent before.
func (x *scene) isMessage() bool { return x.Datagram.Kind == codec.CHAT && x.Copy == follow.Fresh }

// lettered reports whether a message says that it is another one, so that its bit is no matter.
func (x *scene) lettered(own *conduct) bool {
	return x.c.Native() && x.Datagram.Number() == own.number
}

// goneOn is after how many copies a sender may give a message up: the specification does not say.
const goneOn = 3

func oneInFlight(x *scene) {
	if !x.isMessage() || x.Pushed == nil {
		return
	}
	seen := fmt.Sprintf("another message, while #%d waits for its ACK", x.Pushed.Last)
	if x.Pushed.Copies >= goneOn && x.At.Sub(x.Pushed.Sent) >= x.judge.opts.Retransmit*4/5 {
		x.breaksAs(Remark, fmt.Sprintf("another message, after %d copies of #%d without an ACK", x.Pushed.Copies, x.Pushed.First), "to go on with that one")
		return
	}
	if x.gaveUp() {
		return // that is sw/7
	}
	if !x.c.Native() && x.file.sides[x.By.Other()].lastACK == int(x.Pushed.Seq)+1 { // a second copy of that ACK looks like one of this message
		x.mayBreak(seen, "to wait")
		return
	}
	x.breaks(seen, "to wait")
}

// gaveUp reports whether a message comes when the one before should have been sent again, and had not been often.
func (x *scene) gaveUp() bool {
	return x.isMessage() && x.Pushed != nil && x.Pushed.Copies < goneOn && x.At.Sub(x.Pushed.Sent) >= x.judge.opts.Retransmit*9/10
}

// errForACK notes that a message is answered by ERR, until its ACK comes.
func errForACK(x *scene) {
	own, a := &x.file.sides[x.By], x.c.Asked(x.By.Other(), codec.CHAT)
	if x.Datagram.Kind != codec.ERR || x.Answers != nil || a == nil || !a.Open() || own.unanswered[codec.CHAT].first == a.First {
		return
	}
	f := x.mayBreak(fmt.Sprintf("ERR in answer to the CHAT of #%d", a.Last), fmt.Sprintf("ACK seq=%d", a.Seq))
	own.unanswered[codec.CHAT] = debt{f, a.First}
}

func ackNumber(x *scene) {
	a := x.Answers
	if x.Datagram.Kind != codec.ACK || x.Of != codec.CHAT || a == nil || x.Datagram.Seq == a.Seq {
		return
	}
	other := &x.file.sides[x.By.Other()]
	seen := fmt.Sprintf("the ACK of #%d carries %d", a.Last, x.Datagram.Seq)
	if x.whole() && !other.sent[x.Datagram.Seq] {
		x.breaks(seen+", and nothing with that number was sent", fmt.Sprint(a.Seq))
		return
	}
	if !a.Open() { // it may be a late one, of something earlier
		return
	}
	f := x.mayBreak(seen, fmt.Sprint(a.Seq))
	if own := &x.file.sides[x.By]; f.Count > 1 && !own.ackedRight { // but not each time
		f.Unsure = x.mixed()
	}
}

func notRepeated(x *scene, m *follow.Missing) {
	if !m.Repeat || m.For.Kind != codec.CHAT || m.Awaited {
		return
	}
	own := &x.file.sides[m.By]
	own.silent = x.lacks(m, fmt.Sprintf("the message of #%d is not acknowledged and was not sent again", m.For.First), fmt.Sprintf("the same datagram every %s", x.judge.opts.Retransmit))
}

// goesOn makes sure that a side which has not sent something again was there all the time.
func goesOn(x *scene) {
	f := x.file.sides[x.By].silent
	if x.gaveUp() && f == nil {
		x.breaks(fmt.Sprintf("another message; that of #%d is not acknowledged and was not sent again", x.Pushed.First),
			fmt.Sprintf("the same datagram every %s", x.judge.opts.Retransmit))
		return
	}
	if f == nil || x.Datagram.Kind == codec.ACK {
		return
	}
	if x.Datagram.Kind == codec.CHAT && x.Copy != follow.Fresh {
		f.Seen = fmt.Sprintf("the message of #%d was sent again only after %s", x.First, x.Gap.Round(time.Millisecond))
		f.Severity, f.Unsure = Deviation, x.mixed()
		return
	}
	said := codec.ReasonOf(x.Datagram.Payload)
	if x.Datagram.Kind == codec.FIN && x.c.Native() && said != codec.Left && said != codec.Shutdown {
		return // it may have been started anew, and know nothing of the message
	}
	f.Unsure = x.mixed()
}

// hasty is how many copies in a row that come much too soon are the sender's doing: the network may double one.
const hasty = 2

func tooSoon(x *scene) {
	if x.Datagram.Kind != codec.CHAT || x.Copy == follow.Fresh {
		x.file.sides[x.By].hurried = 0
		return
	}
	own := &x.file.sides[x.By]
	expected := fmt.Sprintf("to wait %s for the ACK", x.judge.opts.Retransmit)
	switch {
	case !x.soon(x.Gap):
		own.hurried = 0
	case x.Copy != follow.Doubled:
		x.breaks(fmt.Sprintf("#%d again after %s", x.First, x.Gap.Round(time.Millisecond)), expected)
	default:
		if own.hurried++; own.hurried == hasty {
			x.breaks(fmt.Sprintf("#%d again and again, the last time after %s", x.First, x.Gap.Round(time.Millisecond)), expected)
		}
	}
}
