package flags

import (
	"fmt"
	"strconv"
	"time"
)

// valueError says what is wrong with a value, and what would be right: nothing needs to be added.
type valueError struct{ sentence string }

func (e *valueError) Error() string { return e.sentence }

func wrong(format string, args ...any) error {
	return &valueError{fmt.Sprintf(format, args...)}
}

// Duration is a time that is not negative.
type Duration time.Duration

// UnmarshalText reads a time such as "5s", "250ms" or "1h30m".
func (d *Duration) UnmarshalText(text []byte) error {
	t, err := time.ParseDuration(string(text))
	if err != nil || t < 0 {
		return wrong("%q is not a time: write a number with its unit, such as 250ms, 5s or 2m", text)
	}
	*d = Duration(t)
	return nil
}

// Count is a number of things of which there must be one at least.
type Count int

// UnmarshalText reads a count.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return wrong("%q is not a number of at least 1", text)
	}
	*c = Count(n)
	return nil
}

// Seed names a sequence of random numbers.
type Seed uint64

// UnmarshalText reads a seed.
func (s *Seed) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return wrong("%q is not a seed: give the number that the log of the other run says", text)
	}
	*s = Seed(n)
	return nil
}
