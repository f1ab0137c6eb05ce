package wireshark_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/engine/sim"
	"simp/netio/pcap"
)

// What follows are remarks of the dissector that the codec has no note for.
const (
	wrongTrailer = "wrong-trailer"
	wrongSeal    = "wrong-seal"
)

// remarkField is the field of a remark.
func remarkField(name string) string { return "simp.remark." + strings.ReplaceAll(name, "-", "_") }

// names are all fields that the dissector may show of a datagram between daemons.
func names() []string {
	all := []string{
		"_ws.col.Protocol", "_ws.col.Info",
		"simp.kind", "simp.text", "simp.announcement", "simp.filler", "simp.seal", "simp.of", "simp.reason", "simp.conversation",
		"simp.own_conversation", "simp.number", "simp.label", "simp.trailer", "simp.behind",
		remarkField(wrongTrailer), remarkField(wrongSeal), remarkField("cut"),
	}
	for _, f := range codec.Layout() {
		all = append(all, "simp."+strings.ToLower(f.Name))
	}
	for n := range codec.NumNotes {
		all = append(all, remarkField(codec.Note(n).String()))
	}
	for _, err := range codec.DecodeErrors() {
		all = append(all, remarkField(codec.ErrorName(err)))
	}
	return all
}

// expected is what the dissector has to show of a datagram, by the codec.
func expected(b []byte) fields {
	want := fields{"_ws.col.Protocol": {"SIMP"}}
	layout := codec.Layout()
	d, notes, err := codec.Decode(b)
	if d.Form == codec.Stub {
		layout = codec.StubLayout()
	}
	for _, f := range layout {
		if f.Type == codec.FieldNumber && f.Offset+f.Size <= len(b) {
			n := binary.BigEndian.Uint32(append(make([]byte, 4-f.Size), b[f.Offset:f.Offset+f.Size]...))
			format := "%d"
			if len(f.Values) > 0 {
				format = "0x%02x"
			}
			want.set("simp."+strings.ToLower(f.Name), format, n)
		}
	}
	if err != nil {
		want.set(remarkField(codec.ErrorName(err)), "1")
		want.set("_ws.col.Info", "not a datagram of SIMP: %s", strings.TrimPrefix(err.Error(), "codec: decode: "))
		want.user(b)
		return want
	}
	want.set("_ws.col.Info", "%s", d.String())
	want.set("simp.kind", "%s", d.Kind)
	want.set("simp.user", "%s", quoted(d.User))
	for n := range notes.All() {
		want.set(remarkField(n.String()), "1")
	}
	if d.Form != codec.Stub && len(b) > codec.HeaderLen {
		want.payload(b, d, notes)
	}
	want.words(d)
	return want
}

func (f fields) set(name, format string, args ...any) {
	f[name] = append(f[name], fmt.Sprintf(format, args...))
}

// user expects what the User field of an undecodable datagram shows, if it has one.
func (f fields) user(b []byte) {
	if len(b) < codec.HeaderLen-4 {
		return
	}
	stand := slices.Concat([]byte{1, 2, 0}, b[3:35], make([]byte, 4))
	d, notes, _ := codec.Decode(stand)
	f.set("simp.user", "%s", quoted(d.User))
	for n := range notes.All() {
		f.set(remarkField(n.String()), "1")
	}
}

// payload expects what stands behind the header.
func (f fields) payload(b []byte, d codec.Datagram, notes codec.Notes) {
	there := uint32(len(b) - codec.HeaderLen)
	end := codec.HeaderLen + int(min(binary.BigEndian.Uint32(b[35:]), there))
	whole, behind := b[codec.HeaderLen:end], b[end:]
	if len(whole) > 0 {
		f.set("simp.payload", "%s", hex.EncodeToString(whole))
	}
	if len(d.Payload) > 0 {
		f.set("simp.text", "%s", quoted(d.Payload))
	}
	switch {
	case d.Label != nil:
		f.set("simp.label", "%s", quoted(d.Label))
	case len(behind) == 2:
		f.set("simp.trailer", "0x%s", hex.EncodeToString(behind))
		if !notes.Has(codec.Trailer) {
			f.set(remarkField(wrongTrailer), "1")
		}
	case len(behind) > 0:
		f.set("simp.behind", "%s", hex.EncodeToString(behind))
	}
	f.announcement(b[:end], whole, d)
}

// announcement expects the announcement in the payload of a datagram that ends with it, and the judgement on its seal.
func (f fields) announcement(b, payload []byte, d codec.Datagram) {
	if d.Kind != codec.SYN && d.Kind != codec.SYNACK && (d.Kind != codec.FIN || d.Form != codec.Usual) {
		return
	}
	blank := bytes.LastIndexByte(payload, ' ')
	if !bytes.HasPrefix(payload, []byte("simp/")) || blank < 0 || len(payload)-blank-1 < 4 {
		return
	}
	last := payload[blank+1:]
	if bytes.ContainsFunc(last, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return
	}
	f.set("simp.announcement", "%s", quoted(payload[:blank]))
	f.set("simp.filler", "%s", quoted(last[:len(last)-2]))
	f.set("simp.seal", "0x%s", hex.EncodeToString(last[len(last)-2:]))
	if sum := codec.Checksum(b[:len(b)-2]); !bytes.Equal(sum[:], last[len(last)-2:]) {
		f.set(remarkField(wrongSeal), "1")
	}
}

// words expects what native peers say to each other. Where the payload is somebody's text, no name is looked for in it.
func (f fields) words(d codec.Datagram) {
	of, reason := codec.Invalid, codec.ReasonNone
	if d.Kind == codec.ACK {
		of = codec.AckOf(d.Payload)
	}
	if d.Kind == codec.FIN {
		reason = codec.ReasonOf(d.Payload)
	}
	if of != codec.Invalid {
		f.set("simp.of", "%s", of)
	}
	if reason != codec.ReasonNone {
		f.set("simp.reason", "%s", reason)
	}
	if of == codec.Invalid && reason == codec.ReasonNone && d.Label == nil && (!d.Announced || d.Kind == codec.FIN) {
		return
	}
	name, second := d.Name()
	if name != (codec.Token{}) {
		f.set("simp.conversation", "%s", name[:])
		if second != (codec.Token{}) {
			f.set("simp.own_conversation", "%s", second[:])
		}
	}
	if n := d.Number(); n > 0 {
		f.set("simp.number", "%d", n)
	}
}

// quoted is how the dissector shows a text: with everything written out that is not plain text.
func quoted(b []byte) string {
	s := strconv.Quote(string(b))
	return strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
}

// compare lets tshark dissect a capture, compares what it shows of each datagram with what the codec reads, and counts
// the fields.
func compare(t *testing.T, path string) (seen map[string]int) {
	t.Helper()
	c, err := pcap.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var between [][]byte
	for _, d := range c.Datagrams {
		if d.From.Port() == 7777 || d.To.Port() == 7777 {
			between = append(between, d.Payload)
		}
	}
	got := tshark(t, path, "udp.port == 7777", names()...)
	if len(got) != len(between) {
		t.Fatalf("%s: tshark sees %d datagrams, %d are there", path, len(got), len(between))
	}
	seen = make(map[string]int)
	for i, b := range between {
		if diff := cmp.Diff(expected(b), got[i]); diff != "" {
			t.Errorf("%s, datagram %d, %q (-codec +tshark):\n%s", filepath.Base(path), i+1, b, diff)
		}
		for name := range got[i] {
			seen[name]++
		}
	}
	return seen
}

// What the dissector shows of each recorded datagram is what the codec reads.
func TestRecordings(t *testing.T) {
	seen := compare(t, recordings(t))
	for name, least := range map[string]int{
		"simp.kind": 320, "simp.trailer": 63, remarkField("trailer"): 63, remarkField("no-length"): 36, remarkField("leading-nul"): 16,
		remarkField("user-padded-with-spaces"): 52, remarkField("form-finerr"): 3, remarkField("form-finack"): 1, remarkField("form-stub"): 1,
	} {
		if seen[name] < least {
			t.Errorf("%d datagrams with %s, %d are recorded", seen[name], name, least)
		}
	}
}

// native is a story in which native peers say everything that they have words for.
const native = `
node alice
node bob accept=ask
node carol plain
node dave max-chats=2
network drop=15% duplicate=10%
seed 7
0s alice invites bob
2s bob accepts alice
20s alice says bob hello
30s bob says alice grüß dich, "Alice"
60s carol invites alice
90s alice says bob 👋 a long one: Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy
150s bob leaves alice
200s alice invites dave
230s dave declines alice
260s alice invites bob
270s alice cancels bob
300s dave invites bob
310s bob accepts dave
320s dave says bob one
400s bob crashes
410s dave says bob two
until 600s
`

// What our own daemons send is read as they mean it: announcements, names, numbers, labels, reasons.
func TestNative(t *testing.T) {
	script, err := sim.Parse(native)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "native.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pcap.NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	script.Play(sim.Options{Capture: func(at time.Time, from, to netip.AddrPort, b []byte) {
		if err := w.Write(pcap.Datagram{At: at, From: from, To: to, Payload: b}); err != nil {
			t.Error(err)
		}
	}})
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	seen := compare(t, path)
	for _, name := range []string{
		"simp.kind", "simp.announcement", "simp.filler", "simp.seal", "simp.of", "simp.reason", "simp.conversation", "simp.own_conversation",
		"simp.number", "simp.label", "simp.text", remarkField("payload-not-ascii"),
	} {
		if seen[name] < 2 {
			t.Errorf("%d datagrams with %s, which is too few to show anything", seen[name], name)
		}
	}
	if n := seen[remarkField(wrongSeal)] + seen[remarkField("length-short")] + seen[remarkField("extra-payload")]; n != 0 {
		t.Errorf("%d datagrams of ours are not well-formed", n)
	}
}

// What the codec has a note or an error for is remarked, and nothing else: tried with every wire, and with datagrams that
// chance has damaged.
func TestAnything(t *testing.T) {
	odd := damaged(rand.New(rand.NewPCG(1, 2)), samples(t), 6000)
	seen := compare(t, capture(t, 7777, 7777, odd))
	for _, name := range names() {
		if seen[name] == 0 && name != remarkField("empty") && name != remarkField("cut") {
			t.Errorf("no datagram shows %s", name)
		}
	}
}

// samples are datagrams of all kinds, from all wires.
func samples(t *testing.T) [][]byte {
	t.Helper()
	token := string(codec.AppendWords(nil, "", codec.TokenFrom(12345), codec.TokenFrom(54321)))
	var all [][]byte
	for _, w := range []codec.Wire{codec.Canonical, codec.Trailing, codec.Spaced, codec.Short, codec.Counting} {
		for _, d := range []codec.Datagram{
			{Kind: codec.SYN},
			{Kind: codec.SYN, Announced: true, Payload: []byte("simp/1" + token)},
			{Kind: codec.SYN, Announced: true, Payload: []byte("simp/2 else" + token)},
			{Kind: codec.SYNACK, Announced: true, Payload: []byte("simp/1" + token)},
			{Kind: codec.ACK, Seq: 200},
			{Kind: codec.ACK, Form: codec.FINACK},
			{Kind: codec.ACK, Payload: []byte("syn+ack" + token)},
			{Kind: codec.ACK, Payload: []byte("chat" + token + " #4294967295")},
			{Kind: codec.ACK, Payload: []byte("chat #4294967296")},
			{Kind: codec.FIN, Payload: []byte("left" + token)},
			{Kind: codec.FIN, Announced: true, Payload: []byte("busy" + token)},
			{Kind: codec.FIN, Announced: true},
			{Kind: codec.FIN, Form: codec.FINERR, Payload: []byte("rejected")},
			{Kind: codec.FIN, Payload: []byte("whatever" + token)},
			{Kind: codec.ERR, Payload: []byte("User already in another chat"), Label: []byte("abcdefgh")},
			{Kind: codec.ERR, Form: codec.Stub},
			{Kind: codec.CHAT, Payload: []byte("hi"), Label: []byte("abcdefgh #17")},
			{Kind: codec.CHAT, Payload: []byte("hi"), Label: []byte("#1")},
			{Kind: codec.CHAT},
			{Kind: codec.CHAT, Payload: []byte(strings.Repeat("ä \"q\" \\ \t\u202e \u2066 ", 12))},
		} {
			d.User = []byte("o\"b\\r ien")
			if b, err := w.Append(nil, d); err == nil {
				all = append(all, b)
			}
		}
	}
	if len(all) < 60 {
		t.Fatalf("only %d samples can be written", len(all))
	}
	return all
}

// damaged returns all samples, and n more that something is wrong with.
func damaged(r *rand.Rand, samples [][]byte, n int) [][]byte {
	all := slices.Clone(samples)
	all = append(all, make([]byte, codec.MaxReceive+1), slices.Clone(samples[0][:35]))
	for range n {
		b := slices.Clone(samples[r.IntN(len(samples))])
		for range 1 + r.IntN(2) {
			b = damage(r, b)
		}
		if len(b) > 0 {
			all = append(all, b)
		}
	}
	return all
}

func damage(r *rand.Rand, b []byte) []byte {
	interesting := []byte{0, 1, 2, 4, 6, 8, 9, 0x0c, ' ', '#', '"', '~', 0x7f, 0x80, 0xc3, 0xff}
	pick := func() byte { return interesting[r.IntN(len(interesting))] }
	at := func(limit int) int { return r.IntN(max(1, min(limit, len(b)))) }
	if len(b) == 0 {
		return []byte{pick()}
	}
	switch r.IntN(8) {
	case 0: // the header's first bytes
		b[at(3)] = pick()
	case 1: // the name
		b[at(35)] = pick()
	case 2: // Length
		if len(b) >= codec.HeaderLen {
			b[38] = byte(r.IntN(8))
		}
	case 3: // the name, filled up with something
		if len(b) >= codec.HeaderLen {
			copy(b[3:35], bytes.Repeat([]byte{pick()}, r.IntN(33)))
		}
	case 4: // anything
		b[r.IntN(len(b))] = byte(r.IntN(256))
	case 5: // shorter
		b = b[:r.IntN(len(b))]
	case 6: // longer
		b = append(b, pick(), byte(r.IntN(256)))
	default: // as others write it
		b = append(b, []string{"\x00abcdefgh #3", "\x00#12", "\x00hello", "\x00"}[r.IntN(4)]...)
	}
	return b
}

// A datagram of which the capture has only the beginning is not judged.
func TestCutOff(t *testing.T) {
	path := capture(t, 7777, 7777, samples(t)[:1])
	cutFirst(t, path, 10)
	got := tshark(t, path, "simp", names()...)
	want := []fields{{"_ws.col.Protocol": {"SIMP"}, "_ws.col.Info": {"The capture has only a part of it"}, remarkField("cut"): {"1"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The dissector is bound to its ports, and guesses nothing.
func TestOtherPorts(t *testing.T) {
	for _, ports := range [][2]uint16{{7776, 7779}, {8888, 6666}} {
		if got := tshark(t, capture(t, ports[0], ports[1], samples(t)[:5]), "simp or simp_client", "_ws.col.Info"); len(got) != 0 {
			t.Errorf("from port %d to %d: %v", ports[0], ports[1], slices.Collect(maps.Values(got[0])))
		}
	}
}
