#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Decode a stream to text, independently of the C reader.

Written from lib/stream/FORMAT.md alone, without reference to the C sources: if this decoder and the
C reader disagree about a stream, one of them or FORMAT.md is wrong. For this reason it shares no
code with them, and refuses whatever FORMAT.md does not allow, not only what makes decoding
impossible.

    decode.py [FILE|-]        corpus: one sentence per line; batches: one example per line, as
                              centre TAB contexts TAB noise words; vectors: WORDS DIM, then one row
                              per line; counts: as --vocab
    decode.py --vocab FILE    word TAB count, in the order of the ids
    decode.py --header FILE   kind, shape, totals, provenance

Exit status 3: the stream is invalid. In that case nothing is printed. The stream is read into
memory. Requires the zstd command.
"""
import argparse
import math
import struct
import subprocess
import sys

MIB = 1 << 20
PROVENANCE, WORDS, SHAPE, TOKENS, EXAMPLES, ROWS, END = 1, 2, 3, 16, 17, 18, 255
TRAINING, STATE = 19, 20  # of checkpoints
NAMED = (PROVENANCE, WORDS, SHAPE, TOKENS, EXAMPLES, ROWS, TRAINING, STATE, END)
NOT_IN_A_WORD = frozenset(b"\0 \t\n\v\f\r")


class Invalid(Exception):
    pass


def must(condition, reason):
    if not condition:
        raise Invalid(reason)


def last_frame(data):
    """The offset of the last zstd frame. Parses the frames (RFC 8878, section 3.1), because the
    zstd command silently skips skippable frames and accepts larger windows."""
    must(data, "the stream is empty")
    at = start = 0
    try:
        while at < len(data):
            start = at
            must(data[at:at + 4] == b"\x28\xb5\x2f\xfd", "not a zstd frame")
            flags, at = data[at + 4], at + 5
            single = flags >> 5 & 1
            if not single:
                base = 1 << (10 + (data[at] >> 3))
                window, at = base + base // 8 * (data[at] & 7), at + 1
            size = (0, 1, 2, 4)[flags & 3]
            must(not any(data[at:at + size]), "a frame requires a dictionary")
            at += size
            size = (single, 2, 4, 8)[flags >> 6]
            if single:  # a single segment has no window size: the content is the window
                window = int.from_bytes(data[at:at + size], "little") + (256 if size == 2 else 0)
            at += size
            must(window <= 8 * MIB, "a frame requires a window of more than 8 MiB")
            last = 0
            while not last:
                block = data[at] | data[at + 1] << 8 | data[at + 2] << 16
                last, kind, size = block & 1, block >> 1 & 3, block >> 3
                at += 3 + (1 if kind == 1 else size)  # kind 1: one byte, repeated
            at += 4 * (flags >> 2 & 1)  # the content checksum
    except IndexError:
        at = len(data) + 1
    must(at <= len(data), "the stream ends inside a zstd frame")
    return start


def zstd(data):
    result = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False)
    must(result.returncode == 0, "zstd cannot decompress it")
    return result.stdout


def decompress(data):
    start = last_frame(data)
    # The last frame is decompressed separately: if it is empty, an earlier one ended the payload.
    tail = zstd(data[start:])
    must(tail, "the last frame is empty")
    return (zstd(data[:start]) if start else b"") + tail


def xxh64(data):
    """XXH64 with seed 0. The loop over the stripes has no function calls, for speed."""
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5, mask = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5, (1 << 64) - 1

    def rotate(x, n):
        return (x << n | x >> 64 - n) & mask

    def mix(acc, lane):
        return rotate(acc + lane * p2 & mask, 31) * p1 & mask

    stripes = len(data) & ~31
    if stripes:
        a, b, c, d = p1 + p2 & mask, p2, 0, -p1 & mask
        for i, j, k, m in struct.iter_unpack("<4Q", memoryview(data)[:stripes]):
            a, b, c, d = a + i * p2 & mask, b + j * p2 & mask, c + k * p2 & mask, d + m * p2 & mask
            a, b = (a << 31 | a >> 33) * p1 & mask, (b << 31 | b >> 33) * p1 & mask
            c, d = (c << 31 | c >> 33) * p1 & mask, (d << 31 | d >> 33) * p1 & mask
        h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) & mask
        for acc in a, b, c, d:
            h = (h ^ mix(0, acc)) * p1 + p4 & mask
    else:
        h = p5
    h, at = h + len(data) & mask, stripes
    while at + 8 <= len(data):
        h = rotate(h ^ mix(0, int.from_bytes(data[at:at + 8], "little")), 27) * p1 + p4 & mask
        at += 8
    if at + 4 <= len(data):
        h = rotate(h ^ int.from_bytes(data[at:at + 4], "little") * p1 & mask, 23) * p2 + p3 & mask
        at += 4
    for byte in data[at:]:
        h = rotate(h ^ byte * p5 & mask, 11) * p1 & mask
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


class Fields:
    """The content of a record, which must be read completely, field by field."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def take(self, layout):
        size = struct.calcsize("<" + layout)
        must(size <= len(self.content) - self.at, "a record is shorter than its fields")
        values = struct.unpack_from("<" + layout, self.content, self.at)
        self.at += size
        return values

    def end(self):
        must(self.at == len(self.content), "a record is longer than its fields")


class Kind:
    later = ()  # known records that may follow the data
    extra = ()  # lines of the header after the totals


class Corpus(Kind):
    name, record, total_names = "corpus", TOKENS, ("sentences", "tokens")
    shape = ()

    def __init__(self, _fields, words, _counts):
        self.words, self.ids = words, []
        self.code, self.mark = ("H", 0xFFFF) if words <= 65535 else ("I", 0xFFFFFFFF)

    def read(self, fields):
        must(fields.content, "a record without tokens")
        ids = fields.take(f"{len(fields.content) // struct.calcsize('<' + self.code)}{self.code}")
        must(all(i < self.words or i == self.mark for i in ids), "an id out of range")
        self.ids += ids

    def totals(self):
        must(not self.ids or self.ids[-1] == self.mark, "the last sentence is not closed")
        marks = self.ids.count(self.mark)
        return marks, len(self.ids) - marks, 0

    def lines(self, words):
        sentence = []
        for i in self.ids:
            if i == self.mark:
                yield b" ".join(sentence)
                sentence = []
            else:
                sentence.append(words[i])


class Batches(Kind):
    name, record, total_names = "batches", EXAMPLES, ("total examples", "contexts", "noise")

    def __init__(self, fields, words, _counts):
        self.words, self.code = words, "H" if words <= 65535 else "I"
        self.batch, self.epochs, self.examples = fields.take("IIQ")
        self.shape = (("batch size", self.batch), ("epochs", self.epochs),
                      ("examples", self.examples))
        must(1 <= self.batch <= MIB, "batch size out of range")
        must(self.epochs >= 1, "no epochs")
        must(self.examples * self.epochs < 1 << 63, "too many examples")
        self.decoded, self.contexts, self.noise = [], 0, 0
        self.closed = 0  # examples in complete minibatches
        self.open, self.open_words = 0, 0  # examples and words in the incomplete one

    def read(self, fields):
        n, more, contexts, noise = fields.take("4I")
        must(n >= 1, "a record without examples")
        must(more in (0, 1), "'more' is neither 0 nor 1")
        c, k = fields.take(f"{n}I"), fields.take(f"{n}I")
        must(sum(c) == contexts and sum(k) == noise, "the counts of words do not add up")
        must(min(c) >= 1, "an example without context")
        centres = fields.take(f"{n}{self.code}")
        context = fields.take(f"{contexts}{self.code}")
        noises = fields.take(f"{noise}{self.code}")
        must(all(0 < i < self.words for i in centres + context + noises), "an id out of range")
        self.count(n, more, n + contexts + noise)
        self.contexts, self.noise = self.contexts + contexts, self.noise + noise
        i = j = 0
        for centre, ci, ki in zip(centres, c, k):
            self.decoded.append((centre, context[i:i + ci], noises[j:j + ki]))
            i, j = i + ci, j + ki

    def count(self, n, more, words):
        must(self.closed < self.examples * self.epochs, "more examples than in the shape")
        size = min(self.batch, self.examples - self.closed % self.examples)
        self.open, self.open_words = self.open + n, self.open_words + words
        must(self.open < size if more else self.open == size,
             "the size of a minibatch does not match the shape")
        must(self.open_words <= 256 * MIB, "a minibatch with too many words")
        if not more:
            self.closed, self.open, self.open_words = self.closed + self.open, 0, 0

    def totals(self):
        must(self.open == 0, "the last minibatch is incomplete")
        must(self.closed == self.examples * self.epochs, "fewer examples than in the shape")
        return self.closed, self.contexts, self.noise

    def lines(self, words):
        for centre, context, noise in self.decoded:
            yield b"\t".join((words[centre], b" ".join(words[i] for i in context),
                              b" ".join(words[i] for i in noise)))


class Vectors(Kind):
    name, record, total_names = "vectors", ROWS, ("rows",)
    later = (TRAINING, STATE)

    def __init__(self, fields, words, _counts):
        self.words, self.rows = words, []
        self.checkpoint = None
        self.state = [0, 0]  # rows of V and of U
        self.dim, = fields.take("I")
        self.shape = ("dim", self.dim),
        must(1 <= self.dim <= 65536, "dim out of range")

    def read(self, fields):
        matrix, first, n = fields.take("3I")
        must(matrix == 0, "an unknown matrix")
        must(n >= 1, "a record without rows")
        must(first == len(self.rows), "rows out of order")
        must(first + n <= self.words, "more rows than words")
        for _ in range(n):
            row = fields.take(f"{self.dim}f")
            must(all(map(math.isfinite, row)), "a value that is not finite")
            self.rows.append(row)

    def read_later(self, record, fields):
        must(len(self.rows) == self.words, "a checkpoint record before the last row")
        if record == TRAINING:
            self.read_training(fields)
        else:
            self.read_state(fields)

    def read_training(self, fields):
        must(not self.checkpoint, "a second TRAINING record")
        optimiser, batch, epochs, examples = fields.take("IIIQ")
        (rate, _seed, _header, done, seen, loss, epoch_seen, epoch_loss,
         _data) = fields.take("dQQQQdQdQ")
        must(optimiser in (0, 1), "an unknown optimiser")
        must(all(map(math.isfinite, (rate, loss, epoch_loss))), "a number that is not finite")
        must(1 <= batch <= MIB and epochs >= 1 and examples >= 1, "a shape out of range")
        must(examples * epochs < 1 << 63, "too many examples")
        per_epoch = -(-examples // batch)
        must(1 <= done <= per_epoch * epochs, "minibatches out of range")
        # The epoch of the last minibatch starts after this many epochs.
        start = (done - 1) // per_epoch
        in_epoch = min((done - start * per_epoch) * batch, examples)
        must(epoch_seen == in_epoch, "the examples of the epoch do not match the minibatches")
        must(seen == start * examples + in_epoch, "the examples do not match the minibatches")
        self.checkpoint = {"done": done, "parts": (3, 1)[optimiser]}
        self.extra = (("checkpoint", f"minibatch {done} of {per_epoch * epochs}"),)

    def read_state(self, fields):
        must(self.checkpoint, "STATE before TRAINING")
        matrix, first, n = fields.take("3I")
        must(matrix in (0, 1), "an unknown matrix")
        must(matrix == 0 or self.state[0] == self.words, "U before the end of V")
        must(n >= 1, "a record without rows")
        must(first == self.state[matrix] and first + n <= self.words, "rows out of order")
        parts, latest = self.checkpoint["parts"], self.checkpoint["done"]
        steps = fields.take(f"{n}Q")
        must(all(s <= (latest if parts == 3 else 0) for s in steps), "a step out of range")
        for _ in range(n):
            values = fields.take(f"{parts * self.dim}f")
            must(all(map(math.isfinite, values)), "a value that is not finite")
            must(all(v >= 0 for v in values[2 * self.dim:]), "a negative second moment")
        self.state[matrix] += n

    def totals(self):
        must(len(self.rows) == self.words, "fewer rows than words")
        must(self.state == ([self.words] * 2 if self.checkpoint else [0, 0]),
             "a checkpoint with incomplete state")
        return self.words, 0, 0

    def lines(self, words):
        yield b"%d %d" % (self.words, self.dim)
        for word, row in zip(words, self.rows):
            yield b" ".join([word] + [b"%.9g" % value for value in row])


class Counts(Kind):
    name, record, total_names = "counts", None, ("sentences", "tokens")
    shape = ()

    def __init__(self, fields, _words, counts):
        self.sentences, = fields.take("Q")
        self.counts = counts

    def totals(self):
        return self.sentences, sum(self.counts), 0

    def lines(self, words):
        return (b"%s\t%d" % pair for pair in zip(words, self.counts))


class Stream:
    """A complete payload. The constructor raises Invalid unless it is valid."""

    def __init__(self, payload):
        must(len(payload) >= 16, "the stream ends inside the preamble")
        magic, major, self.minor, kind = struct.unpack_from("<8sHHI", payload)
        must(magic == b"\x89SGNS\r\n\x1a", "wrong magic")
        must(major == 1, "unsupported major version")
        must(kind in (1, 2, 3, 4), "an unknown kind")
        self.kind = (Corpus, Batches, Vectors, Counts)[kind - 1]
        self.provenance, self.words, self.counts, self.data = [], [], [], None
        records, at = self.read_records(payload)
        self.read_end(payload, records, at)

    def read_records(self, payload):
        """Read the records before END; return their number and the offset of END."""
        data = self.kind.record
        may_follow = {PROVENANCE: (PROVENANCE, WORDS), WORDS: (WORDS, SHAPE),
                      SHAPE: (data, END), data: (data, *self.kind.later, END)}
        for later in self.kind.later:
            may_follow[later] = (*self.kind.later, END)
        previous = PROVENANCE  # because FORMAT.md does not require a PROVENANCE record
        records, at = 0, 16
        while True:
            must(len(payload) - at >= 8, "the stream ends without END")
            record, size = struct.unpack_from("<II", payload, at)
            must(size <= 16 * MIB, "a record of more than 16 MiB")
            must(len(payload) - at - 8 >= size, "the stream ends inside a record")
            if record in NAMED:
                must(record in may_follow[previous], f"unexpected record of type {record}")
                previous = record
                if record == END:
                    return records, at
                fields = Fields(payload[at + 8:at + 8 + size])
                if record == PROVENANCE:
                    self.read_provenance(fields)
                elif record == WORDS:
                    self.read_words(fields)
                elif record == SHAPE:
                    self.read_shape(fields)
                elif record in self.kind.later:
                    self.data.read_later(record, fields)
                else:
                    self.data.read(fields)
                fields.end()
            records, at = records + 1, at + 8 + size

    def read_provenance(self, fields):
        content, = fields.take(f"{len(fields.content)}s")
        strings = content.split(b"\0")
        must(strings.pop() == b"", "a provenance string is not terminated")
        must(len(strings) >= 2, "provenance without name and version")
        self.provenance.append(strings)

    def read_words(self, fields):
        n, = fields.take("I")
        must(n >= 1, "a vocabulary record without words")
        for _ in range(n):
            count, length = fields.take("QH")
            word, = fields.take(f"{length}s")
            must(word and NOT_IN_A_WORD.isdisjoint(word),
                 "a word is empty or contains a zero byte or white space")
            self.words.append(word)
            self.counts.append(count)

    def read_shape(self, fields):
        words, = fields.take("I")
        must(words == len(self.words), "the number of words in the shape is wrong")
        must(1 <= words < 1 << 31, "number of words out of range")
        must(self.kind is Vectors or self.words[0] == b"<unk>", "id 0 is not <unk>")
        must(len(set(self.words)) == words, "a word occurs twice")
        must(sum(self.counts) < 1 << 64, "the counts do not fit in a u64")
        self.data = self.kind(fields, words, self.counts)

    def read_end(self, payload, records, at):
        size, = struct.unpack_from("<I", payload, at + 4)
        must(at + 8 + size == len(payload), "bytes after END")
        end = Fields(payload[at + 8:])
        end_records, end_size, *self.totals, end_hash = end.take("QQ3QQ")
        end.end()
        must(end_records == records, "the number of records in END is wrong")
        must(end_size == at, "the size in END is wrong")
        must(tuple(self.totals) == self.data.totals(), "the totals in END are wrong")
        must(end_hash == xxh64(payload[:at]), "the hash in END is wrong")

    def vocab_lines(self):
        return (b"%s\t%d" % pair for pair in zip(self.words, self.counts))

    def header_lines(self):
        items = [("kind", self.kind.name), ("version", f"1.{self.minor}"),
                 ("words", len(self.words)), *self.data.shape,
                 *zip(self.data.total_names, self.totals), *self.data.extra]
        yield from (f"{key}: {value}".encode() for key, value in items)
        yield from (b"made by: " + b" ".join(strings) for strings in self.provenance)


def main():
    parser = argparse.ArgumentParser(description="Decode a stream to text (lib/stream/FORMAT.md).")
    show = parser.add_mutually_exclusive_group()
    show.add_argument("--vocab", action="store_true", help="print words and their counts")
    show.add_argument("--header", action="store_true", help="print kind, shape, totals, provenance")
    parser.add_argument("file", nargs="?", default="-")
    args = parser.parse_args()
    try:
        if args.file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(args.file, "rb") as file:
                data = file.read()
        stream = Stream(decompress(data))
    except (Invalid, OSError) as error:
        # An OSError (missing file, no zstd command) does not mean that the stream is invalid.
        reason = error if isinstance(error, Invalid) else error.strerror
        print(f"decode.py: {args.file}: {reason}", file=sys.stderr)
        sys.exit(3 if isinstance(error, Invalid) else 1)
    if args.vocab:
        lines = stream.vocab_lines()
    elif args.header:
        lines = stream.header_lines()
    else:
        lines = stream.data.lines(stream.words)
    sys.stdout.buffer.writelines(line + b"\n" for line in lines)


if __name__ == "__main__":
    main()
