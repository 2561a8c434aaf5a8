// Count patterns in a log. Usage: kubectl logs ... | count_logs
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"leakdiag.example/leakdiag"
)

func main() {
	patterns, err := leakdiag.NewPatterns(
		leakdiag.Pattern{Name: "orders", Text: "order placed", IgnoreCase: true},
		leakdiag.Pattern{Name: "queued", Text: `Done with #(\d+) messages`, Regex: true})
	if err != nil {
		log.Fatal(err)
	}
	scan, err := patterns.NewScan()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(scan, os.Stdin); err != nil {
		log.Fatal(err)
	}
	if err := scan.Finish(); err != nil {
		log.Fatal(err)
	}
	for i, name := range patterns.Names() {
		fmt.Printf("%s: %d\n", name, scan.Count(i))
	}
}
