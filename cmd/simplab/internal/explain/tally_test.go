package explain

import (
	"testing"

	"simp/engine/rules"
)

func TestTally(t *testing.T) {
	sure := &rules.Finding{}
	unsure := &rules.Finding{Unsure: true}
	deviation := &rules.Finding{Severity: rules.Deviation}
	remark := &rules.Finding{Severity: rules.Remark}
	from := func(f rules.Finding, consequences ...*rules.Finding) *rules.Finding {
		f.Consequences = consequences
		return &f
	}
	for _, test := range []struct {
		name    string
		found   []*rules.Finding
		verdict Verdict
		want    string
	}{
		{"nothing", nil, Kept, "No deviation: 14 datagrams, 1 conversation."},
		{"remarks and deviations break nothing", []*rules.Finding{deviation, remark, remark}, Kept, "1 deviation, 2 remarks in 14 datagrams, 1 conversation."},
		{"nobody can tell", []*rules.Finding{unsure, remark}, Unclear, "1 possible violation, 1 remark in 14 datagrams, 1 conversation."},
		{"certain", []*rules.Finding{sure, unsure, sure}, Violated, "2 violations, 1 possible violation in 14 datagrams, 1 conversation."},
		{"consequences do not count", []*rules.Finding{from(*sure, sure, unsure)}, Violated, "1 violation in 14 datagrams, 1 conversation."},
		{"certain, whatever it follows from", []*rules.Finding{from(*unsure, from(*unsure, sure))}, Violated,
			"1 violation, 1 possible violation in 14 datagrams, 1 conversation."},
	} {
		t.Run(test.name, func(t *testing.T) {
			tally := Tally{Datagrams: 14, Conversations: 1}
			tally.Add(&rules.Report{Findings: test.found})
			if got := tally.String(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if got := tally.Verdict(); got != test.verdict {
				t.Errorf("the verdict is %s, want %s", got, test.verdict)
			}
		})
	}
}

func TestTally_SaysWhatWasLeftOut(t *testing.T) {
	one := Tally{Datagrams: 1, Others: 1, Cut: 1}
	const want = "No deviation: 2 datagrams. Not captured whole, and judged as far as they are there: 2 datagrams. " +
		"Not judged, since it is no traffic between daemons: 2 packets."
	if got := one.Plus(one).String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
