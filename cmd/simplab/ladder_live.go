package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"simp/cmd/simplab/internal/ladder"
)

// live draws what goes on until somebody ends it.
func (c ladderCommand) live(l lab, form ladderForm) error {
	switch form.name {
	case "text", "plain", "json":
	default:
		return misuse{fmt.Errorf("--live draws while it happens, as text, plain or json: leave out --to %s", form.name)}
	}
	ctx, stop := signal.NotifyContext(l.ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	source, err := openLive(ctx, c.File, uint16(c.Port), "simplab ladder --live ADDR")
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return misuse{err}
	}
	defer source.close()
	err = unlessStuck(ctx, func() error {
		return c.writeTo(l, func(to *bufio.Writer, o ladder.TextOptions) error {
			o.Hold = -1
			d := liveLadder{reader: ladder.NewReader(c.options(), form.make(to, drawn{text: o})), to: to, source: source.name}
			if width := terminalWidth(l.stdout); width > 0 && form.name == "text" && (c.Out == "" || c.Out == "-") {
				d.countdown = width
			}
			return d.run(ctx, source)
		})
	})
	if errors.Is(err, context.Canceled) {
		return nil // nobody reads what is drawn
	}
	return err
}

// liveLadder draws packets as they come, and between them lets time pass.
type liveLadder struct {
	reader    *ladder.Reader
	to        *bufio.Writer
	source    string
	countdown int  // columns of the line that counts down; 0: there is none
	counting  bool // it stands in the last line
}

// countEvery is how often the countdown changes.
const countEvery = 100 * time.Millisecond

func (d *liveLadder) run(ctx context.Context, from liveSource) error {
	packets, ended, taken := from.pump(ctx)
	d.reader.Begin(time.Now())
	var tick <-chan time.Time
	if d.countdown > 0 {
		ticker := time.NewTicker(countEvery)
		defer ticker.Stop()
		tick = ticker.C
	}
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		if err := d.show(); err != nil {
			return err
		}
		if at, any := d.reader.NextDue(); any {
			due.Reset(time.Until(at.Add(slack)))
		}
		var err error
		select {
		case p := <-packets:
			d.erase()
			if p.gap != "" {
				err = d.reader.Remark(time.Now(), p.gap)
			} else {
				err = d.reader.Packet(p.packet)
			}
			taken <- struct{}{}
		case <-tick:
		case <-due.C:
			d.erase()
			err = d.reader.Advance(time.Now().Add(-slack))
		case <-ctx.Done():
			return d.finish()
		case err = <-ended:
			if finished := d.finish(); finished != nil || ctx.Err() != nil {
				return finished
			}
			return fmt.Errorf("%s: %w", d.source, err)
		}
		if err != nil {
			return err
		}
	}
}

// finish draws what is still awaited, and leaves no countdown behind.
func (d *liveLadder) finish() error {
	d.erase()
	if err := d.reader.Finish(); err != nil {
		return err
	}
	return d.flush()
}

func (d *liveLadder) flush() error {
	if err := d.to.Flush(); err != nil {
		return fmt.Errorf("the drawing could not be written: %w", err)
	}
	return nil
}

// show lets what was drawn go out, with the countdown below it.
func (d *liveLadder) show() error {
	if d.countdown > 0 {
		line := countdown(d.reader, d.source, time.Now())
		_, _ = fmt.Fprintf(d.to, "\r%s\x1b[K", ladder.Cut(line, d.countdown-1)) // a bufio.Writer keeps its error until Flush
		d.counting = true
	}
	return d.flush()
}

// erase makes room for rows where the countdown is.
func (d *liveLadder) erase() {
	if d.counting {
		_, _ = d.to.WriteString("\r\x1b[K")
		d.counting = false
	}
}

// countdown says what comes next.
func countdown(r *ladder.Reader, source string, now time.Time) string {
	next, any := r.Awaits()
	if !any {
		return "Watching " + source + ": nothing is awaited. Ctrl-C ends."
	}
	from, other := next.Conversation.Parties[next.From].Who(), next.Conversation.Parties[next.From.Other()].Who()
	left := fmt.Sprintf("%.1f s", max(0, next.At.Sub(now).Seconds()))
	switch {
	case next.At.IsZero():
		return fmt.Sprintf("%s's user has to answer %s #%d of %s.", from, next.ForKind, next.For, other)
	case next.Retransmits():
		return fmt.Sprintf("%s sends %s #%d again in %s unless %s comes.", other, next.ForKind, next.For, left, next.Kind)
	}
	return fmt.Sprintf("%s should send %s within %s.", from, next.Summary, left)
}
