package legacy_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec/client/legacy/legacytest"
)

// tape is a socket to the stand-in of a recording: its answers arrive once the client has sent what they came after.
type tape struct {
	mu       sync.Mutex
	rest     []recorded
	arrived  []string
	sent     []string
	isClosed bool
}

func (s *tape) Send(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, string(b))
	if len(s.rest) > 0 {
		s.rest = s.rest[1:]
	}
	s.roll()
}

// roll takes the stand-in's datagrams up to the client's next one.
func (s *tape) roll() {
	for len(s.rest) > 0 && !s.rest[0].fromC {
		s.arrived = append(s.arrived, s.rest[0].datagram)
		s.rest = s.rest[1:]
	}
}

func (s *tape) Receive(size int, limit time.Duration) ([]byte, bool) {
	for waited := time.Duration(0); limit == 0 || waited < limit; waited += time.Millisecond {
		if b, ok, closed := s.take(); ok || closed {
			return b[:min(len(b), size)], ok
		}
		time.Sleep(time.Millisecond) // of the bubble
	}
	return nil, false
}

func (s *tape) take() (b []byte, ok, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.arrived) == 0 || s.isClosed {
		return nil, false, s.isClosed
	}
	b, s.arrived = []byte(s.arrived[0]), s.arrived[1:]
	return b, true, false
}

func (s *tape) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isClosed = true
}

// TestDoubles: with the same keys and the same answers, the doubles send what the originals sent, and end where those
// ended.
func TestDoubles(t *testing.T) {
	for name, test := range map[string]struct {
		keys, fate string
		client     int // which one of the recording's
	}{
		"client-a-start":           {keys: "alice start 127.0.0.2 hello q", fate: "exit: quit"},
		"client-a-wait":            {keys: "alice wait n wait y reply", fate: "exit: quit"},
		"client-a-pending":         {keys: "alice y"},
		"client-a-error":           {keys: "alice start 127.0.0.2", fate: "exit: error"},
		"client-a-reask":           {keys: "alice foo wait maybe n q", fate: "exit: quit"},
		"client-a-connreq_early":   {keys: "alice wait y"},
		"client-a-second_client":   {keys: "alice wait"},
		"client-a-second_client 2": {client: 1, fate: "exit: refused"},
		"client-b-start":           {keys: "lisa 1 127.0.0.2 hello two q 1 127.0.0.3 q", fate: "exit: quit"},
		"client-b-wait":            {keys: "lisa 2 n 2 y hi_alice third"},
		"client-b-busy":            {fate: "exit: refused"},
		"client-b-pipe":            {keys: "lisa 1 127.0.0.2 a|b"},
		"client-b-pending":         {keys: "lisa"},
		"client-b-crash":           {keys: "lisa 2 y", fate: `crash: IndexError: nothing behind a ": " in "hello"`},
		"client-b-noack":           {fate: "exit: max retries exceeded"},
		"client-b-unsolicited":     {keys: "lisa 1 127.0.0.2 hello"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file, _, _ := strings.Cut(name, " ")
				all := recording(t, file)
				clients := all[:0:0]
				for _, r := range all { // one of each client, in order
					if len(clients) == 0 || r.fromC && clients[len(clients)-1].client != r.client {
						clients = append(clients, r)
					}
				}
				s := new(tape)
				var want []string
				for _, r := range all {
					if r.client == clients[test.client].client {
						s.rest = append(s.rest, r)
						if r.fromC {
							want = append(want, r.datagram)
						}
					}
				}
				var double interface {
					Type(string)
					Fate() string
					Screen() string
					Kill()
				}
				if strings.HasPrefix(name, "client-a") {
					double = legacytest.StartA(s)
				} else {
					double = legacytest.StartB(s)
				}
				for key := range strings.FieldsSeq(test.keys) {
					time.Sleep(time.Second) // the keys of a person, who reads first
					double.Type(strings.ReplaceAll(key, "_", " "))
				}
				time.Sleep(time.Minute)
				if got := double.Fate(); got != test.fate {
					t.Errorf("it ends with %q, want %q; its screen:\n%s", got, test.fate, double.Screen())
				}
				double.Kill()
				s.mu.Lock()
				defer s.mu.Unlock()
				if diff := cmp.Diff(want, s.sent); diff != "" {
					t.Errorf("datagrams (-the original's +the double's):\n%s", diff)
				}
			})
		})
	}
}
