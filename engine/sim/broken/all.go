package broken

import "slices"

// All returns the traces, sorted by what their faults are about.
func All() []Trace {
	return slices.Concat(written(), handshakes(), messages(), goodbyes(), natives(), shapes(), moments(), mirrored())
}
