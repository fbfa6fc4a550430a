#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The computations of sgns-knn and sgns-eval in plain Python and double precision:

    plain_eval.py sums VECTORS < QUERIES     the 7 words nearest to sums of words, as sgns-knn --tsv
    plain_eval.py sets VECTORS FILE...       the results for test sets, as sgns-eval

VECTORS is the output of sgns-cat for a vectors stream. Words are ASCII; case is ignored in test
sets.
"""
import math
import sys

METHODS = ("3cosadd", "3cosmul")


def read_vectors(path):
    """(words, unit vectors)"""
    words, rows = [], []
    with open(path, encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            word, *row = line.split()
            row = [float(number) for number in row]
            length = math.sqrt(math.fsum(x * x for x in row))
            words.append(word)
            rows.append([x / length for x in row])
    return words, rows


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def answer_sums(words, rows):
    for line in sys.stdin:
        query = line.rstrip("\n")
        terms = ["+"] + query.split()
        used, total = [], [0.0] * len(rows[0])
        for sign, word in zip(terms[::2], terms[1::2]):
            index = words.index(word)
            used.append(index)
            total = [t + (x if sign == "+" else -x) for t, x in zip(total, rows[index])]
        length = math.sqrt(dot(total, total))
        cosines = sorted((-dot(total, row) / length, index) for index, row in enumerate(rows)
                         if index not in used)
        for rank, (cosine, index) in enumerate(cosines[:7], 1):
            print(query, rank, words[index], f"{-cosine:.6f}", sep="\t")


def ranks(values):
    """From 0; equal values share the mean of their ranks."""
    return [sum(v < value for v in values) + (sum(v == value for v in values) - 1) / 2
            for value in values]


def pearson(x, y):
    mx, my = math.fsum(x) / len(x), math.fsum(y) / len(y)
    dx, dy = [v - mx for v in x], [v - my for v in y]
    return dot(dx, dy) / math.sqrt(dot(dx, dx) * dot(dy, dy))


def score(method, cosine, a, b, c):
    if method == "3cosadd":
        return cosine[b] + cosine[c] - cosine[a]
    return (1 + cosine[b]) / 2 * (1 + cosine[c]) / 2 / ((1 + cosine[a]) / 2 + 1e-6)


def solve(method, indices, words, rows):
    a, b, c = indices
    asked = {words[index].upper() for index in indices}
    best = None
    for index, row in enumerate(rows):
        if words[index].upper() in asked:
            continue
        cosine = {other: dot(row, rows[other]) for other in indices}
        found = score(method, cosine, a, b, c)
        if best is None or found > best[0]:
            best = found, index
    return words[best[1]].upper() if best else None


def print_pairs(path, items, index, rows):
    known = [item for item in items if item[0] in index and item[1] in index]
    cosines = [dot(rows[index[a]], rows[index[b]]) for a, b, _ in known]
    ratings = [float(rating) for *_, rating in known]
    for measure, value in (("spearman", pearson(ranks(ratings), ranks(cosines))),
                           ("pearson", pearson(ratings, cosines))):
        print(path, "total", measure, f"{value:.4f}", "-", len(known), len(items), sep="\t")


def print_analogies(path, sections, index, words, rows):
    total = {method: [0, 0, 0] for method in METHODS}
    for name, items in sections + [("total", None)]:
        tally = total
        if items is not None:
            tally = {method: [0, 0, len(items)] for method in METHODS}
            for item in items:
                if not all(word in index for word in item):
                    continue
                for method in METHODS:
                    found = solve(method, [index[word] for word in item[:3]], words, rows)
                    tally[method][0] += found == item[3]
                    tally[method][1] += 1
            for method in METHODS:
                total[method] = [t + s for t, s in zip(total[method], tally[method])]
        for method in METHODS:
            correct, used, count = tally[method]
            value = f"{100 * correct / used:.2f}" if used else "-"
            print(path, name, method, value, correct, used, count, sep="\t")


def evaluate(path, words, rows):
    index = {}
    for i, word in enumerate(words):
        index.setdefault(word.upper(), i)
    sections, unknown = [], set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(":"):
                sections.append((line[1:].strip(), []))
            elif line.strip() and not line.startswith("#"):
                item = [field.strip().upper() for field in line.split("\t" if "\t" in line else None)]
                unknown |= {word for word in item[:2 if len(item) == 3 else 4] if word not in index}
                if not sections:
                    sections.append(("", []))
                sections[-1][1].append(item)
    if len(sections[0][1]) > 0 and len(sections[0][1][0]) == 3:
        print_pairs(path, sections[0][1], index, rows)
    else:
        print_analogies(path, sections, index, words, rows)
    print(path, "total", "unknown", len(unknown), "-", "-", "-", sep="\t")


def main():
    what, path, *files = sys.argv[1:]
    words, rows = read_vectors(path)
    if what == "sums":
        answer_sums(words, rows)
        return
    print("file", "section", "measure", "score", "correct", "used", "all", sep="\t")
    for name in files:
        evaluate(name, words, rows)


if __name__ == "__main__":
    main()
