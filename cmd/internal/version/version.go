// Package version says which build of the programs is running. The toolchain has written that into the binary, so there
// is no number in the source that could be forgotten at a release, and no linker flag that a plain go build lacks.
package version

import (
	"runtime/debug"
	"strings"
)

// devel is the version of a build that no release and no commit can be named for: go run, go test, a source archive.
const devel = "devel"

// revisionLen is how much of a commit's name is shown: enough to find it, short enough to be read out.
const revisionLen = 12

// String returns the release ("v1.2.3"), or the commit ("devel+4bf21263d0a1", "devel+4bf21263d0a1-dirty" with changes
// that were not committed), or "devel". It is printable ASCII without blanks: it travels in the client protocol.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return devel
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) string {
	// A version such as v0.0.0-20260102150405-4bf21263d0a1+dirty is one that the toolchain made up from the commit; what
	// people need from it is the commit.
	var revision, dirty string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), revisionLen)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	release := info.Main.Version
	switch {
	case strings.HasPrefix(release, "v") && !strings.HasPrefix(release, "v0.0.0-") && dirty == "":
		return release
	case revision != "":
		return devel + "+" + revision + dirty
	}
	return devel
}
