package rules

import (
	"net/netip"
	"time"

	"simp/codec"
	"simp/engine/follow"
)

// Severity says how bad it is not to keep to a rule.
type Severity uint8

// The severities, the worst first.
const (
	Violation Severity = iota // the specification forbids it
	Deviation                 // the specification leaves it open, and others may not expect it
	Remark                    // worth knowing
)

// String returns "violation", "deviation" or "remark".
func (s Severity) String() string {
	switch s {
	case Violation:
		return "violation"
	case Deviation:
		return "deviation"
	case Remark:
	}
	return "remark"
}

// Rule is something that programs have to keep to, as far as packets show it.
type Rule struct {
	ID       string // its group and number, such as "sw/4"
	Name     string // in a few words
	Sentence string // of the specification
	Ref      string // the sentences of PROTOCOL.md that say the same
	Severity Severity
	Usually  string // what it usually means in the program that does not keep to it

	// explains lists rules that are broken because this one was, in the same conversation and later: by the same side, by
	// the other one, or, with a group such as "sw/", by whoever it is.
	explains []string

	seen    func(*scene)
	missing func(*scene, *follow.Missing)
}

// All returns the rules, in the order of their ids.
func All() []*Rule { return append([]*Rule(nil), all...) }

// Find returns the rule with an id, nil if there is none.
func Find(id string) *Rule {
	for _, r := range all {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Finding is a rule that somebody has not kept to.
type Finding struct {
	Rule     *Rule
	Severity Severity // the rule's, or a milder one
	Packet   int      // that shows it; of a datagram that is missing, the one because of which it should have come
	At       time.Time
	By       netip.AddrPort // who has not kept to it
	User     string         // and its name, "" if unknown
	Seen     string         // what was seen, in a sentence without its end
	Expected string         // and what should have been

	// Unsure says that it may be the network's doing, or the capture's: a datagram that was lost, or one of an earlier
	// conversation. Nobody can tell from these packets.
	Unsure bool

	More         []int      // further packets that show the same, as far as they were kept
	Count        int        // how many packets show it
	Consequences []*Finding // what follows from it

	found  Severity // as which it was found first
	own    bool     // a copy is missing, of what its sender has sent before
	silent bool     // an answer is missing
}

// Report is what is to be said of one conversation.
type Report struct {
	Conversation int // its number, from 1
	Parties      [2]follow.Party
	First        int // its first packet
	Packets      int
	Late         bool // the capture begins after its beginning
	Findings     []*Finding
}

// Judge follows conversations and holds them against the rules. It is for one goroutine.
type Judge struct {
	follower *follow.Follower
	report   func(*Report)
	scene    scene
	opts     Options
}

// Options say what to go by. The zero value is right for SIMP as it is specified.
type Options struct {
	follow.Options

	// Lossless says that the network is known to lose, double and reorder nothing, and that the capture has everything: what
	// is missing was not sent.
	Lossless bool
}

// New returns a Judge that reports on each conversation when it has ended.
func New(o Options, report func(*Report)) *Judge {
	j := &Judge{report: report, opts: o}
	j.follower = follow.New(o.Options, j)
	if j.opts.Retransmit <= 0 {
		j.opts.Retransmit = 5 * time.Second
	}
	return j
}

// Packet takes the next packet of the capture.
func (j *Judge) Packet(p follow.Packet) { j.follower.Packet(p) }

// Advance lets time pass without a packet.
func (j *Judge) Advance(now time.Time) { j.follower.Advance(now) }

// Finish ends the capture. What is not reported yet is.
func (j *Judge) Finish() { j.follower.Finish() }

// Open is how many conversations are under way.
func (j *Judge) Open() int { return j.follower.Open() }

// kindsIn has a place for each kind of datagram.
const kindsIn = int(codec.CHAT) + 1
