#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the programs' system calls fail, one after the other, and check that they handle it.

    inject.py BUILD [--most=N] [CASE...]

A case is a program with options on a small input (--list prints all cases). A run without faults
counts the calls of each kind that BUILD/tests/faults.so can make fail. Then the first, the second,
... of these calls fails, once alone and once together with all later ones. --most=N tries at most N
calls of a kind, evenly spread and including the first and the last; 0, the default, tries all.

After a fault a program must end with status 1 and exactly one line `program: source: message` that
names the reason, keep the old output file, and leave no temporary file; or it must succeed with the
same bytes as without faults (because a cache is optional or there is a fallback). Only a failure
after the rename may leave the new file, complete. The checkpoint must be the old one, or a new one
from which training resumes to the same bytes. A stream written to standard output before the fault
must be complete, or refused by sgns-cat. Reads and writes of one byte, and interrupted calls, must
have no effect at all.

Prints a line for each case with the number of runs and of faults without effect, and at most 20
failures.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

OLD = b"what was there before\n"
# The reason that the message must name. Without memory for a thread, pthread_create reports EAGAIN.
REASON = {"memory": "memory|Resource temporarily unavailable", "read": "Input/output error",
          "write": "No space left on device", "sync": "Input/output error",
          "close": "Input/output error", "rename": "Permission denied", "open": "Too many open files",
          "thread": "Resource temporarily unavailable", "truncate": "Input/output error",
          "lock": "No locks available", "seek": "Input/output error",
          "random": "Function not implemented", "poll": "Cannot allocate memory"}
SECONDS = 120  # after this a program counts as hanging
# ASan itself cannot start a thread without memory: such runs are inconclusive.
ASAN_FAILED = "AddressSanitizer: CHECK failed: sanitizer_linux_libcdep.cpp"

# Name: command. It runs with -o out or, if it ends in >, with standard output redirected to `out`.
CASES = {
    "words": "ptb-words text long-text",
    "words-stdout": "ptb-words text >",
    "vocab": "ptb-vocab -m 1 text",
    "vocab-stdout": "ptb-vocab -m 1 text >",
    "vocab-files": "ptb-vocab -m 1 -t 2 text long-text text",
    "vocab-threads": "ptb-vocab -m 1 -t 3 long-text",
    "vocab-spill": "ptb-vocab -m 1 --memory 0 long-text",
    "vocab-spill-threads": "ptb-vocab -m 1 --memory 200K -t 3 long-text",
    "vocab-given": "ptb-vocab --vocab corpus.bin text",
    "vocab-given-threads": "ptb-vocab --vocab counts.bin -t 2 long-text",
    "count": "ptb-vocab --count text",
    "count-threads": "ptb-vocab --count -t 2 long-text",
    "merge": "ptb-vocab --merge counts.bin other-counts.bin counts.bin",
    "phrase": "ptb-phrase -m 1 --threshold 0.1 --passes 2 -t 2 --memory 1M corpus.bin",
    "phrase-spill": "ptb-phrase -m 1 --threshold 0.1 -t 2 --memory 1M long-corpus.bin",
    "phrase-stdout": "ptb-phrase corpus.bin >",
    "phrase-with": "ptb-phrase --with corpus.bin corpus.bin",
    "batch-examples": "sgns-batch --examples -e 2 -t 2 --memory 1M examples",
    "subsample": "ptb-subsample --threshold 0.1 corpus.bin",
    "subsample-stdout": "ptb-subsample corpus.bin >",
    "batch": "sgns-batch -b 4 -e 2 -t 1 corpus.bin",
    "batch-stdout": "sgns-batch -b 4 -e 2 -t 2 corpus.bin >",
    "batch-threads": "sgns-batch -b 4 -e 2 -t 3 --resample corpus.bin",
    "batch-spill": "sgns-batch --memory 1M -w 1 -n 1 -e 1 -t 2 long-corpus.bin",
    "batch-spill-straight": "sgns-batch --memory 1M -w 1 -n 1 -e 1 -t 1 --no-shuffle long-corpus.bin",
    "batch-examples-given": "sgns-batch --examples --vocab corpus.bin -b 4 -e 2 -t 2 few-examples",
    "train": "sgns-train -d 3 -t 1 batches.bin",
    "train-stdout": "sgns-train -d 3 -t 2 batches.bin >",
    "train-threads": "sgns-train -d 3 -t 3 batches.bin",
    "train-sgd": "sgns-train -d 3 -t 1 -O sgd -L log batches.bin",
    "train-checkpoint": "sgns-train -d 3 -t 1 -c ck --checkpoint-every 2steps batches.bin",
    "train-resume": "sgns-train -d 3 -t 2 -c ck --checkpoint-every 2steps -r middle.bin -L log batches.bin",
    "knn": "sgns-knn -t 1 vectors.bin a 3",
    "knn-stdout": "sgns-knn -t 1 vectors.bin a 3 >",
    "knn-threads": "sgns-knn -t 3 many-vectors.bin w1 3",
    "convert": "sgns-convert --to word2vec-bin vectors.bin",
    "convert-foreign": "sgns-convert vectors.w2v",
    "eval": "sgns-eval -t 2 vectors.bin pairs",
    "map": "sgns-map -t 2 --iterations 3 --top 20 --skip 0 many-vectors.bin",
    "cat": "sgns-cat corpus.bin",
    "cat-stdout": "sgns-cat batches.bin >",
    "cat-batches": "sgns-cat batches.bin",
    "cat-vectors": "sgns-cat vectors.bin a",
    "cat-counts": "sgns-cat counts.bin",
    "cat-words": "sgns-cat vectors.bin b a",
    "cat-checkpoint": "sgns-cat --header middle.bin",
}


def make_inputs(directory):
    """A stream of each kind, some too large for the --memory or the block size of a case."""
    words = [f"w{i % 89 * (i % 7) + i % 11}" for i in range(270000)]
    long_text = "\n".join(" ".join(words[i:i + 30]) for i in range(0, len(words), 30)) + "\n"
    (directory / "long-text").write_text(long_text[:300000])
    (directory / "longer-text").write_text(long_text)
    (directory / "text").write_text("a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\n" * 2)
    (directory / "other-text").write_text("b b z\n")
    (directory / "few-examples").write_text("a\tb c\nb\ta d\nc\ta b\n" * 4)
    (directory / "pairs").write_text("a b 1\na c 2\nb c 3\n")
    for command in (
            "ptb-vocab -m 2 text -o corpus.bin", "ptb-vocab -m 2 longer-text -o long-corpus.bin",
            "ptb-vocab --count text -o counts.bin", "ptb-vocab --count other-text -o other-counts.bin",
            "sgns-batch -w 2 -n 2 -b 4 -e 2 corpus.bin -o batches.bin",
            "sgns-train -d 3 batches.bin -o vectors.bin", "sgns-batch -e 1 long-corpus.bin -o few.bin",
            "sgns-train -d 64 few.bin -o many-vectors.bin",
            "sgns-convert --to word2vec vectors.bin -o vectors.w2v"):
        subprocess.run([*command.split(), "-q"], cwd=directory, check=True)
    # A checkpoint in the middle of training, whose input ends early.
    batches = (directory / "batches.bin").read_bytes()
    subprocess.run("sgns-train -q -d 3 -t 1 -c middle.bin".split(), input=batches[:-8], cwd=directory,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    lines = subprocess.run(["sgns-cat", "few.bin"], cwd=directory, capture_output=True, check=True).stdout
    (directory / "examples").write_bytes(lines)
    for name in ("longer-text", "other-text", "few.bin"):
        (directory / name).unlink()


class Case:
    """A command, its output without faults, and the number of its calls of each kind."""

    def __init__(self, name, build, inputs, directory):
        self.name, self.build, self.directory = name, build, directory
        words = CASES[name].split()
        self.piped = words[-1] == ">"
        self.command = [words[0], "-q", *(words[1:-1] if self.piped else ["-o", "out", *words[1:]])]
        self.checkpoint = "ck" in words
        directory.mkdir()
        for path in inputs.iterdir():
            (directory / path.name).symlink_to(path)
        (directory / "tmp").mkdir()
        self.good, self.inputs = None, {path.name for path in directory.iterdir()}
        status, message, report = self.run("count")
        if status != 0 or message:
            sys.exit(f"{name}: without a fault: status {status}: {message}")
        self.good = (directory / "out").read_bytes()
        self.calls = {kind: int(n) for kind, n in re.findall(r"^([a-z]+) (\d+)$", report, re.M)}
        if "memory" not in self.calls:
            sys.exit(f"{name}: faults.so is not active")

    def run(self, faults):
        """Returns status, standard error and the report of faults.so."""
        for name in ("out", "ck"):
            (self.directory / name).write_bytes(OLD)
        if not self.checkpoint:
            (self.directory / "ck").unlink()
        reading, writing = os.pipe()
        sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:exitcode=99"
        environment = {**os.environ, "LD_PRELOAD": f"{self.build}/tests/faults.so", "FAULTS": faults,
                       "FAULTS_REPORT": str(writing), "TMPDIR": "tmp", "SGNS_CUDA": "none.so",
                       "ASAN_OPTIONS": sanitizers, "UBSAN_OPTIONS": "exitcode=99"}
        with open(self.directory / "out" if self.piped else os.devnull, "wb") as stdout:
            try:
                done = subprocess.run(self.command, cwd=self.directory, env=environment, check=False,
                                      stdin=subprocess.DEVNULL, stdout=stdout, pass_fds=[writing],
                                      stderr=subprocess.PIPE, timeout=SECONDS)
                status, message = done.returncode, done.stderr.decode(errors="replace")
            except subprocess.TimeoutExpired:
                status, message = "hangs", ""
        os.close(writing)
        with os.fdopen(reading) as pipe:
            return status, message, pipe.read()

    def left(self):
        """Removes and returns all files except inputs, output and checkpoint."""
        found = [path for path in self.directory.iterdir()
                 if path.name not in self.inputs | {"out", "ck", "log"}]
        found += (self.directory / "tmp").iterdir()
        for path in found:
            path.unlink()
        return found

    def output_fault(self, status, message):
        """Returns what is wrong with the file `out`, or None."""
        out = (self.directory / "out").read_bytes()
        if out == self.good:
            renamed = "its directory" in message or self.checkpoint or self.piped
            return None if status == 0 or renamed else "failed, but left its output"
        if status == 0:
            return "succeeded, with another output"
        if not self.piped:
            return None if out == OLD else "the old output is gone"
        if self.command[0] in ("sgns-cat", "sgns-knn"):
            return None
        refused = subprocess.run(["sgns-cat", "-q", "out"], cwd=self.directory, check=False,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return None if refused.returncode == 3 else "an incomplete output that is not refused"

    def checkpoint_fault(self):
        """Returns what is wrong with the file `ck`, or None."""
        if not self.checkpoint or (self.directory / "ck").read_bytes() == OLD:
            return None
        done = subprocess.run(["sgns-train", "-q", "-d", "3", "-r", "ck", "batches.bin"], check=False,
                              cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return None if done.stdout == self.good else f"its checkpoint: {done.stderr.decode()}"

    def fault(self, kind, faults):
        """Returns whether the program failed with the fault, and what is wrong, or None."""
        status, message, report = self.run(faults)
        failed, wrong, left = f"failed {kind}\n" in report, None, self.left()
        line = re.fullmatch(rf"{self.command[0]}: [^\n]+: ([^\n]+)\n", message)
        if ASAN_FAILED in message and "pthread_getattr_np" in message:
            return False, None
        if left:
            wrong = f"left {left[0].name}, with status {status}: {message[:300]}"
        elif status not in (0, 1) or (status == 1 and not failed):
            wrong = f"status {status}: {message[:300]}"
        elif status == 0 and message:
            wrong = f"succeeded with the message: {message[:300]}"
        elif status == 1 and not (line and re.search(REASON[kind], line[0])):
            wrong = f"message: {message[:300]}"
        wrong = wrong or self.output_fault(status, message) or self.checkpoint_fault()
        return failed and status == 1, wrong and f"{self.name}: FAULTS={faults}: {wrong}"

    def all(self, most):
        """Tries every fault; returns a line of results, the number of runs, and the failures."""
        runs, harmless, wrong = 0, 0, []
        plan = [("", "short"), ("", "interrupt")]
        for kind, n in self.calls.items():
            chosen = range(1, n + 1)
            if 0 < most < n:
                chosen = sorted({1 + i * (n - 1) // (most - 1) for i in range(most)})
            plan += [(kind, f"{kind}:{i}{on}") for i in chosen for on in ("", "+")]
        for kind, faults in plan:
            ended, found = self.fault(kind, faults)
            runs += 1
            harmless += not ended
            wrong += [found] if found else []
        return f"{self.name}: {runs} runs, {harmless} of them succeeded", runs, wrong


def main():
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    most = 0
    for option in options:
        if option == "--list":
            sys.exit(print(*CASES, sep="\n"))
        elif re.fullmatch(r"--most=\d+", option) and option != "--most=1":
            most = int(option[7:])
        else:
            sys.exit(__doc__)
    if not words or not set(words[1:]) <= set(CASES):
        sys.exit(__doc__)
    build = os.path.abspath(words[0])
    os.environ["PATH"] = f"{build}/bin:{os.environ['PATH']}"
    os.environ["LC_ALL"] = "C"
    runs, wrong = 0, []
    # In memory if possible: syncing a disk takes longer than the rest of a run.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as top:
        inputs = pathlib.Path(top, "inputs")
        inputs.mkdir()
        make_inputs(inputs)

        def work(name):
            return Case(name, build, inputs, pathlib.Path(top, name)).all(most)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for line, n, found in pool.map(work, words[1:] or CASES):
                print(line, flush=True)
                runs += n
                wrong += found
    print(*wrong[:20], f"{runs} runs, {len(wrong)} faults", sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
