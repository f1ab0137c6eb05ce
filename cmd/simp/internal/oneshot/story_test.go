package oneshot

import (
	"net/netip"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"simp/cmd/simp/internal/core"
	"simp/cmd/simp/internal/core/coretest"
)

func TestStories(t *testing.T) {
	coretest.Run(t, "testdata/stories", func(t *testing.T, d *datadriven.TestData) core.Core {
		t.Helper()
		var peer string
		d.ScanArgs(t, "peer", &peer)
		return New(Options{User: "alice", Peer: netip.MustParseAddrPort(peer), Wait: time.Minute})
	})
}
