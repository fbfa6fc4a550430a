#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load ../support/helper

# compass: creates v.bin with vectors in known directions.
compass() {
  "$SUPPORT/forge.py" --vectors >v.bin <<'END'
<unk> -1 -1
east 2 0
northeast 3 3
north 0 0.5
northwest -1 1
West -5 0
WEST -4 3
END
}

# figures_of ARGUMENT...: prints the results of sgns-eval without the heading and the file name.
figures_of() {
  sgns-eval -q "$@" | tail -n +2 | cut -f 2-
}

# trained: creates v.bin, trained vectors, and rows, the same as text.
trained() {
  sample_text 500 120 | ptb-vocab -q -m 1 | sgns-batch -q -b 32 -e 2 | sgns-train -q -d 12 --lr 0.01 -o v.bin
  sgns-cat v.bin >rows
}

# random_pairs N, random_analogies N: print test sets of words like sample_text's, most of them
# among the 120 words of the vocabulary.
random_pairs() {
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "w%d\tw%d\t%.1f\n", i * 37 % 130 + 1, i * 71 % 127 + 1, i * 13 % 40 / 4 }'
}

random_analogies() {
  awk -v n="$1" 'BEGIN {
    for (i = 0; i < n; i++) {
      if (i % 50 == 0) print ": part " i / 50
      print "w" i * 37 % 130 + 1, "W" i * 71 % 121 + 1, "w" i * 19 % 101 + 1, "w" i * 7 % 23 + 1
    }
  }'
}

comparable() {
  cat
}

# agrees_with_gensim ARGUMENT... -- FILE...: sgns-eval prints the same results for v.bin as gensim.
agrees_with_gensim() {
  local arguments=()
  while [ "$1" != -- ]; do
    arguments+=("$1")
    shift
  done
  shift
  sgns-cat v.bin >rows
  /usr/bin/python3 "$SUPPORT/gensim_eval.py" "${arguments[@]}" rows "$@" | comparable >expected
  assert_size_not_zero expected
  sgns-eval "${arguments[@]}" v.bin "$@" | awk -F '\t' 'NR > 1 && $3 != "unknown"' | cut -f 1-6 | comparable | cmp - expected
}

# need_eval: skips the test without a directory with wordsim353.txt, simlex999.txt,
# google-analogies.txt.
need_eval() {
  [ -n "${EVAL-}" ] || skip "needs EVAL=path/to/test/sets"
}

# ---- the figures ----

@test "similarities are evaluated by rank and by value" {
  compass
  # Cosines .707, 0, -1, -.707
  printf 'east\tnortheast\t10\neast\tnorth\t9\neast\tWest\t1\nnortheast\tWest\t2\nnorth\tsouth\t5\n' >pairs
  succeeds sgns-eval v.bin pairs
  prints 'file\tsection\tmeasure\tscore\tcorrect\tused\tall
pairs\ttotal\tspearman\t1.0000\t-\t4\t5\npairs\ttotal\tpearson\t0.9523\t-\t4\t5\npairs\ttotal\tunknown\t1\t-\t-\t-'
  assert_size_zero stderr
}

@test "analogies are solved by both methods, per section and in total" {
  compass
  # In the first, east is to northeast as north is to northwest; the second is wrong.
  cat >questions <<'END'
: turn left
east northeast north northwest
east northeast north west
east northeast south west

: none known
south east west north
: empty
END
  succeeds sgns-eval v.bin questions
  prints 'file\tsection\tmeasure\tscore\tcorrect\tused\tall
questions\tturn left\t3cosadd\t50.00\t1\t2\t3\nquestions\tturn left\t3cosmul\t50.00\t1\t2\t3
questions\tnone known\t3cosadd\t-\t0\t0\t1\nquestions\tnone known\t3cosmul\t-\t0\t0\t1
questions\tempty\t3cosadd\t-\t0\t0\t0\nquestions\tempty\t3cosmul\t-\t0\t0\t0
questions\ttotal\t3cosadd\t50.00\t1\t2\t4\nquestions\ttotal\t3cosmul\t50.00\t1\t2\t4
questions\ttotal\tunknown\t1\t-\t-\t-'
  grep -v : questions | figures_of v.bin - | cmp - <(figures_of v.bin questions | grep '^total')
}

@test "<unk> is no answer if sgns-train made the vectors" {
  printf 'east north south west\n%.0s' 1 2 3 >text
  ptb-vocab -q -m 1 text | sgns-batch -q -b 4 | sgns-train -q -d 2 -o trained.bin
  sgns-cat --vocab trained.bin | cut -f 1 >words
  # To east, north is what south is to <unk> exactly, and to west nearly.
  while read -r word; do
    case $word in
      '<unk>') echo "$word 0 1" ;;
      east) echo "$word 1 0" ;;
      north) echo "$word 0 1" ;;
      south) echo "$word 1 -0.01" ;;
      west) echo "$word -0.1 0.9" ;;
    esac
  done <words | "$SUPPORT/forge.py" --vectors >other.bin
  "$SUPPORT/forge.py" --graft trained.bin other.bin >v.bin
  echo east north south west >question
  assert_equal "$(figures_of other.bin question | cut -f 2-4 | head -n 1)" "$(printf '3cosadd\t0.00\t0')"
  assert_equal "$(figures_of v.bin question | cut -f 2-4 | head -n 1)" "$(printf '3cosadd\t100.00\t1')"
}

@test "results that are undefined are printed as -" {
  compass
  printf 'east north 1\n' >one
  assert_equal "$(figures_of v.bin one | cut -f 3 | paste -sd ' ')" '- - 0'
  printf 'east north 1\neast northeast 1\n' >equal
  assert_equal "$(figures_of v.bin equal | cut -f 3 | paste -sd ' ')" '- - 0'
  printf 'a b 1\nc d 2\n' >unknown
  assert_equal "$(figures_of v.bin unknown | cut -f 3,5,6 | paste -sd ' ')" $'-\t0\t2 -\t0\t2 4\t-\t-'
}

@test "case is ignored unless --match-case is given" {
  compass
  printf 'EAST West 1\neast north 3\neast Northeast 9\n' >pairs
  assert_equal "$(figures_of v.bin pairs | cut -f 3,5 | head -n 1)" $'1.0000\t3'
  assert_equal "$(figures_of --match-case v.bin pairs | cut -f 5 | head -n 1)" 1
  # The first of two spellings is used for both, and both are excluded from the answers to either.
  printf 'west northwest West north\n' >questions
  assert_equal "$(figures_of v.bin questions | cut -f 3 | head -n 2 | paste -sd ' ')" '100.00 100.00'
}

@test "--restrict uses only the first words of the vocabulary" {
  compass
  printf 'east north 1\neast northeast 2\nnorth northwest 3\n' >pairs
  assert_equal "$(figures_of --restrict 4 v.bin pairs | head -n 1)" $'total\tspearman\t1.0000\t-\t2\t3'
  assert_equal "$(figures_of --restrict 0 v.bin pairs | head -n 1 | cut -f 5)" 3
  assert_equal "$(sgns-eval --restrict 3 --unknown v.bin pairs)" $'pairs\tnorth\npairs\tnorthwest'
}

@test "unknown words are counted once and listed by --unknown" {
  compass
  printf 'south east 1\nSOUTH pole 2\neast pole 3\n\x1b[m ast 1\n' >pairs
  assert_equal "$(figures_of v.bin pairs | tail -n 1)" $'total\tunknown\t4\t-\t-\t-'
  succeeds sgns-eval --unknown v.bin pairs
  prints 'pairs\tsouth\npairs\tpole\npairs\t\x1b[m\npairs\tast'
  assert_equal "$(sgns-eval --unknown --match-case v.bin pairs | wc -l)" 5
}

@test "the results are those of plain Python on trained vectors, for any number of threads" {
  trained
  random_pairs 200 >pairs
  random_analogies 220 >questions
  "$SUPPORT/plain_eval.py" sets rows pairs questions >expected
  for threads in 1 2 3 16; do
    sgns-eval -t $threads v.bin pairs questions | cmp - expected
  done
  grep -q '3cosadd.[1-9]' expected
}

@test "the results are those of gensim, with case significant and ignored" {
  need_gensim
  trained
  random_pairs 200 >pairs
  random_analogies 300 >questions
  agrees_with_gensim -- pairs questions
  agrees_with_gensim --match-case -- pairs questions
  # gensim's 3CosMul ignores the restriction and searches all words.
  comparable() { grep -v 3cosmul; }
  agrees_with_gensim --restrict 60 -- pairs questions
  comparable() { cat; }
  # Words in several spellings, which gensim also treats as one.
  awk 'NR > 1 { $1 = NR % 3 ? $1 : "W" substr($1, 2); if (NR % 7 == 0) $1 = "w" int(NR / 2); if (!seen[$1]++) print }' rows >mixed
  "$SUPPORT/forge.py" --vectors <mixed >v.bin
  agrees_with_gensim -- pairs questions
}

@test "the results are those of gensim on vectors of the Penn Treebank" {
  need_ptb
  need_eval
  need_gensim
  ptb-vocab -q "$PTB" | ptb-subsample -q | sgns-batch -q -e 2 | sgns-train -q -o v.bin
  cp "$EVAL/wordsim353.txt" .
  tr ' ' '\t' <"$EVAL/simlex999.txt" >simlex.txt
  # Every seventh question, in sections of a thousand.
  awk 'NR % 7000 == 1 { print ": from " NR } NR % 7 == 0' "$EVAL/google-analogies.txt" >questions
  agrees_with_gensim -- wordsim353.txt simlex.txt questions
  sgns-eval v.bin "$EVAL/wordsim353.txt" "$EVAL/simlex999.txt" "$EVAL/google-analogies.txt" >figures
  assert_equal "$(awk -F '\t' '$3 == "spearman" || $3 == "3cosadd" { print $6, $7 }' figures | paste -sd ' ')" '217 353 421 999 3013 19544'
}

# ---- test sets ----

@test "tabs, spaces, headings, comments and Windows line endings are accepted" {
  compass
  printf 'east north 1\neast northeast 2.5\neast west -3e0\n' >plain
  figures_of v.bin plain >expected
  printf '\xef\xbb\xbfWord 1\tWord 2\tHuman (mean)\r\n# more\r\neast\tnorth\t1\r\n\r\n east \tnortheast\t 2.5\r\neast\twest\t-3e0' >windows
  figures_of v.bin windows | cmp - expected
  printf 'one other rating\n  east   north 1 \neast northeast 2.5\n   \neast west -3e0\n' >spaces
  figures_of v.bin spaces | cmp - expected
  figures_of v.bin - <plain | cmp - expected
  figures_of - plain <v.bin | cmp - expected
}

@test "an invalid line is refused with its number" {
  compass
  refused() { # LINE TEXT SAYS
    printf '%b' "$2" >bad
    fails_with 3 sgns-eval v.bin bad -o out
    says "sgns-eval: bad: line $1: expected $3"
    leaves_nothing out
  }
  refused 1 'east\n' 'two words and a rating, or the four words of an analogy'
  refused 2 '\na b c d e\n' 'two words and a rating, or the four words of an analogy'
  refused 2 'east north 1\neast north\n' 'two words and a rating'
  refused 2 'east north 1\neast north x\n' 'two words and a rating'
  refused 2 'east north 1\neast north 1x\n' 'two words and a rating'
  refused 2 'east north 1\neast north nan\n' 'two words and a rating'
  refused 2 'east north 1\neast north 1e999\n' 'two words and a rating'
  refused 2 'east north 1\neast north west east\n' 'two words and a rating'
  refused 2 'east north 1\n: section\n' 'two words and a rating'
  refused 2 'word word rating\nword word rating\n' 'two words and a rating'
  refused 2 ': section\neast north 1\n' "the four words of an analogy, or ': section'"
  refused 3 'a b c d\n: section\na b c d e f\n' "the four words of an analogy, or ': section'"
  printf 'east\t\t1\n' >bad
  fails_with 3 sgns-eval v.bin bad
  says 'bad: line 1: a word is empty or too long'
  # Decimal commas, also in the first line, which is no heading.
  for text in 'east;north;1,5\neast;west;2\n' '"east";"north";"1,5"\n' 'east north -1,5\neast west 2\n'; do
    printf '%b' "$text" >bad
    fails_with 3 sgns-eval v.bin bad
    says 'bad: line 1: a rating with a decimal comma; replace it with tr , .'
    tr , . <bad | succeeds sgns-eval v.bin -
  done
  for text in '' '# none\n' ': section\n' 'word word rating\n'; do
    printf '%b' "$text" >bad
    fails_with 3 sgns-eval v.bin bad
    says 'bad: no word pairs or analogies'
  done
}

@test "columns are selected by a heading that names the rating, as in SimLex-999" {
  compass
  printf 'east north 1\neast northeast 2.5\neast west -3e0\n' >plain
  figures_of v.bin plain >expected
  printf 'word1\tword2\tPOS\tSimLex999\tconc(w1)\neast\tnorth\tN\t1\t9\neast\tnortheast\tN\t2.5\t1\neast\twest\tA\t-3e0\t4\n' >simlex
  printf 'Word 1,Word 2,Human (mean)\neast,north,1\neast,northeast,2.5\neast,west,-3e0\n' >combined.csv
  printf 'Word 1,Word 2,Human (mean),1,2\neast,north,1,3,5\neast,northeast,2.5,1,2\neast,west,-3e0,7,7\n' >set1.csv
  printf '"word1";"word2";"POS";"score"\n"east";"north";"N";1\neast;northeast;N;2.5\neast;west;N;-3e0\n' >quoted.csv
  printf 'east,north,1\neast, northeast, 2.5\neast,west,-3e0\n' >bare.csv
  printf 'east, north, 1\neast, northeast, 2.5\neast,west,-3e0\n' >spaced.csv
  printf '"east"; "north"; 1\r\n"east"; "northeast"; 2.5\r\n"east"; "west"; -3e0\r\n' >semicolons.csv
  for file in simlex combined.csv set1.csv quoted.csv bare.csv spaced.csv semicolons.csv; do
    figures_of v.bin $file | cmp - expected
  done
  printf 'east,northeast,north,northwest\n' >questions.csv
  figures_of v.bin questions.csv | cmp - <(tr , ' ' <questions.csv | figures_of v.bin -)
  # A comma in a word is no separator.
  printf '1,000 million 9\neast north 1\n' >commas
  assert_equal "$(sgns-eval --unknown v.bin commas | cut -f 2 | paste -sd ' ')" '1,000 million'
}

@test "words with numbers beside them are not measured as analogies" {
  compass
  refused() { # LINE TEXT FIELDS
    printf '%b' "$2" >bad
    fails_with 3 sgns-eval v.bin bad -o out
    says "sgns-eval: bad: line $1: expected "
    says "select two words and a rating with cut $3"
    leaves_nothing out
  }
  refused 1 'east north 7 8\n' "-d ' ' -f 1,2,3"
  refused 1 'east north N 8\n' "-d ' ' -f 1,2,4"
  refused 1 'east\tnorth\tN\t8\tSYNONYM\n' '-f 1,2,4'
  refused 1 'east\tnorth\t8\t7\t9\t10\n' '-f 1,2,3'
  refused 1 'east,north,N,8\n' "-d ',' -f 1,2,4"
  refused 1 '0,east,north,8\n1,north,west,2\n' "-d ',' -f 2,3,4"
  refused 1 '17\teast\tnorth\t8\tN\n' '-f 2,3,4'
  refused 2 'first second part mark\neast north N 8\n' "-d ' ' -f 1,2,4"
  refused 2 'east north 1\neast north 1 2\n' "-d ' ' -f 1,2,3"
  refused 2 'word1\tword2\tPOS\tscore\neast\tnorth\tN\t8\t1\n' '-f 1,2,4'
  printf 'word1\tword2\tscore\trating\neast\tnorth\t1\t2\n' >bad
  fails_with 3 sgns-eval v.bin bad
  # After a section line they are analogies, as are numbers in the place of words.
  printf ': letters\neast north 1 2\n' >letters
  printf '1 2 3 4\neast 1 north 2\n' >digits
  for file in letters digits; do
    succeeds sgns-eval v.bin $file
    assert_file_contains stdout 3cosadd
  done
}

@test "what is no test set is refused by what it is" {
  compass
  printf 'east north 1\neast northeast 2\n' >pairs
  gzip -k pairs
  iconv -t UTF-16LE pairs >wide
  tr '\n' '\r' <pairs >mac
  printf '<html><body>404</body></html>\n' >page
  sgns-convert --to glove v.bin | sed '1s/.*/the 1.0 2.0 3.0 4.0 5.0/' >rows
  : >empty
  declare -A what=([pairs.gz]='gzip-compressed data' [wide]='text in UTF-16' [page]='an HTML page'
    [mac]='text without newlines' [rows]='word vectors as text' [v.bin]='a vectors stream')
  for file in "${!what[@]}"; do
    for source in "$file" -; do
      fails_with 3 sgns-eval v.bin "$source" <"$file"
      says ": byte 0: ${what[$file]}"
      says ', expected word pairs or analogies'
    done
  done
  fails_with 3 sgns-eval v.bin empty
  says 'empty: no word pairs or analogies: empty'
}

@test "--json prints the same results, one object per test set" {
  trained
  random_pairs 60 >pairs
  random_analogies 200 >analogies
  printf 'no such 1\nwords here 2\n' >none
  printf ': \xff "quoted" \x01\nw1 w2 w3 w4\n' >$'odd\xff"name'
  for options in '' '--match-case --restrict 50'; do
    # shellcheck disable=SC2086 # none or three words
    succeeds sgns-eval -j $options v.bin pairs analogies none $'odd\xff"name'
    # shellcheck disable=SC2086
    sgns-eval $options v.bin pairs analogies none $'odd\xff"name' >table
    python3 - <<'END' | cmp - <(LC_ALL=C sed -e '1d' -e '/^odd/d' table)
import json

def row(*fields): print(*fields, sep="\t")
def number(value, digits): return "-" if value is None else f"{value:.{digits}f}"
def tally(name, section, found):
    for measure in "3cosadd", "3cosmul":
        row(name, section, measure, number(found[measure]["percent"], 2), found[measure]["correct"], found["used"], found["all"])

with open("stdout") as file: results = [json.loads(line) for line in file]
odd = results.pop()
assert odd["file"] == 'odd\udcff"name' and odd["sections"][0]["section"] == '\udcff "quoted" \x01'
for result in results:
    name = result["file"]
    if result["kind"] == "similarities":
        assert list(result) == ["file", "kind", "spearman", "pearson", "used", "all", "unknown"]
        for measure in "spearman", "pearson":
            row(name, "total", measure, number(result[measure], 4), "-", result["used"], result["all"])
    else:
        assert list(result) == ["file", "kind", "3cosadd", "3cosmul", "used", "all", "unknown", "sections"]
        for section in result["sections"]: tally(name, section["section"], section)
        tally(name, "total", result)
    row(name, "total", "unknown", result["unknown"], "-", "-", "-")
END
    # shellcheck disable=SC2086
    sgns-eval --unknown --json $options v.bin pairs none |
      python3 -c 'import json, sys
for line in sys.stdin:
    found = json.loads(line)
    for word in found["unknown_words"]: print(found["file"], word, sep="\t")' |
      cmp - <(sgns-eval --unknown $options v.bin pairs none)
  done
}

@test "names of sections and files are escaped" {
  compass
  printf ': a\tb\x1b[m\neast north west east\n' >$'f\tile'
  succeeds sgns-eval v.bin $'f\tile'
  sed -n 2p stdout | grep -qF 'f\x09ile	a\x09b\x1b[m	3cosadd'
}

@test "vectors and a test set must be given and must exist" {
  compass
  printf 'east north 1\n' >pairs
  fails_with 2 sgns-eval
  fails_with 2 sgns-eval v.bin
  fails_with 2 sgns-eval - - <v.bin
  # shellcheck disable=SC2094
  fails_with 2 sgns-eval v.bin - pairs - <pairs
  fails_with 2 sgns-eval v.bin pairs -o pairs
  assert_equal "$(<pairs)" 'east north 1'
  fails_with 1 sgns-eval v.bin pairs missing
  says_like '^sgns-eval: missing: .*No such file or directory$'
  assert_size_zero stdout
  fails_with 1 sgns-eval v.bin .
  says_like '^sgns-eval: \.: .*Is a directory$'
  fails_with 3 sgns-eval v.bin pairs v.bin
  says 'v.bin: '
}
