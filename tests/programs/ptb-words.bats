#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC1111,SC1112,SC2016 # typographic quotes are intended, and nothing expands in texts
# ptb-words: sentences and words of running text, in many scripts.

load ../support/helper

# words OPTION...: runs ptb-words on its standard input; the output is in the file stdout.
words() {
  succeeds ptb-words -q "$@"
}

# splits TEXT EXPECTED [OPTION...]: of TEXT ptb-words prints EXPECTED; in both, \n is a newline and
# \xNN a byte.
splits() {
  words "${@:3}" < <(printf '%b' "$1")
  prints "$2"
}

# ---- words ----

@test "words are letters, digits and inner apostrophes in lower case; sentences end at . ! ?" {
  splits "It's a  test, isn’t it? Yes!\n" "it's a test isn't it\nyes"
  splits 'A sentence may go on\nin the next line (3 of them). "Ends" here.\n\n' \
    'a sentence may go on in the next line 3 of them\nends here'
  splits "“ÉLAN” 'vital': the dogs' rock-'n'-roll, o'clock ’tis 'a ' b''c\n" \
    "élan vital the dogs rock n roll o'clock tis a b c"
  splits 'a/b;c:d*e[f]{g}<h>#i@j&k+l=m|n~o^p`q$r%s\\t\tu\x01v\x7fw' 'a b c d e f g h i j k l m n o p q r s t u v w'
}

@test "numbers keep their points and commas, words do not" {
  splits 'Pi is 3.14, not 3,14 or 3..14. In 1,000,000 e.g. U.S.A. v2.0 5.a b.5 7, 8.\n9 .5 6.' \
    'pi is 3.14 not 3,14 or 3 14\nin 1,000,000 e g\nu s a\nv2.0 5 a b 5 7 8\n9 5 6'
}

@test "underscores and zero-width non-joiners stay inside words and vanish at their edges" {
  splits '_New_York_ __init__ a__b _ نمی‌خواهم خانه‌ .' 'new_york init a b نمی‌خواهم خانه'
}

@test "marks and joiners belong to their word; soft hyphens and marks of direction vanish" {
  splits 'e\xcc\x81lan \xcc\x81vital Do\xc2\xadnau\xc2\xad schiff\xe2\x80\x8e, \xe2\x80\x8fx a\xe2\x81\xa0b ❤\xef\xb8\x8f y' \
    'e\xcc\x81lan vital donau schiff x ab y'
  # Malayalam's old chillu: a consonant, virama and a final zero-width joiner.
  splits 'അവന്‍ വന്നു' 'അവന്‍ വന്നു'
  # Bengali: a zero-width non-joiner before a mark.
  splits 'র‌্যাব' 'র‌্যাব'
  # A zero-width space separates words.
  splits 'ភាសា\xe2\x80\x8bខ្មែរ' 'ភាសា ខ្មែរ'
}

@test "lower case: letter by letter, with a final sigma" {
  splits 'ΟΔΥΣΣΕΥΣ ΣΑΣ Σ ΑΣ-ΑΣ ΑΣ1 ΑΣ’ΑΣ ΑΣ’ ΑΣ' "οδυσσευς σας σ ας ας ασ1 ασ'ας ας ας"
  splits 'STRASSE Straße ĲSSEL ǅ İI ÅÄÖ Ⅷ Ⱥ ＡＢＣ' 'strasse straße ĳssel ǆ ii åäö ⅷ ⱥ ａｂｃ'
  splits 'ΟΔΥΣΣΕΥΣ It’s ÉLAN' "ΟΔΥΣΣΕΥΣ It's ÉLAN" --keep-case
}

# ---- sentences ----

@test "a full stop ends a sentence only before white space, after closing quotes and brackets" {
  splits 'One.two three.) Four." Five!?»  Six.”\nSeven… eight.x (Nine.) .Ten "Eleven"?' \
    'one two three\nfour\nfive\nsix\nseven eight x nine\nten eleven'
  splits '« Quoi ? » « Oui ! » Non.' 'quoi\noui\nnon'
  splits 'a! \n ? . ...\n\nb' 'a\nb'
}

@test "a sentence ends at an empty line, with --lines at every line end, and at the end of each text" {
  splits 'one\ntwo\n\nthree\n \t \nfour\f\nfive' 'one two\nthree\nfour five'
  splits 'one\ntwo. three\n\nfour' 'one\ntwo\nthree\nfour' --lines
  printf 'a b' >one
  printf '\xef\xbb\xbfc' >two
  words one - two < <(cat one)
  prints 'a b\na b\nc'
}

@test "a text whose sentences seem to be its lines is noted" {
  sample_text 200 30 >text
  succeeds ptb-words text
  says_like '^ptb-words: sentences have [0-9]* words on average; if every line is a sentence, use --lines$'
  says '1 sentence, '
  succeeds ptb-words --lines text
  says 'ptb-words: 200 sentences, '
  refute grep -q average stderr
  sed 's/$/./' text >punctuated
  succeeds ptb-words punctuated
  refute grep -q average stderr
}

@test "line ends of all systems and of Unicode" {
  for end in '\n' '\r\n' '\r' '\xc2\x85' '\xe2\x80\xa8'; do
    splits "a${end}b.${end}c${end}${end}d${end}" 'a b\nc\nd'
  done
  splits 'a\xe2\x80\xa9b\r\n\r\n\r\nc' 'a\nb\nc'
}

@test "terminators of other scripts need no space; a wide full stop between digits is none" {
  splits '你好。我很好！你呢？「好。」他说｡完' '你好\n我很好\n你呢\n好\n他说\n完'
  splits '３．１４です．はい' '３．１４です\nはい'
}

# ---- scripts ----

@test "text in 26 scripts" {
  splits 'Ça va, l’œuvre ?' "ça va l'œuvre"
  splits 'Ο Όμηρος έγραψε την «Οδύσσεια»· τέλος.' 'ο όμηρος έγραψε την οδύσσεια τέλος'
  splits 'Всё смешалось в доме Облонских. Кто‐то…' 'всё смешалось в доме облонских\nкто то'
  splits 'Բարեւ, ինչո՞ւ չես գալիս։ Լա՛վ։' 'բարեւ ինչու չես գալիս\nլավ'
  splits 'გამარჯობა, მსოფლიო! ᲗᲑᲘᲚᲘᲡᲘ' 'გამარჯობა მსოფლიო\nთბილისი'
  splits 'שָׁלוֹם, צה"ל וצה״ל; ג׳ורג׳ אמר: ׳ "בית־ספר".' 'שָׁלוֹם צה״ל וצה״ל ג׳ורג׳ אמר בית ספר'
  splits 'مرحبا، كيف حالك؟ محـــمد بخيرٍ.' 'مرحبا كيف حالك\nمحمد بخيرٍ'
  splits 'میں ٹھیک ہوں۔ شکریہ' 'میں ٹھیک ہوں\nشکریہ'
  splits 'ܫܠܡܐ ܥܠܡܐ܀' 'ܫܠܡܐ ܥܠܡܐ'
  splits 'यह हिन्दी है। क्या विद्यालय? १२३' 'यह हिन्दी है\nक्या विद्यालय\n१२३'
  splits 'আমি বাংলায় গান গাই। তুমি?' 'আমি বাংলায় গান গাই\nতুমি'
  splits 'ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ। ਕੀ' 'ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ\nਕੀ'
  splits 'ગુજરાતી ભાષા, નમસ્તે!' 'ગુજરાતી ભાષા નમસ્તે'
  splits 'ଓଡ଼ିଆ ଭାଷା। ନମସ୍କାର' 'ଓଡ଼ିଆ ଭାଷା\nନମସ୍କାର'
  splits 'தமிழ் மொழி, வணக்கம்.' 'தமிழ் மொழி வணக்கம்'
  splits 'తెలుగు భాష; నమస్కారం.' 'తెలుగు భాష నమస్కారం'
  splits 'ಕನ್ನಡ ಭಾಷೆ! ನಮಸ್ಕಾರ' 'ಕನ್ನಡ ಭಾಷೆ\nನಮಸ್ಕಾರ'
  splits 'മലയാളം ഭാഷ, നമസ്കാരം.' 'മലയാളം ഭാഷ നമസ്കാരം'
  splits 'ශ්‍රී ලංකාව, සිංහල.' 'ශ්‍රී ලංකාව සිංහල'
  splits 'ภาษาไทย สวัสดีครับ' 'ภาษาไทย สวัสดีครับ'
  splits 'བོད་སྐད། བཀྲ་ཤིས།' 'བོད སྐད\nབཀྲ ཤིས'
  splits 'မြန်မာ ဘာသာ။ မင်္ဂလာပါ' 'မြန်မာ ဘာသာ\nမင်္ဂလာပါ'
  splits 'ភាសាខ្មែរ។ សួស្តី' 'ភាសាខ្មែរ\nសួស្តី'
  splits 'ሰላም፡ለዓለም። አማርኛ፣ ነው።' 'ሰላም ለዓለም\nአማርኛ ነው'
  splits '한국어는 아름답다. 안녕하세요?' '한국어는 아름답다\n안녕하세요'
  splits '東京タワーは、カッコいい！ひらがな' '東京タワーは カッコいい\nひらがな'
}

@test "texts in a script without spaces between words are noted, segmented ones are not" {
  noted='ptb-words: most of this text is written without spaces between words'
  for text in '床前明月光，疑是地上霜。举头望明月，低头思故乡。' 'ภาษาไทยเป็นภาษาที่มีระดับเสียง' 'ភាសាខ្មែរជាភាសាផ្លូវការ'; do
    succeeds ptb-words <<<"$text"
    says "$noted"
  done
  for text in '床 前 明 月光 ， 疑 是 地上 霜 。' 'ภาษา ไทย เป็น ภาษา ที่ มี ระดับ เสียง' 'An English text which quotes 床前明月光 once' '한국어는아름답다'; do
    succeeds ptb-words <<<"$text"
    refute grep -q 'without spaces' stderr
  done
}

# ---- --sentences ----

@test "--sentences keeps the characters of a sentence, with single spaces" {
  splits '  “It’s  3.14,”\the said. (Yes!)  No…\n\n x ' '“It’s 3.14,” he said.\n(Yes!)\nNo…\nx' --sentences
  splits '「はい。」と言った。\n　次の行は\n続く。E\xcc\x81lan\xc2\xad \x01b' \
    '「はい。」\nと言った。\n次の行は続く。\nE\xcc\x81lan\xc2\xad b' --sentences
  splits 'ab\ncd 東\n京 x\n東' 'ab cd 東京 x 東' --sentences
}

@test "--sentences, then --lines gives the words of the whole text, except for joined lines" {
  for text in "It's 3.14. And (so on.) \"Well\"\nnext" 'यह हिन्दी है। क्या' 'Ça ! « Oui. »'; do
    printf '%b' "$text" | ptb-words -q >expected
    printf '%b' "$text" | ptb-words -q --sentences | ptb-words -q --lines | cmp - expected
  done
}

# ---- bytes ----

@test "a byte order mark is dropped at the start, and ignored elsewhere" {
  splits '\xef\xbb\xbfthe a\xef\xbb\xbfb' 'the ab'
  splits '\xef\xbb\xbfthe' 'the' --sentences
}

@test "invalid bytes separate words and are counted" {
  # Latin-1, an overlong form, a surrogate, beyond Unicode, and a truncated character at the end.
  succeeds ptb-words < <(printf 'caf\xe9 a\xc0\xafb c\xed\xa0\x80d e\xf4\x90\x80\x80f g\xe2\x82')
  prints 'caf a b c d e f g'
  says 'ptb-words: 12 bytes of invalid UTF-8 taken as spaces; if the text has another encoding, convert it with iconv'
  says '1 sentence, 8 words'
  succeeds ptb-words < <(printf 'a\0b\xffc')
  prints 'a b c'
  says '1 byte of invalid UTF-8 '
  # Words of KOI8-R and of GBK: no letter is left, and the encoding is why.
  fails_with 3 ptb-words < <(printf '\xf0\xd2\xc9\xd7\xc5\xd4 \xcd\xc9\xd2\n')
  says 'stdin: no words in UTF-8; if the text has another encoding, convert it with iconv'
  fails_with 3 ptb-words < <(printf '\xbd\xf1\xcc\xec\n')
  says 'another encoding'
}

@test "text typed at a terminal ends with one Ctrl-D; no progress is written over it" {
  for command in ptb-words 'ptb-vocab -m 1 -o typed'; do
    timeout 60 python3 - "$command" >shown <<'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("sh", ["sh", "-c", "exec " + sys.argv[1]])
time.sleep(0.5)  # a line of progress would be due
os.write(terminal, b"One two.\n")
time.sleep(0.5)
os.write(terminal, b"\x04")
try:
    while part := os.read(terminal, 4096):
        sys.stdout.buffer.write(part)
except OSError:
    pass  # Linux reports the end so
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
    grep -qE '1 sentences?, 2 (words|tokens)' shown
    refute grep -q MB shown
  done
}

@test "text without words, compressed text and streams are refused" {
  for text in '' ' \n\n' '... !?\n' '\xff\xfe\xfd'; do
    printf '%b' "$text" >text
    fails_with 3 ptb-words text -o out
    says 'text: no words'
    leaves_nothing out
  done
  echo 'a b' >text
  zstd -q text
  iconv -f UTF-8 -t UTF-16 text >text.16
  ptb-vocab -q -m 1 text -o corpus.bin
  for name in text.zst text.16 corpus.bin; do
    [ $name = text.zst ] && what='zstd-compressed data' || what='text in UTF-16'
    [ $name != corpus.bin ] || what='a corpus stream'
    fails_with 3 ptb-words $name -o out
    says "$name: byte 0: $what, expected text"
    fails_with 3 ptb-words -o out text $name
    leaves_nothing out
    fails_with 3 ptb-words < <(in_blocks 1 <$name)
    says "stdin: byte 0: $what, expected text"
    assert_size_zero stdout
  done
  echo '<!DOCTYPE html><html><body>Some words.</body></html>' >page
  succeeds ptb-words text page
  says 'ptb-words: page: looks like '
}

@test "several texts: refused before any work if one cannot be read, is the output or is read twice" {
  echo 'a b' >text
  ln text hard-link
  fails_with 1 ptb-words text missing
  assert_size_zero stdout
  says 'missing: cannot open: No such file or directory'
  fails_with 2 ptb-words text - -
  says 'standard input can be read only once'
  fails_with 2 ptb-words /dev/null text -o hard-link
  says 'input and output are the same file'
}

# mixed_text: prints text that exercises every rule, with invalid bytes.
mixed_text() {
  python3 - <<'PY'
import random, sys
source = random.Random(7)
pieces = ["word", "It's", "3.14", "1,000", ".", "!", "?", "...", " ", "  ", "\n", "\r\n", "\r", "\n\n", "\"", "'", "’", ")", "»",
          "_", "a_b", "ΑΣ", "Σ", "ς", "é", "e\u0301", "\u0301", "\u00ad", "\u200c", "\u200d", "\u200b", "\ufeff", "·", "צ", "\"", "״", "国",
          "。", "．", "３", "ไท", "।", "x", "Y", "9", "-", "—", "\t", "\U0001F600", "\U00010400", "\u2029", "Ⱥ", "ـ", "َ"]
bad = [b"\xff", b"\xe2\x82", b"\xf0\x9f", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\0"]
for _ in range(6000):
    if source.random() < 0.02:
        sys.stdout.buffer.write(source.choice(bad))
    else:
        sys.stdout.buffer.write(source.choice(pieces).encode())
PY
}

# in_blocks MAX: copies standard input in writes of 1 to MAX bytes.
in_blocks() {
  python3 -c '
import os, random, sys
data, source, at = sys.stdin.buffer.read(), random.Random(3), 0
while at < len(data):
    size = source.randint(1, int(sys.argv[1]))
    os.write(1, data[at:at + size])
    at += size' "$1"
}

@test "the output does not depend on the blocks that a pipe delivers" {
  mixed_text >text
  for options in '' --keep-case --lines --sentences; do
    # shellcheck disable=SC2086 # no or one option
    succeeds ptb-words $options text
    cp stdout expected
    cp stderr notes
    for size in 1 7; do
      # shellcheck disable=SC2086
      succeeds ptb-words $options < <(in_blocks $size <text)
      cmp stdout expected
      cmp stderr notes
    done
  done
}

@test "the output has single spaces, no empty lines, and is its own output" {
  mixed_text | ptb-words -q >once
  refute grep -qE '^$|^ | $|  ' once
  iconv -f UTF-8 -t UTF-8 once | cmp - once
  ptb-words -q --lines once | cmp - once
}

@test "memory does not depend on the text: one word, one line, one sentence" {
  head -c 50000000 /dev/zero | tr '\0' a >word
  yes 'a.' | tr '\n' ',' | head -c 50000000 >line
  for text in word line; do
    within_memory 64 ptb-words -q $text -o $text.out
  done
  assert_equal "$(wc -c <word.out)" 50000001
  # Of every three bytes, a letter and a space.
  assert_equal "$(wc -c <line.out)" 33333334
}

# ---- Unicode's data ----

@test "the tables are those that tools/character-tables generates" {
  tables=$ROOT/lib/text/character_tables.c
  version=$(sed -n 's/.* of Unicode \([0-9.]*\),$/\1/p' "$tables")
  has_data() { grep -qF "PropList-$version.txt" /usr/share/unicode/PropList.txt; }
  need_peer "Debian's unicode-data $version" has_data
  "$ROOT/tools/character-tables" | cmp - "$tables"
}

@test "every character is of a word, vanishes or separates words, as Python's unicodedata has it" {
  python3 - >text <<'PY'
for c in range(0x110000):
    if c not in (0x0A, 0x0D, 0x85, 0x2028, 0x2029) and not 0xD800 <= c < 0xE000:
        print(f"{c:X} x{chr(c)}x")
PY
  ptb-words -q --lines --keep-case text >out
  python3 - >wrong <<'PY'
import unicodedata
inner = "'\u055A\u2019\uFF07_\u200C\u00B7\u0387\u055F\u2027\u05F4"  # inside words
kept = "\u200D\u05F3"
vanish = "\u055B\u055C\u055E\u0640"
apart = "\u200B"
changed = {"\u055A": "'", "\u2019": "'", "\uFF07": "'"}
signs = [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]
newer = tuple(map(int, unicodedata.unidata_version.split("."))) > (15, 0, 0)
got = {}
for line in open("out", encoding="utf-8", newline="\n"):
    # Characters that end a sentence divide a line into two.
    number, *rest = line[:-1].split(" ")
    if number.lower() == "x" or not rest:
        continue
    got[int(number, 16)] = " ".join(rest)
for c in range(0x110000):
    if c in (0x0A, 0x0D, 0x85, 0x2028, 0x2029) or 0xD800 <= c < 0xE000:
        continue
    char, category = chr(c), unicodedata.category(chr(c))
    if category == "Cn" or (newer and got[c] == "x x"):
        continue
    if char in inner or char in kept:
        expected = f"x{changed.get(char, char)}x"
    elif char in vanish:
        expected = "xx"
    elif category[0] in "LM" or category in ("Nd", "Nl"):
        expected = f"x{char}x"
    elif category == "Cf" and char not in apart and c not in signs:
        expected = "xx"
    else:
        expected = "x x"
    if got[c] != expected and not (expected == "x x" and got[c] == "x"):
        print(f"{c:04X} {category}: {got[c]!r} instead of {expected!r}")
PY
  assert_equal "$(head -n 5 wrong)" ''
}

@test "every letter gets the lower-case letter that Python has for it" {
  python3 - >text <<'PY'
import unicodedata
for c in range(0x110000):
    if unicodedata.category(chr(c))[0] == "L" and len(chr(c).lower()) == 1 and c not in (0x640,):
        print(chr(c))
PY
  [ "$(wc -l <text)" -gt 100000 ]
  ptb-words -q --lines text >out
  python3 - <<'PY'
import unicodedata
got = open("out", encoding="utf-8").read().split("\n")[:-1]
letters = open("text", encoding="utf-8").read().split("\n")[:-1]
# A newer Python has letters that version 15.0 of Unicode has not: these are no words here.
newer = tuple(map(int, unicodedata.unidata_version.split("."))) > (15, 0, 0)
at = 0
for letter in letters:
    if at < len(got) and got[at] == letter.lower():
        at += 1
    else:
        assert newer, (letter, got[at:at + 1])
assert at == len(got) and at > 130000, (at, len(got))
PY
}
