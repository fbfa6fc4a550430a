# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the Bats files share: Bats' libraries, assertions about how a program ends, and small inputs.
# tests/run puts the programs on PATH and sets BUILD.
# shellcheck disable=SC2034 # ROOT, SUPPORT, PROGRAMS and COMMAND are for the files that load this one

: "${BUILD:?run by tests/run}"
ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
SUPPORT=$ROOT/tests/support

for library in bats-support bats-assert bats-file; do
  for directory in /usr/lib/bats /usr/share/bats; do
    if [ -e "$directory/$library/load.bash" ]; then
      # shellcheck source=/dev/null
      source "$directory/$library/load.bash"
      break
    fi
  done
done

# A sanitizer's report must have a status that the programs never use. TSan would wait for a second
# in every program, and report the threads still running when a program ends with an error.
export ASAN_OPTIONS=exitcode=99:verify_asan_link_order=0 UBSAN_OPTIONS=exitcode=99
export LSAN_OPTIONS=suppressions=$ROOT/tests/support/leaks.supp:print_suppressions=0
export TSAN_OPTIONS=exitcode=99:atexit_sleep_ms=0:report_thread_leaks=0
# These tests are about the CPU even if there is a GPU or this build has the CUDA backends: "auto"
# must find nothing to load. cuda.bats uses the object named by the caller.
GPU_OBJECT=${SGNS_CUDA-}
export SGNS_CUDA=none.so
export PYTHONDONTWRITEBYTECODE=1
# The shell that script(1) runs its commands with.
export SHELL=/bin/sh

PROGRAMS=(ptb-words ptb-vocab ptb-phrase ptb-subsample sgns-batch sgns-train sgns-knn sgns-convert sgns-eval sgns-map sgns-cat)

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# ---- how a program ends ----
# All of these also work after `if`, `||` and `&&`, where Bats does not stop at a failing command.

# exits_with STATUS COMMAND...: runs COMMAND, with its output in the files stdout and stderr. Death
# by a signal gives a status above 128, which no caller expects.
exits_with() {
  local expected=$1 status=0
  shift
  "$@" >stdout 2>stderr || status=$?
  [ "$status" -eq "$expected" ] ||
    fail "'$*' ended with status $status, expected $expected: $(head -c 2000 stderr)"
}

# succeeds COMMAND...
succeeds() {
  exits_with 0 "$@"
}

# fails_with STATUS COMMAND...: the program in COMMAND must end with STATUS and report the reason in
# exactly one line, which begins with the program's name.
fails_with() {
  exits_with "$@" || return
  local word name=
  for word; do
    [ ! -f "$BUILD/bin/$word" ] || name=$word
  done
  [ "$(wc -l <stderr)" -eq 1 ] || fail "expected one line from '$*': $(<stderr)" || return
  [[ $(<stderr) == "$name: "* ]] || fail "expected a line that begins with '$name: ': $(<stderr)"
}

# appending FILE COMMAND...: runs COMMAND, which appends its output to FILE.
appending() {
  "${@:2}" >>"$1"
}

# says TEXT: standard error of the last program contains TEXT.
says() {
  grep -qF -e "$1" stderr || fail "expected '$1' on standard error: $(<stderr)"
}

# says_like REGEX (extended): a line of standard error of the last program matches it.
says_like() {
  grep -qE -e "$1" stderr || fail "expected /$1/ on standard error: $(<stderr)"
}

# prints TEXT: standard output of the last program is exactly TEXT, where \n separates lines.
prints() {
  assert_equal "$(<stdout)" "$(printf '%b' "$1")"
}

# leaves_nothing FILE: neither FILE nor a temporary file for it exists.
leaves_nothing() {
  local found
  if found=$(compgen -G "$1*"); then
    fail "not removed: $found"
  fi
}

# within_memory MIB COMMAND...: runs COMMAND with at most MIB of address space. A sanitizer's shadow
# memory needs terabytes of it, so there the limit applies to every single allocation.
within_memory() {
  local mib=$1
  shift
  if sanitized; then
    local limit=:max_allocation_size_mb=$mib:allocator_may_return_null=1
    ASAN_OPTIONS+=$limit TSAN_OPTIONS+=$limit "$@"
  else
    (ulimit -v $((mib * 1024)) && "$@")
  fi
}

sanitized() {
  grep -qE '__(asan|tsan)_init' "$BUILD/bin/sgns-cat"
}

built_with_tsan() {
  grep -q __tsan_init "$BUILD/bin/sgns-cat"
}

built_for_coverage() {
  [[ $BUILD == */coverage ]]
}

# ---- inputs ----

# Skips the test without the Penn Treebank.
need_ptb() {
  [ -n "${PTB-}" ] || skip "needs PTB=path/to/ptb.train.txt"
}

# need_peer WHAT COMMAND...: if COMMAND fails, WHAT is not installed, and the test is skipped or, if
# PEERS is set, fails.
need_peer() {
  "${@:2}" &>/dev/null && return
  [ -z "${PEERS-}" ] || fail "PEERS is set, but $1 is not installed"
  skip "needs $1"
}

# Skips the test without gensim for the system's python3.
need_gensim() {
  need_peer "Debian's python3-gensim" /usr/bin/python3 -c 'import gensim'
}

need_gnuplot() {
  need_peer gnuplot command -v gnuplot
}

# What may mount disks of its own; sets the array `UNSHARE` to the command that runs others there. Root
# has no need of a user namespace, and in a chroot cannot have one.
need_namespaces() {
  for UNSHARE in -rm -m; do
    UNSHARE=(unshare "$UNSHARE")
    ! "${UNSHARE[@]}" true 2>/dev/null || return 0
  done
  skip 'needs namespaces (unshare), to mount a small disk'
}

# sample_text SENTENCES WORDS: prints a text of the words w1 (the most frequent), w2, ..., in which
# neighbours often have similar numbers. It has its own random numbers, so that every awk prints the
# same.
sample_text() {
  awk -v sentences="$1" -v words="$2" '
    function random(n) { seed = seed * 16807 % 2147483647; return seed % n }
    BEGIN {
      seed = 12345
      for (s = 0; s < sentences; s++) {
        topic = random(words)
        for (length_left = 1 + random(9); length_left >= 0; length_left--) {
          rank = random(2) ? random(random(words) + 1) : (topic + random(3)) % words
          printf "w%d%s", rank + 1, length_left ? " " : "\n"
        }
      }
    }'
}

# make_samples DIRECTORY: a stream of each kind, a few hundred bytes long, the text that they come
# from, and a test set for sgns-eval.
make_samples() {
  printf 'a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\n' >"$1/text"
  ptb-vocab -q -m 2 -o "$1/corpus.bin" "$1/text"
  sgns-batch -q -w 2 -n 2 -b 4 -e 2 -o "$1/batches.bin" "$1/corpus.bin"
  sgns-train -q -d 3 -o "$1/vectors.bin" "$1/batches.bin"
  ptb-vocab -q --count -o "$1/counts.bin" "$1/text"
  printf 'a b 1\na c 2\nb c 3\n' >"$1/pairs"
}

# corpus_of < TEXT: creates few.bin, with all words in the vocabulary.
corpus_of() {
  ptb-vocab -q -m 1 -o few.bin
}

# input_of PROGRAM: prints the name of a sample that PROGRAM reads.
input_of() {
  case $1 in
    ptb-words | ptb-vocab) echo text ;;
    ptb-phrase | ptb-subsample | sgns-batch | sgns-cat) echo corpus.bin ;;
    sgns-train) echo batches.bin ;;
    sgns-knn | sgns-convert | sgns-eval | sgns-map) echo vectors.bin ;;
  esac
}

# command_on PROGRAM INPUT: sets the array `COMMAND` to a command that runs PROGRAM on INPUT, which
# is a sample or similar.
command_on() {
  case $1 in
    ptb-vocab) COMMAND=(ptb-vocab -q -m 2 "$2") ;;
    sgns-knn) COMMAND=(sgns-knn -q "$2" a) ;;
    sgns-convert) COMMAND=(sgns-convert -q --from sgns --to word2vec "$2") ;;
    sgns-eval) COMMAND=(sgns-eval -q "$2" pairs) ;;
    sgns-map) COMMAND=(sgns-map -q "$2" a b c) ;;
    sgns-train) COMMAND=(sgns-train -q -t 2 "$2") ;;
    *) COMMAND=("$1" -q "$2") ;;
  esac
}

# unwrapped_help PROGRAM: its --help, with each option on one line.
unwrapped_help() {
  "$1" --help | sed -E ':next; N; $!b next; s/\n {10,}/ /g'
}

# reading PROGRAM STREAM: like command_on, but ptb-vocab reads STREAM with --vocab, not as text.
reading() {
  command_on "$@"
  [ "$1" != ptb-vocab ] || COMMAND=(ptb-vocab -q --vocab "$2" text)
}

# readers_of KIND: prints the programs that read streams of this kind.
readers_of() {
  case $1 in
    corpus) echo ptb-vocab ptb-phrase ptb-subsample sgns-batch sgns-cat ;;
    batches) echo ptb-vocab sgns-train sgns-cat ;;
    vectors) echo ptb-vocab sgns-knn sgns-convert sgns-eval sgns-map sgns-cat ;;
    counts) echo ptb-vocab sgns-cat ;;
  esac
}

# slowly FILE: writes its bytes one by one, with a pause in the middle.
slowly() {
  local half=$(($(wc -c <"$1") / 2))
  dd if="$1" bs=1 count=$half status=none
  sleep 0.2
  dd if="$1" bs=1 skip=$half status=none
}
