#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Feed a program many bad streams, and demand that it refuses each of them.

    sweep.py cut STREAM COMMAND...       the stream cut before each of its bytes
    sweep.py flip STREAM COMMAND...      the stream with one bit flipped: in every byte one, in turn
    sweep.py flip-all STREAM COMMAND...  likewise, every bit of every byte
    sweep.py all PATTERN COMMAND...      the files that match

COMMAND is a program with its arguments; {} among them becomes the name of a file with the bad stream,
- lets it come through a pipe. It runs with -o FILE in a folder of its own, where it finds the files of
the present folder. To refuse is: status 3, one line `program: source: byte N...` with N not behind the
input's end, and neither FILE nor a temporary left. As good as to refuse a flipped bit is to write the
same as without it. Prints what went wrong, and how many runs there were.
"""
import concurrent.futures
import glob
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BAD, OUT = "bad.bin", "out"


def run(command, stream, folder):
    """Status, standard error, output (None: no file) and what else the folder then holds."""
    piped = "-" in command
    (folder / BAD).write_bytes(stream)
    done = subprocess.run([command[0], "-o", OUT, *command[1:]], cwd=folder, check=False,
                          input=stream if piped else None, stdout=subprocess.DEVNULL,
                          stdin=None if piped else subprocess.DEVNULL, stderr=subprocess.PIPE)
    output = None
    if (folder / OUT).exists():
        output = (folder / OUT).read_bytes()
        (folder / OUT).unlink()
    left = list(folder.glob(f"{OUT}*"))
    for path in left:
        path.unlink()
    return done.returncode, done.stderr.decode(errors="replace"), output, left


def fault(command, stream, result, good):
    """What is wrong with the result of a run, or None. It may be `good`, unless that is None."""
    status, message, output, left = result
    if left:
        return f"left {left[0].name}"
    if status == 0 and good is not None:
        return None if output == good else "accepted, with another output"
    if status != 3:
        return f"status {status}: {message[:300]}"
    source = "stdin" if "-" in command else re.escape(BAD)
    line = re.fullmatch(rf"{command[0]}: {source}: byte (\d+)[:,] [^\n]+\n", message)
    if not line or int(line[1]) > len(stream):
        return f"message: {message[:300]}"
    return None if output is None else "failed, but left its output"


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


def sweep(streams, command, good, folder):
    """The faults with these streams."""
    results = ((name, fault(command, stream, run(command, stream, folder), good))
               for name, stream in streams)
    return [f"{name}: {' '.join(command)}: {found}" for name, found in results if found]


def main():
    how, pattern, *command = sys.argv[1:] if len(sys.argv) > 3 else [""] * 3
    if how not in ("cut", "flip", "flip-all", "all"):
        sys.exit(__doc__)
    command = [BAD if word == "{}" else word for word in command]
    streams, good = list(bad_streams(how, pattern)), None
    with tempfile.TemporaryDirectory() as top, concurrent.futures.ThreadPoolExecutor() as pool:
        folders = [new_folder(pathlib.Path(top, str(i))) for i in range(os.cpu_count() or 1)]
        if how.startswith("flip"):
            status, message, good, _ = run(command, pathlib.Path(pattern).read_bytes(), folders[0])
            if status != 0:
                sys.exit(f"the stream as it was: status {status}: {message}")
        jobs = [pool.submit(sweep, streams[i::len(folders)], command, good, folder)
                for i, folder in enumerate(folders)]
        faults = [line for job in jobs for line in job.result()]
    print(*faults[:20], f"{len(streams)} runs, {len(faults)} faults", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
