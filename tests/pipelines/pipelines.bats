#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # Bats runs each test in a subshell
# The programs in pipes, end to end: on a small text and on the Penn Treebank.

load ../support/helper

setup_file() {
  export TREEBANK=$BATS_FILE_TMPDIR
  [ -n "${PTB-}" ] || return 0
  ptb-vocab -o "$TREEBANK/corpus.bin" "$PTB" 2>"$TREEBANK/vocab.said"
  ptb-subsample -q -o "$TREEBANK/kept.bin" "$TREEBANK/corpus.bin"
  sgns-batch -q -e 1 "$TREEBANK/kept.bin" | sgns-cat --header >"$TREEBANK/epoch.header"
  sgns-batch -q "$TREEBANK/kept.bin" |
    sgns-train -o "$TREEBANK/emb.bin" 2>"$TREEBANK/train.said" >/dev/null
}

# whole_pipe, short_pipe < TEXT: the pipes of the README, with options suitable for a small text.
whole_pipe() {
  ptb-vocab -q -m 2 | ptb-subsample -q --threshold 0.01 | sgns-batch -q | sgns-train -q -d 12
}
short_pipe() {
  ptb-vocab -q -m 2 | sgns-batch -q | sgns-train -q -d 12
}

# ---- a small text ----

@test "both pipes produce nearest words from a text" {
  set -o pipefail
  sample_text 400 40 >text
  for pipe in whole_pipe short_pipe; do
    $pipe <text >emb.bin
    succeeds sgns-knn emb.bin w1 3
    assert_equal "$(grep -cE '^cosine sim=-?[01]\.[0-9]{3}: (w[0-9]+|<unk>)$' stdout)" 3
    zstd -tq emb.bin
  done
}

@test "running the pipe again gives the same bytes, as do its stages with files" {
  sample_text 400 40 >text
  whole_pipe <text >emb.bin
  whole_pipe <text | cmp - emb.bin
  ptb-vocab -q -m 2 text -o corpus.bin
  ptb-subsample -q --threshold 0.01 corpus.bin -o kept.bin
  sgns-batch -q kept.bin -o batches.bin
  sgns-train -q -d 12 batches.bin | cmp - emb.bin
  slowly text | whole_pipe | cmp - emb.bin
}

@test "a validation text is encoded with the vocabulary of the vectors" {
  sample_text 400 40 | whole_pipe >emb.bin
  echo 'w1 new w2' | ptb-vocab -q --vocab emb.bin | sgns-cat >encoded
  assert_equal "$(<encoded)" 'w1 <unk> w2'
}

@test "every stage can write a file, and none leaves a temporary file" {
  sample_text 100 20 | ptb-vocab -q -m 2 -o 1.bin
  ptb-subsample -q --threshold 0.1 -o 2.bin <1.bin
  sgns-batch -q -o 3.bin <2.bin
  sgns-train -q -d 4 -o 4.bin <3.bin
  sgns-knn -o 5.txt - w1 <4.bin
  assert_equal "$(echo ./*)" './1.bin ./2.bin ./3.bin ./4.bin ./5.txt'
}

# ---- a stage that dies ----

@test "a text without words: all stages fail, no output" {
  statuses() {
    ptb-vocab -q | ptb-subsample -q | sgns-batch -q | sgns-train -q -o emb.bin
    echo "${PIPESTATUS[@]}"
  }
  assert_equal "$(statuses </dev/null 2>said)" '3 3 3 3'
  # One message from each.
  assert_equal "$(cut -d : -f 1 said | sort | paste -sd ' ')" \
    'ptb-subsample ptb-vocab sgns-batch sgns-train'
  leaves_nothing emb.bin
}

@test "a stage in the middle fails: the following stages fail, no output" {
  # A vocabulary of one word has no noise words.
  statuses() {
    yes 'a a a a' | head -n 100 | ptb-vocab -q | sgns-batch -q | sgns-train -q -o emb.bin
    echo "${PIPESTATUS[@]:2}"
  }
  assert_equal "$(statuses 2>said)" '0 3 3'
  leaves_nothing emb.bin
}

@test "the first stage is killed: the following stages fail, no complete output" {
  seq 100000 | ptb-vocab -q -m 1 -o words.bin
  mkfifo text
  exec {feed}<>text
  {
    set +e
    # It encodes with a given vocabulary, and so writes while it reads.
    sh -c 'echo $$ >pid && exec ptb-vocab -q --vocab words.bin text' |
      tee sent.bin | ptb-subsample -q --threshold 1 | sgns-batch -q -w 1 -n 1 -e 1 |
      sgns-train -q -d 1 -o emb.bin
    echo "${PIPESTATUS[@]}" >statuses
  } 2>said 3>&- {feed}>&- &
  seq 100000 >&"$feed"
  for _ in {1..200}; do
    [ ! -s sent.bin ] || break
    sleep 0.05
  done
  kill -KILL "$(<pid)"
  exec {feed}>&-
  wait
  assert_size_not_zero sent.bin # part of a stream was sent
  assert_equal "$(<statuses)" '137 0 3 3 3'
  leaves_nothing emb.bin
  fails_with 3 sgns-cat sent.bin
}

@test "redirected output of a killed program is refused" {
  # Without -o the file exists from the start. It must not be mistaken for a result.
  sample_text 400 40 | ptb-vocab -q -m 2 | sgns-batch -q -e 50 -o batches.bin
  size=$(wc -c <batches.bin)
  { head -c $((size / 2)) batches.bin; exit 1; } | sgns-train -q -d 4 >emb.bin || true
  fails_with 3 sgns-knn emb.bin w1
}

@test "with pipefail the exit status of a pipe is that of the failed stage" {
  set -o pipefail
  exits_with 3 whole_pipe </dev/null
}

# ---- the scripts of pipelines/ ----

PIPELINES=$ROOT/pipelines

@test "pipelines/text: words of lower-case letters of any script, sentences up to . ! ? and empty lines" {
  export MIN_COUNT=1 EPOCHS=1 DIM=4 OUT=out
  # shellcheck disable=SC1111 # typographic quotes are intended
  printf '%s\n' "It's a  test, isn’t it? Yes!" 'A sentence may go on' 'in the next line (3 of them). "Ends" here.' \
    '' "“ÉLAN” 'vital': naïve αβΓ Жи" >text
  WORDS='test naïve' succeeds "$PIPELINES/text" text
  assert_equal "$(<out/words.txt)" "$(printf '%s\n' "it's a test isn't it" yes \
    'a sentence may go on in the next line 3 of them' 'ends here' 'élan vital naïve αβγ жи')"
  assert_equal "$(grep -c '^cosine sim=' stdout)" 10
  sgns-cat out/emb.bin αβγ
  WRAPPED=no WORDS=next succeeds "$PIPELINES/text" <text
  grep -qx 'a sentence may go on' out/words.txt
}

@test "pipelines/text: the same bytes from standard input and files; no output from an empty text" {
  sample_text 300 30 >text
  OUT=one MIN_COUNT=2 EPOCHS=2 WORDS=w1 succeeds "$PIPELINES/text" text
  OUT=two MIN_COUNT=2 EPOCHS=2 WORDS=w1 succeeds "$PIPELINES/text" <text
  cmp one/emb.bin two/emb.bin
  OUT=three exits_with 3 "$PIPELINES/text" </dev/null
  [ ! -e three/emb.bin ]
}

@test "pipelines/validate: prints training and held-out losses as reported by sgns-train" {
  sample_text 400 30 >text
  sample_text 500 30 | tail -n 100 >heldout
  export MIN_COUNT=1 THRESHOLD=none EPOCHS=3 DIM=8 OUT=out
  succeeds "$PIPELINES/validate" text heldout
  cmp stdout out/epochs.tsv
  awk -F '\t' 'NR == 1 { bad = $0 != "epoch\tloss\theld out"; next }
    NF != 3 || $1 != NR - 1 || $2 !~ /^0\.[0-9][0-9][0-9][0-9]$/ || $3 !~ /^0\.[0-9][0-9][0-9][0-9]$/ { bad = 1 }
    END { exit bad || NR != 4 }' stdout
  # The same by hand.
  ptb-vocab -q -m 1 text -o corpus.bin
  ptb-vocab -q --vocab corpus.bin heldout | sgns-batch -q -e 1 -o heldout.bin
  sgns-batch -q -e 3 corpus.bin | sgns-train -d 8 --eval heldout.bin -o emb.bin 2>said
  cmp emb.bin out/emb.bin || sgns-cat emb.bin | cmp - <(sgns-cat out/emb.bin)
  assert_equal "$(sed -n 's/^epoch 3.* eval //p' said)" "$(tail -n 1 stdout | cut -f 3)"
  # Without a held-out text, a twentieth of the text is held out.
  OUT='split' succeeds "$PIPELINES/validate" text
  assert_equal "$(wc -l <split/heldout.txt) $(wc -l <split/text.txt)" '20 380'
  exits_with 2 "$PIPELINES/validate"
  MIN_COUNT=1000000 exits_with 3 "$PIPELINES/validate" text
}

@test "pipelines/frozen-or-fresh: the first epochs are the same, the following ones differ" {
  sample_text 400 30 >text
  export MIN_COUNT=1 THRESHOLD=none EPOCHS=6 DIM=8 LR=0.05
  OUT=out succeeds "$PIPELINES/frozen-or-fresh" text
  awk -F '\t' 'NR == 1 { next }
    NF != 5 || NR == 2 && ($2 != $4 || $3 != $5) || NR == 7 && $2 >= $4 { bad = 1 }
    END { exit bad || NR != 7 }' stdout
  # The table has the losses of a separate run.
  OUT=fresh RESAMPLE=yes "$PIPELINES/validate" text | tail -n 1 | cut -f 2 >expected
  assert_equal "$(tail -n 1 stdout | cut -f 4)" "$(<expected)"
}

@test "pipelines/sweep: prints a row for each combination, the same for any number of jobs" {
  sample_text 300 30 >text
  export MIN_COUNT=1 THRESHOLD=none EPOCHS=1 DIMS='4 8' WINDOWS='2 5' NEGATIVES=3 LRS='2e-3 0.01'
  OUT=one JOBS=1 succeeds "$PIPELINES/sweep" text
  cp stdout expected
  OUT=two JOBS=3 succeeds "$PIPELINES/sweep" text
  cmp stdout expected
  assert_equal "$(tail -n +2 stdout | cut -f 1-4 | sort -u | wc -l)" 8
  awk -F '\t' 'NF != 6 { exit 1 }' stdout
  OUT=alone DIM=8 WINDOW=5 NEGATIVES=3 LR=0.01 "$PIPELINES/validate" text | tail -n 1 | cut -f 2- >row
  assert_equal "$(tail -n 1 stdout | cut -f 5-)" "$(<row)"
  # A combination that fails does not affect the others.
  DIMS='0 4' WINDOWS=2 LRS=0.01 OUT=three exits_with 1 "$PIPELINES/sweep" text
  grep -q $'^0\t.*failed$' stdout
  grep -qE $'^4\t.*0\.[0-9]+$' stdout
}

@test "pipelines/sweep: prints a column for each test set" {
  sample_text 300 30 >text
  printf 'w1\tw2\t9\nw3\tw5\t4\nw4\tw9\t1\nw2\tw7\t2\n' >pairs.txt
  printf ': all\nw1 w2 w3 w4\nw5 w2 w6 w1\n' >questions.txt
  export MIN_COUNT=1 THRESHOLD=none EPOCHS=1 DIMS=4 WINDOWS=2 NEGATIVES=3 LRS='0.002 0.01' OUT=out
  TESTSETS='pairs.txt questions.txt' succeeds "$PIPELINES/sweep" text
  assert_equal "$(head -n 1 stdout | cut -f 7-)" $'pairs.txt\tquestions.txt'
  assert_equal "$(sed -n 3p stdout | cut -f 7)" \
    "$(sgns-eval out/4,2,3,0.01/emb.bin pairs.txt | awk -F '\t' '$3 == "spearman" { print $4 }')"
  awk -F '\t' 'NF != 8 { exit 1 }' stdout
  TESTSETS=missing.txt exits_with 1 "$PIPELINES/sweep" text
}

@test "pipelines/ptb: a text without the word chip is queried for a frequent word; WORD names another" {
  export OUT=out
  sample_text 1500 60 >text
  PTB=text succeeds "$PIPELINES/ptb"
  grep -qx 'Text: text' stdout
  refute grep -q ptb-subsample stdout # it is short
  # The most frequent quarter of the vocabulary is skipped.
  word=$(sgns-cat --vocab out/emb.bin | cut -f 1 | awk '{ word[NR] = $0 } END { print word[int(NR / 4) + 2] }')
  grep -qx "This text does not have 'chip' often enough; a frequent word of it is '$word'." stdout
  grep -qx "sgns-knn out/emb.bin $word 3" stdout
  [ "$(grep -c '^cosine' stdout)" -eq 3 ]
  PTB=text WORD='w1 + w2' succeeds "$PIPELINES/ptb"
  refute grep -q 'does not have' stdout
  PTB=missing exits_with 1 "$PIPELINES/ptb"
  says 'ptb: missing: No such file or directory'
}

@test "pipelines/ptb: an archive that is not the book's is refused, and the sample corpus is used" {
  mkdir path
  cat >path/curl <<'END'
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo forged >"$2"
END
  chmod +x path/curl
  PATH=$PWD/path:$PATH XDG_CACHE_HOME=$PWD/cache PTB='' OUT=out succeeds "$PIPELINES/ptb"
  grep -q "^Cannot get the Penn Treebank: the downloaded file is not the book's" stdout
  grep -qx 'sgns-knn out/emb.bin chip 3' stdout
  assert_equal "$(ls -A cache/sgns)" ''
}

# ---- the Penn Treebank ----

# value FILE NAME: prints the value of NAME in a header.
value() {
  sed -n "s/^$2: //p" "$1"
}

# between LOW VALUE HIGH: VALUE is in that range.
between() {
  awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN { exit !(value >= low && value <= high) }' ||
    fail "$2 is not between $1 and $3"
}

@test "PTB: sentences, tokens and vocabulary" {
  need_ptb
  sgns-cat --header "$TREEBANK/corpus.bin" >header
  assert_equal "$(value header words)" 6719
  assert_equal "$(value header sentences)" 42068
  assert_equal "$(value header tokens)" 887521
  assert_equal "$(<"$TREEBANK/vocab.said")" \
    'ptb-vocab: 42068 sentences, 887521 tokens, vocabulary of 6719 words'
  sgns-cat --vocab "$TREEBANK/corpus.bin" >vocab
  assert_equal "$(awk -F '\t' 'NR > 1 { n += $2 } END { print n }' vocab)" 820056
  # The same computed by awk, with ties in order of first appearance.
  awk '{ for (i = 1; i <= NF; i++) { if (!($i in n)) first[$i] = ++words; n[$i]++ } }
    END { for (w in n) if (w != "<unk>" && n[w] >= 10) print w "\t" n[w] "\t" first[w] }' "$PTB" |
    sort -t $'\t' -k 2,2nr -k 3,3n | cut -f 1,2 >expected
  tail -n +2 vocab | cmp - expected
}

@test "PTB: decoding the corpus gives the text with <unk> for rare words" {
  need_ptb
  sgns-cat "$TREEBANK/corpus.bin" >text
  sgns-cat --vocab "$TREEBANK/corpus.bin" | awk -F '\t' '
    NR == FNR { known[$1] = 1; next }
    { n = split($0, word, " "); line = ""
      for (i = 1; i <= n; i++) line = line (i > 1 ? " " : "") (word[i] in known ? word[i] : "<unk>")
      print line }' - "$PTB" | cmp - text
}

@test "PTB: number of tokens kept by subsampling" {
  need_ptb
  sgns-cat --header "$TREEBANK/kept.bin" >header
  assert_equal "$(value header sentences)" 42068
  # The number expected from the formula is 343,822, with a standard deviation of 307.
  expected=$(sgns-cat --vocab "$TREEBANK/corpus.bin" | awk -F '\t' '
    NR > 1 { c[NR] = $2; n += $2 }
    END {
      for (i in c) sum += c[i] * (c[i] > 1e-4 * n ? sqrt(1e-4 * n / c[i]) : 1)
      printf "%d", sum
    }')
  between $((expected - 1200)) "$(value header tokens)" $((expected + 1200))
  # About 1 in 25 of "the", all of "join".
  count() { sgns-cat "$TREEBANK/$1.bin" | tr ' ' '\n' | grep -cx "$2"; }
  between 23.5 "$(($(count corpus the) * 100 / $(count kept the)))e-2" 27
  assert_equal "$(count kept join)" "$(count corpus join)"
}

@test "PTB: number of examples and pairs in an epoch" {
  need_ptb
  # Means and four standard deviations of 200 simulated runs: 342,690 +- 1,300 and 1,501,100 +-
  # 9,000.
  between 341390 "$(value "$TREEBANK/epoch.header" examples)" 343990
  between 1492100 "$(value "$TREEBANK/epoch.header" contexts)" 1510100
  assert_equal "$(value "$TREEBANK/epoch.header" noise)" \
    $((5 * $(value "$TREEBANK/epoch.header" contexts)))
}

@test "PTB: loss of each epoch and of all epochs" {
  need_ptb
  sed -nE 's/^epoch ([0-9])\/5: loss ([0-9.]+), .*/\1 \2/p' "$TREEBANK/train.said" >epochs
  assert_equal "$(wc -l <epochs)" 5
  epoch=0
  for loss in 0.4808 0.4270 0.4032 0.3795 0.3591; do
    epoch=$((epoch + 1))
    between "$(awk "BEGIN { print $loss - 0.004 }")" "$(sed -n "s/^$epoch //p" epochs)" \
      "$(awk "BEGIN { print $loss + 0.004 }")"
  done
  between 0.405 "$(tail -n 1 "$TREEBANK/train.said" | sed -n 's/^loss \([0-9.]*\), .*/\1/p')" 0.415
}

@test "PTB: the words nearest to chip are from hardware" {
  need_ptb
  succeeds sgns-knn "$TREEBANK/emb.bin" chip 10
  sed 's/.*: //' stdout | grep -cxE 'microprocessor|chips|chip-makers|desktop|computers?|intel|mips|memory|users|semiconductor|software|mainframe|workstations|machines|hardware|ibm|motorola' >found
  [ "$(<found)" -ge 3 ]
}

@test "PTB: decode.py reads the same corpus and vectors as sgns-cat" {
  need_ptb
  for stream in corpus emb; do
    "$SUPPORT/decode.py" "$TREEBANK/$stream.bin" >decoded
    sgns-cat "$TREEBANK/$stream.bin" | cmp - decoded
  done
}

# two_communities: prints the edges of two groups of 20 nodes, n0 to n19 and n20 to n39, and one between them.
two_communities() {
  awk 'BEGIN {
    for (c = 0; c < 2; c++) for (i = 0; i < 20; i++) for (j = 1; j <= 4; j++)
      print "n" c * 20 + i, "n" c * 20 + (i + j * j) % 20
    print "n0 n20" }'
}

@test "pipelines/graph: the nearest nodes of a node are those of its community" {
  two_communities >edges
  OUT=out succeeds "$PIPELINES/graph" edges
  sgns-knn --tsv --all out/emb.bin 5 | awk -F '\t' '
    { same += (substr($1, 2) + 0 < 20) == (substr($3, 2) + 0 < 20); all++ }
    END { print same, all; exit !(all == 200 && same > 190) }'
  OUT=again succeeds "$PIPELINES/graph" <edges
  cmp out/emb.bin again/emb.bin
  OUT=directed DIRECTED=yes RETURN=4 INOUT=0.5 succeeds "$PIPELINES/graph" edges
  sgns-cat --check directed/emb.bin
  echo 'a b c' >wrong
  OUT=wrong-out exits_with 3 "$PIPELINES/graph" wrong
  says 'graph: line 1: 3 words, expected two nodes'
  { printf '\xef\xbb\xbf' && head -n 1 edges && printf '# Nodes: 9\n#\n' && tail -n +2 edges; } | sed 's/$/\r/' >windows
  OUT=windows-out succeeds "$PIPELINES/graph" windows
  cmp out/emb.bin windows-out/emb.bin
}
