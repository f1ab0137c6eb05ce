package pcap

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

func sample() []Datagram {
	alice, bob := netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.2:7778")
	at := time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC)
	return []Datagram{
		{At: at, From: alice, To: bob, Payload: []byte{1, 2, 0}},
		{At: at.Add(time.Nanosecond), From: bob, To: alice, Payload: bytes.Repeat([]byte("x"), 60000)},
		{At: at.Add(time.Hour), From: alice, To: bob, Payload: []byte{}},
	}
}

// What is written is read back, to the nanosecond.
func TestWriter(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sample() {
		if err := w.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), c.Datagrams, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// The frames are such as a network carries: the checksums are right and the lengths fit.
func TestWriter_Frames(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(sample()[0]); err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	frame, _, err := r.ReadPacketData()
	if err != nil {
		t.Fatal(err)
	}
	packet := gopacket.NewPacket(frame, layers.LinkTypeEthernet, gopacket.Default)
	if packet.ErrorLayer() != nil {
		t.Fatal(packet.ErrorLayer().Error())
	}
	udp, _ := packet.TransportLayer().(*layers.UDP)
	if err := udp.SetNetworkLayerForChecksum(packet.NetworkLayer()); err != nil {
		t.Fatal(err)
	}
	if err, wrong := packet.VerifyChecksums(); err != nil || len(wrong) > 0 {
		t.Errorf("wrong checksums: %v, %v", wrong, err)
	}
}

func TestWriter_NotIPv6(t *testing.T) {
	w, err := NewWriter(new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	d := sample()[0]
	d.To = netip.MustParseAddrPort("[::1]:7777")
	if err := w.Write(d); err == nil || !strings.Contains(err.Error(), "IPv4") {
		t.Errorf("a datagram to IPv6 gives %v", err)
	}
}
