package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check is what can be said only of the whole script: names that are used before they are given, and what a daemon of
// another make cannot do.
func (p *parser) check() error {
	if len(p.Parties) < 2 && (p.Talk > 0 || p.Random.Acts > 0) {
		return p.wrong("a script in which users act by themselves needs two nodes or peers")
	}
	if p.Talk > 0 && slices.ContainsFunc(p.Parties, func(q Party) bool { return q.Kind != 0 }) {
		return p.wrong("peers do not talk by themselves: write what they say, or let all act at random")
	}
	if p.Calm < time.Minute {
		return p.wrong("a calm of less than 1m is none: nothing would have come to rest")
	}
	for _, q := range p.Parties {
		if q.Kind == 0 && q.Expiry > p.Calm/2 {
			return p.wrong("the calm (%s) has to last twice as long as the invitations of %s (%s), or they would outlive it",
				formatTime(p.Calm), q.Name, formatTime(q.Expiry))
		}
	}
	for i := range p.Acts {
		p.line = p.acted[i]
		if err := p.checkAct(&p.Acts[i]); err != nil {
			return err
		}
	}
	seen := make(map[fated]bool)
	for i, f := range p.Fates {
		p.line = p.fated[i]
		if err := p.named(f.From, f.To); err != nil {
			return err
		}
		if f.From == f.To {
			return p.wrong("%s sends nothing to itself", f.From)
		}
		name := fated{f.From, f.To, f.N}
		if seen[name] {
			return p.wrong("datagram %d from %s to %s has two fates", f.N, f.From, f.To)
		}
		seen[name] = true
	}
	return nil
}

func (p *parser) checkAct(a *Act) error {
	if a.Verb == Forge {
		if _, is := stranger(a.Who); is {
			return p.named(a.Whom)
		}
		return p.named(a.Who, a.Whom)
	}
	if err := p.named(a.Who); err != nil {
		return err
	}
	switch a.Verb {
	case Crashes, Detaches, Attaches:
	default:
		if err := p.named(a.Whom); err != nil {
			return err
		}
		if a.Who == a.Whom {
			return p.wrong("%s and %s are the same", a.Who, a.Whom)
		}
	}
	if p.party(a.Who).Kind == 0 || a.Verb == Partition {
		return nil
	}
	switch a.Verb {
	case Cancels, LeavesNow, Detaches, Fires:
		return p.wrong("%s is of another make, in which nobody %s", a.Who, a.Verb)
	case Says:
		if strings.ContainsFunc(a.Text, func(r rune) bool { return r < ' ' || r > '~' }) {
			return p.wrong("%s is of another make, which writes ASCII only", a.Who)
		}
	default:
	}
	return nil
}

func (p *parser) named(names ...string) error {
	for _, name := range names {
		if p.party(name) == nil {
			return p.wrong("nobody is called %q: each party needs a line such as node %s", name, name)
		}
	}
	return nil
}

func (p *parser) count(what, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, p.wrong("%s needs a number from 1 to %d, not %q", what, most, value)
	}
	return n, nil
}

func (p *parser) duration(value string) (time.Duration, error) {
	d, err := readTime(value)
	if err != nil {
		return 0, p.wrong("%s", err)
	}
	return d, nil
}

func readTime(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil || d < 0:
		return 0, fmt.Errorf("%q is not a time: write a number with its unit, such as 250ms, 5s or 2m", value)
	case d > maxTime:
		return 0, fmt.Errorf("a script takes at most %s", maxTime)
	}
	return d, nil
}

// readRange reads a time or a range of times.
func readRange(value string) (low, high time.Duration, err error) {
	from, to, isRange := strings.Cut(value, "..")
	if !isRange {
		to = from
	}
	if low, err = readTime(from); err == nil {
		high, err = readTime(to)
	}
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("%q is no time and no range of times: write one such as 2ms, or 20ms..2s", value)
	case low > high:
		return 0, 0, fmt.Errorf("the range %s ends before it begins: write the shorter time first", value)
	}
	return low, high, nil
}

// readProbability reads "20%" or "0.2". Percent are read as a decimal number whose point is moved, since a division would
// sometimes give the neighbour of the number that was meant.
func readProbability(value string) (float64, error) {
	number := value
	if digits, percent := strings.CutSuffix(value, "%"); percent {
		number = digits + "e-2"
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0 && f <= 1) { // written so that NaN is refused too
		return 0, fmt.Errorf("%q is not a probability: write 0%% to 100%%, or a number from 0 to 1", value)
	}
	return f, nil
}
