#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Samples as a table in Markdown: lines of metric, name and value, with tabs between them.

A metric has a row for each name: median, minimum and maximum, and, of what is counted in seconds,
bytes, or by the second, how the first name stands to this one: the median of the rounds' ratios with
their range, and, of rates, the ratio of the best ones, which is the one to go by on a machine with
much else to do.
"""
import statistics
import sys


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def ratios(metric, first, other):
    """Two cells: of the rounds, and of the best."""
    of_rounds = [a / b for a, b in zip(first, other) if b != 0]
    if not of_rounds or not any(unit in metric for unit in ("/s", "seconds", "MB")):
        return "", ""
    best = f"{max(first) / max(other):.3g}" if "/s" in metric else ""
    middle = statistics.median(of_rounds)
    return f"{middle:.3g} ({min(of_rounds):.3g} to {max(of_rounds):.3g})", best


def main():
    metrics = {}
    for line in sys.stdin:
        metric, name, value = line.rstrip("\n").split("\t")
        metrics.setdefault(metric, {}).setdefault(name, []).append(float(value))
    row("", "median", "min", "max", "first / this", "best / best")
    row("---", *["---:"] * 5)
    for metric, names in metrics.items():
        row(f"**{metric}**", *[""] * 5)
        first = next(iter(names.values()))
        for name, values in names.items():
            cells = ("", "") if values is first else ratios(metric, first, values)
            row(name, number(statistics.median(values)), number(min(values)), number(max(values)),
                *cells)
    print()


if __name__ == "__main__":
    main()
