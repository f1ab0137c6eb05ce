package netio

import (
	"fmt"
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Faults says how bad one direction between two addresses is. The zero value
// is a perfect network: nothing lost, nothing doubled, no delay.
type Faults struct {
	// Drop is the probability, 0 to 1, that a datagram is lost.
	Drop float64
	// Duplicate is the probability, 0 to 1, that a datagram which is not lost
	// arrives twice. Each copy has a delay of its own.
	Duplicate float64
	// Reorder is the probability, 0 to 1, that a copy is held back so that
	// later ones can pass it; see [Faults.MaxHold].
	Reorder float64
	// MinDelay and MaxDelay bound the time from sending to arriving, evenly
	// distributed between them. A copy can take longer than MaxDelay: by being
	// held back, or by waiting for an earlier one that it may not pass.
	MinDelay, MaxDelay time.Duration
}

const (
	// maxFaultDelay keeps a mistyped delay (and sums of delays) within reason.
	// It is far above every timer of a protocol for people.
	maxFaultDelay = time.Hour
	// minHold is how long a copy may be held back where there is no delay to
	// go by: long enough for an answer and the next datagram on any local
	// network.
	minHold = 20 * time.Millisecond
)

// Validate returns nil, or an error that says in a sentence which value makes no
// sense. A [Link] accepts such values all the same and uses the nearest that
// do.
func (f Faults) Validate() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"drop", f.Drop}, {"duplicate", f.Duplicate}, {"reorder", f.Reorder}} {
		// Written so that NaN is refused too.
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("netio: check faults: %s is a probability from 0 to 1, not %v", p.name, p.value)
		}
	}
	switch {
	case f.MinDelay < 0:
		return fmt.Errorf("netio: check faults: a delay cannot be negative, as %v is", f.MinDelay)
	case f.MaxDelay < f.MinDelay:
		return fmt.Errorf("netio: check faults: the longest delay (%v) is shorter than the shortest (%v)", f.MaxDelay, f.MinDelay)
	case f.MaxDelay > maxFaultDelay:
		return fmt.Errorf("netio: check faults: a delay is at most %v, not %v", maxFaultDelay, f.MaxDelay)
	}
	return nil
}

// MaxHold is the longest that a copy picked by Reorder is held back, in addition
// to its delay: four times MaxDelay and 20 ms more. That is two round trips: in
// a protocol that waits for answers, nothing passes a datagram that is held back
// for less than one.
func (f Faults) MaxHold() time.Duration { return 4*f.MaxDelay + minHold }

// clamped replaces each value that Validate refuses by the nearest that it
// accepts. Probabilities need none of it: compared with a number below 1, one
// above 1 acts as 1, and a negative one and NaN as 0.
func (f Faults) clamped() Faults {
	f.MinDelay = min(max(f.MinDelay, 0), maxFaultDelay)
	f.MaxDelay = min(max(f.MaxDelay, f.MinDelay), maxFaultDelay)
	return f
}

// Link decides the fate of each datagram of one direction between two
// addresses. The same seeds, faults and times give the same fates, everywhere
// and for ever (the generator is PCG-DXSM as math/rand/v2 specifies it).
//
// Every datagram uses up the same number of random numbers whatever becomes of
// it. So a change to one value of [Faults] changes only that: with more loss,
// those that still arrive have the delays they had before, which keeps a
// failing run recognisable while its faults are being reduced.
//
// A Link is a plain value without lock, clock or goroutine, for one owner.
type Link struct {
	faults Faults
	random rand.PCG
	// last is when the latest copy that keeps the order arrives.
	last time.Time
}

// NewLink returns a Link with its own stream of random numbers, named by two
// seeds: customarily the network's or run's seed and [PairSeed].
func NewLink(f Faults, seed1, seed2 uint64) *Link {
	l := &Link{faults: f.clamped()}
	l.random.Seed(seed1, seed2)
	return l
}

// SetFaults changes how bad the link is from the next datagram on. Fates that
// were decided stay, and the order is kept across the change.
func (l *Link) SetFaults(f Faults) { l.faults = f.clamped() }

// Fate appends to copies the time at which each copy of a datagram sent now
// arrives: nothing if it is lost, one time, or two if it is doubled. The two
// need not be in order. Fate itself allocates nothing; append may.
//
// Copies arrive in the order in which their datagrams were sent, at the same
// instant at the earliest, except those that Reorder picks. Of two copies due
// at the same instant the one decided first goes first; seeing to that is up to
// the caller. A copy that is held back delays no other.
func (l *Link) Fate(now time.Time, copies []time.Time) []time.Time {
	lost := l.chance(l.faults.Drop)
	doubled := l.chance(l.faults.Duplicate)
	var held [2]bool
	var delay, hold [2]time.Duration
	for i := range delay {
		held[i] = l.chance(l.faults.Reorder)
		delay[i] = l.faults.MinDelay + l.upTo(l.faults.MaxDelay-l.faults.MinDelay)
		hold[i] = 1 + l.upTo(l.faults.MaxHold()-1)
	}
	n := 1
	switch {
	case lost:
		n = 0
	case doubled:
		n = 2
	}
	for i := range n {
		at := now.Add(delay[i])
		if at.Before(l.last) {
			at = l.last
		}
		if held[i] {
			at = at.Add(hold[i])
		} else {
			l.last = at
		}
		copies = append(copies, at)
	}
	return copies
}

// chance is true with probability p. It always takes one random number.
func (l *Link) chance(p float64) bool {
	return float64(l.random.Uint64()>>11)/(1<<53) < p
}

// upTo returns a duration from 0 to d inclusive. It always takes one random
// number, unlike rand.N, which draws again to be exactly even; for less than
// 2^43 values the difference is below one in a million.
func (l *Link) upTo(d time.Duration) time.Duration {
	high, _ := bits.Mul64(l.random.Uint64(), uint64(d)+1)
	return time.Duration(high)
}

// PairSeed turns the two ends of a link into a seed. It depends on nothing but
// the addresses, so a link's fates do not change with the order in which links
// come into being.
func PairSeed(from, to netip.AddrPort) uint64 {
	h := fnv.New64a()
	var buf [64]byte
	for _, end := range [2]netip.AddrPort{from, to} {
		// AppendBinary of an AddrPort never fails; the error is there for the
		// interface. The length keeps two ends with zones apart.
		b, _ := unmap(end).AppendBinary(buf[:1])
		b[0] = byte(len(b))
		_, _ = h.Write(b)
	}
	return h.Sum64()
}
