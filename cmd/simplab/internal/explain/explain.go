// Package explain says in words what the rules found: as text for people, as Markdown for reports, as JSON for programs. It knows
// nothing of where packets come from, and reads nothing.
package explain

import (
	"io"
	"net/netip"
	"time"

	"simp/engine/rules"
)

// Source is where packets come from. Its fields may be set until the first report.
type Source struct {
	Name  string    // such as the file's; "" if there is only one, which everybody knows
	Start time.Time // what times are counted from
	Timed bool      // there are times
	Live  bool      // somebody is waiting: each report is shown at once

	// Who calls an address what it is called here; nil: itself.
	Who func(netip.AddrPort) string

	// Lone says that a conversation is a datagram by itself, and no conversation; nil: none is.
	Lone func(*rules.Report) bool
}

func (s *Source) lone(r *rules.Report) bool { return s.Lone != nil && s.Lone(r) }

func (s *Source) who(addr netip.AddrPort) string {
	if s.Who != nil {
		return s.Who(addr)
	}
	return addr.String()
}

// Writer says what was found. Errors of writing are kept until Close.
type Writer interface {
	// Begin begins with a source.
	Begin(s *Source)
	// Report says what is to be said of a conversation of it.
	Report(r *rules.Report)
	// End ends it. broken is not nil if something came after what was judged, and could not be read.
	End(t Tally, broken error)
	// Unread says that a source has nothing that could be judged, and why. It takes the place of Begin and End.
	Unread(s *Source, why error)
	// Close ends everything, after that of all sources.
	Close(total Tally) error
}

// sheet is something to write on. It keeps the first error, so that nobody has to ask after each line.
type sheet struct {
	to  io.Writer
	err error
}

func (s *sheet) write(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.to, text)
	}
}
