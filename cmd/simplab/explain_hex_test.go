package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHexReader_Line(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"0102", "0102"},
		{"01 02\t03", "010203"},
		{"01:02:AB", "0102ab"},
		{"0x01 0X02, 0x0304", "01020304"},
		{"  0102 # a datagram", "0102"},
		{"> 0102", "0102"},
		{"<0102", "0102"},
		{"0.5s 0102", "0102"},
		{"1m2s < 0102", "0102"},
		{"", ""},
		{" # nothing", ""},
		{"\ufeff# nothing", ""},
		{"01 2", "its last byte has one digit: there are 3, and a byte has two"},
		{"hello", "it is not hexadecimal: 'h' is no digit of it"},
		{"01\x1b", `it is not hexadecimal: '\x1b' is no digit of it`},
		{"> ", "nothing is behind the time or the direction: write a datagram in hexadecimal"},
		{"0.5s", "nothing is behind the time or the direction: write a datagram in hexadecimal"},
		{"1.2.3s 01", `"1.2.3s" is not a time: write one such as 0.503s, counted from the beginning`},
	} {
		h := hexReader{now: hexStart()}
		p, _, err := h.line(test.line)
		got := strings.ToLower(hexOf(p.Bytes))
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.line, got, test.want)
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s []byte
	for _, x := range b {
		s = append(s, digits[x>>4], digits[x&15])
	}
	return string(s)
}

// A datagram without a time comes soon after the one before; a copy of the last one of its side when a timer would send it, unless it
// is an ACK, which no timer sends.
func TestHexReader_Times(t *testing.T) {
	head := func(typ, op string) string { return typ + op + "00" + "61" + strings.Repeat("00", 31+4) }
	h := hexReader{now: hexStart(), retransmit: 5 * time.Second}
	chat, ack := head("02", "01"), head("01", "04")
	var got []time.Duration
	for _, line := range []string{"> " + chat, "< " + ack, "> " + chat, "< " + ack, "60s < " + chat, "> " + ack, chat, chat} {
		p, _, err := h.line(line)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.At.Sub(hexStart()))
	}
	want := []time.Duration{
		10 * time.Millisecond, 20 * time.Millisecond, 5020 * time.Millisecond, 5030 * time.Millisecond, time.Minute,
		time.Minute + 10*time.Millisecond, time.Minute + 20*time.Millisecond, time.Minute + 30*time.Millisecond,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

// Datagrams that stand by themselves have nothing to do with each other, although they are the same; and what a conversation has
// is not theirs.
func TestExplain_LoneDatagrams(t *testing.T) {
	syn := "010200" + "61" + strings.Repeat("00", 31+4)
	status, out, errs := explained(t, strings.Repeat(syn+"\n", 3))
	if status != 0 || out != "No deviation: 3 datagrams.\n" {
		t.Errorf("status %d, want 0; output %q, errors %q", status, out, errs)
	}
}

func explained(t *testing.T, input string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), append([]string{"explain"}, args...), strings.NewReader(input), &out, &errs)
	return status, out.String(), errs.String()
}

// Whatever stands on standard input, there is an answer, and what cannot be read is a sentence.
func FuzzExplain_Input(f *testing.F) {
	f.Add([]byte("0.503s > 010200\n< 01:06:00 # answer\n0x01"))
	f.Add([]byte("\n\r\r\n\x1c\x00\x00\x00"))
	f.Add([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		status, out, errs := explained(t, string(input))
		switch {
		case status < 0 || status > 2:
			t.Errorf("status %d", status)
		case status != 0 && strings.Count(errs, "\n") != 1:
			t.Errorf("the errors are no sentence: %q", errs)
		case strings.ContainsRune(out+errs, '\x1b'):
			t.Errorf("an escape sequence has come through: %q, %q", out, errs)
		}
	})
}
