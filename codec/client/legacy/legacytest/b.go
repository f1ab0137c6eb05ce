package legacytest

import (
	"net/netip"
	"strings"
	"time"
)

// B is the client of Hollaus and Meseli.
type B struct {
	*Person
	socket Socket
	name   string
}

// StartB runs one.
func StartB(s Socket) *B {
	b := &B{Person: newPerson(), socket: s}
	b.run(s, b.start)
	return b
}

// Kill ends the client without a word.
func (b *B) Kill() { b.leave(b.socket) }

// fields is a message split at its bars.
type fields []string

// payload is the second field. The client ends where it looks for one and there is none.
func (f fields) payload() string { return second(f, "|") }

// partner is what stands behind the first ": " of the payload.
func (f fields) partner() string { return second(strings.Split(f.payload(), ": "), ": ") }

func second(parts []string, separator string) string {
	if len(parts) < 2 {
		crash("IndexError: nothing behind a %q in %q", separator, parts[0])
	}
	return parts[1]
}

// receive takes the oldest datagram, and acknowledges whatever it is but an ACK.
func (b *B) receive(limit time.Duration) fields {
	d, ok := b.socket.Receive(1024, limit)
	switch {
	case !ok && limit == 0:
		exit("socket closed")
	case !ok:
		return fields{"ERROR", "timed out"}
	case len(d) == 0:
		return fields{"ERROR", "Received empty message"}
	}
	for _, c := range d {
		if c > 0x7f {
			return fields{"ERROR", "'ascii' codec can't decode"}
		}
	}
	f := fields(strings.Split(string(d), "|"))
	if f[0] != "ACK" {
		b.socket.Send([]byte("ACK|"))
	}
	return f
}

// send sends a message until its ACK comes. What comes instead is thrown away.
func (b *B) send(message string) {
	for _, c := range message {
		if c > 0x7f {
			crash("UnicodeEncodeError: %q", message)
		}
	}
	for range 3 {
		b.socket.Send([]byte(message))
		f := b.receive(5 * time.Second)
		if f[0] == "ACK" {
			return
		}
		b.print("Unexpected response: %s", f.payload())
	}
	exit("max retries exceeded")
}

func (b *B) start() {
	b.send("PING|")
	if f := b.receive(0); f[0] != "PONG" {
		b.print("Error in connecting: %s", f.payload())
		exit("refused")
	}
	b.name = b.input("Enter your username: ")
	b.send("CONNECT|" + b.name)
	welcome := b.receive(0)
	b.print("%s", welcome.payload())
	if welcome[1] != "Welcome, "+b.name+"! \nYou currently have no pending chat requests." {
		for f := welcome; f[0] != "CONNECTING"; {
			f = b.receive(0)
			b.print("%s", f.payload())
		}
		b.invite()
	}
	b.options()
}

func (b *B) options() {
	for {
		switch b.input("Choose an option: ") {
		case "1":
			b.invite()
		case "2":
			b.wait()
		case "q":
			b.send("QUIT|")
			if f := b.receive(0); f[0] == "QUIT" {
				b.print("%s", f.payload())
			}
			exit("quit")
		default:
			b.print("Invalid choice. Try again.")
		}
	}
}

func (b *B) invite() {
	at := strings.TrimSpace(b.input("Enter the target user's daemon IP address: "))
	for {
		if _, err := netip.ParseAddr(at); err == nil {
			break
		}
		b.print("Invalid IP address. Try again.")
		at = strings.TrimSpace(b.input("Enter the target user's daemon IP address: "))
	}
	b.send("CONNECTING|request: " + at)
	f := b.receive(0)
	if f[0] == "ERROR" {
		b.print("Error: %s", f.payload())
		return
	}
	b.chat(f)
}

func (b *B) wait() {
	b.print("Waiting for incoming chat requests...")
	b.send("CONNECTING|")
	for {
		switch f := b.receive(0); f[0] {
		case "CONNECTING":
			from := f.partner()
			b.print("Do you want to accept the chat request from %s? (y/n)", from)
			if answer := strings.ToUpper(b.input("Choose an option: ")); answer != "Y" && answer != "YES" {
				b.send("QUIT|")
				b.print("Chat request denied.")
				return
			}
			b.print("Chat request accepted from %s.", from)
			switch f := b.receive(0); f[0] {
			case "CHAT":
				b.print("Chat partner connected! Start chatting!")
				b.print("%s: %s", from, f.payload())
				b.chat(f)
			case "QUIT":
				b.print("Chat partner disconnected.")
				return
			default:
				b.print("Error: Unexpected response. Chat ended.")
				return
			}
		case "ERROR":
			b.print("Error: %s", f.payload())
			return
		default:
			b.print("%s", f.payload())
		}
	}
}

func (b *B) chat(first fields) {
	partner := first.partner()
	b.print("%s", first.payload())
	for {
		said := b.input(b.name + ": ")
		if strings.ToUpper(said) == "Q" {
			b.send("QUIT|")
			break
		}
		b.send("CHAT|" + said)
		f := b.receive(0)
		if f[0] == "ERROR" {
			b.print("Error: %s", f.payload())
			break
		}
		if f[0] == "QUIT" {
			b.print("Chat partner has disconnected.")
			break
		}
		if f[0] == "CHAT" {
			b.print("%s: %s", partner, f.payload())
		}
	}
	b.print("Chat ended.")
	b.options()
}
