package demo

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec/client"
)

// goodRecord is what the two are told when all goes well.
func goodRecord() *record {
	r := &record{lost: 1, repeated: 1, after: 600 * time.Millisecond}
	for side, texts := range script() {
		for i, text := range texts {
			r.told(Side(side).Other(), client.Message{Text: text, N: i + 1})
			r.told(Side(side), client.Delivered{N: i + 1})
		}
		r.told(Side(side), client.Closed{Reason: client.CloseLeft})
	}
	r.told(Left, client.Retrying{What: client.WhatMessage, Tries: 2})
	return r
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*record)
		err    error
		want   []string // a part of each thing that is missing
	}{
		{"all is well", func(*record) {}, nil, nil},
		{"a message is missing", func(r *record) { r.received[Right] = r.received[Right][:2]; r.numbers[Right] = r.numbers[Right][:2] }, nil,
			[]string{`bob received ["Hello, Bob." "Are you there?"]`, "numbered [1 2] instead of [1 2 3]"}},
		{"one comes twice", func(r *record) { r.told(Left, client.Message{Text: "Of course.", N: 2}) }, nil,
			[]string{`alice received ["Yes, I am." "Of course." "Of course."]`, "numbered [1 2 2]"}},
		{"two change places", func(r *record) {
			texts := r.received[Right]
			texts[0], texts[1] = texts[1], texts[0]
		}, nil, []string{`bob received ["Are you there?" "Hello, Bob."`}},
		{"one is not reported", func(r *record) { r.delivered[Right] = []int{1} }, nil, []string{"bob was told that messages [1] were delivered"}},
		{"one is reported twice", func(r *record) { r.told(Left, client.Delivered{N: 3}) }, nil, []string{"alice was told that messages [1 2 3 3]"}},
		{"the end is not told", func(r *record) { r.closed[Right] = false }, nil, []string{"bob was not told that the chat is over"}},
		{"it ends otherwise", func(r *record) { r.told(Left, client.Closed{Reason: client.CloseUnreachable}) }, nil,
			[]string{"alice was not told that the chat is over"}},
		{"nothing was lost", func(r *record) { r.lost, r.repeated = 0, 0 }, nil, []string{"0 datagrams were lost"}},
		{"it was not repeated", func(r *record) { r.repeated = 0 }, nil, []string{"sent again 0 times"}},
		{"it was repeated twice", func(r *record) { r.repeated = 2 }, nil, []string{"sent again 2 times"}},
		{"the user was left in the dark", func(r *record) { r.retried = false }, nil, []string{"was not told that it is sent again"}},
		{"the story stopped", func(*record) {}, errors.New("bob was not told in time that alice invites him"),
			[]string{"The story stopped: bob was not told in time that alice invites him."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := goodRecord()
			test.change(r)
			got := r.verdict(people(), script(), test.err).Missing
			if len(got) != len(test.want) {
				t.Fatalf("missing: %q, want %d sentences", got, len(test.want))
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("sentence %d is %q, want it to say %q", i, got[i], test.want[i])
				}
			}
		})
	}
}

func TestOrder(t *testing.T) {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	got := []Entry{
		{Side: Right, Kind: Step, At: at(10)},
		{Side: Left, Kind: Act, At: at(11)},
		{Side: Right, Kind: Datagram, At: at(12), Text: "first"},
		{Side: Right, Kind: Datagram, At: at(12), Text: "second"},
		{Side: Left, Kind: Step, At: at(12)},
		{Side: Right, Kind: Told, At: at(13)},
	}
	order(got)
	want := []Entry{
		{Side: Right, Kind: Step, At: at(10)},
		{Side: Right, Kind: Told, At: at(12)}, // it was on its way when the datagram left
		{Side: Right, Kind: Datagram, At: at(12), Text: "first"},
		{Side: Right, Kind: Datagram, At: at(12), Text: "second"},
		{Side: Left, Kind: Act, At: at(11)},
		{Side: Left, Kind: Step, At: at(12)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	order(nil)
}
