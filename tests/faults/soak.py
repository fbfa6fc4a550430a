#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train, kill, resume, again and again: what a process takes must not grow, nor the result change.

    soak.py BUILD ROUNDS

Each round goes on from the checkpoint of the one before, and ends by SIGKILL after some checkpoints of
its own, when its peak of memory (VmHWM) and its open files have been noted. The last round trains to
the end: to the bytes of a training that was never stopped. Of the rounds that go on from a checkpoint,
no one in the second half may take more than 5 % above the most of the first half; the last one, with
its vectors, 20 % above any; open files may not change at all. Prints both by rounds.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

CHECKPOINTS = 12  # of a round, before the kill
GROWTH, LAST_GROWTH = 1.05, 1.2
DIM = "300"
PREPARE = """
awk 'BEGIN { for (i = 0; i < 20000; i++) { x = (x * 16807 + 11) % 2147483647
  printf "w%d%s", x % (1 + x % 400), i % 9 == 8 ? "\\n" : " " } }' |
  ptb-vocab -q -m 1 | sgns-batch -q -b 32 -e $ROUNDS -o batches.bin
sgns-train -q -d $DIM batches.bin -o expected.bin
"""


def open_files(process):
    """How many, at least: a checkpoint that is being written is open for a while."""
    folder, counts = f"/proc/{process.pid}/fd", []
    for _ in range(50):
        counts.append(len(os.listdir(folder)))
        time.sleep(0.001)
    return min(counts)


def peak(process):
    """Of its memory, in KiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1])


def inode(path):
    return path.stat().st_ino if path.exists() else None


def train(folder):
    """The command of a round; in the first there is no checkpoint to go on from."""
    resume = ["-r", "ck"] if (folder / "ck").exists() else []
    return ["sgns-train", "-q", "-d", DIM, "-t", "2", "-c", "ck", "--checkpoint-every", "10steps",
            *resume, "-o", "emb.bin", "batches.bin"]


def killed_round(folder):
    """Peak of memory and open files of a round that is killed."""
    checkpoint, changes = folder / "ck", 0
    latest = inode(checkpoint)
    process = subprocess.Popen(train(folder), cwd=folder)
    while changes < CHECKPOINTS:
        time.sleep(0.0005)
        if process.poll() is not None:
            sys.exit(f"a round ended by itself, with status {process.returncode}")
        if inode(checkpoint) != latest:
            latest = inode(checkpoint)
            changes += 1
    taken = peak(process), open_files(process)
    process.kill()
    process.wait()
    return taken


def last_round(folder):
    """Peak of memory of one that trains to the end."""
    process, taken = subprocess.Popen(train(folder), cwd=folder), 0
    while process.poll() is None:
        try:
            taken = max(taken, peak(process))
        except (TypeError, OSError):  # it is ending, and has no memory any more
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
        folder = pathlib.Path(top)
        subprocess.run(["bash", "-euo", "pipefail", "-c", PREPARE], cwd=folder, check=True,
                       env={**os.environ, "ROUNDS": str(rounds), "DIM": DIM})
        taken = [killed_round(folder) for _ in range(rounds)]
        last = last_round(folder)
        same = (folder / "emb.bin").read_bytes() == (folder / "expected.bin").read_bytes()
    for number, (memory, files) in enumerate(taken, 1):
        print(f"round {number}: {memory} KiB at most, {files} open files")
    print(f"last round: {last} KiB at most")
    print("the same bytes" if same else "OTHER BYTES than without a kill")
    memory, files = zip(*taken)
    half = 1 + rounds // 2
    flat = max(memory[half:]) <= GROWTH * max(memory[1:half]) and len(set(files)) == 1
    flat = flat and last <= LAST_GROWTH * max(memory)
    print("flat" if flat else "NOT FLAT")
    sys.exit(not (same and flat))


if __name__ == "__main__":
    main()
