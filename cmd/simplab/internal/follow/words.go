package follow

import (
	"fmt"
	"net/netip"
	"strings"

	"simp/codec/client"
	"simp/codec/text"
	"simp/fsm"
)

// causes says in words what led to a step.
var causes = map[string]string{
	"datagram": "a datagram came", "command": "the user's command", "timer": "a timer", "attach": "a client has come",
	"detach": "the client has gone", "shutdown": "the daemon stops", "kill": "the daemon's time is up",
}

func causeOf(s client.Step) string {
	if words, known := causes[s.Cause]; known {
		return words
	}
	return s.Cause
}

// ruleOf returns the rule of a step, nil if this program's table has none of that name.
func ruleOf(s client.Step) *fsm.Rule {
	from, err := fsm.ParseState(s.From)
	if err != nil {
		return nil
	}
	on, err := fsm.ParseInput(s.On)
	if err != nil {
		return nil
	}
	for _, r := range fsm.Cell(from, on) {
		if r.Name == s.Rule {
			return r
		}
	}
	return nil
}

// who is a peer and its user's name, as far as known.
func who(peer netip.AddrPort, user string) string {
	if user == "" {
		return peer.String()
	}
	return fmt.Sprintf("%s %q", peer, user)
}

// move is where a step led, its input with its numbers, and its cause.
func move(s client.Step) string {
	words := s.From + " -> " + s.To
	if s.From == s.To {
		words = "stays in " + s.From
	}
	words += fmt.Sprintf(" on %s seq=%d", s.On, s.Seq)
	if s.Tries > 0 {
		words += fmt.Sprintf(" tries=%d", s.Tries)
	}
	return words + " (" + causeOf(s) + ")"
}

// head is the daemon. Who its user is may change without a word.
func head(d client.Watching) string {
	return fmt.Sprintf("simpd %s at %s", text.Visible(d.Daemon), d.Addr)
}

// Begin is the first lines of a report: the daemon, and where every conversation stands.
func Begin(d client.Watching) string {
	var b strings.Builder
	b.WriteString(head(d))
	if d.User == "" {
		b.WriteString(", which has no client now\n")
	} else {
		_, _ = fmt.Fprintf(&b, ", whose user is %q now\n", d.User)
	}
	for _, m := range d.Machines {
		_, _ = fmt.Fprintf(&b, "%s: in %s\n", who(m.Peer, m.User), text.Visible(m.State))
	}
	return b.String()
}

// Line says an event in one line: a step, or what was missed. Others are "", as a step tells what matters of a datagram.
func Line(ev client.Event) string {
	switch ev := ev.(type) {
	case client.Step:
		s := clean(ev)
		line := fmt.Sprintf("%s %s: %s by rule %s/%s",
			s.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), who(s.Peer, s.User), move(s), s.From, s.Rule)
		if r := ruleOf(s); r != nil {
			line += " (" + r.Ref + ")"
		}
		return line + "\n"
	case client.Missed:
		return missed(ev.N) + "\n"
	default:
		return ""
	}
}

func missed(n int) string {
	return count(n, "step or datagram was", "steps and datagrams were") + " missed, since they came faster than they could be read"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
