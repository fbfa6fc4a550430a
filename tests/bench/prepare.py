#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes examples from a corpus stream as in "Dive into Deep Learning", in plain Python: windows and
noise words of the whole text, once, before training. Prints examples per second.

    prepare.py CORPUS
"""
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "oracle"))
import stream  # noqa: E402

WINDOW, NEGATIVES, AT_ONCE = 5, 5, 10000


class Noise:
    """Words drawn by count^0.75, ten thousand at a time, because drawing single words is slow."""

    def __init__(self, counts):
        self.words = range(1, len(counts))  # without <unk>
        self.weights = [count**0.75 for count in counts[1:]]
        self.drawn, self.next = [], 0

    def draw(self):
        if self.next == len(self.drawn):
            self.drawn, self.next = random.choices(self.words, self.weights, k=AT_ONCE), 0
        self.next += 1
        return self.drawn[self.next - 1]


def windows(sentences):
    """Yields (centre, contexts) of every word in a sentence of at least two words."""
    for words in sentences:
        if len(words) < 2:
            continue
        for i, centre in enumerate(words):
            width = random.randint(1, WINDOW)
            around = range(max(0, i - width), min(len(words), i + width + 1))
            yield centre, [words[j] for j in around if j != i]


def prepare(sentences, counts):
    noise, examples = Noise(counts), []
    for centre, contexts in windows(sentences):
        negatives = []
        while len(negatives) < NEGATIVES * len(contexts):
            word = noise.draw()
            if word not in contexts:
                negatives.append(word)
        examples.append((centre, contexts, negatives))
    return examples


def main():
    path = sys.argv[1]
    entries = [line.split(b"\t") for line in stream.cat("--vocab", path)]
    number = {word: id for id, (word, _) in enumerate(entries)}
    counts = [int(count) for _, count in entries]
    sentences = [[number[word] for word in line.split(b" ") if word] for line in stream.cat(path)]
    random.seed(1)
    start = time.perf_counter()
    examples = prepare(sentences, counts)
    print(f"{len(examples) / (time.perf_counter() - start):.1f}")


if __name__ == "__main__":
    main()
