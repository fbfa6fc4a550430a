# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the Bats files share: Bats' libraries, demands on how a program ends, and small inputs.
# tests/run puts the programs on PATH and sets BUILD.
# shellcheck disable=SC2034 # ROOT, SUPPORT, PROGRAMS and COMMAND are for the files that load this one

: "${BUILD:?run by tests/run}"
ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
SUPPORT=$ROOT/tests/support

for library in bats-support bats-assert bats-file; do
  for folder in /usr/lib/bats /usr/share/bats; do
    if [ -e "$folder/$library/load.bash" ]; then
      # shellcheck source=/dev/null
      source "$folder/$library/load.bash"
      break
    fi
  done
done

# A sanitizer's report must not look like one of the programs' own statuses. TSan would wait a second for
# each program, and count the threads that one has when it ends with an error.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
export TSAN_OPTIONS=exitcode=99:atexit_sleep_ms=0:report_thread_leaks=0
# Where there is a GPU, or this build has the backends for one, too, these tests are about the CPU, and
# "auto" has nothing to load; cuda.bats takes what the caller has named.
GPU_OBJECT=${SGNS_CUDA-}
export SGNS_CUDA=none.so
export PYTHONDONTWRITEBYTECODE=1
# What script(1) runs its commands with.
export SHELL=/bin/sh

PROGRAMS=(ptb-vocab ptb-subsample sgns-batch sgns-train sgns-knn sgns-convert sgns-eval sgns-cat)

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# ---- how a program ends ----
# All of these also work behind `if`, `||` and `&&`, where Bats does not stop at a failing command.

# exits_with STATUS COMMAND...: what it prints is then in the files stdout and stderr. A death by
# signal is a status above 128, and so never what was expected.
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

# fails_with STATUS COMMAND...: in which one of the programs must end with STATUS, and say why in just
# one line that begins with its name.
fails_with() {
  exits_with "$@" || return
  local word name=
  for word; do
    [ ! -f "$BUILD/bin/$word" ] || name=$word
  done
  [ "$(wc -l <stderr)" -eq 1 ] || fail "not one line from '$*': $(<stderr)" || return
  [[ $(<stderr) == "$name: "* ]] || fail "not in the name of $name: $(<stderr)"
}

# says TEXT: it is in stderr, of the program that ended last.
says() {
  grep -qF -e "$1" stderr || fail "expected '$1' on standard error: $(<stderr)"
}

# says_like REGEX (extended): a line of stderr matches it.
says_like() {
  grep -qE -e "$1" stderr || fail "expected /$1/ on standard error: $(<stderr)"
}

# prints TEXT: just this is in stdout, of the program that ended last; \n separates lines.
prints() {
  assert_equal "$(<stdout)" "$(printf '%b' "$1")"
}

# leaves_nothing FILE: neither FILE nor a temporary of it.
leaves_nothing() {
  local found
  if found=$(compgen -G "$1*"); then
    fail "left behind: $found"
  fi
}

# within_memory MIB COMMAND...: runs it where it can have no more than that. Under a sanitizer, whose
# shadow needs terabytes of addresses, no single allocation can be larger.
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

# The Penn Treebank, or the test is skipped.
need_ptb() {
  [ -n "${PTB-}" ] || skip "needs PTB=path/to/ptb.train.txt"
}

# need_peer WHAT COMMAND...: which tells whether it is there; or the test is skipped, unless PEERS is set.
need_peer() {
  "${@:2}" &>/dev/null && return
  [ -z "${PEERS-}" ] || fail "PEERS is set, but there is no $1"
  skip "needs $1"
}

# gensim for the system's python3.
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

# sample_text SENTENCES WORDS: w1 is the most frequent word, and words that follow each other are
# often alike. Random by its own means, so that every awk prints the same.
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

# make_samples FOLDER: a stream of each kind, a few hundred bytes long, the text behind them, and a test
# set for sgns-eval.
make_samples() {
  printf 'a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\n' >"$1/text"
  ptb-vocab -q -m 2 -o "$1/corpus.bin" "$1/text"
  sgns-batch -q -w 2 -k 2 -b 4 -e 2 -o "$1/batches.bin" "$1/corpus.bin"
  sgns-train -q -d 3 -o "$1/vectors.bin" "$1/batches.bin"
  ptb-vocab -q --count -o "$1/counts.bin" "$1/text"
  printf 'a b 1\na c 2\nb c 3\n' >"$1/pairs"
}

# input_of PROGRAM: a sample that it reads.
input_of() {
  case $1 in
    ptb-vocab) echo text ;;
    ptb-subsample | sgns-batch | sgns-cat) echo corpus.bin ;;
    sgns-train) echo batches.bin ;;
    sgns-knn | sgns-convert | sgns-eval) echo vectors.bin ;;
  esac
}

# command_on PROGRAM INPUT: sets the array `COMMAND` to PROGRAM's work on a sample or its like.
command_on() {
  case $1 in
    ptb-vocab) COMMAND=(ptb-vocab -q -m 2 "$2") ;;
    sgns-knn) COMMAND=(sgns-knn -q "$2" a) ;;
    sgns-convert) COMMAND=(sgns-convert -q --from sgns --to word2vec "$2") ;;
    sgns-eval) COMMAND=(sgns-eval -q "$2" pairs) ;;
    sgns-train) COMMAND=(sgns-train -q -t 2 "$2") ;;
    *) COMMAND=("$1" -q "$2") ;;
  esac
}

# reading PROGRAM STREAM: the same for a stream, which ptb-vocab also reads, if not for its text.
reading() {
  command_on "$@"
  [ "$1" != ptb-vocab ] || COMMAND=(ptb-vocab -q --vocab "$2" text)
}

# readers_of KIND: the programs that read such a stream.
readers_of() {
  case $1 in
    corpus) echo ptb-vocab ptb-subsample sgns-batch sgns-cat ;;
    batches) echo ptb-vocab sgns-train sgns-cat ;;
    vectors) echo ptb-vocab sgns-knn sgns-convert sgns-eval sgns-cat ;;
    counts) echo ptb-vocab sgns-cat ;;
  esac
}

# slowly FILE: its bytes one by one, with a pause in the middle.
slowly() {
  local half=$(($(wc -c <"$1") / 2))
  dd if="$1" bs=1 count=$half status=none
  sleep 0.2
  dd if="$1" bs=1 skip=$half status=none
}
