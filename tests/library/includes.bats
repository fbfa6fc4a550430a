#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The check of the includes between the directories of lib/.

load ../support/helper

setup() {
  cp -R "$ROOT/lib" "$BATS_TEST_TMPDIR/lib"
  cd "$BATS_TEST_TMPDIR" || return
}

# refuses TEXT: the check fails, and prints it.
refuses() {
  exits_with 1 "$ROOT/tests/includes" lib
  grep -qF -e "$1" stdout || fail "expected '$1': $(<stdout)"
}

@test "the includes of lib/ follow the table, without a circle" {
  succeeds "$ROOT/tests/includes" lib
  prints ''
}

@test "an include against the direction is named" {
  echo '#include "train/adam.h"' >>lib/stream/words.c
  refuses 'lib/stream/words.c: #include "train/adam.h": stream may not use train'
}

@test "an include that names no directory is refused" {
  echo '#include "words.h"' >>lib/stream/vocab.c
  refuses 'lib/stream/vocab.c: #include "words.h": no such file in lib/'
}

@test "a file in another directory is refused" {
  mkdir lib/extra
  echo '#include "base/error.h"' >lib/extra/file.c
  refuses 'lib/extra/file.c: the directory extra is not in the table'
}

@test "files that include each other in a circle are named" {
  echo '#include "stream/vocab.h"' >>lib/stream/words.c
  refuses 'circular includes in lib/:'
  grep -q 'stream/vocab$' stdout
  grep -q 'stream/words$' stdout
}
