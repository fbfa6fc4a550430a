# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
# What the measurements in this directory share. A script sources it with its own arguments, the
# first of which is the build directory, takes samples in rounds, and prints a table of them at the
# end:
#
#   PTB=ptb.train.txt [ROUNDS=3] [THREADS=2] tests/bench/NAME [BUILD]
#
# Tables are printed to standard output, in Markdown; messages to standard error.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
build=$(realpath "${1:-$here/../../build}")
rounds=${ROUNDS:-3} threads=${THREADS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$build/bin:$build/tests/bench:$PATH" LC_ALL=C.UTF-8
python=$here/../oracle/python

# Prints the path of the Penn Treebank: PTB, or the copy kept by `make demo`.
treebank() {
  local path=${PTB:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/sgns/ptb.train.txt}
  if [ ! -r "$path" ]; then
    echo "${0##*/}: Penn Treebank not found: set PTB=path/to/ptb.train.txt" >&2
    return 1
  fi
  realpath "$path"
}

say() {
  printf '%s\n' "$*" >&2
}

# Reports a row that is skipped, below the table and on standard error.
skip() {
  say "skipped: $*"
  echo "$*" >>"$work/skipped"
}

# has_option PROGRAM OPTION: whether PROGRAM has OPTION.
has_option() {
  "$1" --help | grep -qE -- "(^|[ ,])$2([ =]|\$)"
}

# timed COMMAND...: runs COMMAND and measures every program that it starts with `stage`; sets
# `elapsed` and, for those programs together, `cpu` (seconds) and `peak` (megabytes; the sum of the
# peaks).
timed() {
  local start=$EPOCHREALTIME end
  rm -f "$work/stages"
  "$@" || return
  end=$EPOCHREALTIME
  elapsed=$(awk -v start="$start" -v end="$end" 'BEGIN { printf "%.4f", end - start }')
  cpu=$(awk '{ sum += $2 } END { print sum }' "$work/stages")
  peak=$(awk '{ sum += $3 } END { print sum }' "$work/stages")
}

# stage COMMAND...: runs COMMAND as a measured program. Its memory is that of its largest process.
stage() {
  measure "$work/stages" "$@"
}

# several COUNT THING: prints "1 thread", "2 threads".
several() {
  printf '%s %s' "$1" "$2"
  [ "$1" -eq 1 ] || printf s
}

# grouped NUMBER: prints 1,234,567.
grouped() {
  sed ':again; s/\B[0-9]\{3\}\>/,&/; t again' <<<"$1"
}

# quietly COMMAND...: redirects its messages to $work/said, and prints them if it fails.
quietly() {
  "$@" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
}

# speed_in FILE: prints the centre words per second in the last line of sgns-train.
speed_in() {
  sed -n 's/^loss.* \([0-9.]*\) tokens\/sec.*/\1/p' "$1"
}

# rate COUNT SECONDS: prints COUNT per second.
rate() {
  awk -v count="$1" -v seconds="$2" 'BEGIN { printf "%.1f", count / seconds }'
}

# sample METRIC NAME VALUE: records a sample. The table is in the order in which metrics and names
# first occur.
sample() {
  printf '%s\t%s\t%s\n' "$@" | tee -a "$work/samples" >&2
}

# table TITLE: prints the samples as a table, and starts a new one.
table() {
  printf '### %s\n\n' "$1"
  [ ! -s "$work/samples" ] || python3 "$here/table.py" <"$work/samples"
  [ ! -s "$work/skipped" ] || sed 's/^/- skipped: /; $s/$/\n/' "$work/skipped"
  rm -f "$work/samples" "$work/skipped"
}
