package codec

import (
	"strings"
	"testing"
)

// datagrams are what a daemon handles most, and what costs it most.
func datagrams() []sample {
	longest := strings.Repeat("Gr\u00fc\u00dfe ", Trailing.MaxPayload()/8)
	return []sample{
		{"ACK", Datagram{Kind: ACK, User: []byte("bob"), Payload: AppendWords(nil, AckWord(CHAT), TokenFrom(1))}},
		{"CHAT", Datagram{Kind: CHAT, Seq: 1, User: []byte("alice"), Payload: []byte("See you at the station at nine, then.")}},
		{"LongestCHAT", Datagram{Kind: CHAT, User: []byte("alice"), Payload: []byte(longest)}},
		{"Announced", Datagram{Kind: SYN, User: []byte("gopher"), Payload: []byte(Announcement), Announced: true}},
		{"AnnouncedLongFiller", Datagram{Kind: SYN, User: []byte("alice"), Payload: []byte(Announcement), Announced: true}},
		{"SealedFIN", Datagram{Kind: FIN, User: []byte("alice"), Payload: AppendWords(nil, Cancelled.Word(), TokenFrom(1)), Announced: true}},
		{"ERR", Datagram{Kind: ERR, User: []byte("bob"), Payload: []byte("User already in another chat")}},
		{"FINERR", Datagram{Kind: FIN, Form: FINERR, User: []byte("bob"), Payload: []byte("Not now.")}},
		{"FINACK", Datagram{Kind: ACK, Form: FINACK, User: []byte("bob")}},
		{"Stub", Datagram{Kind: ERR, Form: Stub, User: []byte("bob")}},
	}
}

type sample struct {
	name string
	d    Datagram
}

// TestNoAllocations holds what Append, Decode and AppendSummary promise.
func TestNoAllocations(t *testing.T) {
	check := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	buf := make([]byte, 0, MaxDatagram)
	line := make([]byte, 0, 4096)
	for _, s := range datagrams() {
		for _, wire := range wires() {
			if wire.Short && s.d.Kind != CHAT && len(s.d.Payload) > 0 && !s.d.forPeople() {
				continue // refused, which may cost something
			}
			check("append "+s.name+" "+wire.Name, func() {
				if _, err := wire.Append(buf, s.d); err != nil {
					t.Fatal(err)
				}
			})
			b, err := wire.Append(nil, s.d)
			if err != nil {
				t.Fatal(err)
			}
			check("decode "+s.name+" "+wire.Name, func() {
				if _, _, err := Decode(b); err != nil {
					t.Fatal(err)
				}
			})
		}
		check("summary of "+s.name, func() { s.d.AppendSummary(line) })
	}
	for _, b := range [][]byte{nil, make([]byte, 7), make([]byte, HeaderLen), datagram(1, 3, 0, "bob", 0, ""), make([]byte, 65507)} {
		check("decode what is refused", func() {
			if _, _, err := Decode(b); err == nil {
				t.Fatal("accepted")
			}
		})
	}
	unprintable := Datagram{Kind: CHAT, User: []byte("\x1b\xff"), Payload: []byte(strings.Repeat("\u202e\U000e0041\xff", 100))}
	check("summary of unprintable text", func() { unprintable.AppendSummary(line) })
}

func BenchmarkAppend(b *testing.B) {
	for _, s := range datagrams() {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, MaxDatagram)
			for b.Loop() {
				if _, err := Canonical.Append(buf, s.d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range datagrams() {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			in, err := Canonical.Append(nil, s.d)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, _, err := Decode(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendSummary(b *testing.B) {
	for _, s := range datagrams() {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			line := make([]byte, 0, 4096)
			for b.Loop() {
				s.d.AppendSummary(line)
			}
		})
	}
}
