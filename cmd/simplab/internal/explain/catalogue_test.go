package explain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/engine/rules"
)

func TestCatalogue(t *testing.T) {
	list := Catalogue{zero, answer, repeat, twice}
	asJSON, err := list.JSON()
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "rules.txt", list.Text(70, false))
	compare(t, "rules.md", list.Markdown())
	compare(t, "rules.json", asJSON)
	compare(t, "rule.txt", Rule(repeat, 70, false))
	compare(t, "rule.md", RuleMarkdown(zero))
}

// Every rule that there is belongs to a group with a title, and says everything.
func TestCatalogue_IsWhole(t *testing.T) {
	seen := make(map[string]bool)
	for _, g := range Catalogue(rules.All()).groups() {
		if strings.Contains(g.title, "/") || len(g.title) < 3 || seen[g.title] {
			t.Errorf("the group %q has no title, or is there twice", g.title)
		}
		seen[g.title] = true
		for _, r := range g.rules {
			if r.Name == "" || r.Sentence == "" || r.Usually == "" || r.Ref == "" {
				t.Errorf("%s lacks something", r.ID)
			}
		}
	}
}

func TestCatalogue_Nearest(t *testing.T) {
	var list Catalogue
	for _, id := range []string{"dg/1", "dg/2", "hs/1", "sw/1", "sw/3", "sw/4", "sw/5", "sw/10"} {
		list = append(list, &rules.Rule{ID: id})
	}
	for id, want := range map[string][]string{
		"sw4": {"sw/4"}, "SW/4": {"sw/4"}, "sv/4": {"sw/4"}, "sw/11": {"sw/10"}, "hs/9": {"hs/1"}, "s/10": {"sw/10"}, "dg": {"dg/1", "dg/2"}, "xx/1": {"dg/1", "hs/1", "sw/1"},
		"": {}, "?": {},
	} {
		if diff := cmp.Diff(want, append([]string{}, list.Nearest(id)...)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", id, diff)
		}
	}
}
