// Hold a series against an expected curve. Usage: on_time 0m=8Mi,20m=20Mi < memory.csv
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"leakdiag.example/leakdiag"
)

func main() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	series, err := leakdiag.SeriesFromCSV(data)
	if err != nil {
		log.Fatal(err)
	}
	curve, err := leakdiag.ParseTimeline(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	comparison, err := curve.Compare(series)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %.2f times the time\n", comparison.Finding(), comparison.FittedTimeRatio())
}
