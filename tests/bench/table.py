#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints samples as a Markdown table; reads lines of metric, name and value, separated by tabs.

A metric has a row for each name with median, minimum and maximum. For seconds, bytes and rates the
row also has the ratio of the first name's values to those of this name: the median of the rounds'
ratios with their range and, for rates, the ratio of the best values, which is the more reliable one
on a busy machine.
"""
import statistics
import sys


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def ratios(metric, first, other):
    """Two cells: the ratios of the rounds, and that of the best values."""
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
