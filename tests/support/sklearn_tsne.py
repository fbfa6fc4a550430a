#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sklearn_tsne.py VECTORS MAP: compares a map of sgns-map with t-SNE of scikit-learn.

VECTORS is the text that sgns-cat prints, MAP what sgns-map prints with the default perplexity. On the
same probabilities, computed here directly, the divergence of MAP must be at most 1.02 times that of
scikit-learn's exact t-SNE; the neighbours of a word must be kept as well, within 0.02.
"""
import sys

import numpy
from sklearn.manifold import TSNE, trustworthiness


def probabilities(distance, perplexity):
    """p_ij from squared distances with an infinite diagonal."""
    n = len(distance)
    p = numpy.zeros((n, n))
    for i in range(n):
        low, high, beta = 0, numpy.inf, 1
        for _ in range(200):
            weight = numpy.exp(-beta * (distance[i] - distance[i].min()))
            p[i] = weight / weight.sum()
            entropy = -numpy.sum(p[i][p[i] > 0] * numpy.log(p[i][p[i] > 0]))
            low, high = (beta, high) if entropy > numpy.log(perplexity) else (low, beta)
            beta = 2 * beta if high == numpy.inf else (low + high) / 2
    return (p + p.T) / 2 / n


def divergence(p, points):
    weight = 1 / (1 + ((points[:, None] - points[None]) ** 2).sum(-1))
    numpy.fill_diagonal(weight, 0)
    q = weight / weight.sum()
    return (p[p > 0] * numpy.log(p[p > 0] / q[p > 0])).sum()


def main():
    vectors = {}
    with open(sys.argv[1]) as text:
        next(text)
        for line in text:
            word, *values = line.split()
            vectors[word] = numpy.array(values, float)
    with open(sys.argv[2]) as text:
        rows = [line.rstrip("\n").split("\t") for line in text]
    ours = numpy.array([row[1:3] for row in rows], float)
    x = numpy.array([vectors[row[0]] / numpy.linalg.norm(vectors[row[0]]) for row in rows])
    distance = numpy.maximum(0, ((x[:, None] - x[None]) ** 2).sum(-1))
    numpy.fill_diagonal(distance, numpy.inf)
    perplexity = min(30, (len(x) - 1) / 3)
    p = probabilities(distance, perplexity)
    theirs = TSNE(perplexity=perplexity, method="exact", init="pca", learning_rate="auto",
                  random_state=1).fit_transform(x)
    scores = [(divergence(p, y), trustworthiness(x, y, n_neighbors=10)) for y in (ours, theirs)]
    print("divergence %.4f, trustworthiness %.4f; scikit-learn %.4f, %.4f" % (*scores[0], *scores[1]))
    if scores[0][0] > 1.02 * scores[1][0] or scores[0][1] < scores[1][1] - 0.02:
        sys.exit("worse than scikit-learn")


main()
