package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// People get lines that fit, programs whole ones.
func TestFoldAt(t *testing.T) {
	terminal, far, err := pty.Open()
	if err != nil {
		t.Skipf("there is no terminal to be had: %v", err)
	}
	defer func() { _, _ = terminal.Close(), far.Close() }()
	for columns, want := range map[uint16]int{60: 60, 100: 100, 250: 100} {
		if err := pty.Setsize(far, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
			t.Fatal(err)
		}
		if got := foldAt(far); got != want {
			t.Errorf("on a terminal of %d columns it is folded at %d, want %d", columns, got, want)
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "machine.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if got := foldAt(file); got != 0 {
		t.Errorf("in a file it is folded at %d", got)
	}
	if got := foldAt(new(bytes.Buffer)); got != 0 {
		t.Errorf("in a buffer it is folded at %d", got)
	}
}
