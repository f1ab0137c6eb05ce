package wireshark

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed lua/*.lua
var parts embed.FS

// head is what the file says of itself.
const head = `-- A dissector of SIMP, the Simple IMC Messaging Protocol, for Wireshark and tshark.
--
-- Written by "simplab wireshark"; do not change it, write it again. The tables below come from the program itself.
--
-- Put it into Wireshark's folder for Lua plugins ("simplab wireshark --where" says which that is), and choose
-- Analyze > Reload Lua Plugins, or: tshark -X lua_script:simp.lua -r FILE
--
-- It dissects what goes over three ports: UDP 7777 (daemons among each other), TCP 7778 (a client and its daemon) and
-- UDP 7778 (clients of other implementations). To filter: simp.kind == "SYN", simp.user == "alice", simp.remark.short.

`

// Dissector returns the text of the dissector.
func Dissector() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(tables())
	files, err := fs.Glob(parts, "lua/*.lua") // in the order of their names, which begin with a number
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range files {
		text, err := parts.ReadFile(name)
		if err != nil {
			panic(err) // it was just listed
		}
		b.WriteByte('\n')
		b.Write(text)
	}
	return b.String()
}
