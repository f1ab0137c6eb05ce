package engine

import (
	"sync/atomic"

	"simp/codec"
	"simp/fsm"
)

// count names what happens outside the rule table.
type count uint8

const (
	datagramsIn count = iota
	datagramsOut
	dropUnreadable // by name, see codec.ErrorName
	dropMailboxFull
	dropAmplification
	dropUnsent
	gateRefused
	clientsStalled
	clientsTaken
	clientsRefused
	clientsIgnored
	clientsNotAllowed
	clientsReplaced
	clientsVanished
	commandsOverloaded
	warningsSuppressed
	dropInbox
	copiesDoubtful
	echoesLate
	watchMissed
	numCounts = int(iota)
)

var countNames = [numCounts]string{
	"datagrams/in", "datagrams/out", "drop/unreadable", "drop/mailbox-full", "drop/amplification", "drop/send-failed",
	"fault/gate-refused", "client/stalled", "client/taken", "client/too-many",
	"client/datagram-ignored", "client/not-allowed", "client/replaced", "client/vanished", "client/overloaded", "log/suppressed", "drop/inbox",
	"message/doubtful-copy", "message/late-echo", "watch/missed",
}

// counters counts everything that is dropped, ignored, repeated or refused, by name. Safe for concurrent use.
type counters struct {
	counts [numCounts]atomic.Uint64
	notes  [codec.NumNotes]atomic.Uint64
	errs   [len(decodeErrors)]atomic.Uint64
	rules  []atomic.Uint64 // by fsm.Rule.Index
}

// decodeErrors are the reasons for which a datagram is not read at all.
var decodeErrors = [...]error{codec.ErrEmpty, codec.ErrShort, codec.ErrOversized, codec.ErrType, codec.ErrOperation}

func newCounters() *counters {
	return &counters{rules: make([]atomic.Uint64, fsm.NumRules())}
}

func (c *counters) add(what count) { c.counts[what].Add(1) }

// lost counts messages that nobody came to read before the daemon stopped.
func (c *counters) lost(messages int) { c.counts[dropInbox].Add(uint64(messages)) }

func (c *counters) unreadable(err error) {
	c.add(dropUnreadable)
	for i, e := range decodeErrors {
		if err == e { //nolint:errorlint // Decode returns its sentinels bare, so that it does not allocate
			c.errs[i].Add(1)
			return
		}
	}
}

func (c *counters) tolerated(n codec.Notes) {
	if n == 0 {
		return
	}
	for note := range n.All() {
		c.notes[note].Add(1)
	}
}

func (c *counters) fired(r *fsm.Rule) { c.rules[r.Index()].Add(1) }

// snapshot returns all counters that are not zero, by name: "drop/short", "note/length-long",
// "repeated/established/duplicate".
func (c *counters) snapshot() map[string]uint64 {
	all := make(map[string]uint64)
	set := func(name string, v *atomic.Uint64) {
		if n := v.Load(); n != 0 {
			all[name] = n
		}
	}
	for i := range c.counts {
		set(countNames[i], &c.counts[i])
	}
	for i := range c.errs {
		set("drop/"+codec.ErrorName(decodeErrors[i]), &c.errs[i])
	}
	for i := range c.notes {
		set("note/"+codec.Note(i).String(), &c.notes[i])
	}
	for _, r := range fsm.Rules() {
		if r.As != fsm.Ordinary {
			set(r.As.String()+"/"+r.ID(), &c.rules[r.Index()])
		}
	}
	return all
}
