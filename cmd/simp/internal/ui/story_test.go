package ui

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"simp/cmd/simp/internal/core"
	"simp/cmd/simp/internal/core/coretest"
)

func TestStories(t *testing.T) {
	coretest.Run(t, "testdata/stories", func(t *testing.T, d *datadriven.TestData) core.Core {
		t.Helper()
		var opt Options
		d.MaybeScanArgs(t, "user", &opt.User)
		opt.Pipe = d.HasArg("pipe")
		return New(opt)
	})
}
