package replay

import (
	"net/netip"
	"slices"

	"simp/codec"
	"simp/engine"
)

// Port is where daemons speak.
const Port = 7777

// Survey is a first look at a whole recording: who speaks SIMP in it, and how each daemon was started, as far as that shows.
type Survey struct {
	Datagrams  int // that are SIMP, between daemons
	Unreadable int // that are none

	ports   []uint16
	daemons map[netip.AddrPort]*daemon
	order   []netip.AddrPort
	strange map[uint16]int // ports with what reads as SIMP that were not asked for
}

// daemon is what is known of one.
type daemon struct {
	announces bool // it has shown that it is native
	rings     bool // it confirms an invitation before its user has answered, so it asks its user
	accepts   bool // it has accepted one, as native daemons do
	declines  bool // the same
	chats     map[netip.AddrPort]bool
	most      int // chats at the same time
}

// maxDaemons bounds how many addresses are told apart. Any further one is taken for a daemon like ours.
const maxDaemons = 1 << 16

// NewSurvey looks for daemons on the given ports; none means 7777.
func NewSurvey(ports ...uint16) *Survey {
	if len(ports) == 0 {
		ports = []uint16{Port}
	}
	return &Survey{ports: ports, daemons: make(map[netip.AddrPort]*daemon), strange: make(map[uint16]int)}
}

func (s *Survey) isDaemon(a netip.AddrPort) bool { return slices.Contains(s.ports, a.Port()) }

// Packet takes a look at a UDP datagram.
func (s *Survey) Packet(from, to netip.AddrPort, payload []byte) {
	between := s.isDaemon(from) || s.isDaemon(to)
	if !between && len(s.strange) > 100 {
		return
	}
	d, _, err := codec.Decode(payload)
	switch {
	case err != nil && between:
		s.Unreadable++
		return
	case err != nil:
		return
	}
	if !between {
		s.strange[to.Port()]++
		return
	}
	s.Datagrams++
	sender, receiver := s.meet(from), s.meet(to)
	if sender == nil || receiver == nil {
		return
	}
	sender.announces = sender.announces || isNative(&d)
	switch d.Kind {
	case codec.SYNACK:
		sender.accepts = sender.accepts || d.Announced
		sender.open(to)
	case codec.ACK:
		sender.rings = sender.rings || codec.AckOf(d.Payload) == codec.SYN
		// Whoever answers an acceptance has a chat from there on, if it does not end it at once.
		if receiver.chats[from] {
			sender.open(to)
		}
	case codec.FIN, codec.SYN:
		sender.declines = sender.declines || d.Kind == codec.FIN && codec.ReasonOf(d.Payload) == codec.Declined
		delete(sender.chats, to)
		delete(receiver.chats, from)
	case codec.ERR, codec.CHAT, codec.Invalid:
	}
}

func (s *Survey) meet(a netip.AddrPort) *daemon {
	d := s.daemons[a]
	if d == nil && len(s.daemons) < maxDaemons {
		d = &daemon{}
		s.daemons[a] = d
		if s.isDaemon(a) {
			s.order = append(s.order, a)
		}
	}
	return d
}

func (d *daemon) open(with netip.AddrPort) {
	if d.chats == nil {
		d.chats = make(map[netip.AddrPort]bool)
	}
	d.chats[with] = true
	d.most = max(d.most, len(d.chats))
}

// isNative reports whether only a native peer says this.
func isNative(d *codec.Datagram) bool {
	if d.Announced || len(d.Label) > 0 {
		return true
	}
	name, _ := d.Name()
	return d.Kind == codec.ACK && codec.AckOf(d.Payload) != codec.Invalid || d.Kind == codec.FIN && codec.ReasonOf(d.Payload) != codec.ReasonNone && name != (codec.Token{})
}

// Daemons lists the addresses on the ports that were asked for, in the order in which they appear.
func (s *Survey) Daemons() []netip.AddrPort { return s.order }

// Elsewhere returns the port on which most of what reads as SIMP went that is not between daemons on the ports asked for; 0 if none.
func (s *Survey) Elsewhere() uint16 {
	var best uint16
	for port, n := range s.strange {
		if most := s.strange[best]; n > most || n == most && (best == 0 || port < best) {
			best = port
		}
	}
	return best
}

// configure sets how a daemon was started, as far as that shows.
func (s *Survey) configure(a netip.AddrPort, cfg *engine.Config) {
	d := s.daemons[a]
	if d == nil {
		return
	}
	cfg.Plain, cfg.MaxChats = !d.announces, max(1, d.most)
	switch {
	case d.rings:
	case d.accepts:
		cfg.Accept = engine.AcceptAuto
	case d.declines:
		cfg.Accept = engine.AcceptNever
	}
}
