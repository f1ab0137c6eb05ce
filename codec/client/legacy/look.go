package legacy

import "strings"

// Word is what a datagram of a client protocol begins with: a type byte of A's, an operation of B's, a command of C's.
type Word struct{ Code, Meaning string }

// Lone is the datagram of A's that is a type byte alone.
const Lone = aDeclining

// Words lists the words of a protocol, of the client and the daemon alike, for programs that show what goes over the wire.
func Words(p Protocol) []Word {
	switch p {
	case ProtocolA:
		return []Word{
			{aName[:1], "greeting, or the name"},
			{aChatIn[:1], "message"},
			{aError[:1], "error"},
			{aQuit[:1], "goodbye"},
			{aAsk[:1], "invitation"},
			{aPrompt[:1], "prompt, or the answer"},
			{aOpened[:1], "chat is open"},
			{aDeclining, "asks for the prompt again"},
			{aVerdict[:1], "answer to an invitation"},
		}
	case ProtocolB:
		return []Word{
			{operation(bHello), "is a daemon there?"},
			{operation(bReady), "here is one"},
			{linkACK, "acknowledgement"},
			{operation(bConnect), "name, or the welcome"},
			{operation(bConnecting), "choice, or what came of it"},
			{operation(bChat), "message"},
			{operation(bQuit), "leaves, or has been left"},
			{operation(bError), "error"},
		}
	case ProtocolC:
		return []Word{
			{cConnect, "name"},
			{cInvite, "invites"},
			{cAccept, "accepts"},
			{cDecline, "declines"},
			{cSend, "message to the partner"},
			{cQuit, "leaves"},
			{cOK, "done"},
			{cInvitation, "somebody invites"},
			{cConnected, "chat is open"},
			{cMessage, "message from the partner"},
			{cClosed, "chat is over"},
			{cError, "error"},
		}
	}
	return nil
}

func operation(prefix string) string { return strings.TrimSuffix(prefix, "|") }

// Look tells what a datagram says without knowing what went before: the protocol, its word, and what stands behind that;
// in A's behind the flag byte too. It is false for what is none of the three protocols'. Further implementations have
// client protocols of their own on the same port; a flag that is neither 0 nor 1 tells one of them from A's.
func Look(datagram []byte) (p Protocol, word, rest string, known bool) {
	s := string(datagram)
	switch {
	case s == aDeclining:
		return ProtocolA, s, "", true
	case len(s) >= 2 && s[1] <= 1 && has(ProtocolA, s[:1]):
		return ProtocolA, s[:1], s[2:], true
	}
	word, rest, _ = strings.Cut(s, "|")
	for _, p := range []Protocol{ProtocolB, ProtocolC} {
		if has(p, word) {
			return p, word, rest, true
		}
	}
	return 0, "", "", false
}

func has(p Protocol, word string) bool {
	for _, w := range Words(p) {
		if w.Code == word {
			return true
		}
	}
	return false
}
