#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Phrases of a corpus by gensim, to compare with ptb-phrase.

  gensim_phrases.py SCORE THRESHOLD MIN_COUNT PASSES [CONNECTOR]... < SENTENCES

SENTENCES is what sgns-cat prints of a corpus. SCORE is word2phrase or npmi. Prints the phrases of all passes
as `ptb-phrase --list` does, but only phrase and score, sorted by the bytes of the phrase in each pass; then an
empty line, and the sentences with the phrases joined.

gensim has no unknown word, so a sentence is divided at <unk>; and its original_scorer multiplies by the number
of words and pairs where word2phrase does by the number of tokens, so that score is a function here.
"""
import ctypes
import sys

from gensim.models.phrases import Phrases, npmi_scorer


def word2phrase_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return (bigram_count - min_count) / float(worda_count * wordb_count) * corpus_word_count


def parts(line):
    """The parts of a sentence between <unk>, and <unk> itself."""
    part = []
    for word in line.split():
        if word == "<unk>":
            yield part
            yield [word]
            part = []
        else:
            part.append(word)
    yield part


def join(model, part):
    return part if part == ["<unk>"] else model[part] if part else []


def main():
    score, threshold, min_count, passes = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    scorer = npmi_scorer if score == "npmi" else word2phrase_scorer
    sentences = [list(parts(line)) for line in sys.stdin]
    for _ in range(passes):
        texts = [part for line in sentences for part in line if part and part != ["<unk>"]]
        model = Phrases(texts, min_count=min_count, threshold=threshold, scoring=scorer, delimiter="_",
                        connector_words=frozenset(sys.argv[5:]), max_vocab_size=10**8)
        for phrase, value in sorted(model.export_phrases().items(), key=lambda item: item[0].encode()):
            if score == "npmi":  # rounded, as there
                value = ctypes.c_float(value).value
            print(f"{phrase}\t{value:.9g}")
        sentences = [[join(model, part) for part in line] for line in sentences]
    print()
    for line in sentences:
        print(" ".join(word for part in line for word in part))


main()
