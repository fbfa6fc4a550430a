#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

# vectors_of < ROWS: creates v.bin; each row is a word and its vector, the first word must be <unk>.
vectors_of() {
  "$SUPPORT/forge.py" --vectors >v.bin
}

# compass: creates v.bin with vectors in known directions from east.
compass() {
  vectors_of <<'END'
<unk> 0 0
east 1 0
northeast 3 3
north 0 2
nnw -0.6 0.8
west -5 0
steep 0.6 0.8
END
}

# ---- the answer ----

@test "the nearest words are printed by descending cosine, in the format of the book" {
  compass
  succeeds sgns-knn v.bin east 4
  prints 'cosine sim=0.707: northeast\ncosine sim=0.600: steep\ncosine sim=0.000: <unk>\ncosine sim=0.000: north\n'
  succeeds sgns-knn v.bin east
  prints 'cosine sim=0.707: northeast\ncosine sim=0.600: steep\ncosine sim=0.000: <unk>
cosine sim=0.000: north\ncosine sim=-0.600: nnw\ncosine sim=-1.000: west\n'
  assert_size_zero stderr
}

@test "the word itself is not in the answer, a word with the same vector is" {
  vectors_of <<'END'
<unk> 0 1
a 0.1 0.2
double 0.1 0.2
b 1 0
END
  succeeds sgns-knn v.bin a 10
  prints 'cosine sim=1.000: double\ncosine sim=0.894: <unk>\ncosine sim=0.447: b\n'
}

@test "the 1e-9 under the root makes short vectors less similar" {
  # (1e-5, 0) and (1, 0): 1e-5 / sqrt(1e-10 + 1e-9).
  vectors_of <<'END'
<unk> 0 0
a 1 0
short 0.00001 0
END
  succeeds sgns-knn v.bin a 1
  prints 'cosine sim=0.302: short\n'
}

@test "other lengths of vectors do not matter, even with numbers near the largest" {
  vectors_of <<'END'
<unk> 1 -1
a 0.001 0.001
b 3e38 3e38
c 3e38 -3e38
END
  for word in a b; do
    succeeds sgns-knn v.bin $word 1
    assert_equal "$(cut -d : -f 1 stdout)" 'cosine sim=1.000'
    succeeds sgns-knn v.bin $word 3
    tail -n 1 stdout | grep -qE '^cosine sim=-?0.000: (c|<unk>)$'
  done
}

@test "the answers are those computed from the rows" {
  sample_text 200 40 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 | sgns-train -q -d 12 --lr 0.01 -o v.bin
  sgns-cat v.bin >rows
  for word in w1 w5 w40 '<unk>'; do
    awk -v word="$word" '
      NR == 1 { next }
      { row[NR] = $0 }
      $1 == word { query = NR }
      END {
        dim = split(row[query], q, " ")
        for (i = 3; i in row; i++) if (i != query) { # without <unk>, which was not trained
          split(row[i], w, " ")
          dot = ww = qq = 0
          for (j = 2; j <= dim; j++) { dot += q[j] * w[j]; ww += w[j] * w[j]; qq += q[j] * q[j] }
          printf "%.12f cosine sim=%.3f: %s\n", dot / sqrt(ww * qq + 1e-9), dot / sqrt(ww * qq + 1e-9), w[1]
        }
      }' rows | sort -rg | cut -d ' ' -f 2- >expected
    succeeds sgns-knn v.bin "$word" 1000
    cmp stdout expected
    succeeds sgns-knn v.bin "$word"
    cmp stdout <(head -n 10 expected)
    succeeds sgns-knn v.bin "$word" 3
    cmp stdout <(head -n 3 expected)
  done
}

@test "if K exceeds the number of other words, all are printed" {
  compass
  for k in 6 7 100 2147483647; do
    succeeds sgns-knn v.bin east $k
    assert_equal "$(wc -l <stdout)" 6
  done
}

@test "a vocabulary of <unk> alone has no neighbours" {
  echo '<unk> 1 2' | vectors_of
  succeeds sgns-knn v.bin '<unk>'
  assert_size_zero stdout
}

@test "the answer is the same on any number of threads" {
  # Large enough for three threads, with many ties.
  awk 'BEGIN { print "<unk>" zeros(120); for (i = 0; i < 20000; i++) print "w" i, i % 11 - 5, i % 7, i % 5 zeros(117) }
    function zeros(n,   s) { while (n-- > 0) s = s " 0"; return s }' | vectors_of
  succeeds sgns-knn -t 1 v.bin w77 200
  mv stdout one
  for threads in 0 2 3 16; do
    sgns-knn --threads=$threads v.bin w77 200 | cmp - one
  done
  fails_with 2 sgns-knn --threads 1025 v.bin w77
}

@test "the stream can be read from a pipe" {
  compass
  succeeds sgns-knn - north 1 <v.bin
  prints 'cosine sim=0.800: nnw\n'
  slowly v.bin | sgns-knn - north 1 | cmp - stdout
}

@test "-o writes the answer to a file" {
  compass
  succeeds sgns-knn -o found v.bin east 1
  assert_equal "$(<found)" 'cosine sim=0.707: northeast'
  assert_size_zero stdout
}

# ---- words of any bytes ----

@test "words of any bytes can be queried and are printed unchanged" {
  printf '<unk> 1 0\n\xc3\xa9 0 5\n\x1b[31m 3 4\n\xff 0 3\n-x 4 3\n' | vectors_of
  succeeds sgns-knn v.bin $'\xff' 2
  prints 'cosine sim=1.000: \xc3\xa9\ncosine sim=0.800: \x1b[31m\n'
  succeeds sgns-knn v.bin é 1
  prints 'cosine sim=1.000: \xff\n'
  succeeds sgns-knn v.bin -- -x 1
  prints 'cosine sim=0.960: \x1b[31m\n'
}

@test "on a terminal, control bytes and invalid UTF-8 are escaped" {
  printf '<unk> 1 0\na 0 1\n\x1b[31m\xc3\xa9 0 2\n\xff 3 4\n\xc2\x9b 4 3\n' | vectors_of
  script -qec 'sgns-knn v.bin a 3' /dev/null </dev/null | tr -d '\r' >shown
  assert_equal "$(<shown)" 'cosine sim=1.000: \x1b[31mé
cosine sim=0.800: \xff
cosine sim=0.600: \xc2\x9b'
}

# ---- errors ----

@test "an unknown word is an error that names it and the closest spellings" {
  printf '%s 1 0\n' '<unk>' computer computers commuter chip ship zebra | vectors_of
  fails_with 6 sgns-knn v.bin computre
  says "'computre'"
  says 'computer'
  run grep -E 'zebra|chip|ship' stderr
  assert_failure 1
  fails_with 6 sgns-knn v.bin hcip
  says "'hcip'"
  says_like '(closest|mean).*\bchip\b'
  assert_size_zero stdout
}

@test "the closest spelling comes first; of equally close ones, the most frequent" {
  printf '%s 1 0\n' '<unk>' chips ships chip whip | vectors_of
  fails_with 6 sgns-knn v.bin chipp
  says_like 'chips, chip'
}

@test "an unknown word unlike any other is an error without suggestions" {
  printf '%s 1 0\n' '<unk>' computer chip | vectors_of
  for word in qqqqqqqq '' "$(head -c 70000 /dev/zero | tr '\0' q)"; do
    fails_with 6 sgns-knn v.bin "$word"
    run grep -E 'computer|chip' stderr
    assert_failure 1
  done
}

@test "an unknown word and the suggestions are escaped" {
  printf '<unk> 1 0\nch\x1b[31mip 1 1\n' | vectors_of
  fails_with 6 sgns-knn v.bin $'ch\e[31mop\n'
  run grep "$(printf '\033')" stderr
  assert_failure 1
  says '\x1b[31mop\x0a'
  says '\x1b[31mip'
}

@test "K must be a positive integer" {
  compass
  for k in 0 00 2147483648 99999999999999999999; do
    fails_with 2 sgns-knn v.bin east "$k"
    says "K=$k"
    assert_size_zero stdout
  done
  fails_with 2 sgns-knn v.bin east -1
}

@test "vectors and a query must be given unless standard input is a terminal" {
  compass
  fails_with 2 sgns-knn </dev/null
  fails_with 2 sgns-knn v.bin </dev/null
  says "'-' reads queries from standard input"
  fails_with 2 sgns-knn -k 3 v.bin < <(echo east)
  fails_with 2 sgns-knn --all --json --tsv v.bin
  fails_with 2 sgns-knn --all v.bin east
  fails_with 2 sgns-knn - - <v.bin
  # shellcheck disable=SC2094
  fails_with 2 sgns-knn v.bin - - <v.bin
  assert_size_zero stdout
}

@test "vectors that are not finite are refused" {
  for number in nan inf -inf; do
    printf '<unk> 0 0\na 1 0\nb 1 %s\n' $number | vectors_of
    fails_with 3 sgns-knn v.bin a -o out
    says_like '^sgns-knn: v.bin: byte [0-9]+.*finite'
    leaves_nothing out
  done
}

# ---- several queries ----

# numbered: creates v.bin with words that are numbers or signs.
numbered() {
  vectors_of <<'END'
<unk> 0 1
7 1 0
10 2 1
- 1 1
+ -1 0
END
}

@test "several words are answered in order, each under its name" {
  compass
  succeeds sgns-knn v.bin north east west 1
  prints 'north:\ncosine sim=0.800: nnw\n\neast:\ncosine sim=0.707: northeast\n\nwest:\ncosine sim=0.600: nnw\n'
  printf 'north\neast\r\n\nwest' | sgns-knn v.bin - 1 | cmp - stdout
  printf 'east\nwest\n' | sgns-knn v.bin north - -k 1 | cmp - stdout
  sgns-knn - north east west 1 <v.bin | cmp - stdout
}

@test "the last of several operands is K if it is a number, unless -k is given" {
  numbered
  succeeds sgns-knn v.bin 7
  assert_equal "$(wc -l <stdout)" 4
  succeeds sgns-knn v.bin 10 7
  assert_equal "$(wc -l <stdout)" 4
  succeeds sgns-knn --tsv v.bin 7 10 1
  prints '7\t1\t10\t0.894427\n10\t1\t-\t0.948683\n'
  succeeds sgns-knn --tsv -k 1 v.bin 7 10
  prints '7\t1\t10\t0.894427\n10\t1\t-\t0.948683\n'
  succeeds sgns-knn --tsv --neighbours=10 v.bin 7
  assert_equal "$(wc -l <stdout)" 4
  succeeds sgns-knn v.bin - 1 < <(echo -)
  prints '-:\ncosine sim=0.949: 10\n'
}

@test "--tsv prints query, rank, word and cosine" {
  compass
  succeeds sgns-knn --tsv v.bin east north 2
  prints 'east\t1\tnortheast\t0.707107\neast\t2\tsteep\t0.600000\nnorth\t1\tnnw\t0.800000\nnorth\t2\tsteep\t0.800000\n'
  succeeds sgns-knn --tsv v.bin east
  tail -n 1 stdout | grep -qxF $'east\t6\twest\t-1.000000'
}

@test "--json prints one object per line and preserves words of any bytes" {
  printf '<unk> 1 0\na 0 2\n"\\ 0 2\n\x01\x7f\xc2\x9b\xe2\x82\xac 0 2\n\xffx\xc3 3 4\n\xed\xa0\x80\xf4\x90\x80\x80 4 3\n' | vectors_of
  # shellcheck disable=SC1003
  succeeds sgns-knn --json v.bin a '"\' 3
  prints '{"query":"a","neighbours":[{"word":"\\"\\\\","cosine":1.000000},{"word":"\\u0001\\u007f\\u009b€","cosine":1.000000},{"word":"\\udcffx\\udcc3","cosine":0.800000}]}
{"query":"\\"\\\\","neighbours":[{"word":"a","cosine":1.000000},{"word":"\\u0001\\u007f\\u009b€","cosine":1.000000},{"word":"\\udcffx\\udcc3","cosine":0.800000}]}'
  sgns-cat --vocab v.bin | cut -f 1 | sgns-knn -j v.bin - 10 | python3 -c '
import json, sys
for line in sys.stdin:
    answer = json.loads(line)
    for word in [answer["query"]] + [n["word"] for n in answer["neighbours"]]:
        sys.stdout.buffer.write(word.encode("utf-8", "surrogateescape") + b"\n")' >words
  sgns-cat --vocab v.bin | cut -f 1 | LC_ALL=C sort >expected
  LC_ALL=C sort -u words | cmp - expected
  assert_equal "$(wc -l <words)" 36
}

@test "--all gives the same answers as querying the words one by one, for any number of threads" {
  sample_text 400 150 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 | sgns-train -q -d 12 --lr 0.01 -o v.bin
  succeeds sgns-knn --all v.bin 5
  # <unk> was not trained, and is neither a query nor an answer.
  sgns-cat --vocab v.bin | cut -f 1 | sed 1d >words
  assert_equal "$(cut -f 1 stdout | uniq | paste -sd ' ')" "$(paste -sd ' ' words)"
  assert_equal "$(wc -l <stdout)" $((5 * $(wc -l <words)))
  for threads in 1 3 16; do
    sgns-knn --all -t $threads -k 5 v.bin | cmp - stdout
    sgns-knn --tsv -t $threads v.bin - 5 <words | cmp - stdout
  done
  slowly words | sgns-knn --tsv v.bin - 5 | cmp - stdout
  while read -r word; do
    sgns-knn --tsv v.bin "$word" 5
  done <words | cmp - stdout
  sgns-knn -a --json v.bin 5 | cmp - <(sgns-knn --json v.bin - 5 <words)
  awk -F '\t' '$4 < -1 || $4 > 1 || $1 == $3 { bad = 1 } END { exit bad || NR == 0 }' stdout
}

@test "more queries than fit in a batch are answered, also with many neighbours" {
  # 3,000 words; with all of them as neighbours a batch is smaller.
  awk 'BEGIN { print "<unk> 1 0"; for (i = 1; i < 3000; i++) print "w" i, i % 11 - 5, i % 7 - 3 }' | vectors_of
  sgns-cat --vocab v.bin | cut -f 1 >words
  sgns-knn --tsv v.bin - 2 <words >two
  assert_equal "$(wc -l <two)" 6000
  succeeds sgns-knn --tsv v.bin - 2999 <words
  awk -F '\t' '$2 <= 2' stdout | cmp - two
  sgns-knn --all v.bin 2999 | cmp - stdout
}

@test "a vocabulary of one word has no neighbours in any mode" {
  echo '<unk> 1 2' | vectors_of
  succeeds sgns-knn --all v.bin
  assert_size_zero stdout
  succeeds sgns-knn --json v.bin - < <(echo '<unk>')
  prints '{"query":"<unk>","neighbours":[]}'
}

@test "each line is answered before the next is read" {
  compass
  mkfifo asked answered
  sgns-knn --tsv v.bin - 1 <asked >answered &
  exec {to}>asked {from}<answered
  for word in east north west; do
    echo $word >&$to
    read -r -t 20 -u $from line
    assert_equal "${line%%$'\t'*}" $word
  done
  exec {to}>&- {from}<&-
  wait $!
}

@test "unknown words are reported and counted, and the other words are answered" {
  compass
  exits_with 6 sgns-knn --tsv v.bin east eats north 1
  prints 'east\t1\tnortheast\t0.707107\nnorth\t1\tnnw\t0.800000\n'
  assert_equal "$(<stderr)" "sgns-knn: v.bin: 'eats' is not in the vocabulary; closest: east
sgns-knn: 1 of 3 queries could not be answered"
  printf 'east\n\neats\nea st\neast - eats\nno\xfe\n' >asked
  exits_with 2 sgns-knn --tsv -o out v.bin - 1 <asked
  assert_equal "$(<out)" "$(printf 'east\t1\tnortheast\t0.707107')"
  assert_equal "$(<stderr)" "sgns-knn: stdin: line 3: 'eats' is not in the vocabulary; closest: east
sgns-knn: stdin: line 4: 'ea st' is neither a word nor a sum of words such as 'a - b + c', with spaces around + and -; closest: east
sgns-knn: stdin: line 5: 'eats' is not in the vocabulary; closest: east
sgns-knn: stdin: line 6: 'no\\xfe' is not in the vocabulary
sgns-knn: 4 of 5 queries could not be answered"
  fails_with 2 sgns-knn -q v.bin - 1 <asked
  says '4 of 5 queries'
  fails_with 6 sgns-knn -q v.bin - 1 < <(grep -av ' ' asked)
  says '2 of 3 queries'
}

@test "standard input may be empty or long; a line that is too long is refused" {
  compass
  succeeds sgns-knn v.bin - </dev/null
  assert_size_zero stdout
  fails_with 3 sgns-knn v.bin - < <(echo east; head -c 2000000 /dev/zero | tr '\0' a)
  says 'stdin: line 2: longer than 1048576 bytes'
  fails_with 1 sgns-knn v.bin - <.
  says_like '^sgns-knn: stdin: .*Is a directory$'
  printf 'east\n' >list
  # shellcheck disable=SC2094 # the mistake under test
  fails_with 2 sgns-knn v.bin - -o list <list
  assert_equal "$(<list)" east
  # A long list takes no more memory than a short one.
  yes north | head -n 300000 >long
  within_memory 200 sgns-knn --tsv v.bin - 6 <long | awk 'END { exit NR != 1800000 }'
}

# ---- sums ----

@test "a sum of words is answered by the sum of their unit vectors" {
  vectors_of <<'END'
<unk> -1 -1 -1
man 2 0 0
king 3 3 0
woman 0 0 0.5
queen 0 1 1
prince 1 1 0
END
  # (1,1,0)/sqrt2 - (1,0,0) + (0,0,1)
  succeeds sgns-knn --tsv v.bin 'king - man + woman'
  prints 'king - man + woman\t1\tqueen\t0.958569\nking - man + woman\t2\tprince\t0.232588\nking - man + woman\t3\t<unk>\t-0.648384\n'
  for form in ' king  -  man  +  woman ' 'woman + king - man'; do
    sgns-knn v.bin "$form" | cmp - <(sgns-knn v.bin 'king - man + woman')
  done
  # The length of a word's vector does not matter; adding a word to itself changes nothing.
  sgns-knn v.bin 'king + king' | cmp - <(sgns-knn v.bin king)
  # In a list, among words.
  printf 'queen\nking - man + woman\nman\n' | sgns-knn --tsv v.bin - 2 >list
  for query in queen 'king - man + woman' man; do sgns-knn --tsv v.bin "$query" 2; done | cmp - list
  # The sum is zero.
  succeeds sgns-knn v.bin 'man - man' 1
  prints 'cosine sim=0.000: <unk>'
}

# same_sums EXPECTED: the answers to the queries in `asked` are those of EXPECTED, up to the
# precision of float32.
same_sums() {
  sgns-knn --tsv v.bin - 7 <asked >found
  cut -f 1-3 found | cmp - <(cut -f 1-3 "$1")
  paste found "$1" | awk -F '\t' '($4 - $8) ^ 2 > 2.1e-6 ^ 2 { bad = 1 } END { exit bad || NR != 7 * 39 }'
}

@test "answers to sums are those of an independent implementation and of gensim" {
  sample_text 300 60 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 | sgns-train -q -d 12 --lr 0.01 -o v.bin
  sgns-cat v.bin >rows
  awk 'BEGIN { for (i = 1; i < 40; i++) printf "w%d - w%d + w%d\n", i, i * 7 % 41 + 1, i * 5 % 43 + 1 }' >asked
  "$SUPPORT/plain_eval.py" sums rows <asked >expected
  same_sums expected
  need_gensim
  /usr/bin/python3 "$SUPPORT/gensim_eval.py" --sums rows <asked >expected
  same_sums expected
}

@test "in place of a word, + and - are taken literally; a query that is a word means that word" {
  numbered
  succeeds sgns-knn --tsv -k 1 v.bin -- '- - +' '+ + 7'
  # (1,1)/sqrt2 + (1,0); (-1,0) + (1,0)
  prints '- - +\t1\t10\t0.997484\n+ + 7\t1\t<unk>\t0.000000\n'
  succeeds sgns-knn --tsv -k 1 v.bin ' 7 '
  prints '7\t1\t10\t0.894427\n'
  for query in '7 -' '- 7' '7 10' '7 * 10' '7 + 10 10' '7 - - 10'; do
    fails_with 2 sgns-knn -k 1 v.bin -- "$query"
    says "'$query' is "
    assert_size_zero stdout
  done
  fails_with 6 sgns-knn -k 1 v.bin '7-10'
  fails_with 6 sgns-knn v.bin '7 - 11'
  says "v.bin: '11' is not in the vocabulary; closest: 10"
}

# ---- operands as sums ----

@test "a lone + or - between operands joins them into a sum" {
  compass
  for form in 'north - east' 'north + west - nnw + east'; do
    # shellcheck disable=SC2086 # words of their own, as a user types them
    succeeds sgns-knn v.bin $form 2
    sgns-knn v.bin "$form" 2 | cmp - stdout
  done
  succeeds sgns-knn --tsv v.bin west north - east steep + west + north nnw 1
  assert_equal "$(cut -f 1 stdout)" "$(printf 'west\nnorth - east\nsteep + west + north\nnnw')"
  # The minus sign of a text processor.
  succeeds sgns-knn v.bin 'north − east' 2
  sgns-knn v.bin 'north - east' 2 | cmp - stdout
  # First or last, - is standard input.
  echo west | sgns-knn --tsv -k 1 v.bin - north + east | cut -f 1 | cmp - <(printf 'west\nnorth + east\n')
  echo west | sgns-knn --tsv -k 1 v.bin north + east - | cut -f 1 | cmp - <(printf 'north + east\nwest\n')
}

@test "an operand that may be K or the last word of a sum is an error that shows both forms" {
  numbered
  for sign in + -; do
    fails_with 2 sgns-knn v.bin 7 $sign 10 </dev/null
    says "use -k 10"
    says "'7 $sign 10'"
  done
  fails_with 2 sgns-knn v.bin 7 10 + 7 - 10 + 7 </dev/null
  says "write '10 + 7 - 10 + 7' as one argument"
  exits_with 6 sgns-knn v.bin 7 5 10 1
  says "'5' is not in the vocabulary; the number of neighbours follows the queries, or -k"
  succeeds sgns-knn -k 1 v.bin 7 - 10
  sgns-knn v.bin '7 - 10' 1 | cmp - stdout
  succeeds sgns-knn -k 10 v.bin 7 - </dev/null
  for operands in '7 - + 10 7' '+ - 7 7' '- + 7 7'; do
    # shellcheck disable=SC2086
    fails_with 2 sgns-knn -k 1 v.bin $operands </dev/null
    says "as one argument"
  done
}

@test "a sum without spaces is shown with spaces" {
  printf '%s 1 0\n' '<unk>' king man woman father-in-law -x | vectors_of
  fails_with 6 sgns-knn v.bin king-man+woman
  says "a sum has spaces: 'king - man + woman'"
  exits_with 6 sgns-knn v.bin king +man
  says "'+ man'"
  for query in man- man--king king+mann father-in-laws; do
    exits_with 6 sgns-knn v.bin $query
    run grep spaces stderr
    assert_failure 1
  done
  fails_with 2 sgns-knn v.bin 'king -man'
  says 'with spaces around + and -'
  fails_with 2 sgns-knn v.bin king -man
  says 'sgns-knn VECTORS -- -WORD'
  says "spaces around it, as in king - man"
  fails_with 2 sgns-knn v.bin -kind
  says 'sgns-knn VECTORS -- -WORD'
  fails_with 2 sgns-knn -k x v.bin king
  run grep -e '-WORD' stderr
  assert_failure 1
  succeeds sgns-knn v.bin -k 1 -- -x
}

@test "a last operand that is a number and a word is noted, with the other way to write it" {
  numbered
  succeeds sgns-knn v.bin 7
  assert_equal "$(<stderr)" 'sgns-knn: 7 is the query here; to set the number of neighbours, use -k 7'
  succeeds sgns-knn v.bin 10 7
  assert_equal "$(<stderr)" 'sgns-knn: 7 is K here, the number of neighbours; to query the word 7, set K with -k'
  printf '%s 1 0\n' '<unk>' king 7 100 | vectors_of
  succeeds sgns-knn v.bin king 100
  assert_equal "$(<stderr)" 'sgns-knn: 100 is K here, the number of neighbours; to query the word 100, set K with -k'
  for quiet in 'v.bin king 7' 'v.bin 7 king 7' '--all v.bin 7' '--all v.bin 100'; do
    # shellcheck disable=SC2086
    succeeds sgns-knn $quiet
    assert_size_zero stderr
  done
  numbered
  for quiet in 'v.bin 10 2' '-k 1 v.bin 7' '-k 1 v.bin 10 7' '-q v.bin 10 7'; do
    # shellcheck disable=SC2086
    succeeds sgns-knn $quiet
    assert_size_zero stderr
  done
}

# ---- unknown words and scripts ----

@test "a suggestion ignores case, and the separator of a phrase" {
  printf '%s 1 0\n' '<unk>' ibn ibm ib new_york straße Ökonomie word | vectors_of
  fails_with 6 sgns-knn v.bin IBM
  says "'IBM' is not in the vocabulary; closest: ibm,"
  fails_with 6 sgns-knn v.bin new-york
  says 'closest: new_york'
  fails_with 2 sgns-knn v.bin 'New York'
  says 'closest: new_york'
  fails_with 6 sgns-knn v.bin ökonomie
  says 'closest: Ökonomie'
  fails_with 6 sgns-knn v.bin W
  run grep closest stderr
  assert_failure 1
  fails_with 6 sgns-knn v.bin 'IBN - wird + xyz'
  says "'IBN' is not in the vocabulary; closest: ibn, ibm, ib; 'wird' is not in the vocabulary; closest: word; 'xyz' is not in the vocabulary"
}

@test "many unknown words take no longer than the search for suggestions may" {
  awk 'BEGIN { print "<unk> 1"; for (i = 0; i < 200000; i++) print "word" i, 1 }' | vectors_of
  awk 'BEGIN { for (i = 0; i < 20000; i++) print "wird" i }' >asked
  exits_with 6 timeout 60 sgns-knn -k 1 v.bin - <asked
  grep -q closest stderr
  tail -n 2 stderr | head -n 1 | grep -qx "sgns-knn: stdin: line 20000: 'wird19999' is not in the vocabulary"
}

@test "--json has one line per query, also for one that cannot be answered" {
  compass
  exits_with 6 sgns-knn --json v.bin east eats 'north - "x" + y' north 1
  prints '{"query":"east","neighbours":[{"word":"northeast","cosine":0.707107}]}
{"query":"eats","error":"unknown word","unknown":["eats"]}
{"query":"north - \\"x\\" + y","error":"unknown word","unknown":["\\"x\\"","y"]}
{"query":"north","neighbours":[{"word":"nnw","cosine":0.800000}]}'
  fails_with 6 sgns-knn --json -o out v.bin eats
  assert_equal "$(<out)" '{"query":"eats","error":"unknown word","unknown":["eats"]}'
  exits_with 2 sgns-knn --json v.bin - 1 < <(printf 'ea st\neats\n')
  prints '{"query":"ea st","error":"invalid query"}\n{"query":"eats","error":"unknown word","unknown":["eats"]}'
  fails_with 6 sgns-knn --tsv -o none v.bin eats
  leaves_nothing none
}

# ---- pairs, odd words, vectors, fewer words ----

@test "--pairs prints the cosine of each pair" {
  compass
  succeeds sgns-knn --pairs v.bin east steep nnw west
  prints 'cosine sim=0.600: east steep\ncosine sim=0.600: nnw west\n'
  succeeds sgns-knn --pairs --tsv v.bin east north east northeast
  prints 'east\tnorth\t0.000000\neast\tnortheast\t0.707107\n'
  printf 'east north\n \neast\tnortheast\n' | sgns-knn --pairs --tsv v.bin - | cmp - stdout
  succeeds sgns-knn --pairs --json v.bin east west
  prints '{"words":["east","west"],"cosine":-1.000000}'
  # The same cosine as among the neighbours.
  sgns-knn --all v.bin >graph
  cut -f 1,3 graph | sgns-knn --pairs --tsv v.bin - | cmp - <(cut -f 1,3,4 graph)
  fails_with 2 sgns-knn --pairs v.bin east north west
  says 'expected pairs of words, found 3 words'
  # In quotes, each is a query; but not if it is a word.
  sgns-knn --pairs --tsv v.bin 'east north' 'east northeast' >quoted
  printf 'east north\neast northeast\n' | sgns-knn --pairs --tsv v.bin - | cmp - quoted
  sgns-knn --odd v.bin 'east west steep' | cmp - <(sgns-knn --odd v.bin east west steep)
  exits_with 6 sgns-knn --pairs --json v.bin east eats north east
  prints '{"query":"east eats","error":"unknown word","unknown":["eats"]}\n{"words":["north","east"],"cosine":0.000000}'
  exits_with 2 sgns-knn --pairs v.bin - < <(printf 'east\neast west\n')
  says 'stdin: line 1: expected 2 words, found 1'
  prints 'cosine sim=-1.000: east west'
}

@test "--odd prints the word that fits least, as gensim does" {
  compass
  # Unit vectors (1,0), (.7,.7), (.6,.8), (-1,0): the mean is (1.307,1.507) / 4.
  succeeds sgns-knn --odd v.bin east west northeast steep
  prints 'cosine sim=-0.655: west'
  succeeds sgns-knn --odd --tsv v.bin east west northeast steep
  prints 'east west northeast steep\twest\t-0.655202'
  echo 'east west  northeast steep' | sgns-knn --odd --tsv v.bin - | cmp - stdout
  succeeds sgns-knn --odd --json v.bin east west northeast steep
  prints '{"words":["east","west","northeast","steep"],"odd":"west","cosine":-0.655202}'
  fails_with 2 sgns-knn --odd v.bin east west
  says 'at least 3 words, found 2'
  fails_with 6 sgns-knn --odd v.bin east wets north eats
  says "'wets' is not in the vocabulary; closest: west; 'eats' is not in the vocabulary; closest: east"
  need_gensim
  sample_text 300 60 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 | sgns-train -q -d 12 --lr 0.01 -o v.bin
  sgns-convert -q --to word2vec -o v.txt v.bin
  awk 'BEGIN { for (i = 1; i < 40; i++) printf "w%d w%d w%d w%d\n", i, i * 7 % 41 + 1, i * 5 % 43 + 1, i * 3 % 37 + 1 }' >asked
  /usr/bin/python3 -c '
import sys, gensim
vectors = gensim.models.KeyedVectors.load_word2vec_format("v.txt")
for line in sys.stdin:
    print(vectors.doesnt_match(line.split()))' <asked >expected
  sgns-knn --odd --tsv v.bin - <asked | cut -f 2 | cmp - expected
}

@test "--vector finds the words nearest to a vector" {
  compass
  succeeds sgns-knn --vector --tsv -k 2 v.bin 0.3 1e-7
  prints 'vector 1\t1\teast\t1.000000\nvector 1\t2\tnortheast\t0.707107'
  sgns-knn --vector --tsv -k 2 v.bin '0.3 1e-7' | cmp - stdout
  printf '0.3 1e-7\n' | sgns-knn --vector --tsv v.bin - 2 | cmp - stdout
  # The word before a vector is its name: it is not excluded, and need not be known.
  sgns-cat v.bin north | sed s/north/NORTH/ >rows
  sgns-cat v.bin nnw >>rows
  succeeds sgns-knn --vector --tsv v.bin - 1 <rows
  prints 'NORTH\t1\tnorth\t1.000000\nnnw\t1\tnnw\t1.000000'
  succeeds sgns-knn --vector v.bin -- -1 0
  assert_equal "$(head -n 1 stdout)" 'cosine sim=1.000: west'
  # The output of sgns-cat, and a file of word2vec, begin with a line that is no vector.
  printf '%s\n' '<unk> 1 0 0' 'a 1 2 3' 'b 3 2 1' | "$SUPPORT/forge.py" --vectors >three.bin
  succeeds sgns-knn --vector --tsv three.bin - 1 < <(sgns-cat three.bin)
  prints '<unk>\t1\t<unk>\t1.000000\na\t1\ta\t1.000000\nb\t1\tb\t1.000000'
  fails_with 2 sgns-knn --vector v.bin 1
  says 'expected a vector of 2 numbers, which may follow a word; found 1 item'
  for number in nan inf 1e39 0x1 1,5 x "$(printf '1%.0s' {1..100})"; do
    fails_with 2 sgns-knn --vector v.bin 1 "$number"
    says "'$number' is not a number"
  done
  exits_with 2 sgns-knn --vector --json -k 1 v.bin - < <(printf 'a 1 0 0\nb 1 0\n')
  prints '{"query":"a 1 0 0","error":"invalid query"}\n{"query":"b","neighbours":[{"word":"east","cosine":1.000000}]}'
}

@test "--restrict finds only the first words, --min-cosine only near ones" {
  compass
  succeeds sgns-knn --restrict 4 --tsv v.bin steep
  prints 'steep\t1\tnortheast\t0.989949\nsteep\t2\tnorth\t0.800000\nsteep\t3\teast\t0.600000\nsteep\t4\t<unk>\t0.000000'
  succeeds sgns-knn --restrict 4 --tsv --min-cosine 0.6 v.bin steep east
  prints 'steep\t1\tnortheast\t0.989949\nsteep\t2\tnorth\t0.800000\nsteep\t3\teast\t0.600000\neast\t1\tnortheast\t0.707107'
  for n in 0 7 1000; do
    sgns-knn --restrict $n v.bin steep | cmp - <(sgns-knn v.bin steep)
  done
  # The graph of the first words.
  succeeds sgns-knn --all --restrict 3 v.bin
  assert_equal "$(cut -f 1,3 stdout | tr '\t\n' ' ,')" '<unk> east,<unk> northeast,east northeast,east <unk>,northeast east,northeast <unk>,'
  sgns-knn --all v.bin | awk -F '\t' '$4 >= 0.6' >expected
  sgns-knn --all --min-cosine 0.6 v.bin | cmp - expected
  # Many words, searched in batches.
  awk 'BEGIN { print "<unk> 1 0"; for (i = 1; i < 3000; i++) print "w" i, i % 11 - 5, i % 7 - 3.5 }' | vectors_of
  seq -f w%.0f 900 1100 >asked
  sgns-knn --tsv v.bin - 3000 <asked | awk -F '\t' '$3 == "<unk>" || substr($3, 2) + 0 < 1000' |
    awk -F '\t' '$1 != last { last = $1; n = 0 } ++n <= 20 { print $1, $3, $4 }' >expected
  sgns-knn --tsv --restrict 1000 v.bin - 20 <asked | cut -f 1,3,4 | tr '\t' ' ' | cmp - expected
}

@test "options that have no effect together are refused" {
  compass
  for two in '--pairs --odd' '--vector --all' '--pairs -k 3' '--odd --restrict 3' '--pairs --min-cosine 0' \
    '--odd --unk' '--pairs --device cuda'; do
    # shellcheck disable=SC2086
    fails_with 2 sgns-knn $two v.bin east west north steep
  done
  fails_with 2 sgns-knn --min-cosine 1.5 v.bin east
}

@test "<unk> is no neighbour if sgns-train made the vectors" {
  sample_text 300 60 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 | sgns-train -q -d 4 --lr 0.01 -o v.bin
  words=$(sgns-cat --vocab v.bin | wc -l)
  for query in w1 'w1 - w2'; do
    sgns-knn --tsv v.bin "$query" 1000 | cut -f 3 >found
    run grep -F '<unk>' found
    assert_failure 1
    sgns-knn --tsv --unk v.bin "$query" 1000 | cut -f 3 | grep -vxF '<unk>' | cmp - found
  done
  sgns-cat v.bin w1 | sgns-knn --vector --tsv v.bin - 1000 | wc -l | grep -qx $((words - 1))
  # It can still be asked for.
  sgns-knn --tsv v.bin '<unk>' 1000 | wc -l | grep -qx $((words - 1))
  sgns-knn --all v.bin 1000 >graph
  assert_equal "$(wc -l <graph)" $(((words - 1) * (words - 2)))
  run grep -F '<unk>' graph
  assert_failure 1
  sgns-knn --all --unk v.bin 1000 | wc -l | grep -qx $((words * (words - 1)))
  # Other programs may have trained it.
  sgns-convert -q --to word2vec v.bin | sgns-convert -q -o other.bin
  sgns-knn --tsv other.bin w1 1000 | cut -f 3 | grep -qxF '<unk>'
}

# ---- at a terminal ----

# typed QUERIES ARGUMENT...: runs sgns-knn at a terminal, where a user types the queries one by one,
# after the prompt. The terminal's output goes to the file shown.
typed() {
  local command
  command=$(printf '%q ' sgns-knn "${@:2}")
  {
    while IFS= read -r line; do
      sleep 0.5
      printf '%b\n' "$line"
    done <<<"$1"
    sleep 0.5
  } | TERM=dumb script -qec "$command" /dev/null | tr -d '\r' >shown
}

@test "at a terminal a prompt answers words and sums and suggests spellings" {
  compass
  typed $'east\neats\n\nnorth - east' -k 1 v.bin
  grep -q '^> ' shown
  grep -qx 'cosine sim=0.707: northeast' shown
  grep -qF "'eats' is not in the vocabulary; closest: east" shown
  grep -qx 'cosine sim=0.990: nnw' shown
  [ "$(grep -c '^cosine' shown)" -eq 2 ]
  # The answers can go to a file, the prompt does not.
  typed $'east\nnorth' --tsv -o out -k 1 v.bin
  assert_equal "$(<out)" "$(sgns-knn --tsv -k 1 v.bin east north)"
  typed $'east' v.bin - 1
  grep -q '^> ' shown
}

@test "the prompt says how to leave and takes the operands of a command line" {
  compass
  typed $'north - east 1\neast north 1\neast 2' v.bin
  grep -q '^sgns-knn: type a word, or a sum.*exit leaves$' shown
  grep -v '^>\|^sgns-knn' shown | sed '/^$/d' >answers
  assert_equal "$(<answers)" "$(sgns-knn v.bin 'north - east' 1; sgns-knn v.bin east north 1 | sed '/^$/d'; sgns-knn v.bin east 2)"
  # -k: no number is K.
  typed $'east 2\neast' -k 1 v.bin
  grep -qF "'2' is not in the vocabulary" shown
  [ "$(grep -c '^cosine' shown)" -eq 2 ]
  # What cannot be answered is shown even with -q, and the exit status is 0.
  typed $'eats\neast - + x\nexit\neast' -q v.bin
  grep -q "^sgns-knn: v.bin: 'eats' is not" shown
  grep -q "^sgns-knn: east - +: write a sum" shown
  run grep -E '^cosine|type a word' shown
  assert_failure 1
}

@test "at the prompt, help, exit and quit are commands; after a space they are words" {
  printf '%s\n' '<unk> 0 0' 'help 1 0' 'exit 1 1' 'quit 0 1' | vectors_of
  typed $'help\n help 1\n exit\nexit\nquit 1' -q v.bin
  grep -q '^exit, quit or Ctrl-D leaves' shown
  [ "$(grep -c '^cosine' shown)" -eq 4 ]
  typed $'?\nquit\nexit 1' -q v.bin
  grep -q '^Type a word' shown
  run grep '^cosine' shown
  assert_failure 1
  for mode in pairs:'two words' odd:'three words' vector:'a vector'; do
    typed $'help 1 0\nhelp exit\nhelp exit quit\n' "--${mode%%:*}" v.bin
    grep -q "sgns-knn: type ${mode#*:}" shown
    grep -q '^cosine' shown
  done
}

@test "at the prompt, Ctrl-C drops the line" {
  compass
  typed $'nor\\x03east' -k 1 v.bin
  grep -q 'cosine sim=0.707: northeast$' shown
  run grep 'not in the vocabulary' shown
  assert_failure 1
}

@test "at a terminal the tab key completes words" {
  edits_lines() { ldd "$BUILD/bin/sgns-knn" | grep -q libedit; }
  need_peer 'a build with libedit' edits_lines
  vectors_of <<'END'
<unk> 0 0
micro 1 0
microscope 1 1
microscopic 1 2
chip 0 1
END
  typed $'ch\\t\nmicros\\t\\te\nmicrosco\\t\nchip - mi\\tscope + ch\\t' --tsv -o out -k 1 v.bin
  assert_equal "$(cut -f 1,3 out)" "$(printf 'chip\tmicroscopic\nmicroscope\tmicroscopic\nchip - microscope + chip\tmicroscopic')"
  grep -q 'microscope  microscopic' shown
}

@test "without a terminal there is no prompt" {
  compass
  script -qec 'echo east | sgns-knn v.bin - 1; sgns-knn v.bin </dev/null; cat v.bin | sgns-knn - east 1' /dev/null </dev/null >shown
  run grep '> ' shown
  assert_failure
  assert_equal "$(grep -c '^cosine' shown)" 2
}
