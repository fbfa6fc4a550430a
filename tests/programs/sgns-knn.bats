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
        for (i = 2; i in row; i++) if (i != query) {
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
  printf 'east\n' | sgns-knn v.bin north - west 1 | cmp - stdout
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
  sgns-cat --vocab v.bin | cut -f 1 >words
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
  assert_equal "$(<stderr)" "sgns-knn: 'eats' is not in the vocabulary
sgns-knn: 1 of 3 queries could not be answered"
  printf 'east\n\neats\nea st\neast - eats\nno\xfe\n' >asked
  exits_with 2 sgns-knn --tsv -o out v.bin - 1 <asked
  assert_equal "$(<out)" "$(printf 'east\t1\tnortheast\t0.707107')"
  assert_equal "$(<stderr)" "sgns-knn: stdin: line 3: 'eats' is not in the vocabulary
sgns-knn: stdin: line 4: 'ea st' is neither a word nor a sum of words such as 'a - b + c'
sgns-knn: stdin: line 5: 'eats' is not in the vocabulary
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
  typed $'ch\\t\nmicros\\t\\te\nmicrosco\\t' --tsv -o out -k 1 v.bin
  assert_equal "$(cut -f 1,3 out)" "$(printf 'chip\tmicroscopic\nmicroscope\tmicroscopic')"
  grep -q 'microscope  microscopic' shown
}

@test "without a terminal there is no prompt" {
  compass
  script -qec 'echo east | sgns-knn v.bin - 1; sgns-knn v.bin </dev/null; cat v.bin | sgns-knn - east 1' /dev/null </dev/null >shown
  run grep '> ' shown
  assert_failure
  assert_equal "$(grep -c '^cosine' shown)" 2
}
