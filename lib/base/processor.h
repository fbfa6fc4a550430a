/* SPDX-License-Identifier: MIT */
/* processor.h -- which of the instruction sets that inner loops are compiled for this one has.
 */
#ifndef SGNS_PROCESSOR_H
#define SGNS_PROCESSOR_H

/* Each has those before it. */
enum processor { PROCESSOR_PLAIN, PROCESSOR_AVX2, PROCESSOR_AVX512 };

/* The last of them that it has: AVX2 with FMA; AVX-512 with F, VL, DQ and BW. */
enum processor processor_best(void);

#endif
