#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The programs with the CUDA backends: on a GPU if SGNS_CUDA names the real shared object, otherwise
# on the CPU, compiled from the same sources with tests/emulate, which can also emulate a failing
# GPU.

load ../support/helper

export SGNS_CUDA=${GPU_OBJECT:-$BUILD/tests/sgns-cuda.so}

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  sample_text 60 40 | ptb-vocab -q -m 2 | sgns-batch -q -b 16 -e 2 -o batches.bin
  sgns-train -q --device cpu -d 20 -L cpu.tsv batches.bin -o cpu.bin
  # The GPU trains on groups of 64 minibatches; a checkpoint can only be saved between two groups.
  sample_text 35 20 | ptb-vocab -q -m 1 | sgns-batch -q -b 2 -w 2 -n 2 -e 2 -o many.bin
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/*.bin "$BATS_FILE_TMPDIR"/*.tsv .
}

emulated() {
  [[ $SGNS_CUDA == */tests/* ]]
}

# train_on_gpu ARGUMENT...
train_on_gpu() {
  sgns-train --device cuda -d 20 batches.bin "$@"
}

@test "CUDA: the losses of all steps are those of the CPU" {
  train_on_gpu -q -L gpu.tsv >/dev/null
  paste cpu.tsv gpu.tsv | awk 'NR > 1 && ($7 - $3) ^ 2 > (1e-5 * $3) ^ 2 { bad = 1 } END { exit bad || NR < 10 }'
}

@test "CUDA: the device is reported and recorded in the provenance" {
  succeeds train_on_gpu -o gpu.bin
  says_like '^sgns-train: cuda:0: .*, compute capability [0-9]+\.[0-9]+, .* GB in use$'
  says_like '^loss [0-9.]+, [0-9.]+ tokens/sec on cuda:0$'
  sgns-cat --header gpu.bin | grep -q '^made by: sgns-train .* --device=cuda:0$'
}

@test "CUDA: two runs give the same bytes" {
  train_on_gpu -q >one
  train_on_gpu -q | cmp - one
}

@test "CUDA: the nearest words are those of the CPU" {
  for word in w1 w7 w20; do
    sgns-knn --device cpu cpu.bin $word 12 >expected
    sgns-knn -q --device cuda cpu.bin $word 12 | cmp - expected
  done
}

@test "CUDA: --all and sums of words give the same answers as the CPU" {
  sgns-knn --device cpu --all cpu.bin 12 >expected
  sgns-knn -q --device cuda --all cpu.bin 12 | cmp - expected
  awk 'BEGIN { for (i = 1; i < 30; i++) printf "w%d - w%d + w%d\nw%d\n", i % 20 + 1, i * 7 % 20 + 1, i * 3 % 17 + 1, i % 9 + 1 }' >asked
  sgns-knn --device cpu --tsv cpu.bin - 1000 <asked >expected
  sgns-knn -q --device cuda --tsv cpu.bin - 1000 <asked | cmp - expected
}

@test "CUDA: vectors, fewer words and near words give the same answers as the CPU" {
  sgns-cat cpu.bin | tail -n +2 >rows
  for options in --vector '--vector --unk -k 1000' '--vector --restrict 7 --min-cosine 0.1'; do
    # shellcheck disable=SC2086
    sgns-knn --device cpu $options --tsv cpu.bin - <rows >expected
    # shellcheck disable=SC2086
    sgns-knn -q --device cuda $options --tsv cpu.bin - <rows | cmp - expected
  done
  sgns-knn --device cpu --restrict 7 --min-cosine 0.1 --all cpu.bin >expected
  sgns-knn -q --device cuda --restrict 7 --min-cosine 0.1 --all cpu.bin | cmp - expected
  sgns-knn --device cpu --restrict 7 cpu.bin w20 7 >expected
  sgns-knn -q --device cuda --restrict 7 cpu.bin w20 7 | cmp - expected
}

@test "CUDA: a truncated input is refused as on the CPU" {
  head -c 3000 batches.bin >cut.bin
  fails_with 3 sgns-train -q --device cpu -d 20 cut.bin -o out
  cp stderr expected
  fails_with 3 sgns-train -q --device cuda -d 20 cut.bin -o out
  cmp stderr expected
  leaves_nothing out
}

@test "CUDA: a GPU that does not exist is refused with status 2" {
  fails_with 2 sgns-train --device cuda:99 batches.bin -o out
  says 'cuda:99: device not found'
}

@test "CUDA: auto uses the CPU for small amounts of work" {
  succeeds sgns-train --device auto -d 20 batches.bin -o auto.bin
  cmp auto.bin cpu.bin
  succeeds sgns-knn cpu.bin w1 3
  assert_size_zero stderr
}

@test "CUDA: --device auto reports a search too small for a GPU, but not in a build without CUDA" {
  succeeds sgns-knn --device auto cpu.bin w1 3
  assert_equal "$(<stderr)" 'sgns-knn: on the CPU: no GPU, or too little work for one'
  SGNS_CUDA=none.so succeeds sgns-knn --device auto cpu.bin w1 3
  assert_size_zero stderr
}

@test "CUDA: --device auto trains on the CPU silently if there is no GPU, and reports a GPU that fails" {
  emulated || return 0
  # More work than the threshold of auto.
  ptb-vocab -q -m 1 <(sample_text 20000 60) | sgns-batch -q -e 1 -o long.bin
  EMULATE_DEVICES=0 succeeds sgns-train -d 1000 --optimizer sgd --lr 0.001 -o out long.bin
  ! grep -q CPU stderr || fail "$(<stderr)"
  EMULATE_FAIL=1 succeeds sgns-train -d 1000 --optimizer sgd --lr 0.001 -o out long.bin
  says 'sgns-train: on the CPU: no GPU: '
}

@test "CUDA: more neighbours than a GPU supports are refused with advice" {
  { echo '<unk> 0' && seq 1200 | sed 's/.*/w& &/'; } | "$SUPPORT/forge.py" --vectors >wide.bin
  succeeds sgns-knn --device cuda wide.bin w1 1016
  fails_with 4 sgns-knn --device cuda wide.bin w1 1017
  says_like 'at most 1016 neighbours.*--device=cpu'
  assert_size_zero stdout
  sgns-knn --device cpu wide.bin w1 1017 >/dev/null
}

@test "CUDA: no GPU, or too little memory on it: status 4, no output" {
  emulated || return 0
  EMULATE_DEVICES=0 fails_with 4 sgns-train --device cuda batches.bin -o out
  says 'cuda: no GPU'
  leaves_nothing out
  EMULATE_FREE_BYTES=9000 fails_with 4 sgns-train -q --device cuda batches.bin -o out
  says_like 'the model needs [0-9]+ MB, but only [0-9]+ MB are free'
  leaves_nothing out
  EMULATE_FREE_BYTES=700000 fails_with 4 sgns-train -q --device cuda batches.bin -o out
  says_like 'the minibatches need [0-9]+ MB, but only [0-9]+ MB are free beside the model'
  leaves_nothing out
  EMULATE_FREE_BYTES=900 fails_with 4 sgns-knn -q --device cuda cpu.bin w1
  says_like 'the vectors need [0-9]+ MB, but only [0-9]+ MB are free'
}

@test "CUDA: if any call fails, training ends with status 4, no output" {
  emulated || return 0
  local call=1
  while ! EMULATE_FAIL=$call sgns-train -q --device cuda -d 20 batches.bin -o out 2>stderr; do
    EMULATE_FAIL=$call fails_with 4 sgns-train -q --device cuda -d 20 batches.bin -o out
    leaves_nothing out
    call=$((call < 60 ? call + 1 : call + call / 4))
  done
  [ "$call" -gt 60 ]
}

@test "CUDA: --context-output is U of the last checkpoint, --init-context its inverse" {
  for optimizer in adam sgd; do
    train_on_gpu -q -O $optimizer -c ck --context-output u.bin -o v.bin
    cmp <(sgns-cat u.bin) <(sgns-convert -q --output-vectors --to sgns ck | sgns-cat)
    cmp <(sgns-cat v.bin) <(sgns-cat ck)
    sgns-train -q --device cpu -d 20 -O $optimizer --context-output cpu-u.bin batches.bin -o cpu-v.bin
    paste <(sgns-cat cpu-u.bin | tr ' ' '\n') <(sgns-cat u.bin | tr ' ' '\n') |
      awk '/^-?[0-9.]/ && ($1 - $2) ^ 2 > 1e-10 { bad = 1 } END { exit bad }'
    train_on_gpu -q --lr 0 --init v.bin --init-context u.bin --context-output again.bin -o out
    cmp <(sgns-cat again.bin) <(sgns-cat u.bin)
    cmp <(sgns-cat out) <(sgns-cat v.bin)
    rm ck
  done
}

@test "CUDA: training resumes from a checkpoint to the same bytes" {
  # The truncated input still has at least one group.
  zstd -dcq <many.bin | head -c -$(($(zstd -dcq <many.bin | wc -c) / 3)) | zstd -q >cut.bin
  for optimizer in adam sgd; do
    sgns-train -q --device cuda -d 5 -O $optimizer many.bin >expected
    sgns-train -q --device cuda -d 5 -O $optimizer -c ck --checkpoint-every 1steps many.bin | cmp - expected
    rm ck
    fails_with 3 sgns-train -q --device cuda -d 5 -O $optimizer -c ck cut.bin -o out
    sgns-train -q --device cuda -d 5 -O $optimizer --resume ck many.bin | cmp - expected
    # It can also resume on the CPU, to vectors that differ by rounding.
    succeeds sgns-train -q --device cpu -d 5 -O $optimizer --resume ck many.bin -o out
    sgns-cat --header out | grep -q -- '--device=cpu$'
    rm ck out
  done
}

@test "CUDA: held-out losses are those of the CPU; evaluation does not change the vectors" {
  sgns-batch -q -b 7 -e 1 --seed 5 -o held.bin < <(sample_text 60 40 | ptb-vocab -q -m 2)
  train_on_gpu -q >expected
  for batches in batches.bin many.bin; do
    [ $batches = batches.bin ] || sample_text 35 20 | ptb-vocab -q -m 1 | sgns-batch -q -e 1 -o held.bin
    sgns-train -q --device cuda -d 20 $batches >expected
    sgns-train -q --device cuda -d 20 --eval held.bin -L gpu.tsv $batches | cmp - expected
    sgns-train -q --device cpu -d 20 --eval held.bin -L cpu-eval.tsv $batches -o out
    paste cpu-eval.tsv gpu.tsv | awk -F '\t' '
      $5 ~ /[0-9]/ { n++; d = $10 / $5 - 1; if (d < -1e-5 || d > 1e-5) bad = 1 } END { exit bad || n != 2 }'
  done
}

@test "CUDA: if any call fails during evaluation, training ends with status 4, no output" {
  emulated || return 0
  local call=1 train=(sgns-train -q --device cuda -d 3 --eval many.bin many.bin -o out)
  while ! EMULATE_FAIL=$call "${train[@]}" 2>stderr; do
    EMULATE_FAIL=$call fails_with 4 "${train[@]}"
    leaves_nothing out
    call=$((call + 1 + call / 12))
  done
  [ "$call" -gt 80 ]
}

@test "CUDA: if any call fails, no checkpoint is saved after it, and the previous one is kept" {
  emulated || return 0
  local train=(sgns-train -q --device cuda -d 3 -c ck --checkpoint-every 1steps many.bin -o out) call=1 kept=0
  sgns-train -q --device cuda -d 3 many.bin >expected
  while
    rm -f ck out
    ! EMULATE_FAIL=$call "${train[@]}" 2>stderr
  do
    assert_equal "$(wc -l <stderr)" 1
    assert [ ! -e out ]
    assert [ -z "$(compgen -G 'ck.*')" ]
    if [ -e ck ]; then
      kept=$((kept + 1))
      EMULATE_FAIL=$((call % 25 + 1)) fails_with 4 "${train[@]}" --resume ck
      sgns-train -q --device cuda -d 3 --resume ck many.bin | cmp - expected
    fi
    call=$((call + 1 + call / 6))
  done
  [ $kept -gt 1 ]
}

@test "CUDA: if any call fails, a search ends with status 4" {
  emulated || return 0
  local call=1
  while ! EMULATE_FAIL=$call sgns-knn -q --device cuda cpu.bin w1 2>stderr >/dev/null; do
    EMULATE_FAIL=$call fails_with 4 sgns-knn -q --device cuda cpu.bin w1
    EMULATE_FAIL=$call fails_with 4 sgns-knn -q --device cuda --all cpu.bin
    call=$((call + 1))
  done
  [ "$call" -gt 15 ]
}
