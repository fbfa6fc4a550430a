#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# vectors_of < ROWS: makes v.bin of a word and its numbers in each line; the first must be <unk>.
vectors_of() {
  "$BATS_TEST_DIRNAME/forge.py" --vectors >v.bin
}

# compass: v.bin with vectors in known directions from east.
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

@test "the nearest words come by falling cosine, in the form of the book" {
  compass
  succeeds sgns-knn v.bin east 4
  prints 'cosine sim=0.707: northeast\ncosine sim=0.600: steep\ncosine sim=0.000: <unk>\ncosine sim=0.000: north\n'
  succeeds sgns-knn v.bin east
  prints 'cosine sim=0.707: northeast\ncosine sim=0.600: steep\ncosine sim=0.000: <unk>
cosine sim=0.000: north\ncosine sim=-0.600: nnw\ncosine sim=-1.000: west\n'
  assert_size_zero stderr
}

@test "the word itself is not in the answer, its double is" {
  vectors_of <<'END'
<unk> 0 1
a 0.1 0.2
double 0.1 0.2
b 1 0
END
  succeeds sgns-knn v.bin a 10
  prints 'cosine sim=1.000: double\ncosine sim=0.894: <unk>\ncosine sim=0.447: b\n'
}

@test "1e-9 under the root: short vectors are less alike" {
  # (1e-5, 0) and (1, 0): 1e-5 / sqrt(1e-10 + 1e-9).
  vectors_of <<'END'
<unk> 0 0
a 1 0
short 0.00001 0
END
  succeeds sgns-knn v.bin a 1
  prints 'cosine sim=0.302: short\n'
}

@test "lengths do not matter otherwise, nor do numbers near the largest" {
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

@test "it agrees with the cosines computed from the rows" {
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

@test "a larger K than there are other words gives all of them" {
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
  # Large enough for three threads, and with many ties.
  awk 'BEGIN { print "<unk>" zeros(120); for (i = 0; i < 20000; i++) print "w" i, i % 11 - 5, i % 7, i % 5 zeros(117) }
    function zeros(n,   s) { while (n-- > 0) s = s " 0"; return s }' | vectors_of
  succeeds sgns-knn -t 1 v.bin w77 200
  mv stdout one
  for threads in 0 2 3 16; do
    sgns-knn --threads=$threads v.bin w77 200 | cmp - one
  done
  fails_with 2 sgns-knn --threads 1025 v.bin w77
}

@test "the stream can come from a pipe" {
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

@test "words of any bytes can be asked for, and are printed as they are" {
  printf '<unk> 1 0\n\xc3\xa9 0 5\n\x1b[31m 3 4\n\xff 0 3\n-x 4 3\n' | vectors_of
  succeeds sgns-knn v.bin $'\xff' 2
  prints 'cosine sim=1.000: \xc3\xa9\ncosine sim=0.800: \x1b[31m\n'
  succeeds sgns-knn v.bin é 1
  prints 'cosine sim=1.000: \xff\n'
  succeeds sgns-knn v.bin -- -x 1
  prints 'cosine sim=0.960: \x1b[31m\n'
}

@test "on a terminal control bytes and broken UTF-8 are escaped" {
  printf '<unk> 1 0\na 0 1\n\x1b[31m\xc3\xa9 0 2\n\xff 3 4\n\xc2\x9b 4 3\n' | vectors_of
  script -qec 'sgns-knn v.bin a 3' /dev/null </dev/null | tr -d '\r' >shown
  assert_equal "$(<shown)" 'cosine sim=1.000: \x1b[31mé
cosine sim=0.800: \xff
cosine sim=0.600: \xc2\x9b'
}

# ---- mistakes ----

@test "an unknown word is an error that names it and the closest spellings" {
  printf '%s 1 0\n' '<unk>' computer computers commuter chip ship zebra | vectors_of
  fails_with 2 sgns-knn v.bin computre
  says "'computre'"
  says 'computer'
  run grep -E 'zebra|chip|ship' stderr
  assert_failure 1
  fails_with 2 sgns-knn v.bin hcip
  says "'hcip'"
  says_like '(closest|mean).*\bchip\b'
  assert_size_zero stdout
}

@test "of the spellings the closest comes first, of equal ones the more frequent" {
  printf '%s 1 0\n' '<unk>' chips ships chip whip | vectors_of
  fails_with 2 sgns-knn v.bin chipp
  says_like 'chips, chip'
}

@test "an unknown word like no other is an error without an offer" {
  printf '%s 1 0\n' '<unk>' computer chip | vectors_of
  for word in qqqqqqqq '' "$(head -c 70000 /dev/zero | tr '\0' q)"; do
    fails_with 2 sgns-knn v.bin "$word"
    run grep -E 'computer|chip' stderr
    assert_failure 1
  done
}

@test "an unknown word and the offers are escaped" {
  printf '<unk> 1 0\nch\x1b[31mip 1 1\n' | vectors_of
  fails_with 2 sgns-knn v.bin $'ch\e[31mop\n'
  run grep "$(printf '\033')" stderr
  assert_failure 1
  says '\x1b[31mop\x0a'
  says '\x1b[31mip'
}

@test "K must be a whole number from 1" {
  compass
  for k in 0 abc 1x '' ' 1' 1.5 +1 2147483648 99999999999999999999; do
    fails_with 2 sgns-knn v.bin east "$k"
    assert_size_zero stdout
  done
  fails_with 2 sgns-knn v.bin east -1
  fails_with 2 sgns-knn v.bin east -- -1
}

@test "the vectors and a word must be given" {
  compass
  fails_with 2 sgns-knn
  fails_with 2 sgns-knn v.bin
  fails_with 2 sgns-knn v.bin east 1 more
}

@test "vectors that are not finite are refused" {
  for number in nan inf -inf; do
    printf '<unk> 0 0\na 1 0\nb 1 %s\n' $number | vectors_of
    fails_with 3 sgns-knn v.bin a -o out
    says_like '^sgns-knn: v.bin: byte [0-9]+.*finite'
    leaves_nothing out
  done
}
