#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Forge streams that the programs themselves never write.

    forge.py --all DIRECTORY     write all: valid/KIND-NAME and invalid/KIND-NAME, the valid ones
                                 with decode.py's output in NAME.text, NAME.vocab, NAME.header
    forge.py --one KIND-NAME     write this one to standard output
    forge.py --vectors < TEXT    write a vectors stream; each row of TEXT is a word and its vector
    forge.py --batches < TEXT    write a batches stream, one example per minibatch; each row of TEXT
                                 is an example as printed by sgns-cat
    forge.py --graft FILE FILE   write the header of the first stream, including its provenance,
                                 with the data of the second

The exit status of --all is 1 unless decode.py accepts every valid stream and refuses every invalid
one. The hash in END is correct unless it is forged itself, so that other checks have to detect the
fault.
"""
import pathlib
import struct
import subprocess
import sys

import decode
from decode import PROVENANCE, WORDS, SHAPE, TOKENS, EXAMPLES, ROWS, TRAINING, STATE, END, MIB

UNKNOWN_TYPE = 77  # a record type that the format does not define
KINDS = ("corpus", "batches", "vectors", "counts")
WITH_DATA = KINDS[:3]
MARK = 0xFFFF


def u16(*values):
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def f64(*values):
    return struct.pack(f"<{len(values)}d", *values)


def word_list(*pairs):
    return u32(len(pairs)) + b"".join(u64(count) + u16(len(word)) + word for word, count in pairs)


def examples(*rows, more=0):
    """An EXAMPLES record of (centre, contexts, noise words) with ids of 16 bits."""
    centres, contexts, noises = zip(*rows)
    return (u32(len(rows), more, sum(map(len, contexts)), sum(map(len, noises)))
            + u32(*map(len, contexts)) + u32(*map(len, noises)) + u16(*centres)
            + b"".join(u16(*ids) for ids in contexts) + b"".join(u16(*ids) for ids in noises))


def training(optimiser=0, batch=2, epochs=1, examples=3, lr=.002, seed=1, header=None, done=1,
             seen=2, loss=1.5, epoch_seen=2, epoch_loss=1.5, data=None):
    """A TRAINING record of `sgns-train -d 2` after the first minibatch of the plain batches."""
    inputs = Draft("batches")
    if header is None:
        header = decode.xxh64(inputs.payload_without_end(data=0))
    if data is None:
        data = decode.xxh64(inputs.payload_without_end(data=1))
    return (TRAINING, u32(optimiser, batch, epochs) + u64(examples) + f64(lr)
            + u64(seed, header, done, seen) + f64(loss) + u64(epoch_seen) + f64(epoch_loss)
            + u64(data))


def state(matrix, first, *rows):
    """A STATE record of (step, numbers)."""
    return (STATE, u32(matrix, first, len(rows)) + u64(*(step for step, _ in rows))
            + b"".join(f32(*numbers) for _, numbers in rows))


NEVER = (0, (.1, -.2, 0, 0, 0, 0))  # a row that never had a gradient
ONCE = (1, (.3, .4, -.01, .02, .001, 0))  # a row that had one


def compress(payload, *options):
    return subprocess.run(["zstd", "-cq", *options], input=payload, stdout=subprocess.PIPE,
                          check=True).stdout


class Draft:
    """The parts of a valid stream, to be changed; bytes() assembles the stream."""

    def __init__(self, kind):
        checkpoint = kind == "checkpoint"
        self.kind = "vectors" if checkpoint else kind
        self.magic, self.major, self.minor = b"\x89SGNS\r\n\x1a", 1, 0
        self.words = [(b"<unk>", 3), (b"a", 4), (b"b", 3), (b"c", 2), (b"d", 2)]
        self.header = [(PROVENANCE, b"maker\0001.0\0--seed=1\0"), "words", "shape"]
        self.shape, self.data, self.totals = {
            "corpus": (b"", [(TOKENS, u16(1, 2, 3, MARK, 4, 0)), (TOKENS, u16(1, MARK, MARK))],
                       [3, 6, 0]),
            "batches": (u32(2, 1) + u64(3),
                        [(EXAMPLES, examples((1, [2, 3], [4, 4]), (2, [1], [3]))),
                         (EXAMPLES, examples((3, [4], [1, 2])))], [3, 4, 5]),
            "vectors": (u32(2), [(ROWS, u32(0, 0, 2) + f32(1, 0, 0, 1)),
                                 (ROWS, u32(0, 2, 3) + f32(.6, .8, -1, 0, -.6, .8))], [5, 0, 0]),
            "counts": (u64(3), [], [3, 14, 0]),
        }[self.kind]
        if checkpoint:
            self.data += [training(), state(0, 0, NEVER, ONCE, ONCE), state(0, 3, NEVER, NEVER),
                          state(1, 0, NEVER, ONCE, ONCE, ONCE, ONCE)]
        self.end, self.tail, self.frames, self.zstd = {}, b"", [], []

    def records(self):
        parts = {"words": (WORDS, word_list(*self.words)),
                 "shape": (SHAPE, u32(len(self.words)) + self.shape)}
        return [parts.get(r, r) for r in self.header] + self.data

    def payload_without_end(self, data=None):
        """If `data` is given, only with that number of data records."""
        records = self.records()
        if data is not None:
            records = records[:len(self.header) + data]
        kind = KINDS.index(self.kind) + 1 if isinstance(self.kind, str) else self.kind
        preamble = self.magic + u16(self.major, self.minor) + u32(kind)
        return preamble + b"".join(u32(t, len(c)) + c for t, c in records)

    def end_record(self, payload):
        fields = {"records": len(self.records()), "size": len(payload), "totals": self.totals,
                  "surplus": b"", **self.end}
        if "hash" not in fields:
            fields["hash"] = decode.xxh64(payload)
        content = (u64(fields["records"], fields["size"], *fields["totals"], fields["hash"])
                   + fields["surplus"])
        return u32(END, len(content)) + content

    def payload(self):
        before = self.payload_without_end()
        return before + self.end_record(before) + self.tail

    def __bytes__(self):
        payload, start, stream = self.payload(), 0, b""
        for end in (*self.frames, len(payload)):  # the ends of the frames
            stream += compress(payload[start:end], *self.zstd)
            start = end
        return stream


# ---- the forgeries ----
# Each gets a Draft of each kind that it is registered for, and changes it or returns the stream.

VALID, INVALID = [], []


def valid(*kinds):
    return lambda forgery: VALID.extend((kind, forgery) for kind in kinds) or forgery


def invalid(*kinds):
    return lambda forgery: INVALID.extend((kind, forgery) for kind in kinds) or forgery


# Valid, but unlike the output of the programs.

@valid(*KINDS)
def plain(_):
    pass


@valid(*KINDS)
def unknown_records(draft):
    later = (UNKNOWN_TYPE, b"from the future")
    draft.header = [later, draft.header[0], "words", later, "shape", (UNKNOWN_TYPE + 1, b"")]
    draft.data = [*draft.data[:1], later, *draft.data[1:], later]


@valid(*KINDS)
def later_minor_version(draft):
    draft.minor = 7


@valid(*KINDS)
def no_provenance(draft):
    del draft.header[0]


@valid(*KINDS)
def words_over_records(draft):
    draft.header[1:2] = [(WORDS, word_list(*part)) for part in (draft.words[:1], draft.words[1:])]


@valid(*KINDS)
def many_frames(draft):
    draft.frames = range(1, len(draft.payload()), 29)


@valid(*KINDS)
def empty_frame_before_the_end(draft):
    draft.frames = [0, 40, 40]


@valid(*KINDS)
def largest_counts(draft):
    draft.words[0] = (b"<unk>", (1 << 64) - 12)
    if draft.kind == "counts":
        draft.totals[1] = (1 << 64) - 1


@valid("corpus")
def provenance_with_control_bytes(draft):
    draft.header[0] = (PROVENANCE, b"maker\x1b[31m\0001.0\nmade by: another\0")


@valid("corpus")
def longest_word(draft):
    draft.words.append((b"x" * 65535, 1))


@valid("corpus")
def no_tokens(draft):
    draft.data, draft.totals = [], [0, 0, 0]


@valid("corpus")
def only_unk(draft):
    draft.words, draft.data = [(b"<unk>", 2)], [(TOKENS, u16(0, 0, MARK))]
    draft.totals = [1, 2, 0]


@valid("corpus")
def most_words_with_short_ids(draft):
    draft.words = [(b"<unk>", 0)] + [(b"w%d" % i, 1) for i in range(1, 65535)]
    draft.data, draft.totals = [(TOKENS, u16(65534, 1, MARK))], [1, 2, 0]


@valid("corpus")
def fewest_words_with_long_ids(draft):
    draft.words = [(b"<unk>", 0)] + [(b"w%d" % i, 1) for i in range(1, 65536)]
    draft.data, draft.totals = [(TOKENS, u32(65535, 1, 0xFFFFFFFF))], [1, 2, 0]


@valid("counts")
def nothing_counted(draft):
    draft.words, draft.shape, draft.totals = [(b"<unk>", 0)], u64((1 << 64) - 1), [(1 << 64) - 1, 0, 0]


@valid("batches")
def no_examples(draft):
    draft.shape, draft.data, draft.totals = u32(2, 3) + u64(0), [], [0, 0, 0]


@valid("batches")
def minibatch_over_records(draft):
    draft.data[:1] = [(EXAMPLES, examples((1, [2, 3], [4, 4]), more=1)),
                      (EXAMPLES, examples((2, [1], [3])))]


@valid("batches")
def no_noise(draft):
    draft.data[1], draft.totals = (EXAMPLES, examples((3, [4], []))), [3, 4, 3]


@valid("batches")
def many_epochs(draft):
    draft.shape, draft.totals = u32(2, 3) + u64(3), [9, 12, 15]
    draft.data *= 3


# The container.

@invalid(*KINDS)
def wrong_magic(draft):
    draft.magic = b"\x89SGNS\r\n\x1b"


@invalid(*KINDS)
def newer_major_version(draft):
    draft.major = 2


@invalid(*KINDS)
def older_major_version(draft):
    draft.major, draft.minor = 0, 9


@invalid(*KINDS)
def unknown_kind(draft):
    draft.kind = 5


@invalid(*KINDS)
def kind_zero(draft):
    draft.kind = 0


@invalid(*KINDS)
def truncated_between_frames(draft):
    return compress(draft.payload_without_end())


@invalid(*KINDS)
def truncated_after_preamble(draft):
    return compress(draft.payload()[:16])


@invalid(*KINDS)
def truncated_in_preamble(draft):
    return compress(draft.payload()[:10])


@invalid(*KINDS)
def truncated_in_record_between_frames(draft):
    return compress(draft.payload()[:-20])


@invalid(*KINDS)
def empty_frame(_):
    return compress(b"")


@invalid(*KINDS)
def end_with_wrong_records(draft):
    draft.end = {"records": len(draft.records()) + 1}


@invalid(*KINDS)
def end_with_wrong_size(draft):
    draft.end = {"size": len(draft.payload_without_end()) - 1}


@invalid(*KINDS)
def end_with_wrong_hash(draft):
    draft.end = {"hash": decode.xxh64(draft.payload_without_end()) ^ 1}


@invalid(*KINDS)
def end_with_wrong_first_total(draft):
    draft.totals[0] += 1


@invalid(*KINDS)
def end_with_wrong_second_total(draft):
    draft.totals[1] += 1


@invalid(*KINDS)
def end_with_wrong_third_total(draft):
    draft.totals[2] += 1


@invalid(*KINDS)
def end_too_long(draft):
    draft.end = {"surplus": b"\0"}


@invalid(*KINDS)
def end_too_short(draft):
    before = draft.payload_without_end()
    return compress(before + u32(END, 40) + draft.end_record(before)[8:48])


@invalid(*KINDS)
def end_before_shape(draft):
    draft.header.pop()
    draft.data = []


@invalid(*KINDS)
def byte_after_end(draft):
    draft.tail = b"\0"


@invalid(*KINDS)
def record_after_end(draft):
    draft.tail = u32(UNKNOWN_TYPE, 0)


@invalid(*KINDS)
def stray_bytes_after_frames(draft):
    return bytes(draft) + b"\0\0"


@invalid(*KINDS)
def frame_after_end(draft):
    return bytes(draft) + compress(b"more")


@invalid(*KINDS)
def empty_frame_after_end(draft):
    return bytes(draft) + compress(b"")


@invalid(*KINDS)
def skippable_frame_after_end(draft):
    return bytes(draft) + b"\x50\x2a\x4d\x18" + u32(3) + b"abc"


@invalid(*KINDS)
def skippable_frame_at_the_start(draft):
    return b"\x50\x2a\x4d\x18" + u32(3) + b"abc" + bytes(draft)


@invalid(*KINDS)
def wide_window(draft):
    draft.zstd = ["--ultra", "--long=24"]


@invalid("corpus")  # for one kind only, since hashing 16 MiB takes a second
def record_above_the_limit(draft):
    draft.data.append((UNKNOWN_TYPE, bytes(16 * MIB + 1)))


@invalid(*KINDS)
def record_claims_above_the_limit(draft):
    return compress(draft.payload_without_end() + u32(UNKNOWN_TYPE, 0xFFFFFFFF) + b"little")


@invalid(*KINDS)
def record_claims_more_than_follows(draft):
    return compress(draft.payload_without_end() + u32(UNKNOWN_TYPE, 16 * MIB) + b"little")


# The header.

@invalid(*KINDS)
def provenance_not_closed(draft):
    draft.header[0] = (PROVENANCE, b"maker\0001.0")


@invalid(*KINDS)
def provenance_of_one_string(draft):
    draft.header[0] = (PROVENANCE, b"maker\0")


@invalid(*KINDS)
def provenance_empty(draft):
    draft.header[0] = (PROVENANCE, b"")


@invalid(*KINDS)
def provenance_after_words(draft):
    draft.header[:2] = ["words", draft.header[0]]


@invalid(*KINDS)
def provenance_after_shape(draft):
    draft.header.append(draft.header[0])


@invalid(*KINDS)
def no_words(draft):
    draft.words = []
    del draft.header[1]


@invalid(*KINDS)
def words_after_shape(draft):
    draft.header.append((WORDS, word_list((b"late", 1))))


@invalid(*KINDS)
def words_record_without_words(draft):
    draft.header.insert(1, (WORDS, u32(0)))


@invalid(*KINDS)
def words_claim_more_than_follow(draft):
    draft.header[1] = (WORDS, u32(0xFFFFFFFF) + word_list(*draft.words)[4:])


@invalid(*KINDS)
def words_record_too_long(draft):
    draft.header[1] = (WORDS, word_list(*draft.words) + b"\0")


@invalid(*KINDS)
def words_record_too_short(draft):
    draft.header[1] = (WORDS, word_list(*draft.words)[:-1])


@invalid(*KINDS)
def empty_word(draft):
    draft.words[4] = (b"", 2)


@invalid(*KINDS)
def word_with_a_space(draft):
    draft.words[4] = (b"d d", 2)


@invalid(*KINDS)
def word_with_a_newline(draft):
    draft.words[4] = (b"d\n", 2)


@invalid(*KINDS)
def word_with_a_zero_byte(draft):
    draft.words[4] = (b"d\0d", 2)


@invalid(*KINDS)
def repeated_word(draft):
    draft.words[4] = draft.words[2]


NEEDS_UNKNOWN = tuple(kind for kind in KINDS if kind != "vectors")


@valid("vectors")
def no_unknown_word(draft):
    draft.words = [(word, 0) for word in (b"</s>", b"a", b"b", b"<UNK>", b"c")]


@valid("vectors")
def unknown_word_after_others(draft):
    draft.words[0], draft.words[3] = draft.words[3], draft.words[0]


@invalid(*NEEDS_UNKNOWN)
def first_word_is_not_unk(draft):
    draft.words[0] = (b"<UNK>", 3)


@invalid(*NEEDS_UNKNOWN)
def first_word_only_begins_like_unk(draft):
    draft.words[0] = (b"<unk>s", 3)


@invalid(*KINDS)
def counts_overflow(draft):
    draft.words[0] = (b"<unk>", (1 << 64) - 11)


@invalid(*KINDS)
def shape_with_fewer_words(draft):
    draft.header[2] = (SHAPE, u32(4) + draft.shape)


@invalid(*KINDS)
def shape_claims_most_words(draft):
    draft.header[2] = (SHAPE, u32((1 << 31) - 1) + draft.shape)


@invalid(*KINDS)
def shape_too_long(draft):
    draft.shape += b"\0"


@invalid(*KINDS)
def shape_too_short(draft):
    draft.header[2] = (SHAPE, (u32(5) + draft.shape)[:-1])


@invalid(*KINDS)
def shape_twice(draft):
    draft.header.append("shape")


@invalid(*WITH_DATA)
def data_before_shape(draft):
    draft.header[2:] = [draft.data.pop(0), "shape"]


@invalid(*KINDS)
def data_of_another_kind(draft):
    draft.data = Draft(WITH_DATA[KINDS.index(draft.kind) - 1]).data


# Corpus.

@invalid("corpus")
def id_out_of_range(draft):
    draft.data[0] = (TOKENS, u16(1, 2, 5, MARK, 4, 0))


@invalid("corpus")
def tokens_empty(draft):
    draft.data.append((TOKENS, b""))


@invalid("corpus")
def tokens_of_odd_size(draft):
    draft.data[0] = (TOKENS, u16(1, 2, 3, MARK, 4, 0) + b"\0")


@invalid("corpus")
def last_sentence_not_closed(draft):
    draft.data[1], draft.totals = (TOKENS, u16(1, MARK, 1)), [2, 7, 0]


@invalid("corpus")
def short_mark_among_long_ids(draft):
    draft.words = [(b"<unk>", 0)] + [(b"w%d" % i, 1) for i in range(1, 65536)]
    draft.data, draft.totals = [(TOKENS, u32(1, 65536, 0xFFFFFFFF))], [1, 2, 0]


# Batches: change the first record, whose examples are (1, [2, 3], [4, 4]), (2, [1], [3]).

def first_examples(name, *rows, totals=(3, 4, 5)):
    def forgery(draft):
        draft.data[0], draft.totals = (EXAMPLES, examples(*rows)), list(totals)
    forgery.__name__ = name
    invalid("batches")(forgery)


first_examples("unknown_centre", (0, [2, 3], [4, 4]), (2, [1], [3]))
first_examples("unknown_context", (1, [2, 0], [4, 4]), (2, [1], [3]))
first_examples("unknown_noise", (1, [2, 3], [4, 4]), (2, [1], [0]))
first_examples("centre_out_of_range", (5, [2, 3], [4, 4]), (2, [1], [3]))
first_examples("context_out_of_range", (1, [2, 65535], [4, 4]), (2, [1], [3]))
first_examples("noise_out_of_range", (1, [2, 3], [4, 4]), (2, [1], [5]))
first_examples("no_context", (1, [], [4, 4]), (2, [1], [3]), totals=(3, 2, 5))
first_examples("minibatch_too_small", (1, [2, 3], [4, 4]), totals=(2, 3, 4))
first_examples("minibatch_too_large", *[(1, [2], [3])] * 3, totals=(4, 4, 5))


def first_fields(name, *fields, totals=(3, 4, 5)):
    """The same examples after other fields n, more, contexts, noise."""
    def forgery(draft):
        draft.data[0], draft.totals = (EXAMPLES, u32(*fields) + draft.data[0][1][16:]), list(totals)
    forgery.__name__ = name
    invalid("batches")(forgery)


first_fields("examples_without_examples", 0, 0, 3, 3)
first_fields("examples_claim_most", 0xFFFFFFFF, 0, 3, 3)
first_fields("contexts_claim_most", 2, 0, 0xFFFFFFFF, 3)
first_fields("noise_claims_most", 2, 0, 3, 0xFFFFFFFF)
first_fields("a_noise_word_counted_as_context", 2, 0, 4, 2, totals=(3, 5, 4))
first_fields("minibatch_continues_too_far", 2, 1, 3, 3)


@invalid("batches")
def more_above_one(draft):
    draft.data[:1] = [(EXAMPLES, examples((1, [2, 3], [4, 4]), more=2)),
                      (EXAMPLES, examples((2, [1], [3])))]


@invalid("batches")
def context_counts_overflow(draft):
    # Their sum is 3 modulo 2^32.
    content = draft.data[0][1]
    draft.data[0] = (EXAMPLES, content[:16] + u32(0xFFFFFFFF, 4) + content[24:])


@invalid("batches")
def counts_claim_a_huge_minibatch(draft):
    content = draft.data[0][1]
    draft.data[0] = (EXAMPLES, u32(2, 0, 1 << 27, 1 << 27) + u32(*[1 << 26] * 4) + content[32:])


@invalid("batches")
def examples_too_long(draft):
    draft.data[0] = (EXAMPLES, draft.data[0][1] + b"\0")


@invalid("batches")
def examples_too_short(draft):
    draft.data[0] = (EXAMPLES, draft.data[0][1][:-2])


@invalid("batches")
def examples_empty(draft):
    draft.data[0] = (EXAMPLES, b"")


@invalid("batches")
def end_inside_a_minibatch(draft):
    draft.data[1] = (EXAMPLES, examples((3, [4], [1, 2]), more=1))


@invalid("batches")
def a_minibatch_missing(draft):
    draft.data, draft.totals = draft.data[:1], [2, 3, 3]


@invalid("batches")
def a_minibatch_too_many(draft):
    draft.data, draft.totals = draft.data + draft.data[1:], [4, 5, 7]


@invalid("batches")
def examples_where_shape_has_none(draft):
    draft.shape = u32(2, 1) + u64(0)


@invalid("batches")
def batch_size_zero(draft):
    draft.shape = u32(0, 1) + u64(3)


@invalid("batches")
def batch_size_above_the_limit(draft):
    draft.shape = u32(MIB + 1, 1) + u64(3)


@invalid("batches")
def no_epochs(draft):
    draft.shape = u32(2, 0) + u64(3)


@invalid("batches")
def too_many_examples(draft):
    draft.shape = u32(2, 2) + u64(1 << 62)


@invalid("batches")
def claims_most_examples(draft):
    draft.shape = u32(MIB, 1) + u64((1 << 63) - 1)


# Vectors: change the second record, which has rows 2 to 4.

@invalid("vectors")
def value_not_a_number(draft):
    draft.data[1] = (ROWS, u32(0, 2, 3) + f32(.6, .8, -1, float("nan"), -.6, .8))


@invalid("vectors")
def value_infinite(draft):
    draft.data[1] = (ROWS, u32(0, 2, 3) + f32(.6, .8, -1, 0, -.6, float("-inf")))


def second_rows(name, *fields, values=6):
    """Another matrix, first row and number of rows."""
    def forgery(draft):
        draft.data[1] = (ROWS, u32(*fields) + f32(*[.5] * values))
    forgery.__name__ = name
    invalid("vectors")(forgery)


second_rows("unknown_matrix", 1, 2, 3)
second_rows("rows_out_of_order", 0, 3, 3)
second_rows("repeated_rows", 0, 0, 3)
second_rows("rows_without_rows", 0, 2, 0, values=0)
second_rows("more_rows_than_words", 0, 2, 4, values=8)
second_rows("rows_claim_most", 0, 2, 0xFFFFFFFF)
second_rows("rows_too_short", 0, 2, 3, values=5)
second_rows("rows_too_long", 0, 2, 3, values=7)


@invalid("vectors")
def rows_record_empty(draft):
    draft.data[1] = (ROWS, b"")


@invalid("vectors")
def rows_missing(draft):
    draft.data, draft.totals = draft.data[:1], [2, 0, 0]


@invalid("vectors")
def rows_missing_but_not_in_end(draft):
    draft.data = draft.data[:1]


@invalid("vectors")
def dim_zero(draft):
    draft.shape = u32(0)


@invalid("vectors")
def dim_above_the_limit(draft):
    draft.shape = u32(65537)


@invalid("vectors")
def dim_claims_more_than_follows(draft):
    draft.shape = u32(65536)


@invalid("vectors")
def dim_claims_most(draft):
    draft.shape = u32(0xFFFFFFFF)


# Counts.

@invalid("counts")
def sentences_above_those_of_end(draft):
    draft.shape = u64(4)


@invalid("counts")
def counts_above_those_of_end(draft):
    draft.words[4] = (b"d", 3)


# Checkpoints: the records are ROWS, ROWS, TRAINING, STATE of V in two parts, STATE of U.

def checkpoint_training(name, register=invalid, **fields):
    def forgery(draft):
        draft.data[2] = training(**fields)
    forgery.__name__ = name
    register("checkpoint")(forgery)


def checkpoint_state(name, *arguments, register=invalid, index=4):
    def forgery(draft):
        draft.data[index] = state(*arguments)
    forgery.__name__ = name
    register("checkpoint")(forgery)


def checkpoint_data(name, change):
    """`change` gets the list of data records and returns another one."""
    def forgery(draft):
        draft.data = change(draft.data)
    forgery.__name__ = name
    invalid("checkpoint")(forgery)


NAN, INFINITY = float("nan"), float("inf")

valid("checkpoint")(plain)
valid("checkpoint")(unknown_records)
valid("checkpoint")(many_frames)
valid("checkpoint")(later_minor_version)
checkpoint_training("at_the_end", valid, done=2, seen=3, epoch_seen=3,
                    data=decode.xxh64(Draft("batches").payload_without_end(data=2)))
checkpoint_state("negative_zero", 0, 3, NEVER, (1, (0, 0, 0, 0, -0., 0)), register=valid)

checkpoint_training("optimiser_unknown", optimiser=2)
checkpoint_training("batch_size_zero", batch=0)
checkpoint_training("batch_size_above_the_limit", batch=MIB + 1)
checkpoint_training("no_epochs", epochs=0)
checkpoint_training("no_examples", examples=0, done=0, seen=0, epoch_seen=0)
checkpoint_training("examples_overflow", epochs=2, examples=1 << 62)
checkpoint_training("claims_most_examples", examples=(1 << 64) - 1)
checkpoint_training("learning_rate_not_a_number", lr=NAN)
checkpoint_training("loss_infinite", loss=INFINITY)
checkpoint_training("epoch_loss_not_a_number", epoch_loss=NAN)
checkpoint_training("after_no_minibatch", done=0, seen=0, epoch_seen=0)
checkpoint_training("after_too_many_minibatches", done=3, seen=5, epoch_seen=2)
checkpoint_training("after_most_minibatches", done=(1 << 64) - 1)
checkpoint_training("wrong_examples_in_all", seen=3)
checkpoint_training("wrong_examples_in_the_epoch", epoch_seen=1)
checkpoint_training("full_minibatch_at_the_end", done=2, seen=4, epoch_seen=4)

checkpoint_state("weight_not_a_number", 0, 3, NEVER, (1, (NAN, 0, 0, 0, 0, 0)))
checkpoint_state("first_moment_infinite", 0, 3, NEVER, (1, (0, 0, 0, -INFINITY, 0, 0)))
checkpoint_state("second_moment_infinite", 0, 3, NEVER, (1, (0, 0, 0, 0, 0, INFINITY)))
checkpoint_state("second_moment_negative", 0, 3, NEVER, (1, (0, 0, 0, 0, 0, -1e-30)))
checkpoint_state("step_after_the_last_minibatch", 0, 3, NEVER, (2, (0, 0, 0, 0, 0, 0)))
checkpoint_state("largest_step", 0, 3, NEVER, ((1 << 64) - 1, (0, 0, 0, 0, 0, 0)))
checkpoint_state("state_of_another_matrix", 2, 3, NEVER, NEVER)
checkpoint_state("state_of_u_before_all_of_v", 1, 3, NEVER, NEVER)
checkpoint_state("repeated_state_of_v", 0, 0, NEVER, NEVER, NEVER, NEVER, NEVER, index=5)
checkpoint_state("state_out_of_order", 0, 2, NEVER, NEVER)
checkpoint_state("state_with_a_gap", 0, 4, NEVER)
checkpoint_state("state_without_rows", 0, 3)
checkpoint_state("state_of_more_rows_than_words", 0, 3, NEVER, NEVER, NEVER)
checkpoint_state("state_of_gradient_descent", 0, 3, (0, (0, 0)), (0, (0, 0)))

checkpoint_data("training_too_long", lambda d: [*d[:2], (TRAINING, d[2][1] + b"\0"), *d[3:]])
checkpoint_data("training_too_short", lambda d: [*d[:2], (TRAINING, d[2][1][:-1]), *d[3:]])
checkpoint_data("training_empty", lambda d: [*d[:2], (TRAINING, b""), *d[3:]])
checkpoint_data("training_twice", lambda d: [*d[:3], *d[2:]])
checkpoint_data("training_after_state", lambda d: [*d[:2], *d[3:], d[2]])
checkpoint_data("no_training", lambda d: [*d[:2], *d[3:]])
checkpoint_data("training_without_state", lambda d: d[:3])
checkpoint_data("no_state_of_u", lambda d: d[:5])
checkpoint_data("state_too_long", lambda d: [*d[:5], (STATE, d[5][1] + b"\0")])
checkpoint_data("state_too_short", lambda d: [*d[:5], (STATE, d[5][1][:-4])])
checkpoint_data("state_empty", lambda d: [*d[:5], (STATE, b"")])
checkpoint_data("state_after_the_last", lambda d: [*d, d[5]])
checkpoint_data("state_claims_most_rows",
                lambda d: [*d[:5], (STATE, u32(1, 0, 0xFFFFFFFF) + d[5][1][12:])])
checkpoint_data("rows_after_training", lambda d: [*d[:3], d[1], *d[3:]])


@invalid("checkpoint")
def gradient_descent_with_a_step(draft):
    draft.data[2:] = [training(optimiser=1), state(0, 0, *[(1, (0, 0))] * 5),
                      state(1, 0, *[(0, (0, 0))] * 5)]


@invalid("vectors")
def checkpoint_before_the_last_row(draft):
    draft.data[1:1] = [training()]


@invalid("vectors")
def state_before_the_last_row(draft):
    draft.data[1:1] = [state(0, 0, NEVER)]


@invalid("corpus", "batches")
def training_in_another_kind(draft):
    draft.data.append(training())


# ---- writing the forgeries ----

def forge(kind, forgery):
    draft = Draft(kind)
    stream = forgery(draft)
    return bytes(draft) if stream is None else stream


def decoded(stream):
    try:
        return decode.Stream(decode.decompress(stream))
    except decode.Invalid:
        return None


def name(kind, forgery):
    return f"{kind}-{forgery.__name__.replace('_', '-')}"


def write_all(directory):
    """Returns the number of streams about which decode.py disagrees."""
    disagreements = 0
    for verdict, forgeries in ("valid", VALID), ("invalid", INVALID):
        (directory / verdict).mkdir(parents=True)
        for kind, forgery in forgeries:
            path = directory / verdict / name(kind, forgery)
            stream = forge(kind, forgery)
            path.write_bytes(stream)
            meaning = decoded(stream)
            if bool(meaning) != (verdict == "valid"):
                print(f"decode.py: {path.name} is not {verdict}", file=sys.stderr)
                disagreements += 1
            elif meaning:
                for suffix, lines in ((".text", meaning.data.lines(meaning.words)),
                                      (".vocab", meaning.vocab_lines()),
                                      (".header", meaning.header_lines())):
                    path.with_name(path.name + suffix).write_bytes(
                        b"".join(line + b"\n" for line in lines))
    return disagreements


def vectors_from_text(text):
    rows = [line.split() for line in text.splitlines()]
    draft = Draft("vectors")
    draft.words = [(word, 1) for word, *_ in rows]
    draft.shape = u32(len(rows[0]) - 1)
    draft.totals = [len(rows), 0, 0]
    draft.data = [(ROWS, u32(0, 0, len(rows)) + b"".join(f32(*map(float, r[1:])) for r in rows))]
    return bytes(draft)


def batches_from_text(text):
    rows = [[field.split() for field in line.split(b"\t")] for line in text.splitlines()]
    words = list(dict.fromkeys(word for row in rows for field in row for word in field))
    draft = Draft("batches")
    draft.words = [(b"<unk>", 0)] + [(word, 1) for word in words]
    draft.shape = u32(1, 1) + u64(len(rows))
    ids = [[[1 + words.index(word) for word in field] for field in row] for row in rows]
    draft.data = [(EXAMPLES, examples((centre[0], *others))) for centre, *others in ids]
    draft.totals = [len(rows)] + [sum(len(row[field]) for row in rows) for field in (1, 2)]
    return bytes(draft)


def graft(header, data):
    """Both arguments are file names."""
    def records(path):
        payload, at, found = decode.decompress(pathlib.Path(path).read_bytes()), 16, []
        while at < len(payload):
            record, size = struct.unpack_from("<II", payload, at)
            found.append((record, payload[at + 8:at + 8 + size]))
            at += 8 + size
        return payload[:16], found
    (preamble, of_header), (_, of_data) = records(header), records(data)
    kept = ([r for r in of_header if r[0] in (PROVENANCE, WORDS, SHAPE)]
            + [r for r in of_data if r[0] not in (PROVENANCE, WORDS, SHAPE, END)])
    payload = preamble + b"".join(u32(t, len(c)) + c for t, c in kept)
    totals = of_data[-1][1][16:40]
    return compress(payload + u32(END, 48) + u64(len(kept), len(payload)) + totals
                    + u64(decode.xxh64(payload)))


def main():
    what, argument = (sys.argv[1:] + ["", ""])[:2]
    if what == "--all" and argument:
        sys.exit(write_all(pathlib.Path(argument)) > 0)
    elif what == "--one":
        forgeries = {name(*each): each for each in VALID + INVALID}
        sys.stdout.buffer.write(forge(*forgeries[argument]))
    elif what == "--graft" and len(sys.argv) == 4:
        sys.stdout.buffer.write(graft(*sys.argv[2:]))
    elif what == "--vectors":
        sys.stdout.buffer.write(vectors_from_text(sys.stdin.buffer.read()))
    elif what == "--batches":
        sys.stdout.buffer.write(batches_from_text(sys.stdin.buffer.read()))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
