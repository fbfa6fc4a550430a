/* SPDX-License-Identifier: MIT */
/* Nearest words on a GPU: cuBLAS computes the scores of many queries, a kernel selects the best
 * ones.
 *
 * Words and queries are processed in blocks, so that vocabularies of millions of words fit.
 * Scores are float32 dot products of unit vectors. Each query keeps MARGIN more candidates than
 * k, and these are scored again in double precision, so that the answers and their order are
 * those of lib/search/knn_cpu.c. If more than MARGIN words beyond the first k may have, within the
 * rounding of float32, the score of the k-th, as copies of a row have, the candidates depend on the
 * order in which cuBLAS sums; then the CPU answers that query.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <new>
#include <vector>

#include "backends.cuh"
#include "blas.cuh"
#include "check.cuh"
#include "shared.cuh"

extern "C" {
#include "search/knn_cpu.h"
#include "search/scores.h"
}

namespace
{

const unsigned BLOCK = 256, WARP = 32, AT_ONCE = 4; /* scores per thread between barriers */
const uint32_t QUERIES = 1024, WORDS = 1 << 15;     /* in a block of scores */
const uint32_t BUFFER = 2048;                       /* candidates in the buffer of a query */
const uint32_t MARGIN = 8;                          /* candidates beyond k */
const uint32_t K_MAX = BUFFER - AT_ONCE * BLOCK - MARGIN;
const char *const WHAT = "searching";

/* The index of this warp in the grid; the index of a thread can exceed 2^32. */
__device__ uint32_t global_warp()
{
    return blockIdx.x * (BLOCK / WARP) + threadIdx.x / WARP;
}

/* ---- unit vectors ---- */

struct unit_task {
    const float *rows; /* (n, dim): words or queries */
    uint32_t n, dim;
    float *unit;    /* (n, dim) */
    double *square; /* (n) */
};

__device__ double sum_over_warp(double share)
{
    for (unsigned distance = WARP / 2; distance > 0; distance /= 2)
        share += __shfl_xor_sync(0xffffffffu, share, distance);
    return share;
}

/* One warp per row. */
__global__ void make_unit(unit_task t)
{
    uint32_t id = global_warp(), lane = threadIdx.x % WARP;
    if (id >= t.n)
        return;
    const float *row = t.rows + (size_t)id * t.dim;
    double share = 0;
    for (uint32_t i = lane; i < t.dim; i += WARP)
        share += (double)row[i] * row[i];
    double square = sum_over_warp(share), scale = square > 0 ? 1 / sqrt(square) : 0;
    for (uint32_t i = lane; i < t.dim; i += WARP)
        t.unit[(size_t)id * t.dim + i] = (float)(row[i] * scale);
    if (lane == 0)
        t.square[id] = square;
}

/* ---- the best of each query ---- */

/* A candidate as one number that increases with the score and, for equal scores, decreases with
 * the id. Zero means no candidate. */
__device__ uint64_t candidate(float score, uint32_t id)
{
    uint32_t bits = __float_as_uint(score);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (uint64_t)bits << 32 | (uint32_t)~id;
}

__device__ uint32_t candidate_id(uint64_t candidate)
{
    return ~(uint32_t)candidate;
}

struct select_task {
    const float *score;           /* (queries, words of the block) */
    const double *query_square;   /* (queries) */
    const uint32_t *exclude_from; /* (queries + 1) index in `exclude` of each query's first word */
    const uint32_t *exclude;      /* excluded words, query by query */
    const double *square;
    uint32_t first, count; /* the block's words */
    uint32_t keep;
    uint64_t *best; /* (queries, keep), descending; zeros after the last candidate */
};

struct select_shared {
    uint64_t buffer[BUFFER];
    uint32_t used;
};

/* Sorts the buffer in descending order, by a block: a bitonic sorting network. */
__device__ void sort_buffer(uint64_t *buffer)
{
    for (uint32_t size = 2; size <= BUFFER; size *= 2)
        for (uint32_t distance = size / 2; distance > 0; distance /= 2) {
            __syncthreads();
            for (uint32_t i = threadIdx.x; i < BUFFER; i += BLOCK) {
                uint32_t other = i ^ distance;
                bool falling = (i & size) == 0;
                uint64_t a = buffer[i], b = buffer[other];
                if (other > i && (falling ? a < b : a > b)) {
                    buffer[i] = b;
                    buffer[other] = a;
                }
            }
        }
    __syncthreads();
}

/* Moves the `keep` best candidates to the front and drops the others. */
__device__ void shrink(select_shared *s, uint32_t keep)
{
    __syncthreads();
    for (uint32_t i = s->used + threadIdx.x; i < BUFFER; i += BLOCK)
        s->buffer[i] = 0;
    sort_buffer(s->buffer);
    if (threadIdx.x == 0)
        s->used = keep;
    __syncthreads();
}

__device__ bool is_excluded(const select_task &t, uint32_t query, uint32_t id)
{
    for (uint32_t i = t.exclude_from[query]; i < t.exclude_from[query + 1]; i++)
        if (t.exclude[i] == id)
            return true;
    return false;
}

/* One block per query: merges the scores of a block of words into the query's best candidates. */
__global__ void __launch_bounds__(BLOCK) select_best(select_task t)
{
    select_shared *s = shared_memory<select_shared>();
    double square = t.query_square[blockIdx.x];
    const float *score = t.score + (size_t)blockIdx.x * t.count;
    uint64_t *best = t.best + (size_t)blockIdx.x * t.keep;
    for (uint32_t i = threadIdx.x; i < t.keep; i += BLOCK)
        s->buffer[i] = best[i];
    if (threadIdx.x == 0)
        s->used = t.keep;
    __syncthreads();
    uint64_t threshold = s->buffer[t.keep - 1];
    for (uint32_t base = 0; base < t.count; base += AT_ONCE * BLOCK) {
        for (unsigned j = 0; j < AT_ONCE; j++) {
            uint32_t i = base + j * BLOCK + threadIdx.x, id = t.first + i;
            if (i >= t.count)
                continue;
            /* The effect of KNN_EPSILON, which matters for very short vectors. */
            float shorten = rsqrtf(1.0f + (float)(KNN_EPSILON / (t.square[id] * square)));
            uint64_t c = candidate(score[i] * shorten, id);
            if (c > threshold && !is_excluded(t, blockIdx.x, id))
                s->buffer[atomicAdd(&s->used, 1u)] = c;
        }
        __syncthreads();
        bool full = s->used > BUFFER - AT_ONCE * BLOCK;
        __syncthreads();
        if (full) {
            shrink(s, t.keep);
            threshold = s->buffer[t.keep - 1];
            __syncthreads();
        }
    }
    shrink(s, t.keep);
    for (uint32_t i = threadIdx.x; i < t.keep; i += BLOCK)
        best[i] = s->buffer[i];
}

struct rescore_task {
    const float *rows, *query_rows;
    const double *square, *query_square;
    const uint64_t *best;
    uint32_t dim, keep, pairs; /* pairs: queries · keep */
    struct neighbour *found;   /* (pairs) */
};

/* One warp per candidate: computes its cosine in double precision. If there is no candidate, the
 * cosine is −2, less than any other. */
__global__ void rescore(rescore_task t)
{
    uint32_t pair = global_warp(), lane = threadIdx.x % WARP;
    if (pair >= t.pairs)
        return;
    uint32_t query = pair / t.keep, id = candidate_id(t.best[pair]);
    if (t.best[pair] == 0) {
        if (lane == 0)
            t.found[pair] = {NO_WORD, -2.0};
        return;
    }
    const float *a = t.query_rows + (size_t)query * t.dim, *b = t.rows + (size_t)id * t.dim;
    double share = 0;
    for (uint32_t i = lane; i < t.dim; i += WARP)
        share += (double)a[i] * b[i];
    double cosine = sum_over_warp(share) / sqrt(t.square[id] * t.query_square[query] + KNN_EPSILON);
    if (lane == 0)
        t.found[pair] = {id, fmax(-1.0, fmin(1.0, cosine))};
}

/* ---- host ---- */

struct knn_cuda {
    struct knn base;
    struct knn_config config;
    uint32_t words, dim;
    struct knn *on_cpu; /* for queries that float32 cannot decide; NULL before the first of them */
    cudaStream_t stream;
    const struct blas *functions; /* of cuBLAS */
    cublasHandle_t blas;
    device_array<float> rows, unit, query_rows, query_unit, score;
    device_array<double> square, query_square;
    device_array<uint32_t> exclude_from, exclude;
    device_array<uint64_t> best;
    device_array<struct neighbour> found;
};

int blas_check(const knn_cuda *t, cublasStatus_t status, struct error *err)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return 0;
    return error_set(err, STATUS_DEVICE, "GPU: %s: cuBLAS: %s; use --device=cpu", WHAT,
                     t->functions->status_string(status));
}

void destroy(struct knn *knn)
{
    knn_cuda *t = reinterpret_cast<knn_cuda *>(knn);
    t->rows.release();
    t->unit.release();
    t->query_rows.release();
    t->query_unit.release();
    t->score.release();
    t->square.release();
    t->query_square.release();
    t->exclude_from.release();
    t->exclude.release();
    t->best.release();
    t->found.release();
    if (t->on_cpu)
        t->on_cpu->methods->destroy(t->on_cpu);
    if (t->blas)
        t->functions->destroy(t->blas);
    if (t->stream)
        cudaStreamDestroy(t->stream);
    delete t;
}

/* Computes the scores of `n` queries with a block of words, and merges them into the best
 * candidates. */
int merge_block(knn_cuda *t, uint32_t n, uint32_t keep, uint32_t first, uint32_t count,
                struct error *err)
{
    const float one = 1, zero = 0;
    select_task task = {t->score.data,
                        t->query_square.data,
                        t->exclude_from.data,
                        t->exclude.data,
                        t->square.data,
                        first,
                        count,
                        keep,
                        t->best.data};
    void *arguments[] = {&task};
    return blas_check(t,
                      t->functions->sgemm(t->blas, CUBLAS_OP_T, CUBLAS_OP_N, (int)count, (int)n,
                                          (int)t->dim, &one, t->unit.data + (size_t)first * t->dim,
                                          (int)t->dim, t->query_unit.data, (int)t->dim, &zero,
                                          t->score.data, (int)count),
                      err) < 0 ||
                   cuda_check(cudaLaunchKernel(select_best, dim3(n), dim3(BLOCK), arguments,
                                               sizeof(select_shared), t->stream),
                              WHAT, err) < 0
               ? -1
               : 0;
}

/* At most QUERIES queries in host memory: their vectors, one after the other, and the words they
 * exclude. */
struct query_block {
    std::vector<float> rows;
    std::vector<uint32_t> exclude_from, exclude;

    void fill(const struct knn_query *query, uint32_t n, uint32_t dim)
    {
        rows.clear();
        exclude.clear();
        exclude_from.assign(1, 0);
        for (uint32_t i = 0; i < n; i++) {
            rows.insert(rows.end(), query[i].vector, query[i].vector + dim);
            exclude.insert(exclude.end(), query[i].exclude, query[i].exclude + query[i].excluded);
            exclude_from.push_back((uint32_t)exclude.size());
        }
    }
};

template <class T>
int upload(device_array<T> &to, const std::vector<T> &from, cudaStream_t stream, struct error *err)
{
    if (to.reserve(from.size() + 1, "allocating memory for the search", err) < 0)
        return -1;
    return from.empty() ? 0
                        : cuda_check(cudaMemcpyAsync(to.data, from.data(), from.size() * sizeof(T),
                                                     cudaMemcpyHostToDevice, stream),
                                     WHAT, err);
}

/* Stores the `keep` best candidates of each query in `found`, scored in double precision. */
int search_block(knn_cuda *t, const query_block &block, uint32_t keep, struct neighbour *found,
                 struct error *err)
{
    uint32_t n = (uint32_t)block.exclude_from.size() - 1;
    size_t pairs = (size_t)n * keep;
    if (upload(t->query_rows, block.rows, t->stream, err) < 0 ||
        upload(t->exclude_from, block.exclude_from, t->stream, err) < 0 ||
        upload(t->exclude, block.exclude, t->stream, err) < 0)
        return -1;
    unit_task queries = {t->query_rows.data, n, t->dim, t->query_unit.data, t->query_square.data};
    if (cuda_check(cudaMemsetAsync(t->best.data, 0, pairs * sizeof *t->best.data, t->stream), WHAT,
                   err) < 0 ||
        cuda_launch(make_unit, queries, (size_t)n * WARP, t->stream, WHAT, err) < 0)
        return -1;
    for (uint32_t first = 0, count; first < t->words; first += count) {
        count = t->words - first < WORDS ? t->words - first : WORDS;
        if (merge_block(t, n, keep, first, count, err) < 0)
            return -1;
    }
    rescore_task scores = {t->rows.data,   t->query_rows.data,
                           t->square.data, t->query_square.data,
                           t->best.data,   t->dim,
                           keep,           (uint32_t)pairs,
                           t->found.data};
    return cuda_launch(rescore, scores, pairs * WARP, t->stream, WHAT, err) < 0 ||
                   cuda_check(cudaMemcpyAsync(found, t->found.data, pairs * sizeof *found,
                                              cudaMemcpyDeviceToHost, t->stream),
                              WHAT, err) < 0 ||
                   cuda_check(cudaStreamSynchronize(t->stream), WHAT, err) < 0
               ? -1
               : 0;
}

bool is_nearer(const struct neighbour &a, const struct neighbour &b)
{
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id;
}

int reserve_search(knn_cuda *t, uint32_t n, uint32_t keep, struct error *err)
{
    const char *what = "allocating memory for the search";
    uint32_t count = t->words < WORDS ? t->words : WORDS;
    return t->query_square.reserve(n, what, err) < 0 ||
                   t->query_unit.reserve((size_t)n * t->dim, what, err) < 0 ||
                   t->score.reserve((size_t)n * count, what, err) < 0 ||
                   t->best.reserve((size_t)n * keep, what, err) < 0 ||
                   t->found.reserve((size_t)n * keep, what, err) < 0
               ? -1
               : 0;
}

/* Whether a word that is not among the candidates may be one of the k nearest. Such a word has a
 * float32 score of at most that of each candidate (keep, sorted). */
bool is_undecided(const knn_cuda *t, const struct neighbour *candidate, uint32_t keep, uint32_t k)
{
    const struct neighbour &last = candidate[keep - 1], &kth = candidate[k - 1];
    return keep < t->words && last.id != NO_WORD &&
           kth.cosine <= last.cosine + 2 * scores_error(t->dim);
}

/* Answers a query on the CPU. */
int search_on_cpu(knn_cuda *t, const struct knn_query *query, uint32_t k, struct neighbour *found,
                  struct error *err)
{
    if (!t->on_cpu) {
        struct knn_config few = t->config;
        few.queries = 1;
        t->on_cpu = knn_cpu_create(&few, err);
    }
    return t->on_cpu ? t->on_cpu->methods->search(t->on_cpu, query, 1, k, found, err) : -1;
}

int search_all(knn_cuda *t, const struct knn_query *query, uint32_t n, uint32_t k,
               struct neighbour *found, struct error *err)
{
    uint32_t keep = std::min(k + MARGIN, t->words), batch = std::min(n, QUERIES);
    std::vector<struct neighbour> candidates((size_t)batch * keep);
    query_block block;
    if (reserve_search(t, batch, keep, err) < 0)
        return -1;
    for (uint32_t first = 0, count; first < n; first += count) {
        count = std::min(n - first, batch);
        block.fill(query + first, count, t->dim);
        if (search_block(t, block, keep, candidates.data(), err) < 0)
            return -1;
        for (uint32_t i = 0; i < count; i++) {
            struct neighbour *scored = candidates.data() + (size_t)i * keep;
            struct neighbour *answer = found + ((size_t)first + i) * k;
            std::sort(scored, scored + keep, is_nearer);
            std::copy(scored, scored + k, answer);
            if (is_undecided(t, scored, keep, k) &&
                search_on_cpu(t, query + first + i, k, answer, err) < 0)
                return -1;
        }
    }
    return 0;
}

int search(struct knn *knn, const struct knn_query *query, uint32_t n, uint32_t k,
           struct neighbour *found, struct error *err)
{
    try {
        return search_all(reinterpret_cast<knn_cuda *>(knn), query, n, k, found, err);
    } catch (const std::bad_alloc &) {
        return error_set(err, STATUS_FAILED, "out of memory");
    }
}

int check_memory(uint32_t words, uint32_t dim, struct error *err)
{
    double needed = (double)words * (8.0 * dim + sizeof(double));
    return cuda_check_free(needed, "the vectors need", "; use another device, or --device=cpu",
                           err);
}

int create(knn_cuda *t, int device, const struct knn_config *config, struct error *err)
{
    const char *what = "allocating memory for the vectors";
    size_t numbers = (size_t)t->words * t->dim;
    if (config->k > K_MAX)
        return error_set(err, STATUS_DEVICE,
                         "GPU: at most %u neighbours are supported, not %lu; use --device=cpu",
                         (unsigned)K_MAX, (unsigned long)config->k);
    if (cuda_check(cudaSetDevice(device), "initialising", err) < 0 ||
        check_memory(t->words, t->dim, err) < 0 ||
        cuda_check(cudaStreamCreateWithFlags(&t->stream, cudaStreamNonBlocking), "initialising",
                   err) < 0 ||
        !(t->functions = blas_load(err)) ||
        blas_check(t, t->functions->create(&t->blas), err) < 0 ||
        blas_check(t, t->functions->set_stream(t->blas, t->stream), err) < 0 ||
        /* full float32: no TF32 */
        blas_check(t, t->functions->set_math_mode(t->blas, CUBLAS_PEDANTIC_MATH), err) < 0 ||
        t->rows.reserve(numbers, what, err) < 0 || t->unit.reserve(numbers, what, err) < 0 ||
        t->square.reserve(t->words, what, err) < 0)
        return -1;
    unit_task units = {t->rows.data, t->words, t->dim, t->unit.data, t->square.data};
    return cuda_check(cudaMemcpyAsync(t->rows.data, config->rows, numbers * sizeof *config->rows,
                                      cudaMemcpyHostToDevice, t->stream),
                      what, err) < 0 ||
                   cuda_launch(make_unit, units, (size_t)t->words * WARP, t->stream, WHAT, err) <
                       0 ||
                   cuda_check(cudaStreamSynchronize(t->stream), WHAT, err) < 0
               ? -1
               : 0;
}

const struct knn_methods methods = {search, destroy};

} // namespace

void *cuda_knn_create(int device, const void *configuration, char *note, struct error *err)
{
    const struct knn_config *config = (const struct knn_config *)configuration;
    knn_cuda *t = new (std::nothrow) knn_cuda();
    if (!t) {
        error_set(err, STATUS_FAILED, "out of memory");
        return nullptr;
    }
    t->base.methods = &methods;
    snprintf(t->base.device, sizeof t->base.device, "cuda:%d", device);
    t->config = *config;
    t->words = config->words;
    t->dim = config->dim;
    if (create(t, device, config, err) < 0 || cuda_describe(device, note, err) < 0) {
        destroy(&t->base);
        return nullptr;
    }
    return &t->base;
}
