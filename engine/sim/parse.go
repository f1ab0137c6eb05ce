package sim

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"simp/engine"
	"simp/engine/double"
	"simp/fsm"
)

// SyntaxError says what is wrong with a script, and where.
type SyntaxError struct {
	Line     int // from 1
	Sentence string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Sentence) }

// MaxParties is how many nodes and peers a script may have.
const MaxParties = 50

// Limits of a script. They are far above what a story needs, and keep a mistyped number from running all night.
const (
	maxActs  = 100_000 // of one user at random, and in one talk
	maxTime  = 1000 * time.Hour
	maxText  = 500 // bytes: whoever reads it, it goes in one datagram
	maxName  = 32
	maxBytes = 65507
)

// endOfScript is the line behind which a script says what came of it, for whoever compares.
const endOfScript = "----"

// parser reads a script, line by line.
type parser struct {
	*Script
	line  int
	last  time.Duration // the time of the timed line before
	prose bool          // no statement has been read yet
	acted []int         // the line of each act
	fated []int
}

// Parse reads a script. An error is a *SyntaxError.
func Parse(text string) (*Script, error) {
	p := &parser{Script: NewScript(), prose: true}
	for line := range strings.Lines(text) {
		p.line++
		line = strings.TrimSpace(line)
		if line == endOfScript {
			break
		}
		if err := p.read(line); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.Script, nil
}

func (p *parser) wrong(format string, args ...any) error {
	return &SyntaxError{p.line, fmt.Sprintf(format, args...)}
}

func (p *parser) read(line string) error {
	if comment, is := strings.CutPrefix(line, "#"); is {
		if p.prose {
			p.Prose = append(p.Prose, strings.TrimSpace(comment))
		}
		return nil
	}
	if line == "" {
		p.prose = p.prose && len(p.Prose) == 0 // what stands behind a blank line belongs to what follows
		return nil
	}
	p.prose = false
	if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
		return p.wrong("a script is UTF-8 without NUL")
	}
	words := fields(line)
	switch words[0] {
	case "node":
		return p.node(words[1:])
	case "peer":
		return p.peer(words[1:])
	case "network":
		return p.network(words[1:])
	case "seed":
		return p.seed(words[1:])
	case "random":
		return p.readRandom(words[1:])
	case "talk":
		return p.talk(words[1:])
	case "until":
		return p.until(words[1:])
	case "calm":
		return p.calm(words[1:])
	case "fate":
		return p.fate(words[1:])
	}
	return p.timed(words, line)
}

// fields cuts a line into words, without the comment behind them.
func fields(line string) []string {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
		words = words[:i]
	}
	return words
}

func (p *parser) newParty(words []string, what string) (string, error) {
	switch {
	case len(words) == 0:
		return "", p.wrong("%s needs a name", what)
	case !isName(words[0]):
		return "", p.wrong("%q is no name: write up to %d letters, digits, - and _, with a letter in front", words[0], maxName)
	case slices.Contains(statements(), words[0]):
		return "", p.wrong("%q cannot be a name, since statements begin with it", words[0])
	case p.party(words[0]) != nil:
		return "", p.wrong("there are two of the name %s", words[0])
	case len(p.Parties) == MaxParties:
		return "", p.wrong("there are more than %d nodes and peers", MaxParties)
	}
	return words[0], nil
}

// statements are the words that begin a statement or stand where a name does.
func statements() []string {
	return []string{"node", "peer", "network", "seed", "random", "talk", "until", "calm", "fate", string(Partition), string(Forge)}
}

func isName(s string) bool {
	for i, r := range s {
		first := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		other := '0' <= r && r <= '9' || r == '-' || r == '_'
		if !first && (i == 0 || !other) {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

func (p *parser) node(words []string) error {
	name, err := p.newParty(words, "a node")
	if err != nil {
		return err
	}
	n := NewNode(name)
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "plain":
			n.Plain = true
			if value != "" {
				err = p.wrong("plain takes no value")
			}
		case "accept":
			i := slices.Index(acceptNames(), engine.Accept(value))
			if i < 0 {
				return p.wrong("invitations can be accepted with ask, auto or never, not %q", value)
			}
			n.Accept = acceptNames()[i]
		case "max-chats":
			n.MaxChats, err = p.count("max-chats", value, MaxParties)
		case "expiry":
			n.Expiry, err = p.duration(value)
		case "retransmit":
			n.Retransmit, err = p.duration(value)
		default:
			err = p.wrong("a node has no %q: there are plain, accept, max-chats, expiry and retransmit", key)
		}
		if err != nil {
			return err
		}
	}
	if err := n.config().Validate(); err != nil {
		return p.wrong("%s", err)
	}
	p.Parties = append(p.Parties, n)
	return nil
}

func (p *parser) peer(words []string) error {
	name, err := p.newParty(words, "a peer")
	if err != nil {
		return err
	}
	party := Party{Name: name}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		if key != "kind" {
			return p.wrong("a peer has no %q: there is kind", key)
		}
		if party.Kind = kindNamed(value); party.Kind == 0 {
			return p.wrong("%q is no kind: they are a, b, c, d, e and f", value)
		}
	}
	if party.Kind == 0 {
		return p.wrong("a peer needs a kind, such as kind=a")
	}
	p.Parties = append(p.Parties, party)
	return nil
}

func kindNamed(name string) double.Kind {
	for _, k := range double.Kinds() {
		if k.String() == name {
			return k
		}
	}
	return 0
}

func (p *parser) network(words []string) error {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		var err error
		switch key {
		case "drop":
			p.Network.Drop, err = readProbability(value)
		case "duplicate":
			p.Network.Duplicate, err = readProbability(value)
		case "reorder":
			p.Network.Reorder, err = readProbability(value)
		case "ordered":
			if p.Ordered = true; value != "" {
				return p.wrong("ordered takes no value")
			}
		case "delay":
			p.Network.MinDelay, p.Network.MaxDelay, err = readRange(value)
		default:
			return p.wrong("a network has no %q: there are drop, duplicate, reorder, delay and ordered", key)
		}
		if err == nil {
			err = p.Network.Validate()
		}
		if err != nil {
			return p.wrong("%s", strings.TrimPrefix(err.Error(), "netio: check faults: "))
		}
	}
	return nil
}

func (p *parser) seed(words []string) error {
	if len(words) == 1 {
		if n, err := strconv.ParseUint(words[0], 10, 64); err == nil {
			p.Seed = n
			return nil
		}
	}
	return p.wrong("seed needs a number")
}

func (p *parser) readRandom(words []string) (err error) {
	if len(words) == 0 {
		return p.wrong("random needs the number of things that each user does")
	}
	p.Random.Pace = defaultPace
	if p.Random.Acts, err = p.count("random", words[0], maxActs); err != nil {
		return err
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "pace":
			if p.Random.Pace, err = p.duration(value); err == nil && p.Random.Pace == 0 {
				err = p.wrong("users who act at random need some time between two acts")
			}
		case "crash":
			p.Random.Crash = true
			if value != "" {
				err = p.wrong("crash takes no value; crashes=%s means so many", value)
			}
		case "crashes":
			p.Random.Crashes, err = p.count("crashes", value, maxActs)
		case "partition":
			low, high, wrong := readRange(value)
			if wrong == nil && high == 0 {
				wrong = fmt.Errorf("a partition lasts some time, such as 10s..30s")
			}
			if p.Random.Partition = [2]time.Duration{low, high}; wrong != nil {
				err = p.wrong("%s", wrong)
			}
		default:
			err = p.wrong("random has no %q: there are pace, crash, crashes and partition", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) talk(words []string) (err error) {
	if len(words) != 1 {
		return p.wrong("talk needs the number of messages that each user writes")
	}
	p.Talk, err = p.count("talk", words[0], maxActs)
	return err
}

func (p *parser) until(words []string) (err error) {
	if len(words) != 1 {
		return p.wrong("until needs a time")
	}
	p.Until, err = p.duration(words[0])
	return err
}

func (p *parser) calm(words []string) (err error) {
	if len(words) != 1 {
		return p.wrong("calm needs a time")
	}
	p.Calm, err = p.duration(words[0])
	return err
}

func (p *parser) fate(words []string) (err error) {
	if len(words) < 4 {
		return p.wrong("a fate needs who sends, who receives, which datagram, and what becomes of it: lost, or after and times")
	}
	f := Fate{From: words[0], To: words[1]}
	if f.N, err = p.count("fate", words[2], maxActs*100); err != nil {
		return err
	}
	switch rest := words[4:]; {
	case words[3] == "lost" && len(rest) == 0:
	case words[3] == "after" && len(rest) > 0:
		for _, w := range rest {
			d, err := p.duration(w)
			if err != nil {
				return err
			}
			f.After = append(f.After, d)
		}
	default:
		return p.wrong("a datagram is lost, or arrives after one or more times")
	}
	p.Fates = append(p.Fates, f)
	p.fated = append(p.fated, p.line)
	return nil
}

// timed reads a line that begins with a time.
func (p *parser) timed(words []string, line string) error {
	at, relative := strings.CutPrefix(words[0], "+")
	d, err := p.duration(at)
	switch {
	case err != nil:
		return p.wrong("%q begins no statement: those are %s, and what begins with a time such as 1.5s", words[0], strings.Join(statements()[:9], ", "))
	case relative && p.last+d > maxTime:
		return p.wrong("a script takes at most %s", maxTime)
	case relative:
		d += p.last
	}
	p.last = d
	if len(words) < 3 {
		return p.wrong("behind the time comes who does what, such as alice invites bob")
	}
	a := Act{At: d}
	switch Verb(words[1]) {
	case Partition:
		err = p.partition(&a, words[2:])
	case Forge:
		err = p.forge(&a, words[2:])
	default:
		a.Who, a.Verb = words[1], Verb(words[2])
		err = p.act(&a, words[3:], line)
	}
	if err != nil {
		return err
	}
	p.Acts = append(p.Acts, a)
	p.acted = append(p.acted, p.line)
	return nil
}

func (p *parser) act(a *Act, words []string, line string) error {
	objects := map[Verb]int{
		Invites: 1, Cancels: 1, Accepts: 1, Declines: 1, Leaves: 1, LeavesNow: 1, Says: -1, Crashes: 0, Detaches: 0, Attaches: 0, Fires: 2,
	}
	n, known := objects[a.Verb]
	switch {
	case !known:
		return p.wrong("nobody can do %q: there are invites, cancels, accepts, declines, leaves, leaves-now, says, crashes, detaches, attaches and fires", a.Verb)
	case a.Verb == Says:
		return p.says(a, line)
	case len(words) != n && n == 0:
		return p.wrong("nothing stands behind %s", a.Verb)
	case len(words) != n && n == 1:
		return p.wrong("behind %s stands one name", a.Verb)
	case len(words) != n:
		return p.wrong("behind fires stand a name and a timer")
	case n > 0:
		a.Whom = words[0]
	}
	if a.Verb == Fires {
		for t := fsm.Timer(0); int(t) < fsm.NumTimers; t++ {
			if t.String() == words[1] {
				a.Timer = t
				return nil
			}
		}
		return p.wrong("%q is no timer: there are retransmit, expiry, unanswered and linger", words[1])
	}
	return nil
}

// says takes the text as it stands there, with blanks and #.
func (p *parser) says(a *Act, line string) error {
	rest := line
	for range 3 { // time, who, says
		rest = strings.TrimLeftFunc(rest[strings.IndexFunc(rest, unicode.IsSpace):], unicode.IsSpace)
		if !strings.ContainsFunc(rest, unicode.IsSpace) {
			return p.wrong("behind says stand a name and a text")
		}
	}
	end := strings.IndexFunc(rest, unicode.IsSpace)
	a.Whom, a.Text = rest[:end], strings.TrimSpace(rest[end:])
	if len(a.Text) > maxText {
		return p.wrong("a text has at most %d bytes, so that it goes in one datagram", maxText)
	}
	return nil
}

func (p *parser) partition(a *Act, words []string) (err error) {
	if len(words) != 4 || words[2] != "for" {
		return p.wrong("a partition needs two names and how long it takes, such as partition alice bob for 30s")
	}
	a.Verb, a.Who, a.Whom = Partition, words[0], words[1]
	a.For, err = p.duration(words[3])
	return err
}

func (p *parser) forge(a *Act, words []string) (err error) {
	if len(words) != 3 {
		return p.wrong("a forgery needs whose name is on it, who gets it, and its bytes in hexadecimal digits")
	}
	a.Verb, a.Who, a.Whom = Forge, words[0], words[1]
	if a.Bytes, err = hex.DecodeString(words[2]); err != nil || len(a.Bytes) > maxBytes {
		return p.wrong("%.20q are not the bytes of a datagram, in hexadecimal digits", words[2])
	}
	return nil
}

// stranger reads the address of somebody who is no party.
func stranger(s string) (netip.AddrPort, bool) {
	if at, err := netip.ParseAddrPort(s); err == nil && at.Addr().Is4() && at.Port() != 0 {
		return at, true
	}
	addr, err := netip.ParseAddr(s)
	return netip.AddrPortFrom(addr, port), err == nil && addr.Is4()
}
