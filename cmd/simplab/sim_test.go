package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"simp/cmd/internal/flags"
	"simp/engine/sim"
	"simp/netio/pcap"
)

// spoil is a fault: the 7th message of the first user is changed on its way.
func spoil(b []byte) []byte {
	return bytes.Replace(b, []byte("user1 7"), []byte("user1 9"), 1)
}

// spoiled runs the command with that fault and returns what it prints.
func spoiled(t *testing.T, c simCommand) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	seed := flags.Seed(1)
	c.Seed, c.Loss, c.Delay = &seed, 0.2, flags.Delay{Min: time.Millisecond, Max: 300 * time.Millisecond}
	err = c.Run(lab{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, harm: spoil})
	return out.String(), err
}

// A broken promise is reduced and saved: as a script that breaks it again, and as a capture of what the script sends.
func TestSim_BrokenPromise(t *testing.T) {
	runs := flags.Count(100)
	dir := t.TempDir()
	stdout, err := spoiled(t, simCommand{Runs: &runs, Save: dir})
	if !errors.Is(err, errBroken) || errors.As(err, new(misuse)) {
		t.Fatalf("the error is %v, want %v", err, errBroken)
	}
	scripts, _ := filepath.Glob(filepath.Join(dir, "sim-*.script"))
	if len(scripts) != 1 {
		t.Fatalf("saved as %q", scripts)
	}
	text, err := os.ReadFile(scripts[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"S2 BROKEN", string(text), "Saved as " + scripts[0]} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	script, err := sim.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if r := script.Play(sim.Options{Harm: spoil}); !r.Broken(sim.S2) {
		t.Error("the script does not break the promise again")
	}
	capture, err := pcap.ReadFile(strings.TrimSuffix(scripts[0], ".script") + ".pcap")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, d := range capture.Datagrams {
		found = found || bytes.Contains(d.Payload, []byte("user1 9"))
	}
	if !found || len(capture.Datagrams) < 4 {
		t.Errorf("the capture has %d datagrams, with the one that matters: %t", len(capture.Datagrams), found)
	}

	// One run without a search does the same.
	one := flags.Seed(script.Seed)
	c := simCommand{Seed: &one, Save: t.TempDir(), Loss: 0.2, Delay: flags.Delay{Min: time.Millisecond, Max: 300 * time.Millisecond}}
	var out bytes.Buffer
	if err := c.Run(lab{stdout: &out, stderr: io.Discard, harm: spoil}); !errors.Is(err, errBroken) {
		t.Errorf("the seed alone gives %v", err)
	}
	if !strings.Contains(out.String(), string(text)) {
		t.Errorf("the seed alone is reduced to something else:\n%s", &out)
	}
}

func TestSim_CannotSave(t *testing.T) {
	runs := flags.Count(100)
	_, err := spoiled(t, simCommand{Runs: &runs, Save: filepath.Join(t.TempDir(), "missing")})
	if err == nil || errors.Is(err, errBroken) || !strings.Contains(err.Error(), "could not be saved") {
		t.Errorf("the error is %v", err)
	}
}

// Which run is reported does not depend on how many cores share the work.
func TestSim_AnyNumberOfCores(t *testing.T) {
	runs := flags.Count(200)
	dir := t.TempDir()
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	one, _ := spoiled(t, simCommand{Runs: &runs, Save: dir})
	runtime.GOMAXPROCS(8)
	for range 5 {
		if many, _ := spoiled(t, simCommand{Runs: &runs, Save: dir}); many != one {
			t.Fatalf("on 8 cores:\n%s\non one:\n%s", many, one)
		}
	}
	if !strings.Contains(one, "breaks a promise") {
		t.Error("no promise is broken, so this tests nothing")
	}
}

// On a terminal a line says how far it is, and is gone in the end.
func TestSim_Progress(t *testing.T) {
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("this host has no terminals: %v", err)
	}
	defer func() { _ = screen.Close() }()
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(screen) // ends with an error when the terminal is closed
		read <- string(all)
	}()
	seed := flags.Seed(1)
	c := simCommand{Seed: &seed, For: flags.Duration(3 * progressEvery), Delay: flags.Delay{Min: time.Millisecond, Max: time.Millisecond}}
	if err := c.Run(lab{stdout: terminal, stderr: io.Discard}); err != nil {
		t.Error(err)
	}
	_ = terminal.Close()
	got := <-read
	line, end, found := strings.Cut(got, " runs, ")
	if !found || !strings.HasPrefix(line, "\r") || !strings.Contains(end, "\r\x1b[KAll promises were kept in ") {
		t.Errorf("on the terminal: %q", got)
	}
}
