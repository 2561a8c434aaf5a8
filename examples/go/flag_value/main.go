// What does a flag evaluate to? Usage: flag_value URL KEY
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"leakdiag.example/leakdiag"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, key := os.Args[1], os.Args[2]
	flag, err := leakdiag.EvaluateFlag(ctx, url, key)
	if err != nil {
		log.Fatal(err)
	}
	defer flag.Close()
	if flag.State() != leakdiag.FlagValue {
		log.Fatalf("%s: %s", flag.State(), flag.Detail())
	}
	fmt.Printf("%s = %s (by %s)\n", key, flag.ValueJSON(), flag.Method())
}
