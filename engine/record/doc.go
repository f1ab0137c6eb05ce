// Package record writes down what happened to a daemon's conversations so that it can happen again, exactly, and finds the first
// thing that happens otherwise.
//
// # The format
//
// A recording is a text: one JSON object a line. The first line says whose it is:
//
//	{"simp":"record","version":1,"daemon":"1.0","addr":"192.0.2.1:7777","start":"2026-01-02T15:04:05.000000006Z",
//	 "config":{"max-chats":1,"accept":"ask","retransmit":"5s","invitation-expiry":"5m0s"},"part":1}
//
// "config" is everything that decides what conversations do, and "known" as what peers were remembered at the start. A recording
// that goes on in further files has a first line in each: the same but for "part", which counts them, and "continues", the
// name of the file before. All times count from the same "start".
//
// Every other line is one thing that has happened to a conversation, in the order in which it happened there; conversations
// with others go on in between:
//
//	{"t":1500000000,"peer":"192.0.2.2:7777","cause":"datagram","raw":"010100...",
//	 "answers":["room yes"],
//	 "steps":[{"from":"established","to":"established","on":"RecvCHAT","rule":"message","seq":0,"tries":0}],
//	 "events":[{"v":1,"ev":"message",...}],"sent":["010800..."],"state":"established","user":"bob"}
//
// What is in it:
//
//   - "t" is the time in nanoseconds since the start, as the conversation's clock had it.
//   - "cause" is datagram, command, timer, attach, detach, shutdown or kill, the inputs of a conversation; end, when it is
//     forgotten; or unreadable or dropped, for a datagram that never came so far.
//   - "raw" is a datagram in hexadecimal digits, "command" what the user asked for and "events" what the user is told, as in
//     the client protocol; "error" names why a datagram cannot be read, or a command not be written.
//   - "begins" is there with the first input of a conversation, and says what it began with; "ends" is true with the last.
//   - "answers" is what the conversation was told by what it shares with others, in the order in which it asked: a question
//     of package engine, a blank, and what was answered.
//   - "steps", "events", "sent" and "state" are what came of it; what is empty is left out.
//
// A line {"t":...,"lost":3} says that three things could not be written down there. One with "closed":true is the last of an
// orderly end, one with "next" names the file in which it goes on. What is not known is ignored.
//
// A daemon that is killed leaves a last line that is torn. The reader says so, after everything before it.
package record
