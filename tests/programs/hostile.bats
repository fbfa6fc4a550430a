#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Malicious texts and streams: they must not take more time and memory than others of their size.
# HARD=1: tests at full size and prints the measurements, on lines that begin with #.

load ../support/helper

if [ -n "${HARD-}" ]; then
  COLLIDING=1000000 LINE=100 BOMB=64 # words; MB; records of 16 MiB
else
  COLLIDING=100000 LINE=20 BOMB=16
fi
ROOM=67.1 # MB: 64 MiB, the memory that a program may take above that for a small input

setup_file() {
  export BATS_TEST_TIMEOUT=1200 SAMPLES=$BATS_FILE_TMPDIR/samples
  mkdir "$SAMPLES"
  make_samples "$SAMPLES"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  cp "$SAMPLES"/* .
}

# report TEXT: prints a measurement, at full size only.
report() {
  [ -z "${HARD-}" ] || echo "# $*" >&3
}

# measured COMMAND...: sets `seconds`, its processor time, and `megabytes`, its peak memory.
measured() {
  local status=0
  "$BUILD/tests/bench/measure" log "$@" || status=$?
  read -r _ seconds megabytes < <(tail -n 1 log)
  return $status
}

# within_bounds SMALL LARGE STATUS COMMAND...: runs COMMAND with {} replaced by SMALL, a small input
# of the same kind, and by LARGE, for which it must end with STATUS and take at most ROOM more
# memory.
within_bounds() {
  local small=$1 large=$2 status=$3 before
  shift 3
  exits_with 0 measured "${@//\{\}/$small}" || return
  before=$megabytes
  exits_with "$status" measured "${@//\{\}/$large}" || return
  report "$* on $large: $megabytes MB, $before MB on $small"
  sanitized || awk "BEGIN { exit !($megabytes - $before <= $ROOM) }" ||
    fail "$* on $large: $megabytes MB, on $small: $before MB"
}

# ---- hash flooding ----

# words_of KIND COUNT: prints different words, one per line. All words of the kinds 'short' and
# 'long' collide in hashes that add up the bytes times powers of 31, as Java's does, for every
# initial value and modulus. Any other KIND is the length of random words.
words_of() {
  python3 - "$@" <<'PY'
import itertools, random, sys
kind, count = sys.argv[1], int(sys.argv[2])
if kind == "short":  # 14 bytes: they fit into the key of a table's slot
    blocks, n = [bytes([65 + i, 250 - 31 * i]) for i in range(8)], 7
elif kind == "long":  # 40 bytes
    blocks, n = [b"Aa", b"BB"], 20
else:
    source = random.Random(1)
    n = int(kind)
words = set()
if kind in ("short", "long"):
    words = [b"".join(w) for w in itertools.islice(itertools.product(blocks, repeat=n), count)]
    def hash31(word):
        value = 7
        for byte in word:
            value = value * 31 + byte
        return value
    assert len(set(map(hash31, words[:1000] + words[-1000:]))) == 1
else:
    while len(words) < count:
        words.add(bytes(source.choices(range(33, 127), k=n)))
sys.stdout.buffer.write(b"\n".join(words) + b"\n")
PY
}

# fastest COMMAND...: sets `least`, the processor time of the fastest of three runs.
fastest() {
  least=
  for _ in 1 2 3; do
    measured "$@" || return
    [ -n "$least" ] && awk "BEGIN { exit !($least <= $seconds) }" || least=$seconds
  done
}

@test "words that collide in a known hash function take no longer than others" {
  for kind in short long; do
    length=14
    [ $kind = short ] || length=40
    words_of $kind $COLLIDING >colliding
    words_of $length $COLLIDING >random
    for mode in -m1 --count; do
      fastest ptb-vocab -q $mode random -o out
      usual=$least
      fastest timeout 300 ptb-vocab -q $mode colliding -o out
      report "ptb-vocab $mode, $COLLIDING $kind words: $least s, random ones $usual s"
      awk "BEGIN { exit !($least <= 3 * $usual + 0.1) }" || fail "$kind: $least s, random $usual s"
      # The key of the hash differs in every run; the output must not depend on it.
      ptb-vocab -q $mode colliding | cmp - out
    done
    sgns-cat --vocab out | tail -n +2 | cut -f 1 | cmp - colliding
  done
}

@test "a vocabulary of colliding words is read and merged as fast as others" {
  words_of short $COLLIDING | ptb-vocab -q --count -o colliding.bin
  words_of 14 $COLLIDING | ptb-vocab -q --count -o random.bin
  fastest sgns-cat --check random.bin
  usual=$least
  fastest timeout 300 sgns-cat --check colliding.bin
  awk "BEGIN { exit !($least <= 3 * $usual + 0.1) }" || fail "$least s, random words $usual s"
  fastest ptb-vocab -q --merge random.bin random.bin -o out
  usual=$least
  fastest timeout 300 ptb-vocab -q --merge colliding.bin colliding.bin -o out
  awk "BEGIN { exit !($least <= 3 * $usual + 0.1) }" || fail "$least s, random words $usual s"
}

# ---- texts ----

@test "a line of many megabytes takes little memory" {
  yes 'a b c d e f g h i j' | tr '\n' ' ' | head -c ${LINE}M >line
  for options in --memory=8M --count --vocab=corpus.bin; do
    within_bounds text line 0 ptb-vocab -q $options '{}' -o out
    within_bounds text line 0 ptb-vocab -q $options -t 2 '{}' -o out2
    cmp out out2
  done
  ptb-vocab -q --memory=8M line -o line.bin
  sgns-cat --header line.bin >header
  grep -qx 'sentences: 1' header
  grep -qx "tokens: $((LINE * 1024 * 1024 / 2))" header
  within_bounds corpus.bin line.bin 0 sgns-cat '{}'
  tr -d '\n' <stdout | cmp - <(head -c -1 line)
  within_bounds corpus.bin line.bin 0 ptb-phrase -q --memory=8M '{}' -o out
  within_bounds corpus.bin line.bin 0 ptb-subsample -q '{}' -o out
  within_bounds corpus.bin line.bin 0 sgns-cat --check '{}'
}

@test "a sentence of millions of words passes ptb-phrase, ptb-subsample and sgns-batch in little memory" {
  for ((i = 0; i < LINE; i++)); do
    seq 1000 9999
    seq 10000 99999 | shuf -n 90000 --random-source=<(yes)
  done | tr '\n' ' ' | ptb-vocab -q -m 1 -o long.bin # 1 MB and 100,000 tokens each time
  within_bounds corpus.bin long.bin 0 ptb-phrase -q --memory=8M '{}' -o out
  within_bounds corpus.bin long.bin 0 ptb-subsample -q '{}' -o out
  within_bounds corpus.bin long.bin 0 sgns-batch -q -e 1 --memory=8M '{}' -o out
  sgns-cat --header out | grep -qx "examples: $((LINE * 99000))"
}

# first_lines: prints 4096 bytes of text. By such a start a file is text, whatever follows.
first_lines() {
  yes a | head -n 2048
}

@test "a word of many megabytes, of letters or of zero bytes, becomes <unk>" {
  for byte in x '\0'; do
    for size in 1 $LINE; do
      { first_lines; printf 'a '; head -c "${size}M" /dev/zero | tr '\0' "$byte"; printf ' b'; } >word
      for option in --memory=8M --count; do
        within_bounds text word 0 ptb-vocab -q $option '{}' -o out
      done
      ptb-vocab -q -m 1 word | sgns-cat >printed
      assert_equal "$(tail -n 1 printed)" 'a <unk> b'
      fails_with 3 ptb-vocab --strict word -o out
      says 'word: byte 4098: word longer than 65535 bytes or with a zero byte'
    done
  done
}

@test "CRLF, no final newline, a byte order mark, and every pair of bytes are read as specified" {
  printf 'a b\r\nc\r\n\r\nd' | ptb-vocab -q -m 1 | sgns-cat >printed
  assert_equal "$(od -c printed)" "$(printf 'a b\nc\n\nd\n' | od -c)"
  printf '\xef\xbb\xbfa a\n' | ptb-vocab -q -m 1 | sgns-cat | cmp - <(printf 'a a\n')
  # Expected by python3: words between ASCII white space, <unk> for words with a zero byte.
  python3 -c '
import itertools, sys
text = b"".join(bytes(pair) for pair in itertools.product(range(256), repeat=2))
open("bytes", "wb").write(text)
lines = text.split(b"\n")
words = lambda line: line.translate(bytes.maketrans(b"\t\v\f\r", b"    ")).split(b" ")
kept = lambda word: b"<unk>" if b"\0" in word else word
open("expected", "wb").write(b"".join(b" ".join(kept(w) for w in words(l) if w) + b"\n" for l in lines))
'
  for threads in 1 4; do
    { first_lines; cat bytes; } | ptb-vocab -q -m 1 -t $threads | sgns-cat | cmp - <(first_lines; cat expected)
  done
}

# ---- decompression bombs ----

# of_reader PROGRAM: sets `COMMAND` to a command in which PROGRAM reads the stream {}.
of_reader() {
  reading "$1" '{}'
  [ "$1" != sgns-batch ] || COMMAND+=(--memory=8M)
}

@test "a gigabyte of zeros, compressed to a few kilobytes, is refused at its beginning" {
  head -c $((BOMB * 16))M /dev/zero | zstd -q -o zeros.bin
  [ "$(wc -c <zeros.bin)" -lt 100000 ]
  for kind in corpus batches vectors counts; do
    for program in $(readers_of $kind); do
      of_reader "$program"
      within_bounds $kind.bin zeros.bin 3 "${COMMAND[@]}" -o out
      says 'zeros.bin: byte 0: zstd data, but not an sgns stream'
    done
  done
  fails_with 3 ptb-vocab -q zeros.bin -o out
  within_bounds counts.bin zeros.bin 3 ptb-vocab -q --merge '{}' -o out
  within_bounds counts.bin zeros.bin 3 sgns-cat --check '{}'
  within_bounds vectors.bin zeros.bin 3 sgns-cat --check --quick '{}'
}

@test "a gigabyte of unknown records after a valid header takes little memory" {
  for kind in corpus batches vectors counts; do
    {
      zstd -dcq $kind.bin | head -c -56 # without END
      for ((i = 0; i < BOMB; i++)); do
        printf '\115\0\0\0\0\0\0\001' # a record of an unknown type, 16 MiB
        head -c 16M /dev/zero
      done
    } | zstd -q -o bomb.bin
    [ "$(wc -c <bomb.bin)" -lt 200000 ]
    for program in $(readers_of $kind); do
      of_reader "$program"
      within_bounds $kind.bin bomb.bin 3 "${COMMAND[@]}" -o out
      says 'no END'
    done
    within_bounds $kind.bin bomb.bin 3 sgns-cat --check '{}'
    within_bounds $kind.bin bomb.bin 3 sgns-cat --check --quick '{}'
    rm bomb.bin
  done
}

@test "a corpus of half a billion tokens in a few kilobytes takes little memory" {
  {
    zstd -dcq corpus.bin | head -c -56
    for ((i = 0; i < BOMB; i++)); do
      printf '\020\0\0\0\0\0\0\001' # TOKENS, all <unk>
      head -c 16M /dev/zero
    done
  } | zstd -q -o bomb.bin
  for program in ptb-vocab ptb-subsample sgns-batch; do
    of_reader "$program"
    within_bounds corpus.bin bomb.bin 3 "${COMMAND[@]}" -o out
    says 'no END'
  done
  within_bounds corpus.bin bomb.bin 3 sgns-cat --check '{}'
}

@test "a stream that claims the largest sizes takes no memory for them" {
  "$SUPPORT/forge.py" --all forged || true
  claims=0
  for stream in forged/invalid/*claim*; do
    kind=${stream##*/}
    kind=${kind%%-*}
    [ "$kind" != checkpoint ] || continue # most readers skip the records with these claims
    for program in $(readers_of "$kind"); do
      of_reader "$program"
      within_bounds "$kind.bin" "$stream" 3 "${COMMAND[@]}" -o out
      claims=$((claims + 1))
    done
  done
  [ $claims -ge 20 ]
}
