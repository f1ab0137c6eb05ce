package demo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fast is a pace for tests.
func fast() Options {
	return Options{Latency: 20 * time.Millisecond, Retransmit: 200 * time.Millisecond, Deadline: 20 * time.Second}
}

// TestPlay plays the whole story with real daemons, and checks what is drawn of it.
func TestPlay(t *testing.T) {
	var cast Cast
	var entries []Entry
	verdict, err := Play(t.Context(), fast(), func(c Cast) { cast = c }, func(e Entry) { entries = append(entries, e) })
	if err != nil {
		t.Fatal(err)
	}
	if len(verdict.Missing) > 0 {
		t.Errorf("missing:\n%s", strings.Join(verdict.Missing, "\n"))
	}
	if cast.Addr[Left] == cast.Addr[Right] || cast.Addr[Left] == "" {
		t.Errorf("the daemons are at %q", cast.Addr)
	}

	// The states that each machine goes through.
	var states [2][]string
	for _, e := range entries {
		if e.Kind == Step && e.Text != e.Detail {
			states[e.Side] = append(states[e.Side], e.Text+" > "+e.Detail)
		}
	}
	want := [2][]string{
		Left:  {"idle > syn-sent", "syn-sent > established", "established > fin-wait", "fin-wait > idle"},
		Right: {"idle > syn-received", "syn-received > established", "established > idle"},
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}

	// The datagram that is lost, and its copy.
	var lost, again []Entry
	for _, e := range entries {
		if e.Kind == Datagram && e.Lost {
			lost = append(lost, e)
		}
		if e.Kind == Datagram && e.Copy > 1 {
			again = append(again, e)
		}
	}
	if len(lost) != 1 || len(again) != 1 || lost[0].Text != again[0].Text || again[0].At-lost[0].At < fast().Retransmit {
		t.Errorf("lost: %+v\nagain: %+v\nwant one each, the same, %v apart at least", lost, again, fast().Retransmit)
	}
	if !slices.IsSortedFunc(entries, func(a, b Entry) int {
		if b.Kind == Chapter || a.Kind == Chapter || b.At > a.At-beat {
			return 0 // the clock begins with the first chapter, and only beats are put in order
		}
		return 1
	}) {
		t.Error("what happened is not drawn in the order in which it did")
	}
}

// TestPlayHangs: when the story does not go on, it ends all the same, and the verdict says what was missing.
func TestPlayHangs(t *testing.T) {
	o := fast()
	o.Retransmit = time.Minute // what is lost stays lost
	o.Deadline = time.Second
	begin := time.Now()
	verdict, err := Play(t.Context(), o, func(Cast) {}, func(Entry) {})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}
	missing := strings.Join(verdict.Missing, "\n")
	for _, want := range []string{"The story stopped: alice was not told in time", `"Still there?"`, "sent again 0 times", "not told that the chat is over"} {
		if !strings.Contains(missing, want) {
			t.Errorf("the verdict does not say %q:\n%s", want, missing)
		}
	}
}
