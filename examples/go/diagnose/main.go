// Judge a workload by a scenario, once. Usage: diagnose SCENARIO [name=value...]
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"leakdiag.example/leakdiag"
)

func main() {
	scenario, err := leakdiag.LoadScenario(os.Args[1], leakdiag.WithSet(os.Args[2:]...))
	if err != nil {
		log.Fatal(err)
	}
	session, err := leakdiag.NewSession(scenario)
	if err != nil {
		log.Fatal(err)
	}
	_, diagnosis, err := session.Watch(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	report, err := diagnosis.Report(leakdiag.FormatText)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	for _, cause := range diagnosis.Causes() {
		fmt.Printf("%s: %s; %s\n", cause.Confidence, cause.Title, cause.Fix)
	}
	os.Exit(diagnosis.ExitCode())
}
