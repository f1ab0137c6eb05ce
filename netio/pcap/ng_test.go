package pcap

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// ngSample is a file with a datagram of each IP version and a connection.
func ngSample(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewNgWriter(&file, "a sample")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC)
	alice, bob := netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.2:7777")
	alice6, bob6 := netip.MustParseAddrPort("[fe80::1%eth0]:7777"), netip.MustParseAddrPort("[fe80::2%eth0]:7777")
	client, port := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:7778")
	for _, err := range []error{
		w.Datagram(Datagram{At: at, From: alice, To: bob, Payload: []byte("hello")}, Note{Comment: "idle -> syn-sent", Out: true}),
		w.Datagram(Datagram{At: at.Add(time.Nanosecond), From: bob6, To: alice6, Payload: bytes.Repeat([]byte("x"), 60001)}, Note{Comment: "grüße", Lost: 3}),
		w.Segment(Segment{At: at, From: client, To: port, SYN: true}, Note{}),
		w.Segment(Segment{At: at, From: port, To: client, Ack: 1, SYN: true, ACK: true}, Note{Out: true}),
		w.Segment(Segment{At: at, From: client, To: port, Seq: 1, Ack: 1, ACK: true, Payload: []byte("{\"op\":\"ping\"}\n")}, Note{}),
		w.Segment(Segment{At: at, From: port, To: client, Seq: 1, Ack: 15, ACK: true, Payload: []byte("{\"ev\":\"pong\"}\n")}, Note{Out: true}),
		w.Segment(Segment{At: at, From: client, To: port, Seq: 15, Ack: 15, ACK: true, FIN: true}, Note{}),
		w.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// What is written is read back, with comments, and the frames are such as a network carries.
func TestNgWriter(t *testing.T) {
	r, err := pcapgo.NewNgReader(bytes.NewReader(ngSample(t)), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		frame, info, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packet := gopacket.NewPacket(frame, r.LinkType(), gopacket.Default)
		if packet.ErrorLayer() != nil {
			t.Fatal(packet.ErrorLayer().Error())
		}
		switch l := packet.TransportLayer().(type) {
		case *layers.UDP:
			_ = l.SetNetworkLayerForChecksum(packet.NetworkLayer())
		case *layers.TCP:
			_ = l.SetNetworkLayerForChecksum(packet.NetworkLayer())
		default:
			t.Fatalf("%v is neither UDP nor TCP", packet)
		}
		if err, wrong := packet.VerifyChecksums(); err != nil || len(wrong) > 0 {
			t.Errorf("wrong checksums: %v, %v", wrong, err)
		}
		if info.Timestamp.Nanosecond()/1000 != 123456 || info.Length != len(frame) {
			t.Errorf("at %s, %d of %d bytes", info.Timestamp, len(frame), info.Length)
		}
		note := packet.NetworkLayer().NetworkFlow().String() + " " + strings.Join(options.Comments, "|")
		if options.DropCount != nil {
			note += " after a loss"
		}
		got = append(got, note)
	}
	want := []string{
		"10.0.0.1->10.0.0.2 idle -> syn-sent", "fe80::2->fe80::1 grüße after a loss", "127.0.0.1->127.0.0.1 ", "127.0.0.1->127.0.0.1 ",
		"127.0.0.1->127.0.0.1 ", "127.0.0.1->127.0.0.1 ", "127.0.0.1->127.0.0.1 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("read back:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if frame := r.SectionInfo().Comment; frame != "a sample" {
		t.Errorf("it is about %q", frame)
	}
}

// Wireshark's own reader has nothing to complain of, and shows the comments and the conversation.
func TestNgWriter_Tshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed, so nobody but our own code has read the file")
	}
	path := filepath.Join(t.TempDir(), "sample.pcapng")
	if err := os.WriteFile(path, ngSample(t), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", path, "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
		"-T", "fields", "-E", "separator=;", "-e", "frame.number", "-e", "frame.comment", "-e", "udp.length", "-e", "tcp.len",
		"-e", "udp.checksum.status", "-e", "tcp.checksum.status", "-e", "ip.checksum.status", "-e", "_ws.expert.message").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "Running as user") && strings.TrimSpace(line) != "" {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for i, want := range []string{"1;idle -> syn-sent;13;;1;;1;", "2;grüße;60009;;1;;;", "3;;;0;;1;1;", "4;;;0;;1;1;", "5;;;14;;1;1;", "6;;;14;;1;1;", "7;;;0;;1;1;"} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Fatalf("packet %d is not %q:\n%s", i+1, want, out)
		}
	}
	for _, complaint := range []string{"retransmission", "not captured", "Malformed", "lost", "incorrect"} {
		if strings.Contains(string(out), complaint) {
			t.Errorf("it complains (%s):\n%s", complaint, out)
		}
	}
}

// What cannot be written is an error, and the next packet can.
func TestNgWriter_Mixed(t *testing.T) {
	w, err := NewNgWriter(io.Discard, "")
	if err != nil {
		t.Fatal(err)
	}
	d := sample()[0]
	d.To = netip.MustParseAddrPort("[::1]:7777")
	if err := w.Datagram(d, Note{}); err == nil || !strings.Contains(err.Error(), "of the same version") {
		t.Errorf("from IPv4 to IPv6: %v", err)
	}
	d = sample()[0]
	d.Payload = make([]byte, 65535)
	if err := w.Datagram(d, Note{Comment: strings.Repeat("x", 1<<17)}); err != nil {
		t.Errorf("more than fits: %v", err)
	}
}
