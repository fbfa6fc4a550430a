#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Evaluates word vectors in word2vec's text format; prints a line for each measure, with a tab:

    quality.py VECTORS [--word WORD] [--wordsim FILE] [--topics LIST]

--word      the three words nearest to WORD
--wordsim   Spearman's rank correlation of cosines with human ratings (lines of word, word, rating),
            and the number of pairs in the vocabulary
--topics    for the 2,000 most frequent words with a topic, the percentage of their 10 nearest words
            that have the same topic (LIST: from `zipf -l`)
"""
import argparse

import numpy
from scipy import stats


def read_vectors(path):
    """(words, rows of length 1) in the file's order, by descending count; no <unk>, no </s>."""
    words, rows = [], []
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        next(lines)
        for line in lines:
            word, *row = line.rstrip("\n ").split(" ")
            if word not in ("<unk>", "</s>"):
                words.append(word)
                rows.append(numpy.array(row, dtype=numpy.float32))
    rows = numpy.stack(rows)
    return words, rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def nearest(rows, queries, k):
    """(queries, k) indices of the nearest words, nearest first, without the word itself."""
    cosines = rows[queries] @ rows.T
    cosines[numpy.arange(len(queries)), queries] = -2
    found = numpy.argpartition(-cosines, k, axis=1)[:, :k]
    order = numpy.argsort(-numpy.take_along_axis(cosines, found, axis=1), axis=1)
    return numpy.take_along_axis(found, order, axis=1)


def word_similarity(index, rows, path):
    cosines, ratings = [], []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            one, other, rating = line.lower().split()
            if one in index and other in index:
                cosines.append(rows[index[one]] @ rows[index[other]])
                ratings.append(float(rating))
    return stats.spearmanr(cosines, ratings).correlation, len(ratings)


def same_topic(words, rows, path):
    topics = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word, _, topic = line.split("\t")
            topics[word] = int(topic)
    topic = numpy.array([topics[word] for word in words])
    queries = numpy.flatnonzero(topic >= 0)[:2000]
    found = numpy.concatenate([nearest(rows, part, 10)
                               for part in numpy.array_split(queries, len(queries) // 100 + 1)])
    return 100 * numpy.mean(topic[found] == topic[queries][:, None])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("vectors")
    parser.add_argument("--word")
    parser.add_argument("--wordsim")
    parser.add_argument("--topics")
    args = parser.parse_args()
    words, rows = read_vectors(args.vectors)
    index = {word: i for i, word in enumerate(words)}
    if args.wordsim:
        rho, pairs = word_similarity(index, rows, args.wordsim)
        print(f"WordSim-353 rho ({pairs} pairs)\t{rho:.4f}")
    if args.topics:
        print(f"same topic, % of the 10 nearest\t{same_topic(words, rows, args.topics):.2f}")
    if args.word in index:
        found = nearest(rows, numpy.array([index[args.word]]), 3)[0]
        print(f"nearest to {args.word}\t{' '.join(words[i] for i in found)}")


if __name__ == "__main__":
    main()
