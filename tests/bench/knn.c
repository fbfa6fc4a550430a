/* SPDX-License-Identifier: MIT */
/* Measures the search for the nearest words of many: knn WORDS DIM K [QUERIES [DEVICE [THREADS]]].
 * Uses random vectors; prints queries per second. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/gpu.h"
#include "base/memory.h"
#include "base/system.h"
#include "oracle.h"
#include "search/knn_create.h"

enum { AT_ONCE = 8192 /* queries per call */ };

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: knn WORDS DIM K [QUERIES [DEVICE [THREADS]]]\n", stderr);
        return 2;
    }
    uint32_t words = (uint32_t)atol(argv[1]), dim = (uint32_t)atol(argv[2]),
             k = (uint32_t)atol(argv[3]), queries = argc > 4 ? (uint32_t)atol(argv[4]) : words;
    struct error err;
    char note[GPU_NOTE];
    size_t n = (size_t)words * dim;
    float *rows = memory_new(n, sizeof *rows, &err);
    uint32_t *word = memory_new(queries, sizeof *word, &err);
    struct knn_query *query = memory_new(queries, sizeof *query, &err);
    struct neighbour *found = memory_new((size_t)AT_ONCE * k, sizeof *found, &err);
    require(rows && word && query && found, &err);
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++)
        rows[i] = (float)draw_between(&state, -0.5, 0.5);
    unsigned threads = argc > 6 ? (unsigned)atol(argv[6]) : system_processors();
    struct knn_config config = {rows, words, dim, queries, k, threads};
    for (uint32_t i = 0; i < queries; i++) {
        word[i] = i;
        query[i] = knn_query_word(&config, &word[i]);
    }
    struct knn *knn = knn_create(argc > 5 ? argv[5] : "cuda", &config, note, &err);
    require(knn, &err);
    uint32_t warm = queries < 1024 ? queries : 1024;
    require(knn->methods->search(knn, query, warm, k, found, &err) == 0, &err);
    double start = clock_seconds();
    for (uint32_t first = 0, count; first < queries; first += count) {
        count = queries - first < AT_ONCE ? queries - first : AT_ONCE;
        require(knn->methods->search(knn, query + first, count, k, found, &err) == 0, &err);
    }
    printf("sgns on %s: %u x %u, k = %u: %.0f queries/s\n", knn->device, (unsigned)words,
           (unsigned)dim, (unsigned)k, queries / (clock_seconds() - start));
    knn->methods->destroy(knn);
    free(rows);
    free(word);
    free(query);
    free(found);
    return 0;
}
