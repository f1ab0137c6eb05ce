package legacy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"simp/codec/client/legacy"
	"simp/netio/pcap"
)

// Whatever clients and daemons of the three were recorded to say to each other is known, and what those of others say is
// not taken for it.
func TestLook_Recordings(t *testing.T) {
	paths, err := filepath.Glob("../../../testdata/traces/*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	looked := make(map[string]int)
	words := make(map[string]bool)
	for _, path := range paths {
		capture, err := pcap.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, name, is := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".pcap"), "client-")
		if !is {
			name = strings.TrimPrefix(filepath.Base(path), "daemon-")
		}
		want := strings.ToUpper(name[:1])
		if strings.Contains("DEF", want) {
			want = ""
		}
		for _, d := range capture.Datagrams {
			if d.From.Port() != clientPort && d.To.Port() != clientPort {
				continue
			}
			p, word, _, known := legacy.Look(d.Payload)
			got := strings.Trim(p.String(), "\x00")
			switch mixed := strings.Contains(name, "-calls-"); {
			case mixed && (got == "A" || got == "B") && known:
			case string(d.Payload) == "\x07": // of a and of e; nothing tells one from the other
			case mixed, got != want, known != (want != ""):
				t.Errorf("%s: %q is taken for %q, want %q", name, d.Payload, got, want)
			}
			words[want+" "+word] = true
			looked[want]++
		}
	}
	for want, least := range map[string]int{"A": 200, "B": 1000, "C": 60, "": 100} {
		if looked[want] < least {
			t.Errorf("only %d datagrams of %q", looked[want], want)
		}
	}
	for _, w := range legacy.Words(legacy.ProtocolB) {
		if !words["B "+w.Code] {
			t.Errorf("nobody says %q", w.Code)
		}
	}
}

func TestLook(t *testing.T) {
	for _, test := range []struct {
		datagram, word, rest string
		p                    legacy.Protocol
	}{
		{"\x01\x00hi | there", "\x01", "hi | there", legacy.ProtocolA},
		{"\x07", "\x07", "", legacy.ProtocolA},
		{"\x00\x01", "\x00", "", legacy.ProtocolA},
		{"ACK", "ACK", "", legacy.ProtocolB},
		{"CHAT|a|b", "CHAT", "a|b", legacy.ProtocolB},
		{"ok", "ok", "", legacy.ProtocolC},
		{"send|text=a|b", "send", "text=a|b", legacy.ProtocolC},
		{"\x01", "", "", 0},
		{"\x01alice", "", "", 0},
		{"\x08\x00text", "", "", 0},
		{"chat|text", "", "", 0},
		{"CHATTER", "", "", 0},
		{"", "", "", 0},
	} {
		p, word, rest, known := legacy.Look([]byte(test.datagram))
		if p != test.p || known != (test.p != 0) || known && (word != test.word || rest != test.rest) {
			t.Errorf("Look(%q) = %v %q %q %t, want %v %q %q", test.datagram, p, word, rest, known, test.p, test.word, test.rest)
		}
	}
}
