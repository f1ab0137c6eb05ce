package flags

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"simp/netio"
)

// Faults are the flags by which a program harms the datagrams that it sends, so that one can watch how the protocol
// gets over it. Embed them with an envprefix.
type Faults struct {
	Drop      Probability `env:"DROP" default:"0" placeholder:"P" help:"Lose this part of all datagrams, such as 30% or 0.3."`
	Duplicate Probability `env:"DUPLICATE" default:"0" placeholder:"P" help:"Send this part twice."`
	Reorder   Probability `env:"REORDER" default:"0" placeholder:"P" help:"Hold this part back, so that later ones pass."`
	Delay     Delay       `env:"DELAY" default:"0s" placeholder:"T" help:"Let each take its time, such as 2ms or 20ms..2s."`
	Seed      *Seed       `env:"SEED" placeholder:"N" help:"Repeat the faults of an earlier run; its log says the number."`
}

// Network returns the faults as the network layer takes them.
func (f Faults) Network() netio.Faults {
	return netio.Faults{
		Drop: float64(f.Drop), Duplicate: float64(f.Duplicate), Reorder: float64(f.Reorder),
		MinDelay: f.Delay.Min, MaxDelay: f.Delay.Max,
	}
}

// ChooseSeed returns the seed that was given, or a new one. It is to be shown, or the run cannot be repeated.
func (f Faults) ChooseSeed() uint64 {
	if f.Seed != nil {
		return uint64(*f.Seed)
	}
	return rand.Uint64()
}

// Probability is a number from 0 to 1.
type Probability float64

// UnmarshalText reads "30%" or "0.3". A bare "30" is refused rather than guessed.
func (p *Probability) UnmarshalText(text []byte) error {
	s := string(text)
	digits, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(digits, 64)
	if percent {
		f /= 100
	}
	if err == nil && f > 1 && f <= 100 && !percent {
		return wrong("%s is not a probability: write %s%%, or a number from 0 to 1", s, s)
	}
	if err != nil || !(f >= 0 && f <= 1) { // written so that NaN is refused too
		return wrong("%q is not a probability: write 0%% to 100%%, or a number from 0 to 1", s)
	}
	*p = Probability(f)
	return nil
}

// String returns the probability as percent.
func (p Probability) String() string {
	return strconv.FormatFloat(100*float64(p), 'g', 6, 64) + "%"
}

// Delay is a time, or a range of times of which each datagram gets one.
type Delay struct{ Min, Max time.Duration }

// UnmarshalText reads "2ms" or "20ms..2s".
func (d *Delay) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "..")
	if !isRange {
		to = from
	}
	var low, high Duration
	if low.UnmarshalText([]byte(from)) != nil || high.UnmarshalText([]byte(to)) != nil {
		return wrong("%q is not a delay: write a time such as 2ms, or a range such as 20ms..2s", text)
	}
	if low > high {
		return wrong("the range %s ends before it begins: write the shorter time first", text)
	}
	d.Min, d.Max = time.Duration(low), time.Duration(high)
	return nil
}

// String returns the delay in the form in which it is read.
func (d Delay) String() string {
	if d.Min == d.Max {
		return d.Min.String()
	}
	return d.Min.String() + ".." + d.Max.String()
}
