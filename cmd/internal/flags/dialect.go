package flags

import (
	"net/netip"
	"slices"
	"strings"

	"simp/codec/client"
	"simp/engine"
)

// Dialect says how one peer has to be treated: ADDR=NAME, such as 192.0.2.7=a. Without a port the address means the usual
// one.
type Dialect struct {
	Peer netip.AddrPort
	Name string
}

// UnmarshalText reads a dialect.
func (d *Dialect) UnmarshalText(text []byte) error {
	addr, name, found := strings.Cut(string(text), "=")
	names := engine.DialectNames()
	if !found || !slices.Contains(names, name) {
		return wrong("%q does not say how a peer is to be treated: write its address, = and one of %s, such as 192.0.2.7=a",
			text, strings.Join(names, ", "))
	}
	peer, err := client.ParsePeer(addr)
	if err != nil {
		return wrong("%s", err.Error())
	}
	d.Peer, d.Name = peer, name
	return nil
}

// Dialects is what the engine wants to know of a list of them. Of two for the same peer the last one counts.
func Dialects(list []Dialect) map[netip.AddrPort]string {
	all := make(map[netip.AddrPort]string, len(list))
	for _, d := range list {
		all[d.Peer] = d.Name
	}
	return all
}
