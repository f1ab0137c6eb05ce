// Package ladder draws conversations as they went over the wire: two lanes with an arrow for each datagram, and a dashed one for
// each that should have come and did not.
//
// What is drawn is a list of rows, which a [Reader] makes of packets. A [Drawing] is told the rows one by one, in the order of the
// capture, and draws them: as text with two lanes, as plain lines, as JSON, as a picture (SVG), in Mermaid's language, or as a page
// in which one can walk through them. What only goes by one row at a time keeps nothing; the others hold what they draw.
//
// States are inferred from the packets (package follow), so nothing here needs a daemon's help.
package ladder
