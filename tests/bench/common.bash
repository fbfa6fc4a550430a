# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
# What the measurements of this folder share. A script sources it with its own arguments, the first
# of which is the folder of the build, takes samples in turn, and closes with a table of them:
#
#   PTB=ptb.train.txt [ROUNDS=3] [THREADS=2] tests/bench/NAME [BUILD]
#
# Tables go to standard output, in Markdown; what else there is to say goes to standard error.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
build=$(realpath "${1:-$here/../../build}")
rounds=${ROUNDS:-3} threads=${THREADS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$build/bin:$build/tests/bench:$PATH" LC_ALL=C.UTF-8
python=$here/../oracle/python

# The Penn Treebank: PTB, or the copy that `make demo` keeps. Prints its path.
treebank() {
  local path=${PTB:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/sgns/ptb.train.txt}
  if [ ! -r "$path" ]; then
    echo "${0##*/}: no Penn Treebank: name it, PTB=path/to/ptb.train.txt" >&2
    return 1
  fi
  realpath "$path"
}

say() {
  printf '%s\n' "$*" >&2
}

# Says that a row is left out, in the table's place and on standard error.
skip() {
  say "skipped: $*"
  echo "$*" >>"$work/skipped"
}

# Whether a program has an option.
has_option() {
  "$1" --help | grep -qE -- "(^|[ ,])$2([ =]|\$)"
}

# timed COMMAND...: runs it, every program of it that `stage` starts being measured; sets `elapsed`,
# and of those programs together `cpu` (seconds) and `peak` (megabytes; the sum of the peaks).
timed() {
  local start=$EPOCHREALTIME end
  rm -f "$work/stages"
  "$@" || return
  end=$EPOCHREALTIME
  elapsed=$(awk -v start="$start" -v end="$end" 'BEGIN { printf "%.4f", end - start }')
  cpu=$(awk '{ sum += $2 } END { print sum }' "$work/stages")
  peak=$(awk '{ sum += $3 } END { print sum }' "$work/stages")
}

# stage COMMAND...: where the memory of a process and of those it waited for is the largest's.
stage() {
  measure "$work/stages" "$@"
}

# several COUNT THING: "1 thread", "2 threads".
several() {
  printf '%s %s' "$1" "$2"
  [ "$1" -eq 1 ] || printf s
}

# grouped NUMBER: 1,234,567
grouped() {
  sed ':again; s/\B[0-9]\{3\}\>/,&/; t again' <<<"$1"
}

# heard COMMAND...: what it says goes to $work/said, and is shown where it fails.
heard() {
  "$@" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
}

# speed_in FILE: the centre words per second in the last line of sgns-train.
speed_in() {
  sed -n 's/^loss.* \([0-9.]*\) tokens\/sec.*/\1/p' "$1"
}

# rate COUNT SECONDS
rate() {
  awk -v count="$1" -v seconds="$2" 'BEGIN { printf "%.1f", count / seconds }'
}

# sample METRIC NAME VALUE: one of a round. The order in which metrics and names first come is that of
# the table.
sample() {
  printf '%s\t%s\t%s\n' "$@" | tee -a "$work/samples" >&2
}

# Prints the samples as a table with a title, and begins another.
table() {
  printf '### %s\n\n' "$1"
  [ ! -s "$work/samples" ] || python3 "$here/table.py" <"$work/samples"
  [ ! -s "$work/skipped" ] || sed 's/^/- left out: /; $s/$/\n/' "$work/skipped"
  rm -f "$work/samples" "$work/skipped"
}
