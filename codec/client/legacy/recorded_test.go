package legacy_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/codec/client"
	"simp/netio/pcap"
)

// spoken is a datagram of a client, or of its own daemon to it.
type spoken struct {
	fromC    bool
	datagram string
}

// clientsOf returns what each client in a recording of daemons said to its own, and heard from it.
func clientsOf(t *testing.T, path string) map[netip.AddrPort][]spoken {
	t.Helper()
	capture, err := pcap.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[netip.AddrPort][]spoken)
	for _, d := range capture.Datagrams {
		switch from, to := d.From.Port() == clientPort, d.To.Port() == clientPort; {
		case from && to: // b's daemon talks to itself
		case to:
			all[d.From] = append(all[d.From], spoken{true, string(d.Payload)})
		case from:
			all[d.To] = append(all[d.To], spoken{false, string(d.Payload)})
		}
	}
	return all
}

// happened is what must have happened at the daemon for it to say this; nil if it only answers its client.
func happened(datagram string, calling bool) client.Event {
	if len(datagram) > 1 && datagram[0] < ' ' { // a
		words := datagram[2:]
		switch datagram[0] {
		case 1:
			return said(words)
		case 2:
			return client.Closed{Peer: bob, Reason: client.CloseDeclined}
		case 3:
			return closed(bob, client.CloseLeft)
		case 4:
			user, _, _ := strings.Cut(strings.TrimPrefix(words, "Request from user "), " ")
			return invitation(user)
		case 6:
			return established("bob")
		}
		return nil
	}
	if user, is := strings.CutPrefix(datagram, "CONNECTING|Connected to user: "); is {
		if calling {
			return established(user)
		}
		return invitation(user)
	}
	return nil
}

// asOurs are the recorded daemons' words where ours says the same in its own, or with the address that the test has.
func asOurs(datagram string) string {
	switch {
	case strings.HasPrefix(datagram, "\x02\x00"):
		return "\x02\x00"
	case strings.HasPrefix(datagram, "\x04\x01"):
		words, _, _ := strings.Cut(datagram, " address: ")
		return words
	}
	return ackAsOurs(datagram)
}

// better is where a client is not served as by its own daemon, and why.
var better = map[string]string{
	"b-decline.pcap 127.0.0.1:53484":   "a declining client waits for nothing but the ACK: its own daemon's goodbye is taken for the answer to its next message",
	"b-quitfirst.pcap 127.0.0.1:34286": "so does one that leaves a chat",
	"b-pending.pcap 127.0.0.1:54432":   "with any other welcome the client never opens its menu",
}

// The clients in the recordings of daemons are served by ours as by their own, if the same happens.
func TestClientsOfDaemons(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "traces", "[ab]-*.pcap"))
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		for who, all := range clientsOf(t, path) {
			name := fmt.Sprintf("%s %s", filepath.Base(path), who)
			t.Run(name, func(t *testing.T) {
				var theirs, ours []string
				d := open(t, start, all[0].datagram, false)
				calling := false
				for _, s := range all[1:] {
					if s.fromC {
						calling = calling || strings.HasPrefix(s.datagram, "CONNECTING|request")
						d.receive(start, s.datagram)
						for _, c := range d.takeCommands() {
							if _, is := c.(client.Connect); is {
								d.tell(start, connected())
							}
						}
					} else {
						theirs = append(theirs, asOurs(s.datagram))
						if ev := happened(s.datagram, calling); ev != nil && !d.gone {
							d.tell(start, ev)
						}
					}
					for _, o := range d.take() {
						ours = append(ours, asOurs(o))
					}
				}
				switch diff, why := cmp.Diff(theirs, ours), better[name]; {
				case diff != "" && why == "":
					t.Errorf("(-its own daemon +ours):\n%s", diff)
				case diff == "" && why != "":
					t.Errorf("it is served as by its own daemon, although %s", why)
				}
			})
		}
	}
}
