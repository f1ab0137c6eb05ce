package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
)

// driver runs a core: it brings it what happens, one thing at a time, and does what it says. One goroutine, one select.
type driver struct {
	core    core.Core
	console console
	link    *link
	signals <-chan os.Signal
	stderr  io.Writer
	name    string

	frames  [][]byte // for the daemon, not written yet
	reading bool     // a line was asked for
	ended   bool     // no more lines come
	bad     bool     // the input or the output failed

	stop    <-chan struct{} // the caller wants the end
	timer   context.Context // what Step.Wait waits for
	cancels context.CancelFunc
}

// backlog is how many lines may wait to be written to the daemon before no more input is read.
const backlog = 64

func (d *driver) run(ctx context.Context) int {
	d.stop = ctx.Done()
	d.wait(core.NoWait)
	defer func() { d.cancels() }()
	d.core.Resize(d.console.columns())
	step := d.core.Start()
	for {
		if done, status := d.perform(step); done {
			return status
		}
		if !d.reading && !d.ended && d.core.Ready() && len(d.frames) < backlog {
			d.reading = true
			d.console.ask()
		}
		step = d.next()
	}
}

// next waits for the next thing to happen and lets the core decide.
func (d *driver) next() core.Step {
	var frame []byte
	var out chan<- []byte
	if len(d.frames) > 0 {
		frame, out = d.frames[0], d.link.frames
	}
	select {
	case out <- frame:
		d.frames = d.frames[1:]
		return core.Step{}
	case t := <-d.console.input():
		d.core.Resize(d.console.columns())
		return d.typed(t)
	case r := <-d.link.events:
		d.core.Resize(d.console.columns())
		if r.err != nil {
			return d.core.Lost(lost(r.err))
		}
		return d.core.Event(r.event, r.line)
	case sig := <-d.signals:
		if sig == os.Interrupt {
			return d.core.Interrupt()
		}
		return d.core.End()
	case <-d.timer.Done():
		d.wait(core.NoWait)
		return d.core.Expire()
	case <-d.stop:
		d.stop = nil // it says so once
		return d.core.End()
	}
}

func (d *driver) typed(t typed) core.Step {
	d.reading = false
	switch {
	case t.err != nil:
		d.ended = true
		if !errors.Is(t.err, io.EOF) {
			d.bad = true
			d.complain(t.err.Error())
		}
		return d.core.End()
	case t.interrupt:
		return d.core.Interrupt()
	case t.end:
		return d.core.End()
	}
	return d.core.Line(t.text)
}

// perform does what a step says, and reports the exit status if it was the last.
func (d *driver) perform(s core.Step) (done bool, status int) {
	if err := d.console.show(s.Show, d.core.Prompt()); err != nil && !d.bad {
		d.bad = true
		d.complain(err.Error())
		d.merge(&s, d.core.End())
	}
	for _, w := range s.Warn {
		d.complain(w)
	}
	for _, l := range s.Pass {
		d.frames = append(d.frames, []byte(l+"\n"))
	}
	for _, cmd := range s.Send {
		b, err := client.Native{}.AppendCommand(nil, cmd)
		if err != nil {
			d.bad = true
			d.complain(fmt.Sprintf("The command %s could not be written, which is a fault of this program: %v.", cmd.Op(), err))
			continue
		}
		d.frames = append(d.frames, b)
	}
	if s.Wait != 0 {
		d.wait(s.Wait)
	}
	if !s.Done {
		return false, 0
	}
	d.link.finish(d.frames)
	if s.Status == 0 && d.bad {
		s.Status = 1
	}
	return true, s.Status
}

// merge adds what came of a failure to a step that is being performed. Nothing of it can be shown any more.
func (d *driver) merge(s *core.Step, more core.Step) {
	s.Warn = append(s.Warn, more.Warn...)
	s.Pass = append(s.Pass, more.Pass...)
	s.Send = append(s.Send, more.Send...)
	if more.Wait != 0 {
		s.Wait = more.Wait
	}
	if more.Done {
		s.Done, s.Status = true, more.Status
	}
}

func (d *driver) complain(sentence string) {
	_, _ = fmt.Fprintf(d.stderr, "%s: %s\n", d.name, sentence)
}

// wait starts the time that a step asks for, in place of any other.
func (d *driver) wait(t time.Duration) {
	if d.cancels != nil {
		d.cancels()
	}
	if t == core.NoWait {
		// Never done: cancelling it is of no interest, since it is replaced in the same breath.
		d.timer, d.cancels = context.Background(), func() {}
		return
	}
	d.timer, d.cancels = context.WithTimeout(context.Background(), t)
}
