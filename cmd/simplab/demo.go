package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"simp/cmd/internal/flags"
	"simp/cmd/simplab/internal/demo"
)

type demoCommand struct {
	Pause flags.Duration `default:"1s" placeholder:"1s" help:"Time to read what each of the four chapters is about."`
}

// Help is shown below the command's usage.
func (demoCommand) Help() string {
	return "The picture is 100 columns wide. It is plain text when the output is not a terminal, or when NO_COLOR is set."
}

// errNotAsItShould makes the status 1. What was missing is in the picture's last lines.
var errNotAsItShould = errors.New("the demonstration did not go as it should: its last lines say what was missing; try it again on a host that is less busy")

// Run plays the demonstration.
func (c demoCommand) Run(l lab) error {
	pace := demo.Defaults()
	pace.Pause = time.Duration(c.Pause)
	var painter demo.Painter
	painter.Colour = coloured(l.stdout)
	verdict, err := demo.Play(l.ctx, pace,
		func(cast demo.Cast) {
			painter.Cast = cast
			_, _ = io.WriteString(l.stdout, painter.Head())
		},
		func(e demo.Entry) { _, _ = io.WriteString(l.stdout, painter.Entry(e)) })
	if err != nil {
		return fmt.Errorf("the demonstration could not begin: %w", err)
	}
	if _, err := io.WriteString(l.stdout, painter.Verdict(verdict)); err != nil {
		return fmt.Errorf("the picture could not be written: %w", err)
	}
	if len(verdict.Missing) > 0 {
		return errNotAsItShould
	}
	return nil
}

// coloured reports whether what is written to w is seen by somebody who has not asked for plain text (no-color.org).
func coloured(w io.Writer) bool {
	f, isFile := w.(*os.File)
	return isFile && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}
