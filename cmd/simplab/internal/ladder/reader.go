package ladder

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"simp/codec"
	"simp/engine/follow"
)

// Drawing is told the rows, and draws them.
type Drawing interface {
	// Row is told the next row, in the order of the capture.
	Row(r *Row) error
	// Ended is told that there will be no more rows of a conversation.
	Ended(c *Conversation) error
	// Close ends the drawing.
	Close() error
}

// Pick says which conversations are wanted; the zero value, all.
type Pick struct {
	Conversation int            // by its number
	Peer         netip.AddrPort // by one of the two; port 0: any
}

// wants reports whether a conversation is picked.
func (p Pick) wants(c *follow.Conversation) bool {
	if p.Conversation != 0 && p.Conversation != c.ID {
		return false
	}
	if !p.Peer.IsValid() {
		return true
	}
	for i := range c.Parties {
		a := c.Parties[i].Addr
		if a.Addr() == p.Peer.Addr() && (p.Peer.Port() == 0 || a.Port() == p.Peer.Port()) {
			return true
		}
	}
	return false
}

// Options say what to go by.
type Options struct {
	follow.Options
	Pick Pick
}

// Reader makes rows of packets.
type Reader struct {
	*follow.Follower
	pick      Pick
	start     time.Time
	last      time.Time // packet
	to        Drawing
	err       error // the first of the drawing
	finishing bool
	row       Row
	summary   []byte
	seen      int // conversations
	picked    int
	open      map[int]*follow.Conversation // those that are picked, by their numbers
}

// NewReader returns a Reader that tells a drawing.
func NewReader(o Options, to Drawing) *Reader {
	r := &Reader{pick: o.Pick, to: to, open: make(map[int]*follow.Conversation)}
	r.Follower = follow.New(o.Options, r)
	return r
}

// Begin says when the capture began, from when time is counted; without it, that is when the first packet came.
func (r *Reader) Begin(at time.Time) { r.start = at }

// Packet takes the next packet of the capture. The error is the drawing's.
func (r *Reader) Packet(p follow.Packet) error {
	if r.start.IsZero() {
		r.start = p.At
	}
	r.last = p.At
	r.Follower.Packet(p)
	return r.err
}

// Advance lets time pass without a packet.
func (r *Reader) Advance(now time.Time) error {
	r.Follower.Advance(now)
	return r.err
}

// Remark says something of all conversations that are picked and not over, by their numbers.
func (r *Reader) Remark(at time.Time, text string) error {
	for _, id := range slices.Sorted(maps.Keys(r.open)) {
		f := r.open[id]
		if f.Over() {
			continue
		}
		r.row = Row{What: Remark, At: at, Since: at.Sub(r.start), Summary: text}
		for i := range f.Parties {
			r.row.States[i] = f.Parties[i].State
		}
		r.tell(r.conversation(f), &r.row)
	}
	return r.err
}

// Finish ends the capture and closes the drawing.
func (r *Reader) Finish() error {
	r.finishing = true
	r.Follower.Finish()
	if r.err != nil {
		return r.err
	}
	return r.to.Close()
}

// Conversations is how many there were, and how many of them were picked.
func (r *Reader) Conversations() (all, picked int) { return r.seen, r.picked }

// Start is from when time is counted.
func (r *Reader) Start() time.Time { return r.start }

// Awaits makes the row of what is awaited next: of what falls due first, or else of what some user has to decide. There may be nothing.
func (r *Reader) Awaits() (next Row, any bool) {
	for _, f := range r.open {
		r.Awaited(f, func(m *follow.Missing) {
			if any && !sooner(m, &next) {
				return
			}
			any = true
			r.missing(&next, r.conversation(f), m)
		})
	}
	return next, any
}

// sooner reports whether something is to come before what a row says.
func sooner(m *follow.Missing, r *Row) bool {
	switch {
	case m.Due.IsZero() != r.At.IsZero():
		return r.At.IsZero()
	case !m.Due.Equal(r.At):
		return m.Due.Before(r.At)
	}
	return m.Conversation.ID < r.Conversation.ID
}

// conversation is what the rows of one have in common, brought up to date; nil if it is not wanted.
func (r *Reader) conversation(f *follow.Conversation) *Conversation {
	c, _ := f.Note.(*Conversation)
	if c == nil {
		return nil
	}
	for i := range f.Parties {
		c.Parties[i].Name = cmp.Or(f.Parties[i].Name, c.named[i])
	}
	c.Native, c.Packets = f.Native(), f.Packets
	return c
}

// Seen implements [follow.Watcher].
func (r *Reader) Seen(s *follow.Seen) {
	f := s.Conversation
	if s.Begins {
		r.begin(f)
	}
	c := r.conversation(f)
	if c == nil {
		return
	}
	d := &s.Datagram
	if d.Kind == codec.SYNACK && c.Parties[s.By].Name == "" {
		c.named[s.By] = string(d.User)
		c.Parties[s.By].Name = c.named[s.By]
	}
	row := &r.row
	if s.Begins && c.Late {
		*row = Row{
			What: Remark, At: s.At, Since: s.At.Sub(r.start), From: s.By, States: s.Was,
			Summary: "the capture begins in the middle of this conversation: it has no SYN",
		}
		r.tell(c, row)
	}
	*row = Row{
		What: Packet, At: s.At, Since: s.At.Sub(r.start), From: s.By, Kind: d.Kind, Seq: d.Seq,
		States: s.Is, Changed: [2]bool{s.Was[0] != s.Is[0], s.Was[1] != s.Is[1]},
		N: s.N, Bytes: s.Bytes, Notes: s.Notes, Unreadable: s.Err != nil, Strayed: s.Strayed, Cut: s.Cut,
		Before: c.lastN, Copy: s.Copy, First: s.First, Copies: s.Copies, Gap: s.Gap, Late: s.Late,
	}
	if !c.last.IsZero() {
		row.Delta = s.At.Sub(c.last)
	}
	c.last, c.lastN = s.At, s.N
	if s.Answers != nil {
		row.Answers, row.AnswersKind = s.Answers.Last, s.Answers.Kind
	}
	if s.Err != nil {
		row.Summary = "no datagram of SIMP: " + strings.TrimPrefix(s.Err.Error(), "codec: decode: ")
	} else {
		r.summary = d.AppendSummary(r.summary[:0])
		row.Summary = string(r.summary)
	}
	r.tell(c, row)
}

func (r *Reader) begin(f *follow.Conversation) {
	r.seen++
	if !r.pick.wants(f) {
		return
	}
	r.picked++
	c := &Conversation{ID: f.ID, Began: f.Began, Late: f.Late}
	for i := range f.Parties {
		c.Parties[i].Addr = f.Parties[i].Addr
	}
	f.Note = c
	r.open[f.ID] = f
}

// Missing implements [follow.Watcher].
func (r *Reader) Missing(m *follow.Missing) {
	c := r.conversation(m.Conversation)
	if c == nil {
		return
	}
	switch {
	case !m.Awaited:
		c.Missed++
	case !m.Conversation.Over():
		r.breakOff(c, m.Conversation)
	}
	r.missing(&r.row, c, m)
	r.tell(c, &r.row)
}

func (r *Reader) missing(row *Row, c *Conversation, m *follow.Missing) {
	f := m.Conversation
	*row = Row{
		What: Missing, Conversation: c, At: m.Due, From: m.By, Kind: m.Kind, Seq: m.Seq, Summary: m.String(),
		For: m.For.Last, ForKind: m.For.Kind, Repeat: m.Repeat, Awaited: m.Awaited,
	}
	for i := range f.Parties {
		row.States[i] = f.Parties[i].State
	}
	if !m.Due.IsZero() {
		row.Since = m.Due.Sub(r.start)
		row.Delta = m.Due.Sub(c.last)
	}
	if m.Of == codec.Invalid && !m.Repeat && m.For.Kind == codec.SYN {
		row.Summary = m.Kind.String() + " or a refusal for SYN #" + itoa(m.For.Last)
	}
}

// Ended implements [follow.Watcher].
func (r *Reader) Ended(f *follow.Conversation) {
	c := r.conversation(f)
	if c == nil {
		return
	}
	if r.finishing && !f.Over() {
		r.breakOff(c, f)
	}
	delete(r.open, f.ID)
	if r.err == nil {
		r.err = r.to.Ended(c)
	}
}

// breakOff says that the capture ends before a conversation does.
func (r *Reader) breakOff(c *Conversation, f *follow.Conversation) {
	if c.cut {
		return
	}
	c.cut = true
	row := &r.row
	*row = Row{What: Remark, At: r.last, Since: r.last.Sub(r.start), Summary: "the capture ends before this conversation does"}
	for i := range f.Parties {
		row.States[i] = f.Parties[i].State
	}
	r.tell(c, row)
}

func (r *Reader) tell(c *Conversation, row *Row) {
	if r.err != nil {
		return
	}
	c.rows++
	row.Conversation, row.Counted = c, c.rows
	r.err = r.to.Row(row)
}
