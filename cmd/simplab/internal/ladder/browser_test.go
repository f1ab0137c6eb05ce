package ladder_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"simp/cmd/simplab/internal/ladder"
	"simp/engine/follow"
	"simp/fsm"
)

// browser opens a page in a real browser, and has the test fail if the page complains about anything.
func browser(t *testing.T, page string) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium (chromium, chromium-browser, google-chrome) in PATH: the page is not tried in a browser")
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1300, 900), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	var lock sync.Mutex
	var complaints []string
	if err := chromedp.Listen(ctx, func(event any) {
		lock.Lock()
		defer lock.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text+": "+e.ExceptionDetails.Exception.Description)
		case *runtime.EventConsoleAPICalled:
			text, _ := json.Marshal(e.Args)
			complaints = append(complaints, string(text))
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		}
	}); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	t.Cleanup(func() {
		lock.Lock()
		defer lock.Unlock()
		if len(complaints) > 0 {
			t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
		}
	})
	call(t, ctx, log.Enable, cdp.Empty{})
	do(t, ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
	return ctx
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func call[P, R any](t *testing.T, ctx context.Context, c cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, c, params); err != nil {
		t.Fatal(err)
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func press(t *testing.T, ctx context.Context, keys ...string) {
	t.Helper()
	for _, key := range keys {
		do(t, ctx, chromedp.KeyEvent(key))
	}
}

// shown is what the page shows of the selected row.
type shown struct {
	Row     string    // its id
	Lit     [2]string // the states that are lit
	Now     [2]string // and those that are written there
	Taken   [2]string // the arrows
	Summary string
	Bytes   string // of the dump
	Colours int    // different ones in it
	Fields  []string
	Visible bool // the row can be seen
	Focus   string
	Wide    bool // the page is wider than the window
}

const look = `(() => {
  const all = (q, in_) => [...(in_ || document).querySelectorAll(q)];
  const row = document.querySelector('.chosen'), r = row.getBoundingClientRect(), box = document.getElementById('ladders').getBoundingClientRect();
  const each = f => all('#machines figure').map(f);
  return {
    Row: row.id,
    Lit: each(f => all('.lit', f).map(g => g.dataset.state).join()),
    Now: each(f => f.querySelector('.now').textContent),
    Taken: each(f => all('.taken[data-lead]', f).map(g => g.dataset.lead).join()),
    Summary: document.getElementById('summary').textContent,
    Bytes: document.getElementById('dump').textContent,
    Colours: new Set(all('#dump [data-field]').map(e => getComputedStyle(e).backgroundColor)).size,
    Fields: all('#fields tbody tr').map(tr => [...tr.children].map(c => c.textContent).join('|')),
    Visible: r.top >= box.top - 1 && r.bottom <= box.bottom + 1,
    Focus: document.activeElement.id,
    Wide: document.documentElement.scrollWidth > innerWidth,
  };
})()`

func see(t *testing.T, ctx context.Context) shown {
	t.Helper()
	return evaluate[shown](t, ctx, look)
}

// collector keeps the rows, to know what the page should show.
type collector struct{ rows []ladder.Row }

func (c *collector) Row(r *ladder.Row) error {
	c.rows = append(c.rows, *r)
	return nil
}
func (*collector) Ended(*ladder.Conversation) error { return nil }
func (*collector) Close() error                     { return nil }

// One goes through the page with the arrow keys: each row is shown, and the states are those of the ladder.
func TestHTML_Steps(t *testing.T) {
	for name, all := range map[string][]follow.Packet{
		"a-retransmit": packets(t, "a-retransmit"), "d-decline": packets(t, "d-decline"), "lost-syn-ack": native(t, "lost-syn-ack"),
	} {
		t.Run(name, func(t *testing.T) {
			var want collector
			r := ladder.NewReader(ladder.Options{}, &want)
			for _, p := range all {
				if err := r.Packet(p); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Finish(); err != nil {
				t.Fatal(err)
			}
			ctx := browser(t, draw(t, all, ladder.Options{}, asHTML))
			changed := 0
			for i, row := range want.rows {
				if i > 0 {
					press(t, ctx, kb.ArrowDown)
				}
				s := see(t, ctx)
				states := [2]string{row.States[0].String(), row.States[1].String()}
				if s.Lit != states || s.Now != states || !s.Visible || !strings.Contains(s.Summary, row.Summary) || s.Wide {
					t.Fatalf("row %d: the page shows %+v, want %s and %s", i, s, row.Summary, states)
				}
				if (s.Taken[0] != "") != (row.Changed[0] && row.Counted > 0) || s.Taken[0] != "" && !strings.HasSuffix(s.Taken[0], " "+states[0]) {
					t.Fatalf("row %d: the arrows %q are lit, and changed is %v", i, s.Taken, row.Changed)
				}
				if row.Changed[0] {
					changed++
				}
				if (row.What == ladder.Packet) != (len(s.Fields) > 0) || (row.What == ladder.Packet) != (s.Colours > 3) {
					t.Fatalf("row %d is a %s: %d fields in %d colours", i, row.What, len(s.Fields), s.Colours)
				}
			}
			if changed < 2 {
				t.Errorf("the state changes %d times", changed)
			}
			last := see(t, ctx).Row
			press(t, ctx, kb.ArrowDown)
			if s := see(t, ctx); s.Row != last {
				t.Errorf("behind the last row comes %s", s.Row)
			}
			press(t, ctx, kb.Home)
			if s := see(t, ctx); s.Row != "c1-1" || !s.Visible {
				t.Errorf("Home leads to %s", s.Row)
			}
			press(t, ctx, kb.ArrowUp, kb.ArrowDown, kb.ArrowDown, kb.ArrowUp)
			if s := see(t, ctx); s.Row != "c1-2" {
				t.Errorf("up, down, down and up lead to %s", s.Row)
			}
			press(t, ctx, kb.End)
			if s := see(t, ctx); s.Row != last || !s.Visible {
				t.Errorf("End leads to %s, want %s", s.Row, last)
			}
		})
	}
}

// A click shows the bytes of a packet in the colours of its fields; Enter goes there, and Escape back.
func TestHTML_Bytes(t *testing.T) {
	ctx := browser(t, draw(t, packets(t, "a-retransmit"), ladder.Options{}, asHTML))
	do(t, ctx, chromedp.Click("#c1-6"))
	s := see(t, ctx)
	if s.Row != "c1-6" || s.Colours != 6 || !strings.Contains(s.Summary, `CHAT seq=0 user="alice" len=12 "while frozen"`) {
		t.Errorf("a click on the message shows %+v", s)
	}
	for _, want := range []string{"0000  02 01 00 61 6c 69 63 65  00", "...alice", "0020  00 00 00 00 00 00 0c 77  68 69 6c 65 20 66 72 6f  .......while fro\n"} {
		if !strings.Contains(s.Bytes, want) {
			t.Errorf("the bytes lack %q:\n%s", want, s.Bytes)
		}
	}
	for _, want := range []string{"Type|0|2 (chat)", "User|3–34|\"alice\"", "Payload|39–50|\"while frozen\""} {
		if !slices.Contains(s.Fields, want) {
			t.Errorf("the legend lacks %q: %q", want, s.Fields)
		}
	}
	press(t, ctx, kb.Enter)
	if s := see(t, ctx); s.Focus != "packet" || s.Row != "c1-6" {
		t.Errorf("Enter leads to %q, row %s", s.Focus, s.Row)
	}
	press(t, ctx, kb.Escape)
	if s := see(t, ctx); s.Focus != "ladders" {
		t.Errorf("Escape leads to %q", s.Focus)
	}
}

// On a narrow screen and in the dark everything is there, and text can be told from what is behind it.
func TestHTML_NarrowAndDark(t *testing.T) {
	ctx := browser(t, draw(t, packets(t, "b-idle"), ladder.Options{}, asHTML))
	contrast := `(() => {
	  const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
	  const lum = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
	  let worst = 99, where = '';
	  for (const e of document.querySelectorAll('.label, .time, .number, .state:not(g), .said, h1, h2, h3, #dump span, #fields th, #fields td, .help, .now')) {
	    if (!e.textContent.trim()) continue;
	    const a = lum(parse(getComputedStyle(e).color)), b = lum(behind(e));
	    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	    if (ratio < worst) { worst = ratio; where = e.className + ' ' + e.textContent; }
	  }
	  return { Worst: worst, Where: where };
	})()`
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1300, 420} {
			do(t, ctx, chromedp.EmulateViewport(width, 900))
			call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			press(t, ctx, kb.End, kb.Home)
			if s := see(t, ctx); s.Wide || !s.Visible || s.Lit[1] != fsm.SynReceived.String() {
				t.Errorf("%s, %d pixels: %+v", scheme, width, s)
			}
			c := evaluate[struct {
				Worst float64
				Where string
			}](t, ctx, contrast)
			if c.Worst < 4.5 {
				t.Errorf("%s, %d pixels: the contrast of %q is %.2f, want 4.5 at least", scheme, width, c.Where, c.Worst)
			}
		}
	}
}

// What peers have sent is shown and does nothing.
func TestHTML_Hostile(t *testing.T) {
	var all trace
	all.chat(t, alice, bob)
	evil := []byte("\x02\x01\x00<img src=x onerror=alert(1)>....\x00\x00\x00\x40</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>")
	all.bytes(time.Second, alice, bob, evil)
	ctx := browser(t, draw(t, all, ladder.Options{}, asHTML))
	press(t, ctx, kb.Home, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	s := see(t, ctx)
	title := evaluate[string](t, ctx, `document.title`)
	images := evaluate[int](t, ctx, `document.images.length + document.scripts.length - 2`)
	if title != "a test" || images != 0 || s.Row != "c1-4" || !strings.Contains(s.Summary, "<script>document.title=") {
		t.Errorf("the title is %q, there are %d elements too many, and the page shows %+v", title, images, s)
	}
}
