package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"simp/codec"
	"simp/engine/follow"
	"simp/fsm"
)

// kept is how many findings of a conversation are kept; whoever breaks rules all the time breaks the same ones.
const kept = 64

// keptMore is how many further packets of a finding are kept by number.
const keptMore = 8

// conduct is what the rules keep of one side of a conversation.
type conduct struct {
	sent       [256]bool // the numbers of what it has sent that wants an ACK
	fin        int       // the packet in which it ended the chat
	ackedFIN   int       // the packet in which it acknowledged the other's end of it
	hurried    int       // copies of a message that came much too soon, in a row
	ackedRight bool      // it has acknowledged a message with its number
	lastACK    int       // the number of its last ACK, and one more; 0: none yet
	name       string    // with which it has named itself first
	rang       bool      // it has confirmed the SYN (native)
	finAt      time.Time // when it ended the chat
	alone      debt      // its FIN, without the ERR that should have been in front of it
	met        debt      // its FIN in answer to a FIN
	number     uint32    // of its last message (native)
	lastTold   uint8     // with which its last message went out last
	silent     *Finding  // that it has not sent something again: sure once it goes on with something else
	answers    [kindsIn]tally
	unanswered [kindsIn]debt // what of the other side's it has not answered; taken back when it does
}

// debt is a finding that something was not answered: the datagram that was packet first, and its copies.
type debt struct {
	found *Finding
	first int
}

// tally counts what a side has answered at once, and what only when it came again.
type tally struct {
	prompt, late int
	found        *Finding // of the late ones
}

// file is what is kept of a conversation.
type file struct {
	sides    [2]conduct
	findings []*Finding
}

// scene is what a check sees: a datagram, or one that is missing, and the conversation in which it is so.
type scene struct {
	*follow.Seen
	c     *follow.Conversation
	file  *file
	judge *Judge
	rule  *Rule
}

// Seen takes note of a datagram. It is called by the Follower.
func (j *Judge) Seen(s *follow.Seen) {
	x := j.enter(s.Conversation)
	x.Seen = s
	for _, r := range all {
		if r.seen != nil && (s.Err == nil && !s.Strayed || strings.HasPrefix(r.ID, "dg/")) {
			x.rule = r
			r.seen(x)
		}
	}
	if s.Err == nil && !s.Strayed {
		x.remember()
	}
}

// Missing takes note of one that should have come. It is called by the Follower.
func (j *Judge) Missing(m *follow.Missing) {
	x := j.enter(m.Conversation)
	x.Seen = nil
	for _, r := range all {
		if r.missing != nil {
			x.rule = r
			r.missing(x, m)
		}
	}
}

// Ended reports on a conversation. It is called by the Follower.
func (j *Judge) Ended(c *follow.Conversation) {
	r := Report{Conversation: c.ID, Parties: c.Parties, First: c.First, Packets: c.Packets, Late: c.Late}
	if f, is := c.Note.(*file); is {
		f.close()
		for _, x := range f.findings {
			x.User = c.Parties[c.Side(x.By)].Name
		}
		r.Findings = fold(f.findings)
	}
	j.report(&r)
}

// enter goes to a conversation.
func (j *Judge) enter(c *follow.Conversation) *scene {
	f, is := c.Note.(*file)
	if !is {
		f = new(file)
		c.Note = f
	}
	j.scene = scene{c: c, file: f, judge: j}
	return &j.scene
}

// remember keeps what later checks need.
func (x *scene) remember() {
	own := &x.file.sides[x.By]
	if own.silent != nil && x.Datagram.Kind != codec.ACK {
		own.silent = nil
	}
	switch x.Datagram.Kind {
	case codec.SYN, codec.SYNACK:
		own.sent[x.Datagram.Seq] = true
	case codec.CHAT:
		own.sent[x.Datagram.Seq] = true
		if x.Copy == follow.Fresh {
			own.number = x.Datagram.Number()
		}
		own.lastTold = x.Datagram.Seq
	case codec.FIN:
		own.sent[x.Datagram.Seq] = true
		if own.fin == 0 && x.Was[x.By] == fsm.Established {
			own.fin, own.finAt = x.N, x.At
		}
	case codec.ACK:
		own.ackedRight = own.ackedRight || x.Of == codec.CHAT && x.Answers != nil && x.Answers.Seq == x.Datagram.Seq
		own.lastACK = int(x.Datagram.Seq) + 1
		own.rang = own.rang || x.Of == codec.SYN
		if x.Of == codec.FIN && x.Was[x.By.Other()] == fsm.FinWait && x.Answers != nil && !x.Answers.Refuses && own.ackedFIN == 0 {
			own.ackedFIN = x.N
		}
	case codec.ERR, codec.Invalid:
	}
	if a := x.Answers; a != nil && !x.Again {
		if own.unanswered[a.Kind].first == a.First {
			x.answersLate(own)
		} else if a.Copies == 1 {
			own.answers[a.Kind].prompt++
		}
	}
}

// answersLate makes a remark of a finding: what had no answer has one now, since it came again.
func (x *scene) answersLate(own *conduct) {
	a, f := x.Answers, x.file.drop(own.unanswered[x.Answers.Kind])
	own.unanswered[a.Kind] = debt{}
	t := &own.answers[a.Kind]
	t.late++
	x.rule = f.Rule
	t.found = x.find(Finding{
		Severity: Remark, Packet: a.First, At: a.Began, By: f.By, Expected: f.Expected, Unsure: true,
		Seen: fmt.Sprintf("nothing in answer to the %s of #%d before it came again in #%d", a.Kind, a.First, a.Last),
	})
}

// drop takes one of the cases of a finding back.
func (f *file) drop(d debt) *Finding {
	d.found.Count--
	if i := slices.Index(f.findings, d.found); i >= 0 && d.found.Count == 0 {
		f.findings = slices.Delete(f.findings, i, i+1)
	}
	return d.found
}

// close draws what conclusions need the whole of a conversation: who never answers at once has something else than bad luck.
func (f *file) close() {
	for i := range f.sides {
		for _, t := range f.sides[i].answers {
			if t.late > 1 && t.prompt == 0 {
				t.found.Severity = t.found.Rule.Severity
			}
		}
	}
}

// breaks notes that whoever sent the datagram has not kept to the rule that is being checked.
func (x *scene) breaks(seen, expected string) *Finding {
	return x.breaksAs(x.rule.Severity, seen, expected)
}

// breaksAs is breaks where that is less bad than the rule says.
func (x *scene) breaksAs(s Severity, seen, expected string) *Finding {
	return x.find(Finding{Severity: s, Packet: x.N, At: x.At, By: x.From, Seen: seen, Expected: expected})
}

// mayBreak is breaks where a loss, or a late copy, looks the same.
func (x *scene) mayBreak(seen, expected string) *Finding {
	return x.mayBreakAs(x.rule.Severity, seen, expected)
}

// mayBreakAs is breaksAs where a loss, or a late copy, looks the same.
func (x *scene) mayBreakAs(s Severity, seen, expected string) *Finding {
	return x.find(Finding{
		Severity: s, Packet: x.N, At: x.At, By: x.From, Seen: seen, Expected: expected, Unsure: !x.judge.opts.Lossless,
	})
}

// lacks notes that a side has not sent something.
func (x *scene) lacks(m *follow.Missing, seen, expected string) *Finding {
	at := m.Due
	if at.IsZero() {
		at = m.For.Sent
	}
	packet := m.For.Last
	if m.Repeat {
		packet = m.For.First
	}
	f := Finding{
		Severity: x.rule.Severity, Packet: packet, At: at, By: x.c.Parties[m.By].Addr, Seen: seen, Expected: expected,
		Unsure: !x.judge.opts.Lossless || m.Awaited, own: m.Repeat, silent: !m.Repeat,
	}
	return x.find(f)
}

// find keeps a finding, or counts it where the same side has not kept to the same rule in the same way before.
func (x *scene) find(f Finding) *Finding {
	f.Rule, f.Count, f.found = x.rule, 1, f.Severity
	if x.mixed() && !strings.HasPrefix(x.rule.ID, "dg/") && !x.judge.opts.Lossless {
		f.Unsure = true
	}
	for _, known := range x.file.findings {
		if known.Rule == f.Rule && known.By == f.By && known.found == f.found && known.Unsure == f.Unsure {
			if known.Packet == f.Packet {
				return known // one datagram, one word about it
			}
			if known.Count++; len(known.More) < keptMore {
				known.More = append(known.More, f.Packet)
			}
			return known
		}
	}
	if len(x.file.findings) == kept {
		return &f
	}
	x.file.findings = append(x.file.findings, &f)
	return &f
}

// mixed reports whether datagrams of two invitations may be among each other, and nothing tells which belong to which.
func (x *scene) mixed() bool {
	crossed := x.c.Asked(follow.Caller, codec.SYN) != nil && x.c.Asked(follow.Called, codec.SYN) != nil
	return !x.c.Native() && (x.c.Close || crossed)
}

// whole reports whether a rule may be judged by what was sent before: not if the capture begins in the middle.
func (x *scene) whole() bool { return !x.c.Late }

// soon reports whether a time is well below the retransmission time.
func (x *scene) soon(d time.Duration) bool { return d < x.judge.opts.Retransmit*4/5 }

// fold orders findings and puts those that follow from others below them.
func fold(found []*Finding) []*Finding {
	slices.SortStableFunc(found, func(a, b *Finding) int { return cmp.Or(a.Packet-b.Packet, a.rank()-b.rank()) })
	var roots []*Finding
	for _, f := range found {
		if root := cause(found, f, nil); root != nil {
			root.Consequences = append(root.Consequences, f)
		} else {
			roots = append(roots, f)
		}
	}
	slices.SortStableFunc(roots, func(a, b *Finding) int { return int(a.Severity) - int(b.Severity) })
	return roots
}

// rank orders what the same packet shows: what is sure first, then what its sender has not done, then what the other has not.
func (f *Finding) rank() int {
	switch {
	case !f.Unsure:
		return 0
	case f.own:
		return 1
	case f.found == Remark: // which grows with what follows
		return 3
	}
	return 2
}

// cause finds the finding from which f follows: the first that explains it, of the same side rather than of the other. What
// follows from that follows from its cause. passed are the findings that have led to f already.
func cause(found []*Finding, f *Finding, passed []*Finding) *Finding {
	passed = append(passed, f)
	at := slices.Index(found, f)
	for _, same := range [...]bool{true, false} {
		for i, b := range found {
			if (b.By == f.By) != same || slices.Contains(passed, b) || !b.explains(f, i < at) {
				continue
			}
			if root := cause(found, b, passed); root != nil {
				return root
			}
			return b
		}
	}
	return nil
}

// explains reports whether another finding follows from this one: it comes before that, and is not less sure than what it
// explains of the other side. That perhaps nothing was answered follows also from what came until the time for the answer was up.
func (f *Finding) explains(other *Finding, before bool) bool {
	meanwhile := other.silent && other.Unsure && !f.Unsure && !f.At.After(other.At)
	return (before || meanwhile) && f.Severity <= other.Severity && f.Severity != Remark && f.Rule != other.Rule && f.Rule.explainsAlso(other.Rule) &&
		(other.Unsure || !f.Unsure || f.By == other.By)
}

// explainsAlso reports whether another rule may be broken because this one was.
func (r *Rule) explainsAlso(other *Rule) bool {
	for _, id := range r.explains {
		if id == other.ID || strings.HasSuffix(id, "/") && strings.HasPrefix(other.ID, id) {
			return true
		}
	}
	return false
}
