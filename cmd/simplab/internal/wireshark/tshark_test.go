package wireshark_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"simp/cmd/simplab/internal/wireshark"
	"simp/netio/pcap"
)

// fields is what tshark says of a packet: the values of each field by its name. A field that is not there is missing.
type fields map[string][]string

// tshark dissects a capture and returns the fields with the given names, and those of packets for which the filter is
// true only. It skips the test where there is no tshark.
func tshark(t *testing.T, capture, filter string, names ...string) []fields {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed here, so nobody reads the dissector (Debian, Ubuntu: apt-get install tshark)")
	}
	home := t.TempDir() // the plugins of whoever runs the tests stay out of it
	script := filepath.Join(home, "simp.lua")
	if err := os.WriteFile(script, []byte(wireshark.Dissector()), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-X", "lua_script:" + script, "-r", capture, "-T", "json", "-e", "_ws.expert.message"}
	if filter != "" {
		args = append(args, "-Y", filter)
	}
	for _, name := range names {
		args = append(args, "-e", name)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "LC_ALL=C.UTF-8", "TZ=UTC")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("tshark: %v\n%s", err, &stderr)
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "Running as user") {
			t.Errorf("tshark complains: %s", line)
		}
	}
	var packets []struct {
		Source struct{ Layers fields } `json:"_source"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &packets); err != nil {
		t.Fatalf("tshark's output: %v", err)
	}
	var all []fields
	for i, p := range packets {
		for _, said := range p.Source.Layers["_ws.expert.message"] {
			if strings.Contains(said, "Lua") || strings.Contains(said, "Exception") {
				t.Errorf("packet %d: %s", i+1, said)
			}
		}
		delete(p.Source.Layers, "_ws.expert.message")
		for name, values := range p.Source.Layers {
			if name == "simp.payload" || name == "simp.behind" {
				for i := range values {
					values[i] = strings.ReplaceAll(values[i], ":", "") // only some versions of tshark write them
				}
			}
		}
		all = append(all, p.Source.Layers)
	}
	return all
}

// capture writes a capture of datagrams from a port to a port.
func capture(t *testing.T, from, to uint16, datagrams [][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w, err := pcap.NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, b := range datagrams {
		err := w.Write(pcap.Datagram{
			At:   at.Add(time.Duration(i) * time.Millisecond),
			From: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), from), To: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), to),
			Payload: b,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// cutFirst leaves out the last n bytes of the only packet of a capture, as if it had been taken with a limit.
func cutFirst(t *testing.T, path string, n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head, captured = 24, 8 // of the file, and where the packet's head says how much of it there is
	binary.LittleEndian.PutUint32(b[head+captured:], binary.LittleEndian.Uint32(b[head+captured:])-uint32(n))
	if err := os.WriteFile(path, b[:len(b)-n], 0o600); err != nil {
		t.Fatal(err)
	}
}

// recordings writes the captures of other implementations behind each other into one, whose path it returns: tshark takes
// longer to start than to read all of them.
func recordings(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob("../../../../testdata/traces/*.pcap")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	all := filepath.Join(t.TempDir(), "all.pcap")
	file, err := os.Create(all)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w := pcapgo.NewWriterNanos(file)
	if err := w.WriteFileHeader(1<<17, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		copyFrames(t, w, path)
	}
	return all
}

func copyFrames(t *testing.T, to *pcapgo.Writer, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := pcapgo.NewReader(file)
	if err != nil || r.LinkType() != layers.LinkTypeEthernet {
		t.Fatalf("%s: %v", path, err)
	}
	for {
		frame, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = to.WritePacket(info, frame)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}
