#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Exchanging vectors with the real gensim, NumPy and fastText if they are installed
# (pipelines/install-packages peers); with PEERS=1 they must be.

load ../support/helper

# peers ARGUMENT...: runs peers.py with the Python that has gensim.
peers() {
  /usr/bin/python3 "$SUPPORT/peers.py" "$@"
}

# agree TOLERANCE: the lines of `found` (word, cosine) are the 10 neighbours of `query` that
# sgns-knn finds in emb.bin, with cosines within TOLERANCE.
agree() {
  sgns-knn emb.bin "$query" 10 | sed -E 's/^cosine sim=([^:]*): (.*)/\2\t\1/' >ours
  assert_equal "$(wc -l <ours)" 10
  paste <(sort ours) <(sort found) | awk -F '\t' '
    $1 != $3 || $2 - $4 > tolerance || $4 - $2 > tolerance { print; bad = 1 }
    END { exit bad }' tolerance="$1"
}

@test "gensim and NumPy load every format and give the same neighbours, cosines within 1e-6" {
  need_gensim
  sample_text 3000 60 | ptb-vocab -q -m 1 | sgns-batch -q -b 64 | sgns-train -q -d 20 --lr 0.01 -o emb.bin
  sgns-cat emb.bin >rows
  sgns-convert -q --to word2vec -o emb.txt emb.bin
  sgns-convert -q --to word2vec-bin -o emb.w2v emb.bin
  sgns-convert -q --to fasttext -o emb.vec emb.bin
  sgns-convert -q --to glove -o emb.glove emb.bin
  sgns-convert -q --to npy -o emb.npy emb.bin
  sgns-convert -q --to projector -o emb_tensor.tsv emb.bin
  peers neighbours w1 w7 w60 >answers
  assert_equal "$(wc -l <answers)" 30
  for query in w1 w7 w60; do
    grep "^$query"$'\t' answers | cut -f 2,3 >found
    agree 0.000501
  done
}

@test "README's lines for Python read the words and values of emb.bin exactly" {
  need_gensim
  need_peer "Debian's python3-pandas" /usr/bin/python3 -c 'import pandas'
  # Words that look like numbers, missing values, quotations and comments.
  printf '%s\n' '1980 nan "a NA # é null' 'nan "a 1e5 # 1980 NA' | ptb-vocab -q -m 1 | sgns-batch -q |
    sgns-train -q -d 7 -o emb.bin
  awk '/^```python$/ { file = "block-" ++n ".py"; next } /^```$/ { file = "" } file { print > file }' "$ROOT/README.md"
  cat >>block-1.py <<<'print(*words, sep="\n"); vectors.tofile("numpy.f32")'
  cat >>block-2.py <<<'print(*vectors.index_to_key, sep="\n"); vectors.vectors.tofile("gensim.f32")'
  cat >>block-3.py <<<'print(*vectors.index, sep="\n"); vectors.to_numpy().tofile("pandas.f32")'
  sgns-convert -q --to npy -o emb.npy emb.bin
  for block in 1 2 3; do
    /usr/bin/python3 block-$block.py | cmp - emb.words
  done
  tail -c $((4 * 7 * $(wc -l <emb.words))) emb.npy | tee numbers | cmp - numpy.f32
  cmp numbers gensim.f32
  cmp numbers pandas.f32
}

@test "files saved by gensim and NumPy are imported bit by bit" {
  need_gensim
  peers save
  for input in saved.txt saved.w2v saved.npy saved_tensor.tsv; do
    succeeds sgns-convert -q --to npy -o out.npy $input
    cmp out.words saved.words
    peers same out.npy
  done
  for input in big-endian version2 version3 double fortran; do
    succeeds sgns-convert --words saved.words --to npy -o out.npy $input.npy
    [ $input != double ] || says 'double precision'
    peers same out.npy
  done
  succeeds sgns-convert -q --to word2vec -o back.txt saved.w2v
  succeeds sgns-convert -q --to npy -o out.npy back.txt
  peers same out.npy
}

@test "vectors of fastText are imported and have the neighbours that fastText finds" {
  need_peer fastText command -v fasttext
  sample_text 3000 60 >text
  fasttext skipgram -input text -output model -dim 20 -minCount 1 -maxn 0 -epoch 3 -thread 1 >log 2>&1
  succeeds sgns-convert -o emb.bin model.vec
  says ', from word2vec to sgns'
  succeeds sgns-convert --from fasttext -o emb.bin model.vec
  assert_equal "$(sgns-cat --vocab emb.bin | wc -l)" 61 # with </s>
  for query in w1 w7 '</s>'; do
    fasttext nn model.bin 10 <<<"$query" | sed -E 's/^Query word\? //' | grep . | tr ' ' '\t' >found
    agree 0.001
  done
}

# ---- the files that other packages ship as test data ----

need_field_data() {
  [ -n "${FIELD_DATA-}" ] || skip 'needs FIELD_DATA=DIRECTORY, filled by tests/support/field-data'
}

@test "of other packages' test data every text is read as Python reads it, every other file is named" {
  need_field_data
  gensim=$FIELD_DATA/gensim/test/test_data
  python3 "$SUPPORT/field_texts.py" "$gensim" >found
  grep -qxE '[1-9][0-9]* read [1-9][0-9]* refused' found
  python3 "$SUPPORT/field_texts.py" "$FIELD_DATA/spacy/tests/tokenizer"
  cp "$gensim"/{wordsim353.tsv,simlex999.txt,questions-words.txt} .
  make_samples .
  sgns-eval vectors.bin wordsim353.tsv simlex999.txt questions-words.txt >figures
  assert_equal "$(awk -F '\t' '$2 == "total" && $3 ~ /spearman|3cosadd/ { print $7 }' figures | paste -sd ' ')" '353 999 19544'
}

@test "other packages' vector files are converted as their owners read them, or refused with the reason" {
  need_field_data
  printf '%s\n' a b c >words
  failed=0
  while IFS=$'\t' read -r file expected; do
    [ -e "$FIELD_DATA/$file" ]
    words=()
    [[ $file != numpy/*.npy ]] || words=(--words words)
    sgns-convert "${words[@]}" --to npy -o out.npy "$FIELD_DATA/$file" >said 2>&1 || true
    grep -qF -e "${expected#refused: }" said || { echo "$file: expected $expected: $(<said)" && failed=1; }
    [[ $expected == refused:* ]] || /usr/bin/python3 "$SUPPORT/peers.py" owner "$FIELD_DATA/$file" || {
      echo "$file: other words or numbers than its owner reads" && failed=1
    }
  done < <(tail -n +2 "$SUPPORT/field.tsv")
  [ $failed = 0 ]
}
