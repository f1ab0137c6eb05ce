package fsm

// Effect is a kind of action.
type Effect uint8

// The effects that a rule may ask for.
const (
	Send     Effect = iota // send a datagram; CHAT means the message at the head of the queue
	Start                  // (re)start a timer, for Scale times its usual length
	Stop                   // stop a timer, or all of them
	Queue                  // take the user's message into the queue
	Deliver                // hand the message that arrived to the user
	Complete               // the message in flight has arrived; it leaves the queue
	GiveUp                 // nobody can say whether the message in flight arrived; it leaves the queue
	Tell                   // tell the user
	Refuse                 // answer the user's command with an error
)

var effectNames = [...]string{"send", "start", "stop", "queue", "deliver", "complete", "give-up", "tell", "refuse"}

// String returns the effect's name, such as "send".
func (e Effect) String() string { return nameOf(effectNames[:], uint8(e), "effect") }

// Notice is something that the user is told.
type Notice uint8

// The notices. Closed and Withdrawn carry a Reason.
const (
	TellInviting    Notice = iota // a SYN went out
	TellUnanswered                // the invitation is still unanswered
	TellInvitation                // somebody invites our user
	TellWithdrawn                 // that invitation is gone
	TellEstablished               // the chat is open
	TellRetrying                  // Packet went out again
	TellClosed                    // the invitation or chat is over
	TellError                     // the peer sent an error text in a chat
)

var noticeNames = [...]string{"inviting", "unanswered", "invitation", "withdrawn", "established", "retrying", "closed", "error"}

// String returns the notice's name, such as "withdrawn".
func (n Notice) String() string { return nameOf(noticeNames[:], uint8(n), "notice") }

// Refusal is why a command could not be carried out.
type Refusal uint8

// The refusals.
const (
	NoChat       Refusal = iota // no chat is open with that peer
	NoInvitation                // that peer has not invited the user
	NotInviting                 // the user is not inviting that peer
	AlreadyOpen                 // a chat with that peer is open
	Connecting                  // the invitation has been accepted and is being confirmed
	Closing                     // the chat is being closed
	ChatsInUse                  // the user is in as many chats as allowed
	QueueFull                   // too many messages wait already
)

var refusalNames = [...]string{"no-chat", "no-invitation", "not-inviting", "already-open", "connecting", "closing", "busy", "queue-full"}

// String returns the refusal's code as clients see it, such as "no-chat".
func (r Refusal) String() string { return nameOf(refusalNames[:], uint8(r), "refusal") }

// Action is one effect with its arguments. Fields that an effect does not use are zero.
type Action struct {
	Effect  Effect
	Packet  Packet  // Send: what; Tell retrying: what was sent again
	Seq     uint8   // Send: its number
	Num     uint32  // Send CHAT, Send ACK of one: which message of the chat it is
	Of      Packet  // Send ACK: what it acknowledges
	Reason  Reason  // Send FIN, Tell closed and withdrawn: why
	Timer   Timer   // Start, Stop
	Scale   uint8   // Start: how many of the timer's usual lengths
	Notice  Notice  // Tell
	Refusal Refusal // Refuse
}

// maxActions bounds the effects of one step. A rule that needs more makes every test of it panic.
const maxActions = 8

// Actions collects the effects of one step, in order, without allocating. The zero value is empty. Reset before reuse.
type Actions struct {
	list [maxActions]Action
	n    int
}

// Reset empties the list.
func (a *Actions) Reset() { a.n = 0 }

// All returns the effects in order. The slice is valid until the next Reset or step.
func (a *Actions) All() []Action { return a.list[:a.n] }

// Add appends an effect. The rules have shorter ways; this one is for tables that are not the protocol's (NewTable).
func (a *Actions) Add(x Action) {
	a.list[a.n] = x
	a.n++
}

func (a *Actions) send(p Packet, seq uint8) { a.Add(Action{Effect: Send, Packet: p, Seq: seq}) }

// chat sends the message in flight.
func (a *Actions) chat(seq uint8, num uint32) {
	a.Add(Action{Effect: Send, Packet: CHAT, Seq: seq, Num: num})
}

// ackChat acknowledges message num of the peer.
func (a *Actions) ackChat(seq uint8, num uint32) {
	a.Add(Action{Effect: Send, Packet: ACK, Seq: seq, Num: num, Of: CHAT})
}

func (a *Actions) ack(of Packet, seq uint8) {
	a.Add(Action{Effect: Send, Packet: ACK, Seq: seq, Of: of})
}

// probe sends an ACK that answers nothing.
func (a *Actions) probe(seq uint8) { a.send(ACK, seq) }

func (a *Actions) fin(seq uint8, why Reason) {
	a.Add(Action{Effect: Send, Packet: FIN, Seq: seq, Reason: why})
}

func (a *Actions) err(why Reason) { a.Add(Action{Effect: Send, Packet: ERR, Reason: why}) }

func (a *Actions) start(t Timer) { a.startScaled(t, 1) }

func (a *Actions) startScaled(t Timer, scale uint8) {
	a.Add(Action{Effect: Start, Timer: t, Scale: scale})
}

func (a *Actions) stop(t Timer) { a.Add(Action{Effect: Stop, Timer: t}) }

func (a *Actions) do(e Effect) { a.Add(Action{Effect: e}) }

func (a *Actions) tell(n Notice) { a.Add(Action{Effect: Tell, Notice: n}) }

func (a *Actions) tellEnd(n Notice, why Reason) { a.Add(Action{Effect: Tell, Notice: n, Reason: why}) }

func (a *Actions) retrying(p Packet) {
	a.Add(Action{Effect: Tell, Notice: TellRetrying, Packet: p})
}

func (a *Actions) refuse(r Refusal) { a.Add(Action{Effect: Refuse, Refusal: r}) }
