package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"simp/cmd/internal/flags"
	"simp/engine/replay"
	"simp/netio/pcap"
)

type replayCommand struct {
	Files []string `arg:"" name:"FILE" help:"Recordings: captures (pcap or pcapng), or the JSON lines of simpd --record, whose parts are given in order."`

	As         []place        `placeholder:"ADDR" help:"Put ours in the place of this daemon only, such as 127.0.0.2, or 127.0.0.2:7777 if it has several. May be given several times."`
	Port       []flags.Port   `default:"7777" placeholder:"PORT" help:"Where daemons speak. May be given several times."`
	Retransmit flags.Duration `default:"5s" placeholder:"T" help:"The retransmission time of the recorded daemons."`
	Tolerance  flags.Duration `default:"250ms" placeholder:"T" help:"By how much the times in a recording may be off."`
	MaxChats   *flags.Count   `placeholder:"N" help:"How many chats the recorded daemons allow; without it as many as each is seen to have."`
	Limit      flags.Count    `default:"1000" placeholder:"N" help:"How many divergences of a file are listed. All are counted."`
}

// Help is shown below the command's usage.
func (replayCommand) Help() string {
	return "A recording in JSON lines is replayed exactly: each conversation with the inputs, the times and everything else that it was told " +
		"then. The same steps, events and bytes must come of it; if not, the first difference is shown, as it was recorded and as it is now.\n\n" +
		"Of a capture: our daemon's own conversations are fed with what a recorded daemon got, with the time of the recording as their clock, and what they send is held " +
		"against what the recorded daemon sent. What its user has done is taken from what was sent, and so are the names of users and conversations, whether it " +
		"announces itself, and how many chats it allows. Everything else that ours would not have done is a divergence. One line for each:\n\n" +
		"    #12 0.503s 127.0.0.2 to 127.0.0.1: sent ACK seq=1; ours sends ACK seq=0 (established/message)\n" +
		"    #- 5.000s 127.0.0.1 to 127.0.0.2: ours would repeat CHAT seq=0 len=2 \"hi\" (established/repeat-chat); it was not sent until #17 at 12.104s\n\n" +
		"#12 is the packet's number, #- stands where there is none; times count from the first packet. In parentheses is the rule by which ours does it, or the " +
		"state in which it does nothing. What is sent at most the tolerance before or after the time of ours is no divergence, nor is what only shows that a datagram " +
		"was received so much after it was captured. A datagram that was captured and lost behind that shows as one. Conversations whose beginning is missing are left alone.\n\n" +
		"Status 0 means no divergence, 1 that there are some, 2 that a file cannot be read or holds no SIMP."
}

// place is a daemon to replace: an address, or one with its port.
type place struct {
	addr netip.Addr
	port uint16 // 0: any
}

// UnmarshalText reads a place.
func (p *place) UnmarshalText(text []byte) error {
	if at, err := netip.ParseAddrPort(string(text)); err == nil {
		p.addr, p.port = at.Addr(), at.Port()
		return nil
	}
	addr, err := netip.ParseAddr(strings.Trim(string(text), "[]"))
	if err != nil {
		return fmt.Errorf("%q is no address: give one such as 127.0.0.2 or 127.0.0.2:7777", text)
	}
	p.addr = addr
	return nil
}

func (p place) is(a netip.AddrPort) bool {
	return p.addr == a.Addr() && (p.port == 0 || p.port == a.Port())
}

// Run replays.
func (c replayCommand) Run(l lab) error {
	var unreadable, diverges error
	for _, paths := range c.recordings() {
		err := c.recording(l, paths)
		switch {
		case errors.As(err, new(misuse)):
			if unreadable != nil {
				_, _ = fmt.Fprintf(l.stderr, "simplab: %v\n", unreadable) // the last one is told in the end
			}
			unreadable = err
		case err != nil:
			diverges = err
		}
	}
	if unreadable != nil {
		return unreadable
	}
	return diverges
}

// errDiverges makes the status 1. What diverges is in the list.
var errDiverges = errors.New("ours would have done otherwise: the list says where")

// recordings returns the files, those together that are parts of a recording in JSON lines.
func (c replayCommand) recordings() (all [][]string) {
	wasExact := false
	for _, path := range c.Files {
		exact := isExact(path)
		if exact && wasExact {
			all[len(all)-1] = append(all[len(all)-1], path)
		} else {
			all = append(all, []string{path})
		}
		wasExact = exact
	}
	return all
}

// recording replays a capture, or the parts of a recording in JSON lines.
func (c replayCommand) recording(l lab, paths []string) error {
	if isExact(paths[0]) {
		return replayExact(l, paths, func(name string) (io.ReadCloser, error) { return os.Open(name) })
	}
	path := paths[0]
	if about, err := os.Stat(path); err == nil && !about.IsDir() && !about.Mode().IsRegular() {
		return misuse{fmt.Errorf("%s: it is a pipe or a device, and a replay goes through a recording twice: save it in a file first", path)}
	}
	o, err := c.replay(l, path)
	if err != nil {
		return misuse{err}
	}
	o.write(l.stdout)
	switch {
	case o.broken != nil:
		return misuse{o.broken}
	case o.divergences > 0:
		return errDiverges
	}
	return nil
}

// isExact reports whether a file holds the inputs of a daemon as JSON lines, as opposed to datagrams. Whoever opens one that
// cannot be read says what is wrong.
func isExact(path string) bool {
	about, err := os.Stat(path)
	if err != nil || !about.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	var first [1]byte
	_, err = io.ReadFull(f, first[:])
	return err == nil && first[0] == '{'
}

// outcome is what came of one file.
type outcome struct {
	path        string
	limit       int              // of what is listed
	daemons     []netip.AddrPort // in whose place ours was put
	all         int              // daemons
	datagrams   int
	listed      []replay.Divergence
	divergences int
	followed    int
	middle      int
	unreadable  int
	cut         []int // numbers of packets
	broken      error // what is behind it could not be read
}

// replay replays a capture: once through it to see who is there, and once to hold them against ours.
func (c replayCommand) replay(l lab, path string) (*outcome, error) {
	ports := make([]uint16, len(c.Port))
	for i, p := range c.Port {
		ports[i] = uint16(p)
	}
	survey := replay.NewSurvey(ports...)
	var packets int
	broken, err := readUDP(l, path, "looking for daemons in "+filepath.Base(path), func(p *pcap.Packet) {
		packets = p.N
		if p.Proto == pcap.UDP && !p.Cut {
			survey.Packet(p.From, p.To, p.Payload)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case survey.Datagrams == 0 && broken != nil:
		return nil, broken
	case survey.Datagrams == 0:
		return nil, c.nothing(path, survey, packets)
	}
	o := &outcome{path: path, limit: int(c.Limit), datagrams: survey.Datagrams, all: len(survey.Daemons())}
	for _, d := range survey.Daemons() {
		if c.replaces(d) {
			o.daemons = append(o.daemons, d)
		}
	}
	if len(o.daemons) == 0 {
		return nil, fmt.Errorf("%s: %s is no daemon in it; there are %s", path, c.As[0].addr, list(survey.Daemons()))
	}
	o.unreadable = survey.Unreadable
	err = c.follow(l, survey, packets, o)
	return o, err
}

// partPackets is from how many packets on a recording is divided among all cores. Each reads all of it, which is the least of it.
const partPackets = 20_000

// follow holds a recording against ours.
func (c replayCommand) follow(l lab, survey *replay.Survey, packets int, o *outcome) error {
	parts := 1
	if packets >= partPackets {
		parts = runtime.GOMAXPROCS(0)
	}
	results := make([]part, parts)
	var cores sync.WaitGroup
	for i := range results {
		cores.Go(func() {
			on := l
			if i > 0 {
				on.stderr = io.Discard // one progress line is enough
			}
			results[i] = c.part(on, o.path, replay.Options{Survey: survey, As: c.replaces, Part: i, Parts: parts})
		})
	}
	cores.Wait()
	o.broken, o.cut = results[0].broken, results[0].cut
	for _, p := range results {
		if p.err != nil {
			return p.err
		}
		o.listed = append(o.listed, p.listed...)
		o.divergences += p.divergences
		o.followed += p.followed
		o.middle += p.middle
	}
	return nil
}

// part is what came of a part of the work.
type part struct {
	listed                        []replay.Divergence
	divergences, followed, middle int
	cut                           []int
	broken, err                   error
}

func (c replayCommand) part(l lab, path string, options replay.Options) (p part) {
	options.Retransmit, options.Tolerance = time.Duration(c.Retransmit), time.Duration(c.Tolerance)
	if c.MaxChats != nil {
		options.MaxChats = int(*c.MaxChats)
	}
	options.Report = func(d replay.Divergence) {
		p.divergences += 1 + d.More
		if len(p.listed) < int(c.Limit) {
			p.listed = append(p.listed, d)
		}
	}
	r := replay.New(options)
	p.broken, p.err = readUDP(l, path, "replaying "+filepath.Base(path), func(packet *pcap.Packet) {
		switch {
		case packet.Proto != pcap.UDP:
			r.Pass(packet.At)
		case !packet.Cut:
			r.Packet(packet.N, packet.At, packet.From, packet.To, packet.Payload)
		default:
			r.Pass(packet.At)
			if c.between(packet) {
				p.cut = append(p.cut, packet.N)
			}
		}
	})
	r.End()
	p.followed, p.middle = r.Followed, r.Middle
	return p
}

// between reports whether a packet is one of daemons'.
func (c replayCommand) between(p *pcap.Packet) bool {
	for _, port := range c.Port {
		if p.From.Port() == uint16(port) || p.To.Port() == uint16(port) {
			return true
		}
	}
	return false
}

// replaces reports whether ours is put in the place of a daemon.
func (c replayCommand) replaces(a netip.AddrPort) bool {
	for _, p := range c.As {
		if p.is(a) {
			return true
		}
	}
	return len(c.As) == 0
}

// nothing says that there is no SIMP, and where there may be some.
func (c replayCommand) nothing(path string, survey *replay.Survey, packets int) error {
	on := make([]string, len(c.Port))
	for i, p := range c.Port {
		on[i] = fmt.Sprint(p)
	}
	hint := ""
	if port := survey.Elsewhere(); port != 0 {
		hint = fmt.Sprintf("; something like it goes to port %d: try --port %d", port, port)
	}
	return fmt.Errorf("%s: there is no SIMP in it: none of its %s is a datagram of a daemon on port %s%s",
		path, several(packets, "UDP or TCP packet"), strings.Join(on, " or "), hint)
}

// readUDP goes through a capture. broken is the error behind the last packet that could be read.
func readUDP(l lab, path, doing string, each func(*pcap.Packet)) (broken, err error) {
	r, err := pcap.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	shown := newProgress(l.stderr, doing, time.Now)
	defer shown.end()
	var p pcap.Packet
	for {
		p, err = r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return fmt.Errorf("%s: %w", path, err), nil
		}
		each(&p)
		if shown.step(p.N, r.Part()); l.ctx.Err() != nil {
			return nil, l.ctx.Err()
		}
	}
}
