#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

# Formats of one file; formats of two files with the argument of -o, and the second file's name.
ONE=(word2vec word2vec-bin glove fasttext)
# Bats sources this file inside a function.
declare -gA TWO=([npy]=emb.npy [projector]=emb_tensor.tsv)
declare -gA SECOND=([npy]=emb.words [projector]=emb_metadata.tsv)

# foreign FORMAT < ROWS: writes them as the program of that format does; a row is a word, a tab,
# numbers.
foreign() {
  "$SUPPORT/foreign.py" "$1"
}

# rows: prints words and numbers that are difficult to preserve.
rows() {
  printf '</s>\t0 -0.0 1\n'
  printf '...\t1e-45 -1e-45 1.17549421e-38\n'
  printf 'no\xc2\xa0break\xe2\x80\x89space\t3.4028234e38 -3.4028234e38 1.17549435e-38\n'
  printf '3.5\t0.1 0.2 0.3\n'
  printf '12\t0.333333343 16777216 16777215\n'
  printf '<unk>\t1e9 1e10 123456789\n'
  printf '\xff\xfe\t-0.0001 1e-5 9.99999975e-06\n'
  printf '\x1b[31m\t1.00000012 0.999999940 -2.5\n'
  printf '%0300d\t7 8 9\n' 1
}

# bits FILE...: prints the rows of FILE, of any format, in word2vec's binary format, for comparison.
bits() {
  sgns-convert -q --to word2vec-bin "$@"
}

# ---- round trips ----

@test "every format preserves all words and numbers bit by bit" {
  rows | foreign word2vec-bin >w2v
  succeeds sgns-convert -q w2v -o emb.bin
  bits emb.bin | cmp - w2v
  for format in "${ONE[@]}"; do
    succeeds sgns-convert -q --to "$format" -o "emb.$format" emb.bin
    bits --from "$format" "emb.$format" | cmp - w2v
  done
  for format in "${!TWO[@]}"; do
    succeeds sgns-convert -q --to "$format" -o "${TWO[$format]}" emb.bin
    bits --from "$format" "${TWO[$format]}" | cmp - w2v
  done
}

@test "a chain of all formats, in files and pipes, preserves random bits" {
  python3 -c '
import random, struct, sys
random.seed(1)
rows = 400
sys.stdout.buffer.write(b"%d 30\n" % rows)
for i in range(rows):
    row = [random.getrandbits(32) & ~(0x800000 if random.getrandbits(9) else 0x40000000) for _ in range(30)]
    row = [bits if bits & 0x7f800000 != 0x7f800000 else 0 for bits in row]
    sys.stdout.buffer.write(b"w%d " % i + struct.pack("<30I", *row) + b"\n")' >w2v
  sgns-convert -q --to projector -o emb_tensor.tsv w2v
  sgns-convert -q --to npy -o emb.npy emb_tensor.tsv
  sgns-convert -q --to glove emb.npy | sgns-convert -q --from glove | sgns-convert -q --to fasttext |
    sgns-convert -q --to word2vec --from fasttext | bits >back
  cmp back w2v
}

@test "the output is in the format that the other programs write and read" {
  printf 'a\t1 0.1\nb\t-2.5e-05 1e10\n' >rows
  foreign word2vec-bin <rows | sgns-convert -q -o emb.bin
  succeeds sgns-convert -q --to word2vec emb.bin
  prints '2 2\na 1 0.1\nb -2.5e-05 1e+10\n'
  sgns-convert -q --to fasttext emb.bin | cmp - stdout
  sgns-convert -q --to glove emb.bin | cmp - <(tail -n +2 stdout)
  sgns-convert -q --to word2vec-bin emb.bin | cmp - <(foreign word2vec-bin <rows)
  sgns-convert -q --to projector -o emb_tensor.tsv emb.bin
  assert_equal "$(<emb_tensor.tsv)" $'1\t0.1\n-2.5e-05\t1e+10'
  assert_equal "$(<emb_metadata.tsv)" $'a\nb'
  sgns-convert -q --to npy -o emb.npy emb.bin
  assert_equal "$(<emb.words)" $'a\nb'
  assert_equal "$(head -c 10 emb.npy | od -An -tx1 | tr -d ' \n')" 934e554d505901007600
}

@test "a stream converted from another program's vectors is accepted by all programs" {
  printf '</s>\t1 0\neast\t2 0.1\nnorth\t0 1\n' | foreign gensim >emb.txt
  succeeds sgns-convert emb.txt -o emb.bin
  says 'sgns-convert: 3 words of dimension 2, from word2vec to sgns'
  for option in '' --header --vocab; do
    sgns-cat ${option:+$option} emb.bin >printed
    "$SUPPORT/decode.py" ${option:+$option} emb.bin | cmp - printed
  done
  assert_equal "$(sgns-cat --vocab emb.bin)" $'</s>\t0\neast\t0\nnorth\t0'
  sgns-cat --header emb.bin | tail -n 1 | grep -qxE 'made by: sgns-convert [0-9.]+ --from=word2vec'
  succeeds sgns-knn emb.bin '</s>' 1
  prints 'cosine sim=0.999: east\n'
  sgns-convert -q emb.txt | sgns-knn - east 1 | grep -qF '</s>'
  fails_with 6 sgns-knn emb.bin '<s>'
  says 'closest: </s>'
  # Its words select from those of a text.
  echo 'north pole' >text
  succeeds ptb-vocab --vocab emb.bin text -o out
  says 'emb.bin: 2 of 3 words not in the text'
  assert_equal "$(sgns-cat --vocab out)" $'<unk>\t1\nnorth\t1'
}

@test "converting a stream keeps its provenance and its words with their counts" {
  make_samples .
  sgns-convert -q --to sgns -o again.bin vectors.bin
  sgns-cat --header vectors.bin >header
  sgns-cat --header again.bin | head -n -1 | cmp - header
  sgns-cat --header again.bin | tail -n 1 | grep -qE '^made by: sgns-convert [0-9.]+$'
  cmp <(sgns-cat --vocab vectors.bin) <(sgns-cat --vocab again.bin)
  cmp <(sgns-cat vectors.bin) <(sgns-cat again.bin)
  ptb-vocab -q --vocab again.bin text | sgns-cat | head -n 1 | grep -qx 'a b c a d'
}

# ---- U ----

# checkpoint [OPTION...]: creates emb.ckpt, emb.bin and batches.bin from a small text.
checkpoint() {
  sample_text 200 40 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 -e 3 -o batches.bin
  sgns-train -q -d 7 "$@" --checkpoint emb.ckpt --checkpoint-every 20steps -o emb.bin batches.bin
}

@test "--output-vectors gives U of a checkpoint" {
  checkpoint --optimizer sgd
  # With gradient descent, STATE consists of U itself.
  PYTHONPATH=$SUPPORT python3 -c '
import pathlib, struct, decode
payload, at = decode.decompress(pathlib.Path("emb.ckpt").read_bytes()), 16
while at < len(payload):
    record, size = struct.unpack_from("<II", payload, at)
    matrix, first, n = struct.unpack_from("<3I", payload, at + 8)
    if record == decode.STATE and matrix == 1:
        for i in range(n):
            values = struct.unpack_from("<7f", payload, at + 20 + 8 * n + 28 * i)
            print(*("%.9g" % v for v in values))
    at += 8 + size' >expected
  [ -s expected ]
  succeeds sgns-convert -q --output-vectors -o u.bin emb.ckpt
  sgns-cat u.bin | tail -n +2 | cut -d ' ' -f 2- | cmp - expected
  cmp <(sgns-cat --vocab u.bin) <(sgns-cat --vocab emb.ckpt)
  sgns-cat --header u.bin | tail -n 1 | grep -q -- ' --output-vectors$'
  sgns-convert -q --output-vectors --to word2vec - <emb.ckpt | bits | cmp - <(bits u.bin)
  sgns-knn u.bin w1 3
}

@test "without --output-vectors a checkpoint is converted to its vectors, without training state" {
  checkpoint
  cmp <(sgns-convert -q --to word2vec emb.ckpt | sgns-convert -q | sgns-cat) <(sgns-cat emb.ckpt)
  sgns-convert -q --to sgns -o plain.bin emb.ckpt
  cmp <(sgns-cat plain.bin) <(sgns-cat emb.ckpt)
  [ "$(wc -c <plain.bin)" -lt $(($(wc -c <emb.ckpt) / 3)) ]
  fails_with 3 sgns-convert --output-vectors -o out emb.bin
  says 'plain vectors, not a checkpoint'
  leaves_nothing out
  sgns-convert -q --to glove -o emb.txt emb.bin
  fails_with 2 sgns-convert --output-vectors -o out emb.txt
  says '--output-vectors: requires a checkpoint, but emb.txt is glove'
}

# ---- the format of the input ----

@test "the format of the input is detected where it is unambiguous" {
  printf 'a\t1 0.1\nb\t2 3\n' >rows
  guessed() { # FORMAT FILE
    succeeds sgns-convert -o out.bin "$2"
    says ", from $1 to sgns"
  }
  for format in word2vec word2vec-bin gensim gensim-bin fasttext glove; do
    foreign $format <rows >emb.$format
  done
  guessed word2vec emb.word2vec
  guessed word2vec emb.gensim
  guessed word2vec emb.fasttext
  guessed word2vec-bin emb.word2vec-bin
  guessed word2vec-bin emb.gensim-bin
  guessed glove emb.glove
  sgns-convert -q --to npy -o emb.npy emb.glove
  guessed npy emb.npy
  sgns-convert -q --to projector -o emb_tensor.tsv emb.glove
  guessed projector emb_tensor.tsv
  succeeds sgns-convert --to sgns -o out2.bin out.bin
  says ', from sgns to sgns'
  for format in word2vec gensim-bin glove; do
    sgns-convert -q emb.$format -o expected
    sgns-convert -q <emb.$format | cmp - expected
    slowly emb.$format | sgns-convert -q | cmp - expected
  done
}

@test "where the format is ambiguous, the choices are listed" {
  for content in 'some text\n' '5 1\nx 2\n' 'a 1\n' '3 3\nab cd ef\n' '0.5 1\n\n\n'; do
    printf "%b" "$content" >odd
    fails_with 2 sgns-convert -o out odd
    says 'odd: cannot detect the format; specify --from=FORMAT: sgns, word2vec, word2vec-bin, glove, fasttext, npy or projector'
    leaves_nothing out
  done
}

@test "vectors of dimension 1 can be read with --from" {
  printf '5\t2\n7\t3\n' >rows
  foreign gensim-bin <rows >w2v.bin
  bits --from word2vec-bin w2v.bin >expected
  for format in word2vec glove fasttext; do
    sgns-convert -q --from word2vec-bin --to $format w2v.bin >emb.txt
    bits --from $format emb.txt | cmp - expected
  done
}

@test "usage errors are reported" {
  rows | foreign word2vec-bin >w2v
  fails_with 2 sgns-convert --from nonsense w2v
  says '--from=nonsense: expected sgns, word2vec'
  fails_with 2 sgns-convert --to nonsense w2v
  says '--to=nonsense: expected sgns, word2vec'
  sgns-convert -q w2v -o emb.bin
  fails_with 2 sgns-convert emb.bin
  says 'emb.bin: is already a stream'
  fails_with 2 sgns-convert --to npy emb.bin
  says 'two files'
  fails_with 2 sgns-convert --to npy -o emb emb.bin
  says 'ends in .npy'
  fails_with 2 sgns-convert --to projector -o _tensor.tsv emb.bin
  says 'ends in _tensor.tsv'
  fails_with 2 sgns-convert --to glove --words x emb.bin
  says '--words'
  fails_with 2 sgns-convert --to glove --ignore-count emb.bin
  says '--ignore-count'
  fails_with 2 sgns-convert --from npy <w2v
  says '--words=FILE'
  fails_with 3 sgns-convert --from sgns --to glove w2v
  says "w2v: byte 0: vectors in word2vec's binary format, expected a vectors stream"
}

@test "text is written to a terminal, a stream or a binary file is not" {
  printf 'a\t1 0.1\n' | foreign glove >emb.txt
  for to in '' '--to sgns' '--to word2vec-bin'; do
    status=0
    script -qec "sgns-convert $to emb.txt" /dev/null </dev/null >shown || status=$?
    assert_equal $status 2
    grep -q terminal shown
  done
  script -qec 'sgns-convert -q --to word2vec emb.txt' /dev/null </dev/null | tr -d '\r' >shown
  assert_equal "$(<shown)" $'1 2\na 1 0.1'
}

# ---- quirks ----

@test "trailing spaces, carriage returns, extra or missing newlines are accepted" {
  printf 'a\t1 0.5\nb\t-2 0.25\n' >rows
  foreign gensim-bin <rows >expected
  for format in word2vec word2vec-bin gensim fasttext glove; do
    foreign $format <rows >emb
    bits emb >got
    bits expected | cmp - got
  done
  foreign word2vec <rows | sed 's/$/\r/' >emb
  bits emb | cmp - got
  for lines in 1 2; do # line ends of two systems, after a byte order mark
    { printf '\xef\xbb\xbf' && foreign word2vec <rows; } | sed "${lines}s/\$/\r/" >emb
    bits emb | cmp - got
    slowly emb | bits - | cmp - got
  done
  printf '2 2\n\n\na %b\n\nb %b' '\0\0\0200\0077\0\0\0\0077' '\0\0\0\0300\0\0\0200\0076' >emb
  bits emb | cmp - got
  head -c -1 <(foreign word2vec-bin <rows) >emb
  bits emb | cmp - got
}

@test "columns are separated by spaces only and counted from the right" {
  printf 'a\xc2\xa0b 1 2\n... 3 4\n5 6 7\n\xe2\x80\xa8 8 9\n' >emb.txt
  succeeds sgns-convert --to word2vec emb.txt
  cmp stdout <(echo 4 2 && cat emb.txt)
}

@test "rows whose word a stream cannot contain are skipped and counted" {
  printf 'a 1 2\n 7 8\nx\ty 9 10\nb 11 12\n' >emb.txt
  succeeds sgns-convert --to glove emb.txt
  prints 'a 1 2\nb 11 12\n'
  says 'emb.txt: 2 rows skipped, first at line 2: word empty, too long, or containing white space or a zero byte'
  printf '3 1\n%065536d 1\na 2\nz\0z 3\n' 0 >emb.txt
  succeeds sgns-convert --to glove --from word2vec emb.txt
  prints 'a 2\n'
  printf '2 1\n %ba %b' '\0\0\0\0' '\0\0\0200\0077' >emb.w2v
  succeeds sgns-convert --from word2vec-bin --to glove emb.w2v
  prints 'a 1\n'
  says '1 row skipped, first at '
  printf 'x\ty 1 2\n' >emb.txt
  fails_with 3 sgns-convert --from glove --to word2vec emb.txt
  says 'emb.txt: line 1: no row can be used, this is the first: word empty'
}

@test "of duplicate words the first row is kept" {
  for format in gensim gensim-bin glove; do
    printf 'a\t1 2\nb\t3 4\na\t5 6\nb\t3 4\n' | foreign $format >emb
    succeeds sgns-convert --to glove emb
    prints 'a 1 2\nb 3 4\n'
    says_like '2 rows skipped, first at (line|row) [34]: duplicate word'
  done
}

@test "GloVe's first line is optional and does not count <unk>" {
  printf 'a\t1 2\nb\t3 4\n<unk>\t5 6\n' >rows
  foreign glove-header <rows >emb.txt
  for from in '' '--from glove' '--from word2vec'; do
    # shellcheck disable=SC2086 # several words
    succeeds sgns-convert $from --to glove emb.txt
    prints 'a 1 2\nb 3 4\n<unk> 5 6\n'
    says 'emb.txt: declares 2 words, contains 3'
  done
}

@test "a wrong number of words in the first line is an error, ignored with --ignore-count" {
  printf 'a\t1 2\nb\t3 4\nc\t5 6\n' >rows
  for format in gensim gensim-bin; do
    for declared in 2 4 1000000; do
      foreign $format <rows | sed "1s/3/$declared/" >emb
      fails_with 3 sgns-convert --to glove emb
      [ $format = gensim-bin ] || says "emb: line 1: declares $declared words, but the number of rows is 3"
      succeeds sgns-convert --ignore-count --to glove emb
      prints 'a 1 2\nb 3 4\nc 5 6\n'
      says "emb: declares $declared words, contains 3"
    done
    foreign $format <rows | sed '1s/3/0/' >emb
    fails_with 3 sgns-convert --from word2vec${format#gensim} emb
    says 'declares 0 words'
  done
}

@test "words and rows of the maximum length are accepted" {
  { printf '%065535d\t' 7 && seq -s ' ' 65536; } | foreign gensim-bin >emb
  bits emb | cmp - <(cat emb && echo)
  sgns-convert -q --to word2vec emb | bits | cmp - <(cat emb && echo)
}

# phrases: prints rows of which some words contain spaces, or end in numbers.
phrases() {
  python3 -c '
import random
random.seed(4)
words = "the|new york|of|ice cream|windows 10|to|boeing 747 400|new zealand|a b|chip|São Paulo|x".split("|")
for word in words:
    print(word, *(f"{random.gauss(0, 0.5):.9g}" for i in range(8)), sep=" ")'
}

# joined: the same with underscores in the words.
joined() {
  phrases | sed -E 's/^(new|ice|boeing 747|windows|São|a) ([^ 0-9-]|10|400)/\1_\2/; s/boeing 747/boeing_747/'
}

@test "words with spaces are read from text, with underscores" {
  phrases >emb.glove
  joined >expected
  assert_equal "$(cut -d ' ' -f 1 expected | paste -sd ' ')" \
    'the new_york of ice_cream windows_10 to boeing_747_400 new_zealand a_b chip São_Paulo x'
  bits expected >expected.bits
  { echo 12 8 && cat emb.glove; } >emb.word2vec
  tab() { # SEPARATOR: the same rows with a tab after the word
    awk -v by="$1" '{ n = NF - 8; word = $1; for (i = 2; i <= n; i++) word = word " " $i
      printf "%s\t%s", word, $(n + 1); for (i = n + 2; i <= NF; i++) printf "%s%s", by, $i; print "" }' emb.glove
  }
  tab ' ' >emb.tab
  tab $'\t' >emb.tabs
  for file in emb.glove emb.word2vec emb.tab emb.tabs; do
    bits $file | cmp - expected.bits
    succeeds sgns-convert --to glove $file
    says_like "$file: 7 rows, first at line [23]: spaces in the word replaced by '_'"
  done
  # The first word may be one that ends in a number, if the next row shows it.
  grep -e windows -e 'to ' emb.glove >odd
  sgns-convert -q --to glove odd | cut -d ' ' -f 1 | paste -sd ' ' >words
  assert_equal "$(<words)" 'windows_10 to'
  # Two spellings of a word are one.
  printf 'new york 0.5 1\nnew_york 2 3\n' | sgns-convert --to glove >out 2>stderr
  assert_equal "$(<out)" 'new_york 0.5 1'
  says "stdin: 1 row skipped, first at line 2: duplicate word"
}

@test "a row with too many numbers is refused unless its word explains it" {
  refuses word2vec '2 2\na 0.5 0.5 0.5\nb 0.5 0.5 0.5\n' 'line 2: more than 2 numbers'
  refuses glove 'a 0.5 0.5\nb 1.5 0.5 0.5\n' 'line 2: more than 2 numbers'
  refuses glove 'a\t0.5\t0.5\nb\t1.5\t0.5\t0.5\n' 'line 2: more than 2 numbers'
  refuses glove 'a 0.5\t0.5\nb 1.5\t0.5\n' 'line 1: more than 1 number'
  for word in 'a 1' 'b 2.5'; do
    printf '3 2\na 0.5 0.5\nb 0.5 0.5\n%s 0.5 0.5\n' "$word" | sgns-convert -q --to glove >out
    assert_equal "$(tail -n 1 out)" "${word/ /_} 0.5 0.5"
  done
}

@test "words with spaces are read from word2vec's binary format if each row is certain" {
  phrases >emb.glove
  joined | bits >expected
  for newline in '' '\n'; do
    python3 -c '
import struct, sys
rows = [line.split(" ") for line in sys.stdin.read().splitlines()]
out = sys.stdout.buffer
out.write(b"%d 8\n" % len(rows))
for row in rows:
    word, numbers = " ".join(row[:-8]).encode(), map(float, row[-8:])
    out.write(word + b" " + struct.pack("<8f", *numbers) + sys.argv[1].encode().decode("unicode_escape").encode())' \
      "$newline" <emb.glove >emb.w2v
    succeeds sgns-convert --to word2vec-bin emb.w2v
    cmp stdout expected
    says "emb.w2v: 7 rows, first at row 2: spaces in the word replaced by '_'"
    bits <emb.w2v | cmp - expected
    slowly emb.w2v | bits | cmp - expected
  done
}

@test "files in word2vec's binary format that are out of step are refused" {
  for kind in byte dim space; do
    mkdir $kind
    "$SUPPORT/out_of_step.py" $kind 80 $kind
    for file in "$kind"/*.bin; do
      fails_with 3 sgns-convert --from word2vec-bin -o out "$file"
      says_like "^sgns-convert: $file: (byte|row) [0-9]+"
    done
  done
  leaves_nothing out
  says 'a word with spaces, a wrong dimension, or damage; save the vectors as text'
}

@test "in word2vec's binary format without newlines, unusual numbers or words are read if all rows agree" {
  rows() { # EXPONENT WORD N
    awk -v e="$1" -v w="$2" -v n="$3" 'BEGIN { for (i = 1; i <= n; i++) printf "%s%d\t%d.5e%d 1.5e%d\n", w, i, i, e, e }'
  }
  rows -30 w 20 | foreign gensim-bin >emb
  rows -30 w 20 | foreign word2vec-bin >expected
  bits emb | cmp - expected
  rows -30 w 15 | foreign gensim-bin >emb
  fails_with 3 sgns-convert -o out emb
  says 'emb: row 1: numbers of unusual size: a word with spaces'
  { rows 0 w 15 && rows -30 v 5; } | foreign gensim-bin >emb
  fails_with 3 sgns-convert -o out emb
  says 'emb: row 16: numbers of unusual size'
  { rows 0 w 15 && rows 0 $'caf\xe9' 5; } | foreign gensim-bin >emb
  succeeds sgns-convert -o out emb
  says 'emb: 5 rows, first at row 16: the word is not UTF-8'
  rows 0 $'caf\xe9' 5 | foreign gensim-bin >emb
  fails_with 3 sgns-convert -o out2 emb
  says 'emb: row 1: the word is not UTF-8'
}

@test "a byte order mark is dropped" {
  mark=$'\xef\xbb\xbf'
  printf 'a\t1.5 2\nb\t3 4\n' >rows
  foreign glove <rows >emb.txt
  sgns-convert -q --to glove emb.txt >expected
  for format in word2vec gensim fasttext glove word2vec-bin; do
    { printf %s "$mark" && foreign $format <rows; } >emb
    bits emb | cmp - <(bits expected)
    bits - <emb | cmp - <(bits expected)
    slowly emb | bits - | cmp - <(bits expected)
    [ $format = word2vec-bin ] || bits --from "${format/gensim/word2vec}" emb | cmp - <(bits expected)
  done
  sgns-convert -q --to npy -o emb.npy emb.txt
  sgns-convert -q --to projector -o emb_tensor.tsv emb.txt
  for file in emb.words emb_metadata.tsv emb_tensor.tsv; do
    { printf %s "$mark" && cat $file; } >with && mv with $file
  done
  sgns-convert -q --to glove emb.npy | cmp - expected
  sgns-convert -q --to glove emb_tensor.tsv | cmp - expected
}

@test "columns may be separated by tabs, with and without a first line" {
  printf 'the 0.1 0.2 0.3\nof 0.4 0.5 0.6\n' >expected
  for words in '' '2 3\n' '2\t3\n'; do
    for first in ' ' '\t'; do
      for others in ' ' '\t'; do
        for end in '\n' '\t\n' ' \n' '\r\n'; do
          [ "$first$others" != ' \t' ] || continue
          printf '%b' "${words}the${first}0.1${others}0.2${others}0.3${end}of${first}0.4${others}0.5${others}0.6$end" >emb
          sgns-convert -q --to glove emb | cmp - expected
        done
      done
    done
  done
  printf '1\t0.1\t0.2\nof\t0.4\t0.5\n' >emb # a word that is a number
  sgns-convert -q --to glove emb | cmp - <(printf '1 0.1 0.2\nof 0.4 0.5\n')
  printf '1\t0.1\t0.2\n2\t0.4\t0.5\n' >emb
  fails_with 2 sgns-convert --to glove emb
  says '_tensor.tsv'
  says --from=glove
  sgns-convert -q --from glove --to glove emb | cmp - <(printf '1 0.1 0.2\n2 0.4 0.5\n')
}

@test "numbers separated by commas are named, and the command in the message makes them readable" {
  for file in 'the,0.5,1,2\nof,3,4,5\n' 'the\t0.5,1,2\r\nof\t3,4,5\r\n' '2,3\nthe,0.5,1,2\nof,3,4,5\n'; do
    printf '%b' "$file" >csv
    for options in '' --from=glove; do
      fails_with 3 sgns-convert $options -o out csv
      says "csv: byte 0: numbers separated by commas, expected $([[ $options ]] && echo glove || echo word vectors); separate them with tr , ' '"
      leaves_nothing out
    done
    tr , ' ' <csv | sgns-convert -q --to glove >out
    assert_equal "$(tr '\n' / <out)" 'the 0.5 1 2/of 3 4 5/'
    rm out
  done
  # Decimal commas, and words that end in a comma and a number, are something else.
  printf 'the 0,5 1,0\n' >odd
  fails_with 2 sgns-convert odd
  printf 'a,1,2 0.5 1\nb,1,2 3 4\n' | sgns-convert -q --to glove | grep -qx 'a,1,2 0.5 1'
}

@test "--skip-nonfinite skips rows that are not finite" {
  printf '3 2\nthe 0.1 0.2\nof nan 0.5\nto 0.7 0.8\n' >emb.word2vec
  tail -n +2 emb.word2vec >emb.glove
  printf 'the 0.1 0.2\nto 0.7 0.8\n' >expected
  for number in nan -nan NaN inf -inf Infinity 1e39; do
    for format in word2vec glove; do
      sed "s/nan/$number/" emb.$format >emb
      fails_with 3 sgns-convert -o out emb
      says "'$number' is "
      says '; sgns-convert --skip-nonfinite skips such rows'
      succeeds sgns-convert --skip-nonfinite --to glove emb
      cmp stdout expected
      says_like 'emb: 1 row skipped, first at line [23]: not finite in single precision'
    done
  done
  sed 's/the 0.1/the nan/' emb.glove >emb # also in the first row
  succeeds sgns-convert --skip-nonfinite --to glove emb
  prints 'to 0.7 0.8\n'
  cut -d ' ' -f 2- emb.glove | tr ' ' '\t' >emb_tensor.tsv
  cut -d ' ' -f 1 emb.glove >emb_metadata.tsv
  fails_with 3 sgns-convert --to glove emb_tensor.tsv
  succeeds sgns-convert --skip-nonfinite --to glove emb_tensor.tsv
  cmp stdout expected
  for end in '' '\n'; do
    printf '%b' "3 1\na \0\0\0200\0077${end}b \0\0\0200\0177${end}c \0\0\0300\0377$end" >emb.w2v
    fails_with 3 sgns-convert --from word2vec-bin --to glove emb.w2v
    says 'the vector of row 2 is not finite; sgns-convert --skip-nonfinite skips such rows'
    succeeds sgns-convert --skip-nonfinite --from word2vec-bin --to glove emb.w2v
    prints 'a 1\n'
    says 'emb.w2v: 2 rows skipped, first at row 2: not finite'
  done
  printf 'a nan 1\nb 1 inf\n' >emb
  fails_with 3 sgns-convert --skip-nonfinite -o out emb
  says 'emb: line 1: no row can be used, this is the first: not finite'
  fails_with 3 sgns-convert --skip-nonfinite -o out <(printf 'a nan 1\nb x 1\n')
  says "line 2: 'x' is not a finite number"
  sgns-convert -q -o emb.bin expected
  fails_with 2 sgns-convert --skip-nonfinite --to glove emb.bin
  says '--skip-nonfinite: does not apply to sgns'
}

@test "words of deeplearning4j are decoded from base64 if the first one is" {
  printf 'the\t0.5 1 1\nof\t2 3 1\nnew york\t4 5 1\n東京\t6 7 1\n' >rows
  encode() {
    while IFS=$'\t' read -r word numbers; do
      echo "B64:$(printf %s "$word" | base64) $numbers"
    done <rows
  }
  printf 'the 0.5 1 1\nof 2 3 1\nnew_york 4 5 1\n東京 6 7 1\n' >expected
  for header in '' '4 3' '4 3 1234'; do
    { [ -z "$header" ] || echo "$header"; encode; } >emb
    succeeds sgns-convert --to glove emb
    cmp stdout expected
    says_like 'emb: 4 rows, first at line [12]: word decoded from base64'
  done
  { encode && echo 'plain 8 9 1'; } >emb
  succeeds sgns-convert --to glove emb
  cmp stdout <(cat expected && echo plain 8 9 1)
  says "emb: 1 row, first at line 5: word without 'B64:', kept as it is"
  { echo 'plain 8 9 1' && encode | head -n 1; } >emb
  succeeds sgns-convert --to glove emb
  prints 'plain 8 9 1\nB64:dGhl 0.5 1 1\n'
  says "emb: 1 row, first at line 2: word that begins with 'B64:', kept as it is"
  printf 'B64:d!hl 1 2\n' >emb
  succeeds sgns-convert --to glove emb
  prints 'B64:d!hl 1 2\n'
}

@test "arrays of NumPy in every order and precision are read" {
  printf 'the\nof\n' >emb.words
  array() { # DICTIONARY FORMAT NUMBER...: creates emb.npy
    python3 -c '
import struct, sys
header = sys.argv[1].encode()
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
                        + struct.pack(sys.argv[2], *map(float, sys.argv[3:])))' "$@" >emb.npy
  }
  is() {
    succeeds sgns-convert --to glove emb.npy
    prints 'the 0.5 -1.5 2\nof 4 5.9604645e-08 65504\n'
  }
  for order in '<' '>'; do
    for size in 2e 4f 8d; do
      array "{'descr': '${order}f${size%?}', 'fortran_order': False, 'shape': (2, 3), }" "$order"6${size#?} \
        0.5 -1.5 2 4 5.9604644775390625e-08 65504
      is
      array "{'descr': '${order}f${size%?}', 'fortran_order': True, 'shape': (2L, 3L), }" "$order"6${size#?} \
        0.5 4 -1.5 5.9604644775390625e-08 2 65504
      is
    done
  done
  array "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }" '<6e' 1 2 3 inf 5 6
  fails_with 3 sgns-convert --to glove emb.npy
  says 'emb.npy: row 2 is not finite'
  succeeds sgns-convert --skip-nonfinite --to glove emb.npy
  prints 'the 1 3 5\n'
  head -c -1 emb.npy >short.npy && cp emb.words short.words
  fails_with 3 sgns-convert -o out short.npy
  says 'short.npy: byte '
  says 'ends in column 3 of 3'
  echo >>emb.npy
  fails_with 3 sgns-convert --skip-nonfinite -o out emb.npy
  says 'data after the last row (row 2)'
}

@test "a large array in Fortran order is read in little memory" {
  python3 -c '
import struct, sys
rows, columns = 20000, 300
header = b"{\"descr\": \"<f4\", ".replace(b"\"", b"\x27")
header += b"\x27fortran_order\x27: True, \x27shape\x27: (%d, %d)}" % (rows, columns)
sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
for column in range(columns):
    sys.stdout.buffer.write(struct.pack(f"<{rows}f", *(row + column / 512 for row in range(rows))))' >emb.npy
  seq -f 'w%g' 0 19999 >emb.words
  within_memory 40 sgns-convert -q --to projector -o out_tensor.tsv emb.npy
  awk -F '\t' '{ for (i = 1; i <= NF; i++) if ($i - (NR - 1) - (i - 1) / 512 > 0.001) exit 1 }
    END { exit NF != 300 || NR != 20000 }' out_tensor.tsv
}

@test "a list of words that leaves no row is named with the reason" {
  printf 'a\t1 2\nb\t3 4\n' | foreign gensim-bin | sgns-convert -q --to npy -o emb.npy
  printf 'the 1061396\nof 593677\n' >counts
  fails_with 3 sgns-convert --to glove --words counts emb.npy
  says "counts: line 1: a word and its count, as in all lines; expected words alone: cut -d ' ' -f 1"
  tr ' ' , <counts >csv
  fails_with 3 sgns-convert --to glove --words csv emb.npy
  says "csv: line 1: a word and its count, as in all lines; expected words alone: cut -d ',' -f 1"
  printf 'the\nof' | iconv -t UTF-16LE >wide
  fails_with 3 sgns-convert --to glove --words wide emb.npy
  says 'wide: byte 0: text in UTF-16, expected text; convert it with'
  printf 'the\nof\n' | gzip >words.gz
  fails_with 3 sgns-convert --to glove --words words.gz emb.npy
  says 'words.gz: byte 0: gzip-compressed data'
  printf 'the,1\nof\n' >words
  sgns-convert -q --to glove --words words emb.npy | grep -q '^the,1 1 2$'
  printf 'the\t1061396\nof\t593677\n' >table
  sgns-convert -q --to glove --words table emb.npy | cut -d ' ' -f 1 | paste -sd ' ' >words
  assert_equal "$(<words)" 'the of'
  printf 'new york\nwindows 10\n' >phrases
  sgns-convert -q --to glove --words phrases emb.npy | cut -d ' ' -f 1 | paste -sd ' ' >words
  assert_equal "$(<words)" 'new_york windows_10'
  printf '\n\n' >empty
  fails_with 3 sgns-convert --to glove --words empty emb.npy
  says 'empty: line 1: no row can be used, this is the first: word empty'
}

# ---- refusals ----

# refuses FORMAT CONTENT WHY: a file with CONTENT is refused with the position and reason WHY.
refuses() {
  printf '%b' "$2" >bad
  fails_with 3 sgns-convert --from "$1" -o out bad &&
    says "sgns-convert: bad: $3" && leaves_nothing out
}

@test "invalid text is refused with line and reason" {
  refuses word2vec '' 'byte 0: empty, expected word vectors'
  refuses word2vec 'a 1 2\n' 'line 1: expected the number of words and the dimension'
  refuses word2vec '1 2 3\na 1 2\n' 'line 1: expected the number of words'
  refuses word2vec '1 -2\na 1 2\n' 'line 1: expected the number of words'
  refuses word2vec '1 0\na\n' 'line 1: dimension 0, expected 1 to 65536'
  refuses word2vec '1 65537\na\n' 'line 1: dimension 65537'
  refuses word2vec '1 99999999999999999999\na\n' 'line 1: expected the number of words'
  refuses word2vec '2 2\na 1 2\nb 1\n' 'line 3: 1 number, expected 2'
  refuses word2vec '2 2\na 1 2\nb\n' 'line 3: 0 numbers, expected 2'
  refuses word2vec '2 2\na 1 2\nb 1 2 3\n' 'line 3: more than 2 numbers'
  refuses word2vec '2 2\na 1 2\nb 1  2\n' "line 3: '' is not a finite number"
  refuses word2vec '2 2\na 1 2\nb 1 x\n' "line 3: 'x' is not a finite number"
  refuses word2vec '2 2\na 1 2\nb 1 2x\n' "line 3: '2x' is not a finite number"
  refuses word2vec '2 2\na 1 nan\nb 1 2\n' "line 2: 'nan' is not a finite number"
  refuses word2vec '2 2\na -inf 1\nb 1 2\n' "line 2: '-inf' is not a finite number"
  refuses word2vec '2 2\na 0x1 1\nb 1 2\n' "line 2: '0x1' is not a finite number"
  refuses word2vec '2 2\na 1,5 1\nb 1 2\n' "line 2: '1,5' is not a finite number"
  refuses word2vec '2 2\na 3.5e38 1\nb 1 2\n' "line 2: '3.5e38' is outside the range of single precision"
  refuses word2vec '2 4\na 1.0 2.0 3.0 4.0\nb 1.0 2.0 3.0 4.' 'line 3: no newline at the end: the file is truncated'
  refuses word2vec '2 2\na 1 2 \nb 1 2' 'line 3: no newline at the end: the file is truncated'
  refuses word2vec '2 2\na 1 2\nb 1' 'line 3: 1 number, expected 2'
  refuses word2vec '3 2\na 1 2\nb 1 2' 'line 1: declares 3 words'
  refuses glove 'a 1.5 2' 'line 1: no newline at the end: the file is truncated'
  refuses word2vec '2 2\na 1 2\nb 1 2\n\n' 'line 4: 0 numbers'
  refuses word2vec '2 2\na 1 2\nb 1 2\nc 1 2\n' 'line 1: declares 2 words, but the number of rows is 3'
  refuses glove 'a\n' 'line 1: expected a word followed by numbers'
  refuses glove 'a 1 2\nb 1\n' 'line 2: 1 number, expected 2'
  refuses glove 'a 1 2\nb 1 2 3\n' 'line 2: more than 2 numbers'
  refuses glove '2 2\n' 'line 1: no row after this line'
}

@test "invalid binary data is refused with byte and reason" {
  one='\0\0\0200\0077'
  refuses word2vec-bin '1 x\n' 'byte 0: expected a line with the number of words'
  refuses word2vec-bin '1 0\na ' 'byte 0: dimension 0'
  refuses word2vec-bin "1 1\na $one\n\n" 'byte 10: data after the last row (row 1)'
  refuses word2vec-bin "1 1\na ${one}b" 'byte 10: data after the last row (row 1)'
  refuses word2vec-bin "2 1\na $one" 'byte 10: ends in row 2 of 2'
  refuses word2vec-bin "2 1\na $one\nb" 'byte 11: ends in row 2 of 2'
  refuses word2vec-bin '1 1\na \0\0\0200\0177' 'byte 6: the vector of row 1 is not finite'
  refuses word2vec-bin '1 1\na \0001\0\0200\0177' 'byte 6: the vector of row 1 is not finite'
  refuses word2vec-bin "1 1\n$(printf '%065536d' 1) $one" 'byte 4: word of more than 65535 bytes'
}

@test "invalid arrays and word lists that do not match are refused" {
  array() { # DICTIONARY [BYTES]: creates bad.npy
    printf '\x93NUMPY\x01\x00%b%s%b' "$(printf '\\x%02x\\x00' ${#1})" "$1" "${2-}" >bad.npy
  }
  wrong() { # WHY
    fails_with 3 sgns-convert --from npy -o out bad.npy && says "$1" && leaves_nothing out
  }
  one='\x00\x00\x80\x3f'
  printf 'a\nb\n' >bad.words
  good="{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
  array "$good" "$one$one"
  succeeds sgns-convert --from npy --to glove bad.npy
  prints 'a 1\nb 1\n'
  printf '\x93NUMPY' >bad.npy
  wrong 'bad.npy: byte 0: not a NumPy array'
  printf '\x93NUMPY\x04\x00\x00\x00\x00\x00' >bad.npy
  wrong 'byte 0: unsupported format version 4'
  for dictionary in "${good/<f4/<i4}" "${good/<f4/|O}" "${good/False/Maybe}" "${good/(2, 1)/(2,)}" \
    "${good/(2, 1)/(2, 1, 1)}" "${good/(2, 1)/(0, 1)}" "${good/(2, 1)/(2, 65537)}" \
    "${good/(2, 1)/(-2, 1)}" "${good/descr/other}" "${good/, \}/, \'shape\': (2, 1)\}}" '{}' '' \
    "${good}x" "${good/\}/}"; do
    array "$dictionary" "$one$one"
    wrong 'bad.npy: byte '
  done
  array "$good" "$one"
  wrong 'ends in row 2 of 2'
  array "$good" "$one$one$one"
  wrong 'data after the last row (row 2)'
  array "$good" "$one"'\x00\x00\x80\x7f'
  wrong 'row 2 is not finite'
  array "$good" "$one$one"
  printf 'a\n' >bad.words
  wrong 'bad.words: line 1: no more words, but more vectors follow'
  printf 'a\nb\nc\n' >bad.words
  wrong 'bad.words: line 3: more words than vectors (2)'
  rm bad.words
  fails_with 1 sgns-convert --from npy -o out bad.npy
  says 'bad.words: cannot open: No such file'
}

@test "invalid tables are refused" {
  printf 'a\nb\n' >bad_metadata.tsv
  wrong() { # CONTENT WHY
    printf '%b' "$1" >bad_tensor.tsv
    fails_with 3 sgns-convert --from projector -o out bad_tensor.tsv && says "$2" && leaves_nothing out
  }
  wrong '' 'bad_tensor.tsv: byte 0: empty, expected word vectors'
  wrong '1\t2\n3\n' 'line 2: 1 number, expected 2'
  wrong '1\t2\n3\t4\t5\n' 'line 2: more than 2 numbers'
  wrong '1\t2\n3\tx\n' "line 2: 'x' is not a finite number"
  wrong '1\t2\n3\tinf\n' "line 2: 'inf' is not a finite number"
  wrong '1.5\t2.5\t0.5\t0.1\n3.5\t4.5\t5.5\t1' 'line 2: no newline at the end: the file is truncated'
  wrong '1\t2\n3' 'line 2: 1 number, expected 2'
  wrong '1\t2\n' 'bad_metadata.tsv: line 2: more words than vectors (1)'
  wrong '1\t2\n3\t4\n5\t6\n' 'bad_metadata.tsv: line 2: no more words, but'
}

@test "the projector's words may be a table with several columns" {
  printf '1\t2\n3\t4\n' >emb_tensor.tsv
  printf 'word\tcount\na\t7\nb\t8\n' >emb_metadata.tsv
  succeeds sgns-convert -q --to glove emb_tensor.tsv
  prints 'a 1 2\nb 3 4\n'
}

@test "a file truncated at any byte is refused unless the result is a valid file" {
  printf 'ab\t1 -0.25\nb\t3.5 4\nc\t1e-5 6\n' >rows
  foreign gensim-bin <rows >emb.gensim-bin # no newline after the last row, which could be cut off
  foreign fasttext <rows >emb.fasttext
  foreign gensim <rows >emb.gensim
  sgns-convert -q --to npy -o emb.npy emb.gensim
  sgns-convert -q --to projector -o emb_tensor.tsv emb.gensim
  sweep() { # FILE COMMAND...
    run "$SUPPORT/sweep.py" cut "$@"
    assert_success && assert_output --regexp '^[1-9][0-9]+ runs, 0 faults$'
  }
  sweep emb.gensim-bin sgns-convert --from word2vec-bin {}
  sweep emb.gensim-bin sgns-convert --from word2vec-bin -
  sweep_text() { # FILE COMMAND...: only the last newline may be missing
    run "$SUPPORT/sweep.py" cut "$@"
    assert_output --partial ' runs, 1 faults'
    assert_output --partial "cut at byte $(($(wc -c <"$1") - 1)):"
  }
  sweep_text emb.fasttext sgns-convert --from fasttext {}
  sweep_text emb.gensim sgns-convert --from word2vec --to glove -
  sweep emb.npy sgns-convert --from npy --words emb.words {}
  # Truncated between two rows, the table is valid, and the list of words is too long.
  run "$SUPPORT/sweep.py" cut emb_tensor.tsv sgns-convert --from projector --words emb_metadata.tsv -
  faults=$(grep -c 'message: sgns-convert: emb_metadata.tsv: line' <<<"$output")
  assert_output --partial " runs, $((faults + 1)) faults"
  assert_output --partial "cut at byte $(($(wc -c <emb_tensor.tsv) - 1)):"
}

@test "a file without a newline at its end is read if counts and columns agree" {
  for format in word2vec gensim fasttext glove; do
    printf 'ab\t1.5 -0.25\nb\t3.5 4\n' | foreign $format >emb
    sgns-convert -q --to glove emb >expected
    head -c -1 emb >short
    succeeds sgns-convert --to glove short
    cmp stdout expected
    says 'short: no newline at the end; if the file was truncated, its last number may be wrong'
    sgns-convert -q --to glove - <short | cmp - expected
  done
  sgns-convert -q --to npy -o emb.npy expected
  sgns-convert -q --to projector -o emb_tensor.tsv expected
  for file in emb.words emb_metadata.tsv emb_tensor.tsv; do
    printf '%s' "$(<$file)" >$file
  done
  sgns-convert -q --to glove emb.npy | cmp - expected
  sgns-convert -q --to glove emb_tensor.tsv | cmp - expected
}

@test "GloVe's text, which has no number of rows, is refused if truncated inside a line" {
  printf 'ab\t1 -0.25 1 2\nb\t3.5 4 1 2\n' | foreign glove >emb.txt
  sgns-convert -q --to glove emb.txt >all
  taken=0
  for ((size = 0; size < $(wc -c <emb.txt); size++)); do
    head -c $size emb.txt >short
    if sgns-convert -q --from glove --to glove short >out 2>stderr; then
      cmp out <(head -n $(($(wc -l <short) + (size == $(wc -c <emb.txt) - 1))) all)
      taken=$((taken + 1))
    else
      says_like '^sgns-convert: short: (line [12]|byte 0): '
    fi
  done
  assert_equal $taken 2 # one line, or all but the last newline
}

@test "well-known files of other kinds are named, with or without --from" {
  named() { # CONTENT NAME
    printf '%b' "$1" >odd
    for from in '' --from=glove --from=word2vec --from=word2vec-bin --from=sgns; do
      # shellcheck disable=SC2086 # none or one option
      fails_with 3 sgns-convert $from -o out odd
      says "odd: byte 0: $2"
    done
    fails_with 3 sgns-knn odd word
    says "odd: byte 0: $2"
  }
  named '' 'empty'
  named '\x1f\x8b\x08\x00\x00\x00\x00\x00' "gzip-compressed data"
  says "gzip -dc"
  named 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n' 'a Git LFS pointer'
  named '<!DOCTYPE html>\n<html><head></head></html>\n' 'an HTML page'
  named '\xba\x16\x4f\x2f\x0c\x00\x00\x00\x64\x00\x00\x00' 'a fastText model'
  says save_word2vec_format
  named '\x80\x04\x95\xa4\x03\x00\x00\x00\x00\x00\x00\x8c\x1agensim.models.keyedvectors\x94' 'a file of gensim'
  says save_word2vec_format
  named 'PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00arr.npy' 'a NumPy .npz archive'
}

@test "a wrong --from is reported with the format that was detected" {
  printf 'a\t1.5 2\nb\t3 4\n' >rows
  foreign gensim-bin <rows >emb.w2v
  foreign glove <rows >emb.glove
  sgns-convert -q --to npy -o emb.npy emb.glove
  sgns-convert -q -o emb.bin emb.glove
  for from in glove word2vec projector npy; do
    fails_with 3 sgns-convert --from $from --words emb.words -o out emb.w2v || true
  done
  fails_with 3 sgns-convert --from glove -o out emb.w2v
  says '; the input seems to be word2vec-bin'
  fails_with 3 sgns-convert --from word2vec-bin -o out emb.glove
  says '; the input seems to be glove'
  fails_with 3 sgns-convert --from npy --words emb.words -o out emb.glove
  says '; the input seems to be glove'
  fails_with 3 sgns-convert --from word2vec -o out emb.npy
  says '; the input seems to be npy'
  fails_with 3 sgns-convert --from glove -o out emb.bin
  says 'emb.bin: an sgns stream, not glove'
  leaves_nothing out
}

# ---- other programs ----

@test "sgns-knn, sgns-eval and sgns-train --init read every format that is certain" {
  sample_text 200 40 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 -o batches.bin
  sgns-train -q -d 6 -o emb.bin batches.bin
  for format in "${ONE[@]}"; do
    sgns-convert -q --to "$format" -o "emb.$format" emb.bin
  done
  for format in "${!TWO[@]}"; do
    sgns-convert -q --to "$format" -o "${TWO[$format]}" emb.bin
  done
  printf 'w1 w2 3\nw3 w4 5\nw5 w6 1\n' >pairs
  sgns-knn emb.bin w1 3 >knn
  sgns-eval emb.bin pairs >scores
  sgns-train -q -d 6 --init emb.bin batches.bin | sgns-cat >init
  for file in emb.word2vec emb.word2vec-bin emb.glove emb.fasttext emb.npy emb_tensor.tsv; do
    sgns-knn $file w1 3 | cmp - knn
    sgns-eval $file pairs | cmp - scores
    sgns-train -q -d 6 --init $file batches.bin | sgns-cat | cmp - init
    fails_with 3 sgns-train -d 5 --init $file -o out batches.bin
    says "$file: vectors of dimension 6, but --dim is 5"
    [[ $file != *.[nt][ps][yv] ]] || continue
    sgns-knn - w1 3 <$file | cmp - knn
    slowly $file | sgns-knn - w1 3 | cmp - knn
    sgns-eval - pairs <$file | cmp - scores
  done
  fails_with 3 sgns-knn - w1 <emb.npy
  says 'stdin: npy has the words in a separate file; use sgns-convert --words=FILE'
  rm emb.words
  fails_with 1 sgns-knn emb.npy w1
  says 'emb.words: cannot open'
}

@test "vectors whose format is uncertain are refused by these with the command to type" {
  printf 'a 1\nb 2\n' >emb.txt
  fails_with 3 sgns-knn emb.txt a
  says 'emb.txt: cannot detect the format of these vectors; specify it: sgns-convert --from=FORMAT emb.txt | sgns-knn - WORD'
  fails_with 3 sgns-eval - pairs <emb.txt || fails_with 1 sgns-eval - pairs <emb.txt
  printf 'the 0.1 0.2\nnew york 0.3 0.4\nof nan 1\n' >emb.txt
  fails_with 3 sgns-knn emb.txt the
  says "line 3: 'nan' is not a finite number; sgns-convert --skip-nonfinite skips such rows"
  head -n 2 emb.txt >two
  succeeds sgns-knn two new_york
  says "sgns-knn: two: 1 row, first at line 2: spaces in the word replaced by '_'"
  assert_equal "$(wc -l <stderr)" 1
}

@test "reading a file of another program needs memory for its matrix once" {
  # 40 MB of vectors
  awk 'BEGIN { for (i = 0; i < 10000; i++) {
    printf "w%d", i; for (j = 0; j < 1000; j++) printf " %d", (i * j) % 7; print "" } }' >emb.txt
  peak() {
    /usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$@"
  }
  sanitized || [ "$(peak sgns-knn -t 1 emb.txt w1)" -lt 60 ]
}

# ---- two files ----

@test "both files of a format are created, or none" {
  { rows && seq -f "%g$(printf '\t')0.123456789 0.5 0.25" 100 200; } | foreign word2vec-bin >w2v
  for format in "${!TWO[@]}"; do
    head -c -2 w2v >bad
    fails_with 3 sgns-convert --to "$format" -o "${TWO[$format]}" bad
    leaves_nothing emb
    echo old >"${TWO[$format]}"
    echo older >"${SECOND[$format]}"
    fails_with 3 sgns-convert --to "$format" -o "${TWO[$format]}" bad
    assert_equal "$(cat "${TWO[$format]}" "${SECOND[$format]}")" $'old\nolder'
    succeeds sgns-convert --to "$format" -o "${TWO[$format]}" w2v
    assert_equal "$(compgen -G 'emb*' | sort)" "$(printf '%s\n' "${TWO[$format]}" "${SECOND[$format]}" | sort)"
    rm emb*
    mkdir "${SECOND[$format]}"
    fails_with 1 sgns-convert --to "$format" -o "${TWO[$format]}" w2v
    says "${SECOND[$format]}: "
    [ ! -e "${TWO[$format]}" ]
    rmdir "${SECOND[$format]}"
    fails_with 1 limited sgns-convert --to "$format" -o "${TWO[$format]}" w2v
    leaves_nothing emb
  done
}

# limited COMMAND...: files are limited to 1 KiB; messages go to a pipe.
limited() {
  local status=0
  { (ulimit -f 1 && exec "$@") 2>&1; echo $? >status; } | cat >said
  cat said >&2
  status=$(<status)
  return "$status"
}

@test "neither output file may be an input" {
  rows | foreign gensim >emb.txt
  sgns-convert -q --to npy -o emb.npy emb.txt
  sgns-convert -q --to npy -o other.npy emb.txt
  cp emb.words words.before
  fails_with 2 sgns-convert --to npy -o emb.npy emb.npy
  fails_with 2 sgns-convert --to glove -o emb.words emb.npy
  says 'emb.words: is also an output'
  fails_with 2 sgns-convert --to npy -o emb.npy --words emb.words other.npy
  says 'emb.words: is also an output'
  cmp emb.words words.before
  fails_with 2 sgns-convert --from npy --words - --to glove <other.npy
  says 'cannot be both'
}

@test "--words names the second file; either file may be a pipe" {
  rows | foreign gensim >emb.txt
  sgns-convert -q --to npy -o emb.npy emb.txt
  bits emb.txt >expected
  mv emb.words vocabulary
  mv emb.npy matrix
  bits --words vocabulary matrix | cmp - expected
  bits --words vocabulary <matrix | cmp - expected
  bits --words - matrix <vocabulary | cmp - expected
  bits --from npy --words <(cat vocabulary) <(cat matrix) | cmp - expected
}

# ---- memory ----

@test "memory is bounded by the words; a false number of rows takes none" {
  # 40 MB of vectors.
  awk 'BEGIN { print "10000 1000"; for (i = 0; i < 10000; i++) {
    printf "w%d", i; for (j = 0; j < 1000; j++) printf " %d", (i * j) % 7; print "" } }' >emb.txt
  within_memory 40 sgns-convert -q -o emb.bin emb.txt
  within_memory 40 sgns-convert -q --to npy -o emb.npy emb.bin
  sed -i '1s/10000/2000000000/' emb.txt
  fails_with 3 within_memory 40 sgns-convert -o out emb.txt
  says 'declares 2000000000 words, but the number of rows is 10000'
  printf '999999999999999999 65536\na ' >bad
  fails_with 3 within_memory 40 sgns-convert --from word2vec-bin -o out bad
}

@test "a temporary file that cannot be created or written is an error" {
  awk 'BEGIN { for (i = 0; i < 3000; i++) { printf "w%d", i; for (j = 0; j < 100; j++) printf " 1"; print "" } }' >emb.txt
  TMPDIR=missing fails_with 1 sgns-convert -o out emb.txt
  says "temporary file in 'missing'"
  leaves_nothing out
  TMPDIR=. fails_with 1 limited sgns-convert --to glove emb.txt
  says "cannot write to a temporary file in '.'"
  # A few rows need no temporary file.
  head -n 5 emb.txt | TMPDIR=missing sgns-convert -q --to glove | cmp - <(head -n 5 emb.txt)
}
