/* A world behind real sockets and files. */
#ifndef LIVE_H
#define LIVE_H

#include "world/world.h"

/* The looks before the last are decoded as history; the last one is a session's, over loopback and
 * a temporary folder, at the time of now. */
leakdiag_observation *live_observe(const world *w, leakdiag_scenario **ret_scenario);

#endif
