#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Properties of all streams and of all programs that read them.

load ../support/helper

setup_file() {
  export SAMPLES=$BATS_FILE_TMPDIR/samples FORGED=$BATS_FILE_TMPDIR/forged
  mkdir "$SAMPLES"
  make_samples "$SAMPLES"
  "$SUPPORT/forge.py" --all "$FORGED" 2>"$BATS_FILE_TMPDIR/disagreements" || true
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  cp "$SAMPLES"/* .
}

# for_readers KIND COMMAND...: runs COMMAND with each program that reads streams of this kind
# appended.
for_readers() {
  local kind=$1 program
  shift
  for program in $(readers_of "$kind"); do
    "$@" "$program" || return
  done
}

# sweep HOW STREAMS PROGRAM: PROGRAM refuses all variants of the streams that sweep.py makes, as
# files.
sweep() {
  reading "$3" "${source:-{\}}"
  run "$SUPPORT/sweep.py" "$1" "$2" "${COMMAND[@]}"
  assert_success && assert_output --regexp '^[1-9][0-9]+ runs, 0 faults$'
}

# sweep_both HOW STREAM PROGRAM: the same, as files and through a pipe.
sweep_both() {
  sweep "$@" && source=- sweep "$@"
}

# refuses STREAM PROGRAM: PROGRAM fails with status 3, reports a position and leaves no output.
refuses() {
  reading "$2" "$1"
  fails_with 3 "${COMMAND[@]}" -o out &&
    says_like "^$2: $1: (byte|line) [0-9]+[:,]" &&
    leaves_nothing out
}

# accepts STREAM PROGRAM: PROGRAM reads STREAM successfully.
accepts() {
  reading "$2" "$1"
  succeeds "${COMMAND[@]}" -o out
}

# ---- output of the programs ----

@test "zstd -t accepts every stream" {
  for kind in corpus batches vectors counts; do
    zstd -tq $kind.bin
  done
}

@test "every frame has a checksum and a window of at most 8 MiB, also in a large stream" {
  sample_text 60000 300 | ptb-vocab -q -m 1 -o large.bin
  for stream in corpus.bin batches.bin vectors.bin counts.bin large.bin; do
    zstd -lv $stream >listing
    grep -q '^Check: XXH64' listing
    # Listed as "Window Size: 8.00 MiB (8388608 B)".
    window=$(sed -n 's/^Window Size:.*(\([0-9]*\) B)$/\1/p' listing)
    [ "$window" -le 8388608 ]
  done
}

@test "the payload of every stream starts with the magic of version 1.0 and its kind" {
  number=0
  for kind in corpus batches vectors counts; do
    number=$((number + 1))
    preamble=$(zstd -dcq $kind.bin | head -c 16 | od -An -tx1 | tr -d ' \n')
    assert_equal "$preamble" "8953474e530d0a1a01000000$(printf '%02x' $number)000000"
  done
}

@test "decode.py, written from the format alone, reads every stream as sgns-cat does" {
  for kind in corpus batches vectors counts; do
    for option in '' --header --vocab; do
      sgns-cat ${option:+$option} $kind.bin >printed
      "$SUPPORT/decode.py" ${option:+$option} $kind.bin | cmp - printed
      [ -s printed ]
    done
  done
}

# ---- damage ----

@test "a corpus truncated at any byte is refused by all its readers" {
  for_readers corpus sweep_both cut corpus.bin
}

@test "a batch stream truncated at any byte is refused by all its readers" {
  for_readers batches sweep_both cut batches.bin
}

@test "a vectors stream truncated at any byte is refused by all its readers" {
  for_readers vectors sweep_both cut vectors.bin
}

@test "a counts stream truncated at any byte is refused by all its readers" {
  for_readers counts sweep_both cut counts.bin
}

@test "a flipped bit in a corpus is refused by all its readers or has no effect" {
  for_readers corpus sweep flip corpus.bin
}

@test "a flipped bit in batches is refused by all their readers or has no effect" {
  for_readers batches sweep flip batches.bin
}

@test "a flipped bit in vectors is refused by all their readers or has no effect" {
  for_readers vectors sweep flip vectors.bin
}

@test "a flipped bit in counts is refused by all their readers or has no effect" {
  for_readers counts sweep flip counts.bin
}

@test "sgns-cat --check refuses truncated streams and flipped bits" {
  for kind in corpus batches vectors counts; do
    for how in cut flip; do
      run "$SUPPORT/sweep.py" $how $kind.bin sgns-cat -q --check '{}'
      assert_success && assert_output --regexp '^[1-9][0-9]+ runs, 0 faults$'
    done
  done
}

@test "every flipped bit of every stream is refused by sgns-cat or has no effect" {
  # A sanitizer slows down each of the thousands of runs: with it, only one bit of each byte is
  # flipped.
  how=flip-all
  ! sanitized || how=flip
  for kind in corpus batches vectors counts; do
    sweep $how $kind.bin sgns-cat
  done
}

@test "a large stream truncated anywhere is refused" {
  sample_text 60000 300 | ptb-vocab -q -m 1 -o large.bin
  size=$(wc -c <large.bin)
  [ "$size" -gt 300000 ] # several times the size of a read
  for part in {1..19}; do
    head -c $((size * part / 20)) large.bin >cut.bin
    for_readers corpus refuses cut.bin
  done
}

@test "header and vocabulary of a truncated stream are not printed" {
  for kind in corpus batches vectors counts; do
    head -c -1 $kind.bin >cut.bin
    for option in --header --vocab; do
      fails_with 3 sgns-cat $option cut.bin
      assert_size_zero stdout
    done
  done
}

@test "a stream truncated between two frames is refused for its missing END" {
  for kind in corpus batches vectors counts; do
    cp "$FORGED/invalid/$kind-truncated-between-frames" cut.bin
    zstd -tq cut.bin # valid zstd data
    for program in $(readers_of $kind); do
      refuses cut.bin "$program"
      says "ended after record"
      says "no END"
    done
  done
}

@test "a second stream after the first is refused" {
  for kind in corpus batches vectors counts; do
    cat $kind.bin $kind.bin >two.bin
    for_readers $kind refuses two.bin
  done
}

@test "a single byte after a stream is refused" {
  for kind in corpus batches vectors counts; do
    { cat $kind.bin; printf '\n'; } >longer.bin
    for_readers $kind refuses longer.bin
  done
}

# ---- other input ----

# expected_by READER: prints the kind of input that READER, a program with options, expects, as
# messages name it; sgns is any kind of stream.
expected_by() {
  case $1 in
    'ptb-vocab --vocab') echo sgns ;;
    'ptb-vocab --merge') echo counts ;;
    'sgns-train --resume') echo vectors ;;
    ptb-vocab) echo text ;;
    ptb-phrase | ptb-subsample | sgns-batch) echo corpus ;;
    sgns-train) echo batch ;;
    sgns-knn) echo vectors ;;
    sgns-cat*) echo sgns ;;
  esac
}

@test "every output is refused by every wrong reader with a message that names both kinds" {
  "$SUPPORT/forge.py" --one checkpoint-plain >checkpoint.bin
  sgns-cat vectors.bin >vectors.txt
  sgns-knn vectors.bin a >knn.txt
  sgns-train -q -L loss.tsv batches.bin >/dev/null
  declare -A is=([corpus.bin]=corpus [batches.bin]=batch [vectors.bin]=vectors [checkpoint.bin]=vectors
    [counts.bin]=counts [vectors.txt]=text [knn.txt]=text [loss.tsv]=text)
  wrong=0
  for reader in ptb-vocab 'ptb-vocab --vocab' 'ptb-vocab --merge' ptb-subsample sgns-batch sgns-train \
    'sgns-train --resume' sgns-knn sgns-cat; do
    expected=$(expected_by "$reader")
    for file in "${!is[@]}"; do
      kind=${is[$file]}
      [ "$expected" != "$kind" ] || continue
      [ "$expected" != sgns ] || [ "$kind" = text ] || continue
      [ "$reader/$file" != sgns-knn/vectors.txt ] || continue # vectors as text, which it reads
      for source in "$file" -; do
        case $reader in
          'ptb-vocab --vocab') COMMAND=(ptb-vocab -q --vocab "$source" text) ;;
          'ptb-vocab --merge') COMMAND=(ptb-vocab -q --merge counts.bin "$source") ;;
          'sgns-train --resume') COMMAND=(sgns-train -q --resume "$source" batches.bin) ;;
          *) command_on "$reader" "$source" ;;
        esac
        fails_with 3 "${COMMAND[@]}" -o out <"$file"
        [ "$source" != - ] || source=stdin
        case $kind in text) found=text ;; *) found="a $kind stream" ;; esac
        case $expected in text) wanted=text ;; sgns) wanted="an sgns stream" ;; *) wanted="a $expected stream" ;; esac
        case $reader/$kind in
          'ptb-vocab --vocab/text') says_like "$source: line [12]: expected a word" ;;
          *) says "$source: byte 0: $found, expected $wanted" ;;
        esac
        leaves_nothing out
        wrong=$((wrong + 1))
      done
    done
  done
  assert_equal $wrong 100
}

@test "zstd-compressed text is not text; text that starts similarly is" {
  zstd -q text
  fails_with 3 ptb-vocab -q text.zst -o out
  says 'text.zst: byte 0: zstd-compressed data, expected text'
  leaves_nothing out
  # A text that only starts like zstd data, and streams too short to recognise their kind.
  printf '\x28\xb5\x2f a' >odd
  succeeds ptb-vocab -q -m 1 odd
  for bytes in 4 5 9 12; do
    head -c $bytes corpus.bin >start
    fails_with 3 ptb-vocab -q -m 1 start
    says 'start: byte 0: zstd-compressed data, expected text'
  done
}

@test "files that are not streams are refused: empty, text, compressed text, gzip" {
  : >empty
  zstd -q text -o text.zst
  gzip -k text
  zstd -q empty -o empty.zst
  for file in empty text text.zst text.gz empty.zst; do
    for program in "${PROGRAMS[@]}"; do
      [ "$program" != ptb-words ] || continue # reads text
      refuses $file "$program"
    done
  done
}

@test "a newer major version is refused with a message that names both versions" {
  for kind in corpus batches vectors counts; do
    cp "$FORGED/invalid/$kind-newer-major-version" newer.bin
    for program in $(readers_of $kind); do
      refuses newer.bin "$program"
      says_like '2\.0.*\b1\.'
    done
  done
}

# ---- forged streams ----

@test "decode.py accepts the valid forged streams and refuses the invalid ones" {
  assert_equal "$(<"$BATS_FILE_TMPDIR/disagreements")" ""
}

@test "every reader accepts what the format allows" {
  for kind in corpus batches vectors counts; do
    for stream in "$FORGED"/valid/"$kind"-*.text; do
      [[ $stream != *-no-examples.text ]] || continue # sgns-train needs examples
      [[ $stream != *-unknown-word*.text ]] || continue # ptb-vocab needs counts
      cp "${stream%.text}" valid.bin
      for_readers "$kind" accepts valid.bin
    done
  done
}

@test "sgns-cat prints forged valid streams as decode.py does" {
  compared=0
  for decoded in "$FORGED"/valid/*.{text,vocab,header}; do
    [[ $decoded != *control-bytes.header ]] || continue # sgns-cat escapes them
    option=--${decoded##*.}
    [ "$option" != --text ] || option=
    sgns-cat ${option:+"$option"} "${decoded%.*}" | cmp - "$decoded"
    compared=$((compared + 1))
  done
  [ $compared -ge 90 ]
}

# refuses_invalid PROGRAM: PROGRAM refuses all invalid streams of the kinds that it reads, in little
# memory.
refuses_invalid() {
  local kind
  mkdir invalid
  for kind in corpus batches vectors counts; do
    [[ " $(readers_of $kind) " != *" $1 "* ]] || cp "$FORGED/invalid/$kind"-* invalid
  done
  # sgns-train refuses this one before it finds the error: according to SHAPE there are no examples.
  [ "$1" != sgns-train ] || rm invalid/batches-examples-where-shape-has-none
  within_memory 1024 sweep all 'invalid/*' "$1"
}

@test "ptb-vocab refuses every invalid forged stream" { refuses_invalid ptb-vocab; }
@test "ptb-phrase refuses every invalid forged stream" { refuses_invalid ptb-phrase; }
@test "ptb-subsample refuses every invalid forged stream" { refuses_invalid ptb-subsample; }
@test "sgns-batch refuses every invalid forged stream" { refuses_invalid sgns-batch; }
@test "sgns-knn refuses every invalid forged stream" { refuses_invalid sgns-knn; }
@test "sgns-map refuses every invalid forged stream" { refuses_invalid sgns-map; }
@test "sgns-cat refuses every invalid forged stream" { refuses_invalid sgns-cat; }
@test "sgns-train refuses every invalid forged stream" { refuses_invalid sgns-train; }

@test "half a gigabyte of zeros compressed to a few kilobytes takes little memory" {
  for kind in corpus batches vectors counts; do
    {
      zstd -dcq $kind.bin | head -c -56 # without END
      for _ in {1..32}; do
        printf '\115\0\0\0\0\0\0\001' # a record of an unknown type, 16 MiB
        head -c 16M /dev/zero
      done
    } | zstd -q >bomb.bin
    [ "$(wc -c <bomb.bin)" -lt 100000 ]
    for program in $(readers_of $kind); do
      within_memory 256 refuses bomb.bin "$program"
    done
  done
}

# ---- ptb-vocab --merge, which only reads counts streams ----

# sweep_merge HOW STREAMS: like sweep, with the stream as the second of two to merge.
sweep_merge() {
  run "$SUPPORT/sweep.py" "$1" "$2" ptb-vocab -q --merge counts.bin '{}'
  assert_success && assert_output --regexp '^[1-9][0-9]+ runs, 0 faults$'
}

@test "--merge refuses truncated and forged streams and flipped bits" {
  sweep_merge cut counts.bin
  sweep_merge flip counts.bin
  mkdir invalid
  cp "$FORGED"/invalid/counts-* invalid
  within_memory 1024 sweep_merge all 'invalid/*'
}
