package relay

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"simp/cmd/simp/internal/core"
	"simp/cmd/simp/internal/core/coretest"
)

func TestStories(t *testing.T) {
	coretest.Run(t, "testdata/stories", func(t *testing.T, d *datadriven.TestData) core.Core {
		t.Helper()
		var user string
		d.MaybeScanArgs(t, "user", &user)
		return New(user)
	})
}
