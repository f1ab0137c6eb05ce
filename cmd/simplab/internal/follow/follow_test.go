package follow

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"simp/cmd/simplab/internal/protocol"
	"simp/codec/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s has changed (-want +got); if that is meant, run the test with -update:\n%s", name, diff)
	}
}

var (
	bob   = netip.MustParseAddrPort("192.0.2.2:7777")
	carol = netip.MustParseAddrPort("[2001:db8::3]:7777")
	noon  = time.Date(2026, 3, 14, 12, 0, 0, 535_123_000, time.UTC)
	start = client.Watching{
		Addr: netip.MustParseAddrPort("192.0.2.1:7777"), Daemon: "1.2.3", User: "alice",
		Machines: []client.Machine{{Peer: carol, State: "syn-sent"}},
	}
)

// story is a chat, and somebody who means harm.
func story() []client.Event {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	return []client.Event{
		client.Step{At: at(0), Peer: bob, From: "idle", To: "syn-sent", On: "Invite", Rule: "invite", Tries: 1, Cause: "command"},
		client.Datagram{At: at(0), Peer: bob, Dir: client.DirectionOut, Bytes: client.Hex{1}},
		client.Datagram{At: at(3), Peer: bob, Dir: client.DirectionIn, Bytes: client.Hex{1}},
		client.Step{At: at(3), Peer: bob, User: "bob", From: "syn-sent", To: "established", On: "RecvSYNACK", Rule: "accepted", Cause: "datagram"},
		client.Datagram{At: at(3), Peer: bob, Dir: client.DirectionOut, Bytes: client.Hex{1}},
		client.Step{At: at(900), Peer: bob, User: "bob", From: "established", To: "established", On: "Say", Rule: "send", Tries: 1, Cause: "command"},
		client.Datagram{At: at(900), Peer: bob, Dir: client.DirectionOut, Bytes: client.Hex{1}},
		client.Datagram{At: at(950), Peer: netip.MustParseAddrPort("192.0.2.66:1"), Dir: client.DirectionIn},
		client.Step{At: at(5900), Peer: bob, User: "bob", From: "established", To: "established", On: "RetransmitDue", Rule: "repeat-chat", Tries: 2, Cause: "timer"},
		client.Datagram{At: at(5900), Peer: bob, Dir: client.DirectionOut, Bytes: client.Hex{1}},
		client.Missed{N: 2},
		client.Step{At: at(6000), Peer: carol, User: "ev\x1b[2Jil\u202e", From: "syn-sent", To: "new\x1b[2J", On: "Later", Rule: "unheard-of", Cause: "magic"},
	}
}

func told(events []client.Event) *Model {
	m := NewModel(start)
	for _, ev := range events {
		m.Take(ev)
	}
	return m
}

// The picture, after each thing that is drawn differently.
func TestPicture(t *testing.T) {
	p := Picture{Width: 90, Height: 30, Zone: time.UTC, Sentence: protocol.Sentence}
	var b strings.Builder
	for _, n := range []int{0, 2, 5, len(story())} {
		_, _ = fmt.Fprintf(&b, "--- after %d events\n%s\n", n, strings.Join(p.Lines(told(story()[:n])), "\n"))
	}
	_, _ = fmt.Fprintf(&b, "--- of nothing\n%s\n", strings.Join(p.Lines(NewModel(client.Watching{Addr: start.Addr, Daemon: "x"})), "\n"))
	p.Width, p.Height = 50, 14
	_, _ = fmt.Fprintf(&b, "--- small\n%s\n", strings.Join(p.Lines(told(story()[:11])), "\n"))
	p.Width, p.Height, p.Colour = 90, 20, true
	_, _ = fmt.Fprintf(&b, "--- coloured\n%s\n", strings.ReplaceAll(strings.Join(p.Lines(told(story()[:5])), "\n"), "\x1b", "<ESC>"))
	golden(t, "picture.golden", b.String())
}

// The lines, one for each step.
func TestLine(t *testing.T) {
	var b strings.Builder
	b.WriteString(Begin(start))
	b.WriteString(Begin(client.Watching{Addr: start.Addr, Daemon: "1.2.3"}))
	for _, ev := range story() {
		b.WriteString(Line(ev))
	}
	golden(t, "lines.golden", b.String())
}

// wide takes two columns of a terminal. Names of 32 bytes have room for ten of it.
const wide = "漢"

// Where there is more than the screen has room for, its last line says so, and the keys that end it are named on narrow ones, too.
func TestPicture_SaysThatItIsCut(t *testing.T) {
	p := Picture{Width: 50, Zone: time.UTC, Sentence: protocol.Sentence}
	p.Height = 100
	whole := p.Lines(told(story()[:2]))
	for p.Height = 1; p.Height <= len(whole); p.Height++ {
		lines := p.Lines(told(story()[:2]))
		last := lines[len(lines)-1]
		if cut := strings.HasSuffix(last, "…") || strings.HasPrefix(last, "... and 1 more"); cut != (p.Height < len(whole)) {
			t.Errorf("%d of %d lines, the last one %q", p.Height, len(whole), last)
		}
	}
	p.Width, p.Height = 30, 10
	if got := strings.Join(p.Lines(NewModel(client.Watching{Addr: start.Addr})), " "); !strings.Contains(got, "Ctrl-C ends.") {
		t.Errorf("on a narrow screen: %q", got)
	}
}

// The picture fits into every screen, and nothing that came from elsewhere reaches it as an escape sequence.
func TestPicture_Fits(t *testing.T) {
	m := told(story())
	for i := range 40 {
		peer := netip.AddrPortFrom(bob.Addr(), uint16(i+1))
		m.Take(client.Step{Peer: peer, User: strings.Repeat(wide, i%11), From: "idle", To: "syn-received", On: "RecvSYN", Rule: "invitation", Cause: "datagram"})
	}
	for width := range 120 {
		for _, height := range []int{1, 2, 3, 5, 8, 13, 40, 100} {
			p := Picture{Width: width, Height: height, Zone: time.UTC, Sentence: protocol.Sentence}
			lines := p.Lines(m)
			if len(lines) > height {
				t.Errorf("%d lines at %dx%d", len(lines), width, height)
			}
			for _, l := range lines {
				if utf8.RuneCountInString(l)+strings.Count(l, wide) > max(width, 1) || strings.ContainsAny(l, "\x1b\n\u202e") {
					t.Fatalf("at %dx%d: %q", width, height, l)
				}
			}
		}
	}
}

// Strangers without number cost no memory without bound, and do not push out those of whom something was heard since.
func TestModel_IsBounded(t *testing.T) {
	m := told(story())
	for i := range 10 * most {
		m.Take(client.Datagram{Peer: netip.AddrPortFrom(carol.Addr(), uint16(i+10000)), Dir: client.DirectionIn})
		m.Take(client.Datagram{Peer: bob, Dir: client.DirectionIn})
	}
	if len(m.peers) > most {
		t.Errorf("%d conversations are kept in mind", len(m.peers))
	}
	if c := m.peers[bob]; c == nil || c.state != "established" {
		t.Error("the chat is forgotten")
	}
	if all := m.conversations(); len(all) != 1 {
		t.Errorf("%d are shown, want the one that has taken a step", len(all))
	}
}
