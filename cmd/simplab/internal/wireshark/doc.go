// Package wireshark writes a dissector of SIMP for Wireshark and tshark, in Lua.
//
// What depends on the protocol's numbers and words is not in the Lua files of this package: it is written in front of
// them from the tables of codec, codec/client and codec/client/legacy (tables.go). So a field, a kind, a word or a note
// that is added there is dissected without a change here; a test sends all that the codec can read through tshark and
// compares.
package wireshark
