package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"simp/codec"
	"simp/engine/follow"
	"simp/engine/rules"
)

// hexReader reads datagrams in hexadecimal, one on a line, and makes packets of them.
type hexReader struct {
	name       string
	retransmit time.Duration

	now  time.Time // of the last line
	last [2][]byte // what either side has sent last, ACKs apart
}

// longestLine is more than any datagram needs, with blanks between its bytes.
const longestLine = 1 << 20

var errNoDatagram = errors.New("no datagram is in it: write each in hexadecimal on a line")

// untimed is how long after the one before a datagram comes that has no time.
const untimed = 10 * time.Millisecond

func (h *hexReader) read(from io.Reader, to *judging) error {
	h.now = hexStart()
	to.source.Start, to.source.Timed = h.now, false
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 1<<16), longestLine)
	n := 0
	for lines.Scan() {
		n++
		p, timed, err := h.line(lines.Text())
		if err != nil {
			return misuse{fmt.Errorf("%s: %w", h.name, fmt.Errorf("line %d: %w", n, err))}
		}
		if len(p.Bytes) == 0 && !p.From.IsValid() {
			continue
		}
		if p.N = n; !p.From.IsValid() {
			p.From, p.To = byItself(n), itsReader(n)
		}
		to.source.Timed = to.source.Timed || timed
		to.packet(p)
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return misuse{fmt.Errorf("%s: %w", h.name, fmt.Errorf("line %d: it is longer than any datagram", n+1))}
	case lines.Err() != nil:
		return misuse{fmt.Errorf("%s: it cannot be read: %w", h.name, lines.Err())}
	case !to.begun:
		return misuse{fmt.Errorf("%s: %w", h.name, errNoDatagram)}
	}
	return nil
}

// line reads a line. Without a datagram the packet is empty; without a direction it has no addresses.
func (h *hexReader) line(s string) (p follow.Packet, timed bool, err error) {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "\ufeff"), "#")
	s = strings.TrimSpace(s)
	if s == "" {
		return p, false, nil
	}
	if word, rest, _ := strings.Cut(s, " "); strings.HasSuffix(word, "s") && '0' <= word[0] && word[0] <= '9' {
		after, err := time.ParseDuration(word)
		at := hexStart().Add(after)
		switch {
		case err != nil || after < 0:
			return p, false, fmt.Errorf("%q is not a time: write one such as 0.503s, counted from the beginning", word)
		case at.Before(h.now):
			return p, false, fmt.Errorf("%s is earlier than the line before: write them in the order of time", word)
		}
		h.now, timed, s = at, true, strings.TrimSpace(rest)
	}
	side := -1
	if rest, is := strings.CutPrefix(s, ">"); is {
		side, s = 0, rest
	} else if rest, is := strings.CutPrefix(s, "<"); is {
		side, s = 1, rest
	}
	if p.Bytes, err = unhex(s); err != nil {
		return p, timed, err
	}
	if !timed {
		h.now = h.now.Add(h.pause(side, p.Bytes))
	}
	p.At = h.now
	if side >= 0 {
		sides := hexSides()
		p.From, p.To = sides[side], sides[1-side]
	}
	return p, timed, nil
}

// pause is how long after the one before a datagram comes that has no time: soon, but what repeats the last one of the same side
// when a timer would send it.
func (h *hexReader) pause(side int, datagram []byte) time.Duration {
	if d, _, err := codec.Decode(datagram); side < 0 || err == nil && d.Kind == codec.ACK {
		return untimed
	}
	if again := bytes.Equal(h.last[side], datagram); again {
		return h.retransmit
	}
	h.last[side] = datagram
	return untimed
}

// unhex reads bytes in hexadecimal.
func unhex(s string) ([]byte, error) {
	var digits strings.Builder
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ':' || r == ',' }) {
		if len(word) > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X') {
			word = word[2:]
		}
		digits.WriteString(word)
	}
	b, err := hex.DecodeString(digits.String())
	var bad hex.InvalidByteError
	switch {
	case errors.As(err, &bad):
		return nil, fmt.Errorf("it is not hexadecimal: %q is no digit of it", rune(bad))
	case err != nil:
		return nil, fmt.Errorf("its last byte has one digit: there are %d, and a byte has two", digits.Len())
	case len(b) == 0:
		return nil, errors.New("nothing is behind the time or the direction: write a datagram in hexadecimal")
	}
	return b, nil
}

// hexStart is when packets begin that have no date.
func hexStart() time.Time { return time.Unix(0, 0).UTC() }

// hexSides is addresses for the two sides. Nobody sees them.
func hexSides() [2]netip.AddrPort {
	return [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7777"), netip.MustParseAddrPort("192.0.2.2:7777")}
}

// byItself is an address for who sent the datagram of a line that has no direction, and itsReader one for who would get it. They are
// others on each line, so that no datagram has to do with another one.
func byItself(line int) netip.AddrPort { return loneAddress(line, 1) }

func itsReader(line int) netip.AddrPort { return loneAddress(line, 2) }

func loneAddress(line int, last byte) netip.AddrPort {
	var b [16]byte
	copy(b[:], []byte{0x20, 0x01, 0x0d, 0xb8})
	binary.BigEndian.PutUint32(b[8:], uint32(line))
	b[15] = last
	return netip.AddrPortFrom(netip.AddrFrom16(b), 7777)
}

// who says what an address is called.
func (h *hexReader) who(addr netip.AddrPort) string {
	switch sides := hexSides(); {
	case addr == sides[0]:
		return "the first side"
	case addr == sides[1]:
		return "the second side"
	case addr.Addr().As16()[15] == 1:
		return "its sender"
	}
	return "its receiver"
}

func (h *hexReader) lone(r *rules.Report) bool {
	sides := hexSides()
	return r.Parties[0].Addr != sides[0] && r.Parties[0].Addr != sides[1]
}
