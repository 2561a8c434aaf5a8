// Memory of the pods of a Deployment. Usage: pod_memory NAMESPACE NAME
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"leakdiag.example/leakdiag"
)

func main() {
	cluster, err := leakdiag.OpenCluster(leakdiag.WithNamespace(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()
	pods, err := leakdiag.ReadPods(context.Background(), cluster, "deploy/"+os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	defer pods.Close()
	for _, row := range pods.Containers() {
		fmt.Printf("%s/%s: %.0f of %.0f bytes %s\n", row.Pod, row.Container, row.WorkingSetBytes,
			row.LimitBytes, row.NoSample)
	}
}
