#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # not expanded by this shell
# The commands in README.md, pipelines/README.md and the examples of the manual pages. They run on a
# small text; with the Penn Treebank, those of pipelines/README.md also run on it, and must print
# the output shown there. `tests/pipelines/documents.py fill pipelines/README.md`, run in a
# directory with both texts, updates that output.

load ../support/helper

setup_file() {
  export BATS_TEST_TIMEOUT=3600 INPUTS=$BATS_FILE_TMPDIR
  cd "$INPUTS" || return
  ln -s "$ROOT"/pipelines .
  # The input files of the examples, by the names used there, with the words that they query.
  {
    yes 'the chip of a computer and software for the microprocessor
      the bank to a court in london join
      a loan is a mortgage
      a king is to a queen what a man is to a woman
      call me some whale of the sea gelbart
      japan is to japanese what germany is to german and france to french
      what go is to went do is to did and say to said' | sed 's/^ *//' | head -n 400
    # The words of the map in README.md.
    yes "$(sed -n '/^WIDTH=.*plot-map/,/^```/p' "$ROOT/README.md" | tr -cs 'a-z\n' ' ' | tail -n +2)" | head -n 300
    "$ROOT/pipelines/sample-corpus" | head -n 4000
  } >ptb.txt
  cp ptb.txt ptb.train.txt
  head -n 1500 ptb.txt | tee ptb.valid.txt valid.txt heldout.txt >other.txt
  sed 's/$/. And then?/' valid.txt >book.txt
  split -n l/2 ptb.txt part.
  ptb-vocab -q ptb.txt -o corpus.bin
  ptb-vocab -q ptb.txt | ptb-subsample -q | sgns-batch -q -o batches.bin
  sgns-train -q -c model.ckpt --checkpoint-every 1steps batches.bin -o emb.bin
  sgns-convert -q --to word2vec-bin -o GoogleNews-vectors-negative300.bin emb.bin
  sgns-convert -q --to glove -o glove.6B.100d.txt emb.bin
  sgns-convert -q --to fasttext -o wiki.vec emb.bin
  printf '%s\n' chip bank | tee queries.txt >words.txt
  printf '%s\n' 'king queen 8' 'chip bank 2' >wordsim353.txt
  printf '%s\t%s\tV\t%s\tNONE\n' king queen 8 chip bank 2 >SimVerb-3500.txt
  # A basket of items, an edge of a graph, and a parsed sentence, many times.
  for i in {1..50}; do echo "bread milk item$((i % 7)) butter"; done >baskets.txt
  for i in {1..50}; do echo "n$((i % 11)) n$((i * i % 13))"; done >edges.txt
  for _ in {1..20}; do
    printf '%s\t%s\t_\t_\t_\t_\t%s\t%s\n' 1 Dogs 2 nsubj 2 chase 0 root 3 cats 2 obj
    echo
  done >parsed.conllu
  cp emb.bin emb-1.bin
  printf '%s\n' ': family' 'king man queen woman' >questions-words.txt
  # A checkpoint of a training that was stopped.
  head -c $(($(wc -c <batches.bin) * 3 / 4)) batches.bin | sgns-train -q -c emb.ckpt -o none.bin 2>said || [ $? = 3 ]
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  cp -r "$INPUTS"/* .
}

# works MODE FILE: documents.py MODE finds no error in FILE.
works() {
  "$BATS_TEST_DIRNAME/documents.py" "$1" "$ROOT/$2" >said ||
    fail "$(head -c 5000 said)"
}

@test "the commands of README.md work" {
  need_gnuplot
  works run README.md
}

@test "the commands of pipelines/README.md work" {
  need_gnuplot
  works run pipelines/README.md
}

@test "the examples of the manual pages work" {
  need_gnuplot
  for page in "$ROOT"/tools/*.[17]; do
    (mkdir "${page##*/}.dir" && cd "${page##*/}.dir" && cp -r "$INPUTS"/* . && works run "tools/${page##*/}")
  done
}

@test "PTB: the commands of pipelines/README.md print the output shown there" {
  need_ptb
  if sanitized || built_for_coverage; then
    skip 'needs a build without instrumentation, for speed; the commands are also run above'
  fi
  need_gnuplot
  valid=$(dirname "$PTB")/ptb.valid.txt
  [ -e "$valid" ] || skip 'needs ptb.valid.txt in the same directory'
  ln -sf "$PTB" ptb.train.txt
  ln -sf "$valid" ptb.valid.txt
  works compare pipelines/README.md
}

@test "documents.py detects a command that fails or prints other output" {
  check() {
    printf '%b' "$2" >document"$3"
    exits_with "$1" "$BATS_TEST_DIRNAME/documents.py" "${4:-run}" document"$3"
  }
  check 0 '```sh\ntrue | cat\n```\n' .md
  check 1 '```sh\nfalse\ntrue\n```\n' .md
  check 1 '```sh\nsgns-cat none | cat\n```\n' .md
  check 0 '```sh\nsgns-cat emb.bin | head -n 1\n```\n' .md
  check 0 'text\n\n<!-- not run: because -->\n```sh\nfalse\n```\n```sh\ntrue\n```\n' .md
  check 1 'no commands\n' .md
  check 0 '```console\n$ echo a\nb\n```\n' .md
  check 1 '```console\n$ echo a\nb\n```\n' .md compare
  check 0 '```console\n$ echo "a\n> c"\na\nc\n$ echo 3.5 tokens/sec\n4 tokens/sec\n```\n' .md compare
  check 0 '```console\n$ echo a\nb\n```\nafter\n' .md fill
  assert_equal "$(<document.md)" "$(printf '```console\n$ echo a\na\n```\nafter')"
  check 0 '.Sh EXAMPLES\n.Bd -literal\nprintf \\(aq\\e101\\(aq | grep A\n.Ed\n' .1
  check 1 '.Sh EXAMPLES\n.Bd -literal\nprintf \\(aq\\e101\\(aq | grep B\n.Ed\n' .1
  check 1 '.Sh NOTES\n.Bd -literal\nfalse\n.Ed\n' .1
}
