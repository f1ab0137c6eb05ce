// Package rules holds conversations against the specification, as far as packets show them: it knows no program's inside, and
// both sides may be anybody's. Each rule is a sentence of the specification with a small check.
//
// What is fair. A side is judged by what it sends itself, compared with what it must have known. The network may lose, double
// and reorder, and a capture may have been made at either side, so that what is missing may have been lost, and what looks
// like an answer to the wrong thing may be a late one to something earlier. Where that is possible a finding is Unsure, unless
// Options.Lossless excludes it; what is answered in the end is not found at all. The rules that bind native peers only ("ours"
// in PROTOCOL.md) are applied once both sides have announced themselves.
//
// What follows from an earlier finding in the same conversation is listed below it, as its consequence: a rule says which
// others it explains.
package rules
