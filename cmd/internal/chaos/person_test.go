package chaos

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"
)

// ahead is how many messages a person has waiting at most: enough to lose some, and few enough that some are left to say
// after that.
const ahead = 30

// person is a user with a client, simp --json, who keeps the books.
type person struct {
	*ledger
	t       *testing.T
	client  *program
	input   *os.File // of the client
	peer    netip.Addr
	invites bool

	goal    int // how many messages to say in all
	open    bool
	waiting int // accepted, and nothing was reported since
	asked   int // said, and neither accepted nor refused: the daemon answers in order
	repeats int // that the daemon has told of
}

// event is any line of the client protocol that matters here.
type event struct {
	Ev, Peer, Op, Reason, Text string
	N                          int
	ID                         json.Number
	Undelivered                []struct{ ID json.Number }
}

// attach starts a client at a daemon for a person who said and heard what the ledger holds.
func attach(t *testing.T, l *ledger, d *daemon, peer netip.Addr, invites bool, goal int) *person {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &person{ledger: l, t: t, input: w, peer: peer, invites: invites, goal: goal}
	p.client = launch(t, r, "simp", "--json", "--no-daemon", "--user="+l.name, d.ip.String())
	_ = r.Close()
	t.Cleanup(func() { _ = w.Close() })
	return p
}

// live does what the person has in mind, and answers what comes, until enough says that it is, or something is wrong.
func (p *person) live(deadline time.Time, enough func() bool) error {
	again := time.NewTicker(100 * time.Millisecond) // a SYN is not repeated by itself before the peer is known
	defer again.Stop()
	end := time.NewTimer(time.Until(deadline))
	defer end.Stop()
	for !enough() {
		select {
		case line, more := <-p.client.out:
			if !more {
				return fmt.Errorf("%s: the client has ended: %s", p.ledger, p.client.errs.all())
			}
			if err := p.hear(line); err != nil {
				return fmt.Errorf("%s: %s: %w", p.name, line, err)
			}
			p.talk()
		case <-again.C:
			if p.invites && !p.open {
				p.tell(`{"op":"invite","peer":%q}`, p.peer)
			}
		case <-end.C:
			return fmt.Errorf("%s, and then nothing more came in time", p.ledger)
		}
	}
	return nil
}

// settled reports whether the person has said all there is to say, and knows of each message what became of it.
func (p *person) settled() bool {
	return p.open && len(p.said) == p.goal && p.waiting == 0 && p.asked == 0
}

// talk says what may be said now.
func (p *person) talk() {
	for p.open && len(p.said) < p.goal && p.waiting+p.asked < ahead {
		n := len(p.said)
		p.said = append(p.said, unanswered)
		p.asked++
		p.tell(`{"op":"chat","text":%q,"id":%d}`, p.text(n), n)
	}
}

// tell writes a line to the client. One that has ended reads no more; what it had been told stays unanswered.
func (p *person) tell(format string, args ...any) { _, _ = fmt.Fprintf(p.input, format+"\n", args...) }

// hear takes an event into account.
func (p *person) hear(line string) error {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return err
	}
	switch e.Ev {
	case "invitation":
		p.tell(`{"op":"accept","peer":%q}`, p.peer)
	case "established":
		p.open = true
	case "retrying":
		p.repeats++
	case "message":
		p.heard = append(p.heard, e.Text)
	case "sent":
		p.asked--
		p.waiting++
		return p.report(e.ID, accepted)
	case "delivered":
		p.waiting--
		return p.report(e.ID, delivered)
	case "unconfirmed":
		p.waiting--
		return p.report(e.ID, unconfirmed)
	case "closed":
		p.open = false
		for _, u := range e.Undelivered {
			p.waiting--
			if err := p.report(u.ID, undelivered); err != nil {
				return err
			}
		}
		if p.waiting != 0 {
			return fmt.Errorf("%d messages are unaccounted for at the end of the chat", p.waiting)
		}
	case "error":
		return p.failed(e)
	}
	return nil
}

// failed takes a refusal into account. A chat that ends while messages are on their way to the daemon has them refused; the
// answer names none of them, but each is answered once, and in order.
func (p *person) failed(e event) error {
	switch {
	case e.Op == "chat" && e.Reason == "no-chat":
		p.asked--
		for n, f := range p.said {
			if f == unanswered {
				p.said[n] = refused
				return nil
			}
		}
		return fmt.Errorf("nothing was said that can be refused")
	case e.Op == "invite" || e.Op == "accept": // invited or accepted once more than was needed
		return nil
	}
	return fmt.Errorf("unexpected")
}

func (p *person) report(id json.Number, f fate) error {
	n, err := id.Int64()
	if err != nil {
		return err
	}
	return p.put(int(n), f)
}

// hangUp ends the client's input, and returns the client's exit status as leave does.
func (p *person) hangUp(deadline time.Time) (int, error) {
	_ = p.input.Close()
	return p.leave(deadline)
}

// leave hears what the client still says until it has ended, and returns its exit status.
func (p *person) leave(deadline time.Time) (int, error) {
	end := time.NewTimer(time.Until(deadline))
	defer end.Stop()
	for {
		select {
		case line, more := <-p.client.out:
			if !more {
				<-p.client.ended
				return p.client.cmd.ProcessState.ExitCode(), nil
			}
			if err := p.hear(line); err != nil {
				return 0, fmt.Errorf("%s: %s: %w", p.name, line, err)
			}
		case <-end.C:
			return 0, fmt.Errorf("%s, and then the client did not end", p.ledger)
		}
	}
}
