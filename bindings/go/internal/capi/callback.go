package capi

/*
#include <stdint.h>
*/
import "C"

import "runtime/cgo"

// Look is what a watch calls after each look. It may neither panic nor keep the diagnosis.
type Look func(diagnosis uintptr) (stop bool)

//export ldGoOnLook
func ldGoOnLook(diagnosis, token C.uintptr_t) C.int {
	look, ok := cgo.Handle(token).Value().(Look)
	if !ok || look(uintptr(diagnosis)) {
		return 1
	}
	return 0
}
