package check

import (
	"fmt"

	"simp/fsm"
)

// key is a pair in few bytes, so that many fit into memory: exactly what the future depends on. What no rule of the state reads
// is left out, and counts of copies stop where the rules stop telling them apart, since a native peer is sent copies without end.
type key [8]uint64

func (p *pair) key() key {
	var k packer
	for i := range p.side {
		p.side[i].pack(&k)
	}
	for i := range p.to {
		k.put(p.to[i].n, 3)
		for _, d := range p.to[i].at[:p.to[i].n] {
			d.pack(&k)
		}
	}
	return k.key
}

func (d datagram) pack(k *packer) {
	k.put(uint8(d.kind), 3)
	k.put(d.seq, 1)
	k.put(uint8(d.of), 3)
	k.put(packReason(d.reason), 3)
	k.put(d.num, 3)
	k.put(uint8(d.label.Name), 4)
	k.put(uint8(d.label.Second), 4)
	k.put(d.msg, 2)
}

// code orders datagrams.
func (d datagram) code() uint64 {
	var k packer
	d.pack(&k)
	return k.key[0]
}

// packReason numbers the reasons that a FIN can have.
func packReason(r fsm.Reason) uint8 {
	if r == fsm.Restarted {
		return uint8(fsm.ShutDown) + 1
	}
	return uint8(r)
}

func (m *party) pack(k *packer) {
	s := &m.snap
	k.put(uint8(s.State), 3)
	k.put(m.said, 2)
	k.put(m.head, 2)
	k.put(m.got, 3)
	k.put(m.sent, 2)
	k.put(m.died, 1)
	k.put(m.given, 3)
	for _, set := range [...]uint16{m.agreed, m.wants, m.heard} {
		k.put(uint8(set), 8)
		k.put(uint8(set>>8), 8)
	}
	k.flag(m.met)
	k.flag(s.Policy.Labels)
	for _, t := range [...]fsm.Timer{fsm.Retransmit, fsm.Expiry, fsm.Linger} {
		k.flag(m.timers&(1<<t) != 0)
	}
	k.put(s.HsSeq, 1)
	if m.announces {
		m.packNames(k)
	}
	switch s.State {
	case fsm.Idle:
		k.put(uint8(s.After), 2)
	case fsm.SynSent:
		k.flag(s.Rung)
		k.flag(s.Policy.SYNCopies > 0 && s.Tries < uint16(s.Policy.SYNCopies))
	case fsm.SynReceived:
		k.flag(s.Answered)
		k.put(uint8(s.Tries), 4)
	case fsm.Established:
		k.put(s.TxSeq, 1)
		k.flag(s.InFlight)
		k.flag(s.Leaving)
		if s.Policy.ChatCopies > 0 {
			most := uint16(s.Policy.ChatCopies)
			if s.Policy.TriesOther {
				most++
			}
			k.put(uint8(min(s.Tries, most)), 3)
		}
		m.packPast(k)
	case fsm.FinWait:
		k.put(uint8(s.Tries), 2)
		k.put(s.FinSeq, 1)
		k.put(uint8(s.Goodbye), 3)
		m.packPast(k)
	}
}

// packNames packs what is known of names. In which order those of the past will be forgotten does not matter: within the
// bounds none is (TestNames_NoneIsForgotten).
func (m *party) packNames(k *packer) {
	k.put(uint8(m.names.Ours), 4)
	k.put(uint8(m.names.Theirs), 4)
	k.put(uint8(m.names.Other), 4)
	k.put(uint8(m.names.OursThen), 4)
	k.flag(m.names.Echoed)
	var past uint16
	for _, n := range m.names.Past {
		past |= n.bit()
	}
	k.put(uint8(past), 8)
	k.put(uint8(past>>8), 8)
}

// packPast packs how duplicates and late ACKs are told.
func (m *party) packPast(k *packer) {
	s := &m.snap
	if s.Policy.ByNumber {
		k.put(s.RxSeq, 1)
		k.put(uint8(s.TxNum), 3)
		k.put(uint8(s.RxNum), 3)
	} else {
		k.flag(m.last.kind == fsm.CHAT)
		k.put(m.last.seq, 1)
		k.put(m.last.msg, 2)
	}
	if !s.Policy.Labels {
		k.put(s.Stale, 2)
		k.flag(s.Acked)
	}
}

// packer appends values bit by bit. A value that needs more bits than it is given would make two pairs look the same, so
// it ends the search, as does one that finds no room.
type packer struct {
	key key
	n   int
}

func (p *packer) put(value uint8, bits int) {
	if value>>bits != 0 {
		panic(fmt.Sprintf("check: %d does not fit into %d bits", value, bits))
	}
	word, shift := p.n/64, p.n%64
	p.key[word] |= uint64(value) << shift
	if shift+bits > 64 {
		p.key[word+1] |= uint64(value) >> (64 - shift)
	}
	p.n += bits
}

func (p *packer) flag(b bool) {
	var bit uint8
	if b {
		bit = 1
	}
	p.put(bit, 1)
}
