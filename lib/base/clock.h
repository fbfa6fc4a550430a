/* SPDX-License-Identifier: MIT */
/* clock.h -- time since some moment in the past, for how long things take. */
#ifndef SGNS_CLOCK_H
#define SGNS_CLOCK_H

/* Seconds, on a clock that is never set back. */
double clock_seconds(void);

#endif
