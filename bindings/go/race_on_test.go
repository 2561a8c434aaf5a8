//go:build race

package leakdiag_test

const raceEnabled = true
