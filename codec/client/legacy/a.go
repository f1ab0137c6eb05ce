package legacy

import (
	"strings"
	"time"

	"simp/codec/client"
	"simp/codec/text"
)

// A's protocol: one type byte, one flag byte ("answer expected", which nobody evaluates), text in UTF-8. Nothing is
// acknowledged. The client prompts with whatever text comes in a prompt, so a prompt has room for news.
const (
	aHello     = "\x00\x01"
	aName      = "\x00\x01" // both ways: the prompt for the name, the name
	aGreeting  = "\x00\x00"
	aChatIn    = "\x01\x01"
	aChatOut   = "\x01\x00"
	aError     = "\x02\x00" // shown; the client exits
	aQuit      = "\x03\x00" // the client exits
	aAsk       = "\x04\x01"
	aPrompt    = "\x05\x01"
	aAnswer    = "\x05\x00"
	aOpened    = "\x06\x00"
	aDeclining = "\x07"
	aVerdict   = "\x09\x01"

	aNamePrompt    = "Please enter a username: "
	aChoicePrompt  = "Do you want to wait for connection or start one? [wait/start]: "
	aAddressPrompt = "Enter the other daemon's IP address: "
	aTaken         = "The daemon already connected to a client"
	aEstablished   = "Connection established"

	// aLongest is the text of the longest datagram that the client reads whole.
	aLongest = 4096 - len(aChatOut)
)

// stateA is where the client is, which is to say what it can take.
type stateA uint8

const (
	aNaming       stateA = iota // typing the name
	aRenaming                   // typing it again, at a prompt of the wait/start kind: the only one left that can be repeated
	aRenamingBare               // the same, but the client takes the answer as it is: it has answered "start" before
	aConnecting                 // waiting for us to know whether it may have the daemon
	aChoosing                   // typing wait or start
	aAddressing                 // typing an address
	aStarting                   // waiting for the result of its invitation
	aWaiting                    // waiting for an invitation
	aAsked                      // typing y or n
	aDenying                    // has said n; 07 follows
	aAccepting                  // has said y; waiting for the chat
	aChatting                   // typing and reading at once
)

type dialogueA struct {
	lobby
	state stateA
}

func (d *dialogueA) open(_ time.Time, first []byte, at Circumstances, out *Output) {
	if at.Taken {
		out.send(aError + aTaken)
		out.Gone = true
		return
	}
	if name := string(first[len(aHello):]); name != "" {
		d.name(name, out) // it greeted the daemon that was here before
		return
	}
	out.send(aGreeting)
	out.send(aName + aNamePrompt)
}

func (d *dialogueA) Receive(_ time.Time, datagram []byte, out *Output) {
	s := string(datagram)
	if strings.HasPrefix(s, aQuit) {
		d.leave(out)
		d.showOthers(out)
		out.send(aQuit)
		out.Gone = true
		return
	}
	switch d.state {
	case aNaming:
		if name, is := strings.CutPrefix(s, aName); is {
			d.name(name, out)
			return
		}
	case aRenaming, aRenamingBare:
		if name, is := strings.CutPrefix(s, aAnswer); is {
			d.rename(name, out)
			return
		}
	case aChoosing:
		if choice, is := strings.CutPrefix(s, aAnswer); is {
			d.choose(choice, out)
			return
		}
	case aAddressing:
		if typed, is := strings.CutPrefix(s, aAnswer); is {
			d.invite(typed, out)
			return
		}
	case aAsked:
		if verdict, is := strings.CutPrefix(s, aVerdict); is {
			d.answer(verdict, out)
			return
		}
	case aDenying:
		if s == aDeclining {
			d.prompt("", out)
			return
		}
	case aChatting:
		if said, is := strings.CutPrefix(s, aChatIn); is {
			if said = message(said); said != "" { // an empty line says nothing
				out.do(client.Chat{Peer: d.with.peer, Text: said})
			}
			return
		}
	case aConnecting, aStarting, aWaiting, aAccepting:
	}
	out.Ignored = true
	out.Anew = s == aHello // where this client cannot say it, another one does
}

// name takes a name. One that cannot be is asked for again; the client knows no prompt for that, but shows any text where
// it asks for wait or start.
func (d *dialogueA) name(name string, out *Output) {
	user, err := client.ParseUser(name)
	if err != nil {
		d.state = aRenaming
		out.send(aPrompt + err.Error() + " " + aNamePrompt)
		return
	}
	d.state = aConnecting
	out.do(client.Connect{User: user})
}

func (d *dialogueA) rename(name string, out *Output) {
	if d.state == aRenaming && name == "start" {
		// The client takes the next datagram for the prompt for an address, whatever it is.
		d.state = aRenamingBare
		out.send(aPrompt + aNamePrompt)
		return
	}
	d.name(name, out)
}

// prompt asks for wait or start, with news in front.
func (d *dialogueA) prompt(news string, out *Output) {
	d.state = aChoosing
	if news != "" {
		news = text.Visible(news) + " "
	}
	out.send(aPrompt + news + aChoicePrompt)
}

func (d *dialogueA) choose(choice string, out *Output) {
	switch choice {
	case "wait":
		d.state = aWaiting
		d.advance(out)
	case "start":
		d.state = aAddressing
		out.send(aPrompt + aAddressPrompt)
	case "q":
		// The client knows no way to leave but in a chat; its user expects this one.
		d.showOthers(out)
		out.send(aQuit)
		out.Gone = true
	default:
		d.prompt("", out)
	}
}

func (d *dialogueA) invite(typed string, out *Output) {
	to, err := peer(typed)
	if err != nil {
		d.prompt(err.Error(), out)
		return
	}
	d.call(to)
	d.state = aStarting
	out.do(client.Invite{Peer: to})
	d.advance(out) // the chat may be open already
}

func (d *dialogueA) answer(verdict string, out *Output) {
	switch verdict {
	case "y":
		d.state = aAccepting
		if d.with.stage == ringing {
			d.with.stage = accepted
			out.do(client.Accept{Peer: d.with.peer})
		}
		d.advance(out)
	case "n":
		d.state = aDenying
		d.leave(out)
	default:
		d.ask(out)
	}
}

func (d *dialogueA) ask(out *Output) {
	d.state = aAsked
	out.send(aAsk + "Request from user " + text.Visible(d.with.user) + " address: " + client.FormatPeer(d.with.peer) +
		". Do you want to accept? [y/n]: ")
}

func (d *dialogueA) Tell(_ time.Time, ev client.Event, out *Output) {
	d.note(ev, out)
	switch e := ev.(type) {
	case client.Connected:
		if d.state == aConnecting {
			d.state = aWaiting // as if it waited: who has come before the client did is first
			if d.advance(out); d.state == aWaiting {
				d.prompt("", out)
			}
			return
		}
	case client.Error:
		d.refused(e, out)
		return
	}
	d.advance(out)
}

// refused takes the answer to a command that could not be carried out.
func (d *dialogueA) refused(e client.Error, out *Output) {
	switch {
	case d.state == aConnecting && e.Reason == client.ReasonTaken:
		out.send(aError + aTaken)
		out.Gone = true
	case d.state == aConnecting && e.OpName == (client.Connect{}).Op():
		out.send(aError + text.Visible(e.Text))
		out.Gone = true
	case d.with == nil || e.Peer.IsValid() && e.Peer != d.with.peer:
	case d.state == aStarting && e.OpName == (client.Invite{}).Op(), d.state == aAccepting && e.OpName == (client.Accept{}).Op():
		d.with.stage = over
		d.release()
		d.prompt(e.Text, out)
	case d.state == aChatting && e.OpName == (client.Chat{}).Op() && d.with.stage == open:
		// The user has seen the line go; only here can it be taken back.
		d.show(aside(e.Text), out)
	}
}

// advance tells the client whatever it can take where it is.
func (d *dialogueA) advance(out *Output) {
	switch d.state {
	case aStarting:
		d.showOthers(out)
		switch d.with.stage {
		case open:
			d.chat(out)
		case over:
			out.send(aError + text.Visible(d.with.ending()))
			out.Gone = true
		case ringing, calling, accepted, leaving:
		}
	case aWaiting:
		d.showOthers(out)
		d.with = d.next()
		switch {
		case d.with == nil:
		case d.with.stage == ringing:
			d.ask(out)
		default: // accepted by the daemon
			d.chat(out)
		}
	case aAccepting:
		d.showOthers(out)
		switch d.with.stage {
		case open:
			d.chat(out)
		case over:
			ending := d.with.ending()
			d.release()
			d.prompt(ending, out)
		case ringing, calling, accepted, leaving:
		}
	case aChatting:
		for _, said := range d.with.said() {
			d.show(said, out)
		}
		d.showOthers(out)
		if d.with.stage == over {
			if lost := losses(d.with.lost); lost != "" {
				d.show(aside(lost), out)
			}
			out.send(aQuit)
			out.Gone = true
		}
	case aNaming, aRenaming, aRenamingBare, aConnecting, aChoosing, aAddressing, aAsked, aDenying:
		// It reads nothing now, or takes what it reads for something else.
	}
}

func (d *dialogueA) chat(out *Output) {
	d.state = aChatting
	out.send(aOpened + aEstablished)
	d.advance(out)
}

// showOthers prints what others have said than the one whom the client attends to, each line with its sender. The client
// exits with its chat, and these messages are acknowledged: nobody would send them again. A chat that it is about to be
// in is left out.
func (d *dialogueA) showOthers(out *Output) {
	for _, c := range d.all {
		if c == d.with || c.stage == open && d.state == aWaiting {
			continue
		}
		for _, said := range c.texts {
			d.show(aside("message from "+c.who())+" "+said, out)
		}
		c.texts = nil
	}
	d.tidy()
}

// show prints a line at the client, as much at a time as it reads.
func (d *dialogueA) show(said string, out *Output) {
	for _, piece := range cut(text.Visible(said), aLongest) {
		out.send(aChatOut + piece)
	}
}

// Expire does nothing: nothing is repeated in A's protocol.
func (d *dialogueA) Expire(time.Time, *Output) {}

// NextDeadline is never.
func (d *dialogueA) NextDeadline() (time.Time, bool) { return time.Time{}, false }

// Goodbye lets the client exit. What it is typing it sends in vain.
func (d *dialogueA) Goodbye(_ time.Time, why End, out *Output) {
	d.showOthers(out)
	if d.state == aChatting {
		out.send(aQuit)
	} else {
		sentence := why.sentence()
		if why == EndStopping {
			sentence += " Start it again, then this client."
		}
		out.send(aError + sentence)
	}
	out.Gone = true
}

// Held is how many messages wait. In a chat none does.
func (d *dialogueA) Held() int { return d.held() }
