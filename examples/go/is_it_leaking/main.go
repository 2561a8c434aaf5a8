// Is a recorded series leaking? Usage: is_it_leaking < memory.csv (columns t,ws)
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
	trend, err := series.Analyze(leakdiag.WithLimit(20 << 20))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.0f bytes/s, limit in %.0f s\n", trend.Verdict(), trend.SlopeBytesPerS(),
		trend.TTLS())
}
