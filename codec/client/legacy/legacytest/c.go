package legacytest

import (
	"strings"
	"time"
)

// C is the course's client. Its menu polls, so what it is told is shown at once, and its user can answer at any prompt:
// the double leaves the menu out and offers what its choices send.
type C struct {
	*Person
	socket Socket
}

// StartC runs one.
func StartC(s Socket, name string) *C {
	c := &C{Person: newPerson(), socket: s}
	c.run(s, func() { c.start(name) })
	return c
}

// Kill ends the client without a word. It is the only way in which it ends.
func (c *C) Kill() { c.leave(c.socket) }

// Say sends a command, such as accept, invite|ip=127.0.0.2|port=7777 or send|text=hello.
func (c *C) Say(command string) { c.socket.Send([]byte(command)) }

func (c *C) start(name string) {
	c.Say("connect|username=" + name)
	b, ok := c.socket.Receive(4096, 2*time.Second)
	if !ok || strings.Split(string(b), "|")[0] != "ok" {
		c.print("Failed to connect to daemon: %s", b)
		exit("refused")
	}
	for {
		b, ok := c.socket.Receive(4096, 0)
		if !ok {
			exit("socket closed")
		}
		c.show(string(b))
	}
}

// show prints a notification. One that lacks what it should have is an error that the client survives.
func (c *C) show(s string) {
	given := make(map[string]string)
	parts := strings.Split(s, "|")
	for _, part := range parts[1:] {
		if key, value, is := strings.Cut(part, "="); is {
			given[key] = value
		}
	}
	need := map[string][]string{"invitation": {"username", "ip"}, "connected": {"username"}, "message": {"username", "text"}, "error": {"message"}}
	for _, key := range need[parts[0]] {
		if _, is := given[key]; !is {
			c.print("Error in listener: %q", key)
			return
		}
	}
	switch parts[0] {
	case "invitation":
		c.print("invitation from %s (%s)", given["username"], given["ip"])
	case "connected":
		c.print("chat with %s", given["username"])
	case "disconnected":
		c.print("chat ended")
	case "message":
		c.print("[%s]: %s", given["username"], given["text"])
	case "error":
		c.print("Error: %s", given["message"])
	}
}
