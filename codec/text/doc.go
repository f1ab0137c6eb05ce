// Package text prepares text for readers that must not get it as it is.
//
// There are two such readers, and one function for each:
//
//   - A terminal executes some of what is printed on it. Names, messages and
//     error texts come from the network, so a client passes them through
//     [Visible] before it prints them.
//   - A legacy peer reads ASCII only; several implementations end on the first
//     byte above 0x7f. [Transliterate] says the same in ASCII, as far as that
//     can be done, and shows where it cannot.
//
// Both are pure functions, safe for concurrent use, and take any bytes,
// whether they are UTF-8 or not. Their running time and their output are
// linear in the length of the input.
package text
