#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The generator of a text with planted topics, and whether training recovers the topics.
bats_require_minimum_version 1.5.0

setup() {
  sample_corpus=$BATS_TEST_DIRNAME/../../pipelines/sample-corpus
}

digest() {
  "$sample_corpus" | sha256sum | cut -d' ' -f1
}

@test "sample-corpus: the same bytes from every awk" {
  expected=617cd5a3f791bef3cb3ebfcf556c723d1ffa68935123ba4e4c6adf0492880c8d
  [ "$(digest)" = $expected ]
  for awk in mawk gawk busybox; do
    path=$(command -v $awk) || [ -n "${PEERS-}" ] || continue
    mkdir "$BATS_TEST_TMPDIR/$awk"
    ln -s "$path" "$BATS_TEST_TMPDIR/$awk/awk" # busybox selects the applet by this name
    echo "$awk"
    [ "$(AWK=$BATS_TEST_TMPDIR/$awk/awk digest)" = $expected ]
  done
}

@test "sample-corpus: prints the requested number of sentences, of 6 to 16 words each" {
  "$sample_corpus" > "$BATS_TEST_TMPDIR/all"
  "$sample_corpus" 700 > "$BATS_TEST_TMPDIR/some"
  [ "$(wc -l < "$BATS_TEST_TMPDIR/all")" -eq 25000 ]
  [ "$(wc -l < "$BATS_TEST_TMPDIR/some")" -eq 700 ]
  head -n 700 "$BATS_TEST_TMPDIR/all" | cmp - "$BATS_TEST_TMPDIR/some"
  awk 'NF < 6 || NF > 16 { bad = 1 } END { exit bad }' "$BATS_TEST_TMPDIR/all"
}

@test "sample-corpus --topics: eight disjoint topics of sixteen words each, chip in hardware" {
  "$sample_corpus" --topics > "$BATS_TEST_TMPDIR/topics"
  [ "$(cut -f1 "$BATS_TEST_TMPDIR/topics" | sort | uniq -c | awk '$1 == 16' | wc -l)" -eq 8 ]
  [ "$(cut -f2 "$BATS_TEST_TMPDIR/topics" | sort -u | wc -l)" -eq 128 ]
  grep -qx "hardware$(printf '\t')chip" "$BATS_TEST_TMPDIR/topics"
}

@test "sample-corpus: an invalid number, two arguments, an unknown option: status 2" {
  for arguments in '' 0 -1 1x 1e3 '1 2' --topic; do
    echo "arguments: $arguments"
    # shellcheck disable=SC2086 # '1 2' is two arguments
    run -2 "$sample_corpus" ${arguments:-""}
    [[ $output == *"try 'sample-corpus --help'" ]]
  done
}

@test "training: 95 % of the 5 words nearest to a topic's words are of the same topic" {
  cd "$BATS_TEST_TMPDIR"
  "$sample_corpus" --topics > topics
  set -o pipefail
  "$sample_corpus" | ptb-vocab -q | ptb-subsample -q | sgns-batch -q | sgns-train -q > emb.bin
  while IFS=$'\t' read -r topic word; do
    sgns-knn emb.bin "$word" 5 | sed "s/.*: /$topic"$'\t'"/"
  done < topics > nearest
  [ "$(wc -l < nearest)" -eq 640 ]
  same=$(grep -cxFf topics nearest)
  echo "$same of 640"
  [ "$same" -ge 608 ]
}
