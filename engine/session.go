package engine

import (
	"crypto/rand"
	"net/netip"
	"sync/atomic"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// Session is one conversation without I/O: the machine's snapshot, the queue, the timers as deadlines. It reads no
// clock and owns no goroutine. Whoever owns it calls, one at a time:
//
//   - Handle with each input (a datagram, a command, a client that came or went),
//   - Expire when NextDeadline has come,
//
// and performs what was put into the Outbox, after the call. Actors, tests and simulations run the same sessions.
//
// An idle one in an open chat takes about 700 bytes.
type Session struct {
	env  *Env
	tape *tape // what it asks of env is noted there, or answered from there; nil but while somebody observes
	peer netip.AddrPort
	snap fsm.Snapshot
	due  [fsm.NumTimers]time.Time // zero: not running

	user  string // the peer's name, "" while unknown
	self  string // our user's name in this conversation, so that a repeat has the same bytes
	since time.Time

	queue  []outgoing
	sent   int    // chat datagrams queued in this chat
	taken  int    // messages taken in this chat
	latest latest // the last of them, kept only where numbers do not tell duplicates

	dialect  *dialect // as what the peer is treated
	evidence string   // why, for people
	fixed    bool     // because our user said so
	seen     bool     // because the peer has shown it in this conversation, or our user said so
	heard    bool     // the peer has sent something in this conversation, so we know how it writes
	told     uint8    // of which kinds the user was told in this conversation, a bit for each
	finished int      // messages of ours that have left the queue in this chat

	later   []delayed // what goes out when the peer is ready for it, in order
	echoing []written // our last message to a peer that sends them back, and the one in flight

	finAt     time.Time     // when the peer's last FIN came
	synAt     time.Time     // when the last copy of the peer's SYN came
	ackAt     time.Time     // when our last ACK of a message goes out, or went
	sentAt    time.Time     // when the first copy of what waits for its ACK went out
	roundTrip time.Duration // the longest that was measured in this conversation
	shortest  time.Duration // and the shortest, which no slow program makes longer than the network does every time

	received, answered uint32 // bytes from and to the peer while it has proved nothing

	box []client.Event // what waits for a client

	attached  bool // a client is attached
	muted     bool // its client has gone: what is left of the chat is no other client's business
	keep      bool // no client has seen this chat: its events wait in the box
	prompted  bool // our user has acted, so what is sent is not on the daemon's own account
	validated bool // the peer has completed a handshake
	doubt     bool // the ACK of the message at the head of the queue will not tell whether all of it was taken for new
	places    places
	names     fsm.Names[codec.Token] // of its conversations (2.8)
}

// delayed is a datagram that waits.
type delayed struct {
	at    time.Time
	kind  fsm.Packet
	bytes []byte
}

// places are what the session holds of the shared admission.
type places struct{ chat, ring, inviting, box, linger bool }

// outgoing is a chat datagram that waits for its turn or its ACK.
type outgoing struct {
	text string
	id   client.ID
	n    int  // its number in this chat, from 1
	end  bool // the last part of a message
}

// Env is what all sessions of a daemon share. Sessions of one Env may run on different goroutines.
type Env struct {
	cfg      Config
	gate     *fsm.Gate
	counters *counters
	admit    *admission
	memory   *memory

	user atomic.Pointer[string]
	stop atomic.Bool // the daemon is shutting down

	// room reports whether a message can be handed to the client that is attached. It is called during steps.
	room func() bool
}

// NewEnv returns what the sessions of one daemon share, for whoever runs sessions without an Engine. user is the name
// under which they speak, "" for the default. Clients are taken to have room for any message.
func NewEnv(cfg Config, user string) *Env {
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Gate == nil {
		cfg.Gate = fsm.NewGate()
	}
	env := &Env{
		cfg: cfg, gate: cfg.Gate, counters: newCounters(), admit: newAdmission(cfg.MaxChats),
		memory: newMemory(cfg.Known, cfg.Learned),
		room:   func() bool { return true },
	}
	if user != "" {
		env.user.Store(&user)
	}
	return env
}

// Counters returns everything that was dropped, ignored, repeated or refused so far, by name.
func (e *Env) Counters() map[string]uint64 { return e.counters.snapshot() }

// userName is the name under which the daemon speaks: its client's, or that of its last one.
func (e *Env) userName() string {
	if u := e.user.Load(); u != nil {
		return *u
	}
	return defaultUser
}

// NewSession returns a conversation with peer that has not begun. attached says whether a client is there.
func NewSession(env *Env, peer netip.AddrPort, attached bool) Session {
	s := Session{env: env, peer: peer, attached: attached}
	s.recall(env.memory.recall(peer))
	return s
}

// Input is one thing that happens to a session. Exactly one of its parts is set.
type Input struct {
	Datagram *codec.Datagram // from the peer; valid during the call only, and not changed
	Size     int             // of the datagram in bytes
	Notes    codec.Notes     // what there was to remark on it
	Command  client.Command  // of the user, to this peer
	Attach   bool            // a client has come
	Detach   bool            // the client has gone
	Shutdown bool            // the daemon is stopping
}

// Handle takes one input.
func (s *Session) Handle(now time.Time, in Input, out *Outbox) {
	switch {
	case in.Datagram != nil:
		s.receive(now, in, out)
	case in.Command != nil:
		s.command(now, in.Command, out)
	case in.Attach:
		s.attach(out)
	case in.Detach:
		s.attached = false
		s.step(now, fsm.Event{On: fsm.Detach}, stepInput{}, out)
		s.muted = s.snap.State == fsm.Established || s.closingChat()
	case in.Shutdown:
		s.step(now, fsm.Event{On: fsm.Shutdown}, stepInput{}, out)
	}
	if s.settle(); s.snap.State == fsm.Idle && !s.places.linger {
		s.sendDelayed(now.Add(longestPause), out) // too many strangers wait: an answer too soon is better than none
	}
}

// Expire handles the timers that are due, the earliest first.
func (s *Session) Expire(now time.Time, out *Outbox) {
	s.sendDelayed(now, out)
	for {
		t, at, any := s.earliest()
		if !any || at.After(now) {
			break
		}
		s.due[t] = time.Time{}
		s.step(now, fsm.Event{On: t.Due(), More: len(s.queue) > 1}, stepInput{}, out)
	}
	s.settle()
}

// NextDeadline says when Expire has to be called next; false if no timer runs.
func (s *Session) NextDeadline() (time.Time, bool) {
	_, at, any := s.earliest()
	if len(s.later) > 0 && (!any || s.later[0].at.Before(at)) {
		at, any = s.later[0].at, true
	}
	return at, any
}

func (s *Session) earliest() (timer fsm.Timer, at time.Time, any bool) {
	for i, due := range s.due {
		if !due.IsZero() && (!any || due.Before(at)) {
			timer, at, any = fsm.Timer(i), due, true
		}
	}
	return timer, at, any
}

// Done reports whether nothing is left to do or to remember.
func (s *Session) Done() bool {
	return s.snap.State == fsm.Idle && s.snap.After == fsm.Forgotten && len(s.box) == 0 && len(s.later) == 0
}

// Quiet reports whether the conversation owes nobody anything but a late ACK.
func (s *Session) Quiet() bool { return s.snap.State == fsm.Idle && len(s.later) == 0 }

// abandon ends the conversation because the daemon's time is up. Nothing more is sent; but the user still hears of a chat
// that was being closed what was not delivered.
func (s *Session) abandon(now time.Time, out *Outbox) {
	if s.closingChat() {
		s.step(now, fsm.Event{On: fsm.LeaveNow}, stepInput{}, out)
	}
	s.snap.State = fsm.Idle
	s.due = [fsm.NumTimers]time.Time{}
	s.later = nil
	s.settle()
}

// closingChat reports whether our FIN has ended a chat whose end the user has not been told yet.
func (s *Session) closingChat() bool { return s.snap.State == fsm.FinWait && s.snap.EndsChat() }

// AtRest reports whether nothing is under way: no invitation, nothing in flight, nobody leaving.
func (s *Session) AtRest() bool {
	return s.snap.State == fsm.Idle || s.snap.State == fsm.Established && !s.snap.InFlight
}

// State is where the conversation stands.
func (s *Session) State() fsm.State { return s.snap.State }

// native reports whether the peer is treated as one that announced itself.
func (s *Session) native() bool { return s.snap.Policy.Labels }

// status describes the conversation for the client; active is false when there is nothing to show.
func (s *Session) status() (st client.ChatStatus, pending client.Pending, half, active bool) {
	if s.snap.HalfOpen() {
		return st, client.Pending{Peer: s.peer, User: s.user, Since: s.since, Dialect: s.dialect.name, Evidence: s.evidence}, true, true
	}
	if s.snap.State == fsm.Idle {
		return st, pending, false, false
	}
	return client.ChatStatus{
		Peer: s.peer, User: s.user, State: s.snap.State.String(), Queued: len(s.queue), Tries: int(s.snap.Tries),
		Dialect: s.dialect.name, Evidence: s.evidence,
	}, pending, false, true
}

// unread is how many messages wait for a client.
func (s *Session) unread() int {
	n := 0
	for _, ev := range s.box {
		if _, is := ev.(client.Message); is {
			n++
		}
	}
	return n
}

// leaveAll gives back every place that the session holds, because it ends.
func (s *Session) leaveAll() {
	s.snap.State, s.snap.After, s.box, s.later = fsm.Idle, fsm.Forgotten, nil, nil
	s.settle()
}

// settle gives back the places that the state does not need any more and takes the ones that it may have.
func (s *Session) settle() {
	a, p := s.env.admit, &s.places
	if p.chat && !s.snap.HoldsSlot() {
		a.leaveChat(s.peer)
		p.chat = false
	}
	if p.ring && !s.snap.HalfOpen() {
		a.leaveRing(s.peer)
		p.ring = false
	}
	if p.inviting && s.snap.State != fsm.SynSent {
		a.leaveInviting(s.peer)
		p.inviting = false
	}
	if p.box && len(s.box) == 0 && (s.attached || s.snap.State == fsm.Idle) {
		a.leaveBox()
		p.box = false
	}
	lingers := s.snap.State == fsm.Idle && (s.snap.After != fsm.Forgotten || len(s.later) > 0)
	switch {
	case lingers && !p.linger:
		if p.linger = s.askAny(AskLinger, a.takeLinger); !p.linger {
			s.snap.After = fsm.Forgotten // too many remember already; the peer's repeated FIN will be a stranger's
			s.due[fsm.Linger] = time.Time{}
		}
	case !lingers && p.linger:
		a.leaveLinger()
		p.linger = false
	}
}
