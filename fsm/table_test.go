package fsm

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// everySituation calls f for each representative snapshot and event.
func everySituation(f func(s Snapshot, e Event)) {
	for _, state := range States() {
		for _, s := range Situations(state) {
			for _, on := range Inputs() {
				for _, e := range EventsFor(on) {
					f(s, e)
				}
			}
		}
	}
}

func TestTable_HasARuleForEveryStateAndInput(t *testing.T) {
	for _, s := range States() {
		for _, on := range Inputs() {
			cell := Cell(s, on)
			if len(cell) == 0 {
				t.Errorf("%s on %s: no rule; an input that does nothing needs a rule that says so", s, on)
				continue
			}
			last := len(cell) - 1
			for i, r := range cell {
				if r.From != s || r.On != on {
					t.Errorf("rule %s stands in the cell %s on %s", r.ID(), s, on)
				}
				if i < last && r.If == nil {
					t.Errorf("%s on %s: the rules behind %s can never fire, because it has no guard", s, on, r.ID())
				}
			}
			if cell[last].If != nil {
				t.Errorf("%s on %s: the last rule, %s, has a guard; Next would panic where it does not hold", s, on, cell[last].ID())
			}
		}
	}
}

func TestTable_IsDeclaredConsistently(t *testing.T) {
	ids := map[string]bool{}
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for i, r := range Rules() {
		if !name.MatchString(r.Name) {
			t.Errorf("rule %s: the name has to be words and hyphens, since counters and the gate are named after it", r.ID())
		}
		if ids[r.ID()] {
			t.Errorf("rule %s is declared twice; the gate would know only the second", r.ID())
		}
		ids[r.ID()] = true
		if r.ID() != r.From.String()+"/"+r.Name || r.Index() != i {
			t.Errorf("rule %d: ID %q and index %d do not follow from its declaration", i, r.ID(), r.Index())
		}
		if (r.If == nil) != (r.When == "") {
			t.Errorf("rule %s: When is %q, and there must be words exactly when there is a guard", r.ID(), r.When)
		}
		if r.Ref == "" {
			t.Errorf("rule %s names no sentence of PROTOCOL.md", r.ID())
		}
		if r.As > Rejected {
			t.Errorf("rule %s: no such class as %s", r.ID(), r.As)
		}
		if r.To != r.From && r.As != Ordinary {
			t.Errorf("rule %s is %s and changes the state; whatever changes it is the ordinary course", r.ID(), r.As)
		}
	}
	if len(ids) != NumRules() {
		t.Errorf("%d names for %d rules", len(ids), NumRules())
	}
}

func TestTable_HasNoShadowedRule(t *testing.T) {
	fired := make([]bool, NumRules())
	everySituation(func(s Snapshot, e Event) {
		var out Actions
		_, r := Next(s, e, &out)
		fired[r.Index()] = true
	})
	for i, r := range Rules() {
		if !fired[i] {
			t.Errorf("rule %s fires in none of the situations: an earlier rule of its cell shadows it, or Situations lacks one", r.ID())
		}
	}
}

func TestTable_StepsStayInBounds(t *testing.T) {
	longest := 0
	everySituation(func(s Snapshot, e Event) {
		var out Actions
		next, r := Next(s, e, &out)
		longest = max(longest, len(out.All()))
		if next.State != r.To {
			t.Errorf("%s on %s: rule %s leads to %s, the step to %s", s, e, r.ID(), r.To, next.State)
		}
		if next.Policy != s.Policy {
			t.Errorf("%s on %s: rule %s changes how the peer is treated, which is not its business", s, e, r.ID())
		}
		if r.Do == nil && next.Vars != s.Vars {
			t.Errorf("%s on %s: rule %s does nothing but changes variables", s, e, r.ID())
		}
		if r.As == Rejected && r.On <= Shutdown && !slices.ContainsFunc(out.All(), func(a Action) bool { return a.Effect == Refuse }) {
			t.Errorf("%s on %s: rule %s rejects a command without an answer", s, e, r.ID())
		}
	})
	if longest > maxActions {
		t.Errorf("%d effects in one step, there is room for %d", longest, maxActions)
	}
	t.Logf("at most %d effects in one step, room for %d", longest, maxActions)
}

// Whoever keeps a list over several steps, as a replay does, must find the earlier effects untouched.
func TestNext_AppendsAndLeavesItsArgumentsAlone(t *testing.T) {
	everySituation(func(s Snapshot, e Event) {
		var alone, behind Actions
		snapshot, event := s, e
		next, _ := Next(s, e, &alone)
		behind.do(Queue)
		again, _ := Next(s, e, &behind)
		if s != snapshot || e != event {
			t.Fatalf("%s on %s: the arguments changed", snapshot, event)
		}
		if next != again {
			t.Fatalf("%s on %s: two results of one step, %s and %s", s, e, next, again)
		}
		if behind.All()[0] != (Action{Effect: Queue}) || !slices.Equal(behind.All()[1:], alone.All()) {
			t.Fatalf("%s on %s: effects depend on what the list held", s, e)
		}
	})
}

func TestNext_AllocatesNothing(t *testing.T) {
	type step struct {
		s Snapshot
		e Event
	}
	var steps []step
	everySituation(func(s Snapshot, e Event) { steps = append(steps, step{s, e}) })
	var out Actions
	total := 0
	allocs := testing.AllocsPerRun(10, func() {
		for i := range steps {
			out.Reset()
			next, r := Next(steps[i].s, steps[i].e, &out)
			total += int(next.State) + r.Index() + len(out.All())
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations in %d steps, want none", allocs, len(steps))
	}
	if total == 0 {
		t.Error("the steps were optimised away")
	}
}

func TestRules_AreACopy(t *testing.T) {
	Rules()[0].To = FinWait
	if rules[0].To == FinWait {
		t.Error("a caller can change the table")
	}
}

// The names are indexed by the constants, so one that is added without a name shows up here.
func TestNames_CoverEveryConstant(t *testing.T) {
	for what, names := range map[string][]string{
		"State": names(States()...), "Input": names(Inputs()...), "Packet": names(NoPacket, SYN, SYNACK, ACK, FIN, ERR, CHAT),
		"Timer":   names(Retransmit, Expiry, Unanswered, Linger, AllTimers),
		"Reason":  names(NoReason, Left, Declined, Cancelled, Busy, ShutDown, Unreachable, Restarted, Refused, Expired, Lost, Misnumbered),
		"Effect":  names(Send, Start, Stop, Queue, Deliver, Complete, GiveUp, Tell, Refuse),
		"Notice":  names(TellInviting, TellUnanswered, TellInvitation, TellWithdrawn, TellEstablished, TellRetrying, TellClosed, TellError),
		"Refusal": names(NoChat, NoInvitation, NotInviting, AlreadyOpen, Connecting, Closing, ChatsInUse, QueueFull),
		"Verdict": names(Ask, Take, Never, InUse, Full),
		"Class":   names(Ordinary, Repeated, Ignored, Unexpected, Rejected),
	} {
		seen := map[string]bool{}
		for _, n := range names {
			if n == "" || strings.ContainsAny(n, "( ") || seen[n] {
				t.Errorf("%s: %q is no name of its own", what, n)
			}
			seen[n] = true
		}
	}
	if got, want := Effect(200).String(), "effect(200)"; got != want {
		t.Errorf("an unknown value is shown as %q, want %q", got, want)
	}
	for timer := range AllTimers {
		if got, want := timer.Due().String(), timer.String()+"due"; !strings.EqualFold(got, want) {
			t.Errorf("%s is due as %s", timer, got)
		}
	}
}

func names[T interface{ String() string }](values ...T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.String()
	}
	return all
}

// sentences reads the numbered sentences of PROTOCOL.md: number to text, without the mark and on one line.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	// A sentence ends at the next item, or at an empty line.
	for _, m := range regexp.MustCompile(`(?m)^- \*\*(\d+\.\d+)\*\*((?:.*\n)(?:[^\n-].*\n)*)`).FindAllStringSubmatch(string(text), -1) {
		if _, twice := found[m[1]]; twice {
			t.Errorf("%s: sentence %s is there twice", protocolFile, m[1])
		}
		body := strings.Join(strings.Fields(m[2]), " ")
		found[m[1]] = regexp.MustCompile(`^\(ours[^)]*\) `).ReplaceAllString(body, "")
	}
	if len(found) < 70 {
		t.Fatalf("%s: only %d numbered sentences were understood", protocolFile, len(found))
	}
	return found
}

func TestRefs_NameSentencesThatExist(t *testing.T) {
	known := sentences(t)
	for _, r := range Rules() {
		for _, ref := range strings.Fields(r.Ref) {
			if _, ok := known[ref]; !ok {
				t.Errorf("rule %s: PROTOCOL.md has no sentence %s", r.ID(), ref)
			}
		}
	}
}

// Sections 3 to 7 are this package's. Of the others these are; 4.12 is about the engine, which lets both sides send.
func ours(number string) bool {
	switch number {
	case "4.12":
		return false
	case "9.1", "9.2", "10.2":
		return true
	}
	return number[0] >= '3' && number[0] <= '7' && number[1] == '.'
}

// A sentence that nothing names is a promise that nobody keeps.
func TestSentences_AreHeldByARuleAndATest(t *testing.T) {
	rule, test := map[string]bool{}, map[string]bool{}
	for _, r := range Rules() {
		for _, ref := range strings.Fields(r.Ref) {
			rule[ref] = true
		}
	}
	for _, q := range quotations(t, "..") {
		test[q.number] = true
	}
	for number, text := range sentences(t) {
		if !ours(number) {
			continue
		}
		if !rule[number] {
			t.Errorf("no rule names sentence %s: %s", number, text)
		}
		if !test[number] {
			t.Errorf("no test names §%s: %s", number, text)
		}
	}
}

// Tests quote the sentence that they hold the program to. A quotation that is not in PROTOCOL.md any more is a test of
// something that nobody promises.
func TestQuotations_AreExact(t *testing.T) {
	known := sentences(t)
	checked := 0
	for _, q := range quotations(t, ".") {
		text, ok := known[q.number]
		switch {
		case !ok:
			t.Errorf("%s: PROTOCOL.md has no sentence §%s", q.file, q.number)
		case q.words != "" && !strings.Contains(text, q.words):
			t.Errorf("%s: §%s does not say %q; it says: %s", q.file, q.number, q.words, text)
		case q.words != "":
			checked++
		}
	}
	if checked < 40 {
		t.Errorf("only %d quotations were understood", checked)
	}
}

type quotation struct{ file, number, words string }

// quotations collects the marks of sentences from the tests below a folder, with the words in double quotes that follow.
// The words may run over several comment lines; they end at the next double quote.
func quotations(t *testing.T, folder string) []quotation {
	t.Helper()
	var all []quotation
	mark := regexp.MustCompile(`§(\d+\.\d+)(?::? "([^"]+)")?`)
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		joined := regexp.MustCompile(`\n\s*// `).ReplaceAllString(string(text), " ")
		for _, m := range mark.FindAllStringSubmatch(joined, -1) {
			all = append(all, quotation{path, m[1], m[2]})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
