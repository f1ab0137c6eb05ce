package main

import (
	"io"
	"os"
)

type replayCommand struct {
	Files []string `arg:"" name:"FILE" type:"path" help:"A recording of simpd --record; its parts in order, if it has several."`
}

// Help is shown below the command's usage.
func (replayCommand) Help() string {
	return "A recording in JSON lines is replayed exactly: each conversation with the inputs, the times and everything else that it was told " +
		"then. The same steps, events and bytes must come of it; if not, the first difference is shown, as it was recorded and as it is now."
}

// Run replays.
func (c replayCommand) Run(l lab) error {
	return replayExact(l, c.Files, func(name string) (io.ReadCloser, error) { return os.Open(name) })
}
