package codec_test

import (
	"fmt"

	"simp/codec"
)

// A message is encoded, sent and understood.
func Example() {
	sent, err := codec.Canonical.Append(nil, codec.Datagram{
		Kind:    codec.CHAT,
		Seq:     1,
		User:    []byte("alice"),
		Payload: []byte("hello"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	received, notes, err := codec.Decode(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(received)
	fmt.Println(len(sent), "bytes, notes:", notes == 0)
	// Output:
	// CHAT seq=1 user="alice" len=5 "hello"
	// 44 bytes, notes: true
}

// What a peer should not have sent is understood all the same, and named.
func ExampleDecode() {
	datagram := make([]byte, codec.HeaderLen)
	datagram[0], datagram[1], datagram[2] = 0x01, 0x08, 0x07
	copy(datagram[3:], "bob\x00junk")

	received, notes, err := codec.Decode(datagram)
	fmt.Println(received, err)
	for note := range notes.All() {
		fmt.Println(note)
	}

	_, _, err = codec.Decode(datagram[:7])
	fmt.Println(codec.ErrorName(err))
	// Output:
	// FIN seq=7 user="bob" <nil>
	// seq-above-1
	// user-after-nul
	// short
}
