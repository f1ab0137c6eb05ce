// Package coretest plays a story to a core and writes down what it does, so that a test reads like a session.
//
// A story is a file for github.com/cockroachdb/datadriven. Its directives:
//
//	start [key=value ...]    a new core, with options that the test understands
//	type                     each line of the input is typed
//	event                    each line of the input is an event of the daemon, as JSON without "v"
//	end, interrupt, expire   what their methods mean
//	lost [err=...]           the connection has ended
//	resize columns=N
//
// What comes out is shown with a word in front: "|" for a line on the screen, "!" for one on standard error, "->" for a
// command, "=>" for a line that is passed on, "wait" and "done"; and at the end the prompt, if it has changed, and
// "not ready" if no more lines may be read.
package coretest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
)

// Run plays the stories in a directory to the cores that start makes.
func Run(t *testing.T, dir string, start func(t *testing.T, d *datadriven.TestData) core.Core) {
	t.Helper()
	datadriven.Walk(t, dir, func(t *testing.T, path string) {
		p := &player{t: t}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			p.out.Reset()
			if d.Cmd == "start" {
				p.core = start(t, d)
				p.prompt, p.over = "", false
				p.show(p.core.Start())
			} else {
				p.play(d)
			}
			p.state()
			return p.out.String()
		})
	})
}

type player struct {
	t      *testing.T
	core   core.Core
	out    strings.Builder
	prompt string
	over   bool
}

func (p *player) play(d *datadriven.TestData) {
	if p.over {
		d.Fatalf(p.t, "the core is done, and something happens after that")
	}
	switch d.Cmd {
	case "type":
		for _, l := range strings.Split(strings.ReplaceAll(d.Input, `\x1b`, "\x1b"), "\n") {
			p.show(p.core.Line(l))
		}
	case "event":
		for _, l := range strings.Split(d.Input, "\n") {
			l = `{"v":1,` + strings.TrimPrefix(l, "{")
			ev, err := client.Native{}.DecodeEvent([]byte(l))
			if err != nil {
				d.Fatalf(p.t, "%v", err)
			}
			p.show(p.core.Event(ev, l))
		}
	case "end":
		p.show(p.core.End())
	case "interrupt":
		p.show(p.core.Interrupt())
	case "expire":
		p.show(p.core.Expire())
	case "lost":
		var err error
		if d.HasArg("err") {
			var text string
			d.ScanArgs(p.t, "err", &text)
			err = errors.New(text)
		}
		p.show(p.core.Lost(err))
	case "resize":
		var columns int
		d.ScanArgs(p.t, "columns", &columns)
		p.core.Resize(columns)
	default:
		d.Fatalf(p.t, "there is no directive %q", d.Cmd)
	}
}

func (p *player) show(s core.Step) {
	for _, l := range s.Show {
		fmt.Fprintf(&p.out, "| %s\n", l)
	}
	for _, l := range s.Warn {
		fmt.Fprintf(&p.out, "! %s\n", l)
	}
	for _, l := range s.Pass {
		fmt.Fprintf(&p.out, "=> %s\n", l)
	}
	for _, cmd := range s.Send {
		b, err := client.Native{}.AppendCommand(nil, cmd)
		if err != nil {
			p.t.Errorf("a command that cannot be written: %v", err)
		}
		fmt.Fprintf(&p.out, "-> %s", b)
	}
	switch {
	case s.Wait == core.NoWait:
		fmt.Fprintln(&p.out, "wait no more")
	case s.Wait != 0:
		fmt.Fprintf(&p.out, "wait %s\n", s.Wait)
	}
	if s.Done {
		fmt.Fprintf(&p.out, "done, status %d\n", s.Status)
		p.over = true
	}
}

func (p *player) state() {
	if p.over {
		return
	}
	if prompt := p.core.Prompt(); prompt != p.prompt {
		fmt.Fprintf(&p.out, "prompt %q\n", prompt)
		p.prompt = prompt
	}
	if !p.core.Ready() {
		fmt.Fprintln(&p.out, "not ready")
	}
}
