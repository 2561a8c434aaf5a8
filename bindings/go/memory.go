package leakdiag

import "leakdiag.example/leakdiag/internal/capi"

// Memory is one sample of a local process or cgroup.
type Memory struct{ *object }

// MemoryOfProcess is the memory of a process, as Kubernetes counts it where it has a cgroup of its
// own.
func MemoryOfProcess(pid int, options ...Option) (*Memory, error) {
	return memoryOf(options, func(root string, handle *uintptr, e *capi.ErrorDetail) int {
		return capi.Memory_of_process(int64(pid), root, handle, e)
	})
}

// MemoryOfCgroup is the memory of a cgroup and of those below it.
func MemoryOfCgroup(path string, options ...Option) (*Memory, error) {
	return memoryOf(options, func(root string, handle *uintptr, e *capi.ErrorDetail) int {
		return capi.Memory_of_cgroup(path, root, handle, e)
	})
}

func memoryOf(options []Option, ask func(string, *uintptr, *capi.ErrorDetail) int) (*Memory, error) {
	s, err := collect("memory", options, "WithRoot")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("memory", func(e *capi.ErrorDetail) int { return ask(s.root, &handle, e) })
	if err != nil {
		return nil, err
	}
	return &Memory{newObject(handle, capi.Memory_free, nil)}, nil
}

// TimeMs is when it was read, Unix ms.
func (m *Memory) TimeMs() int64 { return read(m.object, capi.Memory_time_ms) }

// WorkingSetBytes is what Kubernetes calls working set.
func (m *Memory) WorkingSetBytes() float64 { return read(m.object, capi.Memory_working_set_bytes) }

// UsageBytes is usage with all of the page cache; NaN when only a process is seen.
func (m *Memory) UsageBytes() float64 { return read(m.object, capi.Memory_usage_bytes) }

// AnonymousBytes is anonymous memory, or NaN.
func (m *Memory) AnonymousBytes() float64 { return read(m.object, capi.Memory_anonymous_bytes) }

// HasLimit is 1 when there is a limit, 0 when there is none, -1 when not known.
func (m *Memory) HasLimit() int { return read(m.object, capi.Memory_has_limit) }

// LimitBytes is the limit that holds; NaN when there is none or it is not known.
func (m *Memory) LimitBytes() float64 { return read(m.object, capi.Memory_limit_bytes) }

// OOMKills are those in this cgroup since it was made; -1 when not known.
func (m *Memory) OOMKills() int64 { return read(m.object, capi.Memory_oom_kills) }

// StartedMs is the start of the (oldest) process, Unix ms; 0 when not known.
func (m *Memory) StartedMs() int64 { return read(m.object, capi.Memory_started_ms) }

// PID is the (oldest) process; 0 when none is left.
func (m *Memory) PID() int { return int(read(m.object, capi.Memory_pid)) }

// ProcessCount is the number of processes in it; -1 when not known.
func (m *Memory) ProcessCount() int64 { return read(m.object, capi.Memory_process_count) }

// Kind is "cgroup-v1", "cgroup-v2" or "process".
func (m *Memory) Kind() string { return text(m.object, capi.Memory_kind) }

// Cgroup is the folder of the cgroup; "" for a process.
func (m *Memory) Cgroup() string { return text(m.object, capi.Memory_cgroup) }

// Detail says why the numbers are those of the process alone; else "".
func (m *Memory) Detail() string { return text(m.object, capi.Memory_detail) }

// HasEnvironment says whether the environment could be read.
func (m *Memory) HasEnvironment() bool { return read(m.object, capi.Memory_has_environment) != 0 }

// Environment is a variable of the process and whether it is set; of a few names only, see
// leakdiag/memory.h.
func (m *Memory) Environment(name string) (string, bool) {
	return optional(m.object, func(handle uintptr) *byte {
		return capi.Memory_environment(handle, name)
	})
}

// ToJSON is the sample as the C library and the command write it.
func (m *Memory) ToJSON() (string, error) { return toJSON(m.object, "memory", capi.Memory_to_json) }

// MarshalJSON is ToJSON.
func (m *Memory) MarshalJSON() ([]byte, error) { return raw(m.ToJSON()) }
