/* SPDX-License-Identifier: MIT */
/* For AFL++ (AFL_CUSTOM_MUTATOR_LIBRARY): AFL++ mutates a control byte and records, like the
 * inputs of the libFuzzer targets. Before a program gets them, they are converted to a
 * compressed stream of the kind in SGNS_KIND (1 to 4) with a correct END. */
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "fuzz.h"

void *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(void *data);
size_t afl_custom_post_process(void *data, unsigned char *input, size_t size,
                               unsigned char **output);

void fuzz_fail(const char *condition, const char *file, int line, const struct error *err)
{
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, condition, err ? err->text : "");
    abort();
}

struct sealer {
    enum stream_kind kind;
    ZSTD_CCtx *zstd;
    void *stream;
    size_t capacity;
};

void *afl_custom_init(void *afl, unsigned seed)
{
    (void)afl, (void)seed;
    const char *kind = getenv("SGNS_KIND");
    struct sealer *s = calloc(1, sizeof *s);
    if (!s || !kind)
        return NULL;
    s->kind = (enum stream_kind)atoi(kind);
    s->zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
    return s;
}

void afl_custom_deinit(void *data)
{
    struct sealer *s = data;
    ZSTD_freeCCtx(s->zstd);
    free(s->stream);
    free(s);
}

size_t afl_custom_post_process(void *data, unsigned char *input, size_t size,
                               unsigned char **output)
{
    struct sealer *s = data;
    const struct payload *p = payload_of(s->kind, input, size);
    size_t bound = ZSTD_compressBound(p->bytes.size);
    if (bound > s->capacity) {
        free(s->stream);
        s->stream = malloc(bound);
        s->capacity = s->stream ? bound : 0;
    }
    size_t n = s->stream
                   ? ZSTD_compress2(s->zstd, s->stream, s->capacity, p->bytes.data, p->bytes.size)
                   : 0;
    if (!s->stream || ZSTD_isError(n))
        return 0;
    *output = s->stream;
    return n;
}
