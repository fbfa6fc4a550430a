#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run programs on many invalid streams and check that they refuse all of them.

    sweep.py cut STREAM COMMAND...       the stream truncated before each of its bytes
    sweep.py flip STREAM COMMAND...      the stream with one bit of each byte flipped, one at a time
    sweep.py flip-all STREAM COMMAND...  the same with every bit of each byte
    sweep.py all PATTERN COMMAND...      the files that match PATTERN
    sweep.py matrix [KIND...]            a stream of each kind, truncated and with every bit flipped,
                                         for every program that reads it, as a file and from a pipe

COMMAND is a program with its arguments, among them {}, which is replaced by the name of a file with
the invalid stream, or -, which makes it read the stream from a pipe. It runs with -o FILE in a
separate directory with links to the files of the current one. It refuses a stream if it exits with
status 3, prints one line `program: source: byte N...` (or line N, for text) with N at most the size
of the input, and leaves neither FILE nor a temporary file. (sgns-cat --check writes that line to
its report, FILE.) A stream with a flipped bit may also give the same output as the original. Prints
the faults and the number of runs; matrix also prints which bits have no effect.
"""
import collections
import concurrent.futures
import glob
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BAD, OUT = "bad.bin", "out"
TIMEOUT = 120  # seconds
REFUSED, UNCHANGED = "refused", "unchanged"


def run(command, stream, directory):
    """Returns status, standard error, output (None: no file) and other files that are left."""
    piped = "-" in command
    (directory / BAD).write_bytes(stream)
    done = subprocess.run([command[0], "-o", OUT, *command[1:]], cwd=directory, check=False,
                          input=stream if piped else None, stdout=subprocess.DEVNULL,
                          stdin=None if piped else subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=TIMEOUT)
    output = None
    if (directory / OUT).exists():
        output = (directory / OUT).read_bytes()
        (directory / OUT).unlink()
    left = list(directory.glob(f"{OUT}*"))
    for path in left:
        path.unlink()
    return done.returncode, done.stderr.decode(errors="replace"), output, left


def judge(command, stream, result, good):
    """Returns REFUSED, UNCHANGED (the output is `good`, unless that is None), or a fault."""
    status, message, output, left = result
    if left:
        return f"left {left[0].name}"
    if status == 0 and good is not None:
        return UNCHANGED if output == good else "accepted, with another output"
    if status != 3:
        return f"status {status}: {message[:300]}"
    if "--check" in command:
        if message != f"{command[0]}: 1 of 1 stream bad, 0 unreadable\n":
            return f"message: {message[:300]}"
        message, output = f"{command[0]}: {(output or b'').decode(errors='replace')}", None
    source = "stdin" if "-" in command else re.escape(BAD)
    line = re.fullmatch(rf"{command[0]}: {source}: (byte|line) (\d+)[:,] [^\n]+\n", message)
    end = len(stream) if line and line[1] == "byte" else stream.count(b"\n") + 1
    if not line or int(line[2]) > end:
        return f"message: {message[:300]}"
    return REFUSED if output is None else "failed, but left its output"


def bad_streams(how, pattern):
    """Yields name and bytes of each stream."""
    for path in sorted(glob.glob(pattern)):
        stream = pathlib.Path(path).read_bytes()
        if how == "all":
            yield path, stream
        for at, byte in enumerate(stream):
            if how == "cut":
                yield f"cut at byte {at}", stream[:at]
            for bit in range(8) if how == "flip-all" else (at % 8,) if how == "flip" else ():
                yield f"byte {at}, bit {bit}", (stream[:at] + bytes([byte ^ 1 << bit])
                                                + stream[at + 1:])


def new_directory(path):
    """Creates a directory with a link to every file of the current one."""
    path.mkdir()
    for file in pathlib.Path().iterdir():
        if file.is_file():
            (path / file.name).symlink_to(file.resolve())
    return path


def sweep_part(streams, command, good, directory):
    return [(name, judge(command, stream, run(command, stream, directory), good))
            for name, stream in streams]


def sweep(how, pattern, command):
    """Returns pairs of name and verdict for all these streams."""
    command = [BAD if word == "{}" else word for word in command]
    streams, good = list(bad_streams(how, pattern)), None
    with tempfile.TemporaryDirectory() as top, concurrent.futures.ThreadPoolExecutor() as pool:
        directories = [new_directory(pathlib.Path(top, str(i))) for i in range(os.cpu_count() or 1)]
        if how.startswith("flip"):
            stream = pathlib.Path(pattern).read_bytes()
            status, message, good, _ = run(command, stream, directories[0])
            if status != 0:
                sys.exit(f"the original stream: status {status}: {message}")
        jobs = [pool.submit(sweep_part, streams[i::len(directories)], command, good, directory)
                for i, directory in enumerate(directories)]
        return [pair for job in jobs for pair in job.result()]


def faults(verdicts, command):
    return [f"{name}: {' '.join(command)}: {verdict}" for name, verdict in verdicts
            if verdict not in (REFUSED, UNCHANGED)]


# ---- the matrix ----

READERS = {  # {} is replaced by the stream, or by - for a pipe
    "corpus": ["ptb-vocab -q --vocab {} text", "ptb-phrase -q {}", "ptb-subsample -q {}", "sgns-batch -q {}"],
    "batches": ["ptb-vocab -q --vocab {} text", "sgns-train -q -t 2 -d 3 {}"],
    "vectors": ["ptb-vocab -q --vocab {} text", "sgns-knn -q {} a"],
    "checkpoint": ["ptb-vocab -q --vocab {} text", "sgns-knn -q {} a",
                   "sgns-train -q -d 2 --resume {} batches.bin"],
    "counts": ["ptb-vocab -q --vocab {} text", "ptb-vocab -q --merge {}",
               "ptb-vocab -q --merge counts.bin {}"],
}
OF_ALL_KINDS = ["sgns-cat -q {}", "sgns-cat -q --check {}"]


def make_samples():
    """Creates a text and a stream of a few hundred bytes of each kind, in the current directory."""
    pathlib.Path("text").write_text("a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\n", "ascii")
    for command in ("ptb-vocab -q -m 2 -o corpus.bin text",
                    "ptb-vocab -q --count -o counts.bin text",
                    "sgns-batch -q -w 1 -n 1 -b 4 -e 1 -o batches.bin corpus.bin",
                    "sgns-train -q -d 3 -o vectors.bin batches.bin",
                    "sgns-train -q -d 2 -c checkpoint.bin --checkpoint-every 2steps -o last "
                    "batches.bin"):
        subprocess.run(command.split(), check=True)


def literals_parts(block):
    """The parts of the literals section of a compressed block (3.1.1.3.1) with their sizes."""
    kind, form = block[0] & 3, block[0] >> 2 & 3
    header = (1, 2, 1, 3)[form] if kind < 2 else (3, 3, 4, 5)[form]
    number = int.from_bytes(block[:header], "little")
    if kind < 2:  # raw, or a run
        size = number >> (3 if header == 1 else 4)
        return [("header of the literals", header), ("literals", 1 if kind else size)]
    bits = (10, 10, 14, 18)[form]
    size = number >> (4 + bits) & (1 << bits) - 1
    tree = 0
    if kind == 2:
        first = block[header]
        tree = 1 + (first if first < 128 else (first - 126) // 2)
    return [("header of the literals", header), ("Huffman weights", tree), ("literals", size - tree)]


def block_parts(block, kind):
    if kind != 2:
        return [("raw or repeated bytes", len(block))]
    parts = literals_parts(block)
    first = block[sum(n for _, n in parts)]
    parts += [("number of sequences", 1 + (first > 127) + (first == 255)),
              ("modes of the sequences", 1)]
    return parts + [("sequences", len(block) - sum(n for _, n in parts))]


def byte_names(stream):
    """The meaning of each byte in the zstd format, for frames with checksums and no dictionary."""
    names = []
    while len(names) < len(stream):
        descriptor = stream[len(names) + 4]
        single_segment = descriptor & 0x20
        names += ["magic number"] * 4 + ["frame header"] + ["window"] * (not single_segment)
        names += ["content size"] * (descriptor >> 6 and 1 << (descriptor >> 6) or bool(single_segment))
        last = False
        while not last and len(names) < len(stream):
            at = len(names) + 3
            header = int.from_bytes(stream[at - 3:at], "little")
            last, kind, size = header & 1, header >> 1 & 3, header >> 3
            parts = block_parts(stream[at:at + (1 if kind == 1 else size)], kind)
            names += [name for name, n in [("block header", 3)] + parts for _ in range(n)]
        names += ["checksum"] * 4
    return names


def bit_name(stream, flip):
    """The meaning of a flipped bit in the zstd format (RFC 8878, 3.1.1)."""
    at, bit = map(int, re.fullmatch(r"byte (\d+), bit (\d)", flip).groups())
    name = byte_names(stream)[at]
    if name == "frame header" and bit in (4, 5):
        return f"{name}, the {'unused bit' if bit == 4 else 'bit for a single segment'}"
    if name == "modes of the sequences" and bit < 2:
        return f"{name}, the reserved bits"
    return name


def matrix(kinds):
    """Prints a line for each stream, reader and source, and the bits that have no effect. Returns
    whether there were no faults."""
    runs, wrong = 0, []
    make_samples()
    for kind in kinds or READERS:
        path = f"{kind}.bin"
        stream, unchanged = pathlib.Path(path).read_bytes(), set()
        for reader in READERS[kind] + OF_ALL_KINDS:
            for source in "{}", "-":
                command = reader.replace("{}", source).split()
                cuts, flips = (sweep(how, path, command) for how in ("cut", "flip-all"))
                same = [name for name, verdict in flips if verdict == UNCHANGED]
                bad = faults(cuts + flips, command)
                unchanged.update(same)
                print(f"{kind}: {' '.join(command)}: {len(cuts)} cuts, {len(flips)} flips, "
                      f"{len(same)} have no effect, {len(bad)} faults", *bad[:5], sep="\n  ",
                      flush=True)
                runs += len(cuts) + len(flips)
                wrong += bad
        names = collections.Counter(bit_name(stream, flip) for flip in unchanged)
        listed = "; ".join(f"{n} of the {name}" for name, n in sorted(names.items()))
        print(f"{kind}: {len(unchanged)} of {8 * len(stream)} bits have no effect: {listed}")
    print(f"{runs} runs, {len(wrong)} faults")
    return not wrong


def main():
    how, *rest = sys.argv[1:] or [""]
    if how == "matrix" and set(rest) <= set(READERS):
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            sys.exit(not matrix(rest))
    if how not in ("cut", "flip", "flip-all", "all") or len(rest) < 2:
        sys.exit(__doc__)
    verdicts = sweep(how, rest[0], rest[1:])
    wrong = faults(verdicts, rest[1:])
    print(*wrong[:20], f"{len(verdicts)} runs, {len(wrong)} faults", sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
