package client

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// lineWriter appends JSON. It is no more than the shapes of this protocol need.
// encoding/json takes three times as long for a message, allocates, and leaves
// characters in strings that a terminal executes.
type lineWriter struct {
	b   []byte
	err error // the first value that has no representation
}

// errYear says that a time is outside of what RFC 3339 can express.
var errYear = errors.New("year outside of 0 to 9999")

// open begins an object or a list.
func (w *lineWriter) open(bracket byte) { w.b = append(w.b, bracket) }

// close ends it.
func (w *lineWriter) close(bracket byte) { w.b = append(w.b, bracket) }

// comma separates an element from the one before it, if there is one. No value
// ends in an opening bracket, so the last byte tells.
func (w *lineWriter) comma() {
	if last := w.b[len(w.b)-1]; last != '{' && last != '[' {
		w.b = append(w.b, ',')
	}
}

// key begins a field. The name is one of this package's and needs no escapes.
func (w *lineWriter) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *lineWriter) str(name, value string) {
	w.key(name)
	w.b = appendString(w.b, value)
}

func (w *lineWriter) integer(name string, value int) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, int64(value), 10)
}

func (w *lineWriter) boolean(name string, value bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, value)
}

func (w *lineWriter) time(name string, value time.Time) { w.timeAs(name, value, time.RFC3339Nano) }

// micros writes a time with its microseconds, always all six digits, so that
// lines one below the other can be compared.
func (w *lineWriter) micros(name string, value time.Time) {
	w.timeAs(name, value, "2006-01-02T15:04:05.000000Z07:00")
}

func (w *lineWriter) timeAs(name string, value time.Time, layout string) {
	value = value.UTC()
	if y := value.Year(); y < 0 || y > 9999 {
		w.err = errYear
	}
	w.key(name)
	w.b = append(w.b, '"')
	w.b = value.AppendFormat(w.b, layout)
	w.b = append(w.b, '"')
}

func (w *lineWriter) hex(name string, value []byte) {
	w.key(name)
	w.b = append(w.b, '"')
	w.b = hex.AppendEncode(w.b, value)
	w.b = append(w.b, '"')
}

// id writes nothing for no ID.
func (w *lineWriter) id(value ID) {
	if value.IsZero() {
		return
	}
	w.key("id")
	w.b = append(w.b, value.token...)
}

func (w *lineWriter) peer(name string, value netip.AddrPort) {
	w.key(name)
	if zone := value.Addr().Zone(); zone != "" && !plainZone(zone) {
		w.b = appendString(w.b, FormatPeer(value)) // the zone may need escapes
		return
	}
	w.b = append(w.b, '"')
	w.b = appendPeer(w.b, value)
	w.b = append(w.b, '"')
}

func (w *lineWriter) peerAndUser(peer netip.AddrPort, user string) {
	w.peer("peer", peer)
	w.str("user", user)
}

// counters writes nothing for none, and sorts them so that lines can be compared.
func (w *lineWriter) counters(counters map[string]uint64) {
	if len(counters) == 0 {
		return
	}
	w.key("counters")
	w.open('{')
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		w.comma()
		w.b = appendString(w.b, name)
		w.b = append(w.b, ':')
		w.b = strconv.AppendUint(w.b, counters[name], 10)
	}
	w.close('}')
}

// appendString appends s as a JSON string. What is not printable (as
// strconv.IsPrint has it) becomes an escape: for controls below U+0020 JSON
// demands it, for the other controls, directions and zero widths it protects
// whoever looks at the line. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		if n := asciiPrefix(s); n > 0 {
			dst = append(dst, s[:n]...)
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case strconv.IsPrint(r):
			dst = utf8.AppendRune(dst, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendEscape(appendEscape(dst, high), low)
		default:
			dst = appendEscape(dst, r)
		}
		s = s[size:]
	}
	return append(dst, '"')
}

// appendEscape appends the JSON escape of one UTF-16 code unit.
func appendEscape(dst []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// asciiPrefix returns the number of bytes at the beginning of s that stand in a
// JSON string as they are.
func asciiPrefix(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return i
		}
	}
	return len(s)
}
