package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"simp/engine"
	"simp/engine/double"
)

// The statements that say who is there, and what things are like.

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
		case "dialect":
			if !slices.Contains(engine.DialectNames(), value) {
				return p.wrong("there is no dialect %q: there are %s", value, strings.Join(engine.DialectNames(), ", "))
			}
			n.Dialect = value
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
			err = p.wrong("a node has no %q: there are plain, dialect, accept, max-chats, expiry and retransmit", key)
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
