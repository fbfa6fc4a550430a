#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

setup_file() {
  # Pairs that occur together more often than by chance are planted in a random text; the text has <unk>.
  sample_text 6000 60 | awk '
    NR % 20 == 1 { $0 = $0 " new york" } NR % 20 == 2 { $0 = "new york times " $0 }
    NR % 25 == 3 { $0 = $0 " bank of america w1" } NR % 40 == 4 { $0 = "hong kong hong kong " $0 }
    NR % 15 == 5 { sub(/ /, " <unk> ") } { print }' >"$BATS_FILE_TMPDIR/text"
  ptb-vocab -q -m 5 -o "$BATS_FILE_TMPDIR/corpus.bin" "$BATS_FILE_TMPDIR/text"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/{corpus.bin,text} .
}

# joined OPTION...: prints the sentences of few.bin with the phrases joined.
joined() {
  ptb-phrase -q "$@" few.bin | sgns-cat
}

@test "planted phrases are found and joined, and nothing else" {
  succeeds ptb-phrase --threshold 30 --list corpus.bin
  says 'pass 1: 6 phrases'
  assert_equal "$(cut -f 1 stdout | paste -sd ' ')" 'bank_of of_america hong_kong new_york york_times kong_hong'
  ptb-phrase -q --threshold 30 corpus.bin | sgns-cat >found
  # The same by sed: of york_times, of_america and kong_hong the first word is taken already.
  sgns-cat corpus.bin | sed -E 's/new york/new_york/g; s/hong kong/hong_kong/g; s/bank of/bank_of/g' | cmp - found
}

@test "the score of word2phrase: (count(ab) - delta) / (count(a) count(b)) N, more than the threshold" {
  # a 4 times, b 3 times, a b 3 times, 12 tokens: (3 - 1) / 12 * 12 = 2.
  printf 'a b\na b x\na b y\na\nx y z\n' | corpus_of
  succeeds ptb-phrase -q -m 1 --threshold 1.99 --list few.bin
  prints 'a_b\t2\t3\t4\t3'
  succeeds ptb-phrase -q -m 1 --threshold 2 --list few.bin
  prints ''
  succeeds ptb-phrase -q -m 2 --threshold 0.9 --list few.bin
  prints 'a_b\t1\t3\t4\t3'
}

@test "--score npmi: normalised pointwise mutual information, of pairs that occur --min-count times" {
  printf 'a b\na b x\na b y\na\nx y z\n' | corpus_of
  succeeds ptb-phrase -q -m 3 --score npmi --list few.bin
  # ln((3/12) / (4/12 * 3/12)) / -ln(3/12)
  assert_equal "$(cut -f 1 stdout)" a_b
  awk '{ x = log(3) / log(4) - $2; exit !(x < 1e-8 && x > -1e-8) }' stdout
  succeeds ptb-phrase -q -m 4 --score npmi --list few.bin
  prints ''
  succeeds ptb-phrase -q -m 3 --score npmi --threshold 0.8 --list few.bin
  prints ''
}

@test "phrases are joined from left to right, never across <unk> or the end of a sentence" {
  printf '%s\n' 'a b a b b a b' 'a b' 'a <unk> b' a b 'x y z' | corpus_of
  succeeds joined -m 1 --threshold 0.5
  prints 'a_b a_b b a_b\na_b\na <unk> b\na\nb\nx y z'
  # a a a: the first two are joined.
  printf 'a a a\nb c\n' | corpus_of
  succeeds joined -m 1 --threshold 0.2
  prints 'a_a a\nb c'
}

@test "the counts of the output are those of its tokens, in the order that ptb-vocab makes" {
  ptb-phrase -q --threshold 4 --passes 2 corpus.bin -o joined.bin
  sgns-cat joined.bin | ptb-vocab -q -m 1 -o again.bin
  sgns-cat --vocab joined.bin | cmp - <(sgns-cat --vocab again.bin)
  sgns-cat joined.bin | cmp - <(sgns-cat again.bin)
  # A word that only occurs in phrases has left the vocabulary.
  sgns-cat --vocab corpus.bin | grep -q '^kong'
  run grep -c '^kong' <(sgns-cat --vocab joined.bin)
  assert_output 0
}

@test "--passes joins joined words; --delimiter stands between the words" {
  ptb-phrase -q --threshold 4 --passes 2 --delimiter . corpus.bin | sgns-cat >found
  grep -q 'new.york.times' found
  run grep -c 'new york' found
  assert_output 0
  ptb-phrase -q --threshold 4 --passes 2 --list corpus.bin | grep -q '^new_york_times'
}

@test "--keep: connector words may be inside of a phrase" {
  printf 'of the\nwith\n' >keep
  succeeds ptb-phrase -q --threshold 4 --keep keep --list corpus.bin
  grep -q '^bank_of_america' stdout
  run grep -cE '^(bank_of|of_america)'$'\t' stdout
  assert_output 0
  { yes 'a of the b of c' | head -n 5; echo 'of a of'; echo 'a <unk> of b'; echo 'x y z'; } | corpus_of
  succeeds joined -m 1 --threshold 1 --keep keep
  prints 'a_of_the_b of c\na_of_the_b of c\na_of_the_b of c\na_of_the_b of c\na_of_the_b of c\nof a of\na <unk> of b\nx y z'
}

@test "any number of threads, any --memory, a file and a pipe give the same bytes" {
  sample_text 40000 3000 | ptb-vocab -q -m 1 -o large.bin
  ptb-phrase -q --threshold 2 --passes 3 large.bin -o expected
  for options in '-t 2' '-t 5' '--memory 1M' '--memory 1M -t 3' '--memory 2M -t 2'; do
    # shellcheck disable=SC2086 # several options
    ptb-phrase -q --threshold 2 --passes 3 $options large.bin | cmp - expected || fail "$options"
  done
  # shellcheck disable=SC2002 # a pipe is needed
  cat large.bin | ptb-phrase -q --threshold 2 --passes 3 --memory 1M - | cmp - expected
  ptb-phrase -q --threshold 2 --list large.bin >list
  assert_size_not_zero list
  ptb-phrase -q --threshold 2 --list --memory 1M -t 3 large.bin | cmp - list
}

@test "--with joins the phrases of an earlier run, with its vocabulary and counts" {
  ptb-phrase -q --threshold 4 corpus.bin -o joined.bin
  ptb-phrase -q --with joined.bin corpus.bin -o again.bin
  sgns-cat again.bin | cmp - <(sgns-cat joined.bin)
  printf 'new york new jersey\nhong <unk> kong hong kong w1\n\nw1 w2\n' >heldout
  ptb-vocab -q --vocab corpus.bin heldout | ptb-phrase -q --with joined.bin -o found.bin
  succeeds sgns-cat found.bin
  prints 'new_york <unk> <unk>\n<unk> <unk> <unk> hong_kong w1\n\nw1 w2'
  sgns-cat --vocab found.bin | cmp - <(sgns-cat --vocab joined.bin)
  sgns-cat --header found.bin | grep '^made by' >made
  assert_regex "$(tail -n 1 made)" 'ptb-phrase [0-9.]+ --delimiter=_ --with=joined.bin$'
}

@test "--with prefers the longest phrase, and leaves words of the text that have a delimiter" {
  { yes 'a b c' | head -n 20; yes 'a b' | head -n 5; echo 'p_q p q x y z'; } | corpus_of
  ptb-phrase -q -m 1 --threshold 0.1 --passes 2 few.bin -o joined.bin
  sgns-cat joined.bin | grep -qx a_b_c
  printf 'b a b c a b p q\np_q\n' | ptb-vocab -q --vocab few.bin | ptb-phrase -q --with joined.bin | sgns-cat >stdout
  assert_equal "$(sed -n 1p stdout | cut -d ' ' -f 2,3)" 'a_b_c a_b'
}

@test "an empty corpus, a corpus of <unk>, and a word that is too long" {
  "$SUPPORT/forge.py" --one corpus-no-tokens >no-tokens.bin
  ptb-phrase -q no-tokens.bin | sgns-cat --check
  echo 'a b c' | ptb-vocab -q -m 2 | ptb-phrase -q --threshold 0 | sgns-cat >stdout
  prints '<unk> <unk> <unk>'
  yes "a $(head -c 65534 /dev/zero | tr '\0' b)" | head -n 9 | corpus_of
  joined -m 1 --threshold 0.1 | cmp - <(sgns-cat few.bin)
}

@test "wrong options are refused" {
  fails_with 2 ptb-phrase --score pmi corpus.bin
  says '--score=pmi: expected word2phrase or npmi'
  fails_with 2 ptb-phrase --score npmi --threshold 1.5 corpus.bin
  fails_with 2 ptb-phrase --delimiter ' ' corpus.bin
  fails_with 2 ptb-phrase --with corpus.bin --passes 2 corpus.bin
  says '--with and --passes cannot be combined'
  fails_with 2 ptb-phrase --with corpus.bin --list corpus.bin
  fails_with 2 ptb-phrase --with - <corpus.bin
  says 'standard input can be read only once'
  fails_with 1 ptb-phrase --keep missing corpus.bin
  fails_with 3 ptb-phrase --keep corpus.bin corpus.bin
  says 'corpus.bin: byte 0: a corpus stream, expected text'
  fails_with 3 ptb-phrase text
  ptb-vocab -q --count -o counts.bin text
  fails_with 3 ptb-phrase --with counts.bin corpus.bin
}

@test "the files of --keep and --with are not overwritten" {
  echo of >keep
  cp corpus.bin other.bin
  fails_with 2 ptb-phrase --keep keep -o keep corpus.bin
  says 'keep: is also the output'
  fails_with 2 ptb-phrase --with other.bin -o other.bin corpus.bin
  says 'other.bin: is also the output'
  assert_equal "$(<keep)" of
  cmp corpus.bin other.bin
}

@test "its options are recorded in the provenance" {
  ptb-phrase -q corpus.bin | sgns-cat --header | tail -n 1 >made
  assert_regex "$(<made)" '^made by: ptb-phrase [0-9.]+ --delimiter=_ --score=word2phrase --threshold=100 --min-count=5 --passes=1$'
}

@test "--list may go to a terminal" {
  script -qec "ptb-phrase -q --threshold 4 --list corpus.bin" /dev/null </dev/null >said
  grep -q '^new_york' said
}

@test "gensim finds the same phrases with the same scores, and joins the same" {
  need_gensim
  sgns-cat corpus.bin >sentences
  check() {
    local score=$1 threshold=$2 count=$3 passes=$4 keep=${*:5}
    /usr/bin/python3 "$SUPPORT/gensim_phrases.py" "${@:1:4}" "${@:5}" <sentences >by-gensim
    local options=(-q --score "$score" --threshold "$threshold" -m "$count" --passes "$passes")
    if [ -n "$keep" ]; then
      echo "$keep" >keep
      options+=(--keep keep)
    fi
    if [ "$passes" = 1 ]; then
      ptb-phrase --list "${options[@]}" corpus.bin | cut -f 1,2 | LC_ALL=C sort >list
      assert_size_not_zero list
      sed '/^$/,$d' by-gensim | LC_ALL=C sort | cmp - list || fail "phrases: $*"
    fi
    ptb-phrase "${options[@]}" corpus.bin | sgns-cat | cmp - <(sed '1,/^$/d' by-gensim) || fail "text: $*"
  }
  check word2phrase 1.5 5 1
  check word2phrase 1.5 3 1 of the w1
  check npmi 0.1 5 1
  check npmi 0.05 9 1 of w2
  check word2phrase 1 2 3 of
}

@test "PTB: gensim finds the same phrases" {
  need_ptb
  need_gensim
  ptb-vocab -q -o ptb.bin "$PTB"
  sgns-cat ptb.bin >sentences
  /usr/bin/python3 "$SUPPORT/gensim_phrases.py" word2phrase 100 5 1 <sentences >by-gensim
  ptb-phrase -q --list ptb.bin | cut -f 1,2 | LC_ALL=C sort >list
  assert_equal "$(wc -l <list)" 1552
  sed '/^$/,$d' by-gensim | LC_ALL=C sort | cmp - list
  ptb-phrase -q ptb.bin | sgns-cat | cmp - <(sed '1,/^$/d' by-gensim)
  /usr/bin/python3 "$SUPPORT/gensim_phrases.py" npmi 0.5 5 1 <sentences | sed '/^$/,$d' | LC_ALL=C sort >by-gensim
  ptb-phrase -q --score npmi --list ptb.bin | cut -f 1,2 | LC_ALL=C sort | cmp - by-gensim
}
