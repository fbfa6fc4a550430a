#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  sample_text 200 30 | ptb-vocab -q -m 1 -o corpus.bin
  ptb-subsample -q --threshold 0.1 corpus.bin -o kept.bin
  sgns-batch -q -b 64 -e 3 kept.bin -o batches.bin
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/*.bin .
}

# train OPTION...: a small training, for speed.
train() {
  sgns-train -q -d 8 "$@"
}

# two_steps: creates two.bin, an epoch of two minibatches, the first with centres a and b, the
# second with c and d.
two_steps() {
  printf 'a b\nc d\n' | ptb-vocab -q -m 1 | sgns-batch -q -b 2 -w 1 -e 1 --no-shuffle -o two.bin
}

# moved FILE FILE: compares two listings of vectors; prints for each word the smallest and the
# largest difference of its components.
moved() {
  paste -d ' ' "$1" "$2" | awk 'NR > 1 {
    dim = NF / 2 - 1; least = 1e9; most = 0
    for (i = 2; i <= dim + 1; i++) {
      d = $i - $(i + dim + 1); if (d < 0) d = -d
      if (d < least) least = d
      if (d > most) most = d
    }
    printf "%s %.6f %.6f\n", $1, least, most
  }'
}

# ---- what training computes ----

@test "initial vectors are uniform within sqrt(6 / (words + dim))" {
  sgns-train -q -d 50 --lr 0 batches.bin | sgns-cat >initial
  awk 'NR == 1 { words = $1; dim = $2; bound = sqrt(6 / (words + dim)); next }
    {
      for (i = 2; i <= NF; i++) {
        if ($i > bound || $i < -bound) { print "outside: " $i; wrong = 1 }
        n++; sum += $i; squares += $i * $i
        if ($i > most) most = $i
        if ($i < least) least = $i
      }
    }
    END {
      # The variance of the uniform distribution is bound^2 / 3; there are 1,550 numbers.
      exit wrong || n != words * dim || most < 0.99 * bound || least > -0.99 * bound ||
        sum / n > 0.05 * bound || sum / n < -0.05 * bound ||
        squares / n < 0.3 * bound ^ 2 || squares / n > 0.367 * bound ^ 2
    }' initial
}

@test "with learning rate 0 vectors do not change and the loss stays near ln 2" {
  train --lr 0 --loss-log log batches.bin | sgns-cat >all-steps
  sgns-batch -q -e 1 -b 1000000 kept.bin | train --lr 0 | sgns-cat >one-step
  cmp all-steps one-step
  awk 'NR > 1 && ($3 < 0.6 || $3 > 0.8) { print; exit 1 }' log
}

@test "the first step of Adam moves each component of a centre word's vector by the learning rate" {
  two_steps
  sgns-train -q -d 20 --lr 0 two.bin | sgns-cat >before
  printf 'a b\nc d\n' | ptb-vocab -q -m 1 | sgns-batch -q -b 4 -w 1 -e 1 -o one.bin
  for lr in 0.002 0.01; do
    sgns-train -q -d 20 --lr $lr one.bin | sgns-cat >after
    moved before after | awk -v lr=$lr '
      $1 == "<unk>" ? $2 != 0 || $3 != 0 : $2 < lr - 0.00001 || $3 > lr + 0.00001 { print; wrong = 1 }
      END { exit wrong || NR != 5 }'
  done
}

@test "Adam is dense: a word keeps moving in steps without a gradient" {
  # After a gradient g, a step without one moves by lr (0.09 / 0.19) / sqrt(0.000999 / 0.001999).
  # After a step without one, g moves by lr (0.1 / 0.19) / sqrt(0.001 / 0.001999).
  two_steps
  sgns-train -q -d 20 --lr 0 two.bin | sgns-cat >before
  sgns-train -q -d 20 two.bin | sgns-cat >after
  moved before after | awk '
    BEGIN {
      lr = 0.002
      expected["a"] = expected["b"] = lr + lr * (0.09 / 0.19) / sqrt(0.000999 / 0.001999)
      expected["c"] = expected["d"] = lr * (0.1 / 0.19) / sqrt(0.001 / 0.001999)
      expected["<unk>"] = 0
    }
    $2 < expected[$1] - 0.00001 || $3 > expected[$1] + 0.00001 { print $0, expected[$1]; wrong = 1 }
    END { exit wrong || NR != 5 }'
}

@test "gradient descent moves the first centres in proportion to the rate, absent words never" {
  two_steps
  for lr in 0 1 2; do
    sgns-train -q -d 6 -O sgd --lr $lr two.bin | sgns-cat >$lr.txt
  done
  moved 0.txt 1.txt >one
  moved 0.txt 2.txt >two
  paste -d ' ' one two | awk '
    $1 == "<unk>" && $6 != 0 { bad = 1 }
    /^[ab] / { n++; if ($3 < 0.01 || $6 < 1.999 * $3 || $6 > 2.001 * $3) bad = 1 }
    END { exit bad || n != 2 }'
}

@test "gradient descent is the same for any number of threads, and recorded in the header" {
  sgns-train -q -d 8 -t 1 --optimizer sgd batches.bin >one
  for threads in 2 3; do
    sgns-train -q -d 8 -t $threads --optimizer sgd batches.bin | cmp - one
  done
  sgns-cat --header one | grep -q '^made by: sgns-train .* --optimizer=sgd --lr=0.025 '
  fails_with 2 sgns-train --optimizer lbfgs batches.bin
  says '--optimizer=lbfgs: expected adam or sgd'
}

@test "the loss falls from epoch to epoch" {
  sgns-batch -q -b 32 -e 6 corpus.bin | sgns-train -d 16 --lr 0.01 2>said >/dev/null
  grep -oE '^epoch [0-9]/6: loss [0-9.]+' said | awk '
    NR > 1 && $4 >= last { print; wrong = 1 }
    { last = $4 }
    END { exit wrong || NR != 6 || last > 0.5 }'
}

@test "words that occur in the same contexts get similar vectors" {
  # cat and dog, red and blue have the same neighbours, but are never neighbours of each other.
  for _ in {1..60}; do
    printf 'the cat sleeps\nthe dog sleeps\na red car\na blue car\n'
  done | ptb-vocab -q | sgns-batch -q -w 2 -b 16 -e 20 | sgns-train -q -d 10 --lr 0.01 -o vectors.bin
  for pair in 'cat dog' 'dog cat' 'red blue' 'blue red'; do
    succeeds sgns-knn vectors.bin "${pair% *}" 1
    assert_equal "$(cut -d ' ' -f 3 stdout)" "${pair#* }"
  done
}

# ---- earlier vectors ----

@test "--init: known words start from earlier vectors by spelling, new words as without it" {
  # Another vocabulary: other ids for common words, and words that only one of them has.
  { sample_text 200 20; yes 'new w7 newer w3 w5' | head -n 300; } | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o other.bin
  train other.bin -o old.bin
  train --lr 0 batches.bin -o fresh.bin
  succeeds sgns-train -d 8 --lr 0 --init old.bin batches.bin -o out.bin
  sgns-cat --vocab old.bin | cut -f 1 | sort >has
  sgns-cat --vocab batches.bin | cut -f 1 | sort >wants
  comm -12 has wants >known
  comm -13 has wants >unknown
  [ "$(wc -l <known)" -gt 10 ]
  [ "$(wc -l <unknown)" -gt 5 ]
  says "sgns-train: $(wc -l <known) of $(wc -l <wants) words initialised from old.bin"
  refute grep -q 'both matrices' stderr
  for file in old fresh out; do
    sgns-cat $file.bin | tail -n +2 | sort >$file.txt
  done
  join known out.txt | cmp - <(join known old.txt)
  join unknown out.txt | cmp - <(join unknown fresh.txt)
  # The earlier vectors were trained: no word has its initial vector.
  assert_equal "$(join known out.txt | grep -v '<unk>' | comm -12 - fresh.txt)" ''
}

@test "--init: the header records the option and the commands that made the earlier vectors" {
  train --seed 9 batches.bin -o old.bin
  train --init old.bin batches.bin -o out.bin
  sgns-cat --header out.bin | grep '^made by:' >chain
  assert_equal "$(wc -l <chain)" 5
  grep -q '^made by: sgns-train .* --seed=9 ' <(sed -n 4p chain)
  grep -q '^made by: sgns-train .* --init=old.bin --seed=1 ' <(sed -n 5p chain)
}

@test "--init: the same bytes for any number of threads, from file and pipe" {
  train --seed 9 batches.bin -o old.bin
  train --init old.bin -t 1 batches.bin -o expected
  train --init old.bin -t 3 <batches.bin | cmp - expected
  slowly old.bin | train --init - batches.bin | sgns-cat | cmp - <(sgns-cat expected)
  train batches.bin | cmp -s - expected && fail 'as without'
  train --init old.bin -O sgd batches.bin >/dev/null
}

@test "--init: initialises one matrix from vectors, both from a checkpoint" {
  train -L log batches.bin -o old.bin
  succeeds sgns-train -q -d 8 -c old.ckpt --checkpoint-every "$(tail -n 1 log | cut -f 2)steps" batches.bin -o old.bin
  succeeds sgns-train -d 8 --init old.ckpt batches.bin -o out.bin
  says_like '^sgns-train: 31 of 31 words initialised from old.ckpt, in both matrices$'
  loss=$(sed -n 's/^epoch 1.*: loss \([0-9.]*\),.*/\1/p' stderr)
  succeeds sgns-train -d 8 --init old.bin batches.bin -o out.bin
  says_like '^sgns-train: 31 of 31 words initialised from old.bin$'
  # With U the first epoch starts where the last one ended; without it contexts are untrained.
  other=$(sed -n 's/^epoch 1.*: loss \([0-9.]*\),.*/\1/p' stderr)
  awk -v loss="$loss" -v other="$other" 'BEGIN { exit !(loss > 0.1 && loss < other - 0.005) }' ||
    fail "from both matrices $loss, from one $other"
}

@test "--init: another dimension, damaged or other streams, and standard input twice are refused" {
  train -d 9 batches.bin -o nine.bin
  fails_with 3 sgns-train -q -d 8 --init nine.bin batches.bin -o out
  says 'nine.bin: byte '
  says 'vectors of dimension 9, but --dim is 8; use --dim=9'
  train batches.bin -o old.bin
  head -c -10 old.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 --init cut.bin batches.bin -o out
  says 'cut.bin: byte '
  fails_with 3 sgns-train -q -d 8 --init corpus.bin batches.bin -o out
  says 'corpus stream, expected a vectors stream'
  fails_with 1 sgns-train -q -d 8 --init missing batches.bin -o out
  fails_with 2 sgns-train -q -d 8 --init - - -o out <batches.bin
  says '--init=-: standard input can be read only once'
  fails_with 2 sgns-train -q -d 8 --init old.bin -L old.bin batches.bin -o out
  leaves_nothing out
}

@test "--init: numbers that are not finite are refused" {
  printf 'w1 nan nan\nw2 1 2\n' | sed '1i <unk> 0 0' >text
  "$SUPPORT/forge.py" --vectors <text >nan.bin
  fails_with 3 sgns-train -q -d 2 --init nan.bin batches.bin -o out
  says 'is not finite'
  leaves_nothing out
}

# ---- the context vectors ----

# same_rows FILE FILE: two vectors streams have the same words and vectors.
same_rows() {
  cmp <(sgns-cat "$1") <(sgns-cat "$2")
}

@test "--context-output writes the context vectors of the end, as in the last checkpoint" {
  for optimizer in adam sgd; do
    train -O $optimizer batches.bin -o expected
    for options in '-t 1' '-t 3' '-c other.ckpt'; do
      # shellcheck disable=SC2086 # two words
      train -O $optimizer $options --context-output u.bin batches.bin -o v.bin
      cmp v.bin expected
      train -O $optimizer -c ckpt batches.bin >/dev/null
      same_rows u.bin <(sgns-convert -q --output-vectors --to sgns ckpt)
      cmp <(sgns-cat --vocab u.bin) <(sgns-cat --vocab v.bin)
    done
  done
  # Their provenance is that of the vectors, and the option.
  cmp <(sgns-cat --header u.bin) <(sgns-cat --header v.bin | sed '$ s/$/ --context-output=u.bin/')
  train -O sgd --context-output piped.bin <batches.bin | cmp - expected
  same_rows piped.bin u.bin
  # With a learning rate of 0, they are the initial ones.
  train --lr 0 -c ckpt --context-output u.bin batches.bin >/dev/null
  train --lr 0 --init-context u.bin --context-output again.bin batches.bin >/dev/null
  same_rows again.bin u.bin
  sgns-cat u.bin | tail -n +2 | tr ' ' '\n' | awk -v a="$(awk 'BEGIN { print sqrt(6 / (31 + 8)) }')" '
    /^-?0\.|e-/ { n++; if ($1 > a || $1 < -a) bad = 1 } END { exit bad || n < 240 }'
}

@test "--context-output: both files or none, and no file for two purposes" {
  echo old >v.bin
  echo old >u.bin
  head -c -1 batches.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 --context-output u.bin cut.bin -o v.bin
  fails_with 1 sgns-train -q -d 8 --context-output /dev/full batches.bin -o v.bin
  fails_with 1 sgns-train -q -d 8 --context-output u.bin batches.bin -o /dev/full
  assert_equal "$(cat u.bin v.bin)" $'old\nold'
  assert_equal "$(compgen -G '*.tmp.*')" ''
  fails_with 2 sgns-train -q -d 8 --context-output v.bin batches.bin -o ./v.bin
  says 'v.bin: cannot also be the context output'
  fails_with 2 sgns-train -q -d 8 --context-output u.bin batches.bin -c u.bin
  fails_with 2 sgns-train -q -d 8 --context-output u.bin batches.bin -L u.bin
  says 'u.bin: cannot also be the loss log'
  fails_with 2 sgns-train -q -d 8 --context-output batches.bin batches.bin
  for option in --init --init-context --resume --eval; do
    fails_with 2 sgns-train -q -d 8 --context-output u.bin $option u.bin batches.bin
    says 'u.bin: cannot also be the context output'
  done
  fails_with 2 sgns-train -q -d 8 --context-output - batches.bin
  says '--context-output=-: requires a file'
}

# two_examples: creates two.bin, whose minibatches are two examples of the book, each with its own
# words, and the vectors that give their logits: v.bin, u.bin.
two_examples() {
  printf 'c\ta\tb d e\nf\tg\th\n' | "$SUPPORT/forge.py" --batches >two.bin
  printf '%s\n' '<unk> 0' 'f 1' 'c 1' | "$SUPPORT/forge.py" --vectors >v.bin
  printf '%s\n' '<unk> 0' 'a 1.1' 'b -2.2' 'd 3.3' 'e -4.4' 'h 1.1' 'g -2.2' |
    "$SUPPORT/forge.py" --vectors >u.bin
}

@test "--init and --init-context: the losses of given matrices are those computed by hand" {
  two_examples
  # Logits 1.1, -2.2, 3.3, -4.4 with labels 1, 0, 0, 0; then 1.1, -2.2 with labels 0, 1.
  for optimizer in adam sgd; do
    succeeds sgns-train -d 1 --lr 0 -O $optimizer --init v.bin --init-context u.bin -L log two.bin -o out.bin
    says 'sgns-train: 3 of 9 words initialised from v.bin'
    says 'sgns-train: context vectors of 7 of 9 words initialised from u.bin'
    assert_equal "$(awk 'NR > 1 { printf "%.4f ", $3 }' log)" '0.9352 1.8462 '
  done
  # Gradient descent by hand: a step moves u by rate (sigmoid(logit) - label) v.
  sgns-train -q -d 1 --lr 0.5 -O sgd --init v.bin --init-context u.bin --context-output moved.bin two.bin -o out.bin
  sgns-cat moved.bin | awk '
    function sigmoid(x) { return 1 / (1 + exp(-x)) }
    function near(x, y) { return (x - y) ^ 2 < 1e-12 }
    # The rate falls linearly: before the second of two examples it is half of the initial one.
    $1 == "h" { n += near($2, 1.1 - 0.25 * sigmoid(1.1)) }
    $1 == "g" { n += near($2, -2.2 - 0.25 * (sigmoid(-2.2) - 1)) }
    $1 == "a" { n += near($2, 1.1 - 0.5 * (sigmoid(1.1) - 1)) }
    END { exit n != 3 }'
}

@test "--init-context: recorded, and kept by a resumed training, which does not read the file again" {
  train --seed 9 --context-output other.bin batches.bin -o old.bin
  train --init-context other.bin --init old.bin batches.bin -o expected
  sgns-cat --header expected | tail -n 1 | grep -q -- ' --init=old.bin --init-context=other.bin --seed=1 '
  head -c $(($(wc -c <batches.bin) / 2)) batches.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 --init-context other.bin --init old.bin -c ck cut.bin -o out
  cp old.bin third.bin
  rm old.bin other.bin
  train --resume ck --context-output u.bin batches.bin | cmp - expected
  train --resume ck --init-context other.bin -c ck batches.bin | cmp - expected
  same_rows u.bin <(sgns-convert -q --output-vectors --to sgns ck)
  fails_with 3 sgns-train -q -d 8 --resume ck --init-context third.bin batches.bin -o out
  says 'ck: checkpoint of a run with a different --init-context'
  leaves_nothing out
}

@test "--init-context: from a checkpoint, its context vectors" {
  train -c ck --context-output u.bin batches.bin -o v.bin
  train --lr 0 --init-context u.bin --context-output a.bin batches.bin >/dev/null
  succeeds sgns-train -d 8 --lr 0 --init-context ck --context-output b.bin batches.bin -o out.bin
  says 'sgns-train: context vectors of 31 of 31 words initialised from ck, a checkpoint'
  same_rows a.bin u.bin
  same_rows b.bin u.bin
  # V is not touched.
  train --lr 0 batches.bin | sgns-cat | cmp - <(sgns-cat out.bin)
  # --init-context replaces the U of a checkpoint of --init.
  train --lr 0 --seed 7 --context-output seven.bin batches.bin >/dev/null
  train --lr 0 --init ck --init-context seven.bin --context-output c.bin batches.bin -o d.bin
  same_rows c.bin seven.bin
  same_rows d.bin v.bin
  train -d 9 batches.bin -o nine.bin
  fails_with 3 sgns-train -q -d 8 --init-context nine.bin batches.bin -o new
  says 'nine.bin: byte '
  says 'vectors of dimension 9, but --dim is 8; use --dim=9'
  fails_with 2 sgns-train -q -d 8 --init - --init-context - batches.bin -o new
  says '--init-context=-: standard input can be read only once'
  leaves_nothing new
}

# ---- held-out examples ----

# held_out OPTION...: creates held.bin, minibatches of another text with the vocabulary of the
# training.
held_out() {
  sample_text 300 30 | tail -n 100 | ptb-vocab -q --vocab corpus.bin | sgns-batch -q -o held.bin "$@"
}

@test "--eval reports the loss on held-out examples after each epoch and does not affect training" {
  held_out -e 1
  train -L plain.tsv batches.bin -o expected
  succeeds sgns-train -d 8 --eval held.bin -L log.tsv batches.bin -o out.bin
  cmp out.bin expected
  assert_equal "$(grep -cE '^epoch [1-3]/3: loss 0\.[0-9]{4}, mean so far 0\.[0-9]{4}, eval 0\.[0-9]{4}$' stderr)" 3
  # A fifth column, with a number at the end of each epoch; the first four are as without --eval.
  cut -f 1-3 log.tsv | cmp - <(cut -f 1-3 plain.tsv)
  awk -F '\t' '
    NR == 1 { if ($5 != "eval") bad = 1; next }
    NF != 5 { bad = 1 }
    { full[NR] = $5 != ""; epoch[NR] = $1 }
    END {
      for (i = 2; i <= NR; i++) if (full[i] != (i == NR || epoch[i + 1] != epoch[i])) bad = 1
      exit bad
    }' log.tsv
  # The loss log has the losses that are reported.
  awk -F '\t' '$5 ~ /[0-9]/ { printf "%.4f\n", $5 }' log.tsv |
    cmp - <(sed -n 's/^epoch.* eval //p' stderr)
}

@test "--eval: the loss does not depend on threads, minibatch size or number of held-out epochs" {
  held_out -e 1
  train -t 1 --eval held.bin -L expected.tsv batches.bin -o out.bin
  for threads in 2 3 16; do
    train -t $threads --eval held.bin -L log.tsv batches.bin -o out.bin
    cut -f 5 log.tsv | cmp - <(cut -f 5 expected.tsv)
  done
  for size in 1 7 100000; do
    held_out -e 2 -b $size
    train --eval held.bin -L log.tsv batches.bin -o out.bin
    paste <(cut -f 5 log.tsv) <(cut -f 5 expected.tsv) | awk -F '\t' '
      $2 ~ /[0-9]/ { n++; d = $1 / $2 - 1; if (d < -1e-7 || d > 1e-7) bad = 1 } END { exit bad || n != 3 }'
  done
  train --eval - batches.bin -L log.tsv -o out.bin <held.bin
}

@test "--eval: on the training examples, with learning rate 0, the loss is the training loss" {
  train --lr 0 --eval batches.bin -L log.tsv batches.bin -o out.bin 
  succeeds sgns-train -d 8 --lr 0 --eval batches.bin batches.bin -o out.bin
  sed -nE 's/^epoch.*, mean so far ([0-9.]+), eval .*/\1/p' stderr | cmp - <(sed -n 's/^epoch.* eval //p' stderr)
}

@test "--init: a checkpoint gives both matrices as they were after its last minibatch" {
  held_out -e 1
  for optimizer in adam sgd; do
    train -O $optimizer --eval held.bin -L old.tsv batches.bin -o old.bin
    steps=$(tail -n 1 old.tsv | cut -f 2)
    train -O $optimizer -c old.ckpt --checkpoint-every "${steps}steps" batches.bin -o old.bin
    train --init old.ckpt --lr 0 --eval held.bin -L new.tsv batches.bin -o new.bin
    assert_equal "$(tail -n 1 new.tsv | cut -f 5)" "$(tail -n 1 old.tsv | cut -f 5)"
    sgns-cat new.bin | cmp - <(sgns-cat old.bin)
  done
}

@test "--eval: another vocabulary, a pipe, and invalid streams are refused before training" {
  sample_text 200 29 | ptb-vocab -q -m 1 | sgns-batch -q -o held.bin
  fails_with 3 sgns-train -d 8 --eval held.bin batches.bin -o out
  says 'held.bin: byte '
  says 'the vocabulary is not that of the training input; create the stream with ptb-vocab --vocab'
  held_out -e 1
  fails_with 2 sgns-train -d 8 --eval <(cat held.bin) batches.bin -o out
  says 'held-out minibatches are read repeatedly and must be in a file'
  fails_with 2 sgns-train -d 8 --eval - -o out <batches.bin
  says '--eval=-: standard input can be read only once'
  head -c -1 held.bin >cut.bin
  fails_with 3 sgns-train -d 8 --eval cut.bin batches.bin -o out
  says 'cut.bin: byte '
  fails_with 3 sgns-train -d 8 --eval corpus.bin batches.bin -o out
  says 'corpus stream, expected a batch stream; make minibatches with'
  printf 'w1\nw2\n' | ptb-vocab -q --vocab corpus.bin | sgns-batch -q -o none.bin
  fails_with 3 sgns-train -d 8 --eval none.bin batches.bin -o out
  says 'no minibatches to evaluate on'
  fails_with 1 sgns-train -d 8 --eval missing batches.bin -o out
  cp held.bin same.bin
  fails_with 2 sgns-train -d 8 --eval same.bin -L same.bin batches.bin -o out
  cmp held.bin same.bin
  leaves_nothing out
}

@test "--eval: a file that changes during training ends it" {
  held_out -e 1
  cp held.bin changing.bin
  mkfifo pipe
  sgns-train -q -d 8 --eval changing.bin pipe -o out 2>stderr 3>&- &
  {
    head -c 1000 batches.bin
    sleep 0.5
    sample_text 90 30 | ptb-vocab -q --vocab corpus.bin | sgns-batch -q -e 1 >changing.bin
    tail -c +1001 batches.bin || true
  } >pipe
  status=0
  wait $! || status=$?
  assert_equal "$status" 3
  says 'the file has changed since training began'
  leaves_nothing out
}

# ---- what it reports ----

@test "the last line on standard error is the mean loss, the speed and the device" {
  succeeds sgns-train -d 8 batches.bin -o vectors.bin
  tail -n 1 stderr | grep -qE '^loss [0-9.]+, [0-9.]+ tokens/sec on cpu$'
}

@test "--quiet prints no messages" {
  succeeds sgns-train --quiet -d 8 batches.bin -o vectors.bin
  assert_size_zero stderr
}

@test "the loss log has a line per step" {
  succeeds train --loss-log log batches.bin -o vectors.bin
  head -n 1 log | grep -qxF $'epoch\tstep\tloss\ttokens/s'
  examples=$(sgns-cat --header batches.bin | sed -n 's/^examples: //p')
  per_epoch=$(((examples + 63) / 64))
  [ $per_epoch -gt 3 ]
  awk -F '\t' -v per_epoch=$per_epoch '
    NR > 1 && (NF != 4 || $2 != NR - 1 || $1 != int((NR - 2) / per_epoch) + 1 ||
               $3 !~ /^[0-9.e-]+$/ || $4 !~ /^[0-9.]+$/) { print; wrong = 1 }
    END { exit wrong || NR != 1 + 3 * per_epoch }' log
}

@test "the reported losses are means over examples, consistent with the loss log" {
  succeeds sgns-train -d 8 --loss-log log batches.bin -o vectors.bin
  examples=$(sgns-cat --header batches.bin | sed -n 's/^examples: //p')
  # The last minibatch of an epoch is shorter and has less weight.
  [ $((examples % 64)) -gt 0 ]
  awk -F '\t' -v examples="$examples" '
    NR == 1 { next }
    $1 != epoch { epoch = $1; left = examples; mean[epoch] = 0 }
    { n = left < 64 ? left : 64; left -= n; mean[epoch] += $3 * n / examples }
    END {
      for (epoch = 1; epoch <= 3; epoch++) {
        sum += mean[epoch]
        printf "epoch %d/3: loss %.4f, mean so far %.4f\n", epoch, mean[epoch], sum / epoch
      }
      printf "loss %.3f\n", sum / 3
    }' log >expected
  sed 's/, .* tokens.*//' stderr | cmp - expected
}

# trained_in COLUMNS: what training shows on a terminal of this width, a line for each rewritten one.
# It is updated every tenth of a second; the pause makes sure that this happens.
trained_in() {
  local half=$(($(wc -c <long.bin) / 2))
  [ $half -gt 500000 ] # enough that data sent before the pause is decoded
  rm -f pipe
  mkfifo pipe
  { head -c $half long.bin; sleep 0.5; tail -c +$((half + 1)) long.bin; } >pipe 3>&- &
  TERM=${TERM_HERE:-xterm} script -qec "stty cols $1; sgns-train -d 10 -o vectors.bin pipe" /dev/null </dev/null |
    tr '\r' '\n' | sed 's/\x1b\[J//' | grep . >shown
  wait
}

@test "on a terminal it shows the time left, the epoch, the loss and the speed, in a line that never wraps" {
  sample_text 8000 300 | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o long.bin
  trained_in 200
  grep -qE '^ *[0-9]+%, [0-9:]+ left, epoch 1/1, loss [0-9.]+, [0-9]+ tokens/sec [#.]{32}$' shown
  trained_in 80
  grep -qE '^ *[0-9]+%, [0-9:]+ left, epoch 1/1, loss [0-9.]+, [0-9]+ tokens/sec [#.]{8,32}$' shown
  awk '/%/ && length($0) > 79 { exit 1 }' shown
  trained_in 40
  grep -qE '^ *[0-9]+%, [0-9:]+ left, epoch 1/1' shown
  awk '/%/ && length($0) > 39 { exit 1 }' shown
  grep -qE 'loss [0-9.]+, [0-9.]+ tokens/sec on cpu' shown
}

@test "a terminal that cannot rewrite a line gets plain lines" {
  sample_text 8000 300 | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o long.bin
  TERM_HERE=dumb trained_in 80
  refute grep -q '%' shown
  refute grep -q $'\x1b' shown
  grep -qE 'loss [0-9.]+, [0-9.]+ tokens/sec on cpu' shown
}

# ---- the same bytes ----

@test "any number of threads gives the same bytes" {
  train -t 1 batches.bin -o expected
  for threads in 2 3 4 16 0; do
    train -t $threads batches.bin | cmp - expected
  done
}

@test "more threads than rows, and long vectors, give the same bytes" {
  two_steps
  for dim in 1 3 300; do
    sgns-train -q -d $dim -t 1 two.bin -o expected
    for threads in 2 4 16; do
      sgns-train -q -d $dim -t $threads two.bin | cmp - expected
    done
  done
}

@test "file, pipe and slow pipe give the same bytes" {
  train batches.bin -o expected
  train - <batches.bin | cmp - expected
  # shellcheck disable=SC2002 # a pipe is needed
  cat batches.bin | train | cmp - expected
  slowly batches.bin | train | cmp - expected
}

@test "any locale gives the same bytes, through all programs" {
  sample_text 100 30 | sed 's/w3/w\xc3\xb6rt/g' >text
  all() { ptb-vocab -q -m 2 text | sgns-batch -q --noise-exponent 0.7 | train --lr 0.01; }
  LC_ALL=C all >expected
  # A locale with a decimal comma; and those installed.
  mkdir locales
  localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8
  export LOCPATH=$PWD/locales
  assert_equal "$(LC_ALL=de_DE.UTF-8 env printf %.1f 1,5)" 1,5
  LC_ALL=de_DE.UTF-8 all | cmp - expected
  LC_ALL=de_DE.UTF-8 sgns-train --lr 0,01 batches.bin 2>said >/dev/null && fail 'accepted a comma'
  unset LOCPATH
  used=0
  while read -r locale; do
    LC_ALL=$locale all | cmp - expected
    used=$((used + 1))
  done < <(locale -a)
  [ $used -ge 2 ]
}

@test "the same seed gives the same bytes, another seed other vectors" {
  train batches.bin -o default.bin
  train --seed=1 batches.bin | cmp - default.bin
  sgns-cat default.bin >one
  train --seed 2 batches.bin | sgns-cat >two
  # Except for the first line, with the number of words and the dimension, all numbers differ.
  assert_equal "$(comm -12 <(tail -n +2 one | tr ' ' '\n' | sort) \
    <(tail -n +2 two | tr ' ' '\n' | sort) | grep -c '\.')" 0
}

# ---- the stream ----

@test "the header records all four programs with their options" {
  train --lr 0.005 -s 3 batches.bin | sgns-cat --header >header
  run grep '^made by:' header
  assert_equal "${#lines[@]}" 4
  assert_line --index 0 --regexp '^made by: ptb-vocab [0-9.]+ --min-count=1 --max-vocab=[0-9]+$'
  assert_line --index 1 --regexp '^made by: ptb-subsample [0-9.]+ --threshold=0.1 --draws=1 --seed=1$'
  assert_line --index 2 --regexp '^made by: sgns-batch [0-9.]+ --batch-size=64 .* --epochs=3 --seed=1$'
  assert_line --index 3 --regexp '^made by: sgns-train [0-9.]+ --dim=8 --optimizer=adam --lr=0.005 --seed=3 --device=cpu$'
}

@test "the vocabulary keeps all its words and counts, and each word has a row" {
  train batches.bin -o vectors.bin
  sgns-cat --vocab vectors.bin | cmp - <(sgns-cat --vocab corpus.bin)
  sgns-cat vectors.bin | tail -n +2 | cut -d ' ' -f 1 |
    cmp - <(sgns-cat --vocab corpus.bin | cut -f 1)
  awk 'NR == 1 && $2 != 8 || NR > 1 && NF != 9 { exit 1 }' <(sgns-cat vectors.bin)
}

@test "the defaults are dim 100, learning rate 0.002 and seed 1" {
  two_steps
  sgns-train -q two.bin -o default.bin
  sgns-train -q --dim=100 --lr=0.002 --seed=1 two.bin | cmp - default.bin
  sgns-cat --header default.bin | grep -qx 'dim: 100'
}

# ---- refusals ----

@test "batches without examples are refused" {
  echo 'a b' | ptb-vocab -q -m 2 | sgns-batch -q -o empty.bin
  fails_with 3 sgns-train empty.bin -o out
  says 'empty.bin: no minibatch to train on'
  leaves_nothing out
}

@test "a GPU is an error in a build without CUDA" {
  for device in cuda cuda:0 cuda:12; do
    SGNS_CUDA=missing.so fails_with 4 sgns-train --device $device batches.bin -o out
    says 'built without CUDA'
    says '--device=cpu'
    leaves_nothing out
  done
}

@test "an invalid device is refused with status 2 before the input is read" {
  for device in nonsense cud cuda: cuda:x cuda:1x cpu:1 CPU; do
    fails_with 2 sgns-train --device $device batches.bin -o out
    says "$device"
    fails_with 2 sgns-train --device $device -o out </dev/null
    leaves_nothing out
  done
}

@test "--device auto trains without a GPU" {
  train --device auto batches.bin -o auto.bin
  train --device cpu batches.bin | cmp - auto.bin
}

@test "losses stay finite at a large learning rate" {
  succeeds train --lr 1000000 batches.bin -o vectors.bin
  succeeds sgns-knn vectors.bin w1
}

@test "training stops when the loss is not finite, naming epoch and minibatch" {
  fails_with 5 sgns-train -q --lr 1e30 batches.bin -o out
  says 'the loss of epoch 1, minibatch 2 is not finite'
  leaves_nothing out
}

@test "a loss log that cannot be written is an error" {
  fails_with 1 sgns-train -q --loss-log missing/log batches.bin -o out
  says 'missing/log: '
  says 'No such file or directory'
  leaves_nothing out
  fails_with 1 sgns-train -q --loss-log /dev/full batches.bin -o out
  says '/dev/full: '
  says 'No space left on device'
  leaves_nothing out
}

@test "the loss log must not be the input or the output" {
  cp batches.bin input.bin
  fails_with 2 sgns-train -q --loss-log input.bin input.bin -o out
  cmp input.bin batches.bin
  leaves_nothing out
  # shellcheck disable=SC2094 # the mistake under test
  fails_with 2 sgns-train -q --loss-log input.bin -o out <input.bin
  cmp input.bin batches.bin
  fails_with 2 sgns-train -q --loss-log out batches.bin -o out
  leaves_nothing out
}
