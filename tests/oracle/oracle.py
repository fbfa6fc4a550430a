#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Repeat a training of sgns-train with PyTorch, and compare the loss of each step and the vectors.

    oracle.py [--name NAME] BATCHES VECTORS LOSS_LOG

BATCHES is the input, VECTORS and LOSS_LOG are the output of sgns-train; dimension, learning rate
and seed are those recorded in VECTORS. Initial vectors and minibatches are the same, the loss is
the book's (book.py), and the optimizer is torch.optim.Adam, which moves every row at every step. So
the results may only differ by rounding and by the error of sgns-train's deferred updates.

The initial vectors are generated with numpy's Philox, not the project's: this also checks the
random numbers independently. With learning rate 0 the final vectors are the initial ones and must
be the same bit for bit.

Prints the measured differences as two TAP tests. Exit status 1: the results differ.
"""
import argparse
import math
import sys

import numpy as np
import torch

import book
import stream

LOSS_BOUND = 1e-4     # relative, every step
VECTORS_BOUND = 1e-4  # relative, Frobenius norm
V, U = 5, 6           # purposes of random numbers: lib/base/random.h


def initial(words, dim, seed, purpose):
    """A matrix (words, dim), Xavier-uniform, as in lib/base/random.h and lib/train/trainer.h."""
    # The key is (seed, purpose), the first counter 0; numpy increments the counter before it draws.
    draw = np.random.Philox(key=seed | purpose << 64, counter=2**256 - 1)
    unit = (draw.random_raw(words * dim) >> np.uint64(11)) * 2.0**-53
    bound = math.sqrt(6 / (words + dim))
    return torch.tensor(((2 * unit - 1) * bound).astype(np.float32).reshape(words, dim))


class Rests:
    """The longest rest of a row of a matrix: steps without a gradient after one with a gradient."""

    def __init__(self, words):
        self.last = np.zeros(words, dtype=np.int64)  # 0: never
        self.longest = 0

    def touch(self, step, rows):
        last = self.last[rows]
        if last.any():
            self.longest = max(self.longest, step - last[last > 0].min() - 1)
        self.last[rows] = step


def train(batches, vocab, dim, lr, seed):
    """(epoch, step, mean loss) of every step, final V, (longest rest in V, in U)."""
    net = book.model(len(vocab), dim)
    with torch.no_grad():
        for embedding, purpose in zip(net, (V, U)):
            embedding.weight.copy_(initial(len(vocab), dim, seed, purpose))
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    rests = Rests(len(vocab)), Rests(len(vocab))
    log = []
    for step, (epoch, examples) in enumerate(stream.minibatches(batches, vocab), 1):
        centre, words, mask, label = book.batchify(examples)
        optimizer.zero_grad()
        loss = book.losses((centre, words, mask, label), *net)
        loss.sum().backward()
        optimizer.step()
        log.append((epoch, step, loss.mean().item()))
        rests[0].touch(step, centre.flatten().numpy())
        rests[1].touch(step, words[mask > 0].numpy())
    for rest in rests:
        rest.touch(len(log) + 1, rest.last > 0)
    return log, net[0].weight.detach().numpy(), [rest.longest for rest in rests]


def read_log(path):
    with open(path, encoding="ascii") as file:
        next(file)
        fields = [line.split("\t") for line in file]
    return [(int(epoch), int(step), float(loss)) for epoch, step, loss, _ in fields]


def compare_losses(ours, torchs):
    """(whether they agree, measured difference)."""
    if [entry[:2] for entry in ours] != [entry[:2] for entry in torchs]:
        return False, "epochs and steps in the log do not match the stream"
    ours, torchs = (np.array([entry[2] for entry in log]) for log in (ours, torchs))
    difference = abs(ours - torchs) / torchs
    worst = difference.argmax()
    return (bool((difference <= LOSS_BOUND).all()),
            f"largest relative difference {difference[worst]:.1e}, at step {worst + 1}")


def compare_vectors(ours, torchs, bound):
    difference = (np.linalg.norm(ours.astype(np.float64) - torchs)
                  / np.linalg.norm(torchs.astype(np.float64)))
    return (bool(difference <= bound),
            f"relative Frobenius distance {difference:.1e}, "
            f"largest difference of a weight {abs(ours - torchs).max():.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("batches")
    parser.add_argument("vectors")
    parser.add_argument("loss_log")
    parser.add_argument("--name", default="oracle", help="name of the tests [oracle]")
    args = parser.parse_args()

    torch.set_num_threads(1)  # sums in the same order on every machine
    options = stream.settings(args.vectors)
    dim, lr, seed = int(options["dim"]), float(options["lr"]), int(options["seed"])
    vocab = stream.vocabulary(args.batches)
    words, rows = stream.vectors(args.vectors)
    log, vectors, rests = train(args.batches, vocab, dim, lr, seed)
    if words != vocab or np.shape(rows) != vectors.shape:
        raise SystemExit(f"{args.vectors}: words or dimension do not match {args.batches}")

    print(f"# {args.name}: {len(vocab)} words, dim {dim}, lr {lr:g}, seed {seed}, {len(log)} "
          f"steps; longest rest of a row: {rests[0]} steps in V, {rests[1]} in U")
    bound = VECTORS_BOUND if lr > 0 else 0
    tests = [
        (f"every step's loss within {LOSS_BOUND:g}", compare_losses(read_log(args.loss_log), log)),
        (f"final vectors within {bound:g}",
         compare_vectors(np.array(rows, dtype=np.float32), vectors, bound)),
    ]
    for number, (test, (agree, measured)) in enumerate(tests, 1):
        print(f"{'' if agree else 'not '}ok {number} - {args.name}: {test} ({measured})")
    sys.exit(not all(agree for _, (agree, _) in tests))


if __name__ == "__main__":
    main()
