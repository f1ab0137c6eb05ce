package sim

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"simp/engine"
)

// Format writes the script in the form in which Parse reads it. What it writes says the same as the script, and is
// written as the same again.
func (s *Script) Format() string {
	var b strings.Builder
	for _, line := range s.Prose {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	if len(s.Prose) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range s.Parties {
		b.WriteString(p.format() + "\n")
	}
	if s.Network != good || s.Ordered {
		b.WriteString(s.formatNetwork() + "\n")
	}
	if s.Seed != 0 {
		fmt.Fprintf(&b, "seed %d\n", s.Seed)
	}
	if s.Random.Acts > 0 {
		b.WriteString(s.Random.format() + "\n")
	}
	if s.Talk > 0 {
		fmt.Fprintf(&b, "talk %d\n", s.Talk)
	}
	if s.Until > 0 {
		fmt.Fprintf(&b, "until %s\n", formatTime(s.Until))
	}
	if s.Calm != defaultCalm {
		fmt.Fprintf(&b, "calm %s\n", formatTime(s.Calm))
	}
	if len(s.Acts) > 0 {
		b.WriteByte('\n')
	}
	for i := range s.Acts {
		b.WriteString(s.Acts[i].String() + "\n")
	}
	if len(s.Fates) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range s.Fates {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

func (p *Party) format() string {
	if p.Kind != 0 {
		return fmt.Sprintf("peer %s kind=%s", p.Name, p.Kind)
	}
	line, usual := "node "+p.Name, NewNode("")
	if p.Plain {
		line += " plain"
	}
	if p.Dialect != "" {
		line += " dialect=" + p.Dialect
	}
	if p.Accept != usual.Accept {
		line += " accept=" + string(p.Accept)
	}
	if p.MaxChats != usual.MaxChats {
		line += fmt.Sprintf(" max-chats=%d", p.MaxChats)
	}
	if p.Expiry != usual.Expiry {
		line += " expiry=" + formatTime(p.Expiry)
	}
	if p.Retransmit != usual.Retransmit {
		line += " retransmit=" + formatTime(p.Retransmit)
	}
	return line
}

func (s *Script) formatNetwork() string {
	line, f := "network", s.Network
	for _, p := range []struct {
		name  string
		value float64
	}{{"drop", f.Drop}, {"duplicate", f.Duplicate}, {"reorder", f.Reorder}} {
		if p.value != 0 {
			line += " " + p.name + "=" + formatProbability(p.value)
		}
	}
	if f.MinDelay != good.MinDelay || f.MaxDelay != good.MaxDelay {
		line += " delay=" + formatRange(f.MinDelay, f.MaxDelay)
	}
	if s.Ordered {
		line += " ordered"
	}
	return line
}

func (r *Random) format() string {
	line := fmt.Sprintf("random %d", r.Acts)
	if r.Pace != defaultPace {
		line += " pace=" + formatTime(r.Pace)
	}
	if r.Crash {
		line += " crash"
	}
	if r.Crashes > 0 {
		line += fmt.Sprintf(" crashes=%d", r.Crashes)
	}
	if r.Partition != [2]time.Duration{} {
		line += " partition=" + formatRange(r.Partition[0], r.Partition[1])
	}
	return line
}

// String writes the act as a line of a script.
func (a *Act) String() string {
	at := formatTime(a.At)
	switch a.Verb {
	case Crashes, Detaches, Attaches:
		return fmt.Sprintf("%s %s %s", at, a.Who, a.Verb)
	case Says:
		return fmt.Sprintf("%s %s %s %s %s", at, a.Who, a.Verb, a.Whom, a.Text)
	case Fires:
		return fmt.Sprintf("%s %s %s %s %s", at, a.Who, a.Verb, a.Whom, a.Timer)
	case Partition:
		return fmt.Sprintf("%s %s %s %s for %s", at, a.Verb, a.Who, a.Whom, formatTime(a.For))
	case Forge:
		return fmt.Sprintf("%s %s %s %s %s", at, a.Verb, a.Who, a.Whom, hex.EncodeToString(a.Bytes))
	case Invites, Cancels, Accepts, Declines, Leaves, LeavesNow:
	}
	return fmt.Sprintf("%s %s %s %s", at, a.Who, a.Verb, a.Whom)
}

// String writes the fate as a line of a script.
func (f Fate) String() string {
	line := fmt.Sprintf("fate %s %s %d ", f.From, f.To, f.N)
	if len(f.After) == 0 {
		return line + "lost"
	}
	line += "after"
	for _, d := range f.After {
		line += " " + formatTime(d)
	}
	return line
}

// formatTime writes a time as short as it is read: 20m, not 20m0s.
func formatTime(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func formatRange(low, high time.Duration) string {
	if low == high {
		return formatTime(low)
	}
	return formatTime(low) + ".." + formatTime(high)
}

// formatProbability writes percent, or a number from 0 to 1 where percent would be read as another.
func formatProbability(p float64) string {
	percent := strconv.FormatFloat(100*p, 'g', 6, 64) + "%" // few digits: 100 times 0.07 is a little more than 7
	if back, err := readProbability(percent); err == nil && back == p {
		return percent
	}
	return strconv.FormatFloat(p, 'g', -1, 64)
}

// acceptNames are the ways to treat an invitation, as scripts name them.
func acceptNames() []engine.Accept {
	return []engine.Accept{engine.AcceptAsk, engine.AcceptAuto, engine.AcceptNever}
}
