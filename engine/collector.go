package engine

import (
	"os"
	"runtime/debug"
)

// collectorPercent is how much a daemon's heap may grow, in percent, before the garbage collector runs. What a message
// leaves behind is small, but each run looks at the stacks of all conversations. At a thousand of them this is worth a
// tenth of the pace, and costs some ten megabytes.
const collectorPercent = 400

// TuneCollector sets the garbage collector of the whole process to what suits a daemon, unless the environment variable
// GOGC has something to say. Programs whose main work is a daemon call it once at their start.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}
