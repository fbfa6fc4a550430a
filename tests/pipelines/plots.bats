#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The scripts that plot: maps of words (plot-map) and loss curves (plot-loss).

load ../support/helper

PIPELINES=$ROOT/pipelines

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  "$PIPELINES/sample-corpus" 3000 | ptb-vocab -q | sgns-batch -q -e 8 | sgns-train -q -o emb.bin
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/* .
}

# shown FILE: prints the texts of an SVG picture.
shown() {
  sed -n 's/^.*<text>\(.*\)<\/text>.*$/\1/p' "$1"
}

# kind FILE: prints the first bytes of a picture.
kind() {
  head -c 5 "$1" | tr -cd 'A-Z<?%-'
}

# colours FILE: prints the number of dots of each colour.
colours() {
  grep -o "scale.*color='[^']*'" "$1" | sort | uniq -c | awk '{ print $1 }' | sort -n | paste -sd ' '
}

need_pillow() {
  need_peer "Debian's python3-pil" /usr/bin/python3 -c 'import PIL'
}

# labels_are_clear FILE: no label overlaps another.
labels_are_clear() {
  /usr/bin/python3 "$SUPPORT/labels.py" "$1" >clear 2>&1 || fail "$(<clear)"
}

# ---- plot-map ----

@test "plot-map: words, groups of words, and the neighbours of frequent words" {
  need_gnuplot
  succeeds "$PIPELINES/plot-map" emb.bin some.svg chip memory rain
  assert_size_zero stderr
  assert_equal "$(shown some.svg | sort | paste -sd ,)" '3 words, placed by t-SNE,chip,memory,rain'
  assert_equal "$(colours some.svg)" 3
  succeeds "$PIPELINES/plot-map" emb.bin some.svg chip memory / rain wind
  assert_equal "$(colours some.svg)" '2 2'
  printf 'hardware\tchip\nhardware\tmemory\nweather "now"\train\n' >list
  WORDS=list TITLE='Chips & "rain"' succeeds "$PIPELINES/plot-map" emb.bin some.svg
  assert_equal "$(shown some.svg | sort | paste -sd ,)" \
    'Chips &amp; "rain",chip,hardware,memory,rain,weather ”now”'
  # Without words: groups of NEIGHBOURS + 1 words, each of one colour, without function words.
  CLUSTERS=8 NEIGHBOURS=4 succeeds "$PIPELINES/plot-map" emb.bin groups.svg
  assert_equal "$(shown groups.svg | head -n 1)" '40 words, placed by t-SNE'
  assert_equal "$(colours groups.svg)" '5 5 5 5 5 5 5 5'
  refute grep -qE '>(the|of|and|&lt;unk&gt;)<' groups.svg
  succeeds "$PIPELINES/plot-map" - stdin.svg chip memory rain <emb.bin
  METHOD=pca succeeds "$PIPELINES/plot-map" emb.bin pca.svg chip memory rain
  assert_equal "$(shown pca.svg | head -n 1)" '3 words on their first two principal components, 100.0 % of the variance'
}

@test "plot-map: a small vocabulary is plotted whole" {
  need_gnuplot
  printf 'a b c a d\nb a\nc d a b e\nx y\nx y\n' | ptb-vocab -q -m 1 | sgns-batch -q -w 2 -n 2 | sgns-train -q -o small.bin
  succeeds "$PIPELINES/plot-map" small.bin map.svg
  assert_equal "$(shown map.svg | tail -n +2 | sort | paste -sd ' ')" 'a b c d e x y'
}

@test "plot-map: PNG, SVG and PDF, at any path" {
  need_gnuplot
  mkdir 'a b'
  cp emb.bin -- './-e.bin'
  for name in map.png map.svg map.pdf "a b/it's \$x.png" ./-x.png; do
    succeeds "$PIPELINES/plot-map" emb.bin "$name" chip memory
    assert_size_zero stdout
  done
  assert_equal "$(kind map.png) $(kind map.svg) $(kind map.pdf)" 'PNG <? %PDF-'
  assert_equal "$(kind "a b/it's \$x.png")" PNG
  rm -- -x.png
  succeeds "$PIPELINES/plot-map" -- -e.bin -x.png chip memory
  assert_equal "$(kind ./-x.png)" PNG
  succeeds "$PIPELINES/plot-map" --help
  grep -q 'plot-map VECTORS PICTURE' stdout
  assert_size_zero stderr
  if command -v pdftotext >/dev/null; then
    assert_equal "$(pdftotext map.pdf - | grep -cxE 'chip|memory')" 2
  fi
}

@test "plot-map: what is refused leaves no picture and prints none" {
  need_gnuplot
  echo old >old.png
  refused() {
    local status=$1
    shift
    exits_with "$status" "$PIPELINES/plot-map" "$@"
    assert_size_zero stdout
    assert_equal "$(wc -l <stderr)" 1
  }
  refused 6 emb.bin old.png chip chipp
  says "plot-map: emb.bin: 'chipp' is not in the vocabulary; closest: chip"
  refused 1 missing.bin old.png chip
  refused 1 missing.bin old.png
  says 'missing.bin'
  refused 1 emb.bin missing/new.png chip
  says 'missing/new.png: cannot be written'
  mkdir directory.png
  refused 1 emb.bin directory.png chip
  refused 2 emb.bin picture.jpg chip
  refused 2 --no-such-option emb.bin old.png
  WIDTH=wide refused 2 emb.bin old.png
  says 'WIDTH=wide: expected a whole number'
  METHOD=umap refused 2 emb.bin old.png chip memory
  WORDS=missing refused 1 emb.bin old.png
  head -c 20000 emb.bin >cut.bin
  refused 3 cut.bin old.png chip
  exits_with 2 "$PIPELINES/plot-map" emb.bin
  assert_equal "$(<old.png)" old
  assert_equal "$(find . -name '.plot.*')" ''
}

@test "plot-map: no label overlaps another, for many, long and wide words" {
  need_gnuplot
  need_pillow
  succeeds "$PIPELINES/plot-map" emb.bin groups.svg
  labels_are_clear groups.svg
  sgns-cat --vocab emb.bin | cut -f 1 | tail -n +2 | head -n 150 >list
  WORDS=list succeeds "$PIPELINES/plot-map" emb.bin frequent.svg
  labels_are_clear frequent.svg
  WORDS=list WIDTH=400 HEIGHT=300 FONT=14 METHOD=pca succeeds "$PIPELINES/plot-map" emb.bin crowded.svg
  labels_are_clear crowded.svg
  # Wide and narrow letters, long words, accents, and scripts of other fonts; a legend of several rows.
  awk 'BEGIN {
    print "<unk> 1 1 1"
    split("WWWWWW iiiiii internationalisation Donaudampfschifffahrtsgesellschaft 世界 東京都庁舎 café naïve москва Ελλάδα l mmmmmmmm", word, " ")
    for (i = 1; i <= 12; i++) for (j = 1; j <= 4; j++) print word[i] (j > 1 ? j : ""), sin(i), cos(3 * i), sin(5 * i * j)
  }' | "$SUPPORT/forge.py" --vectors >wide.bin
  sgns-cat --vocab wide.bin | cut -f 1 | tail -n +2 | awk '{ print "group of " $0 "\t" $0 }' >list
  WORDS=list succeeds "$PIPELINES/plot-map" wide.bin wide.svg
  labels_are_clear wide.svg
  assert_equal "$(awk '$1 > 90' clear)" "$(<clear)" # the legend and nearly all words
}

@test "plot-map: the same picture from every awk" {
  need_gnuplot
  CLUSTERS=3 succeeds "$PIPELINES/plot-map" emb.bin one.svg
  for awk in mawk gawk original-awk 'busybox awk'; do
    command -v "${awk% awk}" >/dev/null || [ -n "${PEERS-}" ] || continue
    mkdir bin
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "${awk% awk}")${awk#"${awk% awk}"}" >bin/awk
    chmod +x bin/awk
    PATH=$PWD/bin:$PATH CLUSTERS=3 succeeds "$PIPELINES/plot-map" emb.bin other.svg
    cmp one.svg other.svg
    rm -r bin
  done
}

# ---- plot-loss ----

# log EPOCHS STEPS FROM [EVAL]: prints a loss log with losses that decrease from FROM.
log() {
  awk -v epochs="$1" -v steps="$2" -v from="$3" -v evaluated="${4-}" 'BEGIN {
    printf "epoch\tstep\tloss\ttokens/s%s\n", evaluated ? "\teval" : ""
    for (i = 1; i <= epochs * steps; i++) {
      printf "%d\t%d\t%.4f\t1000", int((i - 1) / steps) + 1, i, from / sqrt(1 + i / steps)
      if (evaluated) printf "\t%s", i % steps ? "" : evaluated
      print ""
    }
  }'
}

@test "plot-loss: one or several logs in the terminal, as SVG, PNG and PDF" {
  need_gnuplot
  log 5 40 0.7 >plain.tsv
  log 3 20 0.6 0.55 >held_out.tsv
  succeeds "$PIPELINES/plot-loss" plain.tsv
  assert_size_zero stderr
  grep -q 'loss \*\*\*' stdout
  grep -q 'mean so far ###' stdout
  grep -q '^ *Training loss *$' stdout
  refute grep -q 'held' stdout
  succeeds "$PIPELINES/plot-loss" held_out.tsv one.svg
  assert_size_zero stderr
  grep -q 'held out  *O' stdout
  grep -q '>held out<' one.svg
  grep -q '>Training loss and held-out loss<' one.svg
  succeeds "$PIPELINES/plot-loss" plain.tsv held_out.tsv both.svg
  for name in plain held_out 'held_out, held out'; do
    grep -q ">$name<" both.svg
  done
  refute grep -q 'mean so far' both.svg
  mkdir frozen
  cp plain.tsv frozen/loss.tsv
  succeeds "$PIPELINES/plot-loss" frozen/loss.tsv plain.tsv both.png
  grep -q 'frozen \*\*\*' stdout
  succeeds "$PIPELINES/plot-loss" plain.tsv one.pdf
  assert_equal "$(kind both.png) $(kind one.svg) $(kind one.pdf)" 'PNG <? %PDF-'
}

@test "plot-loss: plots the numbers of the log" {
  need_gnuplot
  # A loss of 0.5 in the first half and 0.3 in the second.
  { printf 'epoch\tstep\tloss\ttokens/s\n'; seq 200 | awk '{ print ($1 > 100) + 1 "\t" $1 "\t" ($1 > 100 ? 0.3 : 0.5) "\t9" }'; } >log.tsv
  succeeds "$PIPELINES/plot-loss" log.tsv
  # The loss drops from 0.5 in one step, the mean so far declines to 0.4.
  grep -qE '^ +0\.5 +[|+].*(\*|#){30}' stdout
  grep -qE '^ +0\.3 .*\*{30}' stdout
  grep -q '^ *epoch *$' stdout
}

@test "plot-loss: short logs, one epoch, resumed and incomplete logs" {
  need_gnuplot
  log 3 20 0.7 >whole.tsv
  head -n 2 whole.tsv >one.tsv
  head -n 15 whole.tsv >short.tsv
  { head -n 1 whole.tsv; tail -n 35 whole.tsv; } >resumed.tsv
  { head -n 30 whole.tsv; printf '2\t3'; } >killed.tsv
  { head -n 30 whole.tsv; printf '2\t30\tnan\t9\n'; } >diverged.tsv
  for name in one short resumed killed diverged; do
    succeeds "$PIPELINES/plot-loss" $name.tsv $name.svg
    assert_size_zero stderr
    grep -q '[*#O]' stdout
  done
  grep -q '>minibatch<' one.svg
  grep -q '>minibatch<' short.svg
  grep -q '>epoch<' resumed.svg
  # Among others, one epoch counts as complete; the longest log sets the range.
  succeeds "$PIPELINES/plot-loss" whole.tsv short.tsv resumed.tsv many.svg
  grep -q '>epoch<' many.svg
  grep -q '> 3<' many.svg
  refute grep -q '> 3.5<' many.svg
  # The legend is below the title of the axis, so that no curve reaches it.
  awk -F "[,)']" '
    /<g transform=.translate/ { y = $2 }
    />epoch</ { axis = y }
    /<text>(whole|short|resumed)</ { if (y > axis) below++ }
    END { exit !(axis > 0 && below == 3) }' many.svg
}

@test "plot-loss: what is refused, in one line, leaves no picture" {
  need_gnuplot
  log 2 20 0.7 >good.tsv
  head -n 1 good.tsv >heading.tsv
  : >empty.tsv
  printf 'some words\n' >words.tsv
  { head -n 5 good.tsv; echo oops; tail -n 5 good.tsv; } >bad.tsv
  refused() {
    exits_with "$@"
    assert_size_zero stdout
    assert_equal "$(wc -l <stderr)" 1
    leaves_nothing new
  }
  refused 1 "$PIPELINES/plot-loss" good.tsv missing.tsv new.png
  says 'plot-loss: missing.tsv: No such file or directory'
  refused 3 "$PIPELINES/plot-loss" heading.tsv new.png
  says 'plot-loss: heading.tsv: no steps'
  refused 3 "$PIPELINES/plot-loss" empty.tsv new.png
  says 'plot-loss: empty.tsv: empty, expected a loss log'
  refused 3 "$PIPELINES/plot-loss" words.tsv new.png
  says 'plot-loss: words.tsv: line 1: expected a heading'
  refused 3 "$PIPELINES/plot-loss" bad.tsv new.png
  says 'plot-loss: bad.tsv: line 6: expected numbers'
  refused 1 "$PIPELINES/plot-loss" good.tsv missing/new.png
  refused 2 "$PIPELINES/plot-loss" new.png
  refused 2 "$PIPELINES/plot-loss" --surprise good.tsv
  refused 2 "$PIPELINES/plot-loss" good.tsv good.tsv good.tsv good.tsv good.tsv good.tsv good.tsv good.tsv good.tsv
  exits_with 2 "$PIPELINES/plot-loss"
  says 'plot-loss LOG... [PICTURE]'
}

@test "plot-loss: any file name, and --help" {
  need_gnuplot
  mkdir "it's \$HOME"
  log 2 20 0.7 | tee -- "./-q.tsv" "it's \$HOME/a_b {c}.tsv" >/dev/null
  succeeds "$PIPELINES/plot-loss" -- -q.tsv "it's \$HOME/a_b {c}.tsv" "it's \$HOME/new \\ picture.svg"
  assert_size_zero stderr
  grep -qF ">it's \$HOME/a_b {c}<" "it's \$HOME/new \\ picture.svg"
  succeeds "$PIPELINES/plot-loss" --help
  grep -qF 'plot-loss LOG... [PICTURE]' stdout
  assert_size_zero stderr
}
