package legacytest

import "unicode/utf8"

// A is the client of Takacs and Lendvay.
type A struct {
	*Person
	socket Socket
}

// StartA runs one.
func StartA(s Socket) *A {
	a := &A{Person: newPerson(), socket: s}
	a.run(s, a.start)
	return a
}

// Kill ends the client without a word.
func (a *A) Kill() { a.leave(a.socket) }

// receive reads a datagram and ends the client on a type that it does not know, or text that is not UTF-8.
func (a *A) receive() (kind byte, text string) {
	b, ok := a.socket.Receive(4096, 0)
	if !ok {
		exit("socket closed")
	}
	if len(b) == 0 || b[0] > 6 {
		crash("KeyError: %q", b[:min(1, len(b))])
	}
	if len(b) > 2 {
		if text = string(b[2:]); !utf8.ValidString(text) {
			crash("UnicodeDecodeError: %q", text)
		}
	}
	return b[0], text
}

func (a *A) send(head, text string) { a.socket.Send([]byte(head + text)) }

func (a *A) start() {
	a.send("\x00\x01", "")
	if kind, text := a.receive(); kind == 2 {
		a.print("%s", text)
		exit("refused")
	}
	a.print("Connected to daemon successfully!")
	_, prompt := a.receive()
	a.send("\x00\x01", a.input(prompt))
	a.run(a.socket, a.listen)
}

func (a *A) listen() {
	for {
		switch kind, text := a.receive(); kind {
		case 4:
			answer := a.input(text)
			a.send("\x09\x01", answer)
			if answer == "n" {
				a.send("\x07", "")
			}
		case 5:
			answer := a.input(text)
			a.send("\x05\x00", answer)
			switch answer {
			case "start":
				_, prompt := a.receive() // whatever it is
				a.send("\x05\x00", a.input(prompt))
			case "wait":
				a.print("Waiting for connection...")
			}
		case 2:
			a.print("%s", text)
			a.print("Closing connection")
			exit("error")
		case 6:
			a.print("Connection established!")
			a.run(a.socket, a.chat)
		case 1:
			a.print("Other: %s", text)
		case 3:
			a.print("You or the other client terminated the connection.")
			exit("quit")
		}
	}
}

func (a *A) chat() {
	for {
		said := a.input("You: ")
		if said == "q" {
			a.print("Closing connection")
			a.send("\x03\x00", "")
			return
		}
		a.send("\x01\x01", said)
	}
}
