package sim

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// One party's datagrams can be spoilt, or kept back, and nobody else's are.
func TestSpoil_IsOfOneParty(t *testing.T) {
	s, err := Parse("node alice plain\nnode bob plain\n0s alice invites bob\n1s bob accepts alice\n2s alice says bob hello\n3s alice leaves bob\n")
	if err != nil {
		t.Fatal(err)
	}
	sent := make(map[netip.AddrPort][][]byte)
	capture := func(_ time.Time, from, _ netip.AddrPort, b []byte) { sent[from] = append(sent[from], slices.Clone(b)) }
	bob := s.party("bob")
	bob.Spoil = func(b []byte) []byte {
		if b[0] == 1 && b[1] == 4 { // an ACK
			return nil
		}
		return append(slices.Clone(b), '!')
	}
	s.Play(Options{Capture: capture})
	at := s.Address("bob")
	if len(sent[at]) == 0 || len(sent[s.Address("alice")]) == 0 {
		t.Fatalf("not both have sent something: %x", sent)
	}
	for from, all := range sent {
		for _, b := range all {
			if from == at && b[0] == 1 && b[1] == 4 {
				t.Errorf("an ACK was not kept back: %x", b)
			}
			if spoilt := b[len(b)-1] == '!'; spoilt != (from == at) {
				t.Errorf("from %s: %x", from, b)
			}
		}
	}
	if s.Address("carol").IsValid() {
		t.Error("somebody who is not there has an address")
	}
}
