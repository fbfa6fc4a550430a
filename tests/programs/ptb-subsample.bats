#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

setup_file() {
  sample_text 2000 60 | sed 's/w7/<unk>/' | ptb-vocab -q -m 5 -o "$BATS_FILE_TMPDIR/corpus.bin"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR/corpus.bin" .
}

# sub OPTION...: prints the sample corpus, subsampled, as text.
sub() {
  ptb-subsample -q "$@" corpus.bin | sgns-cat
}

# repeat WORD TIMES: prints sentences that consist only of WORD.
repeat() {
  yes "$1" | head -n "$2"
}

@test "threshold 1 keeps all words except <unk>, and all sentences" {
  printf 'a b <unk> a\n<unk>\n\n<unk> b c\na\n' | ptb-vocab -q -m 2 -o few.bin
  succeeds ptb-subsample -q --threshold 1 few.bin -o kept.bin
  succeeds sgns-cat kept.bin
  prints 'a b a\n\n\nb\na\n'
}

@test "threshold 0 drops all words but keeps all sentences" {
  printf 'a b\n\nb c\n' | ptb-vocab -q -m 1 -o few.bin
  succeeds ptb-subsample -q --threshold 0 few.bin -o kept.bin
  succeeds sgns-cat kept.bin
  assert_equal "$(od -c <stdout)" "$(printf '\n\n\n' | od -c)"
}

@test "<unk> is always dropped" {
  sgns-cat corpus.bin | grep -q '<unk>'
  succeeds sub --threshold 0.01
  assert_size_not_zero stdout
  run grep -c '<unk>' stdout
  assert_output 0
}

@test "the same seed gives the same bytes, another seed other words" {
  ptb-subsample -q corpus.bin -o default.bin
  ptb-subsample -q --seed 1 corpus.bin | cmp - default.bin
  sub --threshold 0.01 --seed 1 >one
  sub --threshold 0.01 --seed 2 >two
  sub --threshold 0.01 --seed 18446744073709551615 >largest
  assert_files_not_equal one two
  assert_files_not_equal one largest
}

@test "file, pipe and slow pipe give the same bytes" {
  ptb-subsample -q --threshold 0.01 corpus.bin -o expected
  ptb-subsample -q --threshold 0.01 - <corpus.bin | cmp - expected
  # shellcheck disable=SC2002 # a pipe is needed
  cat corpus.bin | ptb-subsample -q --threshold 0.01 | cmp - expected
  slowly corpus.bin | ptb-subsample -q --threshold 0.01 | cmp - expected
}

@test "the words kept from each sentence stay in order" {
  sgns-cat corpus.bin >before
  succeeds sub --threshold 0.01
  assert_equal "$(wc -l <stdout)" "$(wc -l <before)"
  paste -d '|' before stdout | awk -F '|' '
    {
      all = split($1, word, " "); kept = split($2, stays, " "); next_kept = 1
      for (i = 1; i <= all; i++) if (next_kept <= kept && word[i] == stays[next_kept]) next_kept++
      if (next_kept <= kept) { print "not a subsequence of the sentence: " $0; wrong = 1 }
      dropped += all - kept
      sum += kept
    }
    END { exit wrong || !dropped || !sum }'
}

@test "the vocabulary keeps all its words and counts" {
  ptb-subsample -q --threshold 0.0001 corpus.bin | sgns-cat --vocab >after
  sgns-cat --vocab corpus.bin | cmp - after
}

# keeps FACTOR OPTION...: words that make up 90 %, 9.9 % and 0.1 % of 100,000 known tokens are kept
# with probability FACTOR (an expression of f), within four standard deviations. There are another
# 100,000 <unk>: if they were counted, f would be halved.
keeps() {
  { repeat often 90000; repeat rare 100; repeat some 9900; repeat '<unk>' 100000; } |
    ptb-vocab -q -o known.bin
  succeeds ptb-subsample -q --threshold 0.01 "${@:2}" known.bin -o kept.bin
  sgns-cat kept.bin | sort | uniq -c | awk '
    function near(word, count) {
      f = count / 100000; p = '"$1"'; p = p < 1 ? p : 1
      if ((n[word] - count * p) ^ 2 > 16 * count * p * (1 - p)) {
        print word ": " n[word] " kept, expected " count * p; wrong = 1
      }
    }
    { n[$2] = $1 }
    END { near("often", 90000); near("some", 9900); near("rare", 100); exit wrong }'
}

@test "a word of relative frequency f, not counting <unk>, is kept with probability sqrt(t/f)" {
  keeps 'sqrt(0.01 / f)'
}

@test "--word2vec keeps a word with probability sqrt(t/f) + t/f" {
  keeps 'sqrt(0.01 / f) + 0.01 / f' --word2vec
}

@test "--draws writes each sentence several times, independently subsampled" {
  ptb-subsample -q --threshold 0.01 corpus.bin | sgns-cat >one
  succeeds ptb-subsample --threshold 0.01 --draws 3 corpus.bin -o three.bin
  assert_equal "$(<stderr)" "ptb-subsample: $(sgns-cat three.bin | wc -w) of $((3 * $(sgns-cat --vocab corpus.bin |
    awk 'NR > 1 { n += $2 } END { print n }'))) tokens kept"
  for draw in 1 2 3; do
    sgns-cat three.bin | awk -v draw=$draw 'NR % 3 == draw % 3' >"draw$draw"
  done
  cmp draw1 one # the first draw is that of a run without --draws
  assert_files_not_equal draw1 draw2
  assert_files_not_equal draw2 draw3
  slowly corpus.bin | ptb-subsample -q --threshold 0.01 --draws 3 | cmp - three.bin
}

@test "the default threshold is 1e-4" {
  ptb-subsample -q corpus.bin -o default.bin
  ptb-subsample -q --threshold=1e-4 corpus.bin | cmp - default.bin
  ptb-subsample -q --threshold 0.0002 corpus.bin | sgns-cat >other
  sgns-cat default.bin >expected
  assert_files_not_equal other expected
}

@test "each token is drawn independently: its position does not affect its chance" {
  # 20,000 sentences of the same 10 words; everywhere about a tenth of the tokens must be kept.
  yes 'a a a a a a a a a a' | head -n 20000 | ptb-vocab -q -o same.bin
  ptb-subsample -q --threshold 0.01 same.bin | sgns-cat | awk '
    NR % 2 { odd += NF; next }
    { even += NF }
    NR <= 10000 { first += NF }
    END { exit odd < 9600 || odd > 10400 || even < 9600 || even > 10400 || first < 4700 || first > 5300 }'
}

@test "its options are recorded in the provenance after those of ptb-vocab" {
  ptb-subsample -q --threshold 0.5 -s 7 corpus.bin | sgns-cat --header >header
  run grep '^made by:' header
  assert_line --index 0 --partial 'made by: ptb-vocab 0'
  assert_line --index 1 --regexp '^made by: ptb-subsample [0-9.]+ --threshold=0.5 --draws=1 --seed=7$'
}

@test "the numbers of kept and known tokens are reported" {
  printf 'a b <unk> a\n' | ptb-vocab -q -m 1 -o few.bin
  succeeds ptb-subsample --threshold 1 few.bin -o kept.bin
  assert_equal "$(<stderr)" 'ptb-subsample: 3 of 3 tokens kept'
}

@test "if nothing is left, a note names --threshold" {
  echo 'a b c d e f' | ptb-vocab -q -m 1 | ptb-subsample --threshold 1e-9 2>said >kept.bin
  grep -q '^ptb-subsample: nothing is left: use a larger --threshold; a small text' said
  # Nothing came in: the program before has said why.
  echo 'a b c d e f' | ptb-vocab -q | ptb-subsample 2>said >kept.bin
  refute grep -q 'threshold' said
}

@test "if no sentence has two words left, a note names --threshold" {
  few() { # LINES OPTION...: subsamples LINES, leaves the notes in `said`
    printf '%b' "$1" | ptb-vocab -q -m 1 | ptb-subsample "${@:2}" 2>said >kept.bin
  }
  few 'a b c d e f g h i j k l\n' --threshold 1e-9 -s 1 --draws 900
  refute grep -q '^ptb-subsample: 0 of' said
  grep -qx 'ptb-subsample: no sentence has two words left: use a larger --threshold; a small text needs no subsampling' said
  # One sentence has two words; or none had before.
  few 'a b\n' --threshold 1
  refute grep -q threshold said
  few 'a\nb\na <unk>\n' --threshold 1 --draws 2
  refute grep -q threshold said
}
