package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/ergochat/readline"
	"golang.org/x/term"
)

// terminals returns standard input and output as files if both are terminals on which a line can be edited.
func terminals(stdin io.Reader, stdout io.Writer) (in, out *os.File, ok bool) {
	in, isIn := stdin.(*os.File)
	out, isOut := stdout.(*os.File)
	if !isIn || !isOut || !term.IsTerminal(fd(in)) || !term.IsTerminal(fd(out)) || os.Getenv("TERM") == "dumb" {
		return nil, nil, false
	}
	return in, out, true
}

func fd(f *os.File) int { return int(f.Fd()) }

// terminal is a console for a person: a line editor at the bottom, and what arrives above it.
//
// The editor is github.com/ergochat/readline, which runs on a goroutine of its own and does not guard all that it keeps.
// So mu belongs to whoever touches it: to the editor from the moment that it has a key until it has handled it, and to
// show while it prints. It is free while the editor waits for a key, and between two lines.
type terminal struct {
	in, out *os.File
	saved   *term.State
	keys    *keyboard
	screen  *screen
	editor  *readline.Instance
	prompt  string

	asked chan struct{}
	read  chan typed

	mu     sync.Mutex
	typing bool // the editor holds mu; this and empty are its goroutine's
	empty  bool // nothing is typed
}

func newTerminal(in, out *os.File) *terminal {
	t := &terminal{in: in, out: out, asked: make(chan struct{}, 1), read: make(chan typed, 1)}
	t.keys = newKeyboard(in)
	t.screen = &screen{out: out, queried: t.keys.answer, drawn: t.release}
	return t
}

// open puts the terminal into raw mode until close. The editor would do so for each line and undo it between two lines,
// where keys would be echoed that it shows again later.
func (t *terminal) open() error {
	nothing := func() error { return nil }
	editor, err := readline.NewFromConfig(&readline.Config{
		Stdin: t.keys, Stdout: t.screen, Stderr: t.screen,
		FuncIsTerminal: func() bool { return true }, FuncMakeRaw: nothing, FuncExitRaw: nothing,
		FuncGetSize:         t.size,
		FuncFilterInputRune: t.key,
		Listener:            t.keyDone,
	})
	if err != nil {
		return fmt.Errorf("the terminal cannot be used: %w", err)
	}
	if t.saved, err = term.MakeRaw(fd(t.in)); err != nil {
		return fmt.Errorf("the terminal cannot be used: %w", err)
	}
	t.editor = editor
	go t.keys.run()
	go t.edit()
	return nil
}

// close takes the line being typed off the screen and gives the terminal back as it was.
func (t *terminal) close() {
	close(t.asked)
	t.mu.Lock() // and keeps it: the editor may not go on
	t.screen.erase(t.editor)
	_ = t.screen.flush()
	_ = term.Restore(fd(t.in), t.saved)
}

func (t *terminal) ask()                { t.asked <- struct{}{} }
func (t *terminal) input() <-chan typed { return t.read }

func (t *terminal) columns() int {
	width, _ := t.size()
	return max(width, 0)
}

func (t *terminal) size() (width, height int) {
	width, height, err := term.GetSize(fd(t.out))
	if err != nil {
		return -1, -1
	}
	return width, height
}

// show prints lines above the line being typed, which stays as it is, cursor and all, behind a prompt that may be new.
func (t *terminal) show(lines []string, prompt string) error {
	if len(lines) == 0 && prompt == t.prompt {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.screen.erase(t.editor)
	if prompt != t.prompt {
		t.editor.SetPrompt(prompt) // between the two: the editor erases by the length of the prompt that it knows
		t.prompt = prompt
	}
	for _, l := range lines {
		t.screen.print(l + "\n")
	}
	t.screen.redraw(t.editor)
	return t.screen.flush()
}

// edit lets the person type a line whenever one is asked for.
func (t *terminal) edit() {
	for range t.asked {
		t.acquire()
		t.empty = true
		line, err := t.editor.ReadLine()
		if !t.typing { // no key has ended it, but the end of all keys
			t.acquire()
		}
		t.screen.muted = false
		t.release()
		switch {
		case t.keys.ended():
			// Without a keyboard what stands in the line was not finished: nobody has said to send it.
			t.read <- typed{err: io.EOF}
			return
		case errors.Is(err, readline.ErrInterrupt):
			t.read <- typed{interrupt: true}
		case err != nil:
			t.read <- typed{end: true}
		default:
			t.read <- typed{text: line}
		}
	}
}

func (t *terminal) acquire() {
	t.mu.Lock()
	t.typing = true
}

// release is called where the editor has done what it was at: drawn its prompt, handled a key, returned a line.
func (t *terminal) release() {
	if t.typing {
		t.typing = false
		_ = t.screen.flush()
		t.mu.Unlock()
	}
}

// key is called by the editor with each key before it handles it.
func (t *terminal) key(r rune) (rune, bool) {
	t.acquire()
	switch {
	case r == readline.CharEnter, r == readline.CharCtrlJ, r == readline.CharInterrupt, r == readline.CharEOT && t.empty:
		// The line is over. It goes off the screen, and the core shows what has become of it.
		t.screen.erase(t.editor)
	case !handled(r):
		r = readline.CharBell // which does nothing; the editor would put the key into the line and onto the screen
	}
	return r, true
}

// handled reports whether a key is a character, or a control that the editor knows. Left out are Ctrl-Z, after which the
// editor would wait for ever to be continued where no shell is there to do it, and the search through the history, which
// writes to the screen when it should not.
func handled(r rune) bool {
	if r >= ' ' {
		return r < 0x7f || r > 0x9f || r == readline.CharBackspace
	}
	switch r {
	case readline.CharLineStart, readline.CharBackward, readline.CharLineEnd, readline.CharForward, readline.CharCtrlH,
		readline.CharTab, readline.CharKill, readline.CharCtrlL, readline.CharNext, readline.CharPrev,
		readline.CharTranspose, readline.CharCtrlU, readline.CharCtrlW, readline.CharCtrlY, readline.CharEOT:
		return true
	}
	return r < 0 // the arrows and the like
}

// keyDone is called by the editor when it has handled a key that did not end the line; key is 0 at a line's beginning.
func (t *terminal) keyDone(line []rune, _ int, key rune) ([]rune, int, bool) {
	if key != 0 {
		t.empty = len(line) == 0
		t.release()
	}
	return nil, 0, false
}
