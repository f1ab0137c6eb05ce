package flags

import (
	"encoding"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"simp/netio"
)

// TestValues reads a text into each kind of value.
func TestValues(t *testing.T) {
	address := func(s string) Address { return Address{netip.MustParseAddr(s)} }
	hosts := func(s string) Hosts { return Hosts{netip.MustParsePrefix(s)} }
	for _, test := range []struct {
		text string
		want any    // the value, or its zero if the text is refused
		err  string // part of the refusal
	}{
		{"127.0.0.1", address("127.0.0.1"), ""},
		{"::1", address("::1"), ""},
		{"[::1]", address("::1"), ""},
		{"::ffff:127.0.0.1", address("127.0.0.1"), ""},
		{"fe80::1%eth0", address("fe80::1%eth0"), ""},
		{"fe80::1", Address{}, "needs the name of its interface"},
		{"", Address{}, "not an IP address"},
		{"example.org", Address{}, "names are not looked up"},
		{"127.0.0.1:7000", Address{}, "give 127.0.0.1, and the port with --port 7000"},
		{"[::1]:7000", Address{}, "give ::1, and the port with --port 7000"},
		{"0.0.0.0", Address{}, "every address of a host"},
		{"239.1.2.3", Address{}, "multicast"},
		{"255.255.255.255", Address{}, "broadcast"},

		{"0", Port(0), ""},
		{"65535", Port(65535), ""},
		{"65536", Port(0), `1 to 65535, or 0 for any free one, not "65536"`},
		{"-1", Port(0), "a port is"},
		{"http", Port(0), "a port is"},
		{"0x10", Port(0), "a port is"},

		{"192.0.2.7", hosts("192.0.2.7/32"), ""},
		{"::ffff:192.0.2.7", hosts("192.0.2.7/32"), ""},
		{"192.0.2.0/24", hosts("192.0.2.0/24"), ""},
		{"2001:db8::/32", hosts("2001:db8::/32"), ""},
		{"192.0.2.7/24", Hosts{}, "within the network 192.0.2.0/24"},
		{"::ffff:192.0.2.0/120", Hosts{}, "in the form of IPv4"},
		{"0.0.0.0/0", Hosts{}, "everybody"},
		{"0.0.0.0", Hosts{}, "everybody"},
		{"::/0", Hosts{}, "everybody"},
		{"any", Hosts{}, "neither an IP address nor a network"},

		{"30%", Probability(0.3), ""},
		{"0.3", Probability(0.3), ""},
		{"100%", Probability(1), ""},
		{"0", Probability(0), ""},
		{"1", Probability(1), ""},
		{"0.5%", Probability(0.005), ""},
		{"30", Probability(0), "write 30%"},
		{"101", Probability(0), "write 0% to 100%"},
		{"100.1%", Probability(0), "write 0% to 100%"},
		{"-1%", Probability(0), "not a probability"},
		{"NaN", Probability(0), "not a probability"},
		{"inf", Probability(0), "not a probability"},
		{"", Probability(0), "not a probability"},
		{"%", Probability(0), "not a probability"},

		{"2ms", Delay{2 * time.Millisecond, 2 * time.Millisecond}, ""},
		{"20ms..2s", Delay{20 * time.Millisecond, 2 * time.Second}, ""},
		{"0s..1s", Delay{0, time.Second}, ""},
		{"2s..20ms", Delay{}, "ends before it begins"},
		{"..2s", Delay{}, "not a delay"},
		{"2s..", Delay{}, "not a delay"},
		{"-2s..2s", Delay{}, "not a delay"},
		{"20", Delay{}, "not a delay"},

		{"5s", Duration(5 * time.Second), ""},
		{"1h30m", Duration(90 * time.Minute), ""},
		{"5", Duration(0), "with its unit"},
		{"-5s", Duration(0), "not a time"},
		{"soon", Duration(0), "not a time"},

		{"1", Count(1), ""},
		{"0", Count(0), "at least 1"},
		{"-3", Count(0), "at least 1"},
		{"1.5", Count(0), "at least 1"},

		{"18446744073709551615", Seed(1<<64 - 1), ""},
		{"-1", Seed(0), "not a seed"},
	} {
		t.Run(strings.ReplaceAll(test.text, "/", "|"), func(t *testing.T) {
			got, err := read(test.want, test.text)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
				t.Errorf("%q is read as (-want +got):\n%s", test.text, diff)
			}
			switch {
			case test.err == "" && err != nil:
				t.Errorf("%q is refused: %v", test.text, err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("%q is refused with %v, want it to say %q", test.text, err, test.err)
			}
		})
	}
}

// read reads text into a new value of example's type.
func read(example any, text string) (any, error) {
	v := reflect.New(reflect.TypeOf(example))
	err := v.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	return v.Elem().Interface(), err
}

// TestReadBack: what a value is shown as is read as the same value.
func TestReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "low"))
		delay := Delay{low, low + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more"))}
		if got, err := read(Delay{}, delay.String()); err != nil || got != delay {
			t.Errorf("%v is read as %v, %v", delay, got, err)
		}
		percent := Probability(float64(rapid.IntRange(0, 1000).Draw(t, "permille")) / 1000)
		got, err := read(percent, percent.String())
		if p, is := got.(Probability); err != nil || !is || math.Abs(float64(p-percent)) > 1e-9 {
			t.Errorf("%v is read as %v, %v", percent, got, err)
		}
	})
}

// TestAdmit: this host is always admitted, and beside it who is in the list.
func TestAdmit(t *testing.T) {
	listed := Admit([]Hosts{{netip.MustParsePrefix("198.51.100.0/24")}, {netip.MustParsePrefix("2001:db8::7/128")}})
	nobody := Admit(nil)
	for _, test := range []struct {
		addr           string
		listed, nobody bool
	}{
		{"127.0.0.1", true, true},
		{"127.9.9.9", true, true},
		{"::1", true, true},
		{"198.51.100.200", true, false},
		{"::ffff:198.51.100.200", true, false},
		{"198.51.101.1", false, false},
		{"2001:db8::7", true, false},
		{"2001:db8::7%eth0", true, false},
		{"2001:db8::8", false, false},
	} {
		a := netip.MustParseAddr(test.addr)
		if got := listed(a); got != test.listed {
			t.Errorf("with a list %s is admitted: %t, want %t", a, got, test.listed)
		}
		if got := nobody(a); got != test.nobody {
			t.Errorf("without a list %s is admitted: %t, want %t", a, got, test.nobody)
		}
	}
}

// TestFaults: the flags reach the network layer, which accepts them.
func TestFaults(t *testing.T) {
	seed := Seed(7)
	f := Faults{Drop: 0.3, Duplicate: 0.2, Reorder: 0.1, Delay: Delay{time.Millisecond, time.Second}, Seed: &seed}
	want := netio.Faults{Drop: 0.3, Duplicate: 0.2, Reorder: 0.1, MinDelay: time.Millisecond, MaxDelay: time.Second}
	if diff := cmp.Diff(want, f.Network()); diff != "" {
		t.Errorf("Network() (-want +got):\n%s", diff)
	}
	if got := f.ChooseSeed(); got != 7 {
		t.Errorf("ChooseSeed() = %d, want the one that was given", got)
	}
	f.Seed = nil
	if a, b := f.ChooseSeed(), f.ChooseSeed(); a == b {
		t.Errorf("two runs have the same seed %d without being told to", a)
	}
}
