package fsm

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyVars are variables as no conversation has them: what is written must be read back even so.
func anyVars() *rapid.Generator[Vars] {
	return rapid.Custom(func(t *rapid.T) Vars {
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		return Vars{
			Tries: rapid.Uint16().Draw(t, "tries"),
			TxSeq: rapid.Byte().Draw(t, "tx"), RxSeq: rapid.Byte().Draw(t, "rx"), HsSeq: rapid.Byte().Draw(t, "hs"), FinSeq: rapid.Byte().Draw(t, "fin"),
			TxNum: rapid.Uint32().Draw(t, "tx-num"), RxNum: rapid.Uint32().Draw(t, "rx-num"), Stale: rapid.Byte().Draw(t, "stale"),
			InFlight: flag("in-flight"), Flushing: flag("flushing"), Unsure: flag("unsure"), Rung: flag("rung"),
			Overdue: flag("overdue"), Answered: flag("answered"), Acked: flag("acked"), Leaving: flag("leaving"),
			Goodbye: Reason(rapid.IntRange(0, len(reasonNames)-1).Draw(t, "goodbye")),
			After:   After(rapid.IntRange(0, len(afterNames)-1).Draw(t, "after")),
		}
	})
}

// anyFacts is an event with facts that its input has, each with any value.
func anyFacts() *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		e := Event{On: rapid.SampledFrom(Inputs()).Draw(t, "input")}
		for _, w := range e.On.facts() {
			if !rapid.Bool().Draw(t, w.name) {
				continue
			}
			value := ""
			switch {
			case w.name == "seq=", w.name == "num=", w.name == "counter=":
				value = rapid.StringMatching(`[1-9]?[0-9]`).Draw(t, "value")
			case strings.HasSuffix(w.name, "="):
				value = rapid.SampledFrom(w.values).Draw(t, "value")
			}
			w.clear(&e)
			if err := w.read(&e, value); err != nil && e.Reason == NoReason {
				t.Fatal(err)
			}
		}
		return e
	})
}

func TestParseSnapshot_ReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Snapshot{State: rapid.SampledFrom(States()).Draw(t, "state"), Vars: anyVars().Draw(t, "variables")}
		if got, err := ParseSnapshot(want.String()); err != nil || got != want {
			t.Fatalf("%q is read as %q, %v", want, got, err)
		}
	})
}

func TestParseEvent_ReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyFacts().Draw(t, "event")
		if got, err := ParseEvent(want.String()); err != nil || got != want {
			t.Fatalf("%q is read as %q, %v", want, got, err)
		}
	})
}

// The words of an input are those that its rules look at: none of the events that span the table says anything else.
func TestParseQuestion_ReadsEverySituation(t *testing.T) {
	everySituation(func(s Snapshot, e Event) {
		want := Question{Snapshot: s, Event: e}
		if got, err := ParseQuestion(want.String()); err != nil || got != want {
			t.Errorf("%q is read as %q, %v", want, got, err)
		}
	})
}

// No rule may look at a fact that the input does not have: whoever asks could not say it.
func TestInput_HasNoFurtherFacts(t *testing.T) {
	everySituation(func(s Snapshot, e Event) {
		var out Actions
		next, want := Next(s, e, &out)
		does := out.String()
		for _, w := range eventWords {
			if _, known := find(e.On.facts(), w.name); known {
				continue
			}
			for _, value := range w.values {
				changed := e
				if err := w.read(&changed, value); err != nil {
					continue // a second reason
				}
				out.Reset()
				if got, fired := Next(s, changed, &out); fired != want || got != next || out.String() != does {
					t.Errorf("in %s, %s makes a difference to %s: %s fires instead of %s", s, w.name+value, e, fired.ID(), want.ID())
				}
			}
		}
	})
}

func TestParseQuestion_TakesWordsInAnyOrder(t *testing.T) {
	want := Question{
		Snapshot: Snapshot{State: Established, Vars: Vars{Policy: Legacy(), InFlight: true, TxSeq: 1}},
		Event:    Event{On: RecvACK, Of: CHAT, Seq: 1},
	}
	for _, text := range []string{
		"established RecvACK seq=1 of=CHAT in-flight tx=1 policy=legacy",
		"policy=legacy of=CHAT  tx=1 RecvACK\tin-flight established seq=1\n",
	} {
		if got, err := ParseQuestion(text); err != nil || got != want {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
	got, err := ParseQuestion("idle Invite")
	if err != nil || got != (Question{Snapshot: Snapshot{Vars: Vars{Policy: Native()}}, Event: Event{On: Invite}}) {
		t.Errorf("without a policy it is read as %q, %v; want a native peer", got, err)
	}
}

func TestParse_SaysWhichWordIsWrong(t *testing.T) {
	question := func(s string) error { _, err := ParseQuestion(s); return err }
	snapshot := func(s string) error { _, err := ParseSnapshot(s); return err }
	event := func(s string) error { _, err := ParseEvent(s); return err }
	for _, test := range []struct {
		read       func(string) error
		text, want string // a part of the error
	}{
		{question, "", "no state is named: one of idle, syn-sent, syn-received, established, fin-wait"},
		{question, "idle", "no input is named: one of Invite, Cancel"},
		{question, "idle established Invite", `two states, "idle" and "established"`},
		{question, "idle Invite Accept", `two inputs, "Invite" and "Accept"`},
		{question, "opened Invite", `"opened" is unknown: there are the states idle, `},
		{question, "idle Invite seq", `"seq" is unknown`},
		{question, "idle Invite in-flight=1", `"in-flight=1" is unknown`},
		{question, "idle Invite policy=friendly", `"friendly" is no policy: there are native, legacy, any-ack`},
		{question, "idle Invite policy=native policy=native", "says policy a second time"},
		{question, "idle Invite seq=1", `"seq=1" is not a fact of Invite: there are verdict=`},
		{question, "idle Leave room", `"room" is not a fact of Leave, which has none`},
		{question, "idle RecvCHAT seq=256", `"seq=256": "256" is not a number from 0 to 255`},
		{question, "idle RecvCHAT seq=", `"seq=": "" is not a number from 0 to 255`},
		{question, "idle RecvCHAT seq=1 seq=0", `"seq=0" says seq a second time`},
		{question, "idle RecvFIN left busy", `"busy" is a second reason beside "left"`},
		{question, "idle RecvFIN refused", `"refused" is not a fact of RecvFIN: there are seq=, crossed, old, left,`},
		{question, "established RecvACK of=MESSAGE", `"MESSAGE" is none of none, SYN, SYN+ACK, ACK, FIN, ERR, CHAT`},
		{question, "fin-wait RecvACK goodbye=never", `"never" is none of none, left, declined`},
		{snapshot, "", `"" is no state`},
		{snapshot, "Idle", `"Idle" is no state: there are idle, syn-sent`},
		{snapshot, "idle room", `"room" is not a variable: there are tries=, tx=`},
		{snapshot, "idle tries=65536", `is not a number from 0 to 65535`},
		{snapshot, "idle tries=-1", `is not a number from 0 to 65535`},
		{event, "RecvAck", `"RecvAck" is no input: there are Invite, `},
	} {
		if err := test.read(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q is answered by %v, want it to say %s", test.text, err, test.want)
		}
	}
}

func FuzzParseQuestion(f *testing.F) {
	f.Add("established RecvACK seq=1 of=CHAT in-flight tx=1 policy=legacy")
	f.Add("idle RecvFIN left crossed old seq=0 after=ended policy=")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuestion(text)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("%q is answered in more than one line: %v", text, err)
			}
			return
		}
		if again, err := ParseQuestion(q.String()); err != nil || again != q {
			t.Errorf("%q is read as %q, and that as %q, %v", text, q, again, err)
		}
	})
}

// A variable or a fact without a word could not be seen in any log or golden file, nor asked for.
func TestWords_ThereIsOneForEachField(t *testing.T) {
	for i := range reflect.TypeFor[Vars]().NumField() {
		var s Snapshot
		if field := reflect.TypeFor[Vars]().Field(i).Name; field != "Policy" {
			set(reflect.ValueOf(&s.Vars).Elem().Field(i))
			if got := s.String(); got == "idle" {
				t.Errorf("variable %s has no word", field)
			}
		}
	}
	for i := range reflect.TypeFor[Event]().NumField() {
		e := Event{On: RecvSYN}
		if field := reflect.TypeFor[Event]().Field(i).Name; field != "On" {
			set(reflect.ValueOf(&e).Elem().Field(i))
			if got := e.String(); got == (Event{On: RecvSYN}).String() {
				t.Errorf("fact %s has no word", field)
			}
		}
	}
}

// set makes a field of a snapshot or an event differ from its zero value.
func set(field reflect.Value) {
	if field.Kind() == reflect.Bool {
		field.SetBool(true)
		return
	}
	field.SetUint(1)
}
