package main

import (
	"strings"
	"testing"
	"time"
)

// For a second nothing is said; then a line five times a second, which is gone in the end.
func TestProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var screen strings.Builder
	p := newProgress(nil, "reading", func() time.Time { return now })
	p.to = &screen
	steps := func(n int, upTo time.Duration) {
		for i := range n {
			now = time.Unix(0, 0).Add(upTo * time.Duration(i+1) / time.Duration(n))
			p.step(1_000_000+i, 0.25)
		}
	}
	steps(100_000, 999*time.Millisecond)
	if screen.Len() > 0 {
		t.Errorf("within the first second it says %q", &screen)
	}
	now = time.Unix(2, 0)
	for range 5000 {
		p.step(2_000_000, 0.5)
	}
	if want := "\rreading: 2000000 packets, 50%, 1000000 a second"; screen.String() != want {
		t.Errorf("it says %q, want %q, once", &screen, want)
	}
	screen.Reset()
	now = time.Unix(2, 300_000_000)
	for range 5000 {
		p.step(3_000_000, -1)
	}
	if want := "\rreading: 3000000 packets, 1304348 a second     "; screen.String() != want {
		t.Errorf("it says %q, want %q", &screen, want)
	}
	screen.Reset()
	p.end()
	if got := screen.String(); strings.Trim(got, "\r ") != "" || !strings.HasSuffix(got, "\r") {
		t.Errorf("in the end %q stands there", got)
	}
}

// Whoever is no terminal gets nothing.
func TestProgress_NoTerminal(t *testing.T) {
	now := time.Unix(0, 0)
	var file strings.Builder
	p := newProgress(&file, "reading", func() time.Time { return now })
	for i := range 100_000 {
		now = now.Add(time.Millisecond)
		p.step(i, 0.5)
	}
	p.end()
	if file.Len() > 0 {
		t.Errorf("it says %q", &file)
	}
}
