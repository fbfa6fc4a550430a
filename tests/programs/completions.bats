#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Option completion in bash and zsh, also in real shells into which keys are typed.

load ../support/helper

COMPLETIONS=$ROOT/tools/completions.d

# typed_in SHELL KEYS: types a command line into SHELL, where \t is the tab key, and prints the
# arguments that the program would get, each in <>.
typed_in() {
  declare -A shell=([bash]='bash --rcfile .bashrc -i' [zsh]='zsh -i')
  {
    echo "PS1=; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'"
    echo "for file in '$COMPLETIONS'/bash/*; do source \"\$file\"; done"
  } >.bashrc
  {
    echo "PS1=; fpath=('$COMPLETIONS/zsh' \$fpath)"
    echo 'autoload -Uz compinit && compinit -u -D'
  } >.zshrc
  for program in "${PROGRAMS[@]}"; do
    printf 'function %s { printf "<%%s>" "$@"; echo; }\n' "$program"
  done | tee -a .bashrc >>.zshrc
  # Keys typed before the shell is ready are not completed.
  { sleep 2; printf '%b\n' "$2"; sleep 1; echo exit; } |
    ZDOTDIR=$PWD script -qec "${shell[$1]}" /dev/null | tr '\r' '\n' | grep '^<' | tail -n 1
}

# offered PROGRAM WORD...: prints the completions of the last word in bash, one per line.
offered() {
  bash -c '
    source "$1"
    compopt() { echo "compopt $*"; }
    name=_${2//-/_}
    COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
    $name
    [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' - "$COMPLETIONS/bash/$1" "$@"
}

@test "completion: the files are what make completions makes of the programs" {
  for program in "${PROGRAMS[@]}"; do
    "$ROOT/tools/completions" bash "$program" | cmp - "$COMPLETIONS/bash/$program" || fail 'to be renewed: make completions'
    "$ROOT/tools/completions" zsh "$program" | cmp - "$COMPLETIONS/zsh/_$program" || fail 'to be renewed: make completions'
  done
  assert_equal "$(find "$COMPLETIONS" -type f | wc -l)" $((2 * ${#PROGRAMS[@]}))
}

@test "completion: offers every option of every program and no others" {
  for program in "${PROGRAMS[@]}"; do
    $program --help | grep -oE '^ {2,6}(-.,)? *--[a-z0-9-]+=?' | grep -oE '\-\-[a-z0-9-]+=?' | sort >options
    [ "$(wc -l <options)" -ge 4 ]
    offered "$program" -- | grep -v '^compopt' | sort | cmp - options
    bash -n "$COMPLETIONS/bash/$program"
  done
}

@test "completion: offers values from a list, files, and nothing for numbers" {
  assert_equal "$(offered sgns-train --optimizer = '')" $'adam\nsgd'
  assert_equal "$(offered sgns-train -O s)" sgd
  assert_equal "$(offered sgns-knn --device = c)" $'cpu\ncuda'
  assert_equal "$(offered sgns-train --loss-log =)" 'compopt -o default'
  assert_equal "$(offered ptb-vocab --vocab = x)" 'compopt -o default'
  assert_equal "$(offered sgns-train -d '')" ''
  assert_equal "$(offered ptb-vocab --threads = '')" ''
  assert_equal "$(offered sgns-train --checkpoint-every = '')" ''
  assert_equal "$(offered sgns-train ba)" 'compopt -o default'
  # The program accepts every value offered.
  for value in $(offered sgns-train --optimizer = ''); do
    exits_with 3 sgns-train --optimizer="$value" -o out </dev/null
  done
}

@test "completion: works in a real bash" {
  touch batches.bin
  assert_equal "$(typed_in bash 'sgns-train --opti\ts\tba\t')" '<--optimizer=sgd><batches.bin>'
  assert_equal "$(typed_in bash 'ptb-vocab --mer\t--min\t3 ba\t')" '<--merge><--min-count=3><batches.bin>'
}

@test "completion: works in a real zsh" {
  need_peer zsh command -v zsh
  touch batches.bin
  assert_equal "$(typed_in zsh 'sgns-train --opti\ts\tba\t')" '<--optimizer=sgd><batches.bin>'
  for program in "${PROGRAMS[@]}"; do
    zsh -n "$COMPLETIONS/zsh/_$program"
  done
}

@test "completion: anything but a known shell and a program is refused" {
  exits_with 2 "$ROOT/tools/completions"
  exits_with 2 "$ROOT/tools/completions" fish sgns-train
  exits_with 127 "$ROOT/tools/completions" bash ./missing
}
