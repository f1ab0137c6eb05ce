package version

import (
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
	vcs := func(revision, modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}
	}
	const commit = "4bf21263d0a1c5e8f7b6a5d4c3b2a1908f7e6d5c"
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{"a release, built in its work tree", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs(commit, "false")}, "v1.2.3"},
		{"changed after the release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: vcs(commit, "true")}, "devel+4bf21263d0a1-dirty"},
		{"a commit", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs(commit, "false")}, "devel+4bf21263d0a1"},
		{"a version that the toolchain made up", debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20260102150405-4bf21263d0a1"}, Settings: vcs(commit, "false")}, "devel+4bf21263d0a1"},
		{"a short revision", debug.BuildInfo{Settings: vcs("4bf2", "false")}, "devel+4bf2"},
		{"go test", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
		{"nothing known", debug.BuildInfo{}, "devel"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := describe(&test.info); got != test.want {
				t.Errorf("describe() = %q, want %q", got, test.want)
			}
		})
	}
}

func TestString(t *testing.T) {
	got := String()
	if got == "" {
		t.Fatal("String() is empty")
	}
	for _, b := range []byte(got) {
		if b <= ' ' || b > '~' {
			t.Errorf("String() = %q, which has a byte that cannot travel in a line for people: %q", got, b)
		}
	}
}
