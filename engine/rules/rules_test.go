package rules_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"simp/codec"
	"simp/engine/follow"
	"simp/engine/rules"
)

var (
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	alice = netip.MustParseAddrPort("10.0.0.1:7777")
	bob   = netip.MustParseAddrPort("10.0.0.2:7777")
	carol = netip.MustParseAddrPort("10.0.0.3:7777")
)

// changes are what can be done to a datagram when it is written.
var changes = map[string]func([]byte) []byte{
	"type":    func(b []byte) []byte { b[0] = 9; return b },
	"short":   func(b []byte) []byte { return b[:35] },
	"long":    func(b []byte) []byte { binary.BigEndian.PutUint32(b[35:], 99); return b },
	"blanks":  func(b []byte) []byte { copy(b[3:35], strings.Repeat(" ", 32)); copy(b[3:], "alice"); return b },
	"latin":   func(b []byte) []byte { b[3] = 0xe4; return b },
	"trailer": func(b []byte) []byte { s := codec.Checksum(b); return append(b, s[:]...) },
	"nul": func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[35:], uint32(len(b)-39+1))
		return slices.Insert(b, 39, 0)
	},
	"echo": func(b []byte) []byte { copy(b[3:], "alice"); return b },
	"payload": func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[35:], 2)
		return append(b, "hi"...)
	},
	"untold": func(b []byte) []byte { binary.BigEndian.PutUint32(b[35:], 0); return b[:39] },
}

// packets reads a story, a datagram a line:
//
//	SECONDS FROM>TO KIND SEQUENCE [TEXT] [!CHANGE]
//
// FROM and TO are a, b and c. A "+" in front of the text makes it a label of a native message; in a SYN and a SYN+ACK the text
// is what they announce. "end SECONDS" lets time pass.
func packets(tb testing.TB, story string) (all []follow.Packet, end time.Duration) {
	tb.Helper()
	who := map[byte]netip.AddrPort{'a': alice, 'b': bob, 'c': carol}
	names := map[byte]string{'a': "alice", 'b': "bob", 'c': "carol"}
	kinds := make(map[string]codec.Kind)
	for k := codec.SYN; k <= codec.CHAT; k++ {
		kinds[k.String()] = k
	}
	for line := range strings.Lines(story) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "end" {
			words = []string{words[1]}
		}
		seconds, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			tb.Fatal(err)
		}
		end = time.Duration(seconds * float64(time.Second))
		if len(words) == 1 {
			continue
		}
		seq, err := strconv.Atoi(words[3])
		if err != nil {
			tb.Fatal(err)
		}
		d := codec.Datagram{Kind: kinds[words[2]], Seq: uint8(seq), User: []byte(names[words[1][0]])}
		wire := codec.Canonical
		wire.Counts = true
		var change func([]byte) []byte
		var text []string
		for _, w := range words[4:] {
			switch w[0] {
			case '!':
				if change = changes[w[1:]]; change == nil {
					tb.Fatalf("nothing is called %s", w)
				}
			case '+':
				d.Label = []byte(strings.ReplaceAll(w[1:], "_", " "))
			default:
				text = append(text, w)
			}
		}
		d.Payload = []byte(strings.Join(text, " "))
		d.Announced = (d.Kind == codec.SYN || d.Kind == codec.SYNACK) && len(text) > 0
		b, err := wire.Append(nil, d)
		if err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		if change != nil {
			b = change(b)
		}
		all = append(all, follow.Packet{N: len(all) + 1, At: start.Add(end), From: who[words[1][0]], To: who[words[1][2]], Bytes: b})
	}
	return all, end
}

// found lists what the rules say of a story, with consequences.
func found(tb testing.TB, story string) (all []*rules.Finding) {
	tb.Helper()
	j := rules.New(rules.Options{}, func(r *rules.Report) {
		for _, f := range r.Findings {
			all = append(append(all, f), f.Consequences...)
		}
	})
	ps, end := packets(tb, story)
	for _, p := range ps {
		j.Packet(p)
	}
	j.Advance(start.Add(end))
	j.Finish()
	return all
}

const (
	open = `
		0 a>b SYN 0
		1 b>a SYN+ACK 0
		1 a>b ACK 0
	`
	native = `
		0 a>b SYN 0 simp/1 aaaaaaaa
		0 b>a ACK 0 syn aaaaaaaa
		1 b>a SYN+ACK 0 simp/1 aaaaaaaa bbbbbbbb
		1 a>b ACK 0 syn+ack bbbbbbbb
	`
	busy = open + `
		2 c>b SYN 0
	`
)

// Each rule is found where it is broken, in the packet that shows it, and not in what comes close to that.
func TestRules_EachAlone(t *testing.T) {
	tested := make(map[string]bool)
	for _, c := range []struct {
		rule   string
		packet int
		broken string
		close  string
	}{
		{"dg/1", 1, "0 a>b SYN 0 !type", "0 a>b SYN 0"},
		{"dg/2", 1, "0 a>b SYN 0 !short", "0 a>b SYN 0"},
		{"dg/3", 4, open + "2 a>b CHAT 0 hi !long", open + "2 a>b CHAT 0 hi"},
		{"dg/4", 4, open + "2 a>b CHAT 2 hi", open + "2 a>b CHAT 1 hi"},
		{"dg/5", 1, "0 a>b SYN 0 !latin", "0 a>b SYN 0"},
		{"dg/6", 1, "0 a>b SYN 0 !blanks", "0 a>b SYN 0"},
		{"dg/7", 1, "0 a>b SYN 0 !payload", native},
		{"dg/8", 1, "0 a>b SYN 0 !trailer", native + "2 a>b CHAT 0 hi +bbbbbbbb_#1"},
		{"dg/9", 4, open + "2 a>b CHAT 0 hi !nul", open + "2 a>b CHAT 0 hi"},
		{"dg/10", 5, open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 !echo", open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0"},
		{"hs/1", 1, "0 a>b SYN 1", "0 a>b SYN 0"},
		{"hs/2", 2, "0 a>b SYN 0 \n 1 b>a ACK 0", native},
		{"hs/2", 1, "0 a>b SYN 0 \n end 60", "0 a>b SYN 0 \n 1 b>a FIN 0"},
		{"hs/3", 3, "0 a>b SYN 0 \n 1 b>a SYN+ACK 0 \n 2 a>b CHAT 0 hi", open + "2 a>b CHAT 0 hi"},
		{"hs/3", 2, "0 a>b SYN 0 \n 1 b>a SYN+ACK 0 \n end 20", open + "end 20"},
		{"hs/4", 2, "0 a>b SYN 0 \n 1 b>a SYN+ACK 1", "0 a>b SYN 1 \n 1 b>a SYN+ACK 1"},
		{"hs/5", 3, "0 a>b SYN 0 \n 1 b>a SYN+ACK 0 \n 1 a>b ACK 1", open},
		{"hs/6", 2, "0 a>b SYN 0 \n 1 a>b SYN+ACK 0", "0 a>b SYN 0 \n 0 b>a SYN 0 \n 1 a>b SYN+ACK 0 \n 1 b>a SYN+ACK 0"},
		{"hs/7", 2, "0 a>b SYN 0 \n 1 a>b CHAT 0 hi", open + "2 a>b CHAT 0 hi"},
		{"hs/7", 2, "0 a>b SYN 0 \n 1 b>a CHAT 0 hi", open + "2 b>a CHAT 0 hi"},
		{"sw/1", 4, open + "2 a>b CHAT 1 hi", open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 3 a>b CHAT 1 ho"},
		{"sw/2", 6, open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 3 a>b CHAT 0 ho", open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 3 b>a CHAT 0 ho"},
		{"sw/3", 5, open + "2 a>b CHAT 0 hi \n 3 a>b CHAT 1 ho", open + "2 a>b CHAT 0 hi \n 3 b>a CHAT 0 ho"},
		{"sw/4", 5, open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 1 hi", open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi"},
		{"sw/5", 5, open + "2 a>b CHAT 0 hi \n 2 b>a ACK 1", open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0"},
		{"sw/6", 4, open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi \n end 60", open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi \n 7 b>a ACK 0 \n end 60"},
		{"sw/7", 4, open + "2 a>b CHAT 0 hi \n 30 a>b FIN 1", open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi \n 7 b>a ACK 0 \n 30 a>b FIN 1"},
		{"sw/8", 5, open + "2 a>b CHAT 0 hi \n 5 a>b CHAT 0 hi", open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi"},
		{"sw/8", 6, open + "2 a>b CHAT 0 hi \n 2 a>b CHAT 0 hi \n 2 a>b CHAT 0 hi", open + "2 a>b CHAT 0 hi \n 2 a>b CHAT 0 hi"},
		{"sw/9", 6, open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 7 a>b CHAT 0 hi", open + "2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi \n 7 b>a ACK 0"},
		{"sw/10", 6, open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 2 b>a ACK 0", open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0"},
		{"bz/1", 5, busy + "2 b>c FIN 0", busy + "2 b>c ERR 0 User already in another chat \n 2 b>c FIN 0"},
		{"bz/1", 5, busy + "2 b>c SYN+ACK 0", open + "1.5 a>b FIN 0 \n 1.5 b>a ACK 0 \n 2 c>b SYN 0 \n 2 b>c SYN+ACK 0"},
		{"bz/1", 4, busy + "9 c>b FIN 0", "2 c>b SYN 0 \n 9 c>b FIN 0"},
		{"bz/2", 5, busy + "2 b>c ERR 0 User already in another chat \n end 60", busy + "2 b>c ERR 0 User already in another chat \n 2 b>c FIN 0 \n end 60"},
		{"bz/3", 5, busy + "2 b>c ERR 0 busy \n 2 b>c FIN 0", busy + "2 b>c ERR 0 User already in another chat \n 2 b>c FIN 0"},
		{"cl/1", 4, open + "2 a>b FIN 0 \n end 60", open + "2 a>b FIN 0 \n 2 b>a ACK 0 \n end 60"},
		{"cl/1", 5, open + "2 a>b FIN 0 \n 2 b>a ERR 0 what", open + "2 a>b FIN 0 \n 2 b>a ACK 0"},
		{"cl/2", 6, open + "2 a>b FIN 0 \n 2 b>a ACK 0 \n 3 a>b CHAT 0 hi", open + "2 a>b FIN 0 \n 2 b>a CHAT 0 hi"},
		{"cl/3", 6, open + "2 a>b FIN 0 \n 2 b>a ACK 0 \n 3 b>a CHAT 0 hi", open + "2 a>b FIN 0 \n 2 b>a CHAT 0 hi \n 3 b>a ACK 0"},
		{"cl/4", 6, open + "2 a>b FIN 0 \n 2 b>a ACK 0 \n 7 a>b FIN 0", open + "2 a>b FIN 0 \n 7 a>b FIN 0 \n 7 b>a ACK 0"},
		{"er/1", 2, "0 a>b SYN 0 \n 1 b>a ERR 0 why !untold", "0 a>b SYN 0 \n 1 b>a ERR 0 why"},
		{"na/1", 6, native + "2 a>b CHAT 0 hi +bbbbbbbb_#1 \n 2 b>a ACK 0", native + "2 a>b CHAT 0 hi +bbbbbbbb_#1 \n 2 b>a ACK 0 chat aaaaaaaa #1"},
		{"na/2", 5, native + "2 a>b CHAT 0 hi +bbbbbbbb_#2", native + "2 a>b CHAT 0 hi +bbbbbbbb_#1"},
		{"na/3", 6, native + "2 a>b CHAT 0 hi +bbbbbbbb_#1 \n 2 b>a ACK 0 chat aaaaaaaa #2", native + "2 a>b CHAT 0 hi +bbbbbbbb_#1 \n 2 b>a ACK 0 chat aaaaaaaa #1"},
		{"na/4", 5, native + "2 a>b CHAT 0 hi +#1", native + "2 a>b CHAT 0 hi +bbbbbbbb_#1"},
		{"na/5", 3, "0 a>b SYN 0 simp/1 aaaaaaaa \n 0 b>a ACK 0 syn aaaaaaaa \n 1 b>a SYN+ACK 0 simp/1 aaaaaaaa bbbbbbbb \n end 60", native + "end 60"},
		{"na/6", 3, "0 a>b SYN 0 simp/1 aaaaaaaa \n 5 a>b SYN 0 simp/1 aaaaaaaa \n 8 b>a SYN+ACK 0 simp/1 aaaaaaaa bbbbbbbb", native},
	} {
		name := fmt.Sprintf("%s in %d", c.rule, c.packet)
		tested[c.rule] = true
		t.Run(name, func(t *testing.T) {
			var said []string
			ok := false
			for _, f := range found(t, c.broken) {
				said = append(said, fmt.Sprintf("%s in %d: %s", f.Rule.ID, f.Packet, f.Seen))
				ok = ok || f.Rule.ID == c.rule && f.Packet == c.packet
			}
			if !ok {
				t.Errorf("not found; what is found is %q", said)
			}
			for _, f := range found(t, c.close) {
				if f.Rule.ID == c.rule && (f.Severity != rules.Remark || f.Rule.Severity == rules.Remark) {
					t.Errorf("found also where it is kept, in %d: %s", f.Packet, f.Seen)
				}
			}
		})
	}
	for _, r := range rules.All() {
		if !tested[r.ID] {
			t.Errorf("nothing tests %s", r.ID)
		}
	}
}

// A rule says what it is, in sentences, and what it explains exists.
func TestRules_AreDescribed(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rules.All() {
		if seen[r.ID] || rules.Find(r.ID) != r {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Name == "" || r.Sentence == "" || r.Ref == "" || !strings.HasSuffix(r.Usually, ".") {
			t.Errorf("%s lacks a name, a sentence, a reference, or what it usually means", r.ID)
		}
	}
	if rules.Find("xx/1") != nil {
		t.Error("a rule is found that is none")
	}
}

// What follows from something is listed below it, and not beside it.
func TestJudge_FoldsConsequences(t *testing.T) {
	var roots []*rules.Finding
	j := rules.New(rules.Options{}, func(r *rules.Report) { roots = append(roots, r.Findings...) })
	ps, end := packets(t, open+`
		2 a>b CHAT 0 hi !type
		7 a>b CHAT 0 hi !type
		12 a>b CHAT 0 hi !type
		20 a>b FIN 1 !type
		end 60`)
	for _, p := range ps {
		j.Packet(p)
	}
	j.Advance(start.Add(end))
	j.Finish()
	if len(roots) != 1 || roots[0].Rule.ID != "dg/1" || roots[0].Count != 4 || !slices.Equal(roots[0].More, []int{5, 6, 7}) {
		t.Errorf("found %+v", roots)
	}
}

// Nothing gets lost by that: of two that may follow from each other, one is the cause.
func TestJudge_LosesNothing(t *testing.T) {
	for _, lossless := range [...]bool{false, true} {
		var roots []*rules.Finding
		j := rules.New(rules.Options{Lossless: lossless}, func(r *rules.Report) { roots = append(roots, r.Findings...) })
		ps, _ := packets(t, open+"2 a>b CHAT 1 frozen one \n 3 a>b CHAT 1 frozen two \n 14 b>a ACK 1 \n 19 a>b CHAT 0 after \n 19 b>a ACK 0")
		for _, p := range ps {
			j.Packet(p)
		}
		j.Finish()
		if len(roots) == 0 || roots[0].Rule.ID != "sw/3" {
			t.Errorf("lossless %v: found %+v", lossless, roots)
		}
	}
}

// What no network can explain is sure where the network is known to lose nothing, and else it is not.
func TestJudge_IsSureOfALosslessNetwork(t *testing.T) {
	for _, lossless := range [...]bool{false, true} {
		var first *rules.Finding
		j := rules.New(rules.Options{Lossless: lossless}, func(r *rules.Report) { first = r.Findings[0] })
		ps, _ := packets(t, open+"2 a>b CHAT 0 hi \n 7 a>b CHAT 0 hi \n 12 a>b CHAT 0 hi \n 17 a>b FIN 1 \n 17 b>a ACK 1")
		for _, p := range ps {
			j.Packet(p)
		}
		j.Finish()
		if first.Rule.ID != "sw/6" || first.Unsure == lossless {
			t.Errorf("lossless %v: %s, unsure: %v", lossless, first.Rule.ID, first.Unsure)
		}
	}
}

// Whatever comes, nothing panics, and nothing is kept of conversations that are over.
func FuzzJudge(f *testing.F) {
	seed := func(story string) {
		ps, _ := packets(f, story)
		var b []byte
		for _, p := range ps {
			b = append(b, p.From.Addr().As4()[3], p.To.Addr().As4()[3], 10, byte(len(p.Bytes)))
			b = append(b, p.Bytes...)
		}
		f.Add(b)
	}
	seed(open + "2 a>b CHAT 0 hi \n 2 b>a ACK 0 \n 3 a>b FIN 1 \n 3 b>a ACK 1")
	seed(native + "2 a>b CHAT 0 hi +bbbbbbbb_#1 \n 2 b>a ACK 0 chat aaaaaaaa #1 \n 3 b>a FIN 0 left aaaaaaaa bbbbbbbb")
	seed(busy + "2 b>c ERR 0 User already in another chat \n 2 b>c FIN 0")
	f.Fuzz(func(t *testing.T, b []byte) {
		j := rules.New(rules.Options{}, func(r *rules.Report) {
			for _, x := range r.Findings {
				if x.Rule == nil || x.Count < 1 {
					t.Errorf("a finding without a rule or a case: %+v", x)
				}
			}
		})
		at := start
		for n := 1; len(b) >= 4; n++ {
			size := min(int(b[3]), len(b)-4)
			at = at.Add(time.Duration(b[2]) * 100 * time.Millisecond)
			from, to := netip.AddrFrom4([4]byte{10, 0, 0, b[0] % 3}), netip.AddrFrom4([4]byte{10, 0, 0, b[1] % 3})
			j.Packet(follow.Packet{N: n, At: at, From: netip.AddrPortFrom(from, 7777), To: netip.AddrPortFrom(to, 7777), Bytes: b[4 : 4+size]})
			b = b[4+size:]
		}
		j.Finish()
		if j.Open() != 0 {
			t.Errorf("%d conversations are kept after the end", j.Open())
		}
	})
}
