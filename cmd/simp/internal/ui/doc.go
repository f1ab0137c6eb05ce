// Package ui is what a person sees and types: the Model takes lines and the daemon's events, and says what to print, what
// to ask of the daemon, and what the prompt is.
//
// Everything that comes from the network is hostile until shown otherwise. It may try to run escape sequences, to look
// like another user's line, like the person's own, or like a notice of this program. So:
//
//   - every remote text goes through text.Visible, which leaves nothing that a terminal would execute;
//   - the lines of a message after its first are indented, also those that only the width of the screen makes, while
//     nothing else begins with a blank;
//   - a name that is more than one plain word, or that is this program's own word for something, is shown in quotes.
//
// Notices begin with "* ", which no unquoted name does.
package ui
