package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
