#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The fuzz targets, run without a fuzzer on the seeds and on the inputs kept from fuzzing.

load ../support/helper

setup_file() {
  export SEEDS=$BATS_FILE_TMPDIR/seeds
  "$BATS_TEST_DIRNAME/seeds" "$SEEDS"
}

targets() {
  basename -s .c -- "$BATS_TEST_DIRNAME"/*.c
}

# replays TARGET: runs TARGET on all its inputs and on the regressions of all targets.
replays() {
  local kept=$BATS_TEST_DIRNAME/corpus files
  files=("$kept/$1"/* "$SEEDS/$1"/* "$kept"/*/regression-*)
  succeeds timeout 300 "$BUILD/tests/fuzz/$1" "${files[@]}" || return
  assert_equal "$(tail -n 1 stdout)" "${#files[@]} files"
}

@test "fuzzing: every target has kept inputs, and every input has a target" {
  assert_equal "$(ls "$BATS_TEST_DIRNAME/corpus")" "$(targets)"
  assert_equal "$(ls "$SEEDS")" "$(targets)"
}

@test "fuzzing: no target fails on its inputs" {
  for target in $(targets); do
    replays "$target" || fail "$target: $(tail -c 2000 stdout stderr)"
  done
}

@test "fuzzing: an input that cannot be read is an error" {
  for target in $(targets); do
    exits_with 1 "$BUILD/tests/fuzz/$target" missing
  done
}
