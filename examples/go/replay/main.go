// Judge a capture again. Usage: replay FILE
package main

import (
	"fmt"
	"log"
	"os"

	"leakdiag.example/leakdiag"
)

func main() {
	diagnosis, err := leakdiag.Replay(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	made, err := diagnosis.ToJSON()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(made)
	os.Exit(diagnosis.ExitCode())
}
