#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train, kill, resume repeatedly: resources must not grow, and the result must not change.

    soak.py BUILD ROUNDS

Each round resumes from the checkpoint of the previous one, saves a few checkpoints, and is killed
by SIGKILL after its peak memory (VmHWM) and open files have been recorded. The last round trains to
the end and must give the same bytes as a training that was never stopped. Of the rounds that
resume, none in the second half may take more than 5 % above the maximum of the first half; the last
round, which also writes the vectors, at most 20 % above the maximum of all. The number of open
files must not change. Prints both for each round.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

CHECKPOINTS = 12  # in a round, before the kill
GROWTH, LAST_GROWTH = 1.05, 1.2
DIM = "300"
PREPARE = """
awk 'BEGIN { for (i = 0; i < 20000; i++) { x = (x * 16807 + 11) % 2147483647
  printf "w%d%s", x % (1 + x % 400), i % 9 == 8 ? "\\n" : " " } }' |
  ptb-vocab -q -m 1 | sgns-batch -q -b 32 -e $ROUNDS -o batches.bin
sgns-train -q -d $DIM batches.bin -o expected.bin
"""


def open_files(process):
    """The number of open files, without those of a checkpoint that is being written just now: its
    temporary file, and the directory that is synced after the rename."""
    names = []
    for descriptor in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            names.append(os.readlink(descriptor))
        except FileNotFoundError:  # closed in the meantime
            pass
    return sum(".tmp." not in name and not os.path.isdir(name) for name in names)


def peak(process):
    """Peak memory, in KiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1])


def inode(path):
    return path.stat().st_ino if path.exists() else None


def train(directory):
    """The command of a round; the first round has no checkpoint to resume from."""
    resume = ["-r", "ck"] if (directory / "ck").exists() else []
    return ["sgns-train", "-q", "-d", DIM, "-t", "2", "-c", "ck", "--checkpoint-every", "10steps",
            *resume, "-o", "emb.bin", "batches.bin"]


def killed_round(directory):
    """Peak memory and open files of a round that is killed."""
    checkpoint, changes = directory / "ck", 0
    latest = inode(checkpoint)
    process = subprocess.Popen(train(directory), cwd=directory)
    while changes < CHECKPOINTS:
        time.sleep(0.0005)
        if process.poll() is not None:
            sys.exit(f"a round ended before it was killed, with status {process.returncode}")
        if inode(checkpoint) != latest:
            latest = inode(checkpoint)
            changes += 1
    taken = peak(process), open_files(process)
    process.kill()
    process.wait()
    return taken


def last_round(directory):
    """Peak memory of a round that trains to the end."""
    process, taken = subprocess.Popen(train(directory), cwd=directory), 0
    while process.poll() is None:
        try:
            taken = max(taken, peak(process))
        except (TypeError, OSError):  # the process is exiting
            pass
        time.sleep(0.01)
    if process.returncode:
        sys.exit(f"the last round ended with status {process.returncode}")
    return taken


def main():
    if len(sys.argv) != 3 or int(sys.argv[2]) < 3:
        sys.exit(__doc__)
    build, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    os.environ["PATH"] = f"{build}/bin:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as top:
        directory = pathlib.Path(top)
        subprocess.run(["bash", "-euo", "pipefail", "-c", PREPARE], cwd=directory, check=True,
                       env={**os.environ, "ROUNDS": str(rounds), "DIM": DIM})
        taken = [killed_round(directory) for _ in range(rounds)]
        last = last_round(directory)
        same = (directory / "emb.bin").read_bytes() == (directory / "expected.bin").read_bytes()
    for number, (memory, files) in enumerate(taken, 1):
        print(f"round {number}: {memory} KiB at most, {files} open files")
    print(f"last round: {last} KiB at most")
    print("the same bytes" if same else "NOT THE SAME BYTES as without kills")
    memory, files = zip(*taken)
    half = 1 + rounds // 2
    flat = max(memory[half:]) <= GROWTH * max(memory[1:half]) and len(set(files)) == 1
    flat = flat and last <= LAST_GROWTH * max(memory)
    print("flat" if flat else "NOT FLAT")
    sys.exit(not (same and flat))


if __name__ == "__main__":
    main()
