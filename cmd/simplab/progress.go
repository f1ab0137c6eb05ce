package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress is a line on a terminal that says how far something has come which takes longer than a second. On anything but a
// terminal it says nothing.
type progress struct {
	to    io.Writer        // nil: nobody looks
	clock func() time.Time // the time
	verb  string           // what is done, such as "reading"

	began, shown time.Time
	asked        uint
	width        int // of what stands there
}

const (
	progressAfter = time.Second // how long something takes without a word
	progressMask  = 1<<10 - 1   // how often the clock is read: once in so many steps
)

// newProgress begins. clock is time.Now but in a test.
func newProgress(to io.Writer, verb string, clock func() time.Time) *progress {
	p := &progress{clock: clock, verb: verb, began: clock()}
	if f, isFile := to.(*os.File); isFile && term.IsTerminal(int(f.Fd())) {
		p.to = to
	}
	return p
}

// step says how many there are done, and what part of all that is, from 0 to 1; negative: nobody knows. It costs next to nothing
// when called often.
func (p *progress) step(done int, part float64) {
	if p.asked++; p.to == nil || p.asked&progressMask != 0 {
		return
	}
	now := p.clock()
	if now.Sub(p.began) < progressAfter || now.Sub(p.shown) < progressEvery {
		return
	}
	p.shown = now
	line := fmt.Sprintf("%s: %d packets", p.verb, done)
	if part >= 0 {
		line += fmt.Sprintf(", %.0f%%", 100*min(part, 1))
	}
	if s := now.Sub(p.began).Seconds(); s > 0 {
		line += fmt.Sprintf(", %.0f a second", float64(done)/s)
	}
	p.write(line)
}

// end takes the line away.
func (p *progress) end() {
	if p.width > 0 {
		p.write("")
		_, _ = io.WriteString(p.to, "\r")
	}
}

// write overwrites what stands there.
func (p *progress) write(line string) {
	_, _ = fmt.Fprintf(p.to, "\r%-*s", p.width, line)
	p.width = len(line)
}
