package check

import (
	"slices"

	"simp/fsm"
)

// Fault is one mistake in the rule table, such as an implementation makes: what a search, or the golden matrix, has to find.
type Fault struct {
	ID   string // of the rule, and what is wrong with it
	What string
	By   string // the case whose search finds it, by violating Property; "": it harms nobody, and only the matrix shows it

	Property Property

	apply func([]fsm.Rule) []fsm.Rule
}

// Table is the protocol with the fault.
func (f Fault) Table() *fsm.Table { return fsm.NewTable(f.apply(fsm.Rules())) }

// Faults lists mistakes, each in one place of the table.
func Faults() []Fault {
	return slices.Concat(numberFaults(), answerFaults(), guardFaults(), timerFaults(), effectFaults(), forgottenRules())
}

// found makes a fault that the search of a case finds.
func found(by string, violates Property, rule, what string, change func(*fsm.Rule)) Fault {
	return Fault{ID: rule + ": " + what, What: what, By: by, Property: violates, apply: changing(rule, change)}
}

// harmless makes a fault that costs nobody a message, a chat or a wait without end.
func harmless(rule, what string, change func(*fsm.Rule)) Fault {
	return Fault{ID: rule + ": " + what, What: what, apply: changing(rule, change)}
}

// forgotten makes a fault that is a rule which nobody has thought of.
func forgotten(by string, violates Property, rule, what string) Fault {
	return Fault{ID: rule + ": missing", What: what, By: by, Property: violates, apply: without(rule)}
}

func numberFaults() []Fault {
	otherNumber := func(p fsm.Packet) func(*fsm.Rule) {
		return After(func(_ *fsm.Vars, out *fsm.Actions) { Each(out, p, func(a *fsm.Action) { a.Seq ^= 1 }) })
	}
	return []Fault{
		found("chat", Needless, "established/repeat-chat", "a copy carries the other number", otherNumber(fsm.CHAT)),
		found("chat, repeated", Needless, "established/delivered", "the next message has the same number", After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxSeq ^= 1 })),
		found("chat, repeated", Needless, "established/delivered-next", "the next message has the same number", After(func(v *fsm.Vars, out *fsm.Actions) {
			v.TxSeq ^= 1
			Each(out, fsm.CHAT, func(a *fsm.Action) { a.Seq ^= 1 })
		})),
		found("chat, repeated", NotDelivered, "established/delivered", "messages are not counted", After(func(v *fsm.Vars, _ *fsm.Actions) { v.TxNum = 1 })),
		found("chat", ShownTwice, "established/message", "the number expected next stays", After(func(v *fsm.Vars, _ *fsm.Actions) { v.RxSeq, v.RxNum = v.RxSeq^1, v.RxNum-1 })),
		found("chat", Needless, "established/message", "its ACK carries the other number", otherNumber(fsm.ACK)),
		found("chat", Needless, "established/message", "its ACK says another message", After(func(_ *fsm.Vars, out *fsm.Actions) {
			Each(out, fsm.ACK, func(a *fsm.Action) { a.Num++ })
		})),
		found("chat", Needless, "syn-received/accept", "SYN+ACK carries the other number", otherNumber(fsm.SYNACK)),
	}
}

func answerFaults() []Fault {
	noACK := Dropping(fsm.ACK)
	return []Fault{
		found("chat", Needless, "established/message", "a message is not acknowledged", noACK),
		found("chat", Needless, "established/duplicate", "a duplicate is not acknowledged again", noACK),
		found("chat", Needless, "established/message", "the ACK does not say what of", After(func(_ *fsm.Vars, out *fsm.Actions) {
			Each(out, fsm.ACK, func(a *fsm.Action) { a.Of = fsm.NoPacket })
		})),
		found("chat", NotDelivered, "established/no-room", "what cannot be shown is acknowledged", func(r *fsm.Rule) {
			r.Do = func(v fsm.Vars, e fsm.Event, out *fsm.Actions) fsm.Vars { return sending(v, out, fsm.ACK, fsm.CHAT, e) }
		}),
		found("chat", Needless, "established/final-ack-lost", "a repeated SYN+ACK is not acknowledged", noACK),
		found("chat", Needless, "syn-sent/accepted", "SYN+ACK is not acknowledged", noACK),
		found("chat", Needless, "established/partner-left", "a FIN is not acknowledged", noACK),
		found("chat", Needless, "idle/fin-again", "a repeated FIN is not acknowledged", noACK),
	}
}

func guardFaults() []Fault {
	return []Fault{
		found("chat", NotDelivered, "established/delivered", "any ACK counts", holding(func(v fsm.Vars, _ fsm.Event) bool { return v.InFlight })),
		found("chat, any order", NotDelivered, "established/delivered-next", "any ACK counts", holding(func(v fsm.Vars, e fsm.Event) bool { return v.InFlight && e.More })),
		found("chat", ShownTwice, "established/duplicate", "nothing is a duplicate", Never),
		found("chat, any order", ShownTwice, "established/duplicate", "the payload tells duplicates", holding(func(_ fsm.Vars, e fsm.Event) bool { return e.Repeat })),
		found("both die", Uninvited, "syn-received/confirmed", "any ACK opens the chat", always),
		harmless("syn-received/opened-by-chat", "a message opens what nobody has accepted", always), // a native one is of another conversation then
		harmless("fin-wait/goodbye-acked", "any ACK ends the goodbye", always),
		found("chat, repeated", Repeated, "established/queue", "a second message goes out at once", Never),
		found("chat", Restless, "established/delivered-leave", "nobody remembers that the user leaves", Never),
	}
}

func timerFaults() []Fault {
	return []Fault{
		found("chat", Restless, "established/send", "no timer is started", NotStarting(fsm.Retransmit)),
		found("chat", Restless, "established/repeat-chat", "the timer is not started again", NotStarting(fsm.Retransmit)),
		found("chat", Restless, "syn-received/accept", "no timer is started", NotStarting(fsm.Retransmit)),
		found("chat", Restless, "syn-received/repeat-syn-ack", "the timer is not started again", NotStarting(fsm.Retransmit)),
		found("chat", Restless, "established/leave", "no timer is started", NotStarting(fsm.Retransmit)),
		found("chat", Restless, "idle/invite", "an invitation never expires", NotStarting(fsm.Expiry)),
		found("chat", Restless, "idle/invitation", "an invitation to our user never expires", NotStarting(fsm.Expiry)),
		harmless("established/delivered", "the timer goes on", keepingTimers),
	}
}

func effectFaults() []Fault {
	return []Fault{
		found("chat", ShownTwice, "established/message", "it is shown a second time", After(func(_ *fsm.Vars, out *fsm.Actions) {
			all := out.All()
			all[len(all)-1] = all[0] // instead of the ACK
		})),
		found("chat", Repeated, "established/duplicate", "a duplicate causes a copy of ours", func(r *fsm.Rule) {
			r.Do = func(v fsm.Vars, _ fsm.Event, out *fsm.Actions) fsm.Vars {
				if v.InFlight {
					return sending(v, out, fsm.CHAT, fsm.NoPacket, fsm.Event{Seq: v.TxSeq, Num: v.TxNum})
				}
				return v
			}
		}),
		found("chat", Unsettled, "established/leave-when-delivered", "leaving does not wait for the queue", func(r *fsm.Rule) {
			r.Do = func(v fsm.Vars, _ fsm.Event, _ *fsm.Actions) fsm.Vars { v.InFlight = false; return v }
		}),
		found("chat", Uninvited, "syn-sent/declined", "a refusal opens the chat", func(r *fsm.Rule) {
			r.To = fsm.Established
			r.Do = func(v fsm.Vars, _ fsm.Event, out *fsm.Actions) fsm.Vars {
				out.Add(fsm.Action{Effect: fsm.Tell, Notice: fsm.TellEstablished})
				return v
			}
		}),
		found("chat", Uninvited, "idle/invitation", "an invitation is accepted without asking", acceptingUnasked),
		found("chat", Uninvited, "syn-sent/cancel", "an invitation cannot be taken back", LeadingNowhere),
		found("chat", Restless, "fin-wait/goodbye-unheard", "whoever leaves waits for ever", LeadingNowhere),
		found("chat", Unsettled, "fin-wait/both-left", "the user is not told", After(silence)),
		found("chat", Unsettled, "established/partner-left", "the user is not told", After(silence)),
		harmless("established/restarted", "a new SYN of the partner changes nothing", LeadingNowhere), // its message does
		harmless("syn-sent/crossed", "invitations that cross wait for each other", LeadingNowhere),    // until they expire
	}
}

func forgottenRules() []Fault {
	return []Fault{
		forgotten("chat, any order", ClosedByNone, "established/old-syn", "a late copy of the invitation closes the chat"),
		forgotten("who has died invites again", Uninvited, "syn-sent/old-syn-ack", "an acceptance of an earlier invitation counts"),
		forgotten("two silent chats, any order", ClosedByNone, "established/old-fin", "a FIN of an earlier chat ends this one"),
		forgotten("legacy, crossing", NotDelivered, "established/late-handshake-ack", "a late ACK of the handshake counts for a message"),
		forgotten("chat", Needless, "syn-received/opened-by-chat", "a message does not stand for the ACK that was lost"),
		forgotten("", "", "established/old-ack", "an ACK of an earlier chat is looked at"),     // and found to say another message
		forgotten("", "", "established/old-chat", "a message of an earlier chat is looked at"), // and has no number
	}
}

// Edited returns the protocol with a change to one of its rules.
func Edited(id string, change func(*fsm.Rule)) *fsm.Table {
	return fsm.NewTable(changing(id, change)(fsm.Rules()))
}

// changing makes a change to one rule.
func changing(id string, change func(*fsm.Rule)) func([]fsm.Rule) []fsm.Rule {
	return func(rules []fsm.Rule) []fsm.Rule {
		change(&rules[find(rules, id)])
		return rules
	}
}

func without(id string) func([]fsm.Rule) []fsm.Rule {
	return func(rules []fsm.Rule) []fsm.Rule {
		at := find(rules, id)
		return slices.Delete(rules, at, at+1)
	}
}

func find(rules []fsm.Rule, id string) int {
	at := slices.IndexFunc(rules, func(r fsm.Rule) bool { return r.ID() == id })
	if at < 0 {
		panic("check: there is no rule " + id)
	}
	return at
}

// holding gives a rule another guard.
func holding(guard func(fsm.Vars, fsm.Event) bool) func(*fsm.Rule) {
	return func(r *fsm.Rule) { r.If = guard }
}

func always(r *fsm.Rule) { r.If = func(fsm.Vars, fsm.Event) bool { return true } }

// Never makes a rule that does not apply.
func Never(r *fsm.Rule) { r.If = func(fsm.Vars, fsm.Event) bool { return false } }

// acceptingUnasked makes a rule that rings do what the one does that accepts everybody.
func acceptingUnasked(r *fsm.Rule) {
	for _, auto := range fsm.Cell(fsm.Idle, fsm.RecvSYN) {
		if auto.Name == "auto-accept" {
			r.Do = auto.Do
		}
	}
}

// LeadingNowhere makes a rule do nothing.
func LeadingNowhere(r *fsm.Rule) { r.To, r.Do = r.From, nil }

// After lets a rule do what it does and then spoils it.
func After(spoil func(*fsm.Vars, *fsm.Actions)) func(*fsm.Rule) {
	return func(r *fsm.Rule) {
		do := r.Do
		r.Do = func(v fsm.Vars, e fsm.Event, out *fsm.Actions) fsm.Vars {
			v = do(v, e, out)
			spoil(&v, out)
			return v
		}
	}
}

// Dropping lets a rule not send what it sends.
func Dropping(p fsm.Packet) func(*fsm.Rule) {
	return func(r *fsm.Rule) {
		do := r.Do
		r.Do = func(v fsm.Vars, e fsm.Event, out *fsm.Actions) fsm.Vars {
			v = do(v, e, out)
			Each(out, p, func(a *fsm.Action) { *a = idle })
			return v
		}
	}
}

// NotStarting lets a rule not start a timer.
func NotStarting(t fsm.Timer) func(*fsm.Rule) {
	return After(func(_ *fsm.Vars, out *fsm.Actions) {
		for i, a := range out.All() {
			if a.Effect == fsm.Start && a.Timer == t {
				out.All()[i] = idle
			}
		}
	})
}

func keepingTimers(r *fsm.Rule) {
	After(func(_ *fsm.Vars, out *fsm.Actions) {
		for i, a := range out.All() {
			if a.Effect == fsm.Stop {
				out.All()[i] = idle
			}
		}
	})(r)
}

// silence takes back what the user is told.
func silence(_ *fsm.Vars, out *fsm.Actions) {
	for i, a := range out.All() {
		if a.Effect == fsm.Tell {
			out.All()[i] = idle
		}
	}
}

// idle is an action that does nothing: no conversation starts this timer.
var idle = fsm.Action{Effect: fsm.Stop, Timer: fsm.Unanswered}

// sending appends a datagram, in answer to e if it is an ACK.
func sending(v fsm.Vars, out *fsm.Actions, p, of fsm.Packet, e fsm.Event) fsm.Vars {
	out.Add(fsm.Action{Effect: fsm.Send, Packet: p, Of: of, Seq: e.Seq, Num: e.Num})
	return v
}

// Each calls change with what is sent of a kind.
func Each(out *fsm.Actions, p fsm.Packet, change func(*fsm.Action)) {
	for i := range out.All() {
		if a := &out.All()[i]; a.Effect == fsm.Send && a.Packet == p {
			change(a)
		}
	}
}
