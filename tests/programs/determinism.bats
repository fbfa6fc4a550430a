#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The output does not depend on the number of threads, the locale or the source of the input.
# Tests a sample of the combinations; HARD=1: all of them.

load ../support/helper

setup_file() {
  export BATS_TEST_TIMEOUT=1200
  cd "$BATS_FILE_TMPDIR" || return
  # Several blocks of text, and letters of more than one byte.
  sample_text 14000 60 | sed 's/w3/w\xc3\xb6rt/g' >text
  ptb-vocab -q -m 2 text -o corpus.bin
  head -n 3000 text | ptb-vocab -q --vocab corpus.bin | sgns-batch -q -w 2 -n 2 -b 64 -e 2 -o batches.bin
  sgns-cat batches.bin | cut -f 1,2 >examples
  sgns-train -q -d 20 batches.bin -o vectors.bin
  # A checkpoint in the middle of training.
  head -c $(($(wc -c <batches.bin) / 2)) batches.bin |
    sgns-train -q -d 20 -c checkpoint.bin -o none.bin 2>said || [ $? = 3 ]
  ptb-vocab -q --count text -o counts.bin
  # A locale with a decimal comma. If localedef fails it leaves an incomplete one.
  mkdir locales
  localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 2>said || rm -rf locales
}

setup() {
  cd "$BATS_FILE_TMPDIR" || return
}

# in_locale NAME COMMAND...
in_locale() {
  if [ -d locales ]; then
    LOCPATH=$PWD/locales LC_ALL=$1 LANG=$1 "${@:2}"
  else
    LC_ALL=$1 LANG=$1 "${@:2}"
  fi
}

# through SOURCE INPUT COMMAND...: runs COMMAND on INPUT as a file, as standard input, through a
# pipe, or through a pipe byte by byte.
through() {
  local source=$1 input=$2
  shift 2
  # shellcheck disable=SC2002 # a pipe is needed
  case $source in
    file) "$@" "$input" ;;
    stdin) "$@" - <"$input" ;;
    pipe) cat "$input" | "$@" - ;;
    slow) dd if="$input" bs=1 status=none | "$@" - ;;
  esac
}

# same INPUT COMMAND...: the output is the same for all combinations. @ in COMMAND is replaced by
# the number of threads; INPUT is appended to COMMAND.
same() {
  local input=$1 expected=$BATS_TEST_TMPDIR/expected threads locale source every=${HARD-} runs=0
  shift
  LC_ALL=C "${@//@/1}" "$input" >"$expected" || return
  assert_size_not_zero "$expected"
  for threads in 1 2 4 16; do
    [[ $* == *@* || $threads = 1 ]] || continue
    for locale in C de_DE.UTF-8; do
      for source in file stdin pipe slow; do
        case $every/$threads-$locale-$source in
          /1-de_DE.UTF-8-slow | /2-C-pipe | /4-de_DE.UTF-8-file | /16-C-stdin | ?*/*) ;;
          *) continue ;;
        esac
        in_locale $locale through $source "$input" "${@//@/$threads}" | cmp - "$expected" ||
          fail "$* with $threads threads, in the locale $locale, from $source" || return
        runs=$((runs + 1))
      done
    done
  done
  [ $runs -ge 1 ]
}

@test "the locale under test exists" {
  [ -d locales ] || fail "cannot compile it: $(<said)"
  assert_equal "$(in_locale de_DE.UTF-8 env printf %.1f 1,5)" 1,5
}

@test "ptb-vocab" { same text ptb-vocab -q -m 2 -t @; }
@test "ptb-vocab --memory" { same text ptb-vocab -q -m 2 -t @ --memory 10K; }
@test "ptb-vocab --count" { same text ptb-vocab -q --count -t @; }
@test "ptb-vocab --vocab" { same text ptb-vocab -q --vocab corpus.bin -t @; }
@test "ptb-vocab --merge" { same counts.bin ptb-vocab -q --merge counts.bin; }
@test "ptb-phrase" { same corpus.bin ptb-phrase -q --threshold 1 --passes 2 --memory 1M -t @; }
@test "ptb-subsample" { same corpus.bin ptb-subsample -q --threshold 0.01; }
@test "sgns-batch" { same corpus.bin sgns-batch -q --noise-exponent 0.7 -e 2 -t @; }
@test "sgns-batch --resample --memory" { same corpus.bin sgns-batch -q --resample --memory 1M -e 2 -t @; }
@test "sgns-batch --examples" { same examples sgns-batch -q --examples -e 2 -t @; }
@test "sgns-train" { same batches.bin sgns-train -q -d 20 --lr 0.01 -t @; }
@test "sgns-train --optimizer sgd" { same batches.bin sgns-train -q -d 20 -O sgd -t @; }
@test "sgns-train --resume" { same batches.bin sgns-train -q -d 20 --resume checkpoint.bin -t @; }

# with_processors N COMMAND...: as if the process might run on N processors, and the system started
# only 5 threads.
with_processors() {
  LD_PRELOAD=$BUILD/tests/faults.so FAULTS_PROCESSORS=$1 FAULTS=thread:6+ "${@:2}"
}

@test "by default, fewer threads than processors are used if the system starts no more" {
  ! built_with_tsan || skip "TSan and a preloaded library conflict before main"
  for processors in 64 5000; do
    with_processors $processors ptb-vocab -q -m 2 -t 0 text | cmp - corpus.bin
    with_processors $processors ptb-vocab -q -m 2 -t 0 --vocab corpus.bin text | cmp - <(ptb-vocab -q -m 2 --vocab corpus.bin text)
    with_processors $processors sgns-batch -q -e 2 corpus.bin | cmp - <(sgns-batch -q -e 2 corpus.bin)
    with_processors $processors sgns-train -q -d 20 batches.bin | cmp - vectors.bin
    with_processors $processors sgns-train -q -d 20 -O sgd batches.bin | cmp - <(sgns-train -q -d 20 -O sgd batches.bin)
    with_processors $processors sgns-knn -q --all vectors.bin 3 | cmp - <(sgns-knn -q --all vectors.bin 3)
  done
}

@test "a number of threads that was asked for and cannot be started is an error" {
  ! built_with_tsan || skip "TSan and a preloaded library conflict before main"
  exits_with 1 with_processors 64 sgns-train -q -d 20 -t 20 batches.bin -o out
  says 'cannot start a thread: Resource temporarily unavailable'
  leaves_nothing out
}

@test "sgns-cat" {
  for stream in corpus batches vectors counts checkpoint; do
    same $stream.bin sgns-cat
    same $stream.bin sgns-cat --header
  done
}

@test "sgns-map" {
  map() { sgns-map -q -t "$1" --skip 0 --top 300 --iterations 100 "$2"; }
  same vectors.bin map @
}

@test "sgns-knn" {
  knn() { sgns-knn -q -t "$1" "$2" w1 5; }
  same vectors.bin knn @
}
