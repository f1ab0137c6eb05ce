package client

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The rules that a refused input is told. They end the sentences below.
const (
	peerRule = "Give an IP address, if need be with a port: 192.0.2.7, 192.0.2.7:7777 or [2001:db8::7]:7777."
	userRule = "A name has 1 to 32 printable ASCII characters and no blank at either end."
	textRule = "A text is UTF-8, not empty, and without NUL."
)

// complaint is an error that is a whole sentence, to be shown as it is to the
// person whose input it is about.
type complaint string

func (c complaint) Error() string { return string(c) }

func complain(format string, args ...any) error {
	return complaint(fmt.Sprintf(format, args...))
}

// ParsePeer reads the address of a peer's daemon: "IP", "IP:port", "[IPv6]:port",
// "[IPv6]" or a bare IPv6 address, all of whose colons belong to the address.
// Without a port it is [DefaultPort]. An IPv4 address in IPv6 form becomes plain
// IPv4; a zone is kept.
//
// Host names are refused, and so are port 0 and addresses that are not one
// host's: unspecified, multicast, broadcast. The error is a sentence for the
// person who typed s, and has no prefix.
func ParsePeer(s string) (netip.AddrPort, error) {
	host, port := s, ""
	switch {
	case strings.HasPrefix(s, "["):
		inside, rest, closed := strings.Cut(s[1:], "]")
		if !closed || !strings.Contains(inside, ":") {
			return netip.AddrPort{}, badAddress(s)
		}
		host, port = inside, rest
	case strings.Count(s, ":") == 1:
		i := strings.IndexByte(s, ':')
		host, port = s[:i], s[i:]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !plainZone(addr.Zone()) {
		return netip.AddrPort{}, badAddress(s)
	}
	addr = addr.Unmap()
	if addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.AddrPort{}, complain("%s is not the address of one host. %s", quoted(s), peerRule)
	}
	number := uint64(DefaultPort)
	if port != "" {
		digits, colon := strings.CutPrefix(port, ":")
		number, err = strconv.ParseUint(digits, 10, 16)
		if !colon || err != nil || number == 0 {
			return netip.AddrPort{}, complain("%s has no valid port: it must be 1 to 65535. %s", quoted(s), peerRule)
		}
	}
	return netip.AddrPortFrom(addr, uint16(number)), nil
}

func badAddress(s string) error {
	if s == "" {
		return complaint("The address of the peer is empty. " + peerRule)
	}
	return complain("%s is not an IP address, and names are not looked up. %s", quoted(s), peerRule)
}

// plainZone reports whether zone could be the name or number of an interface.
// net/netip takes any bytes, which would then stand in logs and lines, and a
// bracket would make FormatPeer's result ambiguous.
func plainZone(zone string) bool {
	const longest = 32 // names have 15 bytes on Linux; others are more generous
	for i := range len(zone) {
		if c := zone[i]; c <= ' ' || c > '~' || strings.IndexByte(`[]%"\`, c) >= 0 {
			return false
		}
	}
	return len(zone) <= longest
}

// FormatPeer writes an address as people and the native protocol read it:
// "IP:port" or "[IPv6]:port", an IPv4 address always as IPv4. The zero AddrPort
// is "".
func FormatPeer(p netip.AddrPort) string {
	return string(appendPeer(nil, p))
}

func appendPeer(dst []byte, p netip.AddrPort) []byte {
	if !p.IsValid() {
		return dst
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()).AppendTo(dst)
}

// ParseUser returns s if it can be a user's name: 1 to [MaxUser] bytes of
// printable ASCII without a blank at either end. The error is a sentence for the
// person who typed s, and has no prefix.
func ParseUser(s string) (string, error) {
	if s == "" {
		return "", complaint("The name is empty. " + userRule)
	}
	for _, r := range s {
		if r < ' ' || r > '~' {
			return "", complain("The name %s has a character that cannot be in a name, %+q. %s", quoted(s), r, userRule)
		}
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return "", complain("The name %s begins or ends with a blank. %s", quoted(s), userRule)
	}
	if len(s) > MaxUser {
		return "", complain("The name %s is too long, it has %d characters. %s", quoted(s), len(s), userRule)
	}
	return s, nil
}

// checkText returns why s cannot be sent as a message, as a sentence, or nil.
func checkText(s string) error {
	switch {
	case s == "":
		return complaint("The text is empty. " + textRule)
	case !utf8.ValidString(s):
		return complaint("The text is not valid UTF-8. " + textRule)
	case strings.IndexByte(s, 0) >= 0:
		return complaint("The text has a NUL character in it. " + textRule)
	default:
		return nil
	}
}
