#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

setup_file() {
  make_samples "$BATS_FILE_TMPDIR"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/* .
}

@test "a corpus is printed as its sentences" {
  succeeds sgns-cat corpus.bin
  prints 'a b c a d\nb a\n\n<unk> c d a b <unk>\nx y\nx y\n'
  assert_size_zero stderr
}

@test "batches are printed as centre, contexts and noise words" {
  printf 'a b\nc d\n' | ptb-vocab -q -m 1 |
    sgns-batch -q -w 1 -n 2 -e 1 --no-shuffle -o few.bin
  succeeds sgns-cat few.bin
  assert_equal "$(cut -f 1,2 stdout)" $'a\tb\nb\ta\nc\td\nd\tc'
  grep -cE '^[a-d]'$'\t''[a-d]'$'\t''[a-d] [a-d]$' stdout | grep -qx 4
}

@test "batches without noise words have an empty third field" {
  "$SUPPORT/forge.py" --one batches-no-noise >few.bin
  succeeds sgns-cat few.bin
  prints 'a\tb c\td d\nb\ta\tc\nc\td\t\n'
}

@test "vectors are printed in word2vec's format: words and dimension, then each word's vector" {
  "$SUPPORT/forge.py" --one vectors-plain >few.bin
  succeeds sgns-cat few.bin
  prints '5 2\n<unk> 1 0\na 0 1\nb 0.600000024 0.800000012\nc -1 0\nd -0.600000024 0.800000012\n'
}

@test "counts are printed as word, tab, count, in order of first appearance" {
  for option in '' --vocab; do
    succeeds sgns-cat ${option:+"$option"} counts.bin
    prints '<unk>\t1\na\t4\nb\t3\nc\t2\nd\t2\ne\t1\nx\t2\ny\t2\n'
  done
}

@test "numbers are printed without loss of precision" {
  # They are read back as the same binary32: the smallest, the largest, one third, a negative zero.
  printf '<unk> 1e-45 3.4028235e38\na 0.333333333 -0.0\n' |
    "$SUPPORT/forge.py" --vectors >few.bin
  sgns-cat few.bin | tail -n +2 | "$SUPPORT/forge.py" --vectors >again.bin
  sgns-cat few.bin | cmp - <(sgns-cat again.bin)
  cmp <(zstd -dcq few.bin) <(zstd -dcq again.bin)
}

@test "with a word, only its row is printed" {
  for word in a y '<unk>'; do
    succeeds sgns-cat vectors.bin "$word"
    sgns-cat vectors.bin | tail -n +2 | grep "^$word " | cmp - stdout
    assert_equal "$(wc -l <stdout)" 1
  done
}

@test "--vocab prints words and counts of any stream" {
  for kind in corpus batches vectors; do
    succeeds sgns-cat --vocab $kind.bin
    prints '<unk>\t2\na\t4\nb\t3\nc\t2\nd\t2\nx\t2\ny\t2\n'
  done
}

@test "--header of a corpus" {
  succeeds sgns-cat --header corpus.bin
  assert_equal "$(head -n 5 stdout)" $'kind: corpus\nversion: 1.0\nwords: 7\nsentences: 6\ntokens: 17'
  tail -n +6 stdout | grep -qE '^made by: ptb-vocab [0-9.]+ --min-count=2 --max-vocab=[0-9]+$'
}

@test "--header of batches" {
  succeeds sgns-cat --header batches.bin
  assert_equal "$(head -n 7 stdout)" $'kind: batches\nversion: 1.0\nwords: 7\nbatch size: 4
epochs: 2\nexamples: 15\ntotal examples: 30'
  contexts=$(sgns-cat batches.bin | cut -f 2 | wc -w)
  noise=$(sgns-cat batches.bin | cut -f 3 | wc -w)
  assert_equal "$(sed -n 8,9p stdout)" "contexts: $contexts"$'\n'"noise: $noise"
  assert_equal "$(tail -n +10 stdout | cut -d ' ' -f 1-3)" $'made by: ptb-vocab\nmade by: sgns-batch'
}

@test "--header of vectors" {
  succeeds sgns-cat --header vectors.bin
  assert_equal "$(head -n 5 stdout)" $'kind: vectors\nversion: 1.0\nwords: 7\ndim: 3\nrows: 7'
  assert_equal "$(tail -n +6 stdout | cut -d ' ' -f 1-3)" \
    $'made by: ptb-vocab\nmade by: sgns-batch\nmade by: sgns-train'
}

@test "--header of counts" {
  succeeds sgns-cat --header counts.bin
  assert_equal "$(head -n 5 stdout)" $'kind: counts\nversion: 1.0\nwords: 8\nsentences: 6\ntokens: 17'
  tail -n +6 stdout | grep -qE '^made by: ptb-vocab [0-9.]+ --count$'
}

@test "--header of a later minor version prints that version" {
  "$SUPPORT/forge.py" --one corpus-later-minor-version >later.bin
  succeeds sgns-cat --header later.bin
  assert_file_contains stdout '^version: 1\.7$'
}

@test "a stream can be read from a pipe" {
  for kind in corpus batches vectors counts; do
    sgns-cat $kind.bin >expected
    sgns-cat <$kind.bin | cmp - expected
    sgns-cat - <$kind.bin | cmp - expected
    slowly $kind.bin | sgns-cat | cmp - expected
  done
}

@test "a word's row can be read from a pipe" {
  sgns-cat vectors.bin a >expected
  sgns-cat - a <vectors.bin | cmp - expected
}

@test "-o writes the text to a file" {
  succeeds sgns-cat -o text.out corpus.bin
  assert_size_zero stdout
  cmp text.out <(sgns-cat corpus.bin)
}

@test "on a terminal, and only there, control bytes and invalid UTF-8 are escaped" {
  printf 'a\x1b[31mb \xff \xc3\xa9 \x7f\n' >text.raw
  ptb-vocab -q -m 1 -o odd.bin text.raw
  sgns-cat odd.bin | cmp - text.raw
  script -qec 'sgns-cat odd.bin' /dev/null </dev/null | tr -d '\r' >shown
  assert_equal "$(<shown)" 'a\x1b[31mb \xff é \x7f'
}

@test "control bytes in the provenance are escaped" {
  "$SUPPORT/forge.py" --one corpus-provenance-with-control-bytes >odd.bin
  succeeds sgns-cat --header odd.bin
  tail -n 1 stdout | grep -qxF 'made by: maker\x1b[31m 1.0\x0amade by: another'
}

# ---- the vectors of some words ----

@test "several words: their rows in the order asked, from a file and from a pipe" {
  succeeds sgns-cat vectors.bin y a '<unk>' y b
  for word in y a '<unk>' y b; do
    sgns-cat vectors.bin | grep "^$word "
  done | cmp - stdout
  sgns-cat - y a '<unk>' y b <vectors.bin | cmp - stdout
  slowly vectors.bin | sgns-cat - y a '<unk>' y b | cmp - stdout
}

@test "words from standard input, one per line" {
  sgns-cat vectors.bin y a b a >expected
  printf 'y\n\na\r\nb' >words
  succeeds sgns-cat vectors.bin - a <words
  cmp stdout expected
  succeeds sgns-cat vectors.bin - </dev/null
  assert_size_zero stdout
  # All words, in another order.
  sgns-cat vectors.bin | tail -n +2 | sort -r >expected
  cut -d ' ' -f 1 expected | sgns-cat vectors.bin - | cmp - expected
  fails_with 2 sgns-cat - - <vectors.bin
  says 'standard input can be read only once'
  fails_with 2 sgns-cat vectors.bin - a - <words
  fails_with 3 sgns-cat vectors.bin - <corpus.bin
  says 'stdin: byte 0: a corpus stream, expected text'
}

@test "words that begin with a dash" {
  printf '%s\n' '<unk> 0' '- 1' '-lrb- 2' '--help 3' 'a 4' | "$SUPPORT/forge.py" --vectors >few.bin
  succeeds sgns-cat few.bin -- --help -lrb- a
  prints '--help 3\n-lrb- 2\na 4\n'
  echo - | sgns-cat few.bin - | grep -qx -- '- 1'
}

@test "unknown words: status 6, the other words are printed" {
  fails_with 6 sgns-cat vectors.bin nothing
  says "sgns-cat: vectors.bin: 'nothing' is not in the vocabulary"
  fails_with 2 sgns-cat vectors.bin -lrb-
  says 'sgns-cat VECTORS -- -WORD'
  assert_size_zero stdout
  exits_with 6 sgns-cat vectors.bin b nothing a ab
  sgns-cat vectors.bin b a | cmp - stdout
  says "sgns-cat: vectors.bin: 'nothing' is not in the vocabulary"
  says_like "^sgns-cat: vectors.bin: 'ab' is not in the vocabulary; closest: "
  assert_equal "$(tail -n 1 stderr)" 'sgns-cat: 2 of 4 words are not in the vocabulary'
  fails_with 6 sgns-cat -q vectors.bin b nothing a ab
  sgns-cat vectors.bin b a | cmp - stdout
  exits_with 6 sgns-cat vectors.bin a - < <(printf 'b\nnothing\n')
  assert_equal "$(<stderr)" "sgns-cat: stdin: line 2: 'nothing' is not in the vocabulary
sgns-cat: 1 of 3 words are not in the vocabulary"
  sgns-cat vectors.bin a b | cmp - stdout
}

@test "only a vectors stream has rows of words" {
  for kind in corpus batches counts; do
    fails_with 2 sgns-cat $kind.bin a
    assert_size_zero stdout
  done
}

# ---- several streams, large files, JSON ----

@test "--header and --vocab of several streams: each under its name" {
  for option in --header --vocab; do
    succeeds sgns-cat $option corpus.bin vectors.bin - <counts.bin
    { echo corpus.bin:; sgns-cat $option corpus.bin; echo; echo vectors.bin:; sgns-cat $option vectors.bin
      echo; echo stdin:; sgns-cat $option counts.bin; } | cmp - stdout
    assert_size_zero stderr
    head -c -1 corpus.bin >cut.bin
    fails_with 3 sgns-cat $option cut.bin vectors.bin missing
    says '1 of 3 streams bad, 1 unreadable'
    sed -n 1p stdout | grep -qE '^cut\.bin: byte [0-9]+, record [0-9]+: ends inside a zstd frame$'
    grep -qx vectors.bin: stdout
    tail -n 1 stdout | grep -qx 'missing: cannot open: No such file or directory'
    fails_with 3 sgns-cat $option cut.bin
    says 'cut.bin: byte '
    assert_size_zero stdout
  done
  fails_with 2 sgns-cat --header - - <corpus.bin
}

@test "--header of a large file reads only header and END, and says so" {
  sample_text 60000 300 | ptb-vocab -q -m 1 | sgns-batch -q -e 3 -o batches
  for i in {1..700}; do echo "w$i w"; done | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o wide.bin
  sgns-train -q -d 8000 -O sgd -c checkpoint wide.bin -o vectors
  for kind in batches vectors checkpoint; do
    size=$(wc -c <$kind)
    [ "$size" -gt 17000000 ]
    succeeds sgns-cat --header $kind
    grep -qx 'data: not read; the totals are those in END' stdout
    [ $kind != checkpoint ] || grep -qE '^checkpoint: minibatch ([0-9]+) of \1$' stdout
    # Through a pipe all of it is read.
    sgns-cat --header <(cat $kind) | cmp - <(grep -v '^data: ' stdout)
    # Damage in the data, beyond the vectors of a checkpoint, is not noticed.
    printf 'xxxxxxxx' | dd of=$kind bs=1 seek=$((size / 2)) conv=notrunc status=none
    sgns-cat --header $kind | cmp - stdout
    fails_with 3 sgns-cat --check $kind
    head -c -1 $kind >cut.bin
    fails_with 3 sgns-cat --header cut.bin
  done
  # A hole of 100 GB in the middle takes no time.
  cp batches holes
  truncate -s 100G holes
  tail -c 9000000 batches >>holes
  succeeds timeout 20 sgns-cat --header holes
}

# keys: prints the keys of each JSON object on standard input.
keys() {
  python3 -c 'import json, sys
for line in sys.stdin: print(*json.loads(line))'
}

@test "--header --json: the same properties as in the text" {
  "$SUPPORT/forge.py" --one checkpoint-plain >checkpoint
  for file in corpus.bin batches.bin vectors.bin counts.bin checkpoint; do
    succeeds sgns-cat --header --json $file
    assert_equal "$(wc -l <stdout)" 1
    python3 -c '
import json, sys
with open("stdout") as file: stream = json.load(file)
assert stream.pop("file") == sys.argv[1] and stream.pop("valid") is True and stream.pop("data_read") is True
made = stream.pop("provenance")
point = stream.pop("checkpoint", None)
for key, value in stream.items(): print(key.replace("_", " ") + ":", value)
if point: print("checkpoint: minibatch", point["minibatches"], "of", point["total_minibatches"])
for program in made: print("made by:", *program)' $file | cmp - <(sgns-cat --header $file)
  done
  succeeds sgns-cat -H -j corpus.bin batches.bin vectors.bin checkpoint counts.bin
  keys <stdout >found
  cmp found - <<'END'
file valid kind version words sentences tokens data_read provenance
file valid kind version words batch_size epochs examples total_examples contexts noise data_read provenance
file valid kind version words dim rows data_read provenance
file valid kind version words dim rows checkpoint data_read provenance
file valid kind version words sentences tokens data_read provenance
END
}

@test "--json: invalid and unreadable streams are objects, too" {
  head -c -1 corpus.bin >cut.bin
  for option in --header --check '--check --quick'; do
    # shellcheck disable=SC2086 # two words
    fails_with 3 sgns-cat $option --json corpus.bin cut.bin missing - <counts.bin
    says '1 of 4 streams bad, 1 unreadable'
    python3 -c '
import json
with open("stdout") as file: good, cut, missing, counts = map(json.loads, file)
assert good["valid"] is True and good["kind"] == "corpus" and counts["file"] == "stdin"
assert list(cut) == list(missing) == ["file", "valid", "error"]
assert cut["valid"] is False and cut["error"].startswith("cut.bin: byte ")
assert missing["valid"] is None and missing["error"] == "missing: cannot open: No such file or directory"'
  done
  assert_equal "$(sgns-cat --check --quick --json corpus.bin | grep -o '"data_read":[a-z]*')" '"data_read":false'
  exits_with 3 sgns-cat --header --json cut.bin
  grep -q '"valid":false' stdout
  fails_with 2 sgns-cat --json corpus.bin
  says '--json requires --header or --check'
  fails_with 2 sgns-cat --json --vocab corpus.bin
}

@test "--json: any bytes in names and provenance give valid JSON" {
  name=$'\xff"\\\n\x01\xc3\xa9'
  "$SUPPORT/forge.py" --one corpus-provenance-with-control-bytes >"$name"
  for option in --header --check; do
    succeeds sgns-cat $option --json "$name"
    python3 -c '
import json, os, sys
with open("stdout", "rb") as file: stream = json.loads(file.read().decode())
assert os.fsencode(stream["file"]) == os.fsencode(sys.argv[1]), stream
assert stream["provenance"] == [["maker\x1b[31m", "1.0\nmade by: another"]], stream' "$name"
  done
}

@test "--header and --vocab cannot be combined" {
  fails_with 2 sgns-cat --header --vocab corpus.bin
  says --header
  says --vocab
}

# ---- --check ----

@test "--check prints one line per stream, status 0 if all are valid" {
  succeeds sgns-cat --check corpus.bin batches.bin vectors.bin counts.bin
  prints 'corpus.bin: corpus stream, ok\nbatches.bin: batch stream, ok\nvectors.bin: vectors stream, ok
counts.bin: counts stream, ok\n'
  assert_size_zero stderr
  for stream in corpus batches vectors counts; do
    sgns-cat --check <$stream.bin | grep -qx 'stdin: [a-z]* stream, ok'
    # shellcheck disable=SC2002 # a pipe is needed
    cat $stream.bin | sgns-cat --check - | grep -qx 'stdin: [a-z]* stream, ok'
  done
}

@test "--check checks all streams and reports the error in each" {
  head -c -1 corpus.bin >cut.bin
  for quick in '' --quick; do
    fails_with 3 sgns-cat --check ${quick:+"$quick"} cut.bin text vectors.bin missing - <counts.bin
    says '2 of 5 streams bad, 1 unreadable'
    assert_equal "$(wc -l <stdout)" 5
    sed -n 1p stdout | grep -qE '^cut\.bin: byte [0-9]+, record [0-9]+: ends inside a zstd frame$'
    sed -n 2p stdout | grep -qx 'text: byte 0: text, expected an sgns stream'
    sed -n 3p stdout | grep -q '^vectors\.bin: vectors stream, '
    sed -n 4p stdout | grep -qx 'missing: cannot open: No such file or directory'
    sed -n 5p stdout | grep -qx 'stdin: counts stream, ok'
  done
}

@test "--check: an unreadable file gives status 1, unless another stream is invalid" {
  fails_with 1 sgns-cat --check missing corpus.bin
  says '0 of 2 streams bad, 1 unreadable'
  fails_with 1 sgns-cat --check --quick .
  fails_with 3 sgns-cat --check missing text
  fails_with 3 sgns-cat --check text missing
}

@test "--check checks all of a checkpoint" {
  "$SUPPORT/forge.py" --all forged
  succeeds sgns-cat --check forged/valid/checkpoint-plain
  prints 'forged/valid/checkpoint-plain: vectors stream, ok\n'
  exits_with 3 sgns-cat --check forged/invalid/checkpoint-*
  assert_equal "$(grep -c 'ok$' stdout)" 0
  assert_equal "$(wc -l <stdout)" "$(find forged/invalid -name 'checkpoint-*' | wc -l)"
}

@test "--check refuses all invalid forged streams and accepts all valid ones" {
  "$SUPPORT/forge.py" --all forged
  exits_with 3 sgns-cat --check forged/invalid/*
  assert_equal "$(grep -c 'ok$' stdout)" 0
  rm forged/valid/*.{text,vocab,header}
  for quick in '' --quick; do
    succeeds sgns-cat --check ${quick:+"$quick"} forged/valid/*
  done
  # --quick decodes as little as possible, but it refuses every stream whose end is invalid.
  exits_with 3 sgns-cat --check --quick \
    forged/invalid/*-{truncated-*,*after-end,stray-*,end-before-shape,end-too-*,rows-missing} forged/invalid/batches-claims-most-examples
  assert_equal "$(grep -c 'ok' stdout)" 0
  [ "$(wc -l <stdout)" -ge 35 ]
}

@test "--quick reports what it does not check and does not detect damage there" {
  sample_text 60000 300 | ptb-vocab -q -m 1 | sgns-batch -q -e 2 -o large.bin
  succeeds sgns-cat --check --quick large.bin corpus.bin
  prints 'large.bin: batch stream, header and END ok, data not checked
corpus.bin: corpus stream, header and END ok, data not checked\n'
  # Damage far from both ends.
  size=$(wc -c <large.bin)
  [ "$size" -gt 16000000 ]
  printf 'xxxxxxxx' | dd of=large.bin bs=1 seek=$((size / 2)) conv=notrunc status=none
  succeeds sgns-cat --check --quick large.bin
  fails_with 3 sgns-cat --check large.bin
  # It reads little: a hole of 100 GB in the middle takes no time.
  cp large.bin holes
  truncate -s 100G holes
  tail -c 9000000 large.bin >>holes
  succeeds timeout 20 sgns-cat --check --quick holes
}

@test "--quick detects a truncated stream and one followed by another" {
  sample_text 60000 300 | ptb-vocab -q -m 1 -o large.bin
  size=$(wc -c <large.bin)
  for left in 16 100 $((size / 2)) $((size - 1000)) $((size - 60)) $((size - 1)); do
    head -c "$left" large.bin >cut.bin
    fails_with 3 sgns-cat --check --quick cut.bin
  done
  cat large.bin corpus.bin >two.bin
  { cat corpus.bin; zstd -cq </dev/null; } >empty-frame.bin
  for file in two.bin empty-frame.bin; do
    fails_with 3 sgns-cat --check --quick $file
  done
  sed -n 1p stdout | grep -qE '^empty-frame\.bin: byte [0-9]+: an empty zstd frame at the end$'
}

@test "--quick checks all of a stream that it cannot check quickly" {
  # A single frame, larger than what --quick reads; these programs never write such a frame.
  sample_text 60000 300 | ptb-vocab -q -m 1 | sgns-batch -q -e 6 | zstd -dcq | zstd -cq --fast=100 >frame.bin
  [ "$(wc -c <frame.bin)" -gt 36000000 ]
  succeeds sgns-cat --check --quick frame.bin
  prints 'frame.bin: batch stream, ok\n'
  sgns-cat --check --quick <corpus.bin | grep -qx 'stdin: corpus stream, header and END ok, data not checked'
  # shellcheck disable=SC2002 # a pipe is needed
  cat corpus.bin | sgns-cat --check --quick | grep -qx 'stdin: corpus stream, ok'
}

@test "--check: options, operands and output" {
  fails_with 2 sgns-cat --quick corpus.bin
  says '--quick requires --check'
  for other in --header --vocab; do
    fails_with 2 sgns-cat --check $other corpus.bin
  done
  fails_with 2 sgns-cat --check - - <corpus.bin
  cp corpus.bin copy.bin
  fails_with 2 sgns-cat --check counts.bin copy.bin -o copy.bin
  cmp copy.bin corpus.bin
  printf 'old' >report
  fails_with 3 sgns-cat --check corpus.bin text -o report
  assert_equal "$(wc -l <report)" 2
  ln -s corpus.bin $'odd\nname'
  succeeds sgns-cat --check $'odd\nname'
  prints 'odd\\x0aname: corpus stream, ok\n'
}
