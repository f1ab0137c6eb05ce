package main

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"simp/cmd/internal/flags"
	"simp/cmd/simplab/internal/explain"
	"simp/codec"
	"simp/codec/client"
	"simp/engine/follow"
)

// What is found in a conversation is told once it is over, while others go on; Ctrl-C tells the rest.
func TestExplainLive_TellsWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var shown pane
		out := bufio.NewWriter(&shown)
		e := explainer{command: explainCommand{Port: follow.Port, Retransmit: flags.Duration(5 * time.Second)}, out: out, writer: explain.Text(out, 0, false)}
		source := explain.Source{Timed: true, Live: true, Name: "the test", Start: time.Now()}
		w := newWire()
		done := make(chan error, 1)
		go func() { done <- e.judge(&source, watching(ctx, w.source())) }()
		synctest.Wait()
		w.send(t, alice, bob, codec.Datagram{Kind: codec.SYN, Seq: 1, User: []byte("alice")})
		w.send(t, bob, alice, codec.Datagram{Kind: codec.FIN, User: []byte("bob")})
		if text := shown.text(); strings.Contains(text, "hs/1") {
			t.Errorf("it is told before the conversation is over: %s", text)
		}
		time.Sleep(remembered*5*time.Second + time.Second)
		synctest.Wait()
		if text := shown.text(); !strings.Contains(text, "hs/1") {
			t.Errorf("it is over, and nothing is told: %s", text)
		}
		w.send(t, alice, bob, codec.Datagram{Kind: codec.CHAT, User: []byte("alice"), Payload: []byte("hi")})
		interrupt()
		w.source().close()
		if err := <-done; err != nil {
			t.Errorf("it ends with %v", err)
		}
		if err := e.close(nil); err != nil {
			t.Errorf("a deviation makes a status: %v", err)
		}
	})
}

// A daemon that ends is said to, below what was found.
func TestExplainLive_DaemonEnds(t *testing.T) {
	ln := daemonThatEnds(t, client.Watching{Addr: alice}, client.Datagram{
		At: time.Now(), Peer: bob, Dir: client.DirectionIn, Bytes: []byte("\x05\x01 is no datagram of SIMP, long as it may be: so many bytes"),
	})
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"explain", "--live", ln.Addr().String()}, strings.NewReader(""), &stdout, &stderr); status != 2 {
		t.Errorf("status %d, want 2", status)
	}
	if !strings.Contains(stdout.String(), "dg/1") || !strings.Contains(stderr.String(), "the daemon has ended the connection") {
		t.Errorf("it says %q and %q", &stdout, &stderr)
	}
	_ = ln.Close()
	stderr.Reset()
	if status := run(t.Context(), []string{"explain", "--live", ln.Addr().String()}, strings.NewReader(""), &stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), "start simpd there") {
		t.Errorf("nobody there: status %d, %q", status, &stderr)
	}
	if status := run(t.Context(), []string{"explain", "--live", "127.0.0.1", "127.0.0.2"}, strings.NewReader(""), &stdout, &stderr); status != 2 {
		t.Errorf("two of them: status %d", status)
	}
}
