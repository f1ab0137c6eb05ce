package client

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

func TestParsePeer(t *testing.T) {
	tests := []struct{ in, want string }{
		{"192.0.2.2", "192.0.2.2:7777"},
		{"192.0.2.2:7790", "192.0.2.2:7790"},
		{"127.0.0.1:1", "127.0.0.1:1"},
		{"127.0.0.1:65535", "127.0.0.1:65535"},
		{"::1", "[::1]:7777"},
		{"::1:7790", "[::1:7790]:7777"}, // all colons belong to the address
		{"[::1]", "[::1]:7777"},
		{"[2001:DB8::3]:7790", "[2001:db8::3]:7790"},
		{"fe80::1%eth0", "[fe80::1%eth0]:7777"},
		{"[fe80::1%eth0]:7790", "[fe80::1%eth0]:7790"},
		{"::ffff:192.0.2.2", "192.0.2.2:7777"},
		{"[::ffff:192.0.2.2]:7790", "192.0.2.2:7790"},
	}
	for _, tt := range tests {
		got, err := ParsePeer(tt.in)
		if want := netip.MustParseAddrPort(tt.want); got != want || err != nil {
			t.Errorf("ParsePeer(%q) = %v, %v; want %v", tt.in, got, err, want)
		}
		if s := FormatPeer(got); s != tt.want {
			t.Errorf("FormatPeer(%v) = %q, want %q", got, s, tt.want)
		}
	}
}

func TestParsePeerRefuses(t *testing.T) {
	tests := []struct{ in, because string }{
		{"", "is empty"},
		{" ", "not an IP address"},
		{"192.0.2.2 ", "not an IP address"},
		{"localhost", "names are not looked up"},
		{"example.org:7777", "names are not looked up"},
		{"192.0.2", "not an IP address"},
		{"192.0.2.256", "not an IP address"},
		{"192.0.2.02", "not an IP address"},
		{"192.0.2.2:0", "no valid port"},
		{"192.0.2.2:", "no valid port"},
		{"192.0.2.2:65536", "no valid port"},
		{"192.0.2.2:-1", "no valid port"},
		{"192.0.2.2:+1", "no valid port"},
		{"192.0.2.2:http", "no valid port"},
		{":7777", "not an IP address"},
		{"[::1", "not an IP address"},
		{"[::1]7777", "no valid port"},
		{"[::1]:", "no valid port"},
		{"[192.0.2.2]:7777", "not an IP address"},
		{"[]:7777", "not an IP address"},
		{"0.0.0.0", "not the address of one host"},
		{"[::]:7777", "not the address of one host"},
		{"::ffff:0.0.0.0", "not the address of one host"},
		{"224.0.0.1", "not the address of one host"},
		{"ff02::1%eth0", "not the address of one host"},
		{"255.255.255.255", "not the address of one host"},
		{"fe80::1%", "not an IP address"},
		{"fe80::1%a b", "not an IP address"},
		{"fe80::1%\x1b", "not an IP address"},
		{"fe80::1%" + strings.Repeat("x", 33), "not an IP address"},
		{strings.Repeat("x", 100_000), "not an IP address"},
	}
	for _, tt := range tests {
		got, err := ParsePeer(tt.in)
		if err == nil {
			t.Errorf("ParsePeer(%.40q) = %v, want an error", tt.in, got)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, tt.because) || !strings.HasSuffix(text, peerRule) || len(text) > 300 {
			t.Errorf("ParsePeer(%.40q): %s", tt.in, text)
		}
		if got.IsValid() {
			t.Errorf("ParsePeer(%.40q) = %v besides the error", tt.in, got)
		}
	}
}

func TestFormatPeer(t *testing.T) {
	tests := []struct {
		in   netip.AddrPort
		want string
	}{
		{netip.AddrPort{}, ""},
		{netip.AddrPortFrom(netip.Addr{}, 7777), ""},
		{netip.MustParseAddrPort("[::ffff:192.0.2.2]:7777"), "192.0.2.2:7777"},
		{netip.MustParseAddrPort("0.0.0.0:0"), "0.0.0.0:0"},
	}
	for _, tt := range tests {
		if got := FormatPeer(tt.in); got != tt.want {
			t.Errorf("FormatPeer(%#v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// No such zone comes from ParsePeer, but a line must stay a line with any.
func TestOddZoneIsEscaped(t *testing.T) {
	peer := netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone("\"\n"), 7777)
	line, err := Native{}.AppendEvent(nil, Established{Peer: peer})
	if err != nil {
		t.Fatal(err)
	}
	checkLine(t, line)
}

func TestParseUser(t *testing.T) {
	for _, s := range []string{"a", "alice", "Alice B. Carol", "~!@#$%^&*()", strings.Repeat("x", 32)} {
		if got, err := ParseUser(s); got != s || err != nil {
			t.Errorf("ParseUser(%q) = %q, %v", s, got, err)
		}
	}
	tests := []struct{ in, because string }{
		{"", "is empty"},
		{" ", "begins or ends with a blank"},
		{" alice", "begins or ends with a blank"},
		{"alice ", "begins or ends with a blank"},
		{"jürgen", `'\u00fc'`},
		{"a\tb", `'\t'`},
		{"a\x00", `'\x00'`},
		{"a\x7f", `'\x7f'`},
		{"a\xff", `'\ufffd'`},
		{strings.Repeat("x", 33), "33 characters"},
		{strings.Repeat("x", 100_000), "100000 characters"},
	}
	for _, tt := range tests {
		got, err := ParseUser(tt.in)
		if err == nil || got != "" {
			t.Errorf("ParseUser(%.40q) = %q, %v; want an error", tt.in, got, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, tt.because) || !strings.HasSuffix(text, userRule) || len(text) > 300 {
			t.Errorf("ParseUser(%.40q): %s", tt.in, text)
		}
	}
}

func TestParseID(t *testing.T) {
	for _, token := range []string{`""`, `"a"`, `"\u00e9\n"`, `0`, `-1`, `1.50`, `1e999`, `"<&>"`, `"` + strings.Repeat("x", 62) + `"`} {
		id, err := ParseID(token)
		if err != nil || id.String() != token || id.IsZero() {
			t.Errorf("ParseID(%s) = %s, %v", token, id, err)
		}
		if id != mustID(" "+token+" ") {
			t.Errorf("ParseID(%s): blanks around it make another ID", token)
		}
		var back ID
		if err := json.Unmarshal([]byte(token), &back); err != nil || back != id {
			t.Errorf("Unmarshal(%s) = %s, %v", token, back, err)
		}
		if b, err := id.MarshalJSON(); err != nil || string(b) != token {
			t.Errorf("MarshalJSON of %s = %s, %v", token, b, err)
		}
	}
	for _, token := range []string{``, ` `, `null`, `true`, `[]`, `{}`, `01`, `1 2`, `"a`, `x`, "\"\xff\"", "\"\n\"", `"` + strings.Repeat("x", 63) + `"`} {
		if id, err := ParseID(token); err == nil || !id.IsZero() {
			t.Errorf("ParseID(%s) = %s, want an error", token, id)
		}
	}
	if b, err := json.Marshal(ID{}); string(b) != "null" || err != nil {
		t.Errorf("Marshal of no ID = %s, %v", b, err)
	}
	if got := NumberID(18446744073709551615).String(); got != "18446744073709551615" {
		t.Errorf("NumberID = %s", got)
	}
}
