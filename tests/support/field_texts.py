#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs ptb-vocab on every file in a directory of test data: it must read a text as Python does, word for
word, or refuse it as what it is, by name and contents; prints each file where that is not so, then the counts.

    field_texts.py DIRECTORY
"""
import collections
import pathlib
import subprocess
import sys

# What a file must be refused as, by the first bytes that Python's own libraries check.
SIGNATURES = [
    (b"\x1f\x8b", "gzip-compressed data"), (b"BZh", "bzip2-compressed data"), (b"\x93NUMPY", "a NumPy array"),
    (b"\x80", ("a file of gensim", "a Python pickle")), (b"(dp", "a Python pickle"), (b"\x78\x9c", "zlib-compressed data"),
    (b"\xba\x16\x4f\x2f", "a fastText model"),
]
# Binary files without a signature: old fastText models, and vectors of word2vec's binary format.
BINARY = ("binary data", "vectors in word2vec's binary format")


def expected_names(path, content):
    for signature, names in SIGNATURES:
        if content.startswith(signature):
            return (names,) if isinstance(names, str) else names
    return BINARY if path.suffix == ".bin" else ()


def counts_by_python(content):
    content = content.removeprefix(b"\xef\xbb\xbf")
    counts = collections.Counter(content.split())
    unknown = counts.pop(b"<unk>", 0) + sum(n for word, n in counts.items() if b"\0" in word)
    return {b"<unk>": unknown, **{word: n for word, n in counts.items() if b"\0" not in word}}


def counts_by_ptb_vocab(path):
    count = subprocess.run(["ptb-vocab", "-q", "--count", path], capture_output=True)
    if count.returncode == 3:
        return None, count.stderr.decode(errors="replace")
    lines = subprocess.run(["sgns-cat"], input=count.stdout, capture_output=True, check=True).stdout.splitlines()
    return {word: int(n) for word, n in (line.split(b"\t") for line in lines)}, ""


def main():
    results, failed = collections.Counter(), False
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
        if not path.is_file() or path.stat().st_size == 0:
            continue
        content = path.read_bytes()
        names = expected_names(path, content)
        counts, said = counts_by_ptb_vocab(path)
        good = any(f"byte 0: {name}, expected text" in said for name in names) if names else \
            counts == counts_by_python(content)
        results["refused" if names else "read"] += good
        if not good:
            print(path, said or "differs")
            failed = True
    print(*(f"{n} {what}" for what, n in sorted(results.items())))
    sys.exit(failed)


if __name__ == "__main__":
    main()
