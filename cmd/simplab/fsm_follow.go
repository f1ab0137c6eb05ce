package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"simp/cmd/internal/watch"
	"simp/cmd/simplab/internal/follow"
	"simp/cmd/simplab/internal/protocol"
	"simp/codec/client"
)

// drawEvery is how often a picture is drawn anew at most, and drawAnyway how often it is while nothing happens: the terminal may
// have got another size.
const (
	drawEvery  = 50 * time.Millisecond
	drawAnyway = time.Second
)

// errEnded makes the status 1.
var errEnded = errors.New("the daemon has ended the connection: it was stopped, or it had to wait too long for this program; follow it again once it runs")

// follow shows what a running daemon does until it ends, or until somebody has seen enough.
func (c fsmCommand) follow(l lab) error {
	json := c.To.name == "json"
	switch {
	case c.Why != nil || c.State != nil || c.On != nil || c.Width != nil || len(c.Words) > 0:
		return misuse{errors.New("--follow shows everything that a daemon does: leave out --why, --state, --on and --width, and every further word")}
	case !json && c.To.name != "text":
		return misuse{fmt.Errorf("a daemon can be followed as text or json, not %s", c.To.name)}
	case json && c.Plain:
		return misuse{errors.New("--plain is text, and --to json is not: leave out one of them")}
	}
	ctx, stop := signal.NotifyContext(l.ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	stream, err := watch.Dial(ctx, c.Follow.AddrPort)
	if err == nil {
		screen, isScreen := screenOf(l.stdout)
		switch {
		case json:
			err = unlessStuck(ctx, func() error { return followJSON(stream, l.stdout) })
		case isScreen && !c.Plain:
			err = followLive(ctx, stream, screen, coloured(l.stdout))
		default:
			err = unlessStuck(ctx, func() error { return followPlain(stream, l.stdout) })
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil // seen enough
	case errors.Is(err, watch.ErrEnded):
		return errEnded
	}
	return err
}

// lastLine is how long what is being written may take once the end has been asked for.
const lastLine = 500 * time.Millisecond

// unlessStuck does work, whose writing may never return: whoever reads what it writes may have stopped reading. So it is not waited
// for long once ctx has ended.
func unlessStuck(ctx context.Context, work func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended: // with a whole line
		return err
	case <-time.After(lastLine):
		return ctx.Err()
	}
}

// screenOf returns the terminal that w is, if a picture can be drawn on it.
func screenOf(w io.Writer) (*os.File, bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil, false
	}
	return f, true
}

// followJSON writes the events as they are: nothing in them can harm a terminal.
func followJSON(s *watch.Stream, w io.Writer) error {
	write := func(ev client.Event) error {
		line, err := client.Native{}.AppendEvent(nil, ev)
		if err != nil {
			return fmt.Errorf("an event of the daemon cannot be written again: %w", err)
		}
		return written(w, string(line))
	}
	if err := write(s.Start); err != nil {
		return err
	}
	for ev := range s.Events() {
		if err := write(ev); err != nil {
			return err
		}
	}
	return s.Err()
}

func followPlain(s *watch.Stream, w io.Writer) error {
	if err := written(w, follow.Begin(s.Start)); err != nil {
		return err
	}
	for ev := range s.Events() {
		if line := follow.Line(ev); line != "" {
			if err := written(w, line); err != nil {
				return err
			}
		}
	}
	return s.Err()
}

func written(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("what the daemon does could not be written: %w", err)
	}
	return nil
}

// What a terminal is told (ECMA-48, and xterm's second screen, which leaves what was on the first as it was).
const (
	enter     = "\x1b[?1049h\x1b[?25l"
	leave     = "\x1b[?25h\x1b[?1049l"
	toTop     = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// followLive draws a picture, again and again in the same place.
func followLive(ctx context.Context, s *watch.Stream, screen *os.File, colour bool) (err error) {
	if err := written(screen, enter); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, written(screen, leave)) }()
	model, picture := follow.NewModel(s.Start), follow.Picture{Colour: colour, Zone: time.Local, Sentence: protocol.Sentence}
	clock := time.NewTicker(drawEvery)
	defer clock.Stop()
	var drawn time.Time
	changed := true
	for {
		if now := time.Now(); changed && now.Sub(drawn) >= drawEvery || now.Sub(drawn) >= drawAnyway {
			picture.Width, picture.Height, err = term.GetSize(int(screen.Fd()))
			if err != nil {
				return fmt.Errorf("the terminal does not say how large it is; try --plain: %w", err)
			}
			picture.Width-- // what is written into the last column is at some terminals erased together with what is behind it
			view := strings.Join(picture.Lines(model), clearLine+"\r\n")
			if err := written(screen, toTop+view+clearLine+clearRest); err != nil {
				return err
			}
			drawn, changed = now, false
		}
		select {
		case ev, more := <-s.Events():
			if !more {
				return s.Err()
			}
			model.Take(ev)
			changed = true
		case <-clock.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
