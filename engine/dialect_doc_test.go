package engine

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/fsm"
)

var updateDocs = flag.Bool("update-docs", false, "write the generated table of dialects in PROTOCOL.md anew")

// The rows in the documentation are the rows of the program.
func TestDocs_ProtocolHasTheDialects(t *testing.T) {
	const path, begin, end = "../PROTOCOL.md", "<!-- generated: engine.dialects -->\n", "<!-- end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	was, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the dialects", path)
	}
	want := dialectTable()
	if *updateDocs {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(was, "\n")); diff != "" {
		t.Errorf("%s (-want +got; go test ./engine -run Docs -update-docs writes it):\n%s", path, diff)
	}
}

func dialectTable() string {
	var b strings.Builder
	b.WriteString("| dialect | recognised by | written | copies: SYN, SYN+ACK, message, FIN, refusal | otherwise | seen in |\n|---|---|---|---|---|---|\n")
	for _, d := range dialects {
		var by []string
		for _, ev := range evidences {
			if ev.as == d {
				by = append(by, ev.says)
			}
		}
		switch d {
		case unknown:
			by = []string{"nothing yet"}
		case native:
			by = []string{"it announces itself"}
		case standard:
			by = []string{"only the user's word"}
		}
		p := d.policy
		fmt.Fprintf(&b, "| %s | %s | %s, messages up to %d bytes | %s, %s, %s, %s, %s | %s | %s |\n", d.name, strings.Join(by, "; "), d.wire.Name, d.limit(),
			copies(p.SYNCopies), copies(p.SYNACKCopies), copies(p.ChatCopies), copies(p.FINCopies), copies(p.RefusalCopies),
			strings.Join(manners(d), "; "), d.trace)
	}
	return b.String()
}

func copies(n uint8) string {
	if n == 0 {
		return "∞"
	}
	return fmt.Sprint(n)
}

// manners are the values of a row that are not numbers, in words.
func manners(d *dialect) []string {
	p := d.policy
	var all []string
	for _, m := range []struct {
		on   bool
		says string
	}{
		{p.Rings, "rings (3.5)"},
		{p.Labels, "labels (2.3)"},
		{p.TriesOther, "the other number is tried (4.15)"},
		{p.Numbers == fsm.Shared, "one counter for both directions (4.18)"},
		{p.Numbers == fsm.Counting, "numbers go on over all chats (4.17)"},
		{p.Numbers == fsm.Tracked, "every datagram counts (4.14)"},
		{p.AnyACK, "any ACK counts (4.13)"},
		{p.AcksOnce, "acknowledges once (4.16)"},
		{p.AckRefusal, "its refusal is acknowledged (3.17)"},
		{p.BusyERROnly, "busy is ERR alone (5.2)"},
		{p.LateWithdrawal, "invitations are withdrawn without a word (3.22)"},
		{p.LastWord, "nothing follows a FIN (6.11)"},
		{p.QuietFIN, "no FIN after an answer (6.3)"},
		{p.Grows, "growing intervals (4.6)"},
		{d.pause > 0, "answers wait " + d.pause.String()},
		{d.echoes, "its echo of our messages is not shown"},
		{p.NoFIN, "no FIN (6.12)"},
		{d.copying.after > 0, "copies are told by time (4.11)"},
		{d.finACK != 0, "its FIN is acknowledged with 0c (1.4)"},
	} {
		if m.on {
			all = append(all, m.says)
		}
	}
	return all
}
