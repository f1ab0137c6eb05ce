package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"simp/codec/text"
	"simp/engine/record"
)

// replayExact replays a recording in JSON lines, whose parts are given in order, and prints what came of it. The error is a
// misuse if a part cannot be read.
func replayExact(l lab, names []string, open func(name string) (io.ReadCloser, error)) error {
	r := record.NewReplayer()
	for _, name := range names {
		if err := replayPart(r, name, open); err != nil {
			return misuse{fmt.Errorf("%s: %w", text.Visible(name), err)}
		}
	}
	report := r.Report()
	if report.Inputs == 0 && report.Difference == nil && (report.LeftOut > 0 || report.Lost > 0) {
		return misuse{errors.New("nothing of it can be replayed, since no conversation has its beginning in it: give the files before it, too, in order")}
	}
	if err := l.print(describeReplay(report)); err != nil {
		return err
	}
	if report.Difference != nil {
		return errors.New("what is recorded is not what this version does")
	}
	return nil
}

func replayPart(r *record.Replayer, name string, open func(name string) (io.ReadCloser, error)) error {
	f, err := open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("you may not read it")
	case err != nil:
		return err
	}
	defer func() { _ = f.Close() }()
	return r.Play(filepath.Base(name), f)
}

// describeReplay says what came of a replay, for people.
func describeReplay(r record.Report) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	parts := ""
	if r.Parts > 1 {
		parts = fmt.Sprintf(", in %d files", r.Parts)
	}
	line("Recorded by the daemon at %s (simp %s), %s long%s.", r.Addr, text.Visible(r.Daemon), r.Length.Round(time.Millisecond), parts)
	line("Replayed: %s with %s; of that came %s, %s and %s.", several(r.Conversations, "conversation"), several(r.Inputs, "input"),
		several(r.Steps, "step"), several(r.Datagrams, "sent datagram"), several(r.Events, "event"))
	if n := r.Unreadable + r.Dropped; n > 0 {
		line("Not replayed: %s that came to no conversation (%d not to be read, %d while too many waited).", several(n, "datagram"), r.Unreadable, r.Dropped)
	}
	if r.Lost > 0 {
		line("The daemon was too busy to write down %s; conversations that were open then are left out from there on.", several(int(r.Lost), "input"))
	}
	if r.LeftOut > 0 {
		line("Left out: %s of conversations whose beginning is missing.", several(r.LeftOut, "input"))
	}
	if r.Difference != nil {
		line("")
		b.WriteString(r.Difference.String())
		return b.String()
	}
	line("The same: every step, event and byte is as it was.")
	switch {
	case r.Torn:
		line("Its last line is cut off: the daemon was killed while it wrote it.")
	case r.Next != "":
		line("It goes on in %s, which was not given.", text.Visible(r.Next))
	case !r.Closed:
		line("It has no end: the daemon was killed, or still runs.")
	}
	return b.String()
}
