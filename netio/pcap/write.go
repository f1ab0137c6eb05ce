package pcap

import (
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Writer writes UDP datagrams into a capture file that tcpdump and Wireshark open: classic format, nanoseconds, whole
// Ethernet frames with correct checksums. The hardware addresses are made up from the IPv4 addresses.
type Writer struct {
	to     *pcapgo.Writer
	buffer gopacket.SerializeBuffer
}

// snapLen is the most bytes of a frame that a capture holds: more than any has.
const snapLen = 1 << 17

// NewWriter writes the head of a capture.
func NewWriter(to io.Writer) (*Writer, error) {
	w := &Writer{to: pcapgo.NewWriterNanos(to), buffer: gopacket.NewSerializeBuffer()}
	if err := w.to.WriteFileHeader(snapLen, layers.LinkTypeEthernet); err != nil {
		return nil, fmt.Errorf("pcap: write the head: %w", err)
	}
	return w, nil
}

// Write appends a datagram, which goes from one IPv4 address to another.
func (w *Writer) Write(d Datagram) error {
	if !d.From.Addr().Is4() || !d.To.Addr().Is4() {
		return fmt.Errorf("pcap: write a datagram from %s to %s: both have to be IPv4", d.From, d.To)
	}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: d.From.Addr().AsSlice(), DstIP: d.To.Addr().AsSlice()}
	udp := &layers.UDP{SrcPort: layers.UDPPort(d.From.Port()), DstPort: layers.UDPPort(d.To.Port())}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		return fmt.Errorf("pcap: write a datagram: %w", err)
	}
	err := gopacket.SerializeLayers(w.buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: hardware(d.From.Addr()), DstMAC: hardware(d.To.Addr()), EthernetType: layers.EthernetTypeIPv4},
		ip, udp, gopacket.Payload(d.Payload))
	if err != nil {
		return fmt.Errorf("pcap: write a datagram: %w", err)
	}
	frame := w.buffer.Bytes()
	info := gopacket.CaptureInfo{Timestamp: d.At, CaptureLength: len(frame), Length: len(frame)}
	if err := w.to.WritePacket(info, frame); err != nil {
		return fmt.Errorf("pcap: write a datagram: %w", err)
	}
	return nil
}

// hardware makes up the hardware address of a host: one of those that nobody is given (its second bit says so).
func hardware(a netip.Addr) net.HardwareAddr {
	return append(net.HardwareAddr{0x02, 0x00}, a.AsSlice()...)
}
