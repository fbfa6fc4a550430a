#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write files in word2vec's binary format that are out of step, each another one:

    out_of_step.py KIND N DIRECTORY [DIM]

KIND   byte       one byte of the numbers is missing, or there is one more
       dim        the first line has a wrong dimension
       space      the space after a word is missing
N      number of files, DIRECTORY/KIND-*.bin; even ones have newlines after their rows
DIM    dimension (default 8)
"""
import pathlib
import random
import struct
import sys

SYLLABLES = "ka to mi re sun ber al fo win dra ne po lu ti gar é ßo 東 京".split()


def word(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 4)))


def draft(rng, dim, newline):
    """Returns the header and the rows, each as word and numbers, and bytes after the rows."""
    words = list(dict.fromkeys(word(rng) for _ in range(rng.randint(5, 60))))
    rows = [[w.encode() + b" ", struct.pack(f"<{dim}f", *(rng.gauss(0, 0.5) for _ in range(dim)))]
            for w in words]
    return rows, b"\n" if newline else b""


def damage(kind, rng, rows, dim):
    """Damages the rows; returns the dimension to declare."""
    row = rng.choice(rows[:-1])
    if kind == "byte":
        at = rng.randrange(len(row[1]))
        more = bytes([rng.randrange(256)]) if rng.random() < 0.5 else b""
        row[1] = row[1][:at] + more + row[1][at + (not more):]
    elif kind == "space":
        row[0] = row[0][:-1]
    else:
        return rng.choice([d for d in range(1, 3 * dim) if d != dim])
    return dim


def main():
    kind, n, directory = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    dim = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    for i in range(n):
        rng = random.Random(f"{kind} {i} {dim}")
        rows, end = draft(rng, dim, i % 2 == 0)
        declared = damage(kind, rng, rows, dim)
        content = b"%d %d\n" % (len(rows), declared) + b"".join(w + v + end for w, v in rows)
        (directory / f"{kind}-{i}.bin").write_bytes(content)


if __name__ == "__main__":
    main()
