// Look at a process until memory can be judged. Usage: until_verdict PID [TIME_SCALE]
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"leakdiag.example/leakdiag"
)

func main() {
	set := []string{"pid=" + os.Args[1]}
	if len(os.Args) > 2 {
		set = append(set, "time_scale="+os.Args[2])
	}
	scenario, err := leakdiag.BuiltinScenario("any-workload", leakdiag.WithSet(set...))
	if err != nil {
		log.Fatal(err)
	}
	session, err := leakdiag.NewSession(scenario)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop() // with Ctrl-C the watch returns what it knows
	_, diagnosis, err := session.Watch(ctx, leakdiag.WithUntilDecided())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(diagnosis.Summary())
	os.Exit(diagnosis.ExitCode())
}
