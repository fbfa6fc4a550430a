#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The k nearest of every word by PyTorch, matmul and topk on the GPU: the peer of knn.c.

    knn.py WORDS DIM K [QUERIES]

Random vectors, float32 without TF32, queries in blocks of 1,024. Prints queries per second.
"""
import sys
import time

import torch


def search(unit, queries, k):
    for start in range(0, queries, 1024):
        block = torch.arange(start, min(start + 1024, queries), device=unit.device)
        scores = unit[block] @ unit.T
        scores[torch.arange(len(block), device=unit.device), block] = -2  # not the word itself
        yield [part.cpu() for part in scores.topk(k, dim=1)]


def main():
    words, dim, k = map(int, sys.argv[1:4])
    queries = int(sys.argv[4]) if len(sys.argv) > 4 else words
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    unit = torch.nn.functional.normalize(torch.rand(words, dim, device=device) - 0.5)
    list(search(unit, min(queries, 1024), k))
    start = time.perf_counter()
    for _ in search(unit, queries, k):
        pass
    seconds = time.perf_counter() - start
    print(f"PyTorch on {device}: {words} x {dim}, k = {k}: {queries / seconds:.0f} queries/s")


if __name__ == "__main__":
    main()
