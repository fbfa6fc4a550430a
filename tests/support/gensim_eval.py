#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gensim's results for test sets, in the format of sgns-eval, or its 7 words nearest to sums, in
that of sgns-knn --tsv:

    gensim_eval.py [--match-case] [--restrict N] VECTORS FILE...
    gensim_eval.py --sums VECTORS < QUERIES

VECTORS is the output of sgns-cat for a vectors stream, word2vec's text format. Columns of
similarity test sets are separated by tabs; analogies have sections.
"""
import argparse
import sys
import warnings

from gensim.models import KeyedVectors

warnings.simplefilter("ignore")  # about undefined results


def print_row(path, section, measure, score, correct, used):
    print(path, section, measure, score, correct, used, sep="\t")


def similarities(vectors, path, options):
    with open(path, encoding="utf-8") as lines:
        items = sum(not line.startswith("#") for line in lines)
    pearson, spearman, unknown = vectors.evaluate_word_pairs(path, **options)
    used = round(items * (1 - unknown / 100))
    print_row(path, "total", "spearman", f"{spearman[0]:.4f}", "-", used)
    print_row(path, "total", "pearson", f"{pearson[0]:.4f}", "-", used)


def tally(sections):
    for section in sections:
        name = section["section"]
        correct = len(section["correct"])
        used = correct + len(section["incorrect"])
        score = f"{100 * correct / used:.2f}" if used else "-"
        yield "total" if name == "Total accuracy" else name, score, correct, used


def analogies(vectors, path, options):
    def solve(function):
        return tally(vectors.evaluate_word_analogies(path, similarity_function=function, **options)[1])

    add = solve("most_similar")
    # gensim 4's evaluate_word_analogies takes the name of a function but always calls most_similar.
    vectors.most_similar, original = vectors.most_similar_cosmul, vectors.most_similar
    mul = list(solve("most_similar_cosmul"))
    vectors.most_similar = original
    for one, other in zip(add, mul):
        print_row(path, one[0], "3cosadd", *one[1:])
        print_row(path, other[0], "3cosmul", *other[1:])


def answer_sums(vectors):
    for line in sys.stdin:
        terms = ["+"] + line.split()
        signed = list(zip(terms[::2], terms[1::2]))
        found = vectors.most_similar(positive=[word for sign, word in signed if sign == "+"],
                                     negative=[word for sign, word in signed if sign == "-"], topn=7)
        for rank, (word, cosine) in enumerate(found, 1):
            print(line.rstrip("\n"), rank, word, f"{cosine:.6f}", sep="\t")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sums", action="store_true")
    parser.add_argument("--match-case", action="store_true")
    parser.add_argument("--restrict", type=int, default=300000)
    parser.add_argument("vectors")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    vectors = KeyedVectors.load_word2vec_format(args.vectors)
    if args.sums:
        answer_sums(vectors)
    options = {"case_insensitive": not args.match_case, "restrict_vocab": args.restrict}
    for path in args.files:
        with open(path, encoding="utf-8") as lines:
            is_analogies = lines.readline().startswith(":")
        (analogies if is_analogies else similarities)(vectors, path, options)


if __name__ == "__main__":
    main()
