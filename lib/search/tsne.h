/* SPDX-License-Identifier: MIT */
/* tsne.h -- places words on a plane so that words with similar vectors are close together.
 *
 * t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008), computed exactly.
 * The distance d² of two words is the squared Euclidean distance of their unit vectors, 2 − 2 cos.
 * With
 *
 *   p_j|i = exp(−β_i d²_ij) / Σ_k≠i exp(−β_i d²_ik)
 *           where β_i is such that the entropy is log(perplexity)
 *   p_ij  = (p_j|i + p_i|j) / 2n
 *   w_ij  = 1 / (1 + |y_i − y_j|²),  q_ij = w_ij / Z,  Z = Σ w_kl over all k ≠ l
 *
 * gradient descent minimises the Kullback-Leibler divergence C = Σ p_ij log(p_ij / q_ij):
 *
 *   ∂C/∂y_i = 4 Σ_j (p_ij − q_ij) w_ij (y_i − y_j)
 *
 * The words start at their principal components, scaled to a standard deviation of 1e-4 (Kobak and
 * Berens, "The art of using t-SNE for single-cell transcriptomics", 2019), and move with momentum
 * and gains as in the paper. p is exaggerated in the first quarter of the iterations, at most 250.
 * Two settings are those that gave vectors of words the lowest C, with the least difference between
 * seeds: p is doubled, not taken 4- or 12-fold, and the learning rate is n/12.
 *
 * Time is proportional to n² per iteration, memory to n² (4 bytes per pair). The bits of the result
 * depend on the vectors and the configuration, not on threads or the system.
 */
#ifndef SGNS_TSNE_H
#define SGNS_TSNE_H

#include "search/unit_rows.h"

struct tsne_config {
    double perplexity; /* 1 to n − 1: about the number of neighbours that matter to a word */
    uint32_t iterations;
    uint64_t seed;    /* of small displacements at the start */
    unsigned threads; /* at least 1 */
    /* Called, if not NULL, after each iteration, with `data` and the number of iterations done. */
    void (*progress)(void *data, uint32_t iterations);
    void *data;
};

/* Moves the words from their positions in map (n × 2) to the final ones; at the start these are
 * their principal components (components.h), in any scale. Stores C. n is at least 2. */
int tsne_place(const struct unit_rows *unit, const struct tsne_config *config, float *map,
               double *divergence, struct error *err) MUST_USE;

/* Stores p_j|i (n) of a word i, from the squared distances (n) between it and all words; the
 * distance to itself must be FLT_MAX, and its p becomes 0. tsne_place() does this; it is public for
 * tests. */
void tsne_conditional(const float *distance, uint32_t n, double perplexity, float *p);

#endif
