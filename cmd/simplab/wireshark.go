package main

import (
	"fmt"
	"os"
	"runtime"

	"simp/cmd/simplab/internal/wireshark"
)

type wiresharkCommand struct {
	Out   string `type:"path" xor:"what" placeholder:"FILE" help:"Write it to this file instead of the output (-)."`
	Where bool   `xor:"what" help:"Only say in which folder Wireshark looks for plugins of yours."`
}

// Help is shown below the command's usage.
func (wiresharkCommand) Help() string {
	return "What goes over UDP 7777, UDP 7778 and TCP 7778 is dissected: every field, what native peers say to each other, what clients say, " +
		"and as expert information whatever is not as the specification has it.\n\n" +
		"Put the file into the folder that --where says and restart Wireshark, or read a capture with \"tshark -X lua_script:FILE -r CAPTURE\". " +
		"The folder may have to be made first: it is %APPDATA%\\Wireshark\\plugins on Windows and ~/.local/lib/wireshark/plugins elsewhere, " +
		"and Wireshark shows it under Help > About Wireshark > Folders."
}

// Run writes the dissector.
func (c wiresharkCommand) Run(l lab) error {
	if c.Where {
		folder, err := wireshark.Folder(runtime.GOOS, os.Getenv)
		if err != nil {
			return fmt.Errorf("the folder is not known: %w", err)
		}
		return l.print(folder + "\n")
	}
	if c.Out == "" || c.Out == "-" {
		return l.print(wireshark.Dissector())
	}
	if err := os.WriteFile(c.Out, []byte(wireshark.Dissector()), 0o644); err != nil {
		return fmt.Errorf("the dissector could not be written: %w", err)
	}
	return nil
}
