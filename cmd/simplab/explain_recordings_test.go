package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// explainedRecording is what explain says of a recording.
func explainedRecording(t *testing.T, path string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"explain", "--width", "110", path}, strings.NewReader(""), &stdout, &stderr)
	said := strings.ReplaceAll(stdout.String()+stderr.String(), filepath.Dir(path)+string(filepath.Separator), "")
	return fmt.Sprintf("%sstatus %d\n", said, status)
}

// What is said of all recordings of others.
func TestExplain_Recordings(t *testing.T) {
	files, err := filepath.Glob("../../testdata/traces/*.pcap")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all strings.Builder
	for _, path := range files {
		fmt.Fprintf(&all, "=== %s\n%s\n", filepath.Base(path), explainedRecording(t, path))
	}
	wantGolden(t, "../../testdata/explain/recordings.golden", all.String())
}

// What each of the six is known for is found where it was recorded, of the rules of all severities.
func TestExplain_FindsWhatTheyAreKnownFor(t *testing.T) {
	for _, c := range []struct{ recording, rules string }{
		{"a-chat", "sw/2 sw/5 hs/4 bz/2"},  // all messages 0, all ACKs 1, ERR alone
		{"a-decline", "dg/7"},              // a text in its FIN
		{"a-busy", "bz/2 bz/3"},            // ERR alone, in its own words
		{"a-retransmit", "sw/2 sw/5"},      //
		{"b-chat", "dg/8 hs/4 sw/10"},      // a checksum, ACKs twice
		{"b-busy", "bz/1"},                 // silence
		{"b-retransmit", "sw/7"},           // nothing is sent again
		{"c-chat", "dg/6"},                 // blanks
		{"c-retransmit", "sw/3"},           // the next message without the ACK
		{"d-chat", "sw/1"},                 // the first is 1
		{"d-decline", "dg/1"},              // 0x09
		{"d-busy", "dg/1 bz/1"},            //
		{"e-chat", "dg/1 dg/2 dg/9 dg/10"}, // 0x0c, 35 bytes, a NUL, the other's name in its ACK
		{"e-busy", "dg/1"},                 // 33 bytes
		{"f-chat", "dg/4 sw/1"},            // it counts
		{"f-retransmit", "dg/4 sw/7"},      //
	} {
		said := explainedRecording(t, filepath.Join("../../testdata/traces", c.recording+".pcap"))
		for _, rule := range strings.Fields(c.rules) {
			if !regexp.MustCompile(`\b` + rule + `:`).MatchString(said) {
				t.Errorf("%s: %s is not found:\n%s", c.recording, rule, said)
			}
		}
	}
}
