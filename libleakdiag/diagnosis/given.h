/* Made-up facts of an embedded test, as an observation. */
#ifndef LD_DIAGNOSIS_GIVEN_H
#define LD_DIAGNOSIS_GIVEN_H

#include "diagnosis/diagnosis.h"

leakdiag_status ld_given_observation(const leakdiag_scenario *scenario,
                                     const ld_scenario_test *test, leakdiag_observation **ret,
                                     leakdiag_error *err);

#endif
