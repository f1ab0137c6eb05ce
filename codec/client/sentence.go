package client

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Facts are what the sentence of an Error can tell. Whoever knows one fills it
// in; the sentence does without those that are zero.
type Facts struct {
	Peer  netip.AddrPort // whom it is about; also the Error's Peer
	User  string         // whose name it is about: the peer's, or of who holds the daemon
	Field string         // the field or thing that is missing, wrong or too long
	Limit int            // the bound that was met, in what the sentence counts

	// Detail is what else is known: for bad-user, bad-address and bad-text the
	// whole sentence (the error of ParseUser or ParsePeer), for refused-text
	// the text of the ERR datagram, for wrong-type what was expected, for the
	// others the cause.
	Detail string
}

// NewError returns the Error that tells the client why op was not carried out
// ("" where no command is concerned). Its text says what happened, why, and what
// to do next.
func NewError(op string, reason ErrorReason, f Facts) Error {
	return Error{OpName: op, Peer: f.Peer, Reason: reason, Text: sentence(op, reason, f)}
}

// sentence is the one place where reasons become words.
func sentence(op string, reason ErrorReason, f Facts) string {
	switch reason {
	case ReasonBadJSON:
		return "This line is not a JSON object" + because(f.Detail) +
			`. Send one object a line, for example {"op":"ping"}.`
	case ReasonUnknownOp:
		return fmt.Sprintf("There is no command %s. The commands are %s.", quoted(op), opNames())
	case ReasonMissingField:
		return fmt.Sprintf("%s is missing%s. Send the command again with it.",
			field(f.Field), inCommand(op))
	case ReasonWrongType:
		return fmt.Sprintf("%s%s must be %s. Send the command again with that.",
			field(f.Field), inCommand(op), or(f.Detail, "of another type"))
	case ReasonTooLong:
		return fmt.Sprintf("The %s is longer than %s, more than the daemon takes. Send less at a time.",
			or(f.Field, "line"), count(f.Limit, "byte", "the limit"))
	case ReasonBadUser:
		return or(f.Detail, "This cannot be a name. "+userRule)
	case ReasonBadAddress:
		return or(f.Detail, "This cannot be a peer's address. "+peerRule)
	case ReasonBadText:
		return or(f.Detail, "This text cannot be sent. "+textRule)

	case ReasonNotAllowed:
		return "This daemon takes clients from its own host only" + because(f.Detail) +
			". Start the client on the daemon's host."
	case ReasonTaken:
		return fmt.Sprintf("This daemon already has a client%s, and it takes one at a time. "+
			"Quit that one first, or use another daemon.", named(", the user ", f.User))
	case ReasonNotConnected:
		return "You have not said who you are. Connect with a user name first."
	case ReasonNotLocal:
		return "This daemon can be watched from its own host only. Start the program that watches there."
	case ReasonTooManyWatchers:
		return fmt.Sprintf("This daemon is watched by %s already, and it allows no more. End one of them first.",
			count(f.Limit, "program", "too many programs"))
	case ReasonWatching:
		return "This connection watches the daemon, and takes no command but ping and quit. " +
			"Open another connection for everything else."
	case ReasonAlreadyConnected:
		if op == (Watch{}).Op() {
			return fmt.Sprintf("This connection is the daemon's user%s. Open another one to watch.",
				named(", ", f.User))
		}
		return fmt.Sprintf("You are already connected%s. Quit before you connect with another name.",
			named(" as ", f.User))

	case ReasonSelf:
		return fmt.Sprintf("%s is this daemon itself. Give the address of another daemon.",
			or(FormatPeer(f.Peer), "That address"))
	case ReasonNoChat:
		return fmt.Sprintf("There is no open chat%s. Invite somebody or accept an invitation first.",
			with(f))
	case ReasonSeveralChats:
		return "Several chats are open, so it is not clear which one is meant. Name the peer."
	case ReasonNoInvitation:
		return fmt.Sprintf("There is no pending invitation%s; it may have been cancelled or have expired. "+
			"Ask for the status to see which are pending, or invite that user yourself.", from(f))
	case ReasonNotInviting:
		return fmt.Sprintf("You are not inviting %s, so there is nothing to cancel. "+
			"Ask for the status to see what is open.", who(f, "that peer"))
	case ReasonAlreadyOpen:
		return fmt.Sprintf("The chat%s is already open. Write, or leave it first.", with(f))
	case ReasonConnecting:
		return fmt.Sprintf("The chat%s is not open yet: the other side has not answered. "+
			"Wait for the answer, or cancel.", with(f))
	case ReasonClosing:
		return fmt.Sprintf("The chat%s is being closed. Wait until it is, then invite again.", with(f))
	case ReasonBusy:
		return fmt.Sprintf("You are already in %s, and this daemon allows no more. Leave a chat first.",
			count(f.Limit, "chat", "a chat"))

	case ReasonQueueFull:
		return fmt.Sprintf("The message was not taken, since %s to %s still wait%s. "+
			"Send it again when some have been delivered.",
			count(f.Limit, "message", "too many messages"), who(f, "that peer"), singular(f.Limit))
	case ReasonOverloaded:
		return "The command was not taken, since the daemon has more to do than it can. " +
			"Send it again in a few seconds."
	case ReasonShuttingDown:
		return "The daemon is shutting down and takes no more commands. " +
			"Connect again when it has been started again."
	case ReasonSendFailed:
		return fmt.Sprintf("A datagram to %s could not be sent%s. "+
			"Check the address and the network, then try again.", who(f, "the peer"), because(f.Detail))
	case ReasonRefusedText:
		return fmt.Sprintf("The daemon of %s reports an error%s. "+
			"A message that it did not take is sent again; leave the chat if this goes on.",
			who(f, "the peer"), words(f.Detail))
	default:
		return fmt.Sprintf("The command could not be carried out: %s%s. Ask for the status, then try again.",
			reason, because(f.Detail))
	}
}

// The functions below word one fact, or its absence.

func because(detail string) string {
	if detail == "" {
		return ""
	}
	return " (" + detail + ")"
}

// words quotes the text of an ERR datagram, in full: nobody else shows it.
func words(text string) string {
	if text == "" {
		return " and does not say which"
	}
	return ": " + strconv.Quote(text)
}

func field(name string) string {
	if name == "" {
		return "A field"
	}
	return "The field " + quoted(name)
}

func inCommand(op string) string {
	if op == "" {
		return ""
	}
	return " in the command " + quoted(op)
}

func named(words, user string) string {
	if user == "" {
		return ""
	}
	return words + quoted(user)
}

func who(f Facts, nobody string) string {
	peer := FormatPeer(f.Peer)
	switch {
	case f.User == "":
		return or(peer, nobody)
	case peer == "":
		return quoted(f.User)
	default:
		return quoted(f.User) + " at " + peer
	}
}

func with(f Facts) string {
	if w := who(f, ""); w != "" {
		return " with " + w
	}
	return ""
}

func from(f Facts) string {
	if w := who(f, ""); w != "" {
		return " from " + w
	}
	return ""
}

func count(n int, one, unknown string) string {
	switch n {
	case 0:
		return unknown
	case 1:
		return "1 " + one
	default:
		return strconv.Itoa(n) + " " + one + "s"
	}
}

// singular returns the ending of a verb for n things.
func singular(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// quoted returns s in quotes, escaped and cut short: it may be anything.
func quoted(s string) string {
	const longest = 60
	if len(s) <= longest {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:longest], "")) + "..."
}

func opNames() string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.Op())
	}
	return strings.Join(names, ", ")
}
