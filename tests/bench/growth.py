#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints time and memory of programs on texts of several lengths as a Markdown table:

    growth.py MEDIANS

Reads lines of program, tokens, elapsed seconds, CPU seconds and megabytes, separated by tabs; of
several lines for the same program and tokens, uses the medians. Writes the medians to the file
MEDIANS in gnuplot's format: a block for each program, with two empty lines between blocks.
"""
import math
import statistics
import sys


def exponent(sizes, values):
    """b in values ~ sizes^b, by least squares of the logarithms; empty for a single size."""
    if len(sizes) < 2 or min(values) <= 0:
        return ""
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    slope = (sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
             / sum((a - mean_x)**2 for a in x))
    return f"{slope:.2f}"


def read_medians(lines):
    """{program: {tokens: [elapsed seconds, CPU seconds, megabytes]}}"""
    taken = {}
    for line in lines:
        program, tokens, *values = line.rstrip("\n").split("\t")
        runs = taken.setdefault(program, {}).setdefault(int(tokens), [])
        runs.append([float(value) for value in values])
    return {program: {tokens: [statistics.median(column) for column in zip(*runs)]
                      for tokens, runs in sorted(of.items())} for program, of in taken.items()}


def main():
    medians = read_medians(sys.stdin)
    print("| | tokens | seconds | CPU seconds | tokens/s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for program, of in medians.items():
        for tokens, (seconds, cpu, peak) in of.items():
            print(f"| {program} | {tokens:,} | {seconds:.3g} | {cpu:.3g} "
                  f"| {tokens / seconds:,.0f} | {peak:,.1f} |")
        columns = zip(*of.values())
        seconds, cpu, peak = [exponent(list(of), column) for column in columns]
        print(f"| {program}, growth | | {seconds} | {cpu} | | {peak} |")
    print()
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for i, (program, of) in enumerate(medians.items()):
            print(("\n\n" if i > 0 else "") + f'"{program}"', file=out)
            for tokens, values in of.items():
                print(tokens, *values, sep="\t", file=out)


if __name__ == "__main__":
    main()
