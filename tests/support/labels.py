#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""labels.py PICTURE.svg: checks the labels of a picture that gnuplot drew, with the fonts' own metrics.

No label may overlap another one, or leave the picture, or cover a dot. Prints the number of labels and
of dots.
"""
import re
import subprocess
import sys
import xml.etree.ElementTree as tree

from PIL import ImageFont

SVG = "{http://www.w3.org/2000/svg}"
fonts = {}


def font_for(character, size):
    """The font that fontconfig chooses for a character."""
    pattern = f"sans:charset={ord(character):x}"
    if pattern not in fonts:
        fonts[pattern] = subprocess.check_output(["fc-match", "-f", "%{file}", pattern], text=True)
    return ImageFont.truetype(fonts[pattern], round(size))


def box(text, x, y, anchor, size):
    """Left, right, top and bottom of the ink of a text; y grows downwards."""
    width, top, bottom = 0, 0, 0
    for part in re.findall(r"[\u0000-\u2fff]+|[^\u0000-\u2fff]+", text):
        font = font_for(part[0], size)
        _, above, _, below = font.getbbox(part, anchor="ls")
        width, top, bottom = width + font.getlength(part), min(top, above), max(bottom, below)
    left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return left, left + width, y + top, y + bottom


def place(element):
    return [float(v) for v in re.match(r"translate\(([^,]+),([^)]+)\)", element.get("transform")).groups()]


def main():
    root = tree.parse(sys.argv[1]).getroot()
    width, height = (float(root.get(side)) for side in ("width", "height"))
    labels = []
    for group in root.iter(SVG + "g"):
        text = group.find(SVG + "text")
        if text is not None:
            words = "".join(text.itertext())
            labels.append((words, box(words, *place(group), group.get("text-anchor"), float(group.get("font-size")))))
    dots = [place(use) for use in root.iter(SVG + "use") if use.get("color")]
    faults = []
    for i, (text, (left, right, top, bottom)) in enumerate(labels):
        if left < 0 or right > width or top < 0 or bottom > height:
            faults.append(f"{text!r} leaves the picture")
        for other, (l, r, t, b) in labels[:i]:
            if left < r and right > l and top < b and bottom > t:
                faults.append(f"{text!r} overlaps {other!r}")
        for x, y in dots:
            if left < x < right and top < y < bottom:
                faults.append(f"{text!r} covers a dot")
    print(f"{len(labels)} labels, {len(dots)} dots")
    if faults:
        sys.exit("\n".join(faults))


main()
