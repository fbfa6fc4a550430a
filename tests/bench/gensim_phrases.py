#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds and joins the phrases of a text with gensim's Phrases, for comparison in tests/bench/phrase:

    gensim_phrases.py TEXT

Prints the joined text.
"""
import sys

from gensim.models.phrases import Phrases
from gensim.models.word2vec import LineSentence


def main():
    sentences = LineSentence(sys.argv[1])
    model = Phrases(sentences, min_count=5, threshold=100, max_vocab_size=10**8).freeze()
    for sentence in sentences:
        print(" ".join(model[sentence]))


if __name__ == "__main__":
    main()
