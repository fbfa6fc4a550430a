#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

# vocab_of OPTION... < TEXT: prints the vocabulary, a word and its count per line.
vocab_of() {
  ptb-vocab -q "$@" | sgns-cat --vocab
}

# round_trip OPTION... < TEXT: prints the text after encoding and decoding, with <unk> for unknown
# words.
round_trip() {
  ptb-vocab -q "$@" | sgns-cat
}

# header_of OPTION... < TEXT: prints the header of the corpus.
header_of() {
  ptb-vocab -q "$@" | sgns-cat --header
}

# letters N: prints a word of N bytes.
letters() {
  head -c "$1" /dev/zero | tr '\0' x
}

# ---- the vocabulary ----

@test "the vocabulary is in order of descending count, then first appearance, <unk> first" {
  printf 'b a c a\n<unk> b d a\ne c\n' >text
  succeeds vocab_of -m 2 <text
  prints '<unk>\t3\na\t3\nb\t2\nc\t2\n'
  succeeds vocab_of -m 1 <text
  prints '<unk>\t1\na\t3\nb\t2\nc\t2\nd\t1\ne\t1\n'
}

@test "rarer words and the literal <unk> become <unk>" {
  printf 'b a c a\n<unk> b d a\ne c\n' >text
  succeeds round_trip -m 2 <text
  prints 'b a c a\n<unk> b <unk> a\n<unk> c\n'
}

@test "<unk> has id 0 and is not counted as a word, however often it occurs in the text" {
  printf '<unk> <unk> <unk> a a <unk>\nb\n' >text
  succeeds vocab_of -m 2 <text
  prints '<unk>\t5\na\t2\n'
}

@test "only the exact word <unk> is the unknown word" {
  printf '<UNK> <unk>s <unk <unk>\n' >text
  succeeds vocab_of -m 1 <text
  prints '<unk>\t1\n<UNK>\t1\n<unk>s\t1\n<unk\t1\n'
}

@test "the vocabulary has <unk> even without unknown tokens" {
  succeeds vocab_of -m 1 <<<'a'
  prints '<unk>\t0\na\t1\n'
}

@test "by default words that occur at least ten times are kept" {
  for _ in {1..9}; do echo 'ten nine'; done >text
  echo ten >>text
  succeeds vocab_of <text
  prints '<unk>\t9\nten\t10\n'
}

@test "--max-vocab keeps the most frequent words, counting <unk>" {
  printf 'b a c a b a c d\n' >text
  succeeds vocab_of -m 1 -M 3 <text
  prints '<unk>\t3\na\t3\nb\t2\n'
  succeeds vocab_of -m 1 --max-vocab=1 <text
  prints '<unk>\t8\n'
  succeeds round_trip -m 1 -M 3 <text
  prints 'b a <unk> a b a <unk> <unk>\n'
  succeeds vocab_of -m 2 -M 100 <text
  prints '<unk>\t1\na\t3\nb\t2\nc\t2\n'
}

@test "a text without known words is accepted" {
  succeeds vocab_of -m 2 <<<'a b c'
  prints '<unk>\t3\n'
  succeeds round_trip -m 2 <<<'a b c'
  prints '<unk> <unk> <unk>\n'
}

# ---- --vocab ----

@test "--vocab encodes a second text with the words and counts of the first" {
  ptb-vocab -q -m 2 -o first.bin <<<'b a a b a x'
  printf 'x c b\n\na b b b\n' >second
  succeeds ptb-vocab -q --vocab first.bin -o second.bin second
  succeeds sgns-cat second.bin
  prints '<unk> <unk> b\n\na b b b\n'
  succeeds sgns-cat --vocab second.bin
  prints '<unk>\t1\na\t3\nb\t2\n'
}

@test "--vocab reads the vocabulary of any kind of stream" {
  make_samples .
  for kind in batches vectors; do
    ptb-vocab -q --vocab $kind.bin -o by-$kind.bin text
    sgns-cat by-$kind.bin | cmp - <(sgns-cat corpus.bin)
    sgns-cat --vocab by-$kind.bin | cmp - <(sgns-cat --vocab corpus.bin)
  done
}

@test "--vocab=- reads the vocabulary from standard input, which cannot also be the text" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  echo 'a b' >second
  succeeds ptb-vocab -q --vocab - second -o second.bin <first.bin
  succeeds sgns-cat second.bin
  prints 'a <unk>\n'
  fails_with 2 ptb-vocab --vocab - <first.bin
  fails_with 2 ptb-vocab --vocab - - <first.bin
}

@test "--vocab and its value are recorded in the provenance" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  succeeds header_of --vocab first.bin <<<'a'
  assert_file_contains stdout '^made by: ptb-vocab .* --vocab=first\.bin$'
}

@test "--min-count and --max-vocab are refused if --vocab is not a counts stream" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  for option in -m10 -M2; do
    fails_with 2 ptb-vocab --vocab first.bin $option <<<'a'
    says 'first.bin: --min-count and --max-vocab require counts'
  done
}

# ---- --vocab, text ----

@test "--vocab reads a word and its count per line, as word2vec, GloVe and gensim write them" {
  printf 'the cat of the x\n' >text
  printf '</s> 9\nof 3\nthe 5\ncat 3\n' >word2vec
  printf 'the\t5\r\nof\t3\r\n\r\n  cat   3\r\n' >tabbed
  printf '\xef\xbb\xbfof 3\ncat 3\nthe 5' >bom
  succeeds vocab_of --vocab word2vec text
  prints '<unk>\t0\nthe\t5\nof\t3\ncat\t3\n'
  succeeds vocab_of --vocab tabbed text
  prints '<unk>\t0\nthe\t5\nof\t3\ncat\t3\n'
  succeeds vocab_of --vocab bom text
  prints '<unk>\t0\nthe\t5\nof\t3\ncat\t3\n'
  succeeds vocab_of --vocab - text <bom
  prints '<unk>\t0\nthe\t5\nof\t3\ncat\t3\n'
  succeeds round_trip --vocab word2vec text
  prints 'the cat of the <unk>\n'
  succeeds vocab_of -m 4 --vocab bom text
  prints '<unk>\t6\nthe\t5\n'
  succeeds vocab_of -M 3 --vocab bom text
  prints '<unk>\t3\nthe\t5\nof\t3\n'
  printf 'a 1\n<unk> 7\n</s> 2\nzero 0\n' >odd
  succeeds vocab_of --vocab odd text
  prints '<unk>\t7\n</s>\t2\na\t1\nzero\t0\n'
  ptb-vocab -q --vocab odd text | "$SUPPORT/decode.py" | cmp - <(echo '<unk> <unk> <unk> <unk> <unk>')
}

@test "--vocab reads what sgns-cat --vocab prints, and gives the same corpus" {
  sample_text 500 60 >text
  ptb-vocab -q -m 20 text -o expected
  sgns-cat --vocab expected >vocab
  for threads in 1 3; do
    ptb-vocab -q -t $threads --vocab vocab text -o out
    cmp <(sgns-cat out) <(sgns-cat expected)
    cmp <(sgns-cat --vocab out) vocab
  done
}

@test "--vocab with words alone selects words; their counts are those of the text" {
  printf 'the cat of the x\nof the <unk> y\n' >text
  printf 'bird\nof\n<unk>\nthe\ncat\n' >list
  for threads in 1 3; do
    succeeds ptb-vocab -t $threads --vocab list text -o out
    says 'list: 1 of 4 words not in the text'
    succeeds sgns-cat --vocab out
    prints '<unk>\t3\nthe\t3\nof\t2\ncat\t1\n'
    succeeds sgns-cat out
    prints 'the cat of the <unk>\nof the <unk> <unk>\n'
  done
  succeeds vocab_of -m 2 --memory 0 --vocab list text
  prints '<unk>\t4\nthe\t3\nof\t2\n'
  succeeds vocab_of -M 2 --vocab list text
  prints '<unk>\t6\nthe\t3\n'
  # The list of all words that are kept gives the same vocabulary.
  sample_text 500 60 >text
  ptb-vocab -q -m 20 text | sgns-cat --vocab >vocab
  cut -f 1 vocab | sort -R --random-source=vocab >list
  succeeds vocab_of --vocab list text
  cmp stdout vocab
  succeeds header_of --vocab list text
  assert_file_contains stdout 'ptb-vocab [^ ]* --vocab=list$'
}

@test "--vocab: an invalid line is refused with its number and, if known, the next step" {
  echo 'a b' >text
  refused() { # TEXT SAYS
    printf '%b' "$1" >vocab
    fails_with 3 ptb-vocab --vocab vocab text -o out
    says "ptb-vocab: vocab: $2"
    leaves_nothing out
  }
  refused 'a b c\n' 'line 1: expected a word, or a word and its count'
  refused 'word count\na 1\n' 'line 1: expected a word, or a word and its count; if this is a heading, remove it with tail -n +2'
  refused '   5 a\n' "line 1: expected a word, or a word and its count; if the count comes first, use awk '{ print \$2, \$1 }'"
  refused 'a,5\n' "line 1: expected a word, or a word and its count; separate them with tr , '\t'"
  refused 'a 1\n\nb\n' 'line 3: expected a word and its count'
  refused 'a 1\nb 1.5\n' 'line 2: expected a word and its count'
  refused 'a 1\nb -1\n' 'line 2: expected a word and its count'
  refused 'a 18446744073709551616\n' 'line 1: expected'
  refused 'a 18446744073709551615\nb 1\n' 'line 2: the sum of the counts exceeds'
  refused 'a\nb c\n' 'line 2: expected one word'
  refused 'a 1\nb 1\na 2\n' 'line 3: the same word as in an earlier line'
  refused '<unk> 1\n<unk> 1\n' 'line 2: the same word as in an earlier line'
  refused 'a\nx\0y\n' 'line 2: a word is longer than 65535 bytes or has a zero byte'
  refused "a\n$(letters 65536)\n" 'line 2: a word is longer'
  refused 'a 0\nb 1\nc 2\n' "line 1: numbers in ascending order without gaps are ids, not counts; select the words with awk '{ print \$1 }'"
  refused '</s> 1\na\t2\r\nb\t3\r\n' 'line 1: numbers in ascending order'
  refused '<unk> 4\n\n' 'no words'
  refused '</s> 4\n' 'no words'
  refused '{"a": 1}\n' 'byte 0: JSON, expected a vocabulary'
  refused 'the 0.1 0.2 0.3 0.4 0.5\n' 'byte 0: word vectors as text, expected a vocabulary; read them with sgns-convert'
  refused '' 'byte 0: empty, expected an sgns stream'
  gzip <text >vocab
  fails_with 3 ptb-vocab --vocab vocab text -o out
  says 'vocab: byte 0: gzip-compressed data, expected a vocabulary'
  fails_with 2 ptb-vocab --vocab text text -o text
}

@test "--vocab: counts that ascend, but not as ids do, are counts" {
  echo 'a b c' >text
  for counts in 'a 1\nb 2\n' 'a 1\nb 2\nc 2\n' 'a 3\nb 4\nc 5\n' 'c 2\nb 1\na 0\n'; do
    printf '%b' "$counts" >vocab
    succeeds ptb-vocab -q --vocab vocab text -o out
  done
}

# ---- --count and --merge ----

# payload STREAM: prints the content without the provenance.
payload() {
  sgns-cat --header "$1" | grep -v '^made by:'
  sgns-cat "$1"
}

@test "--count counts every word, in order of first appearance, and bad words as <unk>" {
  { printf 'b a\t<unk> x\0y\n\na '; letters 65536; printf ' c'; } >text
  succeeds ptb-vocab --count -o counts.bin text
  says_like '^ptb-vocab: 2 words over 65535 bytes or with a zero byte'
  says_like '^ptb-vocab: 3 sentences, 7 tokens, counts of 4 words$'
  succeeds sgns-cat counts.bin
  prints '<unk>\t3\nb\t1\na\t2\nc\t1\n'
}

@test "--count refuses a text without words and, with --strict, bad words" {
  printf ' \n' >blank
  printf 'a x\0y\n' >zero
  fails_with 3 ptb-vocab --count blank -o out
  says 'blank: no words'
  fails_with 3 ptb-vocab --count --strict zero -o out
  leaves_nothing out
}

@test "the counts of a text give the same vocabulary and corpus as the text itself" {
  sample_text 500 60 >text
  ptb-vocab -q --count text -o counts.bin
  for cut in '' '-m 1' '-m 30' '-M 17' '-m 20 -M 9'; do
    # shellcheck disable=SC2086 # several words
    ptb-vocab -q $cut text -o direct.bin
    # shellcheck disable=SC2086
    ptb-vocab -q $cut --vocab counts.bin text -o through.bin
    cmp <(payload direct.bin) <(payload through.bin)
    cmp <(sgns-cat --vocab direct.bin) <(sgns-cat --vocab through.bin)
    made=$(sgns-cat --header direct.bin | grep -o -- '--min-count=.*')
    sgns-cat --header through.bin | tail -n 1 | grep -qF -- "$made --vocab=counts.bin"
  done
}

@test "shards counted and encoded separately give the corpus of the whole text" {
  sample_text 500 60 >whole
  split -d -a 1 -n l/5 whole part.
  for part in part.[0-4]; do
    ptb-vocab -q --count "$part" -o "$part.counts"
  done
  ptb-vocab -q --merge part.?.counts -o merged.bin
  ptb-vocab -q --count whole -o counted.bin
  cmp <(payload merged.bin) <(payload counted.bin)
  ptb-vocab -q -m 20 whole -o corpus.bin
  for part in part.[0-4]; do
    ptb-vocab -q -m 20 --vocab merged.bin "$part" -o "$part.bin"
    sgns-cat --vocab "$part.bin" | cmp - <(sgns-cat --vocab corpus.bin)
    sgns-cat "$part.bin"
  done | cmp - <(sgns-cat corpus.bin)
}

@test "equal counts are ordered by the order of the merged streams" {
  ptb-vocab -q --count -o 1 <<<'d c'
  ptb-vocab -q --count -o 2 <<<'b a d'
  ptb-vocab -q --merge 1 2 -o 12
  ptb-vocab -q --merge 2 1 -o 21
  assert_equal "$(sgns-cat 12 | cut -f 1 | paste -sd ' ')" '<unk> d c b a'
  assert_equal "$(sgns-cat 21 | cut -f 1 | paste -sd ' ')" '<unk> b a d c'
  echo 'a b c d' >text
  succeeds vocab_of -m 1 --vocab 12 text
  prints '<unk>\t0\nd\t2\nc\t1\nb\t1\na\t1\n'
  succeeds vocab_of -m 1 --vocab 21 text
  prints '<unk>\t0\nd\t2\nb\t1\na\t1\nc\t1\n'
}

@test "--merge is associative to the byte; merging one stream only adds provenance" {
  for i in 1 2 3; do
    sample_text 100 $((20 * i)) | ptb-vocab -q --count -o $i
  done
  ptb-vocab -q --merge 1 2 3 -o all
  ptb-vocab -q --merge 1 2 | ptb-vocab -q --merge - 3 | cmp - all
  ptb-vocab -q --merge 2 3 | ptb-vocab -q --merge 1 - | cmp - all
  ptb-vocab -q --merge all | cmp - all
  # shellcheck disable=SC2094 # both only read
  ptb-vocab -q --merge <all | cmp - all
  assert_equal "$(sgns-cat --header all | grep -c '^made by:')" 2
  ptb-vocab -q --merge 1 -o one
  cmp <(payload one) <(payload 1)
}

@test "--merge keeps the provenance of all its streams, without duplicates" {
  for maker in x y; do
    maker=$maker python3 - "$SUPPORT" <<'END'
import os, sys
sys.path.insert(0, sys.argv[1])
import forge
draft = forge.Draft("counts")
draft.header[0] = (forge.PROVENANCE, os.environ["maker"].encode() + b"\0001.0\0")
open(os.environ["maker"], "wb").write(bytes(draft))
END
  done
  ptb-vocab -q --merge x y x -o all
  assert_equal "$(sgns-cat --header all | sed -n 's/^made by: \([^ ]*\).*/\1/p' | paste -sd ' ')" 'x y ptb-vocab'
}

@test "--merge counts up to the largest 64-bit number and refuses an overflow" {
  "$SUPPORT/forge.py" --one counts-largest-counts >largest
  "$SUPPORT/forge.py" --one counts-nothing-counted >nothing
  echo a | ptb-vocab -q --count -o one
  succeeds ptb-vocab -q --merge largest -o out
  sgns-cat --header out | grep -qx 'tokens: 18446744073709551615'
  fails_with 3 ptb-vocab -q --merge one largest -o out2
  says 'largest: adding its counts to those of the inputs before it overflows'
  fails_with 3 ptb-vocab -q --merge nothing one -o out2
  says 'one: adding its counts to those of the inputs before it overflows'
  leaves_nothing out2
}

@test "--count and --merge cannot be combined with options that they do not use" {
  echo a >text
  ptb-vocab -q --count text -o counts.bin
  for options in '--count --merge' '--count --vocab=counts.bin' '--count -m10' '--count -M9' \
    '--count --memory=1M' '--merge --vocab=counts.bin' '--merge -m1' '--merge -M9' '--merge --strict' \
    '--merge --memory=1M' '--merge -t1'; do
    # shellcheck disable=SC2086 # two options
    fails_with 2 ptb-vocab $options counts.bin -o out
    says 'cannot be combined'
  done
  fails_with 2 ptb-vocab --merge - counts.bin - -o out </dev/null
  says 'standard input'
  leaves_nothing out
}

@test "--merge does not write to a file that it reads" {
  echo a | ptb-vocab -q --count -o 1
  cp 1 2
  cp 2 before
  fails_with 2 ptb-vocab --merge 1 2 -o 2
  says '2: is also the output'
  fails_with 2 appending 2 ptb-vocab --merge 1 2
  cmp 2 before
}

@test "--vocab cannot be the output" {
  echo 'a b' >text
  ptb-vocab -q -m 1 text -o vocab.bin
  cp vocab.bin copy.bin
  fails_with 2 ptb-vocab -q --vocab copy.bin text -o copy.bin
  says 'copy.bin: is also the output'
  fails_with 2 appending copy.bin ptb-vocab -q --vocab copy.bin text
  cmp copy.bin vocab.bin
}

@test "--merge of a missing stream leaves no output" {
  echo a | ptb-vocab -q --count -o 1
  fails_with 1 ptb-vocab --merge 1 missing -o out
  says_like '^ptb-vocab: missing: .*No such file or directory$'
  leaves_nothing out
}

# ---- lines and words ----

@test "a last word without a newline is read" {
  succeeds round_trip -m 1 < <(printf 'a b\nc')
  prints 'a b\nc\n'
  succeeds vocab_of -m 1 < <(printf 'a b\na')
  prints '<unk>\t0\na\t2\nb\t1\n'
}

@test "tab, vertical tab, form feed and carriage return separate words like spaces" {
  printf 'a\tb\vc\fd\re \t f\r\n\r\n  g\r\n' >text
  succeeds round_trip -m 1 <text
  prints 'a b c d e f\n\ng\n'
}

@test "empty lines are kept as sentences without words" {
  printf '\na\n\n\n   \nb\n\n' >text
  succeeds round_trip -m 1 <text
  assert_equal "$(od -c <stdout)" "$(printf '\na\n\n\n\nb\n\n' | od -c)"
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^sentences: 7$'
  assert_file_contains stdout '^tokens: 2$'
}

@test "every byte other than white space and zero is part of a word" {
  for code in {1..255}; do
    case $code in 9 | 10 | 11 | 12 | 13 | 32) continue ;; esac
    # shellcheck disable=SC2059 # the format is the character
    printf "\\x$(printf %x "$code")\n"
  done >text
  assert_equal "$(wc -l <text)" 249
  succeeds round_trip -m 1 <text
  cmp stdout text
  { printf '<unk>\t0\n'; LC_ALL=C sed 's/$/\t1/' text; } >expected
  succeeds vocab_of -m 1 <text
  cmp stdout expected
}

@test "no-break spaces and other Unicode white space are part of a word" {
  printf 'a\u00a0b a\u2003b a\u0085b a\u3000b\n' >text
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^words: 5$'
  succeeds round_trip -m 1 <text
  cmp stdout text
}

@test "bytes that are not valid UTF-8 are kept unchanged" {
  printf '\xff\xfe \xc3( \xe2\x82 \xf0\x28\x8c\xbc \xed\xa0\x80\n' >text
  succeeds round_trip -m 1 <text
  cmp stdout text
}

@test "words that differ in case, in accents or in Unicode normalisation are different" {
  printf 'Chip chip CHIP \u00e9 e\u0301\n' >text
  succeeds header_of -m 1 <text
  assert_file_contains stdout '^words: 6$'
}

# ---- bad words: too long or with a zero byte ----

@test "a word of 65535 bytes is kept" {
  { letters 65535; printf ' a\n'; } >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  run grep bytes stderr
  assert_failure 1
  sgns-cat corpus.bin | cmp - text
}

@test "longer words become <unk>, and their number is reported once" {
  { printf 'a '; letters 65536; printf ' b\n'; letters 3000000; printf '\nc\n'; } >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  assert_equal "$(grep -c 65535 stderr)" 1
  says_like '^ptb-vocab: 2 words over 65535 bytes'
  succeeds sgns-cat corpus.bin
  prints 'a <unk> b\n<unk>\nc\n'
  succeeds sgns-cat --vocab corpus.bin
  prints '<unk>\t2\na\t1\nb\t1\nc\t1\n'
}

@test "words with a zero byte become <unk> and are reported" {
  printf 'a x\0y b \0 c\n' >text
  succeeds ptb-vocab -m 1 -o corpus.bin text
  says_like '^ptb-vocab: 2 words .*zero byte'
  succeeds sgns-cat corpus.bin
  prints 'a <unk> b <unk> c\n'
}

@test "a text of bad words only is accepted" {
  printf 'x\0y\n' >text
  succeeds round_trip -m 1 <text
  prints '<unk>\n'
}

@test "bad words are also reported with --vocab" {
  ptb-vocab -q -m 1 -o first.bin <<<'a'
  succeeds ptb-vocab --vocab first.bin -o second.bin < <(printf 'a x\0y a\n')
  says_like '^ptb-vocab: 1 word .*zero byte'
  succeeds sgns-cat second.bin
  prints 'a <unk> a\n'
}

@test "--strict refuses bad words" {
  { printf 'a '; letters 65536; echo; } >long
  printf 'a x\0y\n' >zero
  echo 'a b' >good
  ptb-vocab -q -m 1 -o first.bin good
  for text in long zero; do
    for vocab in '' --vocab=first.bin; do
      fails_with 3 ptb-vocab -q --strict ${vocab:+"$vocab"} $text -o out
      says_like "^ptb-vocab: $text: byte 2: word longer than"
      leaves_nothing out
    done
  done
  succeeds ptb-vocab -q --strict -m 1 good -o out
}

@test "words that cross the boundaries of reads are recognised" {
  # Words across the ends of the first and the second MiB.
  for _ in 1 2; do
    yes 'nine char' | head -n 104000
    letters 65535
    echo
  done >text
  succeeds round_trip -m 1 <text
  cmp stdout text
}

# ---- several files ----

@test "several files are one text" {
  sample_text 20000 300 >a
  printf 'b a\n\nc' >b # the last line has no newline
  : >empty
  sample_text 9000 400 >c
  { cat a b; echo; cat c; } >whole
  [ "$(wc -c <a)" -gt 300000 ] # more than two reads
  for threads in 1 3; do
    for options in '-m 3' --count; do
      # shellcheck disable=SC2086 # two words
      ptb-vocab -q -t $threads $options whole -o expected
      # shellcheck disable=SC2086
      succeeds ptb-vocab -q -t $threads $options a empty b empty c empty
      cmp stdout expected
      # shellcheck disable=SC2086,SC2002 # a pipe is needed
      cat b | ptb-vocab -q -t $threads $options a - <(cat c) | cmp - expected
    done
    ptb-vocab -q --vocab expected -t $threads whole -o encoded
    ptb-vocab -q --vocab expected -t $threads a b c | cmp - encoded
  done
  succeeds ptb-vocab -m 1 b b -o twice
  says 'ptb-vocab: 6 sentences, 6 tokens, vocabulary of 4 words'
  sgns-cat twice | cmp - <(printf 'b a\n\nc\nb a\n\nc\n')
}

@test "messages name the file, and the byte in that file" {
  echo 'a b' >a
  printf 'c' >b
  printf 'd e\nf x\0y\n' >c
  for threads in 1 3; do
    fails_with 3 ptb-vocab -q -t $threads --strict a b c a -o out
    says 'c: byte 6: word longer than 65535 bytes or with a zero byte'
  done
  ptb-vocab -q -m 1 a -o corpus.bin
  fails_with 3 ptb-vocab -q a b corpus.bin -o out
  says_like '^ptb-vocab: corpus.bin: '
  : >empty
  fails_with 3 ptb-vocab -q empty empty -o out
  says 'empty and the files after it: no words'
  leaves_nothing out
}

@test "a file that cannot be read is refused before the text is read" {
  echo a >a
  mkdir directory
  fails_with 1 ptb-vocab -q - missing -o out < <(sleep 60)
  says 'missing: cannot open: No such file or directory'
  fails_with 1 ptb-vocab -q - directory -o out < <(sleep 60)
  says 'directory: cannot read: Is a directory'
  fails_with 2 ptb-vocab -q - a - -o out
  says 'standard input can be read only once'
  fails_with 2 ptb-vocab -q --vocab - a - -o out
  says 'standard input cannot be both the text and --vocab'
  cp a b
  fails_with 2 ptb-vocab -q a b -o ./b
  fails_with 2 appending b ptb-vocab -q a b
  cmp a b
  leaves_nothing out
}

@test "more files than a process may have open" {
  for i in {1..100}; do echo "w$i w" >"part$i"; done
  (ulimit -n 40 && ptb-vocab -q -m 1 part*) | cmp - <(cat part* | ptb-vocab -q -m 1)
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

# ---- what is not text ----

# other_than_text: creates files that are not text; in the directory of_text, those that a command
# turns into `text`.
other_than_text() {
  mkdir of_text
  sample_text 300 40 | sed '1s/^/\xc3\xa9t\xc3\xa9 /' >text
  python3 - <<'END'
import bz2, gzip, io, lzma, pickle, sqlite3, tarfile, zipfile
text = open("text", "rb").read()
def write(name, data):
    open(name, "wb").write(data)
def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return file.getvalue()
write("of_text/gzip-compressed data", gzip.compress(text))
write("of_text/bzip2-compressed data", bz2.compress(text))
write("of_text/xz-compressed data", lzma.compress(text))
write("of_text/lzma-compressed data", lzma.compress(text, lzma.FORMAT_ALONE))
write("of_text/a ZIP archive", zipped("text"))
with tarfile.open("of_text/a tar archive", "w") as archive:
    archive.add("text")
for width in 16, 32:
    for order in "", "le", "be":
        write(f"of_text/text in UTF-{width}{order}", text.decode().encode(f"utf-{width}{order}"))
write("a NumPy .npz archive", zipped("rows.npy"))
write("an Office document", zipped("[Content_Types].xml"))
for protocol in 2, 3, 4, 5:
    write(f"a Python pickle {protocol}", pickle.dumps({"word": [1.0] * 9}, protocol))
sqlite3.connect("an SQLite database").execute("create table words (word)")
write("a PDF document", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
write("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
write("a fastText model", b"\xba\x16\x4f\x2f\x0c\0\0\0")
END
  zstd -q text -o 'of_text/zstd-compressed data'
  cp "$BUILD/bin/sgns-cat" 'an executable program'
}

@test "what is not text is refused by what it is, and the command in the message makes it text" {
  other_than_text
  tried=0
  for file in of_text/* a*; do
    name=${file#*/}
    name=${name% [2-5]} # of pickles
    name=${name%[lb]e} # of UTF-16 and UTF-32
    for source in - "$file"; do
      fails_with 3 ptb-vocab "$source" -o out <"$file"
      [ "$source" != - ] || source=stdin
      says "ptb-vocab: $source: byte 0: $name"
      says ', expected text'
      leaves_nothing out
    done
    [[ $file == of_text/* ]] || continue
    read -ra command < <(sed -E "s/.*'(.*) FILE'.*/\1/" stderr)
    command -v "${command[0]}" >/dev/null || continue # such as unzip
    "${command[@]}" "$file" | round_trip -m 1 | cmp - text
    tried=$((tried + 1))
  done
  [ $tried -ge 11 ]
}

@test "vectors and streams are refused as texts" {
  make_samples .
  for format in word2vec-bin npy; do
    sgns-convert --to $format vectors.bin -o foreign.npy
    fails_with 3 ptb-vocab foreign.npy -o out
    says 'expected text; read '
  done
  fails_with 3 ptb-vocab vectors.bin
  says 'a vectors stream, expected text; use its vocabulary with'
}

@test "text with a structure is read, and a note says what it looks like" {
  printf '<!DOCTYPE html>\n<p>a b</p>\n' >page
  printf '{"text": "a b"}\n' >lines
  printf 'the 0.1 0.2 0.3 0.4 0.5\n' >rows
  printf 'a b\rc d\r' >mac
  declare -A looks=([page]='an HTML page' [lines]='JSON' [rows]='word vectors as text'
    [mac]='text without newlines, with carriage returns')
  for file in "${!looks[@]}"; do
    for option in --min-count=1 --count; do
      succeeds ptb-vocab "$option" "$file" -o out
      says "ptb-vocab: $file: looks like ${looks[$file]}; "
    done
  done
  succeeds ptb-vocab -m 1 -o out - <<<'3 4 5 6 7 8 9'
  assert_equal "$(wc -l <stderr)" 1
}

@test "a byte order mark is dropped at the start of each file, and nowhere else" {
  printf '\xef\xbb\xbfthe cat\n' >once
  printf '\xef\xbb\xbf\xef\xbb\xbfthe \xef\xbb\xbfcat\n' >often
  printf '\xef\xbb\xbf' >nothing
  succeeds round_trip -m 1 once often nothing once
  prints 'the cat\n\xef\xbb\xbfthe \xef\xbb\xbfcat\nthe cat\n'
  slowly once | round_trip -m 1 >out
  assert_equal "$(<out)" 'the cat'
  # Positions are those in the file.
  printf '\xef\xbb\xbfa x\0y\n' >bad
  fails_with 3 ptb-vocab --strict once bad
  says 'bad: byte 5: word longer'
}

@test "a text in any encoding that extends ASCII is read, and odd bytes in it" {
  printf 'caf\xe9 \xcd\xc1\xd4\xd8 \x93\xfa\x96\x7b\x8c\xea \xc4\xe3\xba\xc3\n' >text
  succeeds round_trip -m 1 text
  cmp stdout text
  printf '\xff\xfe and \xfe\xff\n\x1a\n' >odd
  succeeds round_trip -m 1 odd
  cmp stdout odd
}

# ---- sizes ----

@test "65,534 words and <unk> have ids of 2 bytes, one more word makes them 4 bytes" {
  for words in 65534 65535; do
    seq $words | ptb-vocab -q -m 1 -o corpus.bin
    sgns-cat corpus.bin | cmp - <(seq $words)
    # decode.py refuses ids of a width that does not match the vocabulary.
    "$SUPPORT/decode.py" corpus.bin | cmp - <(seq $words)
  done
}

@test "streams of more than 65,535 words pass through all programs" {
  seq 70000 | paste -d ' ' - - - - - - - >text
  ptb-vocab -q -m 1 text -o corpus.bin
  sgns-cat corpus.bin | cmp - text
  sgns-batch -q -w 1 -n 1 -e 1 --no-shuffle corpus.bin -o batches.bin
  sgns-cat batches.bin | head -n 7 | cut -f 1,2 >examples
  printf '%s\n' $'1\t2' $'2\t1 3' $'3\t2 4' $'4\t3 5' $'5\t4 6' $'6\t5 7' $'7\t6' | cmp - examples
  sgns-cat batches.bin | tail -n 1 | cut -f 1,2 | grep -qx $'70000\t69999'
  sgns-train -q -d 1 batches.bin -o vectors.bin
  sgns-cat vectors.bin | tail -n 1 | grep -qE '^70000 -?[0-9.e-]+$'
  succeeds sgns-knn vectors.bin 70000 3
  assert_equal "$(wc -l <stdout)" 3
}

# ---- --memory ----

# with_tmpdir COMMAND...: runs COMMAND with the directory tmp for temporary files.
with_tmpdir() {
  mkdir -p tmp
  TMPDIR=$PWD/tmp "$@"
}

# leaves_no_temporary: that directory is empty again.
leaves_no_temporary() {
  assert_equal "$(ls -A tmp)" ''
}

@test "--memory does not affect the output" {
  # Several blocks, and enough words for ids of both widths.
  { seq 70000 | paste -d ' ' - - -; sample_text 30000 500; seq 70000; } >text
  for min_count in 10 1; do
    ptb-vocab -q -m $min_count text -o expected
    for memory in 0 1 262143 256K 513K 1M 1T; do
      succeeds with_tmpdir ptb-vocab -q -m $min_count --memory $memory -o out text
      cmp out expected
      leaves_no_temporary
    done
  done
}

@test "--memory writes a temporary file only if the text exceeds it" {
  yes a | head -n 65536 >text # 256 KiB, with the ends of lines
  succeeds env TMPDIR=missing ptb-vocab -q -m 1 --memory 256K -o out text
  fails_with 1 env TMPDIR=missing ptb-vocab -q -m 1 --memory 262143 -o out2 text
  says "cannot create a temporary file in 'missing': No such file or directory"
  leaves_nothing out2
}

@test "a limit on the size of a temporary file is an error and leaves no files" {
  seq 400000 >text
  status=0
  # 64 KiB for every file; messages must not go to one.
  said=$( (ulimit -f 64 && with_tmpdir ptb-vocab -q --memory 0 text 2>&1 >/dev/null) ) || status=$?
  assert_equal "$status" 1
  assert_equal "$said" "ptb-vocab: temporary file in '$PWD/tmp': write failed: File too large"
  leaves_no_temporary
}

@test "a full disk for temporary files is an error and leaves no files" {
  need_namespaces
  mkdir full
  seq 400000 >text
  # shellcheck disable=SC2016 # expanded by the inner shell
  fails_with 1 "${UNSHARE[@]}" bash -c 'mount -t tmpfs -o size=64k none full || exit
    TMPDIR=full "$@"; status=$?
    [ -z "$(ls -A full)" ] && exit $status' _ ptb-vocab -q --memory 0 text -o out
  says "ptb-vocab: temporary file in 'full': write failed: No space left on device"
  leaves_nothing out
}

@test "errors and signals leave no temporary file" {
  ! built_with_tsan || skip "TSan delays signals while a program waits for input"
  { seq 200000; printf 'x\0y\n'; } >text
  fails_with 3 with_tmpdir ptb-vocab -q --strict --memory 0 text -o out
  leaves_nothing out
  leaves_no_temporary
  mkfifo pipe
  TMPDIR=$PWD/tmp ptb-vocab -q --memory 0 pipe -o out &
  pid=$!
  exec {feed}>pipe
  seq 200000 >&"$feed"
  # After reading this much it has created its temporary file.
  for _ in {1..200}; do
    ! readlink /proc/$pid/fd/* | grep -qF "$PWD/tmp/" || break
    sleep 0.05
  done
  readlink /proc/$pid/fd/* | grep -F "$PWD/tmp/" | grep -q '(deleted)$'
  kill -s TERM $pid
  status=0
  wait $pid || status=$?
  assert_equal $status 143
  leaves_nothing out
  leaves_no_temporary
}

@test "with --memory the text is not kept in memory" {
  ! sanitized || skip "sanitizers use additional memory"
  yes 'a b c d e f g' | head -n 4000000 >text # 32 million tokens of 2 bytes: 64 MB
  for option in --memory=1M --count; do
    within_memory 48 succeeds ptb-vocab -q $option text -o out
  done
  sgns-cat out | tail -n 1 | grep -qx $'g\t4000000'
  # The limit is too small for the whole text.
  within_memory 48 fails_with 1 ptb-vocab -q --memory=1G text -o out
  says 'out of memory'
}

# ---- --threads ----

# A text of several blocks with all that a text can contain, and with words that are rare, long, or
# first occur late.
difficult_text() {
  sample_text 20000 400
  seq 70000 | paste -d '\t' - - -
  { yes 'nine char' | head -n 13000; letters 65535; echo; letters 65536; printf ' \v\n\n'; letters 400000; }
  printf '\nx\0y \xff\xfe \0\r\n <unk> '
  sample_text 9000 900
  seq 140000 -1 60000 | paste -d ' ' - - - - - - -
  printf 'last'
}

# same_for_threads ARGUMENT...: output and messages do not depend on the number of threads.
same_for_threads() {
  ptb-vocab -t 1 "$@" -o expected 2>said
  for threads in 2 3 7 0; do
    succeeds ptb-vocab --threads $threads "$@" -o out
    cmp out expected
    cmp stderr said
  done
}

@test "the same bytes for any number of threads" {
  difficult_text >text
  ptb-vocab -q --count text -o counts.bin
  for options in '-m 1' '-m 10' '-M 40' '--memory 0' '-m 1 --memory 100K' --count '--vocab counts.bin' \
    '-m 1 --vocab counts.bin'; do
    # shellcheck disable=SC2086 # several words
    same_for_threads $options text
  done
  # The corpus contains the whole text.
  ptb-vocab -q -t 3 -m 1 text | sgns-cat | tr -s '\t\v\f\r ' ' ' | cmp - <(sgns-cat expected)
}

@test "the Penn Treebank gives the same bytes for any number of threads" {
  need_ptb
  ptb-vocab -q --count "$PTB" -o counts.bin
  for options in '' --memory=100K --count --vocab=counts.bin; do
    same_for_threads ${options:+"$options"} "$PTB"
  done
}

@test "the number of threads is not recorded in the provenance" {
  ptb-vocab -q -t 2 -m 1 -o out <<<'a b'
  sgns-cat --header out | grep '^made by: ' >made
  run grep -q thread made
  assert_failure
}

@test "of several errors on several threads the first in the text is reported" {
  for i in {1..9}; do
    sample_text 10000 100
    printf 'a\0b %d\n' "$i"
  done >text
  first=$(LC_ALL=C grep -obUaP 'a\x00b 1' text | cut -d : -f 1)
  ptb-vocab -q --count -o counts.bin <<<'a'
  for mode in '' --count --vocab=counts.bin; do
    for threads in 1 2 7; do
      fails_with 3 ptb-vocab -q --strict -t $threads ${mode:+"$mode"} text -o out
      says "text: byte $first: word longer than 65535 bytes or with a zero byte"
      leaves_nothing out
    done
  done
}

@test "threads: a failing write gives one message, a broken pipe none" {
  sample_text 60000 300 >text
  to_full() { "$@" >/dev/full; }
  ptb-vocab -q --count text -o counts.bin
  for mode in -m1 --vocab=counts.bin; do
    fails_with 1 to_full ptb-vocab -q -t 3 $mode text
    says 'No space left on device'
    status=0
    (ptb-vocab -q -t 3 $mode text 2>said || echo $? >status) | head -c 100 >start
    assert_equal "$(<status)" 141
    assert_equal "$(<said)" ''
  done
}

@test "threads that cannot be created are an error" {
  ! sanitized || skip "sanitizers use additional memory"
  echo a >text
  within_memory 200 fails_with 1 ptb-vocab -q -t 1000 text -o out
  leaves_nothing out
}

# ---- input ----

@test "file, standard input, pipe and slow pipe give the same bytes" {
  sample_text 300 40 >text
  ptb-vocab -q text -o expected
  ptb-vocab -q - <text | cmp - expected
  ptb-vocab -q <text | cmp - expected
  # shellcheck disable=SC2002 # a pipe is needed
  cat text | ptb-vocab -q | cmp - expected
  slowly text | ptb-vocab -q | cmp - expected
}

@test "the numbers of sentences, tokens and words are reported at the end" {
  printf 'a b a\n\nc' >text
  succeeds ptb-vocab -m 1 text -o corpus.bin
  assert_equal "$(<stderr)" "ptb-vocab: 3 sentences, 4 tokens, vocabulary of 4 words"
}

@test "a text whose words are all too rare: a note names --min-count" {
  printf 'a b c\nd e f\n' | ptb-vocab 2>said >corpus.bin
  grep -qx 'ptb-vocab: no word occurs 10 times, so only <unk> is left: use a smaller --min-count' said
  printf 'a b c\nd e f\n' | ptb-vocab -m 1 2>said >corpus.bin
  run grep -q 'min-count' said
  assert_failure 1
}
