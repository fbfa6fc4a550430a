#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Skip-gram with negative sampling by gensim's Word2Vec, for comparison in tests/bench/sgd:

    gensim_peer.py TEXT VECTORS THREADS EPOCHS SEED

Prints the seconds from text to vectors (in word2vec's text format) and the centre words per second
of the training alone. gensim reads the text file with its own compiled reader, its fastest mode.
"""
import sys
import time

from gensim.models import Word2Vec


def main():
    text, vectors = sys.argv[1:3]
    threads, epochs, seed = map(int, sys.argv[3:])
    start = time.perf_counter()
    model = Word2Vec(vector_size=100, window=5, sg=1, hs=0, negative=5, ns_exponent=0.75,
                     min_count=10, sample=1e-4, alpha=0.025, workers=threads, epochs=epochs,
                     seed=seed)
    model.build_vocab(corpus_file=text)
    training = time.perf_counter()
    centres, _ = model.train(corpus_file=text, total_words=model.corpus_total_words,
                             total_examples=model.corpus_count, epochs=epochs)
    trained = time.perf_counter()
    model.wv.save_word2vec_format(vectors)
    print(f"{time.perf_counter() - start:.4f} {centres / (trained - training):.1f}")


if __name__ == "__main__":
    main()
