package broken

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"simp/engine/sim"
	"simp/fsm"
	"simp/fsm/check"
)

// Trace is a conversation with a fault. The rule is the one that the fault breaks by what it is, whatever anybody says of the
// packets; where it breaks two with the same packet, the one that the other follows from.
type Trace struct {
	Name  string // in one word, with hyphens
	What  string // what the faulty daemon does
	Rule  string // the id of the rule that it breaks by that
	Who   string // whose daemon it is
	Story string // the script, without the fault

	table func() *fsm.Table
	spoil func() func([]byte) []byte // a fresh one for each run
	bent  string                     // the story as it is with the fault, where the fault is a setting
}

// Capture plays the story with the fault, and calls each with what is sent, when it is.
func (t *Trace) Capture(each func(at time.Time, from, to netip.AddrPort, datagram []byte)) error {
	return t.play(each, true)
}

// Sound plays it without the fault.
func (t *Trace) Sound(each func(at time.Time, from, to netip.AddrPort, datagram []byte)) error {
	return t.play(each, false)
}

// Faulty returns the address of the faulty daemon.
func (t *Trace) Faulty() (netip.AddrPort, error) {
	s, err := sim.Parse(t.Story)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("broken: the story of %s: %w", t.Name, err)
	}
	return s.Address(t.Who), nil
}

func (t *Trace) play(each func(time.Time, netip.AddrPort, netip.AddrPort, []byte), faulty bool) error {
	story := t.Story
	if faulty && t.bent != "" {
		story = t.bent
	}
	s, err := sim.Parse(story)
	if err != nil {
		return fmt.Errorf("broken: the story of %s: %w", t.Name, err)
	}
	at := slices.IndexFunc(s.Parties, func(p sim.Party) bool { return p.Name == t.Who })
	if at < 0 {
		return fmt.Errorf("broken: nobody in the story of %s is called %s", t.Name, t.Who)
	}
	if faulty && t.table != nil {
		s.Parties[at].Table = t.table()
	}
	if faulty && t.spoil != nil {
		s.Parties[at].Spoil = t.spoil()
	}
	s.Play(sim.Options{Capture: each})
	return nil
}

// mistaken is a trace of a daemon with a mistake in one of its rules.
func mistaken(name, rule, who, what, story, wrong string, change func(*fsm.Rule)) Trace {
	return Trace{Name: name, Rule: rule, Who: who, What: what, Story: story, table: func() *fsm.Table { return check.Edited(wrong, change) }}
}

// miswritten is a trace of a daemon that writes its datagrams in another way: change is given a copy of each.
func miswritten(name, rule, who, what, story string, change func(b []byte) []byte) Trace {
	return Trace{Name: name, Rule: rule, Who: who, What: what, Story: story, spoil: func() func([]byte) []byte {
		return func(b []byte) []byte { return change(slices.Clone(b)) }
	}}
}

// misset is a trace of a daemon with a wrong setting.
func misset(name, rule, who, what, story, bent string) Trace {
	return Trace{Name: name, Rule: rule, Who: who, What: what, Story: story, bent: bent}
}
