#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read converted vectors with gensim and NumPy, and save vectors with them; for peers.bats.

    peers.py neighbours WORD...           print gensim's neighbours from emb.* of every format
    peers.py save                         save vectors of unusual numbers in every format: saved.*
    peers.py owner FILE                   check that out.npy has what gensim reads from FILE
    peers.py same FILE...                 check that these .npy equal saved.npy bit by bit
"""
import sys

import numpy as np
from gensim.models import KeyedVectors
from gensim.scripts.word2vec2tensor import word2vec2tensor


def from_matrix(words, matrix):
    vectors = KeyedVectors(matrix.shape[1])
    vectors.add_vectors(words, matrix)
    return vectors


def lines(path):
    with open(path, encoding="utf8", newline="\n") as file:
        return file.read().splitlines()


def loaded():
    yield KeyedVectors.load_word2vec_format("emb.txt")
    yield KeyedVectors.load_word2vec_format("emb.w2v", binary=True)
    yield KeyedVectors.load_word2vec_format("emb.vec")
    yield KeyedVectors.load_word2vec_format("emb.glove", no_header=True)
    yield from_matrix(lines("emb.words"), np.load("emb.npy"))
    yield from_matrix(lines("emb_metadata.tsv"),
                      np.loadtxt("emb_tensor.tsv", dtype=np.float32, delimiter="\t"))


def neighbours(*queries):
    """Print lines of query, neighbour, cosine; these must agree for all formats, within 1e-6."""
    with open("rows", encoding="utf8") as file:
        rows = [line.rstrip("\n").split(" ") for line in file][1:]
    words = [row[0] for row in rows]
    matrix = np.array([[float(x) for x in row[1:]] for row in rows])
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    formats = list(loaded())
    for query in queries:
        cosine = unit @ unit[words.index(query)]
        for vectors in formats:
            assert vectors.index_to_key == words
            assert np.array_equal(vectors.vectors, matrix.astype(np.float32))
            for word, similarity in vectors.most_similar(query, topn=10):
                assert abs(similarity - cosine[words.index(word)]) < 1e-6
        for word, similarity in formats[0].most_similar(query, topn=10):
            print(f"{query}\t{word}\t{similarity:.9f}")


def save():
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 1 << 32, (300, 17), dtype=np.uint32)
    bits[bits & 0x7F800000 == 0x7F800000] = 0x80000000  # minus zero instead of infinity or NaN
    bits[0, :6] = 0, 1, 0x80000001, 0x7F7FFFFF, 0x00800000, 0x007FFFFF
    words = ["</s>", "no\u00a0break", "thin\u2009space", "...", "0.5"] + [f"w{i}" for i in range(295)]
    vectors = from_matrix(words, bits.view(np.float32))
    vectors.save_word2vec_format("saved.txt")
    vectors.save_word2vec_format("saved.w2v", binary=True)
    word2vec2tensor("saved.w2v", "saved", binary=True)
    matrix = vectors.vectors
    np.save("saved.npy", matrix)
    np.save("big-endian.npy", matrix.astype(">f4"))
    np.save("double.npy", matrix.astype(np.float64))
    np.save("fortran.npy", np.asfortranarray(matrix))
    for version in 2, 3:
        with open(f"version{version}.npy", "wb") as file:
            np.lib.format.write_array(file, matrix, version=(version, 0))
    with open("saved.words", "w", encoding="utf8") as file:
        file.writelines(word + "\n" for word in words)


def owner(path):
    """Files that gensim refuses have words that are not UTF-8; these are compared as bytes."""
    options = {"binary": path.endswith(".bin"), "no_header": "glove" in path}
    vectors = KeyedVectors.load_word2vec_format(path, unicode_errors="surrogateescape", **options)
    with open("out.words", encoding="utf8", errors="surrogateescape", newline="\n") as file:
        assert file.read().split("\n")[:-1] == vectors.index_to_key
    assert np.array_equal(np.load("out.npy"), vectors.vectors.astype(np.float32))


def same(*paths):
    saved = np.load("saved.npy")
    for path in paths:
        matrix = np.load(path)
        assert matrix.dtype == np.float32 and matrix.flags["C_CONTIGUOUS"]
        assert np.array_equal(matrix.view(np.uint32), saved.view(np.uint32)), path


if __name__ == "__main__":
    {"neighbours": neighbours, "save": save, "owner": owner, "same": same}[sys.argv[1]](*sys.argv[2:])
