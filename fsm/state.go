package fsm

import (
	"fmt"
	"slices"
)

// State is where a conversation with one peer stands. The names are the ones that users, logs and diagrams show.
type State uint8

// The five states.
const (
	Idle        State = iota // no invitation, no chat
	SynSent                  // our SYN is out; the peer's user has not answered
	SynReceived              // the peer's SYN is here; our user has not answered, or our SYN+ACK is not confirmed yet
	Established              // a chat is open
	FinWait                  // our FIN is out and not confirmed yet
	numStates   = int(iota)
)

var stateNames = [numStates]string{"idle", "syn-sent", "syn-received", "established", "fin-wait"}

// String returns the state's name as users and logs see it, such as "syn-sent".
func (s State) String() string { return nameOf(stateNames[:], uint8(s), "state") }

// States lists all states in the order of a conversation's life.
func States() []State { return []State{Idle, SynSent, SynReceived, Established, FinWait} }

// Input is what can happen to a conversation: an act of the user, a datagram, a timer that is due.
type Input uint8

// The inputs. Whoever adds one gets a failing totality test until each state has a rule for it.
const (
	Invite   Input = iota // the user invites the peer
	Cancel                // the user withdraws the invitation
	Accept                // the user accepts the peer's invitation
	Decline               // the user declines it
	Say                   // the user has written a message
	Leave                 // the user leaves once everything queued has been delivered
	LeaveNow              // the user leaves at once
	Detach                // the user's client has gone
	Shutdown              // the daemon is stopping

	RecvSYN
	RecvSYNACK
	RecvACK
	RecvFIN
	RecvERR
	RecvCHAT

	RetransmitDue // no answer within the retransmission time
	ExpiryDue     // an invitation, or an unattended goodbye, has waited long enough
	UnansweredDue // the user should hear that the invitation is still unanswered
	LingerDue     // late datagrams of the last conversation need no more care
	numInputs     = int(iota)
)

var inputNames = [numInputs]string{
	"Invite", "Cancel", "Accept", "Decline", "Say", "Leave", "LeaveNow", "Detach", "Shutdown",
	"RecvSYN", "RecvSYNACK", "RecvACK", "RecvFIN", "RecvERR", "RecvCHAT",
	"RetransmitDue", "ExpiryDue", "UnansweredDue", "LingerDue",
}

// String returns the input's name, such as "RecvSYN".
func (i Input) String() string { return nameOf(inputNames[:], uint8(i), "input") }

// isDatagram reports whether the input is a datagram of the peer.
func (i Input) isDatagram() bool { return i >= RecvSYN && i <= RecvCHAT }

// Inputs lists all inputs: the user's acts, then datagrams, then timers.
func Inputs() []Input {
	all := make([]Input, numInputs)
	for i := range all {
		all[i] = Input(i)
	}
	return all
}

// Packet is a kind of datagram, as far as the protocol cares.
type Packet uint8

// The kinds of datagram. NoPacket stands where a label names none.
const (
	NoPacket Packet = iota
	SYN
	SYNACK
	ACK
	FIN
	ERR
	CHAT
)

var packetNames = [...]string{"none", "SYN", "SYN+ACK", "ACK", "FIN", "ERR", "CHAT"}

// String returns the kind as the specification writes it, such as "SYN+ACK".
func (p Packet) String() string { return nameOf(packetNames[:], uint8(p), "packet") }

// Timer identifies one of a conversation's timers. How long each runs is the engine's business.
type Timer uint8

// The timers, and in AllTimers what stops every one of them.
const (
	Retransmit Timer = iota // until the datagram in flight is sent again
	Expiry                  // until an unanswered invitation or an unattended goodbye is given up
	Unanswered              // until the user is told that an invitation is still unanswered
	Linger                  // until the last conversation is forgotten
	NumTimers  = int(iota)
	AllTimers  = Timer(NumTimers)
)

var timerNames = [...]string{"retransmit", "expiry", "unanswered", "linger", "all"}

// String returns the timer's name, such as "retransmit".
func (t Timer) String() string { return nameOf(timerNames[:], uint8(t), "timer") }

// Due returns the input that the timer's expiry is.
func (t Timer) Due() Input { return RetransmitDue + Input(t) }

// Reason says why an invitation or a chat ended.
type Reason uint8

// The reasons. The first five, and Restarted, can travel in a FIN between native peers.
const (
	NoReason    Reason = iota
	Left               // a user left the chat
	Declined           // the invited user said no
	Cancelled          // the inviting user withdrew
	Busy               // the invited user is in another chat
	ShutDown           // a daemon was stopped
	Unreachable        // no answer
	Restarted          // the partner lost its state
	Refused            // the peer answered with an error
	Expired            // the invitation was not answered in time
	Lost               // the inviting side went away
	Misnumbered        // the peer expected another number; never why anything ends
)

var reasonNames = [...]string{"none", "left", "declined", "cancelled", "busy", "shutdown", "unreachable", "restarted", "refused", "expired", "lost", "misnumbered"}

// String returns the reason as clients see it, such as "declined".
func (r Reason) String() string { return nameOf(reasonNames[:], uint8(r), "reason") }

func (r Reason) known() bool { return int(r) < len(reasonNames) }

func nameOf(names []string, i uint8, what string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

// numberOf is the other way round.
func numberOf(names []string, name string) (n uint8, known bool) {
	i := slices.Index(names, name)
	return uint8(max(i, 0)), i >= 0
}
