#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# vocab_of OPTION... < TEXT: the vocabulary, a word and its count a line.
vocab_of() {
  ptb-vocab -q "$@" | sgns-cat --vocab
}

# round OPTION... < TEXT: the text as it comes back, with <unk> for what is not in the vocabulary.
round() {
  ptb-vocab -q "$@" | sgns-cat
}

# header_of OPTION... < TEXT
header_of() {
  ptb-vocab -q "$@" | sgns-cat --header
}

# letters N: a word of N bytes.
letters() {
  head -c "$1" /dev/zero | tr '\0' x
}

# ---- the vocabulary ----

@test "words come by falling count, equal counts by first appearance, <unk> first" {
  printf 'b a c a\n<unk> b d a\ne c\n' >text
  succeeds vocab_of -m 2 <text
  prints '<unk>\t3\na\t3\nb\t2\nc\t2\n'
  succeeds vocab_of -m 1 <text
  prints '<unk>\t1\na\t3\nb\t2\nc\t2\nd\t1\ne\t1\n'
}

@test "rarer words and the literal <unk> become <unk>" {
  printf 'b a c a\n<unk> b d a\ne c\n' >text
  succeeds round -m 2 <text
  prints 'b a c a\n<unk> b <unk> a\n<unk> c\n'
}

@test "<unk> has id 0 and is no word, however often the text has it" {
  printf '<unk> <unk> <unk> a a <unk>\nb\n' >text
  succeeds vocab_of -m 2 <text
  prints '<unk>\t5\na\t2\n'
}

@test "only the exact word <unk> is the unknown word" {
  printf '<UNK> <unk>s <unk <unk>\n' >text
  succeeds vocab_of -m 1 <text
  prints '<unk>\t1\n<UNK>\t1\n<unk>s\t1\n<unk\t1\n'
}

@test "there is an <unk> also where it has no tokens" {
  succeeds vocab_of -m 1 <<<'a'
  prints '<unk>\t0\na\t1\n'
}

@test "by default a word is kept from its tenth token on" {
  for _ in {1..9}; do echo 'ten nine'; done >text
  echo ten >>text
  succeeds vocab_of <text
  prints '<unk>\t9\nten\t10\n'
}

@test "--max-vocab keeps the most frequent words, and counts <unk>" {
  printf 'b a c a b a c d\n' >text
  succeeds vocab_of -m 1 -M 3 <text
  prints '<unk>\t3\na\t3\nb\t2\n'
  succeeds vocab_of -m 1 --max-vocab=1 <text
  prints '<unk>\t8\n'
  succeeds round -m 1 -M 3 <text
  prints 'b a <unk> a b a <unk> <unk>\n'
  succeeds vocab_of -m 2 -M 100 <text
  prints '<unk>\t1\na\t3\nb\t2\nc\t2\n'
}

@test "a text may have no known word at all" {
  succeeds vocab_of -m 2 <<<'a b c'
  prints '<unk>\t3\n'
  succeeds round -m 2 <<<'a b c'
  prints '<unk> <unk> <unk>\n'
}

# ---- --vocab ----

@test "--vocab encodes a second text with the first one's words and counts" {
  ptb-vocab -q -m 2 -o first.bin <<<'b a a b a x'
  printf 'x c b\n\na b b b\n' >second
  succeeds ptb-vocab -q --vocab first.bin -o second.bin second
  succeeds sgns-cat second.bin
  prints '<unk> <unk> b\n\na b b b\n'
  succeeds sgns-cat --vocab second.bin
  prints '<unk>\t1\na\t3\nb\t2\n'
}

@test "--vocab takes the vocabulary of a stream of any kind" {
  make_samples .
  for kind in batches vectors; do
    ptb-vocab -q --vocab $kind.bin -o by-$kind.bin text
    sgns-cat by-$kind.bin | cmp - <(sgns-cat corpus.bin)
    sgns-cat --vocab by-$kind.bin | cmp - <(sgns-cat --vocab corpus.bin)
  done
}

@test "--vocab=- reads the vocabulary from standard input, but not the text too" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  echo 'a b' >second
  succeeds ptb-vocab -q --vocab - second -o second.bin <first.bin
  succeeds sgns-cat second.bin
  prints 'a <unk>\n'
  fails_with 2 ptb-vocab --vocab - <first.bin
  fails_with 2 ptb-vocab --vocab - - <first.bin
}

@test "--vocab is recorded with its value" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  succeeds header_of --vocab first.bin <<<'a'
  assert_file_contains stdout '^made by: ptb-vocab .* --vocab=first\.bin$'
}

# ---- lines and words ----

@test "the last word counts without a newline behind it" {
  succeeds round -m 1 < <(printf 'a b\nc')
  prints 'a b\nc\n'
  succeeds vocab_of -m 1 < <(printf 'a b\na')
  prints '<unk>\t0\na\t2\nb\t1\n'
}

@test "tab, vertical tab, form feed and carriage return are spaces" {
  printf 'a\tb\vc\fd\re \t f\r\n\r\n  g\r\n' >text
  succeeds round -m 1 <text
  prints 'a b c d e f\n\ng\n'
}

@test "empty lines stay, as sentences without words" {
  printf '\na\n\n\n   \nb\n\n' >text
  succeeds round -m 1 <text
  assert_equal "$(od -c <stdout)" "$(printf '\na\n\n\n\nb\n\n' | od -c)"
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^sentences: 7$'
  assert_file_contains stdout '^tokens: 2$'
}

@test "every byte that is no space and not zero is part of a word" {
  for code in {1..255}; do
    case $code in 9 | 10 | 11 | 12 | 13 | 32) continue ;; esac
    # shellcheck disable=SC2059 # the format is the character
    printf "\\x$(printf %x "$code")\n"
  done >text
  assert_equal "$(wc -l <text)" 249
  succeeds round -m 1 <text
  cmp stdout text
  { printf '<unk>\t0\n'; LC_ALL=C sed 's/$/\t1/' text; } >expected
  succeeds vocab_of -m 1 <text
  cmp stdout expected
}

@test "a no-break space, and other white space of Unicode, is part of a word" {
  printf 'a\u00a0b a\u2003b a\u0085b a\u3000b\n' >text
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^words: 5$'
  succeeds round -m 1 <text
  cmp stdout text
}

@test "bytes that are no UTF-8 pass unchanged" {
  printf '\xff\xfe \xc3( \xe2\x82 \xf0\x28\x8c\xbc \xed\xa0\x80\n' >text
  succeeds round -m 1 <text
  cmp stdout text
}

@test "words differ by case, by accents and by how these are composed" {
  printf 'Chip chip CHIP \u00e9 e\u0301\n' >text
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^words: 6$'
}

# ---- words that cannot be kept ----

@test "a word of 65535 bytes is kept" {
  { letters 65535; printf ' a\n'; } >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  run grep bytes stderr
  assert_failure 1
  sgns-cat corpus.bin | cmp - text
}

@test "longer words become <unk>, and are reported once with their number" {
  { printf 'a '; letters 65536; printf ' b\n'; letters 3000000; printf '\nc\n'; } >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  assert_equal "$(grep -c 65535 stderr)" 1
  says_like '^ptb-vocab: 2 words above 65535 bytes'
  succeeds sgns-cat corpus.bin
  prints 'a <unk> b\n<unk>\nc\n'
  succeeds sgns-cat --vocab corpus.bin
  prints '<unk>\t2\na\t1\nb\t1\nc\t1\n'
}

@test "words with a zero byte become <unk>, and are reported" {
  printf 'a x\0y b \0 c\n' >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  says_like '^ptb-vocab: 2 words .*zero byte'
  succeeds sgns-cat corpus.bin
  prints 'a <unk> b <unk> c\n'
}

@test "a text of nothing but such words has tokens" {
  printf 'x\0y\n' >text
  succeeds round -m 1 <text
  prints '<unk>\n'
}

@test "with --vocab such words are reported too" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  succeeds ptb-vocab --vocab first.bin -o second.bin < <(printf 'a x\0y a\n')
  says_like '^ptb-vocab: 1 words .*zero byte'
  succeeds sgns-cat second.bin
  prints 'a <unk> a\n'
}

@test "--strict refuses them" {
  { printf 'a '; letters 65536; echo; } >long
  printf 'a x\0y\n' >zero
  echo 'a b' >good
  ptb-vocab -q -m 1 -o first.bin good
  for text in long zero; do
    for vocab in '' --vocab=first.bin; do
      fails_with 3 ptb-vocab -q --strict ${vocab:+"$vocab"} $text -o out
      says_like "^ptb-vocab: $text: .*byte [0-9]+"
      leaves_nothing out
    done
  done
  succeeds ptb-vocab -q --strict -m 1 good -o out
}

@test "words are found whole wherever reading stops" {
  # Words that lie across the first and the second mebibyte.
  for _ in 1 2; do
    yes 'nine char' | head -n 104000
    letters 65535
    echo
  done >text
  succeeds round -m 1 <text
  cmp stdout text
}

# ---- no words ----

@test "a text without words is refused" {
  : >empty
  printf ' \n\t\n\n' >blank
  echo a | ptb-vocab -q -m 1 -o first.bin
  for text in empty blank; do
    for vocab in '' --vocab=first.bin; do
      fails_with 3 ptb-vocab ${vocab:+"$vocab"} -o out $text
      says "$text: no words"
      leaves_nothing out
    done
  done
  fails_with 3 ptb-vocab </dev/null
  says "stdin: no words"
}

# ---- sizes ----

@test "65,534 words and <unk> still have short ids, one more has long ones" {
  for words in 65534 65535; do
    seq $words | ptb-vocab -q -m 1 -o corpus.bin
    sgns-cat corpus.bin | cmp - <(seq $words)
    # It refuses ids of a width that does not fit the vocabulary.
    "$BATS_TEST_DIRNAME/decode.py" corpus.bin | cmp - <(seq $words)
  done
}

@test "the streams of more than 65,535 words go through all programs" {
  seq 70000 | paste -d ' ' - - - - - - - >text
  ptb-vocab -q -m 1 text -o corpus.bin
  sgns-cat corpus.bin | cmp - text
  sgns-batch -q -w 1 -k 1 -e 1 --no-shuffle corpus.bin -o batches.bin
  sgns-cat batches.bin | head -n 7 | cut -f 1,2 >examples
  printf '%s\n' $'1\t2' $'2\t1 3' $'3\t2 4' $'4\t3 5' $'5\t4 6' $'6\t5 7' $'7\t6' | cmp - examples
  sgns-cat batches.bin | tail -n 1 | cut -f 1,2 | grep -qx $'70000\t69999'
  sgns-train -q -d 1 batches.bin -o vectors.bin
  sgns-cat vectors.bin | tail -n 1 | grep -qE '^70000 -?[0-9.e-]+$'
  succeeds sgns-knn vectors.bin 70000 3
  assert_equal "$(wc -l <stdout)" 3
}

# ---- where the text comes from ----

@test "file, standard input, pipe and slow pipe give the same bytes" {
  sample_text 300 40 >text
  ptb-vocab -q text -o expected
  ptb-vocab -q - <text | cmp - expected
  ptb-vocab -q <text | cmp - expected
  # shellcheck disable=SC2002 # to have a pipe is the point
  cat text | ptb-vocab -q | cmp - expected
  slowly text | ptb-vocab -q | cmp - expected
}

@test "the numbers of sentences, tokens and words are told at the end" {
  printf 'a b a\n\nc' >text
  succeeds ptb-vocab -m 1 text -o corpus.bin
  assert_equal "$(<stderr)" "ptb-vocab: 3 sentences, 4 tokens, vocabulary of 4 words"
}
