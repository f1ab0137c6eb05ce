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

// Size is a number of bytes.
type Size int64

// minSize is the least that makes sense of a file.
const minSize = 4 << 10

// UnmarshalText reads a size such as 500K, 10M or 2G: in steps of 1024.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), int64(1)
	if n := len(number); n > 0 {
		switch number[n-1] {
		case 'K', 'k':
			unit = 1 << 10
		case 'M', 'm':
			unit = 1 << 20
		case 'G', 'g':
			unit = 1 << 30
		}
		if unit > 1 {
			number = number[:n-1]
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<40/unit {
		return wrong("%q is not a size: write a number of bytes, or one with K, M or G behind it, such as 10M", text)
	}
	if n*unit < minSize {
		return wrong("%q is too small for a file: give 4K at least", text)
	}
	*s = Size(n * unit)
	return nil
}
