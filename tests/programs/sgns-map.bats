#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sgns-map: which words are placed, what is printed, and how well the maps show the vectors. The computation
# is tested in library/test_map.c.

load ../support/helper

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  "$ROOT/pipelines/sample-corpus" 3000 >text
  ptb-vocab -q text | sgns-batch -q -e 10 | sgns-train -q -o emb.bin
  sgns-cat --vocab emb.bin | cut -f 1 | tail -n +2 >vocabulary
  "$ROOT/pipelines/sample-corpus" --topics >topics # topic, word
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/* .
}

words() {
  cut -f 1 stdout | paste -sd ' '
}

@test "the words of the command line, in their order, each once, with or without groups" {
  mapfile -t word < <(head -n 6 vocabulary)
  succeeds sgns-map emb.bin "${word[5]}" "${word[2]}" "${word[5]}" "${word[0]}"
  assert_equal "$(words)" "${word[5]} ${word[2]} ${word[0]}"
  assert_equal "$(awk -F '\t' '{ print NF }' stdout | sort -u)" 3
  succeeds sgns-map emb.bin "${word[5]}" / "${word[2]}" "${word[3]}" / "${word[5]}" "${word[0]}"
  assert_equal "$(cut -f 1,4 stdout | paste -sd ' ')" \
    "$(printf '%s\t1 %s\t2 %s\t2 %s\t3' "${word[5]}" "${word[2]}" "${word[3]}" "${word[0]}")"
  succeeds sgns-map emb.bin '<unk>' "${word[0]}"
  assert_equal "$(words)" "<unk> ${word[0]}"
}

@test "--words: a file or standard input, with and without groups, as text is written by people" {
  mapfile -t word < <(head -n 4 vocabulary)
  printf 'big cities\t%s\n\n%s\r\nbig cities\t%s\nother\t%s' "${word[@]}" >list
  succeeds sgns-map --words list emb.bin
  assert_equal "$(cut -f 1,4 stdout | paste -sd ' ')" \
    "$(printf '%s\tbig cities %s\t %s\tbig cities %s\tother' "${word[@]}")"
  cp stdout expected
  sgns-map -q --words - emb.bin <list | cmp - expected
  sgns-map -q --words list - <emb.bin | cmp - expected
  printf 'one\t%s\none\t%s\n' "${word[@]:0:2}" >list
  succeeds sgns-map --words list emb.bin
  assert_equal "$(awk -F '\t' '{ print NF }' stdout | sort -u)" 3 # a single group
  : >empty
  fails_with 3 sgns-map --words empty emb.bin
  says 'empty: no words'
  fails_with 2 sgns-map --words list emb.bin "${word[0]}"
  fails_with 2 sgns-map --words - - <emb.bin
  says 'standard input can be read only once'
  fails_with 1 sgns-map --words missing emb.bin
  fails_with 2 sgns-map --words list emb.bin -o list
}

@test "frequent words by default: --top words after --skip, without <unk>" {
  succeeds sgns-map --skip 3 --top 5 emb.bin
  assert_equal "$(words)" "$(sed -n 4,8p vocabulary | paste -sd ' ')"
  succeeds sgns-map --method pca --skip 0 --top 100000 emb.bin
  cut -f 1 stdout | cmp - vocabulary
  fails_with 2 sgns-map --skip 100000 emb.bin
  says 'emb.bin: --skip=100000 leaves none'
}

@test "unknown words are refused, with similar ones, or skipped" {
  known=$(head -n 1 vocabulary)
  fails_with 6 sgns-map emb.bin "$known" "${known}x" -o out
  says "emb.bin: '${known}x' is not in the vocabulary; closest: $known"
  leaves_nothing out
  succeeds sgns-map --skip-unknown emb.bin none "$known" 'of these'
  assert_equal "$(words)" "$known"
  says 'sgns-map: 2 unknown words skipped'
  fails_with 6 sgns-map -q --skip-unknown emb.bin none
  echo none >list
  fails_with 3 sgns-map -q --skip-unknown --words list emb.bin
  says 'list: no words of the vocabulary'
}

@test "few words: one, two and three; a perplexity that they are too few for" {
  mapfile -t word < <(head -n 4 vocabulary)
  succeeds sgns-map emb.bin "${word[0]}"
  prints "${word[0]}\t0\t0"
  succeeds sgns-map emb.bin "${word[@]:0:2}"
  awk -F '\t' '{ x[NR] = $2 } END { exit !(x[1] == -x[2] && x[1] != 0) }' stdout
  succeeds sgns-map emb.bin "${word[@]:0:3}"
  says 'sgns-map: 3 words, perplexity 1, KL divergence '
  fails_with 2 sgns-map --perplexity 3.5 emb.bin "${word[@]}"
  says '--perplexity=3.5: at most 3 for 4 words'
  succeeds sgns-map --perplexity 3 emb.bin "${word[@]}"
  succeeds sgns-map --top 50 emb.bin
  says 'perplexity 16.3333,'
  fails_with 2 sgns-map --method umap emb.bin
  says '--method=umap: expected tsne or pca'
  fails_with 2 sgns-map
}

# forged: makes vectors.bin from lines of words and values, with <unk> first.
forged() {
  { echo '<unk> 9 9 9'; cat; } | "$SUPPORT/forge.py" --vectors >vectors.bin
}

@test "principal components of vectors with known ones" {
  printf '%s\n' 'e1 2 0 0' 'e2 3 0 0' 'e3 4 0 0' 'w1 -1 0 0' 'w2 -1 0 0' 'w3 -1 0 0' \
    'n1 0 1 0' 'n2 0 2 0' 's1 0 -1 0' 's2 0 -9 0' 'up 0 0 1' 'down 0 0 -5' | forged
  succeeds sgns-map --method pca --skip 0 vectors.bin
  says 'sgns-map: 12 words, 83.3 % of the variance'
  awk -F '\t' '
    function near(a, b) { return a - b < 1e-6 && b - a < 1e-6 }
    $1 ~ /^[ew]/ && !(near($2 ^ 2, 1) && near($3, 0)) { bad = 1 }
    $1 ~ /^[ns]/ && !(near($2, 0) && near($3 ^ 2, 1)) { bad = 1 }
    $1 ~ /^(up|down)/ && !(near($2, 0) && near($3, 0)) { bad = 1 }
    END { exit bad }' stdout || fail "$(<stdout)"
}

@test "equal and zero vectors, and a dimension of 1" {
  seq 60 | awk '{ print "w" $1, ($1 > 40 ? "0 0 0" : $1 > 20 ? "1 1 1" : "1 2 -1") }' | forged
  succeeds sgns-map --skip 0 vectors.bin
  refute grep -iE 'nan|inf' stdout
  assert_equal "$(wc -l <stdout)" 60
  { echo '<unk> 1'; seq 30 | awk '{ print "w" $1, $1 - 15 }'; } | "$SUPPORT/forge.py" --vectors >vectors.bin
  succeeds sgns-map --skip 0 vectors.bin
  refute grep -iE 'nan|inf' stdout
}

@test "the topics of the sample corpus are groups on the map" {
  awk '{ print $1 "\t" $2 }' topics >list
  succeeds sgns-map --words list emb.bin
  # The share of words whose nearest word on the map has the same topic.
  awk -F '\t' '
    { x[NR] = $2; y[NR] = $3; topic[NR] = $4 }
    END {
      for (i = 1; i <= NR; i++) {
        least = -1
        for (j = 1; j <= NR; j++) {
          d = (x[i] - x[j]) ^ 2 + (y[i] - y[j]) ^ 2
          if (j != i && (least < 0 || d < least)) { least = d; nearest = j }
        }
        same += topic[i] == topic[nearest]
      }
      print same / NR
      exit !(same > 0.95 * NR)
    }' stdout
}

@test "vectors of other programs give the same map" {
  sgns-convert -q --to word2vec-bin -o emb.w2v emb.bin
  sgns-map -q --skip 0 --top 50 emb.bin >expected
  sgns-map -q --skip 0 --top 50 emb.w2v | cmp - expected
}

@test "the same bytes on any number of threads, another map with another seed" {
  sgns-map -q -t 1 --skip 0 --top 400 emb.bin >one
  for threads in 2 3 8; do
    sgns-map -q -t "$threads" --skip 0 --top 400 emb.bin | cmp - one
  done
  sgns-map -q -s 2 --skip 0 --top 400 emb.bin >two
  refute cmp -s one two
}

@test "t-SNE is not worse than scikit-learn's" {
  need_peer "Debian's python3-sklearn" /usr/bin/python3 -c 'import sklearn'
  sgns-map -q --skip 0 --top 150 emb.bin >map
  sgns-cat emb.bin >vectors.txt
  /usr/bin/python3 "$SUPPORT/sklearn_tsne.py" vectors.txt map
}
