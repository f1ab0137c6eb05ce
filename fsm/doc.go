// Package fsm is the protocol: who may do what in which state, and what follows.
//
// It is pure. It knows no bytes, no addresses, no clock, no logger and no goroutine; a step is a function call:
//
//	next, rule := fsm.Next(snapshot, event, &actions)
//
// The only declaration of the protocol is the rule table (rules_*.go, one file a state). Dispatch, the gate that
// witnesses each change of state, the diagrams, the tables in the documentation, the names of the counters and the
// transition matrix are all derived from it, so they cannot disagree with it.
//
// # Contract
//
// One owner at a time steps a conversation. The caller fills in an Event: the fact (On, Seq, Label) and what the rest
// of the daemon has decided before (Verdict, Room, More, Repeat), so Next needs nothing but its arguments. Next returns
// the next Snapshot and appends the effects, as data, to Actions; it performs none of them. The caller asks the Gate
// when the state changed, stores the snapshot, and only then performs the actions, in order. Performing an effect
// before the step is stored would let a crash in between send what the machine never decided.
//
// Next is total: each pair of state and input has a rule, also "harmless, ignored" and "unexpected, counted".
//
// Numbers in Ref ("3.7") are sentences of PROTOCOL.md.
package fsm
