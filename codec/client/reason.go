package client

// CloseReason says why a chat or invitation is over.
type CloseReason string

// The reasons of Closed.
const (
	CloseLeft        CloseReason = "left"        // one of the two left the chat
	CloseDeclined    CloseReason = "declined"    // the peer declined the invitation
	CloseBusy        CloseReason = "busy"        // the peer is in another chat
	CloseCancelled   CloseReason = "cancelled"   // the user cancelled the invitation
	CloseUnreachable CloseReason = "unreachable" // the peer never answered
	CloseRestarted   CloseReason = "restarted"   // the peer lost its state and began anew
	CloseRefused     CloseReason = "refused"     // the peer answered the invitation with an error
	CloseShutdown    CloseReason = "shutdown"    // this daemon is stopping
)

// WithdrawReason says why somebody's invitation is gone.
type WithdrawReason string

// The reasons of Withdrawn.
const (
	WithdrawCancelled WithdrawReason = "cancelled" // its sender cancelled it
	WithdrawExpired   WithdrawReason = "expired"   // nobody answered it in time
	WithdrawLost      WithdrawReason = "lost"      // its sender is gone, or it was forgotten for want of room
)

// What says what is sent again.
type What string

// The things that Retrying is about.
const (
	WhatInvitation What = "invitation" // SYN or SYN+ACK
	WhatMessage    What = "message"    // a chat datagram
	WhatGoodbye    What = "goodbye"    // FIN
)

// ErrorReason is the short code in an Error, for programs. People read the
// sentence that [NewError] makes of it.
type ErrorReason string

// The reasons of Error.
const (
	// The line is no command.
	ReasonBadJSON      ErrorReason = "bad-json"      // not a JSON object
	ReasonUnknownOp    ErrorReason = "unknown-op"    // no command of that name
	ReasonMissingField ErrorReason = "missing-field" // a field that the command needs
	ReasonWrongType    ErrorReason = "wrong-type"    // a string for a boolean, say
	ReasonTooLong      ErrorReason = "too-long"      // the line or a field
	ReasonBadUser      ErrorReason = "bad-user"      // see ParseUser
	ReasonBadAddress   ErrorReason = "bad-address"   // see ParsePeer
	ReasonBadText      ErrorReason = "bad-text"      // empty, with NUL, or not UTF-8

	// The client may not.
	ReasonNotAllowed       ErrorReason = "not-allowed"       // from this address
	ReasonTaken            ErrorReason = "taken"             // another client holds the daemon
	ReasonNotConnected     ErrorReason = "not-connected"     // no Connect yet
	ReasonAlreadyConnected ErrorReason = "already-connected" // a second Connect
	ReasonNotLocal         ErrorReason = "not-local"         // watches from another host
	ReasonTooManyWatchers  ErrorReason = "too-many-watchers" // as many watch as may
	ReasonWatching         ErrorReason = "watching"          // the connection watches, and does nothing else

	// The command does not fit the state of things.
	ReasonSelf         ErrorReason = "self"          // the peer is this daemon itself
	ReasonNoChat       ErrorReason = "no-chat"       // no chat, or none with that peer
	ReasonSeveralChats ErrorReason = "several-chats" // which one is meant?
	ReasonNoInvitation ErrorReason = "no-invitation" // nothing to accept or decline
	ReasonNotInviting  ErrorReason = "not-inviting"  // nothing to cancel
	ReasonAlreadyOpen  ErrorReason = "already-open"  // the chat is open
	ReasonConnecting   ErrorReason = "connecting"    // the chat is not open yet
	ReasonClosing      ErrorReason = "closing"       // the chat is being closed
	ReasonBusy         ErrorReason = "busy"          // no room for another chat

	// The daemon cannot.
	ReasonQueueFull    ErrorReason = "queue-full"    // too many messages wait for this peer
	ReasonOverloaded   ErrorReason = "overloaded"    // too many commands wait
	ReasonShuttingDown ErrorReason = "shutting-down" // the daemon is stopping
	ReasonSendFailed   ErrorReason = "send-failed"   // the network refused a datagram

	// Not the answer to a command: the text of an ERR datagram that arrived in a
	// chat.
	ReasonRefusedText ErrorReason = "refused-text"
)

// ErrorReasons returns every ErrorReason, in the order of their declaration.
func ErrorReasons() []ErrorReason {
	return []ErrorReason{
		ReasonBadJSON, ReasonUnknownOp, ReasonMissingField, ReasonWrongType, ReasonTooLong,
		ReasonBadUser, ReasonBadAddress, ReasonBadText,
		ReasonNotAllowed, ReasonTaken, ReasonNotConnected, ReasonAlreadyConnected,
		ReasonNotLocal, ReasonTooManyWatchers, ReasonWatching,
		ReasonSelf, ReasonNoChat, ReasonSeveralChats, ReasonNoInvitation, ReasonNotInviting,
		ReasonAlreadyOpen, ReasonConnecting, ReasonClosing, ReasonBusy,
		ReasonQueueFull, ReasonOverloaded, ReasonShuttingDown, ReasonSendFailed,
		ReasonRefusedText,
	}
}
