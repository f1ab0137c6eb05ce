package replay_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"simp/engine/replay"
	"simp/engine/sim"
)

// story is a chat with a message each way. Its datagrams, from 1:
//
//	1 alice SYN  2 bob ACK (rings)  3 bob SYN+ACK  4 alice ACK  5 alice CHAT  6 bob ACK  7 bob CHAT  8 alice ACK  9 alice FIN  10 bob ACK
const story = `
node alice
node bob

0s alice invites bob
1s bob accepts alice
2s alice says bob hi
4s bob says alice yes
20s alice leaves bob
`

func capture(tb testing.TB, script string) []captured {
	tb.Helper()
	s, err := sim.Parse(script)
	if err != nil {
		tb.Fatal(err)
	}
	return play(s)
}

// lines are divergences, one a line.
func lines(told []replay.Divergence) (all []string) {
	slices.SortStableFunc(told, func(a, b replay.Divergence) int { return cmp.Compare(a.At, b.At) })
	for _, d := range told {
		l := fmt.Sprintf("#%d %s %s", d.N, d.At.Round(time.Millisecond), d.Self.Addr())
		if d.Sent != "" {
			l += " sent " + short(d.Sent) + ";"
		}
		if d.Ours != "" {
			l += " ours " + short(d.Ours)
		}
		if d.Repeat {
			l += " again"
		}
		l += " (" + d.Rule + ")"
		if d.UntilN > 0 {
			l += fmt.Sprintf(" until #%d %s", d.UntilN, d.Until.Round(time.Millisecond))
		}
		if d.More > 0 {
			l += fmt.Sprintf(" +%d", d.More)
		}
		all = append(all, l)
	}
	return all
}

// short is a summary without its words.
func short(says string) string {
	kind, rest, _ := strings.Cut(says, " ")
	seq, _, _ := strings.Cut(rest, " ")
	return kind + " " + seq
}

// silence is a datagram of nobody that makes the recording longer.
func silence(after time.Duration, all []captured) []captured {
	c := all[len(all)-1]
	c.at = c.at.Add(after)
	c.from, c.to = netip.MustParseAddrPort("10.9.9.9:1"), netip.MustParseAddrPort("10.9.9.8:2")
	return append(all, c)
}

func remove(n int) func([]captured) []captured {
	return func(all []captured) []captured { return slices.Delete(all, n-1, n) }
}

func delay(n int, by time.Duration) func([]captured) []captured {
	return func(all []captured) []captured {
		all[n-1].at = all[n-1].at.Add(by)
		slices.SortStableFunc(all, func(a, b captured) int { return a.at.Compare(b.at) })
		return all
	}
}

func again(n int, after time.Duration) func([]captured) []captured {
	return func(all []captured) []captured {
		c := all[n-1]
		c.at = c.at.Add(after)
		all = append(all, c)
		slices.SortStableFunc(all, func(a, b captured) int { return a.at.Compare(b.at) })
		return all
	}
}

func alter(n int, at int, to byte) func([]captured) []captured {
	return func(all []captured) []captured {
		all[n-1].raw = bytes.Clone(all[n-1].raw)
		all[n-1].raw[at] = to
		return all
	}
}

// What is different in a recording is told, in the place where it is, and what a recording cannot know is not.
func TestReplay(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]captured) []captured
		want   []string
	}{
		{"nothing", func(all []captured) []captured { return all }, nil},
		{"an answer a little late", delay(6, 200*time.Millisecond), nil},
		{"an answer late", delay(6, 300*time.Millisecond), []string{
			"#0 2s 10.0.0.2 ours ACK seq=0 (established/message) until #6 2.301s",
		}},
		{"an answer never: it is missing, and so are the copies of what it answers", remove(6), []string{
			"#0 2s 10.0.0.2 ours ACK seq=0 (established/message)",
			"#0 7s 10.0.0.1 ours CHAT seq=0 again (established/repeat-chat) +2",
		}},
		{"the last answer never", remove(10), []string{
			"#0 20s 10.0.0.2 ours ACK seq=1 (established/partner-left)",
			"#0 25s 10.0.0.1 ours FIN seq=1 again (fin-wait/repeat-fin) +1",
		}},
		{"an answer with the wrong number", alter(6, 2, 1), []string{
			"#6 2.001s 10.0.0.2 sent ACK seq=1; ours ACK seq=0 (established/message)",
			"#0 7s 10.0.0.1 ours CHAT seq=0 again (established/repeat-chat) +2",
		}},
		{"an answer twice", again(6, 100*time.Millisecond), []string{
			"#7 2.101s 10.0.0.2 sent ACK seq=0; (established)",
		}},
		{"a message again, though it was answered", again(5, time.Second), []string{
			"#7 3s 10.0.0.1 sent CHAT seq=0; (established)",
			"#0 3s 10.0.0.2 ours ACK seq=0 (established/duplicate)",
		}},
		{"what is no SIMP", alter(5, 0, 9), []string{
			"#5 2s 10.0.0.1 sent 53 bytes; (established)",
			"#6 2.001s 10.0.0.2 sent ACK seq=0; (established)",
			"#9 20s 10.0.0.1 sent FIN seq=1; ours FIN seq=0 (established/leave)",
			"#0 25s 10.0.0.1 ours FIN seq=0 again (fin-wait/repeat-fin) +1",
		}},
		{"the beginning is missing", func(all []captured) []captured { return all[4:] }, nil},
		{"only the beginning is there, and so nobody knows what bob's daemon is", func(all []captured) []captured { return all[:1] }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := capture(t, story)
			if len(all) != 10 {
				t.Fatalf("%d datagrams", len(all))
			}
			told, _ := replayed(silence(40*time.Second, c.change(all)))
			if diff := gocmp.Diff(c.want, lines(told)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Repeats come when the recorded daemon's timer fires, which is not when ours would: ours goes on from there.
func TestReplay_TimersDrift(t *testing.T) {
	all := capture(t, story)
	chat := all[4]
	for _, c := range []struct {
		every time.Duration
		want  int
	}{{5 * time.Second, 0}, {4800 * time.Millisecond, 0}, {5200 * time.Millisecond, 0}, {4 * time.Second, 1}, {6 * time.Second, 1}} {
		repeated := slices.Clone(all[:5])
		for i := range 5 {
			d := chat
			d.at = d.at.Add(time.Duration(i+1) * c.every)
			repeated = append(repeated, d)
		}
		told, _ := replayed(repeated)
		told = slices.DeleteFunc(told, func(d replay.Divergence) bool { return d.Self == chat.to }) // which does not answer
		if got := min(len(told), 1); got != c.want {
			t.Errorf("repeated every %s: %v", c.every, lines(told))
		}
	}
}

// A recording in which a daemon is started again goes on: the new invitation is one, whatever was open before.
func TestReplay_StartedAgain(t *testing.T) {
	all := capture(t, story)[:8]
	second := capture(t, strings.ReplaceAll(story, "hi", "here I am again"))
	for _, d := range second {
		d.at = d.at.Add(time.Minute)
		d.raw = bytes.ReplaceAll(d.raw, []byte("qhpuefs5"), []byte("qhpuefs6"))
		all = append(all, d)
	}
	told, r := replayed(all)
	if got := lines(told); len(got) == 0 || got[0] != "#9 1m0s 10.0.0.1 sent SYN seq=0; (established)" {
		t.Errorf("%v", got)
	}
	if r.Followed != len(all) {
		t.Errorf("%d of %d followed", r.Followed, len(all))
	}
}

// A conversation whose beginning is missing is left alone, and counted for each place; the next one is followed.
func TestReplay_Middle(t *testing.T) {
	all := capture(t, story)
	told, r := replayed(append(slices.Clone(all[5:]), shifted(all, time.Minute)...))
	if len(told) > 0 || r.Middle != 2*5 || r.Followed != len(all) {
		t.Errorf("%v, %d left alone, %d followed", lines(told), r.Middle, r.Followed)
	}
}

func shifted(all []captured, by time.Duration) []captured {
	all = slices.Clone(all)
	for i := range all {
		all[i].at = all[i].at.Add(by)
	}
	return all
}

// Parts of the work are the work.
func TestReplay_Parts(t *testing.T) {
	all := remove(6)(capture(t, story))
	survey := replay.NewSurvey()
	for _, c := range all {
		survey.Packet(c.from, c.to, c.raw)
	}
	var whole, parts []replay.Divergence
	follow := func(to *[]replay.Divergence, part, of int) (followed int) {
		r := replay.New(replay.Options{Survey: survey, Part: part, Parts: of, Report: func(d replay.Divergence) { *to = append(*to, d) }})
		for i, c := range all {
			r.Packet(i+1, c.at, c.from, c.to, c.raw)
		}
		r.End()
		return r.Followed
	}
	total := follow(&whole, 0, 0)
	for part := range 3 {
		total -= follow(&parts, part, 3)
	}
	if diff := gocmp.Diff(lines(whole), lines(parts)); diff != "" || total != 0 || len(whole) == 0 {
		t.Errorf("%d more or less were followed; (-whole +parts):\n%s", total, diff)
	}
}

// A survey finds out how each daemon was started.
func TestSurvey(t *testing.T) {
	all := capture(t, strings.Replace(story, "node bob", "node bob plain", 1))
	s := replay.NewSurvey()
	for _, c := range all {
		s.Packet(c.from, c.to, c.raw)
	}
	s.Packet(all[0].from, all[0].to, []byte("what is this?"))
	elsewhere := netip.MustParseAddrPort("10.0.0.9:8888")
	s.Packet(elsewhere, elsewhere, all[0].raw)
	if s.Datagrams != len(all) || s.Unreadable != 1 || s.Elsewhere() != 8888 {
		t.Errorf("%d datagrams, %d unreadable, others on port %d", s.Datagrams, s.Unreadable, s.Elsewhere())
	}
	if got := s.Daemons(); len(got) != 2 || got[0] != all[0].from || got[1] != all[0].to {
		t.Errorf("daemons %v", got)
	}
	if told, _ := replayed(all); len(told) > 0 {
		t.Errorf("%v", lines(told))
	}
	if other := replay.NewSurvey(8888); other.Elsewhere() != 0 {
		t.Error("nothing was seen, and there is something elsewhere")
	}
}
