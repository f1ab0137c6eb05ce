package pcap

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sight is a line of what tshark and we say of a packet.
func sight(p Packet) string {
	ip, proto := "ip", "udp"
	if p.From.Addr().Is6() {
		ip = "ipv6"
	}
	if p.Proto == TCP {
		proto = "tcp"
	}
	return fmt.Sprintf("%d %d.%09d %s %s %s %s %d %d %s", p.N, p.At.Unix(), p.At.Nanosecond(), ip, p.From.Addr(), p.To.Addr(), proto,
		p.From.Port(), p.To.Port(), hex.EncodeToString(p.Payload))
}

// tsharkSees lists what tshark finds in a capture.
func tsharkSees(t *testing.T, path string) []string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed here, so what we read is not compared with what Wireshark does (Debian, Ubuntu: apt-get install tshark)")
	}
	names := []string{
		"frame.number", "frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.payload",
		"tcp.srcport", "tcp.dstport", "tcp.payload",
	}
	args := []string{"-n", "-r", path, "-Y", "udp || tcp", "-T", "fields", "-E", "occurrence=f"}
	for _, n := range names {
		args = append(args, "-e", n)
	}
	command := exec.Command(program, args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, &stderr)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		v := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		ip, from, to := "ip", v[2], v[3]
		if from == "" {
			ip, from, to = "ipv6", v[4], v[5]
		}
		proto, source, target, payload := "udp", v[6], v[7], v[8]
		if source == "" {
			proto, source, target, payload = "tcp", v[9], v[10], v[11]
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s %s %s %s %s", v[0], v[1], ip, from, to, proto, source, target, strings.ReplaceAll(payload, ":", "")))
	}
	return lines
}

// What is read is what Wireshark reads: of recordings, and of every format with every link layer.
func TestReader_AsWireshark(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(traces, "a-chat.pcap"), filepath.Join(traces, "d-busy.pcap"), filepath.Join(traces, "client-a-start.pcap")}
	for i, w := range wrappings(t) {
		f := formats()[i%len(formats())]
		var frames [][]byte
		for _, s := range stacks(t) {
			frames = append(frames, w.wrap(s.is6, s.bytes(t)))
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.pcap", i))
		if err := os.WriteFile(path, f.write(t, w.link, frames...), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	for _, path := range paths {
		theirs := tsharkSees(t, path)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		packets, _, err := all(t, file)
		if err != nil {
			t.Fatal(err)
		}
		var ours []string
		for _, p := range packets {
			ours = append(ours, sight(p))
		}
		if diff := cmp.Diff(theirs, ours); diff != "" || len(ours) == 0 {
			t.Errorf("%s (-tshark +ours):\n%s", path, diff)
		}
	}
}
