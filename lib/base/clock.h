/* SPDX-License-Identifier: MIT */
/* clock.h -- a monotonic clock for measuring durations. */
#ifndef SGNS_CLOCK_H
#define SGNS_CLOCK_H

/* Seconds since an arbitrary moment; never decreases. */
double clock_seconds(void);

#endif
