#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands shown in a document, in the current directory.

documents.py run FILE       run all commands; each must succeed
documents.py compare FILE   run them; each must print the output shown in FILE
documents.py fill FILE      run them and update the output in FILE

In Markdown the commands are in blocks marked ```sh, each of which is a script, or ```console, in
which lines that begin with "$ " are commands, lines that begin with "> " continue them, and other
lines are their output. In a manual page they are the displays of the section EXAMPLES, each a
script. A block that cannot be run is preceded by a line that gives the reason: <!-- not run: ...
-->, or .\\" not run: ... in a manual page.

Speeds vary from run to run and are not compared. If a program of this project fails anywhere in a
pipe, the command fails, unless the program dies of SIGPIPE.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAMS = ("ptb-", "sgns-")
SHIM = """#!/bin/bash
"{real}" "$@"
status=$?
[ $status = 0 ] || [ $status = 141 ] || echo "$(basename "$0") ended with status $status" >> "{log}"
exit $status
"""


class Document:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.lines = self.path.read_text().splitlines()

    def blocks(self):
        """Yields (kind, index of the first line, lines)."""
        is_page = re.fullmatch(r"\.\d", self.path.suffix)
        return self.displays() if is_page else self.fences()

    def is_skipped(self, i):
        while i > 0 and not self.lines[i - 1].strip():
            i -= 1
        return i > 0 and re.match(r'(<!--|\.\\") not run: ', self.lines[i - 1])

    def fences(self):
        start = None
        for i, line in enumerate(self.lines):
            if start is not None and line == "```":
                if kind in ("sh", "console") and not self.is_skipped(start - 1):
                    yield kind, start, self.lines[start:i]
                start = None
            elif start is None and line.startswith("```"):
                kind, start = line[3:], i + 1

    def displays(self):
        section, start = "", None
        for i, line in enumerate(self.lines):
            if line.startswith(".Sh "):
                section = line[4:]
            elif section == "EXAMPLES" and line.startswith(".Bd "):
                start = i + 1
            elif line == ".Ed" and start is not None:
                if not self.is_skipped(start - 1):
                    yield "sh", start, [unescape(line) for line in self.lines[start:i]]
                start = None


def unescape(line):
    known = {"-": "-", "(aq": "'", "(dq": '"', "e": "\\", "(rs": "\\", "(ha": "^", "(ti": "~", "(ga": "`", "&": ""}
    line = re.sub(r"\\\[u([0-9A-F]+)\]", lambda found: chr(int(found[1], 16)), line)
    return re.sub(r"\\(\((?:aq|dq|rs|ha|ti|ga)|[-e&])", lambda found: known[found[1]], line)


class Shell:
    """Runs scripts. Every program of the project is run by a wrapper that records its failure."""

    def __init__(self, work):
        self.log = pathlib.Path(work, "log")
        shims = pathlib.Path(work, "bin")
        shims.mkdir()
        for directory in os.environ["PATH"].split(":"):
            for real in pathlib.Path(directory).glob("*"):
                shim = shims / real.name
                if real.name.startswith(PROGRAMS) and not shim.exists():
                    shim.write_text(SHIM.format(real=real, log=self.log))
                    shim.chmod(0o755)
        self.env = dict(os.environ, PATH=f"{shims}:{os.environ['PATH']}")

    def run(self, script, flags="-e"):
        """Returns its output, and a description of its failure or None."""
        self.log.write_text("")
        ended = subprocess.run(["bash", flags, "-c", script], env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wrong = self.log.read_text().strip()
        if not wrong and ended.returncode:
            wrong = f"status {ended.returncode}"
        return ended.stdout, wrong or None


def commands(lines):
    """Yields (command, lines of output) of a console block."""
    i = 0
    while i < len(lines):
        assert lines[i].startswith("$ "), lines[i]
        command, i = lines[i][2:], i + 1
        while i < len(lines) and lines[i].startswith("> "):
            command, i = command + "\n" + lines[i][2:], i + 1
        start = i
        while i < len(lines) and not lines[i].startswith("$ "):
            i += 1
        yield command, lines[start:i]


def as_shown(command):
    return ("$ " + command).replace("\n", "\n> ").split("\n")


def blur(text):
    return re.sub(r"[0-9.]+ tokens/sec", "N tokens/sec", text)


def check_block(shell, kind, lines, compare):
    """Returns the block with its current output, and a list of its faults."""
    if kind == "sh":
        output, wrong = shell.run("\n".join(lines))
        return lines, [f"{wrong}\n{output}"] if wrong else []
    now, faults = [], []
    for command, expected in commands(lines):
        output, wrong = shell.run(command)
        now += as_shown(command) + output.splitlines()
        if wrong:
            faults.append(f"{command}: {wrong}\n{output}")
        elif compare and blur(output).splitlines() != blur("\n".join(expected)).splitlines():
            faults.append(f"$ {command}\nprints\n{output}instead of\n" + "\n".join(expected))
    return now, faults


def main():
    mode, path = sys.argv[1:]
    document = Document(path)
    failed = ran = 0
    with tempfile.TemporaryDirectory() as work:
        shell = Shell(work)
        new = list(document.lines)
        for kind, start, lines in document.blocks():
            ran += 1
            now, faults = check_block(shell, kind, lines, mode == "compare")
            for fault in faults:
                print(f"{path}:{start + 1}: {fault}\n")
            failed += len(faults)
            new[start] = "\0".join(now)
            new[start + 1:start + len(lines)] = [None] * (len(lines) - 1)
    if mode == "fill":
        text = "\n".join(line for line in new if line is not None).replace("\0", "\n")
        document.path.write_text(text + "\n")
    print(f"{path}: {ran} blocks, {failed} faults")
    sys.exit(failed > 0 or ran == 0)


if __name__ == "__main__":
    main()
