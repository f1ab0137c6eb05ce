package pcap

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// outgoing is the type that the system gives to packets that leave by an interface (PACKET_OUTGOING in packet(7)).
const outgoing = 4

// interfaceSource is an interface whose packets are captured while they come and go.
type interfaceSource struct{ *pcapgo.EthernetHandle }

func (i interfaceSource) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, []string, error) {
	frame, info, err := i.ZeroCopyReadPacketData()
	return frame, info, layers.LinkTypeEthernet, nil, err
}

// OpenInterface captures what comes and goes by an interface, until the Reader is closed, which also ends a call of Next. It needs
// the right to do so: without it the error is [ErrNotPermitted].
func OpenInterface(name string) (*Reader, error) {
	about, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: there are %s", name, ErrNoInterface, strings.Join(interfaces(), ", "))
	}
	probe, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) // the handle's errors do not say why
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return nil, fmt.Errorf("%s: %w", name, ErrNotPermitted)
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be captured: %w", name, err)
	}
	_ = unix.Close(probe)
	h, err := pcapgo.NewEthernetHandle(name)
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be captured: %w", name, err)
	}
	if about.Flags&net.FlagLoopback != 0 {
		if err := onlyIncoming(h); err != nil {
			_ = h.Close()
			return nil, fmt.Errorf("%s: it cannot be captured: %w", name, err)
		}
	}
	return &Reader{source: interfaceSource{h}, file: h}, nil
}

// onlyIncoming leaves out packets that leave: on the loopback interface, each of them comes in again.
func onlyIncoming(h *pcapgo.EthernetHandle) error {
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: outgoing, SkipTrue: 1},
		bpf.RetConstant{Val: snapLen},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return err
	}
	return h.SetBPF(program)
}

func interfaces() []string {
	var names []string
	all, _ := net.Interfaces() // without them there are none to name
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}
