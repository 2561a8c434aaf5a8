// Package capi is the C library as SWIG makes it (capi.go and capi_wrap.c; bindings/swig/regenerate
// makes them again), and the little by hand that they need. It is private: package leakdiag is made
// of it.
package capi

/*
#cgo pkg-config: leakdiag
#cgo CFLAGS: -Wno-unused-function -Wno-unused-parameter
#include <leakdiag.h>

// What is committed was made from the headers of this version. Another minor version may lack
// functions or mean others.
#if LEAKDIAG_VERSION_MAJOR != 0 || LEAKDIAG_VERSION_MINOR != 1
#error "this Go package is for libleakdiag 0.1; install that version, or the package of yours"
#endif
*/
import "C"

//go:generate ../../../swig/regenerate
