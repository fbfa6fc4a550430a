#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # Bats runs each test in a subshell
# What the scripts of pipelines/ have in common: --help, options, file names, checks before any work, results
# that are complete or absent; and what each of them does.

load ../support/helper

PIPELINES=$ROOT/pipelines
SCRIPTS=(text validate sweep frozen-or-fresh graph ptb sample-corpus make-deb install-packages)

# refuses STATUS MESSAGE SCRIPT ARGUMENT...: the script fails with one line, "SCRIPT: MESSAGE", and leaves no
# directory `out`.
refuses() {
  local script=$3
  OUT=out exits_with "$1" "$PIPELINES/$script" "${@:4}" </dev/null || return
  assert_equal "$(<stderr)" "$script: $2"
  assert_size_zero stdout
  leaves_nothing out
}

# quick COMMAND...: runs it with settings for a small text.
quick() {
  MIN_COUNT=1 THRESHOLD=none EPOCHS=1 DIM=4 DIMS='4 6' LRS=0.01 JOBS=2 OUT=out "$@"
}

# ---- help and options ----

@test "scripts: --help prints usage and settings with their defaults, in 80 columns" {
  for script in "${SCRIPTS[@]}"; do
    succeeds "$PIPELINES/$script" --help
    assert_size_zero stderr
    assert_equal "$(head -n 1 stdout | cut -d ' ' -f 1-2)" "Usage: $script"
    assert_equal "$(awk 'length($0) > 80' stdout)" ''
    refute grep -q 'shellcheck\|source ' stdout
    "$PIPELINES/$script" -h | cmp - stdout
    # Every setting that the script documents is in the list.
    sed -nE 's/^(export )?([A-Z_]+)=\$\{\2:-.*\} *# .*/\2/p' "$PIPELINES/$script" >settings
    sed -nE 's/^  ([A-Z_]+) .*/\1/p' stdout | cmp settings -
  done
  succeeds "$PIPELINES/validate" --help
  grep -qx '  EPOCHS     passes over the text \[5\]' stdout
  succeeds "$PIPELINES/sweep" --help
  grep -qx '  DIMS       dimensions of the vectors \[50 100 200\]' stdout
  grep -qx '  JOBS       parallel runs, of one thread each' stdout
}

@test "scripts: unknown options and wrong numbers of operands are refused" {
  for script in "${SCRIPTS[@]}"; do
    refuses 2 "--nonsense: unknown option; try '$script --help'" "$script" --nonsense
    refuses 2 "-x: unknown option; try '$script --help'" "$script" x -x
  done
  for script in validate sweep frozen-or-fresh; do
    refuses 2 "usage: $script TEXT [HELDOUT]; try '$script --help'" $script
    refuses 2 "usage: $script TEXT [HELDOUT]; try '$script --help'" $script a b c
  done
  refuses 2 "usage: make-deb BUILD DIRECTORY; try 'make-deb --help'" make-deb a
  refuses 2 "usage: ptb; try 'ptb --help'" ptb text
  refuses 2 "usage: install-packages GROUP...; try 'install-packages --help'" install-packages
}

@test "scripts: settings must have one of their values" {
  echo text >text
  WRAPPED=maybe refuses 2 "WRAPPED=maybe: expected yes or no; try 'text --help'" text text
  RESAMPLE=1 refuses 2 "RESAMPLE=1: expected yes or no; try 'validate --help'" validate text
  JOBS=0 refuses 2 "JOBS=0: expected a number from 1 to 9999; try 'sweep --help'" sweep text
  DIMS=' ' refuses 2 "no combination: DIMS, WINDOWS, NEGATIVES or LRS is empty; try 'sweep --help'" sweep text
  LRS=../1 refuses 2 "a list of numbers contains a slash; try 'sweep --help'" sweep text
}

@test "scripts: install-packages lists its groups" {
  exits_with 2 "$PIPELINES/install-packages" nonsense
  sed 's/.*groups: \(.*\); try .*/\1/' stderr | tr ' ' '\n' >groups
  [ "$(wc -l <groups)" -ge 17 ]
  sed -n 's/^group_\(.*\)() {/\1/p' "$PIPELINES/install-packages" | sort | diff - groups
  "$PIPELINES/install-packages" --help | tr ' ' '\n' >help
  while read -r group; do
    grep -qx "$group" help
  done <groups
}

# ---- file names ----

@test "scripts: missing and unreadable files are refused by name, before any work" {
  echo text >text
  mkdir directory
  for script in text validate sweep frozen-or-fresh; do
    refuses 1 'missing: No such file or directory' $script missing
    refuses 1 "missing: No such file or directory" $script text missing
    refuses 1 'directory: Is a directory' $script directory
    refuses 1 "\$'no\\nfile': No such file or directory" $script $'no\nfile'
  done
  PTB=missing refuses 1 'missing: No such file or directory' ptb
  TESTSETS=missing refuses 1 'missing: No such file or directory' sweep text
  refuses 1 'missing: no directory with programs in bin' make-deb missing out
  for script in sweep frozen-or-fresh; do
    exits_with 2 "$PIPELINES/$script" - <text
    says "$script: standard input cannot be read"
  done
}

@test "scripts: any file name works" {
  sample_text 100 30 >plain
  for name in 'a=b.txt' 'two words' '-dash' '--help' $'new\nline' '*' '[a]?' "quo'te\"" 'back\slash' 'ünï'; do
    cp plain "./$name"
    for script in text validate sweep frozen-or-fresh; do
      rm -rf out
      succeeds quick "$PIPELINES/$script" -- "$name"
      quick "$PIPELINES/$script" plain 2>/dev/null | cmp - stdout || fail "$script: $name"
    done
    PTB=$name quick succeeds "$PIPELINES/ptb"
    rm "./$name"
  done
  # As held-out text, and as the directory for results.
  for name in 'a=b.txt' '-dash it'; do
    cp plain "./$name"
    succeeds quick "$PIPELINES/validate" -- plain "$name"
    rm "./$name"
    for script in text validate sweep frozen-or-fresh; do
      MIN_COUNT=1 THRESHOLD=none EPOCHS=1 DIM=4 DIMS=4 LRS=0.01 OUT=$name succeeds "$PIPELINES/$script" plain
      [ -d "./$name" ]
      rm -r "./$name"
    done
    PTB=plain OUT=$name succeeds "$PIPELINES/ptb"
    rm -r "./$name"
  done
}

@test "scripts: work where a symbolic link to them is" {
  ln -s "$PIPELINES/text" link
  sample_text 100 30 >plain
  succeeds quick ./link plain
}

# ---- results ----

@test "scripts: a failed run leaves the old results and no temporary files" {
  sample_text 100 30 >plain
  for script in text validate; do
    rm -rf out
    succeeds quick "$PIPELINES/$script" plain
    (cd out && find . -type f -exec sha256sum {} +) >before
    # Training fails.
    for wrong in EPOCHS=0 DIM=x; do
      ! (export MIN_COUNT=1 THRESHOLD=none DIM=4 EPOCHS=1 OUT=out "${wrong?}"; "$PIPELINES/$script" plain &>said) ||
        fail "$script: $wrong"
      (cd out && find . -type f -exec sha256sum {} +) | cmp before -
    done
  done
}

# interrupted SIGNAL SCRIPT: starts the script as the leader of a session, with a text whose training takes
# long. When it is training, sends INT to its process group, as a terminal does, or TERM to the script alone.
interrupted() {
  sample_text 20000 300 >plain
  rm -rf out
  MIN_COUNT=1 THRESHOLD=none EPOCHS=1000 DIM=200 DIMS='200 201' LRS=0.01 JOBS=2 OUT=out \
    setsid env --default-signal=INT "$PIPELINES/$2" plain >stdout 2>stderr 3>&- &
  local script=$! status=0
  for _ in {1..200}; do
    ! pgrep -s "$script" sgns-train >/dev/null || break
    sleep 0.05
  done
  pgrep -s "$script" sgns-train
  [ "$1" != INT ] || kill -s INT -- "-$script"
  [ "$1" != TERM ] || kill -s TERM "$script"
  wait $script || status=$?
  [ $status -gt 128 ] || fail "$2: status $status"
  # None of its processes is left after a moment.
  for _ in {1..100}; do
    pgrep -s "$script" >left || break
    sleep 0.05
  done
  assert_equal "$(cat left)" ''
  assert_equal "$(find out -name '*.tmp*')" ''
  [ ! -e out/emb.bin ]
}

@test "scripts: an interrupted run leaves neither results nor temporary files nor processes" {
  for script in text validate sweep frozen-or-fresh; do
    for signal in INT TERM; do
      interrupted $signal $script
    done
  done
}

# ---- each script ----

@test "pipelines/text: shows what it does, chooses words in any script, and notes a small text" {
  "$PIPELINES/sample-corpus" 5000 | sed 's/$/./; s/bank/банк/g; s/chip/チップ/g; s/\bthe\b/1,000/g' >text
  DIM=20 OUT=out succeeds "$PIPELINES/text" text
  for line in '^ptb-words: 5000 sentences, ' '^text: [0-9]* words are few' '^ptb-vocab: ' '^sgns-batch: ' '^epoch 10/10' \
    '^text: the vectors are in out/emb.bin; search them with: sgns-knn out/emb.bin WORD$'; do
    says_like "$line"
  done
  grep -v '^cosine\|^$' stdout >shown
  assert_equal "$(wc -l <shown)" 3
  refute grep -qE '^[0-9.,<]' shown
  # The most frequent words are function words.
  "$PIPELINES/sample-corpus" --topics | sed 's/bank/банк/g; s/chip/チップ/g' | cut -f 2 >topics
  [ "$(grep -cxFf topics shown)" -ge 2 ]
  assert_equal "$(ls out)" "$(printf '%s\n' corpus.bin emb.bin loss.tsv words.txt)"
}

@test "pipelines/text: a text of a few words is trained, and WORDS that are missing are reported" {
  printf 'The cat sat. The dog sat, and the cat ran.\n' >text
  OUT=out succeeds "$PIPELINES/text" text
  says '10 words are few'
  OUT=out WORDS='cat bird dog' exits_with 6 "$PIPELINES/text" text
  assert_equal "$(grep -c '^cosine' stdout)" 10
  says bird
  OUT=out MIN_COUNT=9 exits_with 3 "$PIPELINES/text" text
  says 'use a smaller --min-count'
}

@test "pipelines/text: the same result in every locale" {
  for _ in {1..300}; do echo 'यह हिन्दी है। क्या विद्यालय बड़ा है? École ÉLAN.'; done >text
  export EPOCHS=1 DIM=4
  OUT=utf8 LC_ALL=C.UTF-8 succeeds "$PIPELINES/text" text
  cp stdout expected
  cp stderr said
  OUT=utf8 LC_ALL=C succeeds "$PIPELINES/text" text
  cmp stdout expected
  sed 's/[0-9.]* tokens.sec.*//' said >said-utf8
  sed 's/[0-9.]* tokens.sec.*//' stderr | cmp - said-utf8
}

@test "pipelines/text: a text with a sentence per line, without punctuation, is noted" {
  sample_text 100 30 >plain
  quick succeeds "$PIPELINES/text" plain
  says 'text: set WRAPPED=no for --lines'
  WRAPPED=no quick succeeds "$PIPELINES/text" plain
  refute grep -q -e '--lines' stderr
  says 'ptb-words: 100 sentences'
}

@test "pipelines/text: several texts, one of them standard input; a terminal is refused" {
  echo 'One two.' >1.txt
  echo 'Three four' >2.txt
  quick exits_with 0 "$PIPELINES/text" 1.txt - 2.txt < <(echo 'in between')
  assert_equal "$(<out/words.txt)" "$(printf '%s\n' 'one two' 'in between' 'three four')"
  status=0
  script -qec "'$PIPELINES/text'" /dev/null </dev/null >shown || status=$?
  assert_equal "$status" 2
  grep -q 'text: standard input is a terminal, expected text: name a TEXT' shown
}

@test "pipelines/text: SEGMENT inserts spaces; without it, a text without spaces is noted" {
  for _ in {1..20}; do echo '床前明月光，疑是地上霜。举头望明月，低头思故乡。'; done >text
  quick succeeds "$PIPELINES/text" text
  says 'ptb-words: most of this text is written without spaces'
  says "text: set SEGMENT to the command of a word segmenter"
  SEGMENT="sed 's/./& /g'" quick succeeds "$PIPELINES/text" text
  assert_equal "$(head -n 2 out/words.txt)" "$(printf '%s\n' '床 前 明 月 光 疑 是 地 上 霜' '举 头 望 明 月 低 头 思 故 乡')"
  refute grep -q 'without spaces' stderr
  rm -r out
  SEGMENT='cat; exit 7' quick exits_with 7 "$PIPELINES/text" text
  assert_equal "$(ls -A out)" ''
}

@test "pipelines/sweep: reports its progress, and why a run failed" {
  sample_text 100 30 >text
  quick succeeds "$PIPELINES/sweep" text
  assert_equal "$(sed 's/, about .*//' stderr)" "$(printf 'sweep: %d of 2 runs finished\n' 0 1 2)"
  says_like '1 of 2 runs finished, about 0:00:0[0-9] left$'
  # On a terminal there is one line, erased at the end.
  (export MIN_COUNT=1 THRESHOLD=none EPOCHS=1 DIMS='4 6' LRS=0.01 OUT=out TERM=xterm
    script -qec "'$PIPELINES/sweep' text" /dev/null </dev/null) | tr '\r' '\n' >shown
  grep -q '^sweep: 2 of 2 runs finished' shown
  grep -q 'dim       window    negatives lr        loss      held out' shown
  DIMS=0 MIN_COUNT=1 LRS=0.01 OUT=out exits_with 1 "$PIPELINES/sweep" text
  says_like '^sweep: 0,5,5,0.01 failed: sgns-train: --dim=0: '
  EPOCHS='1 2' DIMS=4 MIN_COUNT=1 LRS=0.01 OUT=out exits_with 1 "$PIPELINES/sweep" text
  says_like '^sweep: 4,5,5,0.01 failed: sgns-batch: --epochs=1 2: '
}

@test "pipelines/validate: if subsampling leaves nothing, its message says so" {
  yes 'a b c d' | head -n 40 >text
  THRESHOLD=1e-9 OUT=out run "$PIPELINES/validate" text
  assert_failure 3
  assert_output --partial 'a small text needs no subsampling'
}

@test "pipelines/validate: a text too short to hold out lines is refused" {
  seq 19 >text
  OUT=out exits_with 3 "$PIPELINES/validate" text
  says 'validate: TEXT has fewer than 20 lines'
  assert_equal "$(ls -A out)" ''
  gzip text
  OUT=out exits_with 3 "$PIPELINES/validate" text.gz
  says 'gzip-compressed data'
}
