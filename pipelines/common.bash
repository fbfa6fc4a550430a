# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts have in common; each sources this file first. A script begins with a comment, of which
# one line is "Usage: ...", and with its settings: --help prints both.
set -euo pipefail

script=${0##*/}
# shellcheck disable=SC2034 # for the scripts
here=$(dirname "$(realpath "$0")")
work= # a directory for temporary files, removed at the end

# Also after a signal. A signal to the script alone must not leave the programs of its pipe running.
clean_up() {
  pkill -P $$ 2> /dev/null || true
  rm -rf -- ${work:+"$work"}
}
trap clean_up EXIT

say() {
  printf '%s: %s\n' "$script" "$*" >&2
}

# Copies tab-separated values; on a terminal, in columns wide enough for their headings.
table() {
  if [ -t 1 ]; then
    expand -t 10
  else
    cat
  fi
}

# die STATUS MESSAGE...
die() {
  local status=$1
  shift
  say "$@"
  exit "$status"
}

usage_error() {
  die 2 "$*; try '$script --help'"
}

print_help() {
  awk '
    NR <= 2 || /^# shellcheck/ { next }
    /^#/ && !ended { sub(/^# ?/, ""); print; next }
    { ended = 1 }
    /^(export )?[A-Z_]+=\$\{[A-Z_]+:-/ && / # / {
      sub(/^export /, "")
      name = value = text = $0
      sub(/=.*/, "", name)
      sub(/^[^:]*:-/, "", value)
      sub(/\} *# .*/, "", value)
      sub(/.*\} *# /, "", text)
      if (!titled++) print "\nSettings (environment variables), with defaults in brackets:"
      printf "  %-10s %s%s\n", name, text, value == "" || value ~ /\$/ ? "" : " [" value "]"
    }' < "$0"
}

# printable TEXT: prints TEXT, quoted if it has control characters.
printable() {
  if [[ $1 == *[[:cntrl:]]* ]]; then
    printf %q "$1"
  else
    printf %s "$1"
  fi
}

# take_operands LEAST MOST ARGUMENT...: sets the array `operands`, the file names among the arguments, of
# which none begins with a dash except standard input's.
take_operands() {
  local least=$1 most=$2 ended='' argument
  shift 2
  operands=()
  for argument; do
    if [ -n "$ended" ] || [[ $argument != -?* ]]; then
      [[ $argument != -?* ]] || argument=./$argument
      operands+=("$argument")
    elif [ "$argument" = -- ]; then
      ended=yes
    elif [ "$argument" = -h ] || [ "$argument" = --help ]; then
      print_help
      exit
    else
      usage_error "$(printable "$argument"): unknown option"
    fi
  done
  if [ ${#operands[@]} -lt "$least" ] || [ ${#operands[@]} -gt "$most" ]; then
    usage_error "$(sed -n 's/^# Usage: /usage: /p' "$0")"
  fi
}

# one_of SETTING VALUE...: the setting must have one of these values.
one_of() {
  local value
  for value in "${@:2}"; do
    [ "${!1}" != "$value" ] || return 0
  done
  usage_error "$1=$(printable "${!1}"): expected $(printf '%s or ' "${@:2:$#-2}")${*: -1}"
}

need_programs() {
  local program
  for program; do
    command -v "$program" > /dev/null || die 1 "$program is not on PATH"
  done
}

# need_files FILE...: each must be readable, or standard input (-).
need_files() {
  local file
  for file; do
    if [ "$file" = - ]; then
      continue
    elif [ ! -e "$file" ]; then
      die 1 "$(printable "$file"): No such file or directory"
    elif [ -d "$file" ]; then
      die 1 "$(printable "$file"): Is a directory"
    elif [ ! -r "$file" ]; then
      die 1 "$(printable "$file"): Permission denied"
    fi
  done
}

# frequent_words CORPUS: prints words that may be worth looking at, one per line. The most frequent ones are
# mostly grammar; they, <unk> and numbers are left out. Up to 300 of the next ones follow.
frequent_words() {
  sgns-cat --vocab "$1" | cut -f 1 | LC_ALL=C awk '
    { word[NR] = $0 }
    END {
      skipped = NR < 400 ? int(NR / 4) : 100
      for (i = skipped + 2; i <= NR && i <= skipped + 302; i++)
        if (word[i] !~ /^[0-9.,]*$/) print word[i]
    }'
}

# start_results: makes the directory $OUT, and in it `work` for the results until they are complete.
start_results() {
  [[ $OUT != -* ]] || OUT=./$OUT
  mkdir -p "$OUT"
  work=$(mktemp -d "$OUT/.tmp.XXXXXX")
}

# finish_results: replaces the results in $OUT by those in `work`.
finish_results() {
  mv -f "$work"/* "$OUT"
}
