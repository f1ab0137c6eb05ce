package pcap

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const traces = "../../testdata/traces"

func TestReadFile(t *testing.T) {
	all, err := ReadFile(filepath.Join(traces, "a-decline.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	var between []Datagram
	for _, d := range all.Datagrams {
		if d.To.Port() == 7777 {
			between = append(between, d)
		}
	}
	if len(between) < 2 {
		t.Fatalf("%d datagrams between daemons", len(between))
	}
	if all.Start.IsZero() || all.Start.After(between[0].At) {
		t.Errorf("it begins at %s, the first datagram is from %s", all.Start, between[0].At)
	}
	syn, fin := between[0], between[1]
	alice, bob := netip.MustParseAddrPort("127.0.0.1:7777"), netip.MustParseAddrPort("127.0.0.2:7777")
	if syn.From != alice || syn.To != bob || fin.From != bob || fin.To != alice {
		t.Errorf("from %s to %s, and from %s to %s", syn.From, syn.To, fin.From, fin.To)
	}
	if want := "\x01\x02\x00alice"; !strings.HasPrefix(string(syn.Payload), want) || len(syn.Payload) != 39 {
		t.Errorf("the SYN is %q", syn.Payload)
	}
	if !strings.Contains(string(fin.Payload), "declined") {
		t.Errorf("the FIN is %q", fin.Payload)
	}
	if gap := fin.At.Sub(syn.At); gap <= 0 || gap > time.Minute {
		t.Errorf("%s between the two", gap)
	}
}

// Every recording can be read to its end.
func TestReadFile_AllRecordings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(traces, "*.pcap"))
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		if all, err := ReadFile(path); err != nil || len(all.Datagrams) == 0 {
			t.Errorf("%s: %d datagrams, %v", path, len(all.Datagrams), err)
		}
	}
}

// What cannot be read is an error, with what was read before: nothing is left out unnoticed.
func TestRead_WhatCannotBeRead(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(traces, "a-decline.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(strings.NewReader("this is no capture, whatever its name says")); err == nil {
		t.Error("a text is read as a capture")
	}
	if _, err := Read(bytes.NewReader(nil)); err == nil {
		t.Error("nothing is read as a capture")
	}
	if _, err := Read(bytes.NewReader(whole[:len(whole)-5])); err == nil {
		t.Error("the end is missing, and nobody says so")
	}
	cut := bytes.Clone(whole)
	cut[24+12]++ // the length on the wire of the first packet
	if _, err := Read(bytes.NewReader(cut)); !errors.Is(err, ErrCut) {
		t.Errorf("a packet of which a byte was not captured: %v, want %v", err, ErrCut)
	}
	if _, err := ReadFile(filepath.Join(traces, "no such file")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
