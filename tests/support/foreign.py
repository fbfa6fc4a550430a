#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write vectors as other programs do, from lines of a word, a tab and numbers:

    foreign.py FORMAT < ROWS

word2vec, word2vec-bin    like word2vec.c: six decimals, a space after each number, a newline after
                          each row
gensim, gensim-bin        like gensim: shortest numbers; binary rows without newlines
fasttext                  like fastText's .vec: five digits, a space after each number
glove, glove-header       like GloVe: six decimals, no first line; glove-header: like GloVe with
                          -write-header 1, whose first line does not count the <unk> in the last row

Only gensim's formats and word2vec-bin preserve all numbers.
"""
import struct
import sys


def float32(text):
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def main():
    style = sys.argv[1]
    write = sys.stdout.buffer.write
    rows = []
    for line in sys.stdin.buffer:
        word, numbers = line.rstrip(b"\n").split(b"\t")
        rows.append((word, [float32(n) for n in numbers.split()]))
    if style != "glove":
        write(b"%d %d\n" % (len(rows) - (style == "glove-header"), len(rows[0][1])))
    for word, row in rows:
        if style in ("word2vec-bin", "gensim-bin"):
            write(word + b" " + struct.pack(f"<{len(row)}f", *row))
            write(b"\n" if style == "word2vec-bin" else b"")
        elif style == "word2vec":
            write(word + b" " + b"".join(b"%f " % x for x in row) + b"\n")
        elif style == "gensim":
            write(b" ".join([word] + [b"%.9g" % x for x in row]) + b"\n")
        elif style == "fasttext":
            write(word + b" " + b"".join(b"%.5g " % x for x in row) + b"\n")
        elif style in ("glove", "glove-header"):
            write(word + b"".join(b" %f" % x for x in row) + b"\n")
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
