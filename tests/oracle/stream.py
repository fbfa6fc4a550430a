# SPDX-License-Identifier: MIT
"""Read streams as text with sgns-cat, which must be in the PATH.

Words are bytes and never decoded: they may contain anything but zero bytes and white space.
"""
import itertools
import subprocess


def cat(*arguments):
    """Yields the lines printed by sgns-cat, without newlines."""
    with subprocess.Popen(["sgns-cat", *arguments], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            yield line[:-1]
    if process.returncode != 0:
        raise SystemExit(f"sgns-cat {' '.join(arguments)}: exit status {process.returncode}")


def header(path):
    """{name: value} from `sgns-cat --header`; "made by" is that of the last program."""
    return dict(line.decode(errors="replace").split(": ", 1) for line in cat("--header", path))


def settings(path):
    """{option: value} recorded by the last program in a stream's provenance."""
    words = header(path)["made by"].split(" ")
    return dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))


def vocabulary(path):
    return [line.split(b"\t")[0] for line in cat("--vocab", path)]


def examples(path, vocab):
    """Yields (centre, contexts, noise words) as ids, of all epochs in order."""
    number = {word: id for id, word in enumerate(vocab)}
    for line in cat(path):
        centre, contexts, noise = line.split(b"\t")
        yield (number[centre], [number[word] for word in contexts.split(b" ")],
               [number[word] for word in noise.split(b" ") if word])


def minibatches(path, vocab):
    """Yields (epoch from 1, list of examples). The ends of minibatches follow from the shape."""
    shape = header(path)
    size, per_epoch = int(shape["batch size"]), int(shape["examples"])
    left = examples(path, vocab)
    for epoch in range(1, int(shape["epochs"]) + 1):
        for first in range(0, per_epoch, size):
            yield epoch, list(itertools.islice(left, min(size, per_epoch - first)))
    if next(left, None) is not None:
        raise SystemExit(f"{path}: more examples than in its header")


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
