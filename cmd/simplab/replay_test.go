package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/engine/sim"
	"simp/netio/pcap"
)

// replayDir is where it stands what a replay says of each recording, and where our own recordings are.
const replayDir = "../../testdata/replay"

// replayOf is what the program prints about a recording, by its name alone, and its status.
func replayOf(t *testing.T, dir string, args ...string) (out, complaint string, status int) {
	t.Helper()
	t.Chdir(dir)
	var stdout, stderr bytes.Buffer
	status = run(context.Background(), append([]string{"replay"}, args...), strings.NewReader(""), &stdout, &stderr)
	return stdout.String(), stderr.String(), status
}

// wantGolden compares text with a file, or rewrites that.
func wantGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./cmd/simplab -run %s -update)", err, t.Name())
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; if that is right, go test ./cmd/simplab -run %s -update):\n%s", path, t.Name(), diff)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// What ours would have done in the place of every daemon that was ever recorded.
func TestReplay_Recordings(t *testing.T) {
	traces, goldens := absolute(t, "../../testdata/traces"), absolute(t, replayDir)
	paths, err := filepath.Glob(filepath.Join(traces, "*.pcap"))
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	expected := make(map[string]bool)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		t.Run(name, func(t *testing.T) {
			args := []string{name + ".pcap"}
			if name[0] == 'f' { // whose daemons share a host
				args = append(args, "--port=7777", "--port=8888", "--port=6666")
			}
			out, complaint, status := replayOf(t, traces, args...)
			if strings.Contains(complaint, "there is no SIMP in it") {
				if status != 2 || !strings.HasPrefix(name, "client-") && name != "daemon-b-second" {
					t.Errorf("status %d: %s", status, complaint)
				}
				return
			}
			if want := strings.Contains(out, "\nno divergence"); want != (status == 0) || status > 1 {
				t.Errorf("status %d: %s", status, complaint)
			}
			expected[name+".golden"] = true
			wantGolden(t, filepath.Join(goldens, name+".golden"), out)
		})
	}
	have, err := filepath.Glob(filepath.Join(goldens, "*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range have {
		if !expected[filepath.Base(path)] && len(expected) > 1 {
			t.Errorf("%s belongs to no recording", path)
		}
	}
	if len(expected) > 1 && len(expected) < 35 {
		t.Errorf("only %d recordings of daemons", len(expected))
	}
}

// ownRecordings are stories of testdata/scripts in which nothing is lost that a receiver would have answered.
var ownRecordings = [...]string{"answering-machine", "busy", "crossing-invitations", "expiry", "lost-final-ack"}

// Recordings of our own replay without a divergence. They are written by the simulator, from scripts.
func TestReplay_OwnRecordings(t *testing.T) {
	dir, scripts := absolute(t, filepath.Join(replayDir, "own")), absolute(t, "../../testdata/scripts")
	for _, name := range ownRecordings {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(scripts, name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			file := simulated(t, string(text))
			path := filepath.Join(dir, name+".pcap")
			wantGolden(t, path, string(file))
			out, complaint, status := replayOf(t, dir, name+".pcap")
			if status != 0 || complaint != "" || !strings.Contains(out, "\nno divergence: ours would have sent the same ") {
				t.Errorf("status %d: %s%s", status, out, complaint)
			}
		})
	}
}

// A recording of real daemons of ours, one of them --plain and one --accept auto, replays without a divergence.
func TestReplay_RealDaemons(t *testing.T) {
	out, complaint, status := replayOf(t, absolute(t, filepath.Join(replayDir, "own")), "simpd.pcap")
	if want := "simpd.pcap: 24 datagrams of 4 daemons; ours in the place of each\nno divergence: ours would have sent the same 24 datagrams\n"; out != want || status != 0 {
		t.Errorf("status %d: %s%s", status, out, complaint)
	}
}

// simulated is the capture of a script, as a file.
func simulated(t *testing.T, text string) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := pcap.NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range captured(t, text) {
		if err := w.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// captured is what is sent in a script.
func captured(tb testing.TB, text string) (all []pcap.Datagram) {
	tb.Helper()
	script, err := sim.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	script.Play(sim.Options{Capture: func(at time.Time, from, to netip.AddrPort, b []byte) {
		all = append(all, pcap.Datagram{At: at, From: from, To: to, Payload: bytes.Clone(b)})
	}})
	return all
}
