package record

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/engine/double"
	"simp/engine/sim"
	"simp/netio"
)

// tapes are the recordings of the daemons of a simulation, as they would be written.
type tapes map[netip.AddrPort]*bytes.Buffer

var begun = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// record plays a script and returns what its daemons of ours record.
func record(tb testing.TB, s *sim.Script) tapes {
	tb.Helper()
	all := make(tapes)
	s.Play(sim.Options{Observe: all.recorder(tb)})
	return all
}

// recorder begins a recording for each daemon.
func (all tapes) recorder(tb testing.TB) sim.Observe {
	return func(node netip.AddrPort, cfg engine.Config) func(*engine.Observation) {
		file := new(bytes.Buffer)
		all[node] = file
		w, err := NewWriter(file, NewHead(cfg, node, begun))
		if err != nil {
			tb.Fatal(err)
		}
		return func(o *engine.Observation) {
			if err := w.Write(NewEntry(o, begun)); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// replay replays parts and returns what came of it.
func replay(tb testing.TB, parts ...string) Report {
	tb.Helper()
	r := NewReplayer()
	for i, p := range parts {
		if err := r.Play(fmt.Sprintf("part %d", i+1), strings.NewReader(p)); err != nil {
			tb.Fatal(err)
		}
	}
	return r.Report()
}

// Whatever users, networks and daemons of other makes do, a recording gives the same when it is replayed.
func TestReplay_Same(t *testing.T) {
	faults := netio.Faults{Drop: 0.1, Duplicate: 0.1, Reorder: 0.1, MinDelay: time.Millisecond, MaxDelay: 300 * time.Millisecond}
	questions := make(map[string]int)
	inputs := 0
	check := func(name string, recordings func(testing.TB) tapes) {
		t.Run(name, func(t *testing.T) {
			for node, file := range recordings(t) {
				r := replay(t, file.String())
				if r.Difference != nil {
					t.Errorf("%s: %s", node, r.Difference)
				}
				if r.LeftOut > 0 {
					t.Errorf("%s: %d inputs left out", node, r.LeftOut)
				}
				inputs += r.Inputs
				for _, q := range []engine.Question{
					engine.AskStop, engine.AskInUse, engine.AskChat, engine.AskRing, engine.AskInviting, engine.AskBox, engine.AskLinger,
					engine.AskRoom, engine.AskUser, engine.AskName, engine.AskCounter, engine.AskLast,
				} {
					questions[string(q)] += strings.Count(file.String(), `"`+string(q)+" ")
				}
			}
		})
	}
	for seed := range uint64(10) {
		s := sim.Storm{Faults: faults, Nodes: 4, Acts: 60, Pace: 2 * time.Second, Crashes: true}.Script(seed)
		for i := range s.Parties {
			s.Parties[i].Accept = []engine.Accept{engine.AcceptAsk, engine.AcceptAuto, engine.AcceptAsk, engine.AcceptNever}[i]
		}
		check(fmt.Sprintf("storm %d", seed), func(tb testing.TB) tapes { return record(tb, s) })
		for _, kind := range double.Kinds() {
			check(fmt.Sprintf("with %v %d", kind, seed), func(tb testing.TB) tapes {
				all := make(tapes)
				sim.Meeting{
					Kind: kind, Faults: faults, Acts: 60, Pace: 5 * time.Second, Known: seed%2 == 0, Wordy: seed%3 == 0,
					Observe: all.recorder(tb),
				}.Run(seed)
				return all
			})
		}
	}
	paths, err := filepath.Glob("../../testdata/scripts/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d scripts, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sim.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "fires") { // a clock that is wrong is not in the recording
			check(strings.TrimSuffix(filepath.Base(path), ".txt"), func(tb testing.TB) tapes { return record(tb, s) })
		}
	}
	if inputs < 5000 {
		t.Errorf("only %d inputs were replayed", inputs)
	}
	for q, n := range questions {
		if n == 0 {
			t.Errorf("no conversation has asked %q: what it is told was not tried", q)
		}
	}
}

// sample is a recording with a bit of everything.
func sample(tb testing.TB) string {
	tb.Helper()
	s := sim.Storm{Faults: netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}, Nodes: 2, Acts: 30, Pace: time.Second}.Script(3)
	for _, file := range record(tb, s) {
		if text := file.String(); strings.Contains(text, `"rule":"message"`) && strings.Contains(text, `"ev":"message"`) {
			return text
		}
	}
	tb.Fatal("nobody has received a message")
	return ""
}

// change replaces the first occurrence of something behind a mark in a text, and returns the number of its line.
func change(tb testing.TB, text, mark, old, anew string) (string, int) {
	tb.Helper()
	i := strings.Index(text, mark)
	if i < 0 {
		tb.Fatalf("there is no %s", mark)
	}
	k := strings.Index(text[i:], old)
	if k < 0 {
		tb.Fatalf("there is no %s behind %s", old, mark)
	}
	k += i
	return text[:k] + anew + text[k+len(old):], 1 + strings.Count(text[:k], "\n")
}

// Whatever is changed in a recording is found where it is, and both views are told.
func TestReplay_Differences(t *testing.T) {
	whole := sample(t)
	for _, tc := range []struct{ name, mark, old, anew, what, says string }{
		{"a rule", `"rule":"message"`, `"rule":"message"`, `"rule":"ignored"`, "step", "established -> established by established/ignored (RecvCHAT)"},
		{"a state", `"rule":"message"`, `"to":"established"`, `"to":"idle"`, "step", " -> idle by "},
		{"a byte that was sent", `"rule":"message"`, `"sent":["01`, `"sent":["02`, "datagram", "computed now"},
		{"a datagram that was sent", `"rule":"message"`, `"sent":["`, `"sent":["00","`, "datagram", "1 bytes that are no datagram"},
		{"an event", `"ev":"message"`, `"ev":"message"`, `"ev":"delivered"`, "event", `"ev":"message"`},
		{"the state after it", `"rule":"message"`, `"state":"established"`, `"state":"fin-wait"`, "state", "fin-wait"},
		{"a question", `"answers":["`, `"answers":["`, `"answers":["room yes","`, "", "what it asks"},
		{"a step that was not taken", `"steps":[{`, `"steps":[{`,
			`"steps":[{"from":"idle","to":"idle","on":"Accept","rule":"?","seq":0,"tries":0},{`, "step", "by idle/?"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, line := change(t, whole, tc.mark, tc.old, tc.anew)
			d := replay(t, text).Difference
			if d == nil {
				t.Fatal("it is not found")
			}
			if tc.what != "" && d.What != tc.what || d.Line != line && tc.what != "" {
				t.Errorf("it is found in line %d as %q, want line %d, %q", d.Line, d.What, line, tc.what)
			}
			for _, part := range []string{fmt.Sprintf("line %d of part 1", d.Line), tc.says, "recorded then:", "computed now:"} {
				if !strings.Contains(d.String(), part) {
					t.Errorf("it does not say %q:\n%s", part, d)
				}
			}
		})
	}
}

// How a difference is told, in full.
func TestDifference(t *testing.T) {
	text, _ := change(t, sample(t), `"rule":"message"`, `"rule":"message"`, `"rule":"dup\u001b[2Jlicate"`)
	got := replay(t, text).Difference.String()
	want := `first difference: line N of part 1, after T, with PEER
  what happened: a datagram came: CHAT SEQ
  what differs:  step 1
  recorded then:
  * step     established -> established by established/dup␛[2Jlicate (RecvCHAT), seq 0, tries 0
`
	lines, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 2; i < 5; i++ {
		if lines[i] != wants[i] {
			t.Errorf("line %d is %q, want %q", i+1, lines[i], wants[i])
		}
	}
	if !strings.Contains(got, "  * step     established -> established by established/message (RecvCHAT), seq 0, tries 0\n    event    {") {
		t.Errorf("what comes now is missing:\n%s", got)
	}
}

// Recordings go on in further files, which are to be given in order.
func TestReplay_Parts(t *testing.T) {
	whole := sample(t)
	lines := strings.SplitAfter(whole, "\n")
	head, rest := lines[0], lines[1:]
	middle := len(rest) / 2
	first := head + strings.Join(rest[:middle], "") + `{"t":1,"next":"part 2"}` + "\n"
	second := strings.Replace(head, `"part":1`, `"part":2,"continues":"part 1"`, 1) + strings.Join(rest[middle:], "")
	one, both := replay(t, whole), replay(t, first, second)
	if one.Inputs != both.Inputs || both.Difference != nil || both.Parts != 2 || both.LeftOut != 0 {
		t.Errorf("in two parts: %+v; whole: %+v", both, one)
	}
	if only := replay(t, first); only.Next != "part 2" {
		t.Errorf("the first part alone goes on in %q", only.Next)
	}
	if only := replay(t, second); only.Difference != nil || only.LeftOut == 0 {
		t.Errorf("the second part alone: %+v, want some inputs left out and no difference", only)
	}
	for name, parts := range map[string][2]string{"twice": {first, first}, "in the wrong order": {second, first}, "another": {first, strings.Replace(second, "2026", "2025", 1)}} {
		r := NewReplayer()
		if err := r.Play("a", strings.NewReader(parts[0])); err != nil {
			t.Fatal(err)
		}
		if err := r.Play("b", strings.NewReader(parts[1])); err == nil {
			t.Errorf("%s: nobody complains", name)
		}
	}
}

// What was lost is not judged: conversations are left out until they begin anew.
func TestReplay_Lost(t *testing.T) {
	lines := strings.SplitAfter(sample(t), "\n")
	i := len(lines) / 2
	with := strings.Join(lines[:i], "") + `{"t":5,"lost":2}` + "\n" + strings.Join(lines[i+2:], "")
	if r := replay(t, with); r.Difference != nil || r.Lost != 2 || r.LeftOut == 0 {
		t.Errorf("%+v", r)
	}
}

// A command that takes more room than a line of the client protocol has is left out, with the rest of its conversation.
func TestReplay_CommandTooLong(t *testing.T) {
	peer := netip.MustParseAddrPort("10.0.0.2:7777")
	e := NewEntry(&engine.Observation{
		At: begun, Peer: peer, Cause: engine.CauseCommand, Begins: &engine.Birth{Attached: true, Dialect: "unknown"},
		Command: client.Chat{Peer: peer, Text: strings.Repeat("\u200b", 15000)},
	}, begun)
	if e.Command != nil || e.Error == "" {
		t.Fatalf("it is written: %.100s, %q", e.Command, e.Error)
	}
	var file bytes.Buffer
	w, err := NewWriter(&file, NewHead(engine.Defaults(), netip.MustParseAddrPort("10.0.0.1:7777"), begun))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(e); err != nil {
		t.Fatal(err)
	}
	if r := replay(t, file.String()); r.LeftOut != 1 || r.Difference != nil {
		t.Errorf("%+v", r)
	}
}

// A daemon that is killed leaves a torn line: what is before it counts.
func TestReplay_Torn(t *testing.T) {
	whole := sample(t)
	if r := replay(t, whole); r.Torn {
		t.Error("a whole recording is torn")
	}
	r := replay(t, whole[:len(whole)-7])
	if all := replay(t, whole); !r.Torn || r.Inputs != all.Inputs-1 || r.Difference != nil {
		t.Errorf("%+v", r)
	}
}

// What is no recording is an error, and never more.
func TestReplay_Unreadable(t *testing.T) {
	whole := sample(t)
	head, _, _ := strings.Cut(whole, "\n")
	for _, tc := range []struct{ name, text, says string }{
		{"nothing", "", "empty"},
		{"a text", "hello\n", "no recording"},
		{"another JSON", `{"a":1}` + "\n", "no recording"},
		{"another kind", `{"simp":"simulation"}` + "\n", "no recording"},
		{"a newer one", strings.Replace(head, `"version":1`, `"version":2`, 1) + "\n", "newer"},
		{"a broken head", `{"simp":"record","version":"x"}` + "\n", "first line"},
		{"no configuration", `{"simp":"record","version":1}` + "\n", "cannot have run"},
		{"timers without end", strings.Replace(head, `"retransmit":"5s"`, `"retransmit":"2000000h"`, 1) + "\n", "cannot have run"},
		{"a broken line", head + "\n{\n", "line 2"},
		{"an unknown cause", head + "\n" + `{"t":1,"peer":"1.2.3.4:5","cause":"magic"}` + "\n", "magic"},
		{"nobody", head + "\n" + `{"t":1,"cause":"timer"}` + "\n", "with whom"},
		{"no command", head + "\n" + `{"t":1,"peer":"1.2.3.4:5","cause":"command"}` + "\n", "command"},
		{"no such kind", head + "\n" + `{"t":1,"peer":"1.2.3.4:5","cause":"timer","begins":{"attached":true,"dialect":"z"}}` + "\n", "kind of peer"},
		{"no datagram", head + "\n" + `{"t":1,"peer":"1.2.3.4:5","cause":"datagram","raw":"00","begins":{"attached":true,"dialect":"unknown"}}` + "\n", "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := NewReplayer().Play("x", strings.NewReader(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
		})
	}
	if err := NewReplayer().Play("x", strings.NewReader("hello\n")); !errors.Is(err, ErrNotRecording) {
		t.Errorf("%v is not ErrNotRecording", err)
	}
}

// Whatever is in a file, reading and replaying it ends without a panic.
func FuzzReplay(f *testing.F) {
	whole := sample(f)
	lines := strings.SplitAfter(whole, "\n")
	f.Add([]byte(strings.Join(lines[:min(len(lines), 20)], "")))
	f.Add([]byte(lines[0] + `{"t":5,"lost":2}` + "\n"))
	f.Add([]byte(lines[0][:20]))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := NewReplayer()
		if err := r.Play("x", bytes.NewReader(file)); err == nil && r.Report().Difference != nil {
			_ = r.Report().Difference.String()
		}
	})
}
