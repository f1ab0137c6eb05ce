package main

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the output that the scripts expect")

// TestMain makes this binary the program that the tests start.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"simplab": main})
}

// TestScripts runs the stories under testdata/script/simplab. Beside testscript's own commands they have
//
//	exits STATUS PROGRAM ARGS...   runs a program to its end
//
// and, for captures, head and snap (replay_script_test.go); in $TRACES the folder of the recordings, in $RECORDINGS that of what
// belongs to replays, in $RECORDS that of what simpd has recorded, in $BROKEN that of conversations with a fault. [root] is true for whoever may read everything.
func TestScripts(t *testing.T) {
	traces, recordings, records := absolute(t, "../../testdata/traces"), absolute(t, replayDir), absolute(t, "../../testdata/records")
	broken := absolute(t, "../../testdata/broken")
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			env.Setenv("TRACES", traces)
			env.Setenv("RECORDINGS", recordings)
			env.Setenv("RECORDS", records)
			env.Setenv("BROKEN", broken)
			return nil
		},
		Dir:                 "../../testdata/script/simplab",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "head": head, "snap": snap},
		Condition:           func(name string) (bool, error) { return name == "root" && os.Geteuid() == 0, nil },
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARGS...")
	}
	got := "0"
	err := ts.Exec(args[1], args[2:]...)
	if exit, is := err.(interface{ ExitCode() int }); is {
		got = fmt.Sprint(exit.ExitCode())
	} else {
		ts.Check(err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}
