package flags

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestParse(t *testing.T) {
	program := Program{Name: "example", Description: "Do something.\n\nAnd then something else."}
	for _, test := range []struct {
		name, args     string
		env            string // the value of EXAMPLE_PORT
		status         int
		stdout, stderr string // stderr whole, stdout a part
	}{
		{name: "all is well", args: "--port=1 127.0.0.1"},
		{name: "the last one counts", args: "--port=x --port=1", status: StatusUsage,
			stderr: "example: --port: a port is a number from 1 to 65535, or 0 for any free one, not \"x\"\n"},
		{name: "help", args: "--help", stdout: "Usage: example [<IP>] [flags]"},
		{name: "version", args: "--version", stdout: "example devel\n"},
		{name: "unknown flag", args: "--prot=1", status: StatusUsage,
			stderr: "example: unknown flag --prot, did you mean \"--port\"? (see \"example --help\")\n"},
		{name: "no value", args: "--port", status: StatusUsage, stderr: "example: --port needs a value (see \"example --help\")\n"},
		{name: "too many", args: "127.0.0.1 127.0.0.2", status: StatusUsage,
			stderr: "example: unexpected argument 127.0.0.2 (see \"example --help\")\n"},
		{name: "an argument that is wrong", args: "0.0.0.0", status: StatusUsage,
			stderr: "example: no daemon can run at 0.0.0.0, since it stands for every address of a host, not for one: give one address of this host, such as 127.0.0.1\n"},
		{name: "a variable that is wrong", env: "many", status: StatusUsage,
			stderr: "example: --port: a port is a number from 1 to 65535, or 0 for any free one, not \"many\" (from the environment: EXAMPLE_PORT=\"many\")\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var grammar struct {
				IP      Address `arg:"" optional:"" name:"IP"`
				Port    Port    `env:"EXAMPLE_PORT" default:"7"`
				Version kong.VersionFlag
			}
			if test.env != "" {
				t.Setenv("EXAMPLE_PORT", test.env)
			}
			var stdout, stderr bytes.Buffer
			ctx, status := program.Parse(&grammar, strings.Fields(test.args), &stdout, &stderr)
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if goOn := test.stdout == "" && test.stderr == ""; goOn != (ctx != nil) {
				t.Errorf("the program goes on: %t, want %t", ctx != nil, goOn)
			}
			if got := stderr.String(); got != test.stderr {
				t.Errorf("errors:\n%swant:\n%s", got, test.stderr)
			}
			if got := stdout.String(); !strings.Contains(got, test.stdout) || test.stdout == "" && got != "" {
				t.Errorf("output:\n%swant:\n%s", got, test.stdout)
			}
		})
	}
}
