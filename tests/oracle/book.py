#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Skip-gram with negative sampling in PyTorch as in "Dive into Deep Learning", for comparison.

Minibatches padded to their longest row, with masks and labels; two embeddings; the masked loss;
dense Adam: the code of the book's chapters "The Dataset for Pretraining Word Embeddings" and
"Pretraining word2vec", with which oracle.py compares the results of sgns-train.

As a program, measures the training speed on the first epoch of a batch stream, and prints centre
words per second for two setups:

    loop    the training loop alone: all minibatches are padded and converted to tensors on the
            device beforehand, so that the speed does not depend on data loading
    loader  with the book's DataLoader in the loop, which shuffles and pads (--workers processes)

    book.py --batches FILE [--device cpu|cuda] [--epochs N] [--threads N] [--workers N]
"""
import argparse
import itertools
import time

import torch
from torch import nn

import stream


def batchify(data):
    """A minibatch of (centre, contexts, noise words) as tensors: centre (n, 1), words, mask and
    label (n, longest)."""
    longest = max(len(contexts) + len(noise) for _, contexts, noise in data)
    centres, words, masks, labels = [], [], [], []
    for centre, contexts, noise in data:
        used = len(contexts) + len(noise)
        centres.append(centre)
        words.append(contexts + noise + [0] * (longest - used))
        masks.append([1] * used + [0] * (longest - used))
        labels.append([1] * len(contexts) + [0] * (longest - len(contexts)))
    return (torch.tensor(centres).reshape((-1, 1)), torch.tensor(words), torch.tensor(masks),
            torch.tensor(labels))


def skip_gram(centre, words, embed_v, embed_u):
    """Logits (n, 1, longest)."""
    return torch.bmm(embed_v(centre), embed_u(words).permute(0, 2, 1))


class SigmoidBCELoss(nn.Module):
    """Binary cross-entropy with masking: the mean over a row, padding included."""

    def forward(self, inputs, target, mask=None):
        out = nn.functional.binary_cross_entropy_with_logits(inputs, target, weight=mask,
                                                             reduction="none")
        return out.mean(dim=1)


def losses(minibatch, embed_v, embed_u, loss=SigmoidBCELoss()):
    """The loss of each example, (n): the mean over its entries without padding."""
    centre, words, mask, label = minibatch
    logits = skip_gram(centre, words, embed_v, embed_u)
    return (loss(logits.reshape(label.shape).float(), label.float(), mask.float())
            / mask.sum(axis=1) * mask.shape[1])


def model(words, dim):
    """V and U, Xavier-uniform."""
    net = nn.ModuleList([nn.Embedding(words, dim), nn.Embedding(words, dim)])
    for embedding in net:
        nn.init.xavier_uniform_(embedding.weight)
    return net


def train(data, words, dim, lr, epochs, device="cpu"):
    """(loss, centre words per second). Iterating over `data` yields the minibatches of an epoch."""
    net = model(words, dim).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    total, count, start = 0.0, 0, time.perf_counter()
    for _ in range(epochs):
        for minibatch in data:
            optimizer.zero_grad()
            loss = losses([part.to(device) for part in minibatch], *net)
            loss.sum().backward()
            optimizer.step()
            total += float(loss.sum())
            count += loss.numel()
    return total / count, count / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--batches", required=True, help="batch stream")
    parser.add_argument("--device", default="cpu", help="cpu or cuda [cpu]")
    parser.add_argument("--epochs", type=int, default=1, help="passes over the first epoch [1]")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's threads [1]")
    parser.add_argument("--workers", type=int, default=4,
                        help="processes of the DataLoader [4, as in the book]; 0: no extra ones")
    parser.add_argument("--dim", type=int, default=100, help="dimension of the vectors [100]")
    parser.add_argument("--lr", type=float, default=0.002, help="learning rate [0.002]")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    vocab = stream.vocabulary(args.batches)
    size = int(stream.header(args.batches)["batch size"])
    epoch_1 = itertools.takewhile(lambda item: item[0] == 1,
                                  stream.minibatches(args.batches, vocab))
    data = [[part.to(args.device) for part in batchify(examples)] for _, examples in epoch_1]
    loss, speed = train(data, len(vocab), args.dim, args.lr, args.epochs, args.device)
    print(f"loop: loss {loss:.3f}, {speed:.1f} tokens/sec", flush=True)

    del data
    count = int(stream.header(args.batches)["examples"])
    data = torch.utils.data.DataLoader(
        list(itertools.islice(stream.examples(args.batches, vocab), count)), size, shuffle=True,
        collate_fn=batchify, num_workers=args.workers)
    loss, speed = train(data, len(vocab), args.dim, args.lr, args.epochs, args.device)
    print(f"loader: loss {loss:.3f}, {speed:.1f} tokens/sec", flush=True)


if __name__ == "__main__":
    main()
