package leakdiag

import (
	"context"
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// Flag is one evaluated flag.
type Flag struct{ *object }

func newFlag(handle uintptr) *Flag { return &Flag{newObject(handle, capi.Flag_free, nil)} }

// EvaluateFlag evaluates one flag over OFREP; with a cluster also of a service of it, "flagd:8016". A service that does not answer is a state, no error.
// Without a deadline in the context it waits five seconds.
func EvaluateFlag(ctx context.Context, url, key string, options ...Option) (*Flag, error) {
	var handle uintptr
	err := evaluate(ctx, "flag", options, func(o capi.Flag_options, e *capi.ErrorDetail) int {
		return capi.Flag_evaluate(url, key, o, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return newFlag(handle), nil
}

// EvaluateFlags evaluates all flags of a service over OFREP.
func EvaluateFlags(ctx context.Context, url string, options ...Option) (*Flags, error) {
	var handle uintptr
	err := evaluate(ctx, "flags", options, func(o capi.Flag_options, e *capi.ErrorDetail) int {
		return capi.Flag_evaluate_all(url, o, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Flags{newObject(handle, capi.Flags_free, nil)}, nil
}

func evaluate(ctx context.Context, op string, options []Option,
	ask func(capi.Flag_options, *capi.ErrorDetail) int) error {
	s, err := collect(op, options, "WithContext", "WithBearerToken", "WithAPIKey", "WithCluster",
		"WithNamespace", "WithTransport", "WithLogger")
	if err != nil {
		return err
	}
	contextJSON, err := s.contextJSON(op)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(s)
	return s.asking(ctx, op, func(t token, h hooks, e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewFlag_options()
		defer capi.DeleteFlag_options(o)
		o.SetDeadline_ms(deadlineMs(ctx))
		o.SetContext_json(hold.OptionalText(contextJSON))
		o.SetBearer_token(hold.OptionalText(s.bearerToken))
		o.SetApi_key(hold.OptionalText(s.apiKey))
		o.SetCancel(t.load())
		if s.cluster != nil {
			o.SetCluster(s.cluster.handleOf())
		}
		o.SetNamespace_name(hold.OptionalText(s.namespaceName))
		h.set(o)
		return ask(o, e)
	})
}

// FlagFromFile evaluates offline from the bytes of a flagd file, by flagd's own rules.
func FlagFromFile(data []byte, key string) (*Flag, error) {
	var handle uintptr
	err := call("flag", func(e *capi.ErrorDetail) int {
		return capi.Flag_from_file(data, key, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return newFlag(handle), nil
}

// State is what the answer means.
func (f *Flag) State() FlagState { return FlagState(read(f.object, capi.Flag_get_state)) }

// Key is the key that was asked for.
func (f *Flag) Key() string { return text(f.object, capi.Flag_key) }

// Type is the type of the value.
func (f *Flag) Type() FlagType { return FlagType(read(f.object, capi.Flag_get_type)) }

// Number is the value as a number; booleans are 1 and 0; NaN for others and without a value.
func (f *Flag) Number() float64 { return read(f.object, capi.Flag_number) }

// StringValue is the value if it is a text, and whether it is one.
func (f *Flag) StringValue() (string, bool) {
	return optional(f.object, capi.Flag_string)
}

// ValueJSON is the value as JSON text, "" without one.
func (f *Flag) ValueJSON() string { return text(f.object, capi.Flag_value_json) }

// Variant is the name of the variant, or "".
func (f *Flag) Variant() string { return text(f.object, capi.Flag_variant) }

// Reason is the OFREP reason as it came (STATIC, DEFAULT, …), or "".
func (f *Flag) Reason() string { return text(f.object, capi.Flag_reason) }

// ErrorCode is the OFREP errorCode as it came, or "".
func (f *Flag) ErrorCode() string { return text(f.object, capi.Flag_error_code) }

// Detail says on one line why the state is what it is; "" for a plain value.
func (f *Flag) Detail() string { return text(f.object, capi.Flag_detail) }

// Method is "POST", "GET" or "file": which question was answered.
func (f *Flag) Method() string { return text(f.object, capi.Flag_method) }

// HTTPStatus is that of the answer that decided, or 0.
func (f *Flag) HTTPStatus() int { return read(f.object, capi.Flag_http_status) }

// HasTargeting says whether there are targeting rules that an offline evaluation did not follow.
func (f *Flag) HasTargeting() bool { return read(f.object, capi.Flag_has_targeting) != 0 }

// LatencyMs is the time from the question to the answer; -1 when not measured.
func (f *Flag) LatencyMs() int64 { return read(f.object, capi.Flag_latency_ms) }

// Body is the body that decided, as it came.
func (f *Flag) Body() []byte {
	return read(f.object, func(handle uintptr) []byte {
		var n int64
		body := capi.Flag_body(handle, &n)
		return capi.Bytes(body, n)
	})
}

// ToJSON is the flag as the C library and the command write it.
func (f *Flag) ToJSON() (string, error) { return toJSON(f.object, "flag", capi.Flag_to_json) }

// MarshalJSON is ToJSON.
func (f *Flag) MarshalJSON() ([]byte, error) { return raw(f.ToJSON()) }

// Flags are all flags of a service.
type Flags struct{ *object }

// FlagsFromFile are all flags of a flagd file.
func FlagsFromFile(data []byte) (*Flags, error) {
	var handle uintptr
	err := call("flags", func(e *capi.ErrorDetail) int {
		return capi.Flags_from_file(data, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Flags{newObject(handle, capi.Flags_free, nil)}, nil
}

// State is FlagValue when there is a list, else why there is none.
func (f *Flags) State() FlagState { return FlagState(read(f.object, capi.Flags_state)) }

// Detail says why, when the state is not FlagValue.
func (f *Flags) Detail() string { return text(f.object, capi.Flags_detail) }

// Len is the number of flags.
func (f *Flags) Len() int { return int(read(f.object, capi.Flags_len)) }

// At is the i-th flag, nil beyond the end. It keeps the list alive, but not beyond its Close.
func (f *Flags) At(i int) *Flag {
	handle := readAt(f.object, capi.Flags_at, int64(i))
	if handle == 0 {
		return nil
	}
	return &Flag{newObject(handle, nil, f.object)}
}

// ToJSON is the list as the C library and the command write it.
func (f *Flags) ToJSON() (string, error) { return toJSON(f.object, "flags", capi.Flags_to_json) }

// MarshalJSON is ToJSON.
func (f *Flags) MarshalJSON() ([]byte, error) { return raw(f.ToJSON()) }

// optional calls a getter of a text that may be missing.
func optional(o *object, get func(uintptr) *byte) (string, bool) {
	type found struct {
		text string
		ok   bool
	}
	f := read(o, func(handle uintptr) found {
		text, ok := capi.Optional(get(handle))
		return found{text, ok}
	})
	return f.text, f.ok
}
