package main

import (
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/gopacket/gopacket/pcapgo"
	"github.com/rogpeppe/go-internal/testscript"
)

// head copies the first bytes of a file, as of one that breaks off:
//
//	head BYTES FROM TO
func head(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: head BYTES FROM TO")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(ts.ReadFile(args[1])[:n]), 0o600))
}

// snap copies a capture in which of one packet only the first bytes were captured:
//
//	snap PACKET BYTES FROM TO
func snap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: snap PACKET BYTES FROM TO")
	}
	which, err := strconv.Atoi(args[0])
	ts.Check(err)
	length, err := strconv.Atoi(args[1])
	ts.Check(err)
	from, err := os.Open(ts.MkAbs(args[2]))
	ts.Check(err)
	defer func() { _ = from.Close() }()
	to, err := os.Create(ts.MkAbs(args[3]))
	ts.Check(err)
	defer func() { _ = to.Close() }()
	r, err := pcapgo.NewReader(from)
	ts.Check(err)
	w := pcapgo.NewWriterNanos(to)
	ts.Check(w.WriteFileHeader(r.Snaplen(), r.LinkType()))
	for n := 1; ; n++ {
		frame, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return
		}
		ts.Check(err)
		if n == which {
			frame = frame[:length]
			info.CaptureLength = length
		}
		ts.Check(w.WritePacket(info, frame))
	}
}
