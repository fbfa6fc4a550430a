#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kill a program in the pipe at a random moment, and check that its partial output is never
accepted.

    upstream.py BUILD TEXT KILLS

Runs ptb-vocab | ptb-subsample | sgns-batch | sgns-train on TEXT, with `-o emb.bin` and with `>
emb.bin`. KILLS times each, one of the first three programs, in turn, gets SIGKILL at a random
moment. Then the following programs must end with status 3 and one message, the preceding ones
silently, normally or by SIGPIPE; `-o emb.bin` must leave no file, and every reader must refuse the
file of `> emb.bin` with status 3. sgns-train is killed KILLS times each as well: then the other
programs must end silently. Prints the number of runs and at most 20 failures.
"""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

PIPE = (["ptb-vocab", "-q", "-m", "2"], ["ptb-subsample", "-q"], ["sgns-batch", "-q"],
        ["sgns-train", "-q", "-d", "30"])
READERS = (["sgns-knn", "-q", "emb.bin", "the"], ["sgns-cat", "-q", "emb.bin"],
           ["ptb-vocab", "-q", "--vocab", "emb.bin", "text"],
           ["sgns-train", "-q", "--resume", "emb.bin", "batches.bin"])
LAST = len(PIPE) - 1


def start(directory, named):
    """Starts the programs of the pipe; returns their processes."""
    done = []
    for i, command in enumerate(PIPE):
        source = open(directory / "text", "rb") if i == 0 else done[-1].stdout
        stdout = subprocess.PIPE
        if i == LAST:
            command = [*command, "-o", "emb.bin"] if named else command
            stdout = open(os.devnull if named else directory / "emb.bin", "wb")
        done.append(subprocess.Popen(command, cwd=directory, stdin=source, stdout=stdout,
                                     stderr=open(directory / f"said-{i}", "wb")))
        source.close()
        if i == LAST:
            stdout.close()
    return done


def lifetimes(directory):
    """The lifetime of each program in an undisturbed run, in seconds, and the vectors."""
    processes, began, ends = start(directory, True), time.monotonic(), [0.0] * len(PIPE)
    while any(end == 0 for end in ends):
        for i, process in enumerate(processes):
            if ends[i] == 0 and process.poll() is not None:
                ends[i] = time.monotonic() - began
        time.sleep(0.001)
    if any(process.returncode for process in processes):
        sys.exit("the pipe fails without a kill")
    good = (directory / "emb.bin").read_bytes()
    (directory / "emb.bin").unlink()
    return ends, good


def stage_fault(i, victim, status, said):
    """Returns what is wrong with the exit of program i, or None."""
    if i == victim:
        good = status == -signal.SIGKILL
    elif i < victim:
        good = status in (0, -signal.SIGPIPE) and not said
    else:
        good = status == 3 and re.fullmatch(rf"{PIPE[i][0]}: stdin: byte \d+[:,] [^\n]+\n", said)
    return None if good else f"{PIPE[i][0]}: status {status}: {said}"


def output_fault(directory, named):
    """Returns what is wrong with the output of sgns-train, or None."""
    found = sorted(path.name for path in directory.glob("emb.bin*"))
    if named:
        return f"left {found[0]}" if found else None
    for command in READERS:
        done = subprocess.run(command, cwd=directory, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        if done.returncode != 3 or done.stderr.count(b"\n") != 1:
            return f"{command[0]}: status {done.returncode}: {done.stderr.decode()}"
    return None


def kill_one(directory, victim, named, most, good):
    """Returns whether the kill came before everything was written, and the failures."""
    processes = start(directory, named)
    time.sleep(random.uniform(0, most))
    processes[victim].kill()
    statuses = [process.wait() for process in processes]
    output = directory / "emb.bin"
    whole = victim != LAST and not any(statuses[victim + 1:]) and output.read_bytes() == good
    if statuses[victim] == 0 or whole:
        output.unlink(missing_ok=True)
        return False, []
    faults = [stage_fault(i, victim, status, (directory / f"said-{i}").read_text())
              for i, status in enumerate(statuses)]
    if victim != LAST:
        faults.append(output_fault(directory, named))
    for path in directory.glob("emb.bin*"):  # a killed sgns-train leaves its temporary file
        path.unlink()
    return True, [f"{PIPE[victim][0]} killed, {'-o' if named else '>'} emb.bin: {fault}"
                  for fault in faults if fault]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    build, text, kills = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3])
    os.environ["PATH"] = f"{build}/bin:{os.environ['PATH']}"
    runs, killed, faults = 0, [0] * len(PIPE), []
    with tempfile.TemporaryDirectory() as top:
        directory = pathlib.Path(top)
        (directory / "text").symlink_to(text)
        subprocess.run("ptb-vocab -q -m 2 text | sgns-batch -q -e 1 -o batches.bin", shell=True,
                       cwd=directory, check=True)
        most, good = lifetimes(directory)
        for named in (True, False):
            wanted = [kills // 3 + (i < kills % 3) for i in range(3)] + [kills]
            for victim in range(len(PIPE)):
                while wanted[victim] > 0:
                    in_time, found = kill_one(directory, victim, named, most[victim], good)
                    runs += 1
                    wanted[victim] -= in_time
                    killed[victim] += in_time
                    faults += found
    print(*faults[:20], sep="\n", end="\n" if faults else "")
    print(", ".join(f"{command[0]} killed {n} times" for command, n in zip(PIPE, killed)))
    print(f"{runs} runs, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
