#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # Bats runs each test in a subshell
# The programs' behaviour when the system fails: failing calls one by one (tests/faults), full
# disks, programs in the pipe that are killed or exit. tests/hard does more of each.

load ../support/helper

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  # Large enough that every program's output exceeds 64 KiB.
  sample_text 20000 6000 >text
  ptb-vocab -q -m 1 text -o corpus.bin
  sgns-batch -q -e 1 corpus.bin -o batches.bin
  sgns-train -q -d 16 batches.bin -o vectors.bin
  seq 10000 | sed 's/.*/this& that& 1/' >pairs # unknown words, for --unknown
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/* .
}

# work_of PROGRAM: sets `COMMAND` to a command that writes more than 64 KiB.
work_of() {
  case $1 in
    ptb-vocab) COMMAND=(ptb-vocab -q -m 1 text) ;;
    ptb-subsample) COMMAND=(ptb-subsample -q --threshold 1 corpus.bin) ;;
    sgns-train) COMMAND=(sgns-train -q -d 16 batches.bin) ;;
    sgns-knn) COMMAND=(sgns-knn -q vectors.bin w1 6000) ;;
    sgns-cat) COMMAND=(sgns-cat -q vectors.bin) ;;
    sgns-map) COMMAND=(sgns-map -q --method pca --top 3000 vectors.bin) ;;
    sgns-eval) COMMAND=(sgns-eval -q --unknown vectors.bin pairs) ;;
    *) command_on "$1" "$(input_of "$1")" ;;
  esac
}

# on_a_disk KIB COMMAND...: runs COMMAND with a file system of KIB KiB mounted on the directory
# `disk`. Afterwards its files are in `left`.
on_a_disk() {
  mkdir -p disk
  rm -rf left
  # shellcheck disable=SC2016 # expanded by the inner shell
  "${UNSHARE[@]}" bash -c 'mount -t tmpfs -o size="$1"k none disk || exit
    printf "old\n" >disk/out && printf "old\n" >disk/ck || exit
    shift
    "$@"
    status=$?
    cp -r disk left
    exit $status' _ "$@"
}

# has_only FILE...: these are the only files in the directory `left`.
has_only() {
  assert_equal "$(ls -A left)" "$(printf '%s\n' "$@")"
}

# ---- calls that fail ----

@test "a failing call: status 1, one line, only old files; a short or interrupted call: no effect" {
  ! built_with_tsan || skip "TSan and a preloaded malloc conflict before main"
  ! built_for_coverage || skip 'recording the coverage would also fail'
  run "$BATS_TEST_DIRNAME/inject.py" "$BUILD" \
    --most="$(sanitized && echo 2 || echo 6)"
  assert_success
  assert_line --regexp '^[1-9][0-9]{2,} runs, 0 faults$'
}

# ---- full disks ----

@test "a full disk with -o FILE is an error; the old file is kept" {
  need_namespaces
  for program in "${PROGRAMS[@]}"; do
    work_of "$program"
    for kib in 8 12 64; do
      fails_with 1 on_a_disk $kib "${COMMAND[@]}" -o disk/out
      says_like "^$program: disk/out: .*No space left on device$"
      has_only ck out
      assert_equal "$(<left/out)" old
    done
  done
}

@test "a full disk with > FILE is an error; the truncated file is refused" {
  need_namespaces
  redirected() { on_a_disk "$1" bash -c '"$@" >disk/out' _ "${@:2}"; }
  for program in "${PROGRAMS[@]}"; do
    work_of "$program"
    fails_with 1 redirected 64 "${COMMAND[@]}"
    says_like "^$program: stdout: .*No space left on device$"
    has_only ck out
    [[ $program == @(sgns-knn|sgns-cat) ]] || fails_with 3 sgns-cat -q left/out
  done
}

@test "exceeding a limit on the size of files, of any size, is an error; the old file is kept" {
  ! built_with_tsan || skip "TSan itself writes a file before main"
  for program in "${PROGRAMS[@]}"; do
    work_of "$program"
    for kib in 0 1 7 64; do
      echo old >out
      status=0
      # Messages must not go to a file either.
      said=$( (ulimit -f $kib && exec env --default-signal=XFSZ "${COMMAND[@]}" -o out) 2>&1) || status=$?
      assert_equal "$program: $status" "$program: 1"
      assert_regex "$said" "^$program: out: [^"$'\n'"]*File too large$"
      assert_equal "$(<out)" old
      assert_equal "$(compgen -G 'out*')" out
    done
  done
}

@test "a full disk for temporary files is an error and leaves no files" {
  need_namespaces
  for _ in {1..8}; do cat text; done >long
  ptb-vocab -q -m 1 long -o long.bin
  for command in 'ptb-vocab -q -m 1 --memory 0 long' 'ptb-vocab -q -m 1 --memory 0 -t 3 long' \
    'sgns-batch -q --memory 1M -e 1 long.bin' 'sgns-batch -q --memory 1M -e 1 --no-shuffle long.bin'; do
    read -ra COMMAND <<<"$command"
    echo old >out
    TMPDIR=disk fails_with 1 on_a_disk 64 "${COMMAND[@]}" -o out
    says_like "temporary file in 'disk'.*No space left on device$"
    has_only ck out
    assert_equal "$(<out)" old
    assert_equal "$(compgen -G 'out*')" out
  done
}

@test "a full disk for checkpoint or loss log is an error; the old checkpoint is kept" {
  need_namespaces
  for every in 1steps 1000s; do
    fails_with 1 on_a_disk 64 sgns-train -q -d 16 -c disk/ck --checkpoint-every $every \
      -L disk/log batches.bin -o disk/out
    says 'No space left on device'
    rm -f left/log
    has_only ck out
    assert_equal "$(<left/ck) $(<left/out)" 'old old'
  done
  fails_with 1 sgns-train -q -d 16 -L /dev/full batches.bin -o out
  says_like '^sgns-train: /dev/full: .*No space left on device$'
  leaves_nothing out
}

@test "--help and --version to a full device are errors" {
  for program in "${PROGRAMS[@]}"; do
    for option in --help --version; do
      status=0
      "$program" $option >/dev/full 2>stderr || status=$?
      assert_equal "$program $option: $status" "$program $option: 1"
      assert_equal "$(<stderr)" "$program: stdout: write failed: No space left on device"
    done
  done
}

# ---- the pipe ----

@test "a program in the pipe is killed: no vectors with -o, refused ones with >" {
  "$ROOT/pipelines/sample-corpus" 10000 >sample
  run "$BATS_TEST_DIRNAME/upstream.py" "$BUILD" sample 6
  assert_success
  assert_line --regexp '^[1-9][0-9]+ runs, 0 faults$'
}

# first_kilobyte_of OPTION COMMAND...: runs COMMAND with a reader that exits after 1,000 bytes,
# which go to the file begin; the file status gets its exit status.
first_kilobyte_of() {
  {
    local status=0
    env "$1" "${@:2}" 2>stderr || status=$?
    echo $status >status
  } | head -c 1000 >begin
}

@test "a reader that exits early ends a program silently; if SIGPIPE is ignored, it is an error" {
  for program in "${PROGRAMS[@]}"; do
    work_of "$program"
    first_kilobyte_of --default-signal=PIPE "${COMMAND[@]}"
    assert_equal "$program: $(<status)" "$program: 141"
    assert_size_zero stderr
    first_kilobyte_of --ignore-signal=PIPE "${COMMAND[@]}"
    assert_equal "$program: $(<status)" "$program: 1"
    assert_equal "$(wc -l <stderr)" 1
    says_like "^$program: stdout: .*Broken pipe$"
    "${COMMAND[@]}" | head -c 1000 | cmp - begin
  done
}

# ---- soak test ----

@test "train, kill, resume in a loop: memory and open files do not grow; the same bytes" {
  ! sanitized || skip "sanitizers use additional memory"
  run "$BATS_TEST_DIRNAME/soak.py" "$BUILD" 3
  assert_success
  assert_line flat
}
