#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The inputs that fuzzing has kept, read by its targets without a fuzzer.

load helper

targets() {
  basename -s .c -- "$BATS_TEST_DIRNAME"/fuzz/*.c
}

# replays TARGET: all inputs of its own; and those of the others, what was found there may be here, too.
replays() {
  local folder=$BATS_TEST_DIRNAME/fuzz/corpus files
  succeeds timeout 300 "$BUILD/tests/fuzz/$1" "$folder/$1" "$folder"/*/regression-* || return
  files=("$folder/$1"/*)
  [ "$(tail -n 1 stdout | cut -d ' ' -f 1)" -ge ${#files[@]} ]
}

@test "fuzzing: every target has kept inputs, and all inputs have a target" {
  assert_equal "$(ls "$BATS_TEST_DIRNAME/fuzz/corpus")" "$(targets)"
}

@test "fuzzing: no target finds anything in the inputs that were kept" {
  for target in $(targets); do
    replays "$target" || fail "$target: $(tail -c 2000 stdout stderr)"
  done
}

@test "fuzzing: an input that cannot be read is an error" {
  for target in $(targets); do
    exits_with 1 "$BUILD/tests/fuzz/$target" missing
  done
}
