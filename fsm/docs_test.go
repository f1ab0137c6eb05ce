package fsm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	protocolFile     = filepath.Join("..", "PROTOCOL.md")
	architectureFile = filepath.Join("..", "ARCHITECTURE.md")
)

// generated checks, or with -update rewrites, what stands between the two marks of a document:
//
//	<!-- generated: fsm.Markdown -->
//	<!-- end -->
func generated(t *testing.T, file, name, content string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+name+" -->\n", "\n<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatalf("%s has no place for it: put %q and %q there, each on a line of its own", file, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	// Empty marks share the line break that otherwise stands before the second.
	got, after, ok := strings.Cut("\n"+rest, end)
	if !ok {
		t.Fatalf("%s: nothing ends %q", file, strings.TrimSpace(begin))
	}
	want := "\n" + strings.TrimSpace(content) + "\n"
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want[1:]+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s: %s has changed (-want +got; go test ./fsm -update rewrites it):\n%s", file, name, diffLines(want, got))
}

func TestDocs_ProtocolHasTheRuleTable(t *testing.T) {
	generated(t, protocolFile, "fsm.Markdown", Whole().Markdown())
}

func TestDocs_ArchitectureHasTheDiagram(t *testing.T) {
	generated(t, architectureFile, "fsm.Mermaid", "```mermaid\n"+Whole().Mermaid()+"```")
}

func TestGraphviz_Golden(t *testing.T) { golden(t, "machine.dot", Whole().Graphviz()) }

// A pipe or a line break in a cell would break the table silently.
func TestMarkdown_HasOneRowForEachRule(t *testing.T) {
	rows := 0
	for line := range strings.Lines(Whole().Markdown()) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		if got := strings.Count(line, "|"); got != 7 {
			t.Errorf("%d pipes instead of 7 in: %s", got, line)
		}
		rows++
	}
	if want := NumRules() + 2*len(States()); rows != want {
		t.Errorf("%d rows for %d rules and the heads of %d tables", rows, NumRules(), len(States()))
	}
}

// Mermaid's state diagrams take no hyphen in an identifier, and silently draw a new box for one that was not declared.
func TestMermaid_KeepsToTheGrammar(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(Whole().Mermaid(), "\n"), "\n")
	if lines[0] != "stateDiagram-v2" {
		t.Fatalf("the first line is %q", lines[0])
	}
	state := regexp.MustCompile(`^    state "([a-z-]+)" as ([a-z_]+)$`)
	arrow := regexp.MustCompile(`^    (\[\*\]|[a-z_]+) --> ([a-z_]+)(?:: [A-Za-z]+(?:<br/>[A-Za-z]+)*)?$`)
	declared, drawn := map[string]bool{"[*]": true}, map[string]bool{}
	for _, line := range lines[1:] {
		if m := state.FindStringSubmatch(line); m != nil {
			declared[m[2]] = true
			continue
		}
		m := arrow.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("neither a state nor an arrow: %q", line)
			continue
		}
		if !declared[m[1]] || !declared[m[2]] {
			t.Errorf("an arrow between states that were not declared: %q", line)
		}
		if drawn[m[1]+m[2]] {
			t.Errorf("a second arrow between the same states: %q", line)
		}
		drawn[m[1]+m[2]] = true
	}
	if got, want := len(declared), len(States())+1; got != want {
		t.Errorf("%d states are declared, want %d", got, want)
	}
	for _, r := range Rules() {
		from, to := strings.ReplaceAll(r.From.String(), "-", "_"), strings.ReplaceAll(r.To.String(), "-", "_")
		if from != to && !drawn[from+to] {
			t.Errorf("the diagram lacks the arrow of %s", r.ID())
		}
	}
}
