package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/term"

	"simp/engine/sim"
	"simp/fsm"
)

// search plays a script with one seed after the other, on all cores. Which seeds are played, and which of those that break
// a promise is reported, depends on nothing but the seeds: the lowest is, however the cores share the work.
type search struct {
	script  *sim.Script
	options sim.Options
	runs    uint64    // at most; 0: no limit
	until   time.Time // zero: no limit

	mu       sync.Mutex
	next     uint64 // how many runs were begun
	done     uint64
	broken   bool
	lowest   uint64 // run that broke a promise
	chats    uint64
	messages uint64
}

func (c simCommand) search(l lab, script *sim.Script) error {
	s := &search{script: script, options: sim.Options{Gate: fsm.NewGate(), Harm: l.harm}}
	if c.Runs != nil {
		s.runs = uint64(*c.Runs)
	}
	begun := time.Now()
	if c.For > 0 {
		s.until = begun.Add(time.Duration(c.For))
	}
	s.play(l.stdout)
	took := time.Since(begun)
	if s.broken {
		script.Seed += s.lowest
		_, _ = fmt.Fprintf(l.stdout, "Seed %d breaks a promise, the first of the seeds from %d on to do so:\n\n", script.Seed, script.Seed-s.lowest)
		_, _ = io.WriteString(l.stdout, script.Play(s.options).String())
		return c.reduce(l, script)
	}
	_, _ = fmt.Fprintf(l.stdout, "All promises were kept in %s, from seed %d on, with %s and %s.\n",
		several(s.done, "run"), script.Seed, several(s.chats, "chat"), several(s.messages, "message"))
	_, _ = fmt.Fprintf(l.stderr, "%.1f s on %d cores: %.0f chats and %.0f messages a second\n",
		took.Seconds(), runtime.GOMAXPROCS(0), float64(s.chats)/took.Seconds(), float64(s.messages)/took.Seconds())
	return nil
}

// play has all cores play until nothing is left to play.
func (s *search) play(progress io.Writer) {
	stop := s.showProgress(progress)
	defer stop()
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(s.core)
	}
	cores.Wait()
}

func (s *search) core() {
	script := *s.script
	for {
		run, any := s.take()
		if !any {
			return
		}
		script.Seed = s.script.Seed + run
		s.finish(run, script.Play(s.options))
	}
}

// take returns the next run. After one that broke a promise no further ones begin; those before it have begun by then.
func (s *search) take() (run uint64, any bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken || s.runs > 0 && s.next == s.runs || !s.until.IsZero() && time.Now().After(s.until) {
		return 0, false
	}
	s.next++
	return s.next - 1, true
}

func (s *search) finish(run uint64, report sim.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	s.chats += uint64(report.Chats)
	s.messages += uint64(report.Shown)
	if !report.OK() && (!s.broken || run < s.lowest) {
		s.broken, s.lowest = true, run
	}
}

// showProgress shows on a terminal how far the search is, until the returned function is called.
func (s *search) showProgress(to io.Writer) (stop func()) {
	f, isFile := to.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_, _ = io.WriteString(f, "\r"+s.progress())
			case <-end:
				_, _ = io.WriteString(f, "\r\x1b[K")
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// progressEvery is how often the progress line changes.
const progressEvery = 200 * time.Millisecond

func (s *search) progress() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := ""
	if s.runs > 0 {
		of = fmt.Sprintf(" of %d", s.runs)
	}
	return fmt.Sprintf("%d%s runs, %s, %s", s.done, of, several(s.chats, "chat"), several(s.messages, "message"))
}
