# SPDX-License-Identifier: MIT
"""Read streams as text, through sgns-cat, which must be in the PATH.

Words are bytes, never decoded: a word of this project may be anything but zero and white space.
"""
import itertools
import subprocess


def cat(*arguments):
    """The lines that sgns-cat prints, without their newlines, as it prints them."""
    with subprocess.Popen(["sgns-cat", *arguments], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            yield line[:-1]
    if process.returncode != 0:
        raise SystemExit(f"sgns-cat {' '.join(arguments)}: exit status {process.returncode}")


def header(path):
    """{name: value} of what `sgns-cat --header` prints; "made by" is the last program's."""
    return dict(line.decode(errors="replace").split(": ", 1) for line in cat("--header", path))


def settings(path):
    """{option: value} of the last program that had a part in a stream, as it recorded them."""
    words = header(path)["made by"].split(" ")
    return dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))


def vocabulary(path):
    return [line.split(b"\t")[0] for line in cat("--vocab", path)]


def examples(path, vocab):
    """(centre, contexts, noise words) as ids, of all epochs in turn."""
    number = {word: id for id, word in enumerate(vocab)}
    for line in cat(path):
        centre, contexts, noise = line.split(b"\t")
        yield (number[centre], [number[word] for word in contexts.split(b" ")],
               [number[word] for word in noise.split(b" ") if word])


def minibatches(path, vocab):
    """(epoch from 1, list of examples). Where a minibatch ends is not in the text: the shape tells."""
    shape = header(path)
    size, per_epoch = int(shape["batch size"]), int(shape["examples"])
    left = examples(path, vocab)
    for epoch in range(1, int(shape["epochs"]) + 1):
        for first in range(0, per_epoch, size):
            yield epoch, list(itertools.islice(left, min(size, per_epoch - first)))
    if next(left, None) is not None:
        raise SystemExit(f"{path}: more examples than its header tells")


def vectors(path):
    """(words, rows) of a vectors stream."""
    lines = cat(path)
    next(lines)  # words and dim
    words, rows = [], []
    for line in lines:
        word, *row = line.split(b" ")
        words.append(word)
        rows.append([float(number) for number in row])
    return words, rows
