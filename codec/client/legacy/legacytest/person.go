// Package legacytest has doubles of the clients of other implementations, for tests of whoever serves them. They do what
// the originals were seen to do, with the same bytes: they block where those block, print what those print, and end, with
// the reason, on what ends those.
//
// A double is a program: it runs on goroutines of its own, which end when its socket is closed and its user types no
// more.
package legacytest

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Socket is a client's socket, connected to its daemon.
type Socket interface {
	Send(datagram []byte)

	// Receive waits for the next datagram, for as long as it takes if limit is 0. It returns at most size bytes of it;
	// false when the time is up, or the socket is closed.
	Receive(size int, limit time.Duration) ([]byte, bool)

	Close()
}

// Person is the user of a double: a keyboard and a screen.
type Person struct {
	mu       sync.Mutex
	change   sync.Cond
	typed    []string
	screen   []string
	prompt   string // what the program waits for; "": nothing
	gone     bool   // types no more
	ended    bool
	fate     string // why the program ended
	programs sync.WaitGroup
}

func newPerson() *Person {
	p := new(Person)
	p.change.L = &p.mu
	return p
}

// Type types a line, also before the program asks for it.
func (p *Person) Type(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.typed = append(p.typed, line)
	p.change.Broadcast()
}

// Screen returns what was printed since the last call, a line each.
func (p *Person) Screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := strings.Join(p.screen, "\n")
	p.screen = nil
	return s
}

// Prompt is what the program waits for the person to answer; "": it does not.
func (p *Person) Prompt() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.prompt
}

// Fate is how the program ended: "" while it runs, "exit: ..." when it exited by itself, "crash: ..." when it met what
// it cannot take.
func (p *Person) Fate() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fate
}

func (p *Person) print(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen = append(p.screen, fmt.Sprintf(format, args...))
}

// input waits for a line. A person who is gone ends the program.
func (p *Person) input(prompt string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen = append(p.screen, prompt)
	p.prompt = prompt
	for len(p.typed) == 0 && !p.gone && !p.ended {
		p.change.Wait()
	}
	p.prompt = ""
	if p.gone || p.ended {
		panic(end("exit: no more input"))
	}
	line := p.typed[0]
	p.typed = p.typed[1:]
	return line
}

// end is what ends a program.
type end string

func crash(format string, args ...any) { panic(end("crash: " + fmt.Sprintf(format, args...))) }
func exit(why string)                  { panic(end("exit: " + why)) }

// run starts a part of the program; the end of one part is the end of all.
func (p *Person) run(s Socket, part func()) {
	p.programs.Go(func() {
		defer func() {
			r := recover()
			if r == nil {
				return // this part is done
			}
			why, is := r.(end)
			if !is {
				panic(r)
			}
			p.mu.Lock()
			if !p.ended {
				p.ended, p.fate = true, string(why)
			}
			p.change.Broadcast()
			p.mu.Unlock()
			s.Close()
		}()
		part()
	})
}

// Leave ends the program as a killed process ends: without a word. It returns when it has.
func (p *Person) leave(s Socket) {
	s.Close()
	p.mu.Lock()
	p.gone = true
	p.change.Broadcast()
	p.mu.Unlock()
	p.programs.Wait()
}
