#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

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
    sgns-batch -q -w 1 -k 2 -e 1 --no-shuffle -o few.bin
  succeeds sgns-cat few.bin
  assert_equal "$(cut -f 1,2 stdout)" $'a\tb\nb\ta\nc\td\nd\tc'
  grep -cE '^[a-d]'$'\t''[a-d]'$'\t''[a-d] [a-d]$' stdout | grep -qx 4
}

@test "batches without noise words have an empty third field" {
  "$BATS_TEST_DIRNAME/forge.py" --one batches-no-noise >few.bin
  succeeds sgns-cat few.bin
  prints 'a\tb c\td d\nb\ta\tc\nc\td\t\n'
}

@test "vectors are printed as word2vec does: words and dimensions, then a word and its numbers" {
  "$BATS_TEST_DIRNAME/forge.py" --one vectors-plain >few.bin
  succeeds sgns-cat few.bin
  prints '5 2\n<unk> 1 0\na 0 1\nb 0.600000024 0.800000012\nc -1 0\nd -0.600000024 0.800000012\n'
}

@test "counts are printed as a word, a tab and its count, by first appearance" {
  for option in '' --vocab; do
    succeeds sgns-cat ${option:+"$option"} counts.bin
    prints '<unk>\t1\na\t4\nb\t3\nc\t2\nd\t2\ne\t1\nx\t2\ny\t2\n'
  done
}

@test "the numbers are printed with all that they hold" {
  # Read again as binary32 they are the same: the smallest, the largest, one third, a negative zero.
  printf '<unk> 1e-45 3.4028235e38\na 0.333333333 -0.0\n' |
    "$BATS_TEST_DIRNAME/forge.py" --vectors >few.bin
  sgns-cat few.bin | tail -n +2 | "$BATS_TEST_DIRNAME/forge.py" --vectors >again.bin
  sgns-cat few.bin | cmp - <(sgns-cat again.bin)
  cmp <(zstd -dcq few.bin) <(zstd -dcq again.bin)
}

@test "a word gives its row alone" {
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

@test "--header of a later minor version tells it" {
  "$BATS_TEST_DIRNAME/forge.py" --one corpus-later-minor-version >later.bin
  succeeds sgns-cat --header later.bin
  assert_file_contains stdout '^version: 1\.7$'
}

@test "the stream can come from a pipe" {
  for kind in corpus batches vectors counts; do
    sgns-cat $kind.bin >expected
    sgns-cat <$kind.bin | cmp - expected
    sgns-cat - <$kind.bin | cmp - expected
    slowly $kind.bin | sgns-cat | cmp - expected
  done
}

@test "a word's row can come from a pipe" {
  sgns-cat vectors.bin a >expected
  sgns-cat - a <vectors.bin | cmp - expected
}

@test "-o writes the text to a file" {
  succeeds sgns-cat -o text.out corpus.bin
  assert_size_zero stdout
  cmp text.out <(sgns-cat corpus.bin)
}

@test "on a terminal control bytes and broken UTF-8 are escaped, elsewhere not" {
  printf 'a\x1b[31mb \xff \xc3\xa9 \x7f\n' >text.raw
  ptb-vocab -q -m 1 -o odd.bin text.raw
  sgns-cat odd.bin | cmp - text.raw
  script -qec 'sgns-cat odd.bin' /dev/null </dev/null | tr -d '\r' >shown
  assert_equal "$(<shown)" 'a\x1b[31mb \xff é \x7f'
}

@test "provenance of hostile bytes is escaped" {
  "$BATS_TEST_DIRNAME/forge.py" --one corpus-provenance-with-control-bytes >odd.bin
  succeeds sgns-cat --header odd.bin
  tail -n 1 stdout | grep -qxF 'made by: maker\x1b[31m 1.0\x0amade by: another'
}

@test "an unknown word is an error that names it" {
  fails_with 2 sgns-cat vectors.bin nothing
  says "'nothing'"
  assert_size_zero stdout
}

@test "only vectors have a row of a word" {
  for kind in corpus batches counts; do
    fails_with 2 sgns-cat $kind.bin a
    assert_size_zero stdout
  done
}

@test "--header and --vocab exclude each other" {
  fails_with 2 sgns-cat --header --vocab corpus.bin
  says --header
  says --vocab
}
