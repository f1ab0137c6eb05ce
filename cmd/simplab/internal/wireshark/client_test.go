package wireshark_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"simp/codec/client"
	"simp/codec/client/legacy"
	"simp/netio/pcap"
)

// clientNames are all fields that the dissector may show of what a client and its daemon say.
func clientNames() []string {
	all := []string{"_ws.col.Protocol", "_ws.col.Info"}
	for _, name := range []string{
		"protocol", "word", "flag", "text", "line", "op", "ev",
		"remark.no_object", "remark.no_word", "remark.unknown_word", "remark.long_line", "remark.unknown_protocol", "remark.cut",
	} {
		all = append(all, "simp_client."+name)
	}
	return all
}

// expectedOfClient is what the dissector has to show of a datagram of a client of another implementation, or to one.
func expectedOfClient(b []byte) fields {
	want := fields{"_ws.col.Protocol": {"SIMP client"}}
	p, word, rest, known := legacy.Look(b)
	if !known {
		want.set("simp_client.text", "%s", quoted(b))
		want.set("simp_client.remark.unknown_protocol", "1")
		want.set("_ws.col.Info", `%s`, brief(b))
		return want
	}
	if p == legacy.ProtocolA {
		word = hex.EncodeToString([]byte(word))
		if len(b) > 1 {
			want.set("simp_client.flag", "%d", b[1])
		}
	}
	want.set("simp_client.protocol", "%s", p)
	want.set("simp_client.word", "%s", word)
	line := fmt.Sprintf("%s %s (%s)", p, word, meaning(p, b))
	if rest != "" {
		want.set("simp_client.text", "%s", quoted([]byte(rest)))
		line += " " + brief([]byte(rest))
	}
	want.set("_ws.col.Info", "%s", line)
	return want
}

func meaning(p legacy.Protocol, b []byte) string {
	_, word, _, _ := legacy.Look(b)
	for _, w := range legacy.Words(p) {
		if w.Code == word {
			return w.Meaning
		}
	}
	return "unknown"
}

// brief is the beginning of a text, in quotation marks.
func brief(b []byte) string {
	characters := []rune(string(b))
	if len(characters) <= 60 {
		return `"` + strings.ReplaceAll(quoted(b), `"`, `\"`) + `"`
	}
	return `"` + strings.ReplaceAll(quoted([]byte(string(characters[:60]))), `"`, `\"`) + `"...`
}

// What the clients of other implementations and their daemons were recorded to say is told apart and shown.
func TestClientRecordings(t *testing.T) {
	path := recordings(t)
	c, err := pcap.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var said [][]byte
	for _, d := range c.Datagrams {
		if d.From.Port() == 7778 || d.To.Port() == 7778 {
			said = append(said, d.Payload)
		}
	}
	got := tshark(t, path, "udp.port == 7778", clientNames()...)
	if len(got) != len(said) || len(said) < 1000 {
		t.Fatalf("tshark sees %d datagrams, %d are there", len(got), len(said))
	}
	seen := make(map[string]int)
	for i, b := range said {
		if diff := cmp.Diff(expectedOfClient(b), got[i]); diff != "" {
			t.Errorf("datagram %d, %q (-ours +tshark):\n%s", i+1, b, diff)
		}
		for _, p := range got[i]["simp_client.protocol"] {
			seen[p]++
		}
	}
	for p, least := range map[string]int{"A": 200, "B": 1000, "C": 60} {
		if seen[p] < least {
			t.Errorf("%d datagrams of %s's protocol", seen[p], p)
		}
	}
}

// firstPort is that of the first client in the captures that segments writes.
const firstPort = 50000

// segments writes a capture of TCP connections in each of which a daemon sends some bytes to a client, in segments of
// random sizes.
func segments(t *testing.T, r *rand.Rand, most int, streams ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tcp.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w := pcapgo.NewWriterNanos(file)
	if err := w.WriteFileHeader(1<<17, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, stream := range streams {
		send(t, w, r, most, layers.TCPPort(firstPort+i), stream)
	}
	return path
}

func send(t *testing.T, w *pcapgo.Writer, r *rand.Rand, most int, to layers.TCPPort, stream []byte) {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seq := uint32(1000)
	for len(stream) > 0 {
		n := min(1+r.IntN(most), len(stream))
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IPv4(10, 0, 0, 1), DstIP: net.IPv4(10, 0, 0, 2)}
		tcp := &layers.TCP{SrcPort: 7778, DstPort: to, Seq: seq, Ack: 1, ACK: true, PSH: true, Window: 60000}
		if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		buffer := gopacket.NewSerializeBuffer()
		err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
			&layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4},
			ip, tcp, gopacket.Payload(stream[:n]))
		if err != nil {
			t.Fatal(err)
		}
		frame := buffer.Bytes()
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(frame), Length: len(frame)}, frame); err != nil {
			t.Fatal(err)
		}
		stream, seq, at = stream[n:], seq+uint32(n), at.Add(time.Millisecond)
	}
}

// column joins the values that a field has in all packets.
func column(packets []fields, name string) []string {
	var all []string
	for _, p := range packets {
		all = append(all, p[name]...)
	}
	return all
}

// golden is a file of lines between clients and daemons.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../../testdata/client", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every line that a client or its daemon of ours can say is shown, however TCP has cut it.
func TestLines(t *testing.T) {
	stream := slices.Concat(golden(t, "commands.golden"), golden(t, "events.golden"))
	var lines, ops, evs []string
	for line := range bytes.Lines(stream) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		lines = append(lines, quoted(line))
		if e, err := (client.Native{}).DecodeEvent(line); err == nil {
			evs = append(evs, e.Name())
			if refusal, is := e.(client.Error); is {
				ops = append(ops, refusal.OpName)
			}
		} else if c, err := (client.Native{}).DecodeCommand(line); err == nil {
			ops = append(ops, c.Op())
		} else {
			t.Errorf("%s is neither command nor event", line)
		}
	}
	if len(ops) < 10 || len(evs) < 17 {
		t.Fatalf("only %d commands and %d events", len(ops), len(evs))
	}
	for _, most := range []int{7, 300, 1400} {
		got := tshark(t, segments(t, rand.New(rand.NewPCG(3, 4)), most, stream), "tcp", clientNames()...)
		for name, want := range map[string][]string{"line": lines, "op": ops, "ev": evs} {
			if diff := cmp.Diff(want, column(got, "simp_client."+name)); diff != "" {
				t.Errorf("segments of up to %d bytes, %s (-want +got):\n%s", most, name, diff)
			}
		}
		for _, name := range []string{"no_object", "no_word", "long_line", "unknown_protocol"} {
			if n := len(column(got, "simp_client.remark."+name)); n > 0 {
				t.Errorf("segments of up to %d bytes: %d times %s", most, n, name)
			}
		}
	}
}

// What is not as it should be is remarked.
func TestLines_Wrong(t *testing.T) {
	tests := []struct{ line, remark, op, info string }{
		{`{"op":"chat","text":"\"op\":\"quit\"","x":{"op":"ping"}}`, "", "chat", "op chat"},
		{`{ "id" : [1,{"a":"]}"}] , "op" : "leave" }`, "", "leave", "op leave"},
		{`{"op":"ping"}` + "\n" + `{"op":"quit"}`, "", "ping quit", "op ping, op quit"},
		{`{"text":"\" ,","op":"leave"}`, "", "leave", "op leave"},
		{`{"op":"dance"}`, "unknown_word", "dance", "op dance"},
		{`{"ev":"applause"}`, "unknown_word", "", "ev applause"},
		{`{"text":"op"}`, "no_word", "", "neither op nor ev"},
		{`{}`, "no_word", "", "neither op nor ev"},
		{`{"op":"chat"`, "no_object", "", "no JSON object"},
		{`{"op":"chat"} {"op":"quit"}`, "no_object", "", "no JSON object"},
		{`{op:"chat"}`, "no_object", "", "no JSON object"},
		{`{"op":"chat","text":"` + strings.Repeat("x", client.MaxLine) + `"}`, "long_line", "chat", "op chat"},
		{"CONNECT 127.0.0.2", "unknown_protocol", "", `"CONNECT 127.0.0.2\n"`},
	}
	var streams [][]byte
	for _, test := range tests {
		streams = append(streams, []byte(test.line+"\n"))
	}
	path := segments(t, rand.New(rand.NewPCG(5, 6)), 60000, streams...)
	byPort := make(map[string][]fields)
	for _, p := range tshark(t, path, "simp_client", append(clientNames(), "tcp.dstport")...) {
		port := strings.Join(p["tcp.dstport"], " ")
		byPort[port] = append(byPort[port], p)
	}
	for i, test := range tests {
		got := byPort[fmt.Sprint(firstPort+i)]
		name := test.line[:min(60, len(test.line))]
		if op := strings.Join(column(got, "simp_client.op"), " "); op != test.op {
			t.Errorf("%s: the command is %q, want %q", name, op, test.op)
		}
		for _, remark := range []string{"no_object", "no_word", "unknown_word", "long_line", "unknown_protocol"} {
			if n := len(column(got, "simp_client.remark."+remark)); n > 0 != (remark == test.remark) {
				t.Errorf("%s: %d times %s", name, n, remark)
			}
		}
		infos := column(got, "_ws.col.Info")
		if len(infos) == 0 || strings.TrimSpace(infos[len(infos)-1]) != test.info {
			t.Errorf("%s: in the list of packets %q, want %q", name, infos, test.info)
		}
	}
}

// Of a line that the capture does not hold whole, what there is is shown.
func TestLines_CutOff(t *testing.T) {
	path := segments(t, rand.New(rand.NewPCG(7, 8)), 60000, bytes.Repeat([]byte(`{"op":"ping"} `), 20))
	cutFirst(t, path, 266)
	got := tshark(t, path, "simp_client", clientNames()...)
	want := []fields{{
		"_ws.col.Protocol": {"SIMP client"}, "_ws.col.Info": {`"{\"op\":\"ping\"} " `},
		"simp_client.text": {`{"op":"ping"} `}, "simp_client.remark.cut": {"1"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestClientDatagram_CutOff(t *testing.T) {
	path := capture(t, 50000, 7778, [][]byte{[]byte("CHAT|long enough for a whole frame")})
	cutFirst(t, path, 3)
	got := tshark(t, path, "simp_client", clientNames()...)
	want := []fields{{"_ws.col.Protocol": {"SIMP client"}, "_ws.col.Info": {"The capture has only a part of it"}, "simp_client.remark.cut": {"1"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
