/* SPDX-License-Identifier: MIT */
/* fuzz.h -- what the fuzz targets share.
 *
 * A target is one file of tests/fuzz with LLVMFuzzerTestOneInput, which returns 0, or calls
 * `demand` where something does not hold. It is linked with libFuzzer, or with replay.c. A new one
 * needs nothing but its file, first inputs in ./seeds, and kept ones in corpus/: `make fuzz
 * TARGETS=name`, then `tests/fuzz/merge build/fuzz name`. What it finds goes to corpus/ as
 * regression-*, with its repair.
 *
 * The library under test is the one that the programs have; but of the calls that it makes, the
 * linker sends some here (--wrap): read and write of FUZZ_FD go to memory; getrandom gives always the
 * same; and zstd's contexts are used again, or, where the input is a payload, zstd is passed by. So a
 * mutation reaches the readers instead of a checksum, and an execution takes microseconds.
 */
#ifndef SGNS_FUZZ_H
#define SGNS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "stream/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where `condition` does not hold. */
#define demand(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__, NULL))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line,
                         const struct error *err);

/* What went wrong must have been the input. */
#define demand_refusal(err)                                                                        \
    ((err)->status == STATUS_INPUT ? (void)0 : fuzz_fail("status 3", __FILE__, __LINE__, (err)))
/* `condition` must hold, or `err` tells why not. */
#define demand_success(condition, err)                                                             \
    ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__, (err)))

/* A descriptor that only the library's read and write know. */
enum { FUZZ_FD = 1000000 };

/* The next reads take these bytes, at most `chunk` a call (0: as many as are asked for), some of them
 * after being interrupted. */
void fuzz_input(const uint8_t *data, size_t size, size_t chunk);

/* The same for the payload of a stream, which comes as if decompressed, into buffers of `chunk`
 * bytes. */
void fuzz_payload(const uint8_t *payload, size_t size, size_t chunk);

/* What was written since; the memory is used again. */
struct bytes *fuzz_output(void);

/* At the end of an execution: no context of zstd may be left. */
void fuzz_end(void);

/* A FILE that takes everything, and keeps nothing. */
struct _IO_FILE *fuzz_sink(void);

/* ---- inputs that are payloads ---- */

/* Such an input is a control byte, and then the records. */
struct payload {
    struct bytes bytes; /* with its preamble */
    size_t chunk;       /* of 8, by the control byte */
    unsigned choice;    /* the bits of it that are left, 0 to 15 */
};

/* Makes a payload of this kind, whose END tells the truth: also of the totals where the control
 * byte's highest bit is set. Else these stay as they are. The memory is used again. */
struct payload *payload_of(enum stream_kind kind, const uint8_t *data, size_t size);

/* Mutates the records of such an input, or the whole of it. */
size_t payload_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* In a target: mutations by records. */
#define MUTATE_RECORDS                                                                             \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);    \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)     \
    {                                                                                              \
        return payload_mutate(data, size, max_size, seed);                                         \
    }

#endif
