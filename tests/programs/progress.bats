#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Progress on terminals of several widths, in pipes and in logs. A preloaded clock gains a second each
# time that it is read, so that lines are printed however fast the programs are.

load ../support/helper

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  sample_text 60000 300 >text # 1.6 MB: a dozen blocks and records
  ptb-vocab -q -m 1 -o corpus.bin text
  sgns-batch -q -e 1 -n 1 -o batches.bin corpus.bin
  head -n 1000 text | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o few-batches.bin
  sgns-train -q -d 3000 -o vectors.bin few-batches.bin
  sgns-train -q -d 3000 -c long.ckpt --checkpoint-every 5steps -o unused few-batches.bin
  sgns-train -q -d 3 -c middle.ckpt -o few.bin batches.bin
  sgns-convert -q --to word2vec -o vectors.txt vectors.bin
  sgns-cat few.bin | awk 'NR > 1 { a[n++] = $1 }
    END { for (i = 0; i < 20000; i++) print a[i % 50], a[i % 51], a[i % 52], a[i % 53 + 1] }' >questions
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/* .
  ! built_with_tsan || skip 'TSan and a preloaded library conflict before main'
}

# on_terminal COLUMNS COMMAND...: what a shell command shows on a terminal, see terminal.py, in `shown`;
# its lines of progress in `lines`. The clock gains GAIN seconds each time. Ends as the command does.
on_terminal() {
  local status=0
  TERM=${TERM_HERE-xterm} python3 -B "$SUPPORT/terminal.py" "${@:1:$#-1}" \
    "export LD_PRELOAD=$BUILD/tests/faults.so FAULTS_CLOCK=${GAIN-1}; ${*: -1}" >shown || status=$?
  sed -n 's/^~//p' shown >lines
  return $status
}

# stages: prints the stages of the lines, each once for all lines in a row.
stages() {
  sed -E 's/^ *[0-9]+%, [-:0-9]+ left, //; s/ [#.]+$//; s/[:,].*//' lines | uniq | paste -sd ' '
}

# increasing: the percentage of no line is smaller than that of the line before, within a stage.
increasing() {
  awk '{ percentage = $1 + 0; stage = $4; sub(/[^a-z].*/, "", stage)
         if (!/^ *[0-9]+%, ([0-9:]+|-:--) left, / || (stage == before && percentage < last)) { print; exit 1 }
         last = percentage; before = stage }' lines
}

# shows_progress COMMAND: on terminals of all widths COMMAND shows lines of progress, with increasing
# percentages; none of them wraps, and no part of them is left.
shows_progress() {
  local columns
  for columns in 30 40 80 200; do
    on_terminal $columns "$1"
    [ "$(wc -l <lines)" -ge 3 ] || fail "'$1' shows only $(wc -l <lines) lines of progress"
    increasing || fail "percentages of '$1'"
    awk -v columns=$columns 'length($0) > columns - 1 { print; exit 1 }' lines || fail "too long for $columns columns"
    refute grep -q '^!' shown
    refute grep -q '^~.*wrapped' shown
    refute grep -q '^=.*left, ' shown
    [ $columns -lt 200 ] || grep -qE '[#.]{32}$' lines
    rm -f out
  done
}

# ---- one program ----

@test "ptb-words and ptb-vocab: the part of the texts that has been read, then of the tokens that are written" {
  shows_progress 'ptb-words -o out text text'
  shows_progress 'ptb-vocab -o out text'
  assert_equal "$(stages)" 'counting encoding'
  shows_progress 'ptb-vocab -o out text - <text'
  shows_progress 'ptb-vocab --count -o out text'
  assert_equal "$(stages)" counting
  ptb-vocab -q --count -o counts.bin text
  shows_progress 'ptb-vocab --merge -o out counts.bin counts.bin counts.bin'
  assert_equal "$(stages)" merging
  shows_progress 'ptb-vocab --vocab corpus.bin -o out text'
  assert_equal "$(stages)" 'reading the vocabulary encoding'
  on_terminal 80 'cat text | ptb-vocab -o out'
  grep -qE '^counting: 1 MB, 0\.[0-9]M tokens, [0-9]+ MB/s$' lines
  grep -qE '^ *[0-9]+%, [0-9:]+ left, encoding' lines
}

@test "ptb-subsample: the part of the file that has been read" {
  shows_progress 'ptb-subsample -o out corpus.bin'
  shows_progress 'ptb-subsample -o out <corpus.bin'
  on_terminal 80 'cat corpus.bin | ptb-subsample --draws 2 -o out'
  grep -qE '^[0-9.]+M tokens, [0-9.]+M kept$' lines
}

@test "sgns-batch: reading, shuffling, writing" {
  shows_progress 'sgns-batch -o out corpus.bin'
  assert_equal "$(stages)" 'reading shuffling writing'
  shows_progress 'sgns-batch -e 3 --memory 1M -o out corpus.bin'
  assert_equal "$(stages)" "reading $(yes 'shuffling writing' | head -n 3 | paste -sd ' ')"
  shows_progress 'sgns-batch --no-shuffle -o out corpus.bin'
  assert_equal "$(stages)" 'reading writing'
}

@test "sgns-train: the part of the minibatches" {
  shows_progress 'sgns-train -d 5 -o out batches.bin'
  grep -qE '^ *[0-9]+%, [0-9:]+ left, epoch 1/1, loss [0-9.]+, [0-9]+ tokens/sec [#.]{32}$' lines
  # The vectors have the dimension 3000, of which few fit in a record.
  shows_progress 'sgns-train -d 3000 --init vectors.bin -o out few-batches.bin'
  assert_equal "$(stages)" 'reading epoch 1/1 writing'
  # Held-out minibatches are verified first, and evaluated after each epoch.
  shows_progress 'sgns-train -d 5 --eval batches.bin -o out batches.bin'
  assert_equal "$(stages)" 'held-out minibatches epoch 1/1 held-out minibatches epoch 1/1 writing'
  on_terminal 80 'sgns-train -d 3000 --resume long.ckpt -o out few-batches.bin'
  grep -qE '^ *[0-9]+%, [-:0-9]+ left, reading' lines
  grep -q '^skipping the first [0-9]* minibatches$' lines
}

@test "programs that read vectors: the part of the file that has been read" {
  for command in 'sgns-knn vectors.bin w1' 'sgns-eval vectors.bin questions'; do
    on_terminal 80 "$command"
    grep -qE '^ *[0-9]+%, [-:0-9]+ left, reading' lines
    refute grep -q '^=.*reading' shown
  done
}

@test "sgns-convert: the part of the file that has been read, then of the words that are written" {
  shows_progress 'sgns-convert --to word2vec -o out vectors.bin'
  shows_progress 'sgns-convert -o out vectors.txt'
  assert_equal "$(stages)" 'reading writing'
}

@test "sgns-knn --all, sgns-eval: the part of the work" {
  awk 'BEGIN { print 5000, 2; for (i = 0; i < 5000; i++) print i, cos(i), sin(i) }' |
    sgns-convert -q --from word2vec -o many.bin
  shows_progress 'sgns-knn --all -t 1 -o out many.bin 3'
  shows_progress 'sgns-eval -t 1 -o out few.bin questions'
  on_terminal 80 'sgns-eval few.bin questions'
  grep -q '^=questions.total.3cosadd' shown
  [ -s lines ]
}

@test "sgns-cat: the part of the file that has been read" {
  for stream in corpus batches vectors; do
    shows_progress "sgns-cat --check -o out $stream.bin"
  done
  shows_progress 'sgns-cat --header corpus.bin'
  grep -q '^=kind: corpus' shown
  shows_progress 'sgns-cat -o out batches.bin'
  on_terminal 80 'sgns-cat --check corpus.bin few.bin'
  grep -q '^=corpus.bin: corpus stream, ok' shown
  grep -q '^=few.bin: vectors stream, ok' shown
}

# ---- the programs of a pipe ----

@test "in a pipe a program shows its progress until it begins to write; then the next one does" {
  for columns in 40 80 200; do
    on_terminal $columns 'ptb-vocab -m 1 text | ptb-subsample | sgns-batch -e 1 | sgns-train -d 5 >out'
    assert_equal "$(stages)" 'counting reading shuffling epoch 1/1 writing'
    refute grep -q '^!' shown
    refute grep -q '^~.*wrapped' shown
    grep '^=' shown | sed 's/^=\([a-z0-9-]*\).*/\1/' | paste -sd ' ' >notes
    assert_equal "$(<notes)" 'ptb-vocab ptb-subsample sgns-batch epoch loss'
  done
}

@test "a file as output leaves the progress of the last program alone" {
  on_terminal 80 'ptb-vocab -m 1 text | ptb-subsample -o out'
  assert_equal "$(sed -E 's/^.*(counting|kept)/\1/; s/[:,].*//' lines | uniq | paste -sd ' ')" 'counting kept'
}

@test "an error is a line of its own, after which no progress is left" {
  head -c $(($(wc -c <corpus.bin) * 2 / 3)) corpus.bin >short.bin
  on_terminal 80 'cat short.bin | sgns-batch -o out' || true
  [ "$(wc -l <lines)" -ge 3 ]
  assert_equal "$(grep -c '^[=!]' shown)" 1
  grep -q "^=sgns-batch: stdin: byte " shown
  # The last program fails while the first one shows its progress.
  on_terminal 80 'ptb-vocab text | ptb-subsample | sgns-batch | sgns-train --dim 0' || true
  [ "$(wc -l <lines)" -ge 3 ]
  grep -q '^=sgns-train: --dim=0: ' shown
  refute grep -q '^!' shown
  refute grep -q '^=.*%' shown
}

@test "Ctrl-C leaves the cursor at the start of an empty line" {
  for columns in 30 80; do
    exits_with 130 on_terminal $columns -i counting '(cat text; exec sleep 60) | ptb-vocab -o out'
    # The terminal echoes ^C where the cursor rests, at the start of the line.
    grep -qE '^(co|\^C)unting' lines
    refute grep -q '^[=!]' shown
  done
}

@test "a line follows a change of the terminal's width" {
  half=$(($(wc -c <batches.bin) / 2))
  for change in 120,40 40,120; do
    mkfifo feed
    {
      head -c $half batches.bin
      for ((i = 0; i < 3000; i++)); do
        [ ! -e resized ] || break
        sleep 0.01
      done
      tail -c +$((half + 1)) batches.bin
    } >feed 3>&- &
    on_terminal $change -i 'left, epoch 1/1' 'sgns-train -d 5 -o out feed'
    wait
    rm feed resized out
    grep 'epoch 1/1' lines | tail -n 1 | awk -v columns=${change#*,} '
      { exit !(length($0) <= columns - 1 && length($0) > columns - 50) }'
  done
}

# ---- no line that is rewritten ----

# plain FILE: its lines are of progress or notes, without escape sequences.
plain() {
  refute grep -q $'[\x1b\r]' "$1"
  grep -qE '^ *[0-9]+%, [0-9:]+ left, counting: [0-9]+ MB' "$1"
  grep -q '^ptb-vocab: [0-9]* sentences' "$1"
}

@test "elsewhere there is a plain line every 30 seconds" {
  LD_PRELOAD=$BUILD/tests/faults.so FAULTS_CLOCK=11 succeeds ptb-vocab -o out text
  plain stderr
  grep -c '%' stderr >often
  LD_PRELOAD=$BUILD/tests/faults.so FAULTS_CLOCK=4 succeeds ptb-vocab -o out text
  plain stderr
  [ "$(grep -c '%' stderr)" -lt "$(<often)" ]
  LD_PRELOAD=$BUILD/tests/faults.so FAULTS_CLOCK=0 succeeds ptb-vocab -o out text
  refute grep -q '%' stderr
}

@test "so it is on a terminal that cannot rewrite a line, and in the background" {
  for TERM_HERE in dumb ''; do
    GAIN=11 on_terminal 80 'ptb-vocab -o out text'
    sed -n 's/^=//p' shown >said
    plain said
    assert_size_zero lines
  done
  TERM_HERE=xterm GAIN=11 on_terminal 80 'set -m; ptb-vocab -o out text & wait'
  sed -n 's/^=//p' shown >said
  plain said
  assert_size_zero lines
}

@test "--quiet shows no progress" {
  on_terminal 80 'ptb-vocab -q -o out text; sgns-batch -q -o out corpus.bin; sgns-train -q -o out batches.bin'
  assert_size_zero shown
}
