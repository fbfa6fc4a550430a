#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # Bats runs each test in a subshell
# Training that is stopped, killed or loses its input, and resumes from a checkpoint.

load ../support/helper

# How often training is killed before it may finish: KILLS=200 for a longer test.
KILLS=${KILLS:-25}

setup_file() {
  # Seconds: a program that never ends is also a failure.
  export BATS_TEST_TIMEOUT=$((300 + 10 * KILLS))
  cd "$BATS_FILE_TMPDIR" || return
  sample_text 1000 60 | ptb-vocab -q -m 1 -o corpus.bin
  sgns-batch -q -b 32 -e 3 corpus.bin -o batches.bin
  sgns-batch -q -b 32 -e 3 --seed 2 corpus.bin -o reseeded.bin
  for optimizer in adam sgd; do
    sgns-train -q -d 8 -O $optimizer -L $optimizer.tsv batches.bin -o $optimizer.bin
  done
  # A checkpoint in the middle of training. There are more than 400 minibatches in all three epochs.
  head -c $(($(wc -c <batches.bin) / 2)) batches.bin |
    sgns-train -q -d 8 -c middle.bin -o none.bin 2>said || [ $? = 3 ]
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/*.{bin,tsv} .
}

# train OPTION...: a small training, for speed.
train() {
  sgns-train -q -d 8 "$@"
}

# is_checkpoint FILE: FILE is a complete checkpoint.
is_checkpoint() {
  sgns-cat --header "$1" | grep -qE '^checkpoint: minibatch [0-9]+ of [0-9]+$'
}

# minibatch FILE: prints after which minibatch the checkpoint was saved.
minibatch() {
  sgns-cat --header "$1" | sed -n 's/^checkpoint: minibatch \([0-9]*\) of .*/\1/p'
}

# has_only FILE...: these are the only files whose names begin with ck or out.
has_only() {
  assert_equal "$(compgen -G 'ck*' | sort; compgen -G 'out*' | sort)" "$(printf '%s\n' "$@")"
}

# wait_for FILE: waits until FILE exists.
wait_for() {
  for _ in {1..400}; do
    [ ! -e "$1" ] || return 0
    sleep 0.05
  done
  fail "$1 was not created: $(<stderr)"
}

# start_training OPTION...: trains in the background, as process $pid, on a pipe that is open as
# descriptor $feed, from which it gets only half of its input.
start_training() {
  rm -f pipe
  mkfifo pipe
  exec {feed}<>pipe
  env --default-signal=INT,TERM,HUP,USR1,XCPU sgns-train -q -d 8 "$@" pipe 2>stderr 3>&- {feed}>&- &
  pid=$!
  head -c $(($(wc -c <batches.bin) / 2)) batches.bin >&"$feed"
}

# training_exits_with STATUS: waits for the program started by start_training.
training_exits_with() {
  local status=0
  wait "$pid" || status=$?
  exec {feed}>&-
  assert_equal "$status" "$1"
}

# ---- stopping and resuming ----

@test "training with checkpoints gives the same bytes as without" {
  for optimizer in adam sgd; do
    for every in 7steps 1000000steps 1s; do
      train -O $optimizer -c ck --checkpoint-every $every batches.bin | cmp - $optimizer.bin
    done
    train -O $optimizer -c ck --checkpoint-every 100steps -t 3 <batches.bin -o out
    cmp out $optimizer.bin
    is_checkpoint ck
    has_only ck out
    rm ck out
  done
}

# steps LOG: the minibatches of the training that wrote this loss log.
steps() {
  echo $(($(wc -l <"$1") - 1))
}

@test "at the end of training the checkpoint is that of the end" {
  for optimizer in adam sgd; do
    # Never due, due before the end, due at the end; and from an older checkpoint, which is replaced.
    for every in 1000000steps 100steps "$(steps $optimizer.tsv)steps"; do
      for resume in '' '-r ck'; do
        [ -z "$resume" ] || head -c $(($(wc -c <batches.bin) / 2)) batches.bin |
          exits_with 3 sgns-train -q -d 8 -O $optimizer -c ck -o none
        # shellcheck disable=SC2086 # none or two words
        train -O $optimizer $resume -c ck --checkpoint-every "$every" batches.bin -o out
        has_only ck out
        assert_equal "$(minibatch ck)" "$(steps $optimizer.tsv)"
        sgns-cat ck | cmp - <(sgns-cat out)
        rm out
      done
    done
    cp ck $optimizer.ck
  done
  # Resumed training ends with the same checkpoint as uninterrupted training.
  train -r middle.bin -c resumed.ck batches.bin -o out
  cmp resumed.ck adam.ck
}

@test "the last checkpoint is written even if the vectors cannot be" {
  fails_with 1 sgns-train -q -d 8 -c ck batches.bin -o /dev/full
  says_like '^sgns-train: /dev/full: .*No space left on device$'
  sgns-cat ck | cmp - <(sgns-cat adam.bin)
  train -r ck batches.bin | cmp - adam.bin
  has_only ck
}

@test "a checkpoint is a vectors stream with the vectors at that moment" {
  sgns-train -q -d 8 --lr 0 batches.bin | sgns-cat >initial
  train --lr 0 -c ck --checkpoint-every 10steps batches.bin >/dev/null
  sgns-cat ck | cmp - initial
  succeeds sgns-knn ck w1 3
  sgns-cat --header ck | grep -q '^made by: sgns-train .* --lr=0 '
  "$SUPPORT/decode.py" --header ck | cmp - <(sgns-cat --header ck)
  "$SUPPORT/decode.py" middle.bin | cmp - <(sgns-cat middle.bin)
}

@test "a signal stops training after a minibatch; resuming gives the same bytes" {
  for optimizer in adam sgd; do
    for signal in INT TERM HUP USR1; do
      rm -f ck
      echo old >out
      start_training -O $optimizer -t 2 -c ck --checkpoint-every 20steps -o out
      wait_for ck
      kill -s "$signal" $pid
      training_exits_with $((128 + $(kill -l "$signal")))
      assert_size_zero stderr
      assert_equal "$(<out)" old
      has_only ck out
      is_checkpoint ck
      for threads in 1 2 3; do
        train -O $optimizer -t $threads --resume ck batches.bin | cmp - $optimizer.bin
      done
      # shellcheck disable=SC2002 # a pipe is needed
      cat batches.bin | train -O $optimizer --resume ck -o out
      cmp out $optimizer.bin
    done
  done
}

@test "training can be stopped before its first checkpoint is due and while it waits for input" {
  start_training -c ck -o out
  wait_for ck.lock
  sleep 0.5
  kill $pid
  training_exits_with 143
  has_only ck
  train --resume ck batches.bin | cmp - adam.bin
}

@test "a message reports the minibatch of a checkpoint when stopping and resuming" {
  head -c -100 batches.bin >cut.bin
  exits_with 3 sgns-train -d 8 -c ck cut.bin -o out
  says_like '^sgns-train: checkpoint saved after minibatch [0-9]+; continue with --resume=ck and the same input and options$'
  succeeds sgns-train -d 8 --resume ck batches.bin -o out
  says_like "^sgns-train: resuming after minibatch $(minibatch ck); without --checkpoint, no further checkpoints are saved\$"
  says 'epoch 3/3: loss '
  # The mean loss of all epochs, including those before the stop.
  loss=$(sgns-train -d 8 batches.bin 2>&1 >/dev/null | grep -oE '^loss [0-9.]+')
  says "$loss"
}

@test "training started with --init resumes to the same bytes without reading those vectors again" {
  cp adam.bin old.bin
  train --init old.bin --seed 5 batches.bin -o expected
  head -c $(($(wc -c <batches.bin) / 2)) batches.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 --init old.bin --seed 5 -c ck cut.bin -o out
  rm old.bin
  train --seed 5 --resume ck batches.bin | cmp - expected
  train --seed 5 --init old.bin --resume ck batches.bin | cmp - expected
  fails_with 3 sgns-train -q -d 8 --seed 5 --init other.bin --resume ck batches.bin -o out
  says 'ck: checkpoint of a run with a different --init'
  fails_with 3 sgns-train -q -d 8 --init old.bin --resume middle.bin batches.bin -o out
  says 'middle.bin: checkpoint of a run with a different --init'
  has_only ck
}

@test "training resumes repeatedly from its own checkpoints" {
  cp middle.bin ck
  for share in 65 80 95; do
    head -c $(($(wc -c <batches.bin) * share / 100)) batches.bin >cut.bin
    before=$(minibatch ck)
    fails_with 3 sgns-train -q -d 8 --resume ck -c ck cut.bin -o out
    [ "$(minibatch ck)" -gt "$before" ]
    has_only ck
  done
  train --resume ck -c ck batches.bin | cmp - adam.bin
}

@test "a checkpoint of the end: resuming checks the input and writes the same vectors" {
  train -c ck batches.bin >/dev/null
  train --resume ck batches.bin | cmp - adam.bin
  cp ck before
  train --resume ck -c ck batches.bin | cmp - adam.bin
  cmp ck before
  fails_with 3 sgns-train -q -d 8 --resume ck reseeded.bin -o out
  head -c -1 batches.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 --resume ck cut.bin -o out
  leaves_nothing out
  succeeds sgns-train -d 8 --resume ck batches.bin -o out
  says_like '^loss [0-9.]+, 0\.0 tokens/sec on cpu$'
}

@test "a truncated input: status 3 and a checkpoint; resuming with all input gives the same bytes" {
  for share in 30 50 90; do
    head -c $(($(wc -c <batches.bin) * share / 100)) batches.bin >cut.bin
    fails_with 3 sgns-train -q -d 8 -c ck - -o out <cut.bin
    says_like 'stdin: byte [0-9]+, record [0-9]+: ends inside a zstd frame$'
    has_only ck
    train --resume ck batches.bin | cmp - adam.bin
  done
  # No minibatch was complete: there is no reason to save a checkpoint.
  rm ck
  head -c 2000 batches.bin >cut.bin
  fails_with 3 sgns-train -q -d 8 -c ck cut.bin -o out
  leaves_nothing ck
}

@test "a signal at the same moment as the end of the input: dies of the signal, with a checkpoint" {
  for _ in {1..10}; do
    rm -f ck
    start_training -c ck --checkpoint-every 20steps -o out
    wait_for ck
    kill -s INT $pid
    exec {feed}>&-
    rm pipe # nobody else has it open
    status=0
    wait $pid || status=$?
    assert_equal "$status" 130
    has_only ck
    is_checkpoint ck
  done
}

@test "a second signal ends training at once and leaves no temporary file" {
  start_training -c ck --checkpoint-every 1steps -o out
  wait_for ck
  kill $pid
  kill $pid 2>/dev/null || true
  training_exits_with 143
  has_only ck
  train --resume ck batches.bin | cmp - adam.bin
}

@test "SIGXCPU, which the system repeats, lets training finish its checkpoint" {
  start_training -c ck -o out
  wait_for ck.lock
  sleep 0.5
  kill -s STOP $pid
  kill -s XCPU $pid
  kill -s CONT $pid
  for _ in {1..20}; do kill -s XCPU $pid 2>/dev/null || true; done
  training_exits_with $((128 + $(kill -l XCPU)))
  has_only ck
  is_checkpoint ck
}

@test "a signal that the parent ignores does not stop training" {
  rm -f pipe
  mkfifo pipe
  exec {feed}<>pipe
  env --ignore-signal=INT sgns-train -q -d 8 -c ck --checkpoint-every 20steps -o out pipe 3>&- {feed}>&- &
  pid=$!
  half=$(($(wc -c <batches.bin) / 2))
  head -c $half batches.bin >&"$feed"
  wait_for ck
  kill -s INT $pid
  tail -c +$((half + 1)) batches.bin >&"$feed"
  exec {feed}>&-
  wait $pid
  cmp out adam.bin
}

@test "SIGKILL at any moment: the checkpoint is complete, and training resumes to the same bytes" {
  # Without kills this takes a second or two; the later kills hit a resumed training.
  sgns-batch -q -b 32 -e "$(sanitized && echo 10 || echo 40)" corpus.bin -o long.bin
  train long.bin -o expected
  began=0 killed=0 status=1
  while [ $killed -lt "$KILLS" ] || [ $status -ne 0 ]; do
    resume=()
    [ ! -e ck ] || resume=(--resume ck)
    sgns-train -q -d 8 -t 2 "${resume[@]}" -c ck --checkpoint-every 20steps long.bin -o out 2>stderr 3>&- &
    pid=$!
    began=$((began + 1))
    if [ $killed -lt "$KILLS" ]; then
      sleep "$(printf 0.%03d $((RANDOM % 400)))"
      kill -s KILL $pid 2>/dev/null || true
    fi
    status=0
    wait $pid || status=$?
    # Only temporary files and the lock may remain.
    ! compgen -G 'ck*' | grep -vxE 'ck|ck\.lock|ck\.tmp\.[0-9a-f]{8}' || fail 'unexpected file'
    ! compgen -G 'out*' | grep -vxE 'out|out\.tmp\.[0-9a-f]{8}' || fail 'unexpected file'
    [ ! -e ck ] || is_checkpoint ck
    case $status in
      137) killed=$((killed + 1)) ;;
      0) [ -e out ] ;;
      *) fail "status $status: $(<stderr)" ;;
    esac
    # The vectors appear only when complete; a kill may still follow. While kills remain, start
    # again.
    [ ! -e out ] || cmp out expected
    [ ! -e out ] || [ $killed -ge "$KILLS" ] || rm -f ck out
  done
  echo "$began runs, $killed killed"
  [ ! -e ck.lock ]
  cmp out expected
}

# ---- the loss log ----

@test "the loss log of a resumed training continues without gap or repetition" {
  for every in 1000s 30steps; do
    rm -f ck log
    start_training -L log -c ck --checkpoint-every $every -o out
    wait_for ck.lock
    sleep 0.5
    kill $pid
    training_exits_with 143
    assert_equal "$(tail -n 1 log | cut -f 2)" "$(minibatch ck)"
    train -L log --resume ck batches.bin -o out
    cut -f 1-3 log | cmp - <(cut -f 1-3 adam.tsv)
  done
}

@test "held-out losses continue in the log of a resumed training and do not change the checkpoint" {
  head -c $(($(wc -c <batches.bin) * 2 / 3)) batches.bin >cut.bin
  train -L whole --eval reseeded.bin batches.bin | cmp - adam.bin
  fails_with 3 sgns-train -q -d 8 -L log --eval reseeded.bin -c ck cut.bin -o out
  train -L log --eval reseeded.bin --resume ck batches.bin | cmp - adam.bin
  cut -f 1-3,5 log | cmp - <(cut -f 1-3,5 whole)
  assert_equal "$(cut -f 5 whole | grep -c '^0\.')" 3
}

@test "a loss log that is ahead of the checkpoint or ends inside a line is truncated" {
  for surplus in '3\t400\t0.1\t5\n3\t401\t0.1\t7\n3\t40' "1\\t1" '1\t1\t0.5\t7'; do
    { head -n $(($(minibatch middle.bin) + 1)) adam.tsv; printf '%b' "$surplus"; } >log
    train -L log --resume middle.bin batches.bin -o out
    cut -f 1-3 log | cmp - <(cut -f 1-3 adam.tsv)
  done
  # A new log begins with the first minibatch after the checkpoint.
  train -L new --resume middle.bin batches.bin -o out
  head -n 1 new | cmp - <(head -n 1 adam.tsv)
  tail -n +2 new | cut -f 1-3 | cmp - <(tail -n +$(($(minibatch middle.bin) + 2)) adam.tsv | cut -f 1-3)
}

@test "the loss log is unchanged if the checkpoint is refused" {
  echo mine >log
  fails_with 3 sgns-train -q -d 8 -L log --lr 0.5 --resume middle.bin batches.bin -o out
  assert_equal "$(<log)" mine
}

# ---- refusals ----

# refuses WHAT OPTION...: resuming is refused because WHAT differs, and the old checkpoint is kept.
refuses() {
  local what=$1
  shift
  echo old >ck
  fails_with 3 sgns-train -q -d 8 --resume middle.bin -c ck "$@" -o out
  says "middle.bin: byte "
  says ": checkpoint of a run with a different $what"
  assert_equal "$(<ck)" old
  has_only ck
}

@test "a checkpoint of another run is refused with a message that names the difference" {
  refuses '--dim; give --dim=8' -d 9 batches.bin
  refuses '--lr; give --lr=0.002' --lr 0.003 batches.bin
  refuses '--seed; give --seed=1' --seed 2 batches.bin
  refuses '--optimizer; give --optimizer=adam' -O sgd --lr 0.002 batches.bin
  refuses 'input; resume with the same minibatches' reseeded.bin
  sgns-batch -q -b 33 -e 3 corpus.bin -o other.bin
  refuses input other.bin
}

@test "other minibatches after the same header are refused" {
  # The same header with other data: forged from two streams.
  "$SUPPORT/forge.py" --graft batches.bin reseeded.bin >grafted.bin
  sgns-cat --header grafted.bin | cmp - <(sgns-cat --header batches.bin | sed "$(
    sgns-cat --header reseeded.bin | sed -n 's/^contexts: \(.*\)/s,^contexts: .*,contexts: \1,;/p
      s/^noise: \(.*\)/s,^noise: .*,noise: \1,/p' | tr -d '\n')")
  echo old >ck
  fails_with 3 sgns-train -q -d 8 --resume middle.bin -c ck grafted.bin -o out
  says 'grafted.bin: byte '
  says ': not the minibatches that the checkpoint was trained on'
  assert_equal "$(<ck)" old
  has_only ck
}

@test "files that are not checkpoints are refused" {
  fails_with 3 sgns-train -q -d 8 --resume adam.bin batches.bin -o out
  says ': plain vectors, not a checkpoint'
  fails_with 3 sgns-train -q -d 8 --resume corpus.bin batches.bin -o out
  says 'corpus.bin: byte 0: a corpus stream, expected a vectors stream'
  fails_with 3 sgns-train -q -d 8 --resume /dev/null batches.bin -o out
  fails_with 1 sgns-train -q -d 8 --resume missing batches.bin -o out
  says 'missing: cannot open: '
  leaves_nothing out
}

@test "--checkpoint-every must be a number of seconds or steps" {
  for every in 0s 0steps 10 s steps -1s +1s 1.5s 10m ' 1s' '1s ' 1step 99999999999999999999s; do
    fails_with 2 sgns-train -q -d 8 -c ck --checkpoint-every "$every" batches.bin -o out
    says "--checkpoint-every=$every: expected an interval such as 300s or 1000steps"
    leaves_nothing ck
  done
}

@test "the checkpoint must not be the input, the output or the loss log" {
  cp batches.bin input.bin
  ln -s . here
  fails_with 2 sgns-train -q -d 8 -c input.bin input.bin -o out
  # shellcheck disable=SC2094 # the mistake under test
  fails_with 2 sgns-train -q -d 8 -c input.bin -o out <input.bin
  fails_with 2 sgns-train -q -d 8 -c out batches.bin -o out
  fails_with 2 sgns-train -q -d 8 -c here/out batches.bin -o "$PWD/out"
  says 'here/out: cannot also be the checkpoint'
  fails_with 2 sgns-train -q -d 8 -c log -L log batches.bin -o out
  says 'log: cannot also be the loss log'
  fails_with 2 sgns-train -q -d 8 --resume log -L ./log batches.bin -o out
  fails_with 2 sgns-train -q -d 8 -c - batches.bin -o out
  fails_with 2 sgns-train -q -d 8 --resume - - -o out <batches.bin
  cp middle.bin ck
  fails_with 2 sgns-train -q -d 8 --resume ck batches.bin -o here/ck
  says 'ck: is also the output'
  cmp ck middle.bin
  cmp input.bin batches.bin
  leaves_nothing out
  leaves_nothing log
  leaves_nothing input.bin.
  # Resuming from a checkpoint and saving under the same name is the usual case; a pipe also works.
  cp middle.bin ck
  train --resume ck -c ck batches.bin | cmp - adam.bin
  train --resume - batches.bin <middle.bin | cmp - adam.bin
}

# ---- failures ----

@test "a checkpoint that cannot be written is reported before training" {
  fails_with 1 sgns-train -q -d 8 -c missing/ck batches.bin -o out
  says 'missing/ck.lock: cannot create: No such file or directory'
  fails_with 1 sgns-train -q -d 8 -c /dev/full batches.bin -o out
  says '/dev/full: not a regular file'
  mkfifo ck
  fails_with 1 sgns-train -q -d 8 -c ck batches.bin -o out
  rm ck
  mkdir ck
  fails_with 1 sgns-train -q -d 8 -c ck batches.bin -o out
  leaves_nothing out
  [ ! -e ck.lock ]
}

@test "a full disk for checkpoints ends training with status 1 and keeps the old checkpoint" {
  echo old >ck
  # Files of at most 8 KiB: too small for a checkpoint, whose moments alone take 11 KiB.
  limited() { (ulimit -f 8 && "$@"); }
  fails_with 1 limited sgns-train -q -d 8 -c ck --checkpoint-every 20steps batches.bin -o out
  says 'ck: write failed'
  says 'File too large'
  assert_equal "$(<ck)" old
  has_only ck
  # The vectors fit; they are written even if the last checkpoint fails.
  for every in "$(steps adam.tsv)steps" 1000000steps; do
    fails_with 1 limited sgns-train -q -d 8 -c ck --checkpoint-every "$every" batches.bin -o out
    says 'ck: write failed'
    assert_equal "$(<ck)" old
    cmp out adam.bin
    has_only ck out
    rm out
  done
}

@test "a file system without locks: training continues, with a note" {
  ! built_with_tsan || skip "TSan and a preloaded library conflict before main"
  LD_PRELOAD=$BUILD/tests/faults.so FAULTS=lock:1+ sgns-train -d 8 -c ck --checkpoint-every 20steps batches.bin \
    -o out 2>messages
  grep -qF 'sgns-train: ck: the file system has no locks' messages
  [ -e ck ]
  leaves_nothing ck.lock
}

@test "two trainings cannot share a checkpoint; after a crash the next one can use it" {
  echo mine >log
  start_training -c ck --checkpoint-every 20steps -o out
  wait_for ck
  fails_with 1 sgns-train -q -d 8 -c ck -L log batches.bin -o other
  says 'ck: is being written by another process'
  assert_equal "$(<log)" mine
  leaves_nothing other
  [ -e ck.lock ]
  kill -s KILL $pid
  training_exits_with 137
  [ -e ck.lock ]
  train --resume ck -c ck batches.bin | cmp - adam.bin
  [ ! -e ck.lock ]
}

@test "training that diverges keeps the last finite checkpoint" {
  fails_with 5 sgns-train -q -d 8 --lr 1e20 -c ck --checkpoint-every 1steps batches.bin -o out
  says 'the loss of epoch 1, minibatch 2 is not finite'
  assert_equal "$(minibatch ck)" 1
  has_only ck
  echo old >ck
  fails_with 5 sgns-train -q -d 8 --lr 1e30 -c ck batches.bin -o out
  assert_equal "$(<ck)" old
  has_only ck
}

@test "weights that are not finite after a finite loss end training, naming epoch and minibatch" {
  printf 'a b\nc d\n' | ptb-vocab -q -m 1 | sgns-batch -q -w 1 -n 2 -e 2 -b 4 --no-shuffle -o few.bin
  few=(sgns-train -q -d 2 -O sgd --lr 2.5e19 few.bin)
  # Detected at the end, when the vectors are written.
  fails_with 5 "${few[@]}" -o out
  says_like 'diverged: after epoch 2, minibatch 2 the vector of word [0-9]+ is not finite'
  leaves_nothing out
  # Detected when a checkpoint is due: the previous checkpoint is kept, and training can resume from
  # it.
  fails_with 5 "${few[@]}" -o out -c ck --checkpoint-every 1steps
  says 'diverged: after epoch 2, minibatch 2 the model is not finite'
  assert_equal "$(minibatch ck)" 1
  has_only ck
  succeeds sgns-cat --check ck
}

# ---- damage ----

# Creates the smallest checkpoint and its input as the files small and input.
small() {
  "$SUPPORT/forge.py" --one checkpoint-plain >small
  "$SUPPORT/forge.py" --one batches-plain >input
}

# reading_small PROGRAM CHECKPOINT: sets `COMMAND` to a command in which PROGRAM reads CHECKPOINT.
reading_small() {
  case $1 in
    sgns-train) COMMAND=(sgns-train -q -d 2 --resume "$2" input) ;;
    *) command_on "$@" ;;
  esac
}

# sweep HOW STREAMS PROGRAM: PROGRAM refuses every variant of the streams that sweep.py makes.
sweep() {
  reading_small "$3" '{}'
  run "$SUPPORT/sweep.py" "$1" "$2" "${COMMAND[@]}"
  assert_success && assert_output --regexp '^[1-9][0-9]+ runs, 0 faults$'
}

@test "a checkpoint truncated at any byte, or with a flipped bit, is refused" {
  small
  for program in sgns-train sgns-knn sgns-cat; do
    sweep cut small $program
    sweep flip small $program
  done
}

@test "a checkpoint from a pipe, truncated at any byte, is refused" {
  small
  reading_small sgns-train -
  run "$SUPPORT/sweep.py" cut small "${COMMAND[@]}"
  assert_success
}

@test "forged checkpoints: decode.py, sgns-cat and sgns-train agree on which are valid" {
  run "$SUPPORT/forge.py" --all forged
  assert_success
  small
  mkdir invalid
  cp forged/invalid/checkpoint-* invalid
  for program in sgns-train sgns-cat; do
    within_memory 1024 sweep all 'invalid/*' $program
  done
  for stream in forged/valid/checkpoint-*.text; do
    succeeds sgns-train -q -d 2 --resume "${stream%.text}" input -o out
    succeeds sgns-knn "${stream%.text}" a
    sgns-cat "${stream%.text}" | cmp - "$stream"
    sgns-cat --header "${stream%.text}" | cmp - "${stream%.text}.header"
  done
}
