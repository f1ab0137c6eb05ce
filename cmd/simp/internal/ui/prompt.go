package ui

import "fmt"

const promptMark = "> "

// Prompt is the status line: what is going on stands in front of what is being typed, at any moment. Where that would
// take half the screen, it says less. A pipe gets none.
func (m *Model) Prompt() string {
	if m.opt.Pipe {
		return ""
	}
	long, short := m.status()
	if m.columns > 0 && columnsOf(long+promptMark) > m.columns/2 {
		long = short
	}
	if long == "" {
		return promptMark
	}
	return long + " " + promptMark
}

func (m *Model) status() (long, short string) {
	switch m.phase {
	case naming:
		return "Your name", "Name"
	case attaching:
		return "", ""
	case attached:
	}
	if c := m.current; c != nil {
		return m.statusOf(c)
	}
	if c := m.out(); c != nil {
		return m.statusOf(c)
	}
	if closing := m.in(leaving); len(closing) > 0 {
		return m.statusOf(closing[0])
	}
	switch asks := m.in(asking); {
	case len(asks) == 1:
		return m.label(asks[0]) + " asks, y or n", "y/n"
	case len(asks) > 1:
		return fmt.Sprintf("%d ask", len(asks)), fmt.Sprintf("%d ask", len(asks))
	}
	return "", ""
}

func (m *Model) statusOf(c *conversation) (long, short string) {
	long = m.label(c)
	short = long
	verb := map[state]string{inviting: "inviting ", connecting: "connecting to ", leaving: "leaving "}[c.state]
	long = verb + long
	switch {
	case c.tries > 1 && c.state == open:
		return fmt.Sprintf("%s, not answering, try %d", long, c.tries), fmt.Sprintf("%s, try %d", short, c.tries)
	case c.tries > 1:
		return fmt.Sprintf("%s, try %d", long, c.tries), fmt.Sprintf("%s, try %d", short, c.tries)
	case len(c.ours) > 0:
		return long + ", " + c.onTheirWay(), fmt.Sprintf("%s, %d", short, len(c.ours))
	}
	return long, short
}
