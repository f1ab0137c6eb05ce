package follow_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/engine/follow"
	"simp/netio/pcap"
)

type teller struct {
	b     strings.Builder
	start time.Time
}

func (t *teller) Seen(s *follow.Seen) {
	c := s.Conversation
	what := s.Datagram.String()
	if s.Err != nil {
		what = s.Err.Error()
	}
	arrow := "->"
	if s.By == follow.Called {
		arrow = "<-"
	}
	fmt.Fprintf(&t.b, "%8.3f c%d #%d %s %s %s", s.At.Sub(t.start).Seconds(), c.ID, s.N, arrow, what, s.Copy)
	if s.Copy != follow.Fresh {
		fmt.Fprintf(&t.b, " of #%d (%d)", s.First, s.Copies)
	}
	if s.Answers != nil {
		fmt.Fprintf(&t.b, " answers %s #%d", s.Answers.Kind, s.Answers.Last)
	}
	if s.Was != s.Is {
		fmt.Fprintf(&t.b, " | %s, %s", s.Is[0], s.Is[1])
	}
	t.b.WriteByte('\n')
}

func (t *teller) Missing(m *follow.Missing) {
	at := 0.0
	if !m.Due.IsZero() {
		at = m.Due.Sub(t.start).Seconds()
	}
	fmt.Fprintf(&t.b, "%8.3f c%d missing from %d: %s awaited=%v\n", at, m.Conversation.ID, m.By, m, m.Awaited)
}

func (t *teller) Ended(c *follow.Conversation) {
	fmt.Fprintf(&t.b, "         c%d ended\n", c.ID)
}

var update = flag.Bool("update", false, "rewrite the golden files")

const golden = "../../testdata/follow/recordings.golden"

// What was recorded of others, as a Follower understands it.
func TestFollower_UnderstandsWhatWasRecorded(t *testing.T) {
	files, err := filepath.Glob("../../testdata/traces/*.pcap")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all strings.Builder
	for _, name := range files {
		c, err := pcap.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		told := &teller{start: c.Start}
		f := follow.New(follow.Options{}, told)
		for i, d := range c.Datagrams {
			if follow.BetweenDaemons(d.From, d.To, follow.Port) {
				f.Packet(follow.Packet{N: i + 1, At: d.At, From: d.From, To: d.To, Bytes: d.Payload})
			}
		}
		f.Finish()
		if told.b.Len() > 0 {
			fmt.Fprintf(&all, "%s\n%s\n", filepath.Base(name), told.b.String())
		}
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./engine/follow -update)", err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("what is understood has changed (-want +got); if it should have, go test ./engine/follow -update:\n%s", diff)
	}
}
