package sim

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what the scripts under testdata/scripts come to")

// TestStories plays the scripts under testdata/scripts, each a story with its end: what users did and saw, and the verdict.
// After a change that is meant: go test ./engine/sim -run TestStories -update, and read the difference.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/scripts/*.txt")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d stories, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			story, want, _ := strings.Cut(string(file), "\n"+endOfScript+"\n")
			s, err := Parse(string(file))
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Prose) == 0 {
				t.Error("a story begins with what it is about")
			}
			var got strings.Builder
			r := s.Play(Options{Log: func(line string) { got.WriteString(line + "\n") }})
			got.WriteString("\n" + r.String())
			if !r.OK() {
				t.Error("a promise is broken")
			}
			if *update {
				story = strings.TrimRight(story, "\n") + "\n"
				if err := os.WriteFile(path, []byte(story+endOfScript+"\n"+got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got.String() != want {
				t.Errorf("it ends otherwise:%s", firstDifference(want, got.String()))
			}
		})
	}
}
