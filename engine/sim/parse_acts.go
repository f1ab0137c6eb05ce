package sim

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"unicode"

	"simp/fsm"
)

// The statements that begin with a time: who does what, and when.

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
