// Package pcap reads UDP datagrams out of packet captures, as tcpdump and Wireshark write them, and writes captures that those
// open.
package pcap

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Capture is what was read of a capture.
type Capture struct {
	Start     time.Time // when its first packet was seen, of whatever protocol
	Datagrams []Datagram
}

// Datagram is one UDP datagram of a capture.
type Datagram struct {
	At       time.Time
	From, To netip.AddrPort
	Payload  []byte
}

// ErrCut says that a capture does not hold its packets whole: a datagram that is read from a part of it would be another one.
var ErrCut = errors.New("a packet is cut off or a fragment")

// ReadFile reads a capture file in the classic format (microseconds or nanoseconds, either byte order) and returns its UDP
// datagrams in order. Packets of other protocols are left out. With an error comes what was read before it.
func ReadFile(path string) (Capture, error) {
	f, err := os.Open(path)
	if err != nil {
		return Capture{}, fmt.Errorf("pcap: %w", err)
	}
	defer func() { _ = f.Close() }()
	c, err := Read(f)
	if err != nil {
		return c, fmt.Errorf("pcap: read %s: %w", path, err)
	}
	return c, nil
}

// Read is ReadFile for a capture from anywhere.
func Read(from io.Reader) (Capture, error) {
	var c Capture
	r, err := pcapgo.NewReader(from)
	if err != nil {
		return c, err
	}
	for {
		frame, info, err := r.ReadPacketData()
		switch {
		case errors.Is(err, io.EOF):
			return c, nil
		case err != nil:
			return c, err
		case info.CaptureLength != info.Length:
			return c, ErrCut
		}
		if c.Start.IsZero() {
			c.Start = info.Timestamp
		}
		d, is, err := datagram(frame, r.LinkType())
		if err != nil {
			return c, err
		}
		if is {
			d.At = info.Timestamp
			c.Datagrams = append(c.Datagrams, d)
		}
	}
}

// datagram takes the UDP datagram out of a frame, if there is one.
func datagram(frame []byte, link layers.LinkType) (d Datagram, is bool, err error) {
	packet := gopacket.NewPacket(frame, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	udp, is := packet.Layer(layers.LayerTypeUDP).(*layers.UDP)
	if !is {
		if ip, isIP := packet.NetworkLayer().(*layers.IPv4); isIP && ip.Protocol == layers.IPProtocolUDP {
			return d, false, ErrCut
		}
		return d, false, nil
	}
	if int(udp.Length) != len(udp.Contents)+len(udp.Payload) {
		return d, false, ErrCut
	}
	source, _ := netip.AddrFromSlice(packet.NetworkLayer().NetworkFlow().Src().Raw())
	target, _ := netip.AddrFromSlice(packet.NetworkLayer().NetworkFlow().Dst().Raw())
	return Datagram{
		From: netip.AddrPortFrom(source, uint16(udp.SrcPort)), To: netip.AddrPortFrom(target, uint16(udp.DstPort)), Payload: udp.Payload,
	}, true, nil
}
