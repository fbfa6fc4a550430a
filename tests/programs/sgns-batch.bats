#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

setup_file() {
  sample_text 150 40 | ptb-vocab -q -m 1 -o "$BATS_FILE_TMPDIR/corpus.bin"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR/corpus.bin" .
}

# examples_of STREAM OPTION...: prints the examples, one per line: centre, contexts, noise words,
# separated by tabs.
examples_of() {
  local stream=$1
  shift
  sgns-batch -q "$@" "$stream" | sgns-cat
}

# centres_and_contexts: prints centre and sorted context words of the examples on standard input.
centres_and_contexts() {
  awk -F '\t' '{
    n = split($2, word, " ")
    printf "%s:", $1
    for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++)
      if (word[j] < word[i]) { swapped = word[i]; word[i] = word[j]; word[j] = swapped }
    for (i = 1; i <= n; i++) printf " %s", word[i]
    print ""
  }'
}

# value NAME: prints the value of NAME in a header on standard input.
value() {
  sed -n "s/^$1: //p"
}

# ---- centres and contexts ----

@test "with window 1 the contexts are the neighbours in the sentence without <unk>" {
  printf 'a b c d\na\n\nb <unk> c\n<unk> e\n<unk>\ne d e\n' | corpus_of
  succeeds examples_of few.bin -w 1 -e 1 --no-shuffle
  centres_and_contexts <stdout >found
  printf '%s\n' 'a: b' 'b: a c' 'c: b d' 'd: c' 'b: c' 'c: b' 'e: d' 'd: e e' 'e: d' | cmp - found
}

@test "each known token of a sentence with at least two is a centre once per epoch" {
  printf 'a b c d\na\n\nb <unk> c\n<unk> e\n<unk>\ne d e\n' | corpus_of
  sgns-batch -q -e 4 few.bin -o batches.bin
  sgns-cat --header batches.bin >header
  assert_equal "$(value examples <header)" 9
  assert_equal "$(value 'total examples' <header)" 36
  sgns-cat batches.bin | cut -f 1 | sort | uniq -c | awk '{ print $2, $1 }' >centres
  printf '%s\n' 'a 4' 'b 8' 'c 8' 'd 8' 'e 8' | cmp - centres
}

@test "contexts are all words within 1 to --window positions, clipped at the ends of the sentence" {
  # Each word encodes its position. Two sentences, to detect windows that reach into the other one.
  for _ in {1..100}; do
    echo 1 2 3 4 5 6 7 8 9 10 11 12
    echo 101 102 103 104
  done | corpus_of
  succeeds examples_of few.bin -w 4 -e 1
  awk -F '\t' '
    {
      low = $1 > 100 ? 101 : 1; high = $1 > 100 ? 104 : 12
      n = split($2, context, " ")
      delete found
      reach = 0
      for (i = 1; i <= n; i++) {
        distance = context[i] > $1 ? context[i] - $1 : $1 - context[i]
        if (distance > reach) reach = distance
        if (context[i] in found || context[i] == $1) wrong = 1
        found[context[i]] = 1
      }
      for (position = $1 - reach; position <= $1 + reach; position++)
        if (position != $1 && position >= low && position <= high && !(position in found)) wrong = 1
      for (position in found) if (position + 0 < low || position + 0 > high) wrong = 1
      if (reach > 4) wrong = 1
      if ($1 >= 5 && $1 <= 8) { seen[reach]++; centres++ }  # not clipped here
      if (wrong) { print; exit 1 }
    }
    END {
      if (wrong) exit 1
      for (reach = 1; reach <= 4; reach++)  # 400 centres, about a quarter of them for each reach
        if (seen[reach] < 65 || seen[reach] > 135) { print reach, seen[reach]; exit 1 }
    }' stdout
}

@test "the default window is 5" {
  seq 1 200 | paste -sd ' ' | corpus_of
  succeeds examples_of few.bin -e 1
  awk -F '\t' '
    { n = split($2, context, " "); for (i = 1; i <= n; i++) {
        d = context[i] > $1 ? context[i] - $1 : $1 - context[i]; if (d > most) most = d } }
    END { exit most != 5 }' stdout
}

@test "a sentence of many thousand words has all its contexts" {
  # It spans several records of the stream.
  yes "$(seq 1 1000 | paste -sd ' ')" | head -n 70 | paste -sd ' ' | corpus_of
  succeeds examples_of few.bin -w 1 -n 1 -e 1 --no-shuffle
  awk -F '\t' '
    function word(position) { return position < 1 || position > 70000 ? "" : (position - 1) % 1000 + 1 }
    {
      split($2, context, " ")
      before = word(NR - 1); after = word(NR + 1)
      good = $2 == before " " after || $2 == after " " before || $2 == before after
      if ($1 != word(NR) || !good) { print; wrong = 1; exit }
    }
    END { exit wrong || NR != 70000 }' stdout
}

# ---- noise words ----

@test "--negatives noise words per context word, none of them a context word or <unk>" {
  for negatives in 1 5 13; do
    succeeds examples_of corpus.bin -n $negatives -e 2
    awk -F '\t' -v k=$negatives '
      {
        contexts = split($2, context, " "); noise = split($3, word, " ")
        if (noise != k * contexts || !contexts) { print "wrong number: " $0; exit 1 }
        delete found
        for (i = 1; i <= contexts; i++) found[context[i]] = 1
        for (i = 1; i <= noise; i++) if (word[i] in found || word[i] == "<unk>") { print; exit 1 }
      }' stdout
    assert_size_not_zero stdout
  done
}

@test "with --shared-noise, --negatives noise words per centre word" {
  for negatives in 1 5 40; do
    succeeds examples_of corpus.bin --shared-noise -n $negatives
    awk -F '\t' -v k=$negatives '
      {
        contexts = split($2, context, " "); noise = split($3, word, " ")
        if (noise != k || !contexts) { print "wrong number: " $0; exit 1 }
        delete found
        for (i = 1; i <= contexts; i++) found[context[i]] = 1
        for (i = 1; i <= noise; i++) if (word[i] in found || word[i] == "<unk>") { print; exit 1 }
      }' stdout
    assert_size_not_zero stdout
    # Centres and contexts are the same as without it.
    examples_of corpus.bin -n $negatives | cut -f 1,2 >expected
    cut -f 1,2 stdout | cmp - expected
  done
}

@test "noise words are drawn by count^--noise-exponent, 0.75 by default" {
  # Only p and q are centres; each can be its own noise word. Otherwise noise words are a (810
  # tokens) and b (10 tokens), but not <unk>, the most frequent.
  {
    yes a | head -n 810
    yes b | head -n 10
    yes '<unk>' | head -n 20000
    yes 'p q' | head -n 1000
  } | corpus_of
  for exponent in 0 0.5 0.75 1; do
    option=--noise-exponent=$exponent
    [ $exponent != 0.75 ] || option=--quiet # no option: the default
    examples_of few.bin -w 1 -n 20 -e 1 $option | cut -f 3 | tr ' ' '\n' | sort | uniq -c |
      awk -v exponent=$exponent '
        { n[$2] = $1; all += $1 }
        END {
          a = 810 ^ exponent; b = 10 ^ exponent; centre = 1000 ^ exponent
          expected = 40000 * b / (a + b + centre)
          if (all != 40000 || n["<unk>"] || n["b"] < expected - 4 * sqrt(expected) ||
              n["b"] > expected + 4 * sqrt(expected)) {
            print exponent ": b is drawn " n["b"] " times, expected " expected
            exit 1
          }
          expected = 40000 * a / (a + b + centre)
          if (n["a"] < expected - 4 * sqrt(expected) || n["a"] > expected + 4 * sqrt(expected)) {
            print exponent ": a is drawn " n["a"] " times, expected " expected
            exit 1
          }
        }'
  done
}

@test "noise words are drawn by the counts before subsampling" {
  { yes a | head -n 5000; yes 'p q' | head -n 100; yes b | head -n 50; } | corpus_of
  ptb-subsample -q --threshold 0.0004 few.bin -o kept.bin # keeps a fifth of p and q
  examples_of kept.bin -w 1 -n 100 -e 1 | cut -f 3 | tr ' ' '\n' | sort | uniq -c >drawn
  awk '{ n[$2] = $1 } END { exit !(n["a"] > 15 * n["b"] && n["b"] > 0) }' drawn # 100^0.75 is 31
}

@test "the centre word can be a noise word" {
  # With context word q, only p itself can be a noise word, and vice versa.
  echo 'p q' | corpus_of
  succeeds examples_of few.bin -n 3 -e 1 --no-shuffle
  prints 'p\tq\tp p p\nq\tp\tq q q\n'
}

@test "an example whose context words include every word has no noise words; their number is noted" {
  for text in 'a b a b' 'a b c d e f a b c d e f'; do
    echo "$text" | corpus_of
    for threads in 1 3; do
      timeout 60 sgns-batch -t $threads -w 6 -e 4 few.bin -o batches.bin 2>messages
      sgns-cat batches.bin >lines
      # By definition: no noise words if and only if the contexts are all words of the vocabulary.
      awk -F '\t' -v text="$text" '
        BEGIN { words = split(text, word, " "); for (i in word) if (!(word[i] in all)) { all[word[i]]; n++ } }
        {
          split($2, context, " "); split("", seen); distinct = 0
          for (i in context) if (!(context[i] in seen)) { seen[context[i]]; distinct++ }
          if ((distinct == n) != ($3 == "")) exit 1
          without += $3 == ""
        }
        END { if (without == 0) exit 1; print without }' lines >without
      grep -qF "sgns-batch: $(<without) examples without noise words" messages
      sgns-train -q -d 4 batches.bin -o emb-$threads.bin
    done
    cmp emb-1.bin emb-3.bin
  done
}

@test "a vocabulary of one word is an error: no example can have noise words" {
  echo 'a a a' | corpus_of
  fails_with 3 timeout 60 sgns-batch -q -w 6 few.bin -o out
  says 'no negative samples possible: the vocabulary has only one word'
  leaves_nothing out
}

@test "four letters, as in DNA: trains, and the vectors are finite" {
  LC_ALL=C awk 'BEGIN { for (i = 1; i <= 4000; i++) { s = (s * 5 + 3) % 4093; printf "%s%s", substr("ACGT", 1 + int(s / 7) % 4, 1), i % 40 ? " " : "\n" } }' >dna.txt
  ptb-vocab -q dna.txt | sgns-batch -q -e 2 | sgns-train -q -d 8 -o dna.bin
  sgns-cat dna.bin | awk 'NR > 2 { n++ } /nan|inf/ { exit 1 } END { exit n != 4 }'
}

@test "a single rare word that is not a context word is found as noise word" {
  # Its weight is 10^-11 of that of the contexts: drawing until it comes up would take too long.
  { yes 'a b a b' | head -n 300; echo x; } | corpus_of
  timeout 60 sgns-batch -q --noise-exponent 4 -w 3 -n 1 -e 1 few.bin -o batches.bin
  sgns-cat batches.bin >examples
  awk -F '\t' '
    $2 ~ /a/ && $2 ~ /b/ { both++; if ($3 !~ /^x( x)*$/) { print; wrong = 1 } }
    END { exit wrong || !both }' examples
}

# ---- epochs and order ----

@test "frozen epochs have the same examples in another order" {
  succeeds examples_of corpus.bin -e 3
  n=$(($(wc -l <stdout) / 3))
  for epoch in 1 2 3; do
    tail -n +$(((epoch - 1) * n + 1)) stdout | head -n "$n" >epoch-$epoch
    sort epoch-$epoch >sorted-$epoch
  done
  cmp sorted-1 sorted-2
  cmp sorted-1 sorted-3
  assert_files_not_equal epoch-1 epoch-2
  assert_files_not_equal epoch-2 epoch-3
}

@test "with --resample the examples of epochs differ; the first epoch is that without it" {
  succeeds examples_of corpus.bin -e 2 --resample
  n=$(($(wc -l <stdout) / 2))
  head -n "$n" stdout | cmp - <(examples_of corpus.bin -e 1)
  head -n "$n" stdout | sort >first
  tail -n "$n" stdout | sort >second
  # Windows and noise words are redrawn, centres stay.
  cmp <(cut -f 1 first | sort) <(cut -f 1 second | sort)
  assert_files_not_equal <(cut -f 1,2 first | sort) <(cut -f 1,2 second | sort)
  [ "$(comm -12 first second | wc -l)" -lt $((n / 10)) ]
}

@test "shuffling changes only the order" {
  examples_of corpus.bin -e 1 >shuffled
  examples_of corpus.bin -e 1 --no-shuffle >straight
  assert_files_not_equal shuffled straight
  cmp <(sort shuffled) <(sort straight)
}

@test "--no-shuffle keeps the order of the text in every epoch" {
  sgns-cat corpus.bin | awk 'NF > 1' | tr ' ' '\n' >centres
  examples_of corpus.bin -e 2 --no-shuffle | cut -f 1 | cmp - <(cat centres centres)
}

@test "an epoch's first examples come from all over the text" {
  for sentence in {1..1000}; do echo "w$sentence x$sentence"; done | corpus_of
  examples_of few.bin -e 1 -n 1 | cut -f 1 | tr -d wx | head -n 500 |
    awk '{ sum += $1; high += $1 > 500 } END { exit sum / NR < 430 || sum / NR > 570 || high < 180 || high > 320 }'
}

@test "the same seed gives the same bytes, another seed other windows, noise words and order" {
  sgns-batch -q corpus.bin -o default.bin
  sgns-batch -q --seed=1 corpus.bin | cmp - default.bin
  examples_of corpus.bin -e 1 --no-shuffle >one
  examples_of corpus.bin -e 1 --no-shuffle --seed 2 >two
  for column in 2 3; do
    assert_files_not_equal <(cut -f $column one) <(cut -f $column two)
  done
  assert_files_not_equal <(examples_of corpus.bin -e 1 | cut -f 1) \
    <(examples_of corpus.bin -e 1 -s 2 | cut -f 1)
}

@test "an epoch does not depend on the number of epochs" {
  examples_of corpus.bin -e 3 --resample >three
  examples_of corpus.bin -e 2 --resample >two
  head -n "$(wc -l <two)" three | cmp - two
}

# ---- minibatches ----

@test "minibatches have --batch-size examples, the last one of an epoch the remaining ones" {
  seq 1 23 | paste -sd ' ' | corpus_of
  sgns-batch -q -b 10 -e 2 few.bin -o batches.bin
  sgns-cat --header batches.bin >header
  assert_equal "$(value 'batch size' <header)" 10
  assert_equal "$(value epochs <header)" 2
  assert_equal "$(value examples <header)" 23
  # decode.py checks the number of examples in every minibatch. sgns-train makes one step for each
  # minibatch.
  "$SUPPORT/decode.py" batches.bin | wc -l | grep -qx 46
  sgns-train -q -d 2 --loss-log log batches.bin >/dev/null
  tail -n +2 log | cut -f 1,2 >steps
  printf '%s\n' $'1\t1' $'1\t2' $'1\t3' $'2\t4' $'2\t5' $'2\t6' | cmp - steps
}

@test "the size of the minibatches does not affect the examples" {
  examples_of corpus.bin -b 1 -e 2 >one
  for size in 7 512 100000; do
    examples_of corpus.bin -b $size -e 2 | cmp - one
  done
}

@test "defaults: 512 examples, 5 epochs, 5 noise words" {
  sgns-batch -q corpus.bin | sgns-cat --header >header
  assert_equal "$(value 'batch size' <header)" 512
  assert_equal "$(value epochs <header)" 5
  assert_equal "$(value noise <header)" $((5 * $(value contexts <header)))
}

@test "a minibatch with more words than the format allows is an error" {
  ! sanitized || skip 'a quarter of a billion words'
  yes "$(seq 1 100 | paste -sd ' ')" | head -n 600 | corpus_of
  fails_with 3 sgns-batch -q -b 100000 -n 1000 -e 1 -o out few.bin
  says 'a minibatch has more than 268435456 words'
  leaves_nothing out
}

# ---- threads ----

# Few examples per unit of work, so that there are many units; minibatches are smaller and larger
# than one.
@test "any number of threads gives the same bytes" {
  sample_text 2000 40 | corpus_of
  for options in '-b 20' '-b 1000' '-b 100000 --resample' '-b 33 --no-shuffle' '-n 1 -e 9'; do
    # shellcheck disable=SC2086 # several words
    {
      sgns-batch -q -e 2 -n 200 $options -t 1 few.bin -o expected
      for threads in 2 3 8; do
        sgns-batch -q -e 2 -n 200 $options -t $threads few.bin | cmp - expected
      done
      sgns-batch -q -e 2 -n 200 $options few.bin | cmp - expected
    }
  done
  "$SUPPORT/decode.py" expected >/dev/null
}

@test "a minibatch in several records has all its examples" {
  sample_text 2000 40 | corpus_of
  examples_of few.bin -e 1 -n 200 -b 33 >small
  sgns-batch -q -e 1 -n 200 -b 100000 few.bin -o batches.bin
  "$SUPPORT/decode.py" --header batches.bin | grep -qx 'batch size: 100000'
  sgns-cat batches.bin | cmp - small
}

@test "threads: an error gives one message; a broken pipe, silent death by SIGPIPE" {
  { sample_text 2000 40; echo 'a b a b'; } | corpus_of
  for threads in 1 4; do
    sgns-batch -q -t $threads -e 1000 -n 200 few.bin 2>messages | head -c 100 >/dev/null || true
    assert_equal "${PIPESTATUS[0]}" 141
    assert_equal "$(<messages)" ''
    exits_with 1 sgns-batch -q -t $threads -n 200 -o /dev/full few.bin
    says 'No space left'
  done
  yes 'a a a' | head -n 20000 | corpus_of
  fails_with 3 sgns-batch -q -t 4 few.bin -o out
  says 'no negative samples possible'
  leaves_nothing out
}

# ---- memory ----

# many_sentences: creates few.bin, about 310,000 tokens of 2 bytes: more than half of a MiB.
many_sentences() {
  sample_text 2000 40 >part
  for _ in {1..32}; do cat part; done | corpus_of
}

@test "any --memory gives the same bytes, in slices and with temporary files" {
  many_sentences
  for options in '-e 2' '-e 2 --resample' '-e 2 --no-shuffle' '-w 20 -b 100000' '-w 1 -b 7' \
    '-w 1 --no-shuffle' '-n 5 --shared-noise'; do
    # shellcheck disable=SC2086 # several words
    {
      sgns-batch -q -e 1 -n 1 $options -t 1 few.bin -o expected
      for memory in 2M 1M; do
        for threads in 1 3; do
          sgns-batch -q -e 1 -n 1 $options --memory $memory -t $threads few.bin | cmp - expected
        done
      done
    }
  done
  "$SUPPORT/decode.py" --header expected >/dev/null
}

@test "ids of four bytes give the same bytes with temporary files" {
  { seq 1 70000 | paste -sd ' '; seq 1 70000; seq 70000 -1 1 | paste -d ' ' - - - -; } | corpus_of
  sgns-batch -q -e 2 -n 1 few.bin -o expected
  for memory in 2M 1M; do
    sgns-batch -q -e 2 -n 1 --memory $memory few.bin | cmp - expected
  done
  TMPDIR=/nonexistent fails_with 1 sgns-batch -q -e 2 -n 1 --memory 1M few.bin
}

@test "temporary files are created in TMPDIR, only if --memory is too small" {
  many_sentences
  TMPDIR=$PWD/nowhere succeeds sgns-batch -q -e 1 -n 1 --memory 2M few.bin
  TMPDIR=$PWD/nowhere fails_with 1 sgns-batch -q -e 1 -n 1 --memory 1M -o out few.bin
  says "cannot create a temporary file in '$PWD/nowhere'"
  leaves_nothing out
}

@test "temporary files that cannot be written: status 1" {
  many_sentences
  with_files_of() { # KIB COMMAND...
    local size=$1
    shift
    (
      trap '' XFSZ
      ulimit -f "$size"
      "$@" >/dev/null
    )
  }
  # Space for almost nothing, for part of the corpus, for part of the examples.
  for size in 1 100 3000; do
    fails_with 1 with_files_of $size sgns-batch -q -e 1 -n 1 --memory 1M few.bin
    says 'cannot write to a temporary file'
  done
}

@test "no temporary files remain after success, errors and signals" {
  many_sentences
  mkdir spill
  export TMPDIR=$PWD/spill
  succeeds sgns-batch -q -e 1 -n 1 --memory 1M few.bin -o out
  assert_equal "$(ls -A spill)" ''
  exits_with 1 sgns-batch -q --memory 1M few.bin -o /dev/full
  assert_equal "$(ls -A spill)" ''
  mkfifo fifo
  sgns-batch -q --memory 1M -e 1000 few.bin >fifo &
  head -c 1000000 fifo >/dev/null || true # it has started the first epoch
  wait $! || true
  sgns-batch -q --memory 1M -e 1000 few.bin -o unfinished &
  sleep 0.5
  kill -TERM $!
  local status=0
  wait $! || status=$?
  assert_equal $status 143
  assert_equal "$(ls -A spill)" ''
  leaves_nothing unfinished
}

@test "memory is bounded by --memory, whatever the size of the corpus" {
  yes "$(seq 1 50 | paste -sd ' ')" | head -n 60000 | corpus_of # 3 million examples
  within_memory 40 sgns-batch -q -t 1 -w 1 -n 1 -e 1 --memory 4M few.bin -o out
  # Keeping everything in memory takes more.
  exits_with 1 within_memory 40 sgns-batch -q -t 1 -w 1 -n 1 -e 1 few.bin
  says 'out of memory'
}

# ---- input and output ----

@test "file, pipe and slow pipe give the same bytes" {
  sgns-batch -q corpus.bin -o expected
  sgns-batch -q - <corpus.bin | cmp - expected
  # shellcheck disable=SC2002 # a pipe is needed
  cat corpus.bin | sgns-batch -q | cmp - expected
  slowly corpus.bin | sgns-batch -q | cmp - expected
}

@test "<unk> never occurs in examples, with or without ptb-subsample" {
  sample_text 300 30 | ptb-vocab -q -m 60 -o few.bin
  sgns-cat few.bin | grep -q '<unk>'
  for threshold in none 0.01 1; do
    if [ $threshold = none ]; then
      cat few.bin
    else
      ptb-subsample -q --threshold $threshold few.bin
    fi >input.bin
    succeeds examples_of input.bin -e 1
    assert_size_not_zero stdout
    run grep -c '<unk>' stdout
    assert_output 0
  done
}

@test "<unk> and sentences of one word do not affect centres and contexts" {
  # Random draws depend on the position in the text, so only centres and contexts are compared.
  printf '<unk> a b <unk> <unk> c\nd\n<unk>\nc <unk> d\nd <unk>\n' | corpus_of
  examples_of few.bin -w 1 -e 1 --no-shuffle | centres_and_contexts >with
  ptb-subsample -q --threshold 1 few.bin | sgns-batch -q -w 1 -e 1 --no-shuffle | sgns-cat |
    centres_and_contexts | cmp - with
  printf '%s\n' 'a: b' 'b: a c' 'c: b' 'c: d' 'd: c' | cmp - with
}

@test "a corpus without examples gives a valid stream without examples" {
  "$SUPPORT/forge.py" --one corpus-no-tokens >no-tokens.bin
  printf 'a\nb\n\nc\n' | ptb-vocab -q -m 1 -o single-words.bin
  echo 'a b c' | ptb-vocab -q -m 2 -o unknown.bin
  ptb-subsample -q --threshold 0 corpus.bin -o dropped.bin
  for corpus in no-tokens single-words unknown dropped; do
    succeeds sgns-batch -q $corpus.bin -o batches.bin
    zstd -tq batches.bin
    "$SUPPORT/decode.py" --header batches.bin | grep -qx 'total examples: 0'
    assert_equal "$(sgns-cat batches.bin)" ''
  done
}

@test "its options are recorded in the provenance" {
  sgns-batch -q -b 9 -w 2 -n 3 --noise-exponent 0.5 -e 2 --resample --no-shuffle -s 7 corpus.bin | sgns-cat --header >header
  sgns-batch -q corpus.bin | sgns-cat --header >default
  run tail -n 1 header
  assert_output --regexp '^made by: sgns-batch [0-9.]+ --batch-size=9 --window=2 --negatives=3 --noise-exponent=0.5 --epochs=2 --resample --no-shuffle --seed=7$'
  run tail -n 1 default
  assert_output --regexp '^made by: sgns-batch [0-9.]+ --batch-size=512 --window=5 --negatives=5 --noise-exponent=0.75 --epochs=5 --seed=1$'
}

@test "the vocabulary keeps all its words and counts" {
  sgns-batch -q corpus.bin | sgns-cat --vocab | cmp - <(sgns-cat --vocab corpus.bin)
}

@test "sentences of one word: a note says that a line is a sentence" {
  printf '%s\n' a b a b | ptb-vocab -q -m 1 | sgns-batch 2>said >batches.bin
  grep -q '^sgns-batch: no sentence has two words or more, .* a line of the text is a sentence$' said
  # Nothing came in: the program before has said why.
  echo 'a b' | ptb-vocab -q -m 1 | ptb-subsample -q --threshold 1e-9 | sgns-batch 2>said >batches.bin
  assert_equal "$(grep -c sentence said)" 0
}

# ---- ready examples: --examples ----

# lines TEXT: prints TEXT, where \t and \n are a tab and a newline.
lines() {
  printf '%b' "$1"
}

# differ FILE FILE
differ() {
  ! cmp -s "$1" "$2" || fail "$1 and $2 are the same"
}

@test "--examples: printed minibatches give the same minibatches, and vectors, as the direct way" {
  local options
  sgns-batch -q -e 1 -b 64 corpus.bin -o direct.bin
  sgns-cat direct.bin >printed
  sgns-train -q -d 10 direct.bin | sgns-cat >vectors
  for options in '' '-t 3' '--memory 1M -t 2'; do
    # shellcheck disable=SC2086 # several options
    sgns-batch -q --examples --vocab direct.bin --no-shuffle -e 1 -b 64 $options -o again.bin <printed
    sgns-cat again.bin | cmp - printed
    sgns-cat --vocab again.bin | cmp - <(sgns-cat --vocab corpus.bin)
    sgns-train -q -d 10 again.bin | sgns-cat | cmp - vectors
  done
}

@test "--examples: noise words that are not given are those that the corpus gives" {
  # Frozen and in corpus order, the examples of both have the same numbers; only their positions differ by
  # the marks between sentences, so one sentence is compared.
  seq 1 300 | sed 's/.*/w&/' | paste -sd ' ' | corpus_of
  sgns-batch -q -e 1 --no-shuffle few.bin | sgns-cat >direct
  cut -f 1,2 direct | sgns-batch -q --examples --vocab few.bin -e 1 --no-shuffle | sgns-cat >again
  cut -f 1,2 again | cmp - <(cut -f 1,2 direct)
  awk -F '\t' '
    {
      contexts = split($2, context, " "); noise = split($3, word, " ")
      if (noise != 5 * contexts) { print; exit 1 }
      for (i = 1; i <= noise; i++) for (j = 1; j <= contexts; j++) if (word[i] == context[j]) exit 1
    }' again
  # A third field that is empty is the same as none.
  cut -f 1,2 direct | sed 's/$/\t/' | sgns-batch -q --examples --vocab few.bin -e 1 --no-shuffle |
    sgns-cat | cmp - again
}

@test "--examples: shuffled epochs contain every line once, for any number of threads and any memory" {
  sgns-batch -q -e 1 corpus.bin | sgns-cat >printed
  for _ in {1..40}; do cat printed; done >many
  sgns-batch -q --examples -e 2 -t 1 many -o expected
  sgns-cat expected | head -n "$(wc -l <many)" >first
  sgns-cat expected | tail -n "$(wc -l <many)" >second
  sort many >sorted
  sort first | cmp - sorted
  sort second | cmp - sorted
  differ first second
  differ first many
  sgns-batch -q --examples -e 2 -t 4 many | cmp - expected
  sgns-batch -q --examples -e 2 -t 2 --memory 1M many | cmp - expected
  slowly many | sgns-batch -q --examples -e 2 --memory 2M | cmp - expected
  differ expected <(sgns-batch -q --examples -e 2 -s 2 many)
}

@test "--examples: the vocabulary is that of the lines, by decreasing count of centre and context words" {
  lines 'b\ta c\tz z z z\na\tc\n' | sgns-batch -q --examples | sgns-cat --vocab >stdout
  prints '<unk>\t0\na\t2\nc\t2\nb\t1\nz\t0'
}

@test "--examples: noise words are drawn by how often they are context words" {
  # h is a centre word only; b is a context word three times as often as c.
  for _ in {1..3000}; do echo h$'\t'a; done >text
  for _ in {1..300}; do printf 'x\tb\nx\tb\nx\tb\nx\tc\n'; done >>text
  sgns-batch -q --examples --noise-exponent 1 -e 1 text | sgns-cat | grep '^h' | cut -f 3 |
    tr ' ' '\n' | sort | uniq -c | awk '{ n[$2] = $1; all += $1 } END {
      for (word in n) if (word != "b" && word != "c") exit 1
      exit !(all == 15000 && n["b"] / n["c"] > 2.7 && n["b"] / n["c"] < 3.3) }'
}

@test "--examples: words are separated by any spaces; <unk> and words outside of --vocab are dropped" {
  echo 'a b c d' | corpus_of
  lines ' a \t b  c\r\nb\tx <unk> d\tx a\n<unk>\ta\nc\tx y\nd\ta\tx\n' >text
  succeeds sgns-batch --examples --vocab few.bin --no-shuffle -e 1 -n 1 text -o batches.bin
  says 'text: 7 unknown words dropped, and 2 of 5 examples with them'
  sgns-cat batches.bin >found
  assert_equal "$(cut -f 1,2 found)" "$(lines 'a\tb c\nb\td\nd\ta\n')"
  assert_equal "$(sed -n 2p found | cut -f 3)" a
  assert_equal "$(awk -F '\t' '{ print split($3, word, " ") }' found | paste -sd ' ')" '2 1 1'
}

@test "--examples: every malformed line is refused with its number" {
  refused() {
    lines "a\tb\nb\ta\n$1" >bad
    fails_with 3 sgns-batch -q --examples bad -o out
    says "bad: line 3: $2"
    leaves_nothing out
  }
  refused 'a b\n' 'expected a centre word, a tab and context words'
  refused '\n' 'expected a centre word, a tab and context words'
  refused '\tb\n' '0 words before the first tab, expected a centre word'
  refused 'a b\tc\n' '2 words before the first tab, expected a centre word'
  refused 'a\t\n' 'no context words'
  refused 'a\t \tb\n' 'no context words'
  refused 'a\tb\tc\td\n' 'more than two tabs'
  refused 'a\tb\tc\t\n' 'more than two tabs'
  refused 'a\tb\0\n' 'a zero byte'
  refused 'a\tb' 'no newline at the end'
  refused "a\t$(seq 2001 | paste -sd ' ')\n" 'more than 2000 context words'
  refused "a\t$(printf %065536d 0)\n" 'a word of more than 65535 bytes'
  lines "a\t$(seq 2000 | paste -sd ' ')\nb\t$(printf %065535d 0)\n" >good
  succeeds sgns-batch -q --examples good -o out
}

@test "--examples: the largest examples, and more of them than fit in a record of the stream" {
  # Each of the five takes 3.6 MB in a record, of at most 16 MiB.
  local noise
  noise=$(yes x | head -n 1800000 | paste -sd ' ')
  for _ in 1 2 3 4 5; do printf 'a\tb c\t%s\n' "$noise"; done >text
  timeout 60 sgns-batch -q --examples -e 1 --no-shuffle text -o batches.bin
  "$SUPPORT/decode.py" --header batches.bin | grep -qx 'noise: 9000000'
  sgns-cat batches.bin | cmp - text
  # 2000 context words, with noise words to be drawn from a larger vocabulary.
  for i in 0 1 2; do echo "$i$(printf '\t')$(seq $((2000 * i)) $((2000 * i + 1999)) | paste -sd ' ')"; done >text
  timeout 60 sgns-batch -q --examples -e 1 -b 2 --no-shuffle text -o batches.bin
  sgns-cat batches.bin | cut -f 1,2 | cmp - text
  sgns-cat batches.bin | awk -F '\t' '{ if (split($3, word, " ") != 10000) exit 1 }'
}

@test "--examples: no lines, a stream instead of lines, wrong options" {
  : >empty
  fails_with 3 sgns-batch -q --examples empty
  says 'empty: no lines'
  fails_with 3 sgns-batch -q --examples corpus.bin
  says 'corpus.bin: byte 0: a corpus stream, expected text'
  fails_with 2 sgns-batch --vocab corpus.bin corpus.bin
  says '--vocab requires --examples'
  fails_with 2 sgns-batch --examples -w 3 empty
  says '--examples and --window cannot be combined'
  fails_with 2 sgns-batch --examples --vocab - <corpus.bin
  says 'standard input can be read only once'
  lines 'a\tb\n' >text
  ptb-vocab -q --count -o counts.bin text
  fails_with 3 sgns-batch --examples --vocab counts.bin text
  says 'counts.bin: counts, expected a vocabulary'
  fails_with 3 sgns-batch --examples --vocab text text
  lines '2 1\na 1\nb 1\n' | sgns-convert -q --from word2vec -o imported.bin
  fails_with 3 sgns-batch --examples --vocab imported.bin text
  says 'without word counts'
}

@test "--examples is recorded in the provenance, after that of --vocab" {
  lines 'w1\tw2\n' >text
  sgns-batch -q --examples --vocab corpus.bin text | sgns-cat --header | grep '^made by' >found
  assert_regex "$(sed -n 1p found)" '^made by: ptb-vocab '
  assert_regex "$(tail -n 1 found)" 'sgns-batch [0-9.]+ --batch-size=512 --negatives=5 .* --seed=1 --examples --vocab=corpus.bin$'
}
