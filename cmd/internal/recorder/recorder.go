// Package recorder writes down what a daemon does, while it does it: as a capture for Wireshark, as JSON lines that can be
// replayed exactly, or both.
//
// The daemon never waits for it. What happens goes into a queue with bounds, and one goroutine takes it from there to the
// files. What does not fit is counted, and noted in the files where it is missing. Everything is in the files within a second,
// so that a daemon that is killed leaves a recording that lacks its last moments only.
package recorder

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"simp/engine"
)

// The bounds of the queue: things, and bytes, more or less.
const (
	maxItems = 1 << 14
	maxBytes = 16 << 20
)

// flushEvery is how long something waits at most until it is in the files.
const flushEvery = 500 * time.Millisecond

// The endings of files say what is written into them.
const (
	endingCapture = ".pcapng"
	endingLines   = ".jsonl"
)

// Check reports, in a sentence, which of the files cannot be meant.
func Check(files []string) error {
	for i, f := range files {
		switch filepath.Ext(f) {
		case endingCapture, endingLines:
		default:
			return fmt.Errorf("what to record into %q is not clear: end its name with %s for a capture that Wireshark opens, or with %s for a recording that can be replayed exactly",
				f, endingCapture, endingLines)
		}
		if slices.ContainsFunc(files[:i], func(g string) bool { return filepath.Clean(f) == filepath.Clean(g) }) {
			return fmt.Errorf("%q is given twice: record into two files with different names", f)
		}
	}
	return nil
}

// Recorder takes what happens and writes it down.
type Recorder struct {
	between netip.AddrPort // the daemon's address
	capture bool           // somebody wants packets of clients, too
	log     zerolog.Logger
	files   []*file

	lostAll atomic.Uint64

	mu     sync.Mutex
	queue  []item
	bytes  int
	lost   uint64 // since the last item of the queue
	closed bool
	wake   chan struct{} // one token: something is there
	done   chan struct{}
}

// item is one thing that has happened; exactly one of observation and packet is set.
type item struct {
	lost        uint64 // how many others are missing before it
	size        int
	observation *engine.Observation
	packet      *packet
}

// Open makes the files and begins. The error is a sentence. maxSize is after how many bytes of a file the next one begins, 0 for
// never.
func Open(files []string, maxSize int64, cfg engine.Config, between netip.AddrPort) (*Recorder, error) {
	if err := Check(files); err != nil {
		return nil, err
	}
	r := &Recorder{between: between, log: cfg.Log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	start := time.Now().UTC() // and the clock that never jumps
	for _, path := range files {
		f, err := newFile(path, maxSize, start, cfg, between)
		if err != nil {
			for _, open := range r.files {
				_ = open.handle.Close()
			}
			return nil, err
		}
		r.files = append(r.files, f)
		r.capture = r.capture || strings.HasSuffix(path, endingCapture)
	}
	go r.write()
	return r, nil
}

// Observe takes what has happened to a conversation.
func (r *Recorder) Observe(o *engine.Observation) {
	kept, size := o.Clone()
	r.put(item{observation: kept, size: size})
}

// Counters adds what the recorder counts.
func (r *Recorder) Counters(all map[string]uint64) {
	if n := r.lostAll.Load(); n > 0 {
		all["record/lost"] = n
	}
}

// put queues an item. It never waits.
func (r *Recorder) put(it item) {
	r.mu.Lock()
	switch {
	case r.closed:
	case len(r.queue) >= maxItems || r.bytes+it.size > maxBytes:
		r.lost++
		r.lostAll.Add(1)
	default:
		it.lost, r.lost = r.lost, 0
		r.queue = append(r.queue, it)
		r.bytes += it.size
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns everything that waits, and how many are missing behind it if nothing more will come.
func (r *Recorder) take(spare []item) (all []item, lost uint64, last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all = r.queue
	r.queue, r.bytes = spare[:0], 0
	if r.closed {
		lost, r.lost = r.lost, 0
	}
	return all, lost, r.closed
}

// write is the one goroutine that touches the files.
func (r *Recorder) write() {
	defer close(r.done)
	flush := time.NewTimer(flushEvery)
	flush.Stop()
	defer flush.Stop()
	var items []item
	waiting := false
	for {
		select {
		case <-r.wake:
		case <-flush.C:
			waiting = false
			r.each((*file).flush)
		}
		var lost uint64
		var last bool
		items, lost, last = r.take(items)
		for i := range items {
			r.each(func(f *file) error { return f.write(&items[i]) })
		}
		if lost > 0 {
			r.each(func(f *file) error { return f.noteLost(time.Now(), lost) })
		}
		if len(items) > 0 && !waiting {
			waiting = true
			flush.Reset(flushEvery)
		}
		clear(items)
		if last {
			r.each((*file).end)
			return
		}
	}
}

// each does something to all files that can be written. One that cannot be written any more is given up, and the daemon goes on.
func (r *Recorder) each(do func(*file) error) {
	r.files = slices.DeleteFunc(r.files, func(f *file) bool {
		err := do(f)
		if err != nil {
			_ = f.handle.Close()
			r.log.Error().Err(cause(err)).Str("file", f.name).Msg("the recording ends here: its file cannot be written any more; the daemon goes on without it")
		}
		return err != nil
	})
}

// closePatience is how long the end of a daemon waits for a disk that does not take what is left.
const closePatience = 5 * time.Second

// Close writes what is left and closes the files. What comes later is not written.
func (r *Recorder) Close() {
	r.mu.Lock()
	was := r.closed
	r.closed = true
	r.mu.Unlock()
	if !was {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	select {
	case <-r.done:
	case <-patience.C:
		r.log.Error().Msg("the last moments of the recording could not be written in time")
	}
}

// cause is what the operating system said.
func cause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
