package pcap

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// NgWriter writes what goes over a network into a file in the newer format, pcapng, in which packets can have comments:
// whole Ethernet frames with correct checksums, times in nanoseconds. Nothing is sure to be in the file before Flush.
type NgWriter struct {
	to     *pcapgo.NgWriter
	buffer gopacket.SerializeBuffer
}

// Note is what is said of a packet beside what it is.
type Note struct {
	Comment string // "": none
	Out     bool   // it was sent by whoever records, else it was received
	Lost    uint64 // how many packets before it are missing
}

// Segment is a part of a TCP connection.
type Segment struct {
	At            time.Time
	From, To      netip.AddrPort
	Seq, Ack      uint32
	SYN, ACK, FIN bool
	Payload       []byte
}

// MaxSegment is the most payload, in bytes, that a segment has on an Ethernet.
const MaxSegment = 1440

// maxUDP is the most payload that a datagram can have, and is cut to.
const maxUDP = 65507

// ErrMixed says that no packet goes from one address to the other. Others can still be written.
var ErrMixed = errors.New("both have to be addresses of the same version")

// NewNgWriter writes the head of a file. about says what is in it.
func NewNgWriter(to io.Writer, about string) (*NgWriter, error) {
	w, err := pcapgo.NewNgWriterInterface(to,
		pcapgo.NgInterface{Name: "simp", LinkType: layers.LinkTypeEthernet, TimestampResolution: 9},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "simp", Comment: about}})
	if err != nil {
		return nil, fmt.Errorf("pcap: write the head: %w", err)
	}
	return &NgWriter{to: w, buffer: gopacket.NewSerializeBuffer()}, nil
}

// Datagram appends a UDP datagram.
func (w *NgWriter) Datagram(d Datagram, n Note) error {
	udp := &layers.UDP{SrcPort: layers.UDPPort(d.From.Port()), DstPort: layers.UDPPort(d.To.Port())}
	payload := d.Payload[:min(len(d.Payload), maxUDP)]
	return w.packet(d.At, d.From.Addr(), d.To.Addr(), layers.IPProtocolUDP, udp, payload, n)
}

// Segment appends a TCP segment.
func (w *NgWriter) Segment(s Segment, n Note) error {
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.From.Port()), DstPort: layers.TCPPort(s.To.Port()), Seq: s.Seq, Ack: s.Ack,
		SYN: s.SYN, ACK: s.ACK, FIN: s.FIN, PSH: len(s.Payload) > 0, Window: 65535,
	}
	return w.packet(s.At, s.From.Addr(), s.To.Addr(), layers.IPProtocolTCP, tcp, s.Payload, n)
}

// Flush writes everything that is still held back.
func (w *NgWriter) Flush() error {
	if err := w.to.Flush(); err != nil {
		return fmt.Errorf("pcap: write: %w", err)
	}
	return nil
}

// transport is UDP or TCP.
type transport interface {
	gopacket.SerializableLayer
	SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
}

func (w *NgWriter) packet(at time.Time, from, to netip.Addr, protocol layers.IPProtocol, over transport, payload []byte, n Note) error {
	from, to = from.Unmap().WithZone(""), to.Unmap().WithZone("")
	if !from.IsValid() || !to.IsValid() || from.Is4() != to.Is4() {
		return fmt.Errorf("pcap: write a packet from %s to %s: %w", from, to, ErrMixed)
	}
	ethernet := &layers.Ethernet{SrcMAC: hardware(lastFour(from)), DstMAC: hardware(lastFour(to))}
	var ip interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	}
	if from.Is4() {
		ethernet.EthernetType = layers.EthernetTypeIPv4
		ip = &layers.IPv4{Version: 4, TTL: 64, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	} else {
		ethernet.EthernetType = layers.EthernetTypeIPv6
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	}
	if err := over.SetNetworkLayerForChecksum(ip); err != nil {
		return fmt.Errorf("pcap: write a packet: %w", err)
	}
	if err := gopacket.SerializeLayers(w.buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		ethernet, ip, over, gopacket.Payload(payload)); err != nil {
		return fmt.Errorf("pcap: write a packet: %w", err)
	}
	frame := w.buffer.Bytes()
	info := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(frame), Length: len(frame)}
	if err := w.to.WritePacketWithOptions(info, frame, n.options()); err != nil {
		return fmt.Errorf("pcap: write a packet: %w", err)
	}
	return nil
}

func (n Note) options() (o pcapgo.NgPacketOptions) {
	o.Flags = &pcapgo.NgEpbFlags{Direction: pcapgo.NgEpbFlagDirectionInbound}
	if n.Out {
		o.Flags.Direction = pcapgo.NgEpbFlagDirectionOutbound
	}
	if n.Comment != "" {
		o.Comments = []string{n.Comment[:min(len(n.Comment), maxComment)]}
	}
	if n.Lost > 0 {
		o.DropCount = &n.Lost
	}
	return o
}

// maxComment is the most bytes that a comment can have.
const maxComment = 1<<16 - 1

// lastFour makes an IPv4 address of any, to make a hardware address of.
func lastFour(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// Totals says at the end how many packets there are, and how many are missing in all.
func (w *NgWriter) Totals(at time.Time, packets, lost uint64) error {
	err := w.to.WriteInterfaceStats(0, pcapgo.NgInterfaceStatistics{LastUpdate: at, PacketsReceived: packets + lost, PacketsDropped: lost})
	if err != nil {
		return fmt.Errorf("pcap: write the totals: %w", err)
	}
	return nil
}
