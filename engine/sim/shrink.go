package sim

import (
	"fmt"
	"slices"
	"time"

	"simp/fsm"
)

// shrinker reduces a run that breaks a promise to what is needed for that.
type shrinker struct {
	options Options
	id      ID     // the promise that has to stay broken
	first   Report // of the whole run
	plays   int    // that are left
}

// maxPlays bounds the search, so that a run of many thousand datagrams is not reduced all night.
const maxPlays = 10000

// Shrink returns a script without chance that breaks the same promise as this one, with as few acts and as few deeds of the
// network as it finds. A script that breaks none is returned as it is.
//
// The run is written down first: each act, and each datagram with which the network did not do what a good one does. Then
// parts are left out, halves first, single lines in the end (delta debugging). Without a fate a datagram has the good
// network's; a candidate in which datagrams come twice or overtake each other where they did not before is no reduction, since
// it breaks the promise, if at all, in another way.
func (s *Script) Shrink(o Options) *Script {
	o.Log, o.Trace, o.Capture, o.Record = nil, nil, nil, true
	if o.Gate == nil {
		o.Gate = fsm.NewGate()
	}
	first := s.Play(o)
	if first.OK() {
		return s
	}
	sh := &shrinker{options: o, id: first.Violations[0].ID, first: first, plays: maxPlays}
	small := sh.try(first.Explicit)
	if small == nil {
		return s
	}
	for before := -1; before != len(small.Acts)+len(small.Fates); {
		before = len(small.Acts) + len(small.Fates)
		reduce(small.Fates, func(f []Fate) ([]Fate, bool) {
			next := sh.try(small.having(small.Acts, f))
			if next != nil {
				small = next
			}
			return small.Fates, next != nil
		})
		reduce(small.Acts, func(a []Act) ([]Act, bool) {
			next := sh.try(small.having(a, small.Fates))
			if next != nil {
				small = next
			}
			return small.Acts, next != nil
		})
	}
	small = sh.tidy(small)
	found := small.Play(o).Violations
	i := slices.IndexFunc(found, func(v Violation) bool { return v.ID == sh.id })
	small.Prose = []string{fmt.Sprintf("Breaks %s", found[i]), fmt.Sprintf("Reduced from a run with seed %d.", s.Seed)}
	return small
}

// having is the script with other acts and fates.
func (s *Script) having(acts []Act, fates []Fate) *Script {
	c := *s
	c.Acts, c.Fates = acts, fates
	return &c
}

// try plays a script and writes down what happened, if that breaks the promise in the way of the whole run; else it returns
// nil. Where acts are left out the datagrams behind them have other numbers, but many are sent at the same moments, so a script
// that fails with its numbers is played by its moments too.
func (sh *shrinker) try(s *Script) *Script {
	o := sh.options
	for _, o.byTime = range [...]bool{false, true} {
		if sh.plays == 0 {
			return nil
		}
		sh.plays--
		r := s.Play(o)
		if r.Broken(sh.id) && (r.doubled == 0 || sh.first.doubled > 0) && (r.overtook == 0 || sh.first.overtook > 0) {
			if e := r.Explicit; len(e.Fates) <= len(s.Fates) && len(e.Acts) <= len(s.Acts) {
				return e
			}
		}
	}
	return nil
}

// reduce leaves out of a list what is not needed: halves first, single ones in the end. try is asked whether a shorter list
// will do, and says which one it has become.
func reduce[T any](list []T, try func([]T) ([]T, bool)) []T {
	if len(list) > 0 {
		if less, ok := try(nil); ok {
			list = less
		}
	}
	for size := (len(list) + 1) / 2; size > 0; {
		left := false
		for from := 0; from < len(list); {
			to := min(from+size, len(list))
			if less, ok := try(slices.Concat(list[:from], list[to:])); ok {
				list, left = less, true
			} else {
				from = to
			}
		}
		switch {
		case size == 1 && !left:
			return list
		case size > 1:
			size = (size + 1) / 2
		}
	}
	return list
}

// tidy makes a reduced script easier to read: round times, no longer than needed.
func (sh *shrinker) tidy(s *Script) *Script {
	for _, unit := range [...]time.Duration{time.Second, 100 * time.Millisecond, time.Millisecond} {
		if next := sh.try(s.rounded(unit)); next != nil {
			s = next
			break
		}
	}
	for _, without := range [...]func(*Script){func(s *Script) { s.Until = 0 }, func(s *Script) { s.Ordered = false }} {
		c := *s
		if without(&c); sh.breaks(&c) {
			s = &c
		}
	}
	return s
}

// breaks reports whether the script, as it is written, breaks the promise.
func (sh *shrinker) breaks(s *Script) bool { return s.Play(sh.options).Broken(sh.id) }

// rounded is the script with its times cut to a unit. What would happen at once then still does one after the other.
func (s *Script) rounded(unit time.Duration) *Script {
	c := s.having(slices.Clone(s.Acts), slices.Clone(s.Fates))
	for i := range c.Acts {
		c.Acts[i].At = c.Acts[i].At.Truncate(unit)
	}
	for i := range c.Fates {
		after := slices.Clone(c.Fates[i].After)
		for j := range after {
			after[j] = max(after[j].Truncate(unit), good.MinDelay)
		}
		c.Fates[i].After = after
	}
	return c
}
