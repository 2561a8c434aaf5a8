/* The same question by hand, for a finding that rests on a pod which the scenario cannot name. */
#ifndef LD_DIAGNOSIS_BY_HAND_H
#define LD_DIAGNOSIS_BY_HAND_H

#include "diagnosis/diagnosis.h"

/* Fills answer->command when it rests on an object of a cluster, and the scenario has no command
 * for clusters. */
void ld_by_hand(ld_answer *answer);
/* That, or else the scenario's; "" for none. */
const char *ld_command_of(const ld_answer *answer);

#endif
