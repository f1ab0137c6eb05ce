// Package broken makes captures of conversations in which one daemon has one fault: ours, with a mistake in its rule table or
// in what it writes, in virtual time. Each says which rule it breaks, so that whoever explains captures can be examined.
package broken
