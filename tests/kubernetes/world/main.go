// Command world is what the tests' cluster needs beside Kubernetes itself, in one static program:
// the first argument chooses. Standard library only, so that it builds in seconds.
package main

import (
	"fmt"
	"os"
)

var commands = map[string]func(arguments []string) error{
	"pki":      makePKI,
	"network":  runNetwork,
	"relay":    runRelay,
	"frontend": runFrontend,
}

func main() {
	if len(os.Args) > 1 {
		if command, ok := commands[os.Args[1]]; ok {
			if err := command(os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "world %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: world pki|network|relay|frontend [flags]")
	os.Exit(2)
}
