#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The tools that the measurements of tests/bench rely on: text generator, measure, statistics.

load ../support/helper

setup_file() {
  export BENCH=$BATS_TEST_DIRNAME
  PATH=$BUILD/tests/bench:$PATH
}

@test "zipf: reports the counts of the text that it writes" {
  zipf -l list 100000 3000 1.1 7 50 >text 2>said
  assert_equal "$(wc -w <text)" 100000
  assert_equal "$(wc -lwc <text | awk '{ print "sentences=" $1, $3 }')" \
    "$(sed 's/.*\(sentences=[0-9]*\).* bytes=\([0-9]*\).*/\1 \2/' said)"
  assert_equal "$(awk 'NF > 1 { n += NF } END { print "centres=" n }' text)" \
    "$(grep -o 'centres=[0-9]*' said)"
  tr ' ' '\n' <text | sort | uniq -c | awk '{ print $2 "\t" $1 }' | sort >counted
  awk -F '\t' '$2 > 0 { print $1 "\t" $2 }' list | sort | cmp - counted
  assert_equal "$(awk '{ n++ } $2 >= 10 { k++; t += $2 }
    END { print "seen=" n " frequent=" k " frequent_tokens=" t }' counted)" \
    "$(grep -o 'seen=.*' said)"
}

@test "zipf: different words, frequent ones first, sentences of 21 words on average; reproducible" {
  zipf -l list 200000 20000 >text 2>/dev/null
  assert_equal "$(cut -f 1 list | sort -u | wc -l)" 20000
  # The first word makes up 1 / (1 + 1/2 + ... + 1/20000) = 0.0955 of the text.
  awk -F '\t' 'NR == 1 { exit !($2 > 18700 && $2 < 19500) }' list
  awk '{ n += NF } END { exit !(n / NR > 20.5 && n / NR < 21.5) }' text
  zipf 200000 20000 1 1 2>/dev/null | cmp - text
  run cmp -s <(zipf 200000 20000 1 2 2>/dev/null) text
  assert_failure
}

@test "zipf: words of a sentence share a topic more often than by chance" {
  # Of neighbouring topic words; by chance it would be 1 in 20.
  zipf -l list 100000 20000 1 1 20 2>/dev/null >text
  awk -F '[\t ]' 'NR == FNR { topic[$1] = $3; next }
    { for (i = 1; i < NF; i++) if (topic[$i] >= 0 && topic[$(i + 1)] >= 0) {
        pairs++; same += topic[$i] == topic[$(i + 1)] } }
    END { exit !(same / pairs > 0.09 && same / pairs < 0.14) }' list text
}

@test "measure: records seconds and memory and exits with the command's status" {
  status=0
  measure log sh -c 'sleep 0.2; exit 7' || status=$?
  assert_equal "$status" 7
  measure log "$PWD/not-there" || status=$?
  assert_equal "$status" 127
  measure log python3 -c 'b"x" * 100000000'
  assert_equal "$(wc -l <log)" 3
  awk -F '\t' 'NR == 1 && !($1 >= 0.2 && $2 < 0.2 && $3 < 60) { exit 1 }
    NR == 3 && $3 < 100 { exit 1 }' log
}

@test "scale-huge: all totals of the pipe match the text; a program that drops words is detected" {
  TOKENS=1e5 WORDS=5e3 "$BENCH/scale" huge >table 2>/dev/null
  assert_equal "$(grep -c 'the same' table)" 8
  mkdir -p other/bin other/tests
  ln -s "$BUILD/tests/bench" other/tests
  ln -s "$BUILD"/bin/* other/bin
  rm other/bin/ptb-subsample
  printf '#!/bin/sh\nexec "%s/bin/ptb-subsample" "$@" --threshold 0.01\n' "$BUILD" >other/bin/ptb-subsample
  chmod +x other/bin/ptb-subsample
  TOKENS=1e5 WORDS=5e3 run "$BENCH/scale-huge" other
  assert_failure
  assert_output --regexp 'examples \(sgns-batch\) \| [0-9]+ \| \*\*[0-9]+\*\*'
}

@test "table.py: prints medians, ranges and ratios per round" {
  printf '%s\t%s\t%s\n' words/s us 10 words/s them 5 words/s us 40 words/s them 8 words/s us 30 \
    words/s them 10 | "$BENCH/table.py" >table
  grep -qF '| us | 30 | 10 | 40 |' table
  grep -qF '| them | 8 | 5 | 10 | 3 (2 to 5) | 4 |' table
}

@test "growth.py: growth is the slope of the logarithms of medians" {
  printf '%s\t%d\t%g\t%g\t%g\n' a 10 1 1 7 a 10 3 1 7 a 10 2 1 7 a 100 20 100 7 a 1000 200 10000 7 |
    "$BENCH/growth.py" medians >table
  grep -qF '| a, growth | | 1.00 | 2.00 | | 0.00 |' table
  assert_equal "$(<medians)" $'"a"\n10\t2.0\t1.0\t7.0\n100\t20.0\t100.0\t7.0\n1000\t200.0\t10000.0\t7.0'
}
