package ladder_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/cmd/simplab/internal/ladder"
	"simp/engine/follow"
	"simp/engine/sim"
	"simp/netio/pcap"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	testdata = "../../../../testdata"
	golden   = testdata + "/ladder"
)

// packets are those of a recording that go between daemons.
func packets(tb testing.TB, name string) []follow.Packet {
	tb.Helper()
	if !strings.Contains(name, "/") {
		name = "traces/" + name + ".pcap"
	}
	r, err := pcap.Open(filepath.Join(testdata, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var all []follow.Packet
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		if p.Proto == pcap.UDP && follow.BetweenDaemons(p.From, p.To, follow.Port) {
			all = append(all, follow.Packet{N: p.N, At: p.At, From: p.From, To: p.To, Bytes: slices.Clone(p.Payload), Cut: p.Cut})
		}
	}
}

// native is what our own daemons send while a story is played.
func native(tb testing.TB, story string) []follow.Packet {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, "scripts", story+".txt"))
	if err != nil {
		tb.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "----\n")
	script, err := sim.Parse(head)
	if err != nil {
		tb.Fatal(err)
	}
	var all []follow.Packet
	script.Play(sim.Options{Capture: func(at time.Time, from, to netip.AddrPort, datagram []byte) {
		all = append(all, follow.Packet{N: len(all) + 1, At: at, From: from, To: to, Bytes: slices.Clone(datagram)})
	}})
	return all
}

// draw lets a drawing have packets.
func draw(tb testing.TB, all []follow.Packet, o ladder.Options, with func(io.Writer) ladder.Drawing) string {
	tb.Helper()
	var out bytes.Buffer
	r := ladder.NewReader(o, with(&out))
	for _, p := range all {
		if err := r.Packet(p); err != nil {
			tb.Fatal(err)
		}
	}
	if err := r.Finish(); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

func asPlain(to io.Writer) ladder.Drawing   { return ladder.NewPlain(to) }
func asJSON(to io.Writer) ladder.Drawing    { return ladder.NewJSON(to) }
func asSVG(to io.Writer) ladder.Drawing     { return ladder.NewSVG(to) }
func asMermaid(to io.Writer) ladder.Drawing { return ladder.NewMermaid(to) }
func asHTML(to io.Writer) ladder.Drawing    { return ladder.NewHTML(to, "a test") }

// asText draws with characters.
func asText(o ladder.TextOptions) func(io.Writer) ladder.Drawing {
	return func(to io.Writer) ladder.Drawing { return ladder.NewText(to, o) }
}

// recordings are the names of those that have traffic between daemons, those of other implementations first.
func recordings(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, where := range []string{"traces/*.pcap", "records/*.pcapng"} {
		files, err := filepath.Glob(filepath.Join(testdata, where))
		if err != nil || len(files) == 0 {
			tb.Fatalf("there is no %s: %v", where, err)
		}
		for _, f := range files {
			name := filepath.Join(filepath.Dir(where), filepath.Base(f))
			if len(packets(tb, name)) > 0 {
				names = append(names, name)
			}
		}
	}
	return names
}

// compare compares with a golden file, or writes it.
func compare(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join(golden, file)
	if *update {
		if err := os.MkdirAll(golden, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./cmd/simplab/internal/ladder -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s has changed (-want +got); if it should have, go test ./cmd/simplab/internal/ladder -update:\n%s", file, diff)
	}
}

// All that was recorded, in plain lines.
func TestPlain_Recordings(t *testing.T) {
	var all strings.Builder
	for _, name := range recordings(t) {
		fmt.Fprintf(&all, "%s\n%s\n", name, draw(t, packets(t, name), ladder.Options{}, asPlain))
	}
	compare(t, "plain.golden", all.String())
}

// Some of it in every form.
func TestDrawings(t *testing.T) {
	for name, all := range map[string][]follow.Packet{
		"a-retransmit": packets(t, "a-retransmit"),
		"d-decline":    packets(t, "d-decline"),
		"lost-syn-ack": native(t, "lost-syn-ack"),
	} {
		for _, form := range []struct {
			ending string
			with   func(io.Writer) ladder.Drawing
		}{
			{"text", asText(ladder.TextOptions{})}, {"narrow", asText(ladder.TextOptions{Width: 60})}, {"colour", asText(ladder.TextOptions{Width: 80, Colour: true})},
			{"json", asJSON}, {"svg", asSVG}, {"mermaid", asMermaid},
		} {
			compare(t, name+"."+form.ending+".golden", draw(t, all, ladder.Options{}, form.with))
		}
	}
	compare(t, "lost-syn-ack.plain.golden", draw(t, native(t, "lost-syn-ack"), ladder.Options{}, asPlain))
}
