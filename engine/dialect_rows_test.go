package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// No file but dialect.go knows what a kind of peer is: the others see the values of its row.
func TestDialects_AreRows(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]bool)
	for _, d := range dialects {
		if d.lettered() {
			rows["kind"+strings.ToUpper(d.name)] = true
		}
	}
	named := make(map[string]int) // kinds, by file
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if rows[n.Name] {
					named[name]++
				}
			case *ast.BasicLit: // by which a row could be found
				if kind := "kind" + strings.ToUpper(strings.Trim(n.Value, `"`)); n.Kind == token.STRING && rows[kind] {
					named[name]++
				}
			}
			return true
		})
	}
	if named["dialect.go"] < len(rows) {
		t.Errorf("dialect.go names the kinds %d times: this tests nothing", named["dialect.go"])
	}
	delete(named, "dialect.go")
	for name, times := range named {
		t.Errorf("%s names a kind of peer %d times: let it be a value of the row", name, times)
	}
}
