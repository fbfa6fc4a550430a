#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Properties common to all programs: options, files, exit statuses, signals, terminals.

load ../support/helper

setup_file() {
  export SAMPLES=$BATS_FILE_TMPDIR/samples
  mkdir "$SAMPLES"
  make_samples "$SAMPLES"
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  cp "$SAMPLES"/* .
}

# set_up PROGRAM: sets `input`, a fresh copy of a sample for PROGRAM, and `COMMAND`, which runs
# PROGRAM on it.
set_up() {
  input=$(input_of "$1")
  cp -f "$SAMPLES/$input" "$input"
  command_on "$1" "$input"
}

# to_full_device COMMAND...
to_full_device() {
  "$@" >/dev/full
}

# ---- help and version ----

@test "--help prints the options of the man page to standard output" {
  for program in "${PROGRAMS[@]}"; do
    succeeds "$program" --help
    assert_size_zero stderr
    grep -q "^Usage: $program " stdout
    sed -nE 's/^  (-., |    )(--[a-z0-9-]+(=[A-Z]+)?) .*/\1\2/p' stdout | sed 's/^ *//' | sort >in-help
    sed -nE 's/^\.It Fl //p' "$ROOT/tools/$program.1" |
      sed -E 's/^-/--/; s/^([A-Za-z])( Ar [A-Z]+)? , Fl -/-\1, --/; s/ Ns = Ns Ar /=/' |
      sort >in-man-page
    cmp in-help in-man-page
    [ "$(wc -l <in-help)" -ge 4 ]
    "$program" -h | cmp - stdout
  done
}

@test "--help fits 80 columns, and wrapping loses nothing" {
  for program in "${PROGRAMS[@]}"; do
    "$program" --help >help
    awk -v program="$program" 'length($0) > 80 { print program ": " $0; bad = 1 } END { exit bad }' help
    refute grep -q ' $' help
  done
  sgns-batch --help | tr -s ' \n' ' ' >joined
  grep -qF -- "--memory=SIZE memory limit for corpus and shuffle order; larger corpora spill to \$TMPDIR [1G] -" joined
}

@test "a letter stands for the same option in every program" {
  for program in "${PROGRAMS[@]}"; do
    "$program" --help | sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1 \2/p'
  done | sort -u >letters
  [ "$(wc -l <letters)" -ge 20 ]
  assert_equal "$(cut -d ' ' -f 1 letters | uniq -d)" ''
  assert_equal "$(cut -d ' ' -f 2 letters | sort | uniq -d)" ''
}

@test "--version prints the program's name and the version that is recorded in streams" {
  for program in "${PROGRAMS[@]}"; do
    succeeds "$program" --version
    assert_size_zero stderr
    assert_equal "$(sgns-cat --header corpus.bin | sed -n 's/^made by: ptb-vocab \([^ ]*\).*/\1/p')" \
      "$(sed -nE "s/^$program ([0-9]+\.[0-9]+\.[0-9]+)$/\1/p" stdout)"
    "$program" -V | cmp - stdout
  done
}

@test "--help and --version fail if they cannot be written" {
  for program in "${PROGRAMS[@]}"; do
    for option in --help --version; do
      fails_with 1 to_full_device "$program" $option
      says 'No space left on device'
    done
  done
}

# ---- usage errors ----

@test "errors in options are reported before any work" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    for mistake in --nonsense -Z --output -o --quiet=yes --quiet=; do
      # The last argument, so that no value follows.
      fails_with 2 "${COMMAND[@]}" $mistake
      says "$program: ${mistake%%=*}"
      assert_size_zero stdout
    done
    fails_with 2 "${COMMAND[@]}" -o ''
    fails_with 2 "${COMMAND[@]}" --output=
  done
}

@test "an unknown letter names the options that it may stand for" {
  fails_with 2 ptb-subsample -t 1e-5 corpus.bin
  says "-t: unknown option (did you mean --threshold?); try 'ptb-subsample --help'"
  fails_with 2 sgns-knn -T vectors.bin a
  says '-T: unknown option (did you mean --threads or --tsv?);'
  fails_with 2 sgns-knn -qn3 vectors.bin a
  says '-n: unknown option (did you mean --neighbours?);'
  fails_with 2 sgns-batch -k 5 corpus.bin
  says "-k: unknown option; try 'sgns-batch --help'"
}

@test "a long option in another spelling, or of another program, is named" {
  fails_with 2 ptb-vocab --mincount 3 ptb.txt
  says "--mincount: unknown option (did you mean --min-count?); try 'ptb-vocab --help'"
  fails_with 2 ptb-vocab --max_vocab=3 ptb.txt
  says '--max_vocab=3: unknown option (did you mean --max-vocab?);'
  fails_with 2 sgns-knn --topn 3 vectors.bin a
  says '--topn: unknown option (did you mean --neighbours?);'
  fails_with 2 sgns-batch --e 3 corpus.bin
  says '--e: ambiguous option (--epochs or --examples?);'
  for option in --nonsense --min-counts --min-coun --- --_; do
    fails_with 2 ptb-words $option
    says "ptb-words: $option: unknown option; try 'ptb-words --help'"
  done
  # Each message names an option that the other program has.
  local names=(alpha batch-size checkpoint dim epochs iter lr max-vocab min-count min_count negative negatives
    optimizer resample sample size topn vector-size vector_size window workers) option program
  for name in "${names[@]}"; do
    fails_with 2 ptb-words "--$name=3"
    read -r option program < <(sed -n 's/.*: unknown option; see \(.*\) of \(.*\); try .*/\1 \2/p' stderr)
    "$program" --help | grep -qE -e " $option(=| )"
  done
}

@test "too many operands are reported" {
  for program in "${PROGRAMS[@]}"; do
    [[ $program != @(ptb-words|ptb-vocab|sgns-knn|sgns-eval|sgns-map|sgns-cat) ]] || continue # they accept any number
    set_up "$program"
    fails_with 2 "${COMMAND[@]}" 3 surplus
    says_like "^$program: (3|surplus): "
  done
}

# numeric_options PROGRAM: prints the options whose default, in the help, is a number.
numeric_options() {
  unwrapped_help "$1" | sed -nE 's/^  .*--([a-z-]+)=[A-Z]+ .*\[([0-9.e+-]+|adam 0.002, sgd 0.025)\]$/\1/p'
}

@test "a size is a number of bytes, or has a unit; the message names the units" {
  sample_text 50 20 | ptb-vocab -q -m 1 -o corpus.bin
  sgns-batch -q corpus.bin -o expected
  for size in 1048576 1024K 1M 1m 1MB 1mb 1MiB 1.5M 2G 2GB 0.5g; do
    sgns-batch -q --memory "$size" corpus.bin | cmp - expected
  done
  for size in 1 1X 1MX 1BM M 1iB 1MBB 2000000.5 .5G 1.2.3M 1e7 0x200000 -1M; do
    fails_with 2 sgns-batch --memory "$size" corpus.bin -o out
    says "--memory=$size: expected a size in bytes, or with K, M, G or T, from 1M to "
  done
}

@test "sgns-knn takes --neighbors for --neighbours" {
  make_samples .
  sgns-knn vectors.bin a --neighbours=1 >expected
  for option in --neighbors=1 --neighb=1; do
    sgns-knn vectors.bin a "$option" | cmp - expected
  done
}

@test "a number must be the whole argument and in range" {
  tried=0
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    for option in $(numeric_options "$program"); do
      tried=$((tried + 1))
      for value in 1x x '' ' 1' '1 ' -99999 1e999 9e99 nan inf 1,5 0x 1.2.3; do
        fails_with 2 "${COMMAND[@]}" "--$option=$value"
        says "--$option=$value"
        assert_size_zero stdout
      done
    done
  done
  [ $tried -ge 14 ]
}

@test "numbers just in range are accepted, numbers just out of range are not" {
  range() { # PROGRAM OPTION SMALLEST LARGEST BELOW ABOVE
    set_up "$1"
    succeeds "${COMMAND[@]}" "$2=$3" -o out
    succeeds "${COMMAND[@]}" "$2=$4" -o out
    fails_with 2 "${COMMAND[@]}" "$2=$5"
    fails_with 2 "${COMMAND[@]}" "$2=$6"
  }
  largest=18446744073709551615 beyond=18446744073709551616
  range ptb-vocab --min-count 1 $largest 0 $beyond
  range ptb-vocab --max-vocab 1 2147483647 0 2147483648
  range ptb-vocab --threads 0 64 -1 1025
  range ptb-phrase --threshold -1 1e15 -1.001 1e16
  range ptb-phrase --passes 1 3 0 101
  range ptb-phrase --min-count 1 $largest 0 $beyond
  range ptb-phrase --memory 1M 1T 1048575 2000000T
  range ptb-phrase --threads 0 64 -1 1025
  range ptb-subsample --threshold 0 1 -1e-300 1.0001
  range ptb-subsample --seed 0 $largest -1 $beyond
  range sgns-batch --batch-size 1 1048576 0 1048577
  range sgns-batch --window 1 1000 0 1001
  range sgns-batch --negatives 1 1000 0 1001
  range sgns-batch --noise-exponent -4 4 -4.001 4.001
  range sgns-batch --epochs 1 1000 0 1000001
  range sgns-batch --memory 1M 1T 1048575 2000000T
  range sgns-batch --threads 0 64 -1 1025
  range sgns-batch --seed 0 $largest -1 $beyond
  range sgns-knn --neighbours 1 2147483647 0 2147483648
  range sgns-knn --threads 0 64 -1 1025
  range sgns-eval --restrict 0 2147483647 -1 2147483648
  range sgns-eval --threads 0 64 -1 1025
  range sgns-map --top 1 2147483647 0 2147483648
  range sgns-map --skip 0 1 -1 2147483648
  range sgns-map --perplexity 1 2 0.9 50001
  range sgns-map --iterations 1 1000 0 1000001
  range sgns-map --seed 0 $largest -1 $beyond
  range sgns-map --threads 0 64 -1 1025
  range sgns-train --dim 1 65536 0 65537
  range sgns-train --lr 0 1e3 -0.001 1.1e30
  range sgns-train --seed 0 $largest -1 $beyond
  range sgns-train --threads 0 64 -1 1025
}

@test "integers are not accepted in other notations" {
  fails_with 2 ptb-vocab --min-count=1.5 text
  fails_with 2 ptb-vocab --min-count=1e1 text
  fails_with 2 ptb-vocab --min-count=+1 text
}

@test "-- ends the options" {
  cp corpus.bin -- -q
  sgns-cat -- -q | cmp - <(sgns-cat corpus.bin)
}

# ---- input ----

@test "a missing input is an error with the system's reason" {
  for program in "${PROGRAMS[@]}"; do
    command_on "$program" missing/input
    fails_with 1 "${COMMAND[@]}" -o out
    says_like "^$program: missing/input: .*No such file or directory$"
    leaves_nothing out
  done
  fails_with 1 ptb-vocab --vocab missing/input text
  says 'missing/input: '
}

@test "a directory as input is an error with the system's reason" {
  for program in "${PROGRAMS[@]}"; do
    command_on "$program" .
    fails_with 1 "${COMMAND[@]}" -o out
    says_like "^$program: \.: .*Is a directory$"
    leaves_nothing out
  done
}

@test "file names are escaped so that an error message is one line" {
  for program in "${PROGRAMS[@]}"; do
    command_on "$program" $'no\n\e[31mfile'
    fails_with 1 "${COMMAND[@]}"
    says 'no\x0a\x1b[31mfile: '
  done
}

# ---- output ----

@test "-o FILE writes the same bytes as standard output; -o - is standard output" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    succeeds "${COMMAND[@]}" -o out
    assert_size_zero stdout
    assert_size_not_zero out
    "${COMMAND[@]}" | cmp - out
    "${COMMAND[@]}" -o - | cmp - out
    "${COMMAND[@]}" --output=out2
    cmp out out2
    assert_equal "$(compgen -G 'out*' | sort | paste -sd ' ')" 'out out2'
    rm out out2
  done
}

@test "-q prints no messages" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program" # has -q
    succeeds "${COMMAND[@]}" -o out
    assert_size_zero stderr
  done
}

@test "an existing output is replaced; a symbolic link to it is kept" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    mkdir -p dir
    echo old >dir/out
    ln -sf dir/out link
    succeeds "${COMMAND[@]}" -o link
    assert_link_exists link
    "${COMMAND[@]}" | cmp - dir/out
    assert_equal "$(ls dir)" out
  done
}

@test "an output that is a FIFO is written to" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    rm -f fifo
    mkfifo fifo
    cat fifo >got &
    succeeds "${COMMAND[@]}" -o fifo
    wait $!
    "${COMMAND[@]}" | cmp - got
    [ -p fifo ]
  done
}

@test "a new output has the permissions allowed by the umask" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    rm -f out
    (umask 027 && "${COMMAND[@]}" -o out)
    assert_equal "$(stat -c %a out)" 640
  done
}

@test "an output that replaces a file keeps its permissions, and its owner and group where it can" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    for mode in 600 640 777 664; do
      echo old >out
      chmod $mode out
      (umask 077 && "${COMMAND[@]}" -o out)
      assert_equal "$program: $(stat -c %a out)" "$program: $mode"
    done
    # Also through a symbolic link.
    chmod 604 out
    ln -sf out link
    "${COMMAND[@]}" -o link
    assert_equal "$(stat -c %a out)" 604
  done
  if [ "$(id -u)" = 0 ]; then
    chown 12:34 out
    "${COMMAND[@]}" -o out
    assert_equal "$(stat -c %u:%g:%a out)" 12:34:604
  fi
}

@test "an output while it is written can be read only by its owner if the old file can" {
  echo old >out
  chmod 600 out
  mkfifo in
  ptb-vocab -q -m 1 in -o out &
  exec {feed}>in
  for _ in {1..400}; do
    ! compgen -G 'out.tmp.*' >/dev/null || break
    sleep 0.05
  done
  assert_equal "$(stat -c %a out.tmp.*)" 600
  echo 'a b' >&"$feed"
  exec {feed}>&-
  wait $!
}

@test "an existing file that may not be written is not replaced" {
  [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip 'root may write everything'
  # The directories above Bats' own can be closed to others.
  local directory as=()
  directory=$(mktemp -d)
  [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 777 "$directory"
  echo old >"$directory/out"
  chmod 444 "$directory/out"
  cp "$(command -v ptb-vocab)" "$directory"
  run "${as[@]}" "$directory/ptb-vocab" -q -m 1 -o "$directory/out" <<<'a b'
  assert_failure 1
  assert_output "ptb-vocab: $directory/out: cannot write: Permission denied"
  assert_equal "$(<"$directory/out")" old
  rm -r "$directory"
}

@test "an output that cannot be created is an error before any work" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    fails_with 1 "${COMMAND[@]}" -o missing/out
    says_like "^$program: missing/out: .*No such file or directory$"
    mkdir -p directory
    fails_with 1 "${COMMAND[@]}" -o directory
    says_like "^$program: directory: .*Is a directory$"
    # Without waiting for the input.
    fails_with 1 timeout 10 "${COMMAND[@]}" -o missing/out < <(sleep 1)
  done
}

@test "after a failure the old output is unchanged and there is no other file" {
  for program in "${PROGRAMS[@]}"; do
    if [ "$(input_of "$program")" = text ]; then
      : >bad
    else
      head -c -3 "$(input_of "$program")" >bad
    fi
    command_on "$program" bad
    echo old >out
    fails_with 3 "${COMMAND[@]}" -o out
    assert_equal "$(<out)" old
    assert_equal "$(compgen -G 'out*')" out
  done
}

@test "the output must not be the input" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    ln -f "$input" hard-link
    ln -sf "$input" symbolic-link
    for output in "$input" "./$input" hard-link symbolic-link; do
      fails_with 2 "${COMMAND[@]}" -o "$output"
      cmp "$input" "$SAMPLES/$input"
    done
    command_on "$program" -
    # shellcheck disable=SC2094 # the mistake under test
    fails_with 2 "${COMMAND[@]}" -o "$input" <"$input"
    cmp "$input" "$SAMPLES/$input"
    # shellcheck disable=SC2094
    fails_with 2 appending "$input" "${COMMAND[@]}" <"$input"
    cmp "$input" "$SAMPLES/$input"
  done
}

@test "a full device is an error" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    fails_with 1 to_full_device "${COMMAND[@]}"
    says_like "^$program: stdout: .*No space left on device$"
    fails_with 1 "${COMMAND[@]}" -o /dev/full
    says_like "^$program: /dev/full: .*No space left on device$"
  done
}

@test "exceeding a limit on the size of files is an error and leaves no file" {
  ! built_with_tsan || skip "TSan itself writes a file before main"
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    status=0
    # Messages must not go to a file either.
    said=$( (ulimit -f 0 && exec env --default-signal=XFSZ "${COMMAND[@]}" -o out) 2>&1) || status=$?
    assert_equal "$program: $status" "$program: 1"
    assert_regex "$said" "^$program: out: .*File too large$"
    leaves_nothing out
  done
}

# ---- pipes and signals ----

# without_reader COMMAND...: writes to a pipe whose reader has gone away; the file status gets its
# exit status.
without_reader() {
  {
    local status=0
    sleep 0.2
    "$@" 2>stderr || status=$?
    echo $status >status
  } | :
}

@test "a reader that has gone away: the program dies of SIGPIPE, silently" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    without_reader env --default-signal=PIPE "${COMMAND[@]}"
    assert_equal "$program: $(<status)" "$program: 141"
    assert_size_zero stderr
  done
}

@test "a reader that has gone away is an error if SIGPIPE is ignored" {
  for program in "${PROGRAMS[@]}"; do
    set_up "$program"
    without_reader env --ignore-signal=PIPE "${COMMAND[@]}"
    assert_equal "$program: $(<status)" "$program: 1"
    assert_equal "$(wc -l <stderr)" 1
    says_like "^$program: stdout: .*Broken pipe$"
  done
}

# start PROGRAM ENV-OPTION: starts PROGRAM in the background, as process $pid, with -o out, and
# waits for its temporary output. It reads a pipe, which the descriptor `feed` keeps open.
start() {
  rm -f out* pipe
  mkfifo pipe
  exec {feed}<>pipe
  command_on "$1" pipe
  env "$2" "${COMMAND[@]}" -o out 2>stderr 3>&- {feed}>&- &
  pid=$!
  for _ in {1..200}; do
    ! compgen -G 'out.tmp.*' >/dev/null || break
    sleep 0.05
  done
  assert compgen -G 'out.tmp.*'
  head -c 10 "$(input_of "$1")" >&"$feed"
}

# started_exits_with STATUS: waits for the program started by start.
started_exits_with() {
  local status=0
  exec {feed}>&-
  wait "$pid" || status=$?
  assert_equal "$status" "$1"
}

@test "a signal ends a program and removes its temporary output" {
  for program in "${PROGRAMS[@]}"; do
    for signal in INT TERM HUP; do
      start "$program" --default-signal=INT,TERM,HUP
      kill -s "$signal" $pid
      started_exits_with $((128 + $(kill -l "$signal")))
      leaves_nothing out
      assert_size_zero stderr
    done
  done
}

@test "so do the signals of batch systems, timers and the quit key" {
  for signal in USR1 USR2 XCPU ALRM VTALRM PROF QUIT; do
    start ptb-vocab --default-signal=$signal
    kill -s $signal $pid
    started_exits_with $((128 + $(kill -l $signal)))
    leaves_nothing out
    assert_size_zero stderr
  done
}

@test "after SIGKILL there is only a temporary file, and the old output is unchanged" {
  for program in "${PROGRAMS[@]}"; do
    start "$program" --default-signal=INT
    echo old >out
    kill -s KILL $pid
    started_exits_with 137
    assert_equal "$(<out)" old
    run compgen -G 'out*'
    assert_line --regexp '^out\.tmp\.[0-9a-f]+$'
    assert_equal "${#lines[@]}" 2
  done
}

@test "a signal that the parent ignores is ignored" {
  for program in "${PROGRAMS[@]}"; do
    start "$program" --ignore-signal=INT
    kill -s INT $pid
    tail -c +11 "$(input_of "$program")" >&"$feed"
    started_exits_with 0
    set_up "$program"
    "${COMMAND[@]}" | cmp - out
  done
}

# ---- terminals ----

# on_a_terminal COMMAND: runs a shell command with all three standard streams on a terminal; its
# output goes to the file shown.
on_a_terminal() {
  script -qec "$1" /dev/null </dev/null >shown
}

@test "a stream is written to a terminal only with --force" {
  for program in ptb-vocab ptb-phrase ptb-subsample sgns-batch sgns-train; do
    set_up "$program"
    status=0
    on_a_terminal "${COMMAND[*]}" || status=$?
    assert_equal "$program: $status" "$program: 2"
    grep -q "$program: .*terminal" shown
    assert_equal "$(wc -l <shown)" 1
    on_a_terminal "${COMMAND[*]} --force"
    LC_ALL=C grep -qaF $'\x28\xb5\x2f\xfd' shown
    on_a_terminal "${COMMAND[*]} -o out"
    "${COMMAND[@]}" | cmp - out
    on_a_terminal "${COMMAND[*]} | cat >out"
    "${COMMAND[@]}" | cmp - out
  done
}

@test "a stream is not read from a terminal" {
  for program in ptb-phrase ptb-subsample sgns-batch sgns-train sgns-knn sgns-convert sgns-eval sgns-map sgns-cat; do
    command_on "$program" -
    status=0
    on_a_terminal "${COMMAND[*]} -o out" || status=$?
    assert_equal "$program: $status" "$program: 2"
    grep -q "$program: .*terminal" shown
    leaves_nothing out
  done
}
