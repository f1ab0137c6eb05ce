package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const retransmit = "../../testdata/traces/a-retransmit.pcap"

// A capture that breaks off is drawn as far as it goes, also into a file, and the sentence says where it breaks off.
func TestLadder_BreaksOff(t *testing.T) {
	whole, err := os.ReadFile(retransmit)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	broken, out := filepath.Join(dir, "broken.pcap"), filepath.Join(dir, "out.txt")
	if err := os.WriteFile(broken, whole[:len(whole)-30], 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"ladder", "--plain", "--out", out, broken}, strings.NewReader(""), &stdout, &stderr); status != 2 {
		t.Errorf("status %d, want 2", status)
	}
	if !strings.Contains(stderr.String(), "broken.pcap: it breaks off in packet ") || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("it says %q", &stderr)
	}
	drawn, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(drawn), `packet 15, 127.0.0.1 to 127.0.0.2: SYN seq=0 user="alice"`) {
		t.Errorf("it has drawn %q, %v", drawn, err)
	}
}

// Who may not read it is told so.
func TestLadder_NotPermitted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.pcap")
	if err := os.WriteFile(file, nil, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(file); err == nil {
		_ = f.Close()
		t.Skip("this user may read everything")
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"ladder", file}, strings.NewReader(""), &stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), "permission denied") {
		t.Errorf("status %d, and it says %q", status, &stderr)
	}
}

// drawnOnTerminal is what a command that ends well shows on a terminal of some columns.
func drawnOnTerminal(t *testing.T, columns uint16, args ...string) string {
	t.Helper()
	status, shown := onTerminal(t, columns, "", args...)
	if status != 0 {
		t.Errorf("status %d", status)
	}
	return shown
}

// On a terminal ladders are as wide as it is, and coloured unless somebody does not want that.
func TestLadder_Terminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	drawn := drawnOnTerminal(t, 90, "ladder", retransmit)
	if !strings.Contains(drawn, "\x1b[31m< - - ") {
		t.Errorf("what is missing is not red:\n%q", drawn)
	}
	t.Setenv("NO_COLOR", "1")
	drawn = drawnOnTerminal(t, 90, "ladder", retransmit)
	widest := 0
	for line := range strings.SplitSeq(drawn, "\n") {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	if strings.Contains(drawn, "\x1b") || widest > 90 || widest < 80 {
		t.Errorf("without colours, %d columns wide:\n%q", widest, drawn)
	}
}
