// Memory of a process, as Kubernetes counts it. Usage: process_memory PID
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"leakdiag.example/leakdiag"
)

func main() {
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	memory, err := leakdiag.MemoryOfProcess(pid)
	if err != nil {
		log.Fatal(err)
	}
	defer memory.Close()
	fmt.Printf("working set %.0f, limit %.0f, by %s\n", memory.WorkingSetBytes(), memory.LimitBytes(),
		memory.Kind())
}
