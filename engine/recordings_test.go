package engine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

var updateRecordings = flag.Bool("update", false, "rewrite the golden files in testdata/recordings")

// goldenDir is where it stands what we send in the place of those who were recorded.
const goldenDir = "../testdata/recordings"

// golden compares got with a file of testdata/recordings, or rewrites the file.
func golden(tb testing.TB, name, got string) {
	tb.Helper()
	path := filepath.Join(goldenDir, name+".golden")
	if *updateRecordings {
		if err := os.MkdirAll(goldenDir, 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("%v (write it with: go test ./engine -run %s -update)", err, tb.Name())
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// seat is our daemon in the place of a recorded one: the others' datagrams come when they were recorded, and our user does
// what the recorded user was seen to do.
type seat struct {
	tb       testing.TB
	self     netip.AddrPort
	env      *Env
	sessions map[netip.AddrPort]*Session
	out      Outbox
	now      time.Duration
	said     map[netip.AddrPort]string // the last datagram in which the recorded user said something to a peer
	sent     map[netip.AddrPort][]sending
	told     []client.Event
}

func newSeat(tb testing.TB, self netip.AddrPort, known map[netip.AddrPort]string) *seat {
	cfg := Defaults()
	cfg.Random = rand.NewChaCha8([32]byte{1}) // names of conversations have to be the same in every run
	cfg.Known = known
	cfg.Dialects = make(map[netip.AddrPort]string)
	for peer, as := range known {
		if as == kindF.name { // one that is only remembered is not sent its numbers before it has shown them
			cfg.Dialects[peer] = as
		}
	}
	env := NewEnv(cfg, "nobody")
	for peer := range cfg.Dialects {
		env.memory.sent(peer, 0, true) // so that what goes on counting begins where those who were recorded began
	}
	return &seat{
		tb: tb, self: self, env: env, sessions: make(map[netip.AddrPort]*Session),
		said: make(map[netip.AddrPort]string), sent: make(map[netip.AddrPort][]sending),
	}
}

func (p *seat) clock() time.Time { return soloStart.Add(p.now) }

func (p *seat) session(peer netip.AddrPort) *Session {
	s := p.sessions[peer]
	if s == nil || s.Done() {
		fresh := NewSession(p.env, peer, true)
		s = &fresh
		p.sessions[peer] = s
	}
	return s
}

func (p *seat) collect(peer netip.AddrPort) {
	for b := range p.out.Datagrams {
		p.sent[peer] = append(p.sent[peer], sending{at: p.now, raw: slices.Clone(b)})
	}
	p.told = append(p.told, p.out.Events...)
	p.out.Reset()
}

// pass moves the clock to a time of the recording, stopping at each deadline on the way, the earliest first.
func (p *seat) pass(to time.Duration) {
	for {
		var next netip.AddrPort
		end := soloStart.Add(to)
		for peer, s := range p.sessions {
			if at, any := s.NextDeadline(); any && !at.After(end) && (!next.IsValid() || at.Before(end) || peer.Compare(next) < 0) {
				next, end = peer, at
			}
		}
		if !next.IsValid() {
			break
		}
		p.now = end.Sub(soloStart)
		p.sessions[next].Expire(p.clock(), &p.out)
		p.collect(next)
	}
	p.now = to
}

// play plays a recording from beginning to end.
func (p *seat) play(r *recording) {
	for _, d := range r.all {
		p.pass(d.at)
		switch p.self {
		case d.to:
			got, notes := d.decoded(p.tb)
			p.input(d.from, Input{Datagram: &got, Size: len(d.raw), Notes: notes})
		case d.from:
			p.act(d)
		}
	}
	p.pass(p.now + 100*time.Millisecond) // for answers that wait until the other is ready for them
}

func (p *seat) input(peer netip.AddrPort, in Input) {
	p.session(peer).Handle(p.clock(), in, &p.out)
	p.collect(peer)
}

// act lets our user do what a datagram of the recorded daemon shows that its user has done, if anything.
func (p *seat) act(d recorded) {
	got, _ := d.decoded(p.tb)
	s := p.session(d.to)
	var cmd client.Command
	switch got.Kind {
	case codec.SYN:
		cmd = client.Invite{Peer: d.to}
	case codec.SYNACK:
		cmd = client.Accept{Peer: d.to}
	case codec.CHAT:
		if p.said[d.to] == string(d.raw) {
			return // its daemon repeats it
		}
		p.said[d.to] = string(d.raw)
		cmd = client.Chat{Peer: d.to, Text: string(got.Payload), ID: client.NumberID(uint64(len(p.said)))}
	case codec.FIN:
		switch {
		case s.snap.HalfOpen():
			cmd = client.Decline{Peer: d.to}
		case s.State() == fsm.Established:
			cmd = client.Leave{Peer: d.to}
		default:
			return // its daemon repeats it, or refuses somebody by itself
		}
	case codec.ACK, codec.ERR, codec.Invalid:
		return // its daemon does that by itself
	}
	if got.Kind != codec.FIN {
		name := string(got.User)
		p.env.user.Store(&name)
	}
	p.input(d.to, Input{Command: cmd})
}

// shown lists the messages that our user was shown, in order.
func (p *seat) shown() []string {
	var texts []string
	for _, m := range only[client.Message](p.told) {
		texts = append(texts, m.Text)
	}
	return texts
}

// write describes what was sent, next to what the recorded daemon sent, and what our user was told.
func (p *seat) write(w *strings.Builder, r *recording, known bool, used map[string]bool) {
	for _, peer := range r.hosts {
		theirs := r.between(p.self, peer)
		if peer == p.self || len(theirs)+len(p.sent[peer]) == 0 {
			continue
		}
		who := "of whom nothing is known"
		if known {
			who = "remembered as " + r.kind(peer)
		}
		fmt.Fprintf(w, "to %s, %s\n", peer, who)
		for _, l := range p.align(r, peer, known) {
			fmt.Fprintln(w, l.write(p.tb))
			for _, why := range l.why {
				used[why] = true
			}
		}
	}
	fmt.Fprintln(w, "our user is told")
	for _, ev := range p.told {
		fmt.Fprintf(w, "\t%s\n", tells(ev))
	}
}

// tells is an event in a few words.
func tells(ev client.Event) string {
	var more string
	switch ev := ev.(type) {
	case client.Invitation:
		more = "of " + ev.User
	case client.Recognised:
		more = ev.Dialect + ": " + ev.Evidence
	case client.Message:
		more = fmt.Sprintf("%d %q", ev.N, ev.Text)
	case client.Repeated:
		more = fmt.Sprintf("%q", ev.Text)
	case client.Sent:
		more = fmt.Sprint(ev.N)
	case client.Delivered:
		more = fmt.Sprint(ev.N)
	case client.Unconfirmed:
		more = fmt.Sprintf("%d after %d copies", ev.N, ev.Tries)
	case client.Retrying:
		more = fmt.Sprintf("%s %d", ev.What, ev.Tries)
	case client.Closed:
		more = fmt.Sprintf("%s %q, %d undelivered", ev.Reason, ev.Text, len(ev.Undelivered))
	case client.Error:
		more = fmt.Sprintf("%s %s %s", ev.OpName, ev.Reason, ev.Text)
	}
	return strings.TrimSpace(ev.Name() + " " + more)
}

// In the place of each recorded daemon, with nothing known of the others or all of it, ours sends what that one sent, but
// for what can be explained.
func TestRecordings_InTheirPlace(t *testing.T) {
	used := make(map[string]bool)
	ran := 0
	files := make(map[string]bool)
	for _, r := range readRecordings(t) {
		for side, self := range r.hosts {
			name := fmt.Sprintf("%s-%d", r.name, side+1)
			files[name+".golden"] = true
			t.Run(name, func(t *testing.T) {
				ran++
				var w strings.Builder
				fmt.Fprintf(&w, "our daemon in the place of %s in %s\n", self, r.name)
				for _, known := range [...]bool{false, true} {
					p := newSeat(t, self, r.memory(known))
					p.play(r)
					fmt.Fprintln(&w)
					p.write(&w, r, known, used)
				}
				golden(t, name, w.String())
			})
		}
	}
	if ran < len(files) {
		return // only some were asked for
	}
	for _, x := range explanations {
		if !used[x.says] {
			t.Errorf("nothing needs the explanation %q", x.says)
		}
	}
	wantNoOther(t, files)
}

// wantNoOther makes sure that no golden file of an earlier recording is left behind.
func wantNoOther(t *testing.T, files map[string]bool) {
	t.Helper()
	have, err := filepath.Glob(filepath.Join(goldenDir, "*-?.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range have {
		if !files[filepath.Base(path)] {
			t.Errorf("%s belongs to no recording", path)
		}
	}
}

// Whatever was lost, repeated or delayed, our user is shown every message of the other side once, in the place of each
// recorded daemon.
func TestRecordings_EveryMessageIsShownOnce(t *testing.T) {
	seen := make(map[string]int) // messages by kind
	for _, r := range readRecordings(t) {
		for side, self := range r.hosts {
			for _, known := range [...]bool{false, true} {
				t.Run(fmt.Sprintf("%s-%d, known=%v", r.name, side+1, known), func(t *testing.T) {
					p := newSeat(t, self, r.memory(known))
					p.play(r)
					want := r.written(t, self)
					if diff := cmp.Diff(want, p.shown()); diff != "" {
						t.Errorf("shown (-recorded +ours):\n%s", diff)
					}
					seen[r.letter()] += len(want)
				})
			}
		}
	}
	for _, kind := range [...]string{"a", "b", "c", "d", "e", "f"} {
		if seen[kind] == 0 {
			t.Errorf("no message of %s was recorded: this tests nothing", kind)
		}
	}
}

// written lists what was said to a host, in order. A copy is the same bytes as the one before.
func (r *recording) written(tb testing.TB, to netip.AddrPort) []string {
	var texts []string
	last := make(map[netip.AddrPort]string)
	for _, d := range r.all {
		got, _ := d.decoded(tb)
		if d.to == to && got.Kind == codec.CHAT && last[d.from] != string(d.raw) {
			last[d.from] = string(d.raw)
			texts = append(texts, string(got.Payload))
		}
	}
	return texts
}

// memory is what a daemon remembers that has met all hosts before.
func (r *recording) memory(known bool) map[netip.AddrPort]string {
	if !known {
		return nil
	}
	all := make(map[netip.AddrPort]string)
	for _, host := range r.hosts {
		all[host] = r.kind(host)
	}
	return all
}
