package client

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// The lists have what can be decoded, and what there is a sample of.
func TestOps(t *testing.T) {
	for _, op := range Ops() {
		var refused *DecodeError
		if _, err := (Native{}).DecodeCommand(fmt.Appendf(nil, `{"op":%q}`, op)); errors.As(err, &refused) && refused.Reason == ReasonUnknownOp {
			t.Errorf("%q is no command", op)
		}
	}
	for _, c := range sampleCommands() {
		if !slices.Contains(Ops(), c.Op()) {
			t.Errorf("the list lacks %q", c.Op())
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range Names() {
		e, err := Native{}.DecodeEvent(fmt.Appendf(nil, `{"v":1,"ev":%q}`, name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, unknown := e.(Unknown); unknown {
			t.Errorf("%q is no event", name)
		}
	}
	for _, e := range sampleEvents() {
		if _, unknown := e.(Unknown); !unknown && !slices.Contains(Names(), e.Name()) {
			t.Errorf("the list lacks %q", e.Name())
		}
	}
}
