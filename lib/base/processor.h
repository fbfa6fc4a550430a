/* SPDX-License-Identifier: MIT */
/* processor.h -- the instruction set of this processor, among those that inner loops are compiled
 * for.
 */
#ifndef SGNS_PROCESSOR_H
#define SGNS_PROCESSOR_H

/* Each includes the ones before it. */
enum processor { PROCESSOR_PLAIN, PROCESSOR_AVX2, PROCESSOR_AVX512 };

/* The best that this processor supports. AVX2 means with FMA; AVX512 means F, VL, DQ and BW. */
enum processor processor_best(void);

#endif
