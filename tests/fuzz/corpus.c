/* SPDX-License-Identifier: MIT */
/* Reading a corpus stream. */
#include "stream/corpus.h"
#include "fuzz.h"

MUTATE_RECORDS

static int read_all(struct corpus_reader *in, struct error *err)
{
    size_t count;
    struct corpus_totals seen = {0};
    int got;
    while ((got = corpus_read(in, &count, err)) > 0) {
        demand(count > 0);
        for (size_t i = 0; i < count; i++) {
            bool mark = in->token[i] == SENTENCE_END;
            demand(mark || in->token[i] < in->header.vocab.words.count);
            seen.sentences += mark;
            seen.tokens += !mark;
        }
    }
    demand(got < 0 || (seen.sentences == in->totals.sentences && seen.tokens == in->totals.tokens));
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corpus_reader in;
    struct error err;
    const struct payload *p = payload_of(STREAM_CORPUS, data, size);
    fuzz_payload(p->bytes.data, p->bytes.size, p->chunk);
    if (corpus_reader_open(&in, FUZZ_FD, "input", &err) < 0) {
        demand_refusal(&err);
    } else {
        if (read_all(&in, &err) < 0)
            demand_refusal(&err);
        corpus_reader_close(&in);
    }
    fuzz_end();
    return 0;
}
