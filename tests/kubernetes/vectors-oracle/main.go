// What Go and Kubernetes themselves make of quantities, times, durations and label selectors. Writes
// the committed vectors in tests/fixtures/vectors; the seed is fixed, so every run writes the same.
//
//	cd tests/kubernetes && go run ./vectors-oracle ../fixtures/vectors
package main

import (
	"bufio"
	"fmt"
	"math/big"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

var random = rand.New(rand.NewSource(20261123))

func pick(list ...string) string { return list[random.Intn(len(list))] }

func digits(most int) string {
	text := ""
	for n := random.Intn(most + 1); n > 0; n-- {
		text += fmt.Sprint(random.Intn(10))
	}
	return text
}

// One byte less, more or other.
func mutate(text, bytes string) string {
	if text == "" {
		return text
	}
	at, c := random.Intn(len(text)), string(bytes[random.Intn(len(bytes))])
	switch random.Intn(3) {
	case 0:
		return text[:at] + text[at+1:]
	case 1:
		return text[:at] + c + text[at:]
	}
	return text[:at] + c + text[at+1:]
}

// --- quantities ---

var number = regexp.MustCompile(`^([+-]?)([0-9]*)(?:\.([0-9]*))?(.*)$`)

var powers = map[string]int64{"k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "": 0, "m": -3, "u": -6, "n": -9}

func scale(suffix string) *big.Rat {
	ten := func(exponent int64) *big.Rat {
		whole := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(exponent, -exponent)), nil)
		if exponent < 0 {
			return new(big.Rat).SetFrac(big.NewInt(1), whole)
		}
		return new(big.Rat).SetInt(whole)
	}
	if at := strings.Index("KiMiGiTiPiEi", suffix); len(suffix) == 2 && at >= 0 && at%2 == 0 {
		return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(10*(at/2+1))))
	}
	if exponent, known := powers[suffix]; known {
		return ten(exponent)
	}
	var exponent int64
	if _, err := fmt.Sscanf(suffix[1:], "%d", &exponent); err != nil {
		panic(suffix)
	}
	return ten(exponent)
}

// The exact value, rounded up; "-" when there is no digit, else "negative", or "beyond" what 64 bits hold.
func exact(text string) string {
	parts := number.FindStringSubmatch(text)
	if parts[2]+parts[3] == "" {
		return "-"
	}
	value, _ := new(big.Rat).SetString(parts[1] + "0" + parts[2] + "." + parts[3] + "0")
	value.Mul(value, scale(parts[4]))
	whole, rest := new(big.Int).DivMod(value.Num(), value.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if value.Sign() < 0 {
		return "negative"
	}
	if !whole.IsInt64() {
		return "beyond"
	}
	return whole.String()
}

func quantity() string {
	text := pick("", "", "", "", "+", "-") + digits(pick2(3, 19))
	if random.Intn(3) == 0 {
		text += "." + digits(pick2(2, 9))
	}
	switch random.Intn(4) {
	case 0:
		text += pick("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
	case 1:
		text += pick("k", "M", "G", "T", "P", "E", "m", "u", "n")
	case 2:
		text += pick("e", "E") + pick("", "+", "-") + fmt.Sprint(random.Intn(16))
	}
	if random.Intn(5) == 0 {
		text = mutate(text, "0129.eEKMGikmun+- x")
	}
	return text
}

func pick2(a, b int) int {
	if random.Intn(2) == 0 {
		return a
	}
	return b
}

var edgeQuantities = []string{"9223372036854775807", "9223372036854775808", "12E", "1e400", "Ki", "8Ei", "7Ei",
	"9007199254740993", "20M", "20Mi", "20mi", "0.5", "20971520000m", "", "0", "-0", "+0", "-1", ".", "1.", ".5", "5e",
	"5e+", "1e3", "1E3", "1E", "1e-3", "1e-9", "1n", "1u", "1m", "999999999n", "1000000001n", "0.1Ki", "1.5Gi",
	"12E6", "1ki", "1K", "1mI", "1 Ki", " 1", "1 ", "0x10", "1e0x", "1_000", "１", "NaN", "Inf", "1e", "--1", "+-1",
	"1.1.1", "i", "m", "E", "e5", "00020Mi", "1Ei", "1P", "1Pi"}

func writeQuantities(out *bufio.Writer) {
	for i := 0; i < 2000; i++ {
		text := ""
		if i < len(edgeQuantities) {
			text = edgeQuantities[i]
		} else {
			text = quantity()
		}
		q, err := resource.ParseQuantity(text)
		if err != nil {
			fmt.Fprintf(out, "%s\terror\t-\n", text)
			continue
		}
		fmt.Fprintf(out, "%s\t%d\t%s\n", text, q.Value(), exact(text))
	}
}

// --- times ---

func instant() string {
	t := time.Unix(random.Int63n(253402300799+62135596800)-62135596800, random.Int63n(1000000000))
	if random.Intn(2) == 0 {
		t = time.Unix(1600000000+random.Int63n(500000000), random.Int63n(1000000000))
	}
	minutes := 0
	if random.Intn(2) == 0 {
		minutes = random.Intn(2*23*60) - 23*60
	}
	t = t.In(time.FixedZone("", minutes*60))
	text := t.Format(pick(time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00"))
	if random.Intn(3) == 0 {
		text = mutate(text, "0123456789-:.TZ+tz ,x")
	}
	return text
}

var edgeTimes = []string{"0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
	"10000-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2038-01-19T03:14:08Z",
	"2106-02-07T06:28:16Z", "2000-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
	"2024-02-29T12:00:00+14:00", "2023-02-29T12:00:00Z", "2024-04-31T00:00:00Z", "2024-13-01T00:00:00Z",
	"2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T23:60:00Z",
	"2016-12-31T23:59:60Z", "2016-12-31T23:59:61Z", "2024-01-01T00:00:00", "2024-01-01", "",
	"2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+23:59", "2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00+00:60",
	"2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567891234Z", "2024-01-01T00:00:00z", "2024-01-01t00:00:00Z",
	"2024-01-01 00:00:00Z", "2024-01-01T00:00:00,5Z", "2024-01-01T0:00:00Z", "2024-01-01T00:00:00+0100",
	"2024-01-01T00:00:00+01", "2024-01-01T00:00:00UTC", "2026-11-23T13:19:41.301250225Z",
	"2026-11-23T14:19:41.301250225+01:00", "-001-01-01T00:00:00Z", "2024-1-01T00:00:00Z"}

func writeTimes(out *bufio.Writer) {
	for i := 0; i < 2000; i++ {
		text := ""
		if i < len(edgeTimes) {
			text = edgeTimes[i]
		} else {
			text = instant()
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			fmt.Fprintf(out, "%s\terror\n", text)
			continue
		}
		ms := t.Unix()*1000 + int64(t.Nanosecond())/1000000
		fmt.Fprintf(out, "%s\t%d\n", text, ms)
	}
}

// --- durations: what Go writes for so many milliseconds ---

func writeDurations(out *bufio.Writer) {
	edges := []int64{0, 1, 999, 1000, 9998, 10006, 15021, 60000, 60500, 3599999, 3600000, 86400000, 3155760000000}
	for i := 0; i < 500; i++ {
		ms := random.Int63n(int64(1) << (1 + random.Intn(41)))
		if i < len(edges) {
			ms = edges[i]
		}
		fmt.Fprintf(out, "%s\t%d\n", time.Duration(ms)*time.Millisecond, ms)
	}
}

// --- selectors ---

func requirement() string {
	key := pick("a", "app", "x.io/a", "A_b.c", "in", "a/b/c", "-a", "")
	if random.Intn(4) > 0 {
		key = pick("a", "app", "x.io/a", "A_b.c")
	}
	value := func() string { return pick("b", "B.c", "1", "", "in", "9-z", "-", "b-") }
	set := "(" + value() + pick("", ","+value(), ", "+value()+" ") + ")"
	space := pick("", "", " ")
	switch random.Intn(6) {
	case 0:
		return key
	case 1:
		return "!" + space + key
	case 2:
		return key + pick(" in ", " notin ", " in", " notin") + set
	case 3:
		return key + space + pick(">", "<") + space + fmt.Sprint(random.Intn(1000)-10)
	}
	return key + space + pick("=", "==", "!=") + space + value()
}

func writeSelectors(out *bufio.Writer) {
	for i := 0; i < 2000; i++ {
		text := requirement()
		for n := random.Intn(3); n > 0; n-- {
			text += pick(",", ",", ", ", " , ") + requirement()
		}
		if random.Intn(3) == 0 {
			text = mutate(text, "ab,=!()<> /.-_")
		}
		verdict := "ok"
		if _, err := labels.Parse(text); err != nil {
			verdict = "error"
		}
		fmt.Fprintf(out, "%s\t%s\n", text, verdict)
	}
}

func write(folder, name string, fill func(*bufio.Writer)) {
	file, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(file)
	fill(out)
	if out.Flush() != nil || file.Close() != nil {
		panic(name)
	}
}

func main() {
	folder := os.Args[1]
	write(folder, "quantities.tsv", writeQuantities)
	write(folder, "times.tsv", writeTimes)
	write(folder, "durations.tsv", writeDurations)
	write(folder, "selectors.tsv", writeSelectors)
}
