// Package lab asserts a leak on the lab: with the flag on there is one, with the flag off there is
// none. It takes two minutes, and Locust, which examples/prepare installs.
package lab

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"leakdiag.example/leakdiag/leakdiagtest"
)

// run returns what a command of the folder examples prints.
func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join("..", "..", name), arguments...).Output()
	if err != nil {
		t.Fatal(name, arguments, err)
	}
	return strings.TrimSpace(string(out))
}

// shop is the lab's shop under load by Locust; it is ended with the test.
func shop(t *testing.T, flag string) leakdiagtest.Target {
	t.Helper()
	dir, locust := t.TempDir(), filepath.Join(run(t, "prepare", "venv"), "bin", "locust")
	run(t, "lab/lab.py", "up", "--dir", dir, "--flag", flag, "--locust", locust)
	t.Cleanup(func() { run(t, "lab/lab.py", "down", "--dir", dir) })
	var status struct {
		Shop struct {
			PID    int
			Cgroup string
		}
	}
	if err := json.Unmarshal([]byte(run(t, "lab/lab.py", "status", "--json", "--dir", dir)),
		&status); err != nil {
		t.Fatal(err)
	}
	if status.Shop.Cgroup != "" {
		return leakdiagtest.Cgroup(status.Shop.Cgroup)
	}
	return leakdiagtest.Process(status.Shop.PID)
}

func TestTheFlagMakesALeak(t *testing.T) {
	leakdiagtest.AssertLeaking(t, shop(t, "300"), leakdiagtest.TimeScale(30))
}

func TestWithoutTheFlagThereIsNone(t *testing.T) {
	leakdiagtest.AssertNotLeaking(t, shop(t, "off"), leakdiagtest.TimeScale(30))
}
