#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The search for the k nearest words of many by other libraries, for comparison with knn.c.

    knn.py WORDS DIM K [QUERIES [PEER [THREADS]]]

PEER is torch: PyTorch's matmul and topk, on the GPU if there is one, queries in blocks of 1,024;
faiss: FAISS's exact IndexFlatIP with its own threads; or faiss-shared: the same with the queries
divided among THREADS callers, each of which should use a single-threaded BLAS. Uses random vectors,
in float32 without TF32. Prints queries per second.
"""
import sys
import time


def torch_search(words, dim, k):
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    unit = torch.nn.functional.normalize(torch.rand(words, dim, device=device) - 0.5)

    def search(n):
        for start in range(0, n, 1024):
            block = torch.arange(start, min(start + 1024, n), device=unit.device)
            scores = unit[block] @ unit.T
            scores[torch.arange(len(block), device=unit.device), block] = -2  # not the word itself
            for part in scores.topk(k, dim=1):
                part.cpu()

    return f"PyTorch on {device}", search


def faiss_search(words, dim, k, threads=None):
    from concurrent.futures import ThreadPoolExecutor

    import faiss
    import numpy

    unit = numpy.random.default_rng(0).random((words, dim), dtype=numpy.float32) - 0.5
    faiss.normalize_L2(unit)
    index = faiss.IndexFlatIP(dim)
    index.add(unit)

    def search_some(block):
        faiss.omp_set_num_threads(1)
        index.search(block, k + 1)  # the word itself comes first

    def search(n):
        if not threads:
            index.search(unit[:n], k + 1)
            return
        with ThreadPoolExecutor(threads) as callers:
            list(callers.map(search_some, numpy.array_split(unit[:n], threads)))

    return f"FAISS {faiss.__version__}" + (f" in {threads} callers" if threads else ""), search


def main():
    words, dim, k = map(int, sys.argv[1:4])
    queries = int(sys.argv[4]) if len(sys.argv) > 4 else words
    peer = sys.argv[5] if len(sys.argv) > 5 else "torch"
    if peer == "torch":
        name, search = torch_search(words, dim, k)
    else:
        callers = int(sys.argv[6]) if peer == "faiss-shared" else None
        name, search = faiss_search(words, dim, k, callers)
    search(min(queries, 1024))
    start = time.perf_counter()
    search(queries)
    seconds = time.perf_counter() - start
    print(f"{name}: {words} x {dim}, k = {k}: {queries / seconds:.0f} queries/s")


if __name__ == "__main__":
    main()
