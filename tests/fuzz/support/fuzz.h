/* SPDX-License-Identifier: MIT */
/* fuzz.h -- what the fuzz targets share.
 *
 * A target is a file in tests/fuzz with LLVMFuzzerTestOneInput, which returns 0, or fails a
 * `demand`. It is linked with libFuzzer or with replay.c. A new target consists of this file, its
 * seeds in ./seeds, and the inputs kept in corpus/: run `make fuzz TARGETS=name`, then
 * `tests/fuzz/merge build/fuzz name`. Inputs that revealed a bug are added to corpus/ as
 * regression-*, with the fix.
 *
 * The library under test is that of the programs, but the linker redirects some of its calls to
 * wrap.c (--wrap): reads and writes of FUZZ_FD access memory; getrandom always returns the same
 * bytes; zstd's contexts are reused or, if the input is a payload, zstd is bypassed. So
 * mutations affect the readers instead of failing at a checksum, and an execution takes
 * microseconds. / */
#ifndef SGNS_FUZZ_H
#define SGNS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "stream/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts the process unless `condition` holds. */
#define demand(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__, NULL))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line,
                         const struct error *err);

/* The error must be STATUS_INPUT. */
#define demand_refusal(err)                                                                        \
    ((err)->status == STATUS_INPUT ? (void)0 : fuzz_fail("status 3", __FILE__, __LINE__, (err)))
/* `condition` must hold; otherwise prints `err`. */
#define demand_success(condition, err)                                                             \
    ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__, (err)))

/* A descriptor that only exists for the library's calls of read and write. */
enum { FUZZ_FD = 1000000 };

/* The following reads return these bytes, at most `chunk` per call (0: as many as requested).
 * With a chunk some reads are interrupted first. */
void fuzz_input(const uint8_t *data, size_t size, size_t chunk);

/* The same for the payload of a stream, which is returned as if decompressed, in buffers of `chunk`
 * bytes. */
void fuzz_payload(const uint8_t *payload, size_t size, size_t chunk);

/* The bytes written; the memory is reused. */
struct bytes *fuzz_output(void);

/* At the end of an execution: checks that all zstd contexts are freed. */
void fuzz_end(void);

/* A FILE that discards everything. */
struct _IO_FILE *fuzz_sink(void);

/* ---- inputs that are payloads ---- */

/* Such an input is a control byte, followed by records. */
struct payload {
    struct bytes bytes; /* with its preamble */
    size_t chunk;       /* one of 8, selected by the control byte */
    unsigned choice;    /* the control byte's remaining bits, 0 to 15 */
};

/* Creates a payload of this kind with a correct END. Its totals are only corrected if the
 * highest bit of the control byte is set. The memory is reused. */
struct payload *payload_of(enum stream_kind kind, const uint8_t *data, size_t size);

/* Mutates single records of such an input, or the input as a whole. */
size_t payload_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* For a target: mutations record by record. */
#define MUTATE_RECORDS                                                                             \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);    \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)     \
    {                                                                                              \
        return payload_mutate(data, size, max_size, seed);                                         \
    }

#endif
