package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
	"github.com/rogpeppe/go-internal/testscript"

	"simp/cmd/internal/recorder"
	"simp/engine/record"
)

// replayed replays the parts of a recording.
func replayed(paths ...string) (record.Report, error) {
	r := record.NewReplayer()
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return r.Report(), err
		}
		err = r.Play(filepath.Base(p), f)
		_ = f.Close()
		if err != nil {
			return r.Report(), fmt.Errorf("%s: %w", p, err)
		}
	}
	if d := r.Report().Difference; d != nil {
		return r.Report(), fmt.Errorf("it is not the same: %s", d)
	}
	return r.Report(), nil
}

func cmdReplays(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 2, "replays FILE... whole|killed")
	n := len(args) - 1
	paths := make([]string, n)
	for i, a := range args[:n] {
		paths[i] = ts.MkAbs(a)
	}
	r, err := replayed(paths...)
	ts.Check(err)
	if r.Conversations == 0 || r.Steps == 0 || r.Closed != (args[n] == "whole") {
		ts.Fatalf("replayed: %+v", r)
	}
}

func cmdHolds(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "holds FILE REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	ts.Check(holds(ts.MkAbs(args[0]), want))
}

// holds waits until a file that is being written has what is looked for.
func holds(path string, want *regexp.Regexp) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(path); err == nil && want.Match(b) {
			return nil
		}
	}
	return fmt.Errorf("%s never holds %q", path, want)
}

// TestRecord: two daemons record a chat. One is killed, the other says goodbye; both recordings are the same when they are
// replayed, and Wireshark can read the capture.
func TestRecord(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	a := start(t, "--retransmit=100ms", "--record="+at("a.jsonl"), "--record="+at("a.pcapng"))
	b := start(t, "--record="+at("b.pcapng"), "--record="+at("b.jsonl"))
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	befriend(alice, bob, a, b)
	for i := range 20 {
		alice.say(`{"op":"chat","text":"message %d"}`, i)
		alice.await("delivered")
		bob.say(`{"op":"chat","text":"answer %d"}`, i)
		bob.await("delivered")
	}
	if err := holds(at("b.jsonl"), regexp.MustCompile("answer 19.*\n(.*\n)*.*RecvACK")); err != nil {
		t.Fatal(err)
	}
	b.kill()
	if n, err := packetsIn(at("b.pcapng")); err != nil || n < 100 { // written before the other file
		t.Errorf("the capture of the one that was killed has %d packets, %v", n, err)
	}
	a.interrupt(t)
	for name, closed := range map[string]bool{"a.jsonl": true, "b.jsonl": false} {
		r, err := replayed(at(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.Conversations != 1 || r.Inputs < 60 || r.Closed != closed || r.Lost+uint64(r.LeftOut) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if tshark, err := exec.LookPath("tshark"); err != nil {
		t.Log("tshark is not installed, so nobody else has read the capture")
	} else {
		out, err := exec.Command(tshark, "-r", at("a.pcapng"), "-T", "fields", "-e", "frame.comment", "-e", "tcp.payload", "-e", "_ws.expert.message").Output()
		for _, want := range []string{
			"idle -> syn-sent by idle/invite (Invite)", "established -> established by established/message (RecvCHAT)",
			"established -> fin-wait by established/shutdown (Shutdown)", fmt.Sprintf("%x", `{"op":"chat","text":"message 19"}`),
		} {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("tshark does not show %q: %v\n%s", want, err, out)
			}
		}
		if strings.Contains(string(out), "not captured") || strings.Contains(string(out), "out-of-order") || strings.Contains(string(out), "retransmission") {
			t.Errorf("tshark complains:\n%s", out)
		}
	}
}

// packetsIn counts the packets of a capture.
func packetsIn(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	for err == nil {
		if _, _, err = r.ReadPacketData(); err == nil {
			n++
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// TestRecord_Parts: a recording goes on in further files, and all of them together are the recording.
func TestRecord_Parts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	a, b := start(t, "--record="+path, "--record-max=8K"), start(t)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	befriend(alice, bob, a, b)
	for i := range 50 {
		alice.say(`{"op":"chat","text":"message %d"}`, i)
		alice.await("delivered")
	}
	bob.say(`{"op":"leave"}`)
	alice.await("closed")
	a.interrupt(t)
	var parts []string
	for n := 1; ; n++ {
		part := recorder.PartName(path, n)
		info, err := os.Stat(part)
		if err != nil {
			break
		}
		if info.Size() > 12<<10 {
			t.Errorf("%s has %d bytes", part, info.Size())
		}
		parts = append(parts, part)
	}
	r, err := replayed(parts...)
	if err != nil || len(parts) < 3 || r.Parts != len(parts) || r.Inputs < 100 || !r.Closed {
		t.Errorf("%d parts: %+v, %v", len(parts), r, err)
	}
}

// TestRecords replays our own recordings under testdata/records: a chat of two daemons, of which alice's loses a third of what
// it sends. With -update the chat takes place again, at 127.0.0.1 and 127.0.0.2.
func TestRecords(t *testing.T) {
	const folder = "../../testdata/records"
	if *update {
		recordChat(t, folder)
	}
	for _, name := range []string{"alice.jsonl", "bob.jsonl"} {
		r, err := replayed(filepath.Join(folder, name))
		if err != nil || r.Inputs < 20 || !r.Closed {
			t.Errorf("%s: %v (%+v).\nIf a change of the protocol or of names is meant, record the chat anew: go test ./cmd/simpd -run TestRecords -update",
				name, err, r)
		}
	}
}

func recordChat(t *testing.T, folder string) {
	t.Helper()
	at := func(name string) string { return "--record=" + filepath.Join(folder, name) }
	usual := []string{"--port=7777", "--client-port=7778", "--state-dir=", "--retransmit=500ms"}
	a := start(t, append(usual, "--drop=30%", "--seed=4", at("alice.jsonl"), at("alice.pcapng"), "127.0.0.1")...)
	b := start(t, append(usual, at("bob.jsonl"), at("bob.pcapng"), "127.0.0.2")...)
	alice, _ := login(t, a, "alice")
	bob, _ := login(t, b, "bob")
	bob.say(`{"op":"invite","peer":%q}`, a.addr)
	alice.await("invitation")
	alice.say(`{"op":"accept","peer":%q}`, b.addr)
	alice.await("established")
	bob.await("established")
	for i, text := range []string{"Hello, Bob.", "Grüße 👋", "Do you get this?", "Fine."} {
		alice.say(`{"op":"chat","text":%q,"id":%d}`, text, i)
		alice.await("delivered")
		bob.say(`{"op":"chat","text":%q}`, fmt.Sprintf("Answer %d.", i+1))
		bob.await("delivered")
	}
	bob.say(`{"op":"leave"}`)
	bob.await("closed")
	alice.await("closed")
	a.interrupt(t)
	b.interrupt(t)
}
