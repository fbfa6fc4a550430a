#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feed programs many bad streams, and demand that they refuse each of them.

    sweep.py cut STREAM COMMAND...       the stream cut before each of its bytes
    sweep.py flip STREAM COMMAND...      the stream with one bit flipped: in every byte one, in turn
    sweep.py flip-all STREAM COMMAND...  likewise, every bit of every byte
    sweep.py all PATTERN COMMAND...      the files that match
    sweep.py matrix [KIND...]            a stream of each kind, cut and with every bit flipped, into
                                         every program that reads it, as a file and through a pipe

COMMAND is a program with its arguments; {} among them becomes the name of a file with the bad stream,
- lets it come through a pipe. It runs with -o FILE in a folder of its own, where it finds the files of
the present folder. To refuse is: status 3, one line `program: source: byte N...` (of a text: line N)
with N not behind the input's end, and neither FILE nor a temporary left. (sgns-cat --check has that line in FILE, its
report.) As good as to refuse a flipped bit is to write the same as without it. Prints what went wrong,
and how many runs there were; matrix also, which bits changed nothing.
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


def run(command, stream, folder):
    """Status, standard error, output (None: no file) and what else the folder then holds."""
    piped = "-" in command
    (folder / BAD).write_bytes(stream)
    done = subprocess.run([command[0], "-o", OUT, *command[1:]], cwd=folder, check=False,
                          input=stream if piped else None, stdout=subprocess.DEVNULL,
                          stdin=None if piped else subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=TIMEOUT)
    output = None
    if (folder / OUT).exists():
        output = (folder / OUT).read_bytes()
        (folder / OUT).unlink()
    left = list(folder.glob(f"{OUT}*"))
    for path in left:
        path.unlink()
    return done.returncode, done.stderr.decode(errors="replace"), output, left


def judge(command, stream, result, good):
    """REFUSED, UNCHANGED (its output is `good`, unless that is None), or what is wrong."""
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
    """Name and bytes of each."""
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


def new_folder(path):
    """With a link to every file of the present one."""
    path.mkdir()
    for file in pathlib.Path().iterdir():
        if file.is_file():
            (path / file.name).symlink_to(file.resolve())
    return path


def sweep_part(streams, command, good, folder):
    return [(name, judge(command, stream, run(command, stream, folder), good))
            for name, stream in streams]


def sweep(how, pattern, command):
    """The verdicts on all these streams, as pairs of a name and a verdict."""
    command = [BAD if word == "{}" else word for word in command]
    streams, good = list(bad_streams(how, pattern)), None
    with tempfile.TemporaryDirectory() as top, concurrent.futures.ThreadPoolExecutor() as pool:
        folders = [new_folder(pathlib.Path(top, str(i))) for i in range(os.cpu_count() or 1)]
        if how.startswith("flip"):
            status, message, good, _ = run(command, pathlib.Path(pattern).read_bytes(), folders[0])
            if status != 0:
                sys.exit(f"the stream as it was: status {status}: {message}")
        jobs = [pool.submit(sweep_part, streams[i::len(folders)], command, good, folder)
                for i, folder in enumerate(folders)]
        return [pair for job in jobs for pair in job.result()]


def faults(verdicts, command):
    return [f"{name}: {' '.join(command)}: {verdict}" for name, verdict in verdicts
            if verdict not in (REFUSED, UNCHANGED)]


# ---- the matrix ----

READERS = {  # {} is the stream, or - for a pipe
    "corpus": ["ptb-vocab -q --vocab {} text", "ptb-subsample -q {}", "sgns-batch -q {}"],
    "batches": ["ptb-vocab -q --vocab {} text", "sgns-train -q -t 2 -d 3 {}"],
    "vectors": ["ptb-vocab -q --vocab {} text", "sgns-knn -q {} a"],
    "checkpoint": ["ptb-vocab -q --vocab {} text", "sgns-knn -q {} a",
                   "sgns-train -q -d 2 --resume {} batches.bin"],
    "counts": ["ptb-vocab -q --vocab {} text", "ptb-vocab -q --merge {}",
               "ptb-vocab -q --merge counts.bin {}"],
}
OF_ALL_KINDS = ["sgns-cat -q {}", "sgns-cat -q --check {}"]


def make_samples():
    """In the present folder: a text, and of each kind a stream of some hundred bytes."""
    pathlib.Path("text").write_text("a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\n", "ascii")
    for command in ("ptb-vocab -q -m 2 -o corpus.bin text",
                    "ptb-vocab -q --count -o counts.bin text",
                    "sgns-batch -q -w 1 -k 1 -b 4 -e 1 -o batches.bin corpus.bin",
                    "sgns-train -q -d 3 -o vectors.bin batches.bin",
                    "sgns-train -q -d 2 -c checkpoint.bin --checkpoint-every 2steps -o last "
                    "batches.bin"):
        subprocess.run(command.split(), check=True)


def literals_parts(block):
    """The parts of the literals section that begins a compressed block (3.1.1.3.1), with sizes."""
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
    """What each byte of a stream is to zstd; its frames have checksums and no dictionaries."""
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
    """What a flipped bit is to zstd (RFC 8878, 3.1.1)."""
    at, bit = map(int, re.fullmatch(r"byte (\d+), bit (\d)", flip).groups())
    name = byte_names(stream)[at]
    if name == "frame header" and bit in (4, 5):
        return f"{name}, the {'unused bit' if bit == 4 else 'bit for a single segment'}"
    if name == "modes of the sequences" and bit < 2:
        return f"{name}, the reserved bits"
    return name


def matrix(kinds):
    """Prints a line for each stream, reader and way, and what bits changed nothing. Whether all is
    well."""
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
                      f"{len(same)} change nothing, {len(bad)} faults", *bad[:5], sep="\n  ",
                      flush=True)
                runs += len(cuts) + len(flips)
                wrong += bad
        names = collections.Counter(bit_name(stream, flip) for flip in unchanged)
        listed = "; ".join(f"{n} of the {name}" for name, n in sorted(names.items()))
        print(f"{kind}: {len(unchanged)} of {8 * len(stream)} bits change nothing: {listed}")
    print(f"{runs} runs, {len(wrong)} faults")
    return not wrong


def main():
    how, *rest = sys.argv[1:] or [""]
    if how == "matrix" and set(rest) <= set(READERS):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            sys.exit(not matrix(rest))
    if how not in ("cut", "flip", "flip-all", "all") or len(rest) < 2:
        sys.exit(__doc__)
    verdicts = sweep(how, rest[0], rest[1:])
    wrong = faults(verdicts, rest[1:])
    print(*wrong[:20], f"{len(verdicts)} runs, {len(wrong)} faults", sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
