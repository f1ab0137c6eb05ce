package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Reader reads a capture packet by packet: pcap with microseconds or nanoseconds, in either byte order, and pcapng with any
// number of sections and interfaces. Which of them it is the file says. It holds one packet at a time, however long the file is.
//
// Only UDP and TCP over IP are delivered, from Ethernet (with VLAN tags or without), raw IP, BSD loopback, and Linux "cooked"
// captures of both versions. Everything else is counted.
type Reader struct {
	Skipped int // packets of other protocols, or of links that are not known, so far
	Cut     int // packets that were delivered and were cut, so far

	source  source
	file    io.Closer
	counted *counting // nil: it comes from anywhere
	packet  Packet
	n       int
	start   time.Time // when the first packet was captured, of whatever protocol
	err     error     // after the end
}

// source is a file format.
type source interface {
	next() (frame []byte, info gopacket.CaptureInfo, link layers.LinkType, comments []string, err error)
}

// bufferSize is how much is read at a time.
const bufferSize = 1 << 18

// Open opens a capture file. Errors begin with the path and are a sentence for people.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, openError{err})
	}
	if about, err := f.Stat(); err == nil && about.IsDir() {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrDirectory)
	}
	counted := &counting{from: f}
	if about, err := f.Stat(); err == nil && about.Mode().IsRegular() {
		counted.size = about.Size()
	}
	r, err := NewReader(counted)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file, r.counted = f, counted
	return r, nil
}

// NewReader reads the head of a capture from anywhere. The caller closes what it comes from.
func NewReader(from io.Reader) (*Reader, error) {
	buffered := bufio.NewReaderSize(from, bufferSize)
	source, err := newSource(buffered)
	if err != nil {
		return nil, err
	}
	return &Reader{source: source}, nil
}

// The magic numbers of the formats, as the bytes of a big endian file.
const (
	magicMicros = 0xa1b2c3d4
	magicNanos  = 0xa1b23c4d
	magicNext   = 0x0a0d0d0a
	magicGzip   = 0x1f8b
)

func newSource(from *bufio.Reader) (source, error) {
	magic, err := from.Peek(4)
	switch {
	case len(magic) == 0 && errors.Is(err, io.EOF):
		return nil, ErrEmpty
	case len(magic) < 4 && errors.Is(err, io.EOF):
		return nil, ErrNotCapture
	case err != nil:
		return nil, openError{err}
	}
	big, little := binary.BigEndian.Uint32(magic), binary.LittleEndian.Uint32(magic)
	switch {
	case big == magicNext:
		r, err := pcapgo.NewNgReader(from, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			return nil, badHead(err)
		}
		return nextGeneration{r}, nil
	case big == magicMicros || big == magicNanos || little == magicMicros || little == magicNanos:
		r, err := pcapgo.NewReader(from)
		if err != nil {
			return nil, badHead(err)
		}
		if !knows(r.LinkType()) {
			return nil, fmt.Errorf("it was captured from a link of type %d (%s): only Ethernet, IP, loopback and Linux cooked captures can be read",
				r.LinkType(), r.LinkType())
		}
		return classic{r}, nil
	case big>>16 == magicGzip:
		return nil, errCompressed
	}
	return nil, ErrNotCapture
}

// badHead words what is wrong with the head of a file that begins as a capture.
func badHead(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it breaks off in its head: no packet could be read (%w)", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("it is damaged: its head says nothing that is known (%w)", err)
}

type classic struct{ *pcapgo.Reader }

func (c classic) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, []string, error) {
	frame, info, err := c.ZeroCopyReadPacketData()
	if errors.Is(err, io.EOF) && info.CaptureLength > 0 {
		err = io.ErrUnexpectedEOF // its head is there, and nothing of it
	}
	return frame, info, c.LinkType(), nil, err
}

type nextGeneration struct{ *pcapgo.NgReader }

func (g nextGeneration) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, []string, error) {
	frame, info, options, err := g.ZeroCopyReadPacketDataWithOptions()
	if err != nil {
		return nil, info, 0, nil, err
	}
	link, _ := info.AncillaryData[0].(layers.LinkType)
	return frame, info, link, options.Comments, nil
}

// Next returns the next UDP or TCP packet. The error is io.EOF at the end, [*Broken] where the file breaks off or is damaged;
// in both cases everything that could be read has been delivered.
func (r *Reader) Next() (Packet, error) {
	for r.err == nil {
		frame, info, link, comments, err := r.source.next()
		if err != nil {
			r.err = io.EOF
			if !errors.Is(err, io.EOF) {
				r.err = &Broken{N: r.n + 1, Err: err}
			}
			break
		}
		if r.n++; r.n == 1 {
			r.start = info.Timestamp
		}
		r.packet = Packet{N: r.n, At: info.Timestamp, Cut: info.CaptureLength < info.Length}
		if network, packet, _ := unwrap(link, frame); !r.packet.read(network, packet) {
			r.Skipped++
			continue
		}
		if len(comments) > 0 {
			r.packet.Comment = strings.Join(comments, "\n")
		}
		if r.packet.Cut {
			r.Cut++
		}
		return r.packet, nil
	}
	return Packet{}, r.err
}

// counting counts what is read of a file.
type counting struct {
	from       io.Reader
	read, size int64
}

// Read reads.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read += int64(n)
	return n, err
}

// Part is how much of the file has been read, from 0 to 1; negative if that cannot be known.
func (r *Reader) Part() float64 {
	if r.counted == nil || r.counted.size == 0 {
		return -1
	}
	return float64(r.counted.read) / float64(r.counted.size)
}

// Read is how many packets were read so far, with those that were skipped.
func (r *Reader) Read() int { return r.n }

// Close closes the file, if the Reader has opened it.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
