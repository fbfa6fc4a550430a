#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every program names an input that it did not expect, and the next step; library/test_content has the
# recognition itself.

load ../support/helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  make_samples .
}

# refused_as FILE NAME ADVICE COMMAND...: COMMAND refuses FILE, and its message has the other two.
refused_as() {
  fails_with 3 "${@:4}" -o out || return
  says "$1: byte 0: $2, expected " && says "$3" && leaves_nothing out
}

@test "every program that reads streams names an input that is not one, and the command that helps" {
  gzip -k text
  iconv -t UTF-16 text >wide
  printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n' >pointer
  printf '<!DOCTYPE html>\n<title>404</title>\n' >page
  for program in ptb-subsample sgns-batch sgns-train sgns-knn sgns-eval sgns-cat; do
    for file in text.gz wide pointer page text; do
      command_on $program $file
      case $file in
        text.gz) refused_as $file 'gzip-compressed data' "decompress it with 'gzip -dc FILE'" "${COMMAND[@]}" ;;
        wide) refused_as $file 'text in UTF-16' "convert it with 'iconv -f UTF-16 -t UTF-8 FILE'" "${COMMAND[@]}" ;;
        pointer) refused_as $file 'a Git LFS pointer instead of the file' "'git lfs pull'" "${COMMAND[@]}" ;;
        page) refused_as $file 'an HTML page' 'check its address' "${COMMAND[@]}" ;;
        text) refused_as $file text stream "${COMMAND[@]}" ;;
      esac
    done
  done
}

@test "a stream of another kind is refused with the program that is missing in between" {
  refused_as text text "'ptb-vocab FILE'" ptb-subsample text
  refused_as text text "'ptb-vocab FILE | sgns-batch'" sgns-train text
  refused_as text text "'sgns-convert FILE'" sgns-knn text a
  refused_as corpus.bin 'a corpus stream' "'sgns-batch FILE'" sgns-train corpus.bin
  refused_as corpus.bin 'a corpus stream' "'sgns-batch FILE | sgns-train'" sgns-knn corpus.bin a
  refused_as batches.bin 'a batch stream' "'sgns-train FILE'" sgns-knn batches.bin a
  refused_as vectors.bin 'a vectors stream' '--init=FILE' sgns-train vectors.bin
  refused_as counts.bin 'a counts stream' '--vocab=FILE' sgns-batch counts.bin
  refused_as vectors.bin 'a vectors stream' '--vocab=FILE' ptb-vocab vectors.bin
  refused_as corpus.bin 'a corpus stream' "'sgns-cat FILE'" ptb-vocab corpus.bin
}

@test "a byte order mark is dropped from queries and lists of words; UTF-16 is refused there" {
  printf '\xef\xbb\xbfa\n' >marked
  printf 'a\nb\nc\n' | iconv -t UTF-16LE >wide
  echo a | sgns-knn vectors.bin - 1 >expected
  sgns-knn vectors.bin - 1 <marked | cmp - expected
  slowly marked | sgns-knn vectors.bin - 1 | cmp - expected
  fails_with 3 sgns-knn vectors.bin - 1 <wide
  says "stdin: byte 0: text in UTF-16, expected text; convert it with 'iconv -f UTF-16LE -t UTF-8 FILE'"
  fails_with 3 sgns-map --words=wide vectors.bin
  says 'wide: byte 0: text in UTF-16'
}
