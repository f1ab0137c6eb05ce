package double

import (
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/netio/pcap"
)

// tolerance is how far a double's timer may be from the recorded one: the
// originals sleep in small steps on a busy machine.
const tolerance = 400 * time.Millisecond

// packet is one datagram of a recording.
type packet struct {
	at       time.Time
	from, to netip.AddrPort
	bytes    []byte
}

// readPcap returns the datagrams of a recording, its first packet of any sort
// being at the epoch.
func readPcap(t *testing.T, name string) []packet {
	t.Helper()
	capture, err := pcap.ReadFile(filepath.Join("..", "..", "testdata", "traces", name+".pcap"))
	if err != nil {
		t.Fatal(err)
	}
	var out []packet
	for _, d := range capture.Datagrams {
		out = append(out, packet{at: epoch.Add(d.At.Sub(capture.Start)), from: d.From, to: d.To, bytes: d.Payload})
	}
	return out
}

func (r recording) hostAddrs() []netip.AddrPort {
	hosts := r.hosts
	if hosts == nil {
		hosts = []string{alice, bob}
	}
	var out []netip.AddrPort
	for _, h := range hosts {
		out = append(out, netip.MustParseAddrPort(h))
	}
	return out
}

func (r recording) kind(host int) Kind {
	letter := r.file[0]
	if r.kinds != "" {
		letter = r.kinds[host]
	}
	return Kind(letter - 'a' + 'A')
}

// thaw returns when a host hears what was sent to it at a time.
func (r recording) thaw(host int, when time.Time) time.Time {
	for _, f := range r.frozen {
		if f.host == host && when.After(at(f.from)) && when.Before(at(f.to)) {
			return at(f.to)
		}
	}
	return when
}

// TestReplay: put in the place of each recorded host, given what its user did
// and what the others sent, a double sends what the recording has.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, r := range recordings() {
		hosts := r.hostAddrs()
		for i, host := range hosts {
			if i > 0 && i == r.standIn {
				continue
			}
			t.Run(r.file+"/"+host.String(), func(t *testing.T) {
				t.Parallel()
				replay(t, r, i, readPcap(t, r.file), hosts)
			})
		}
	}
}

// TestReplay_NothingLeftOut: every recording with an original daemon in it is replayed.
func TestReplay_NothingLeftOut(t *testing.T) {
	t.Parallel()
	done := map[string]bool{}
	for _, r := range recordings() {
		done[r.file+".pcap"] = true
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "traces", "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, f := range files {
		if !done[filepath.Base(f)] && !strings.HasPrefix(filepath.Base(f), "client-") { // whose daemon is a script
			t.Errorf("%s is not replayed", filepath.Base(f))
		}
	}
}

type event struct {
	at time.Time
	do func(d *Double, now time.Time)
}

func replay(t *testing.T, r recording, host int, packets []packet, hosts []netip.AddrPort) {
	self := hosts[host]
	known := map[netip.AddrPort]bool{}
	for _, h := range hosts {
		known[h] = true
	}
	var events []event
	for _, a := range r.acts {
		if a.host == host {
			// The table rounds to milliseconds; an act comes before what came of it.
			events = append(events, event{at(a.at).Add(-time.Millisecond), a.do})
		}
	}
	var want []packet
	var end time.Time
	for _, p := range packets {
		if r.until > 0 && p.at.After(at(r.until)) {
			break
		}
		end = p.at
		if !known[p.from] || !known[p.to] {
			continue
		}
		switch self {
		case p.from:
			want = append(want, p)
		case p.to:
			events = append(events, event{r.thaw(host, p.at), func(d *Double, now time.Time) { d.Receive(now, p.from, p.bytes) }})
		}
	}
	sortEvents(events)

	random := rand.New(&chances{append([]bool(nil), r.chance[host]...)})
	d := New(r.kind(host), self, random)
	var got []packet
	take := func(now time.Time) {
		sent, _ := d.Take()
		for _, s := range sent {
			got = append(got, packet{now, self, s.To, s.Bytes})
		}
	}
	advance := func(to time.Time) {
		for {
			next, ok := d.NextDeadline()
			next = r.thaw(host, next)
			if !ok || next.After(to) {
				return
			}
			d.Expire(next)
			take(next)
		}
	}
	for _, e := range events {
		if e.at.After(end) {
			break
		}
		advance(e.at)
		e.do(d, e.at)
		take(e.at)
	}
	advance(end)

	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("datagram %d is missing: at %v to %v\n%q", i, want[i].at.Sub(epoch), want[i].to, want[i].bytes)
		case i >= len(want):
			t.Errorf("datagram %d was never recorded: at %v to %v\n%q", i, got[i].at.Sub(epoch), got[i].to, got[i].bytes)
		default:
			if got[i].to != want[i].to {
				t.Errorf("datagram %d went to %v, recorded: %v", i, got[i].to, want[i].to)
			}
			if diff := cmp.Diff(want[i].bytes, got[i].bytes); diff != "" {
				t.Errorf("datagram %d (-recorded +double):\n%s", i, diff)
			}
			if late := got[i].at.Sub(want[i].at).Abs(); late > tolerance {
				t.Errorf("datagram %d left at %v, recorded at %v", i, got[i].at.Sub(epoch), want[i].at.Sub(epoch))
			}
		}
	}
	if d.Dead() != r.dead[host] {
		t.Errorf("died of %q, want %q", d.Dead(), r.dead[host])
	}
}

// sortEvents orders by time; acts and datagrams of one moment keep their order.
func sortEvents(events []event) {
	for i := 1; i < len(events); i++ {
		for j := i; j > 0 && events[j].at.Before(events[j-1].at); j-- {
			events[j], events[j-1] = events[j-1], events[j]
		}
	}
}
