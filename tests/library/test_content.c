/* SPDX-License-Identifier: MIT */
/* base/content.h: what is recognised by its first bytes, and that no text is. Texts in every
 * script are random words, encoded here in UTF-8, UTF-16 and UTF-32; 8-bit texts are random
 * bytes above 127. */
#include "base/content.h"

#include <stdint.h>
#include <string.h>

#include "tap.h"

enum { ROUNDS = 400, SIZE = 2 * CONTENT_PROBE };

static uint64_t random_state = 1;

/* 0 to n − 1. */
static unsigned pick(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((random_state >> 33) % n);
}

struct buffer {
    uint8_t data[SIZE + 8];
    size_t size;
};

/* ---- encodings ---- */

enum encoding { UTF8, UTF16LE, UTF16BE, UTF32LE, UTF32BE };

static void put_number(struct buffer *b, uint32_t value, int size, bool big_endian)
{
    for (int i = 0; i < size; i++)
        b->data[b->size++] = (uint8_t)(value >> 8 * (big_endian ? size - 1 - i : i));
}

static void put_utf8(struct buffer *b, uint32_t code)
{
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
    b->data[b->size++] = (uint8_t)(first[more] | code >> 6 * more);
    while (more-- > 0)
        b->data[b->size++] = (uint8_t)(0x80 | (code >> 6 * more & 0x3f));
}

static void put(struct buffer *b, uint32_t code, enum encoding encoding)
{
    bool big_endian = encoding == UTF16BE || encoding == UTF32BE;
    if (encoding == UTF8) {
        put_utf8(b, code);
    } else if (encoding == UTF32LE || encoding == UTF32BE) {
        put_number(b, code, 4, big_endian);
    } else if (code < 0x10000) {
        put_number(b, code, 2, big_endian);
    } else {
        put_number(b, 0xd800 + ((code - 0x10000) >> 10), 2, big_endian);
        put_number(b, 0xdc00 + ((code - 0x10000) & 0x3ff), 2, big_endian);
    }
}

/* ---- texts ---- */

/* A script: its letters, and the lengths of words and lines. */
struct script {
    const char *name;
    uint32_t first, last;
    unsigned word, line; /* at most so many letters, words */
};

static const struct script scripts[] = {
    {"Latin", 'a', 'z', 9, 20},
    {"Latin Extended-A", 0x100, 0x17f, 9, 20},
    {"Vietnamese", 0x1ea0, 0x1ef9, 6, 20},
    {"Greek", 0x391, 0x3ce, 9, 20},
    {"Cyrillic", 0x410, 0x44f, 9, 20},
    {"Armenian", 0x561, 0x586, 9, 20},
    {"Hebrew", 0x5d0, 0x5ea, 7, 20},
    {"Arabic", 0x621, 0x64a, 7, 20},
    {"Devanagari", 0x905, 0x939, 7, 20},
    {"Bengali", 0x985, 0x9b9, 7, 20},
    {"Gurmukhi", 0xa05, 0xa39, 7, 20},
    {"Gujarati", 0xa85, 0xab9, 7, 20},
    {"Tamil", 0xb85, 0xbb9, 9, 20},
    {"Telugu", 0xc05, 0xc39, 9, 20},
    {"Kannada", 0xc85, 0xcb9, 9, 20},
    {"Malayalam", 0xd05, 0xd39, 9, 20},
    {"Sinhala", 0xd85, 0xdc6, 9, 20},
    {"Thai", 0xe01, 0xe3a, 20, 5},
    {"Lao", 0xe81, 0xeae, 20, 5},
    {"Tibetan", 0xf40, 0xf6c, 5, 20},
    {"Myanmar", 0x1000, 0x102a, 20, 5},
    {"Georgian", 0x10d0, 0x10fa, 9, 20},
    {"Ethiopic", 0x1208, 0x1357, 6, 20},
    {"Cherokee", 0x13a0, 0x13f4, 6, 20},
    {"Khmer", 0x1780, 0x17a2, 20, 5},
    {"Mongolian", 0x1820, 0x1842, 7, 20},
    {"hiragana", 0x3041, 0x3096, 4, 12},
    {"katakana", 0x30a1, 0x30fa, 5, 12},
    {"CJK, words", 0x4e00, 0x9fa5, 3, 20},
    {"CJK, phrases", 0x4e00, 0x9fa5, 20, 3},
    {"Hangul", 0xac00, 0xd7a3, 5, 15},
    {"Gothic", 0x10330, 0x1034a, 7, 20},
    {"CJK Extension B", 0x20000, 0x2a6d6, 3, 12},
};

enum { SCRIPTS = sizeof scripts / sizeof *scripts };

/* Fills the buffer with up to `size` bytes of random words. */
static void write_words(struct buffer *b, const struct script *s, enum encoding encoding,
                        size_t size)
{
    while (b->size + 8 < size) {
        for (unsigned words = 1 + pick(s->line); words > 0 && b->size + 8 < size; words--) {
            for (unsigned letters = 1 + pick(s->word); letters > 0 && b->size + 8 < size; letters--)
                put(b, s->first + pick(s->last - s->first + 1), encoding);
            put(b, words > 1 ? ' ' : '\n', encoding);
        }
    }
    put(b, '\n', encoding);
}

static bool is_refused(const struct buffer *b)
{
    const struct content *content = content_recognise(b->data, b->size);
    if (content && !content->text)
        printf("# refused %zu bytes as %s\n", b->size, content->name);
    return content && !content->text;
}

static size_t some_size(void)
{
    return pick(4) ? 12 + pick(200) : 12 + pick(SIZE - 12);
}

/* ---- what must pass ---- */

static void check_utf8(void)
{
    for (int i = 0; i < SCRIPTS; i++) {
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            struct buffer b = {.size = 0};
            if (round % 3 == 0)
                put(&b, 0xfeff, UTF8);
            write_words(&b, &scripts[i], UTF8, some_size());
            refused += is_refused(&b);
        }
        tap_check(refused == 0, "no UTF-8 text is refused: %s", scripts[i].name);
    }
}

/* Words of letters from 128 on, as in ISO 8859, KOI8-R and Windows code pages, or of two bytes, as
 * in Shift JIS and GB 18030. */
static void write_8bit(struct buffer *b, size_t size, bool double_bytes)
{
    while (b->size + 4 < size) {
        for (unsigned letters = 1 + pick(9); letters > 0 && b->size + 4 < size; letters--) {
            b->data[b->size++] = (uint8_t)(0x80 + pick(0x80));
            if (double_bytes)
                b->data[b->size++] = (uint8_t)(0x40 + pick(0xbf));
        }
        b->data[b->size++] = pick(12) ? ' ' : '\n';
    }
}

static void check_8bit(void)
{
    for (int double_bytes = 0; double_bytes < 2; double_bytes++) {
        int refused = 0;
        for (int round = 0; round < 20 * ROUNDS; round++) {
            struct buffer b = {.size = 0};
            write_8bit(&b, some_size(), double_bytes);
            refused += is_refused(&b);
        }
        tap_check(refused == 0, "no 8-bit text is refused: %s",
                  double_bytes ? "two bytes per letter" : "one byte per letter");
    }
}

/* One byte in a hundred, and one in any case, is replaced by any other, or by zero. */
static void check_odd_bytes(void)
{
    for (int zero = 0; zero < 2; zero++) {
        int refused = 0;
        for (int round = 0; round < 20 * ROUNDS; round++) {
            struct buffer b = {.size = 0};
            write_words(&b, &scripts[pick(SCRIPTS)], UTF8, some_size());
            for (size_t n = 1 + b.size / 100; n > 0; n--)
                b.data[pick((unsigned)b.size)] = (uint8_t)(zero ? 0 : pick(256));
            refused += is_refused(&b);
        }
        tap_check(refused == 0, "no text with a few %s is refused",
                  zero ? "zero bytes" : "random bytes");
    }
    for (int marked = 0; marked < 2; marked++) {
        struct buffer b = {.size = 0};
        for (int c = marked; c < 256; c++) {
            b.data[b.size++] = (uint8_t)(marked ? 256 - c : c);
            b.data[b.size++] = '\n';
        }
        tap_check(!is_refused(&b), "every byte value, %s", marked ? "from 255 on" : "from 0 on");
    }
}

static void check_text(const char *text, size_t size, const char *name)
{
    struct buffer b = {.size = size};
    memcpy(b.data, text, size);
    tap_check(!is_refused(&b), "passes: %s", name);
}

static void check_texts(void)
{
#define TEXT(text, name) check_text(text, sizeof text - 1, name)
    TEXT("", "nothing");
    TEXT("x\0y\n", "a word with a zero byte");
    TEXT("a x\0y b \0 c\n", "two zero bytes");
    TEXT("ab\0\n", "a word that ends with a zero byte");
    TEXT("a\0b\0c\0", "words that end with zero bytes");
    TEXT("\xff\xfe \xc3( \xe2\x82 \n", "bytes of a byte order mark");
    TEXT("\xff\xfe and \xfe\xff\n\x1a\n", "byte order marks and the end of file of DOS");
    TEXT("MZ and PK are two letters\n", "the letters of executables and archives");
    TEXT("BZh91AY&SY begins a bzip2 file\n", "the magic number of bzip2, quoted");
    TEXT("PAR1 GGUF FEA1 GIF89a ustar\n", "the magic numbers of others, quoted");
    TEXT("\x93NUMPY\x94 is quoted\n", "a quotation mark of Windows before NUMPY");
    TEXT("\xff\xd8\xff \xca\xfe\xba\xbe \xfe\xed\xfa\xce\n", "letters that begin pictures");
    TEXT("3 5\nthe cat sat\n", "two numbers and words");
    TEXT("\x1b[1mbold\x1b[0m b\bbo\bol\bld\n", "escape sequences and backspaces");
    TEXT("\x1b$B8@8l\x1b(B \x1b$B=hM}\x1b(B\n", "ISO-2022-JP");
    TEXT("a\1b\1c\n\x1e\x1f\x1a\n", "separators of Hive and MARC, end of file of DOS");
    TEXT("<p>not a page</p>\n", "a tag that is not the first of a page");
#undef TEXT
}

/* ---- what must be recognised ---- */

static void check_wide(enum encoding encoding, bool marked, const char *name)
{
    bool big_endian = encoding == UTF16BE || encoding == UTF32BE;
    for (int i = 0; i < SCRIPTS; i++) {
        int wrong = 0;
        for (int round = 0; round < ROUNDS; round++) {
            struct buffer b = {.size = 0};
            if (marked)
                put(&b, 0xfeff, encoding);
            /* Without a mark, a line of ideographs may be of any encoding. */
            size_t least = marked || scripts[i].last < 0x2000 ? 40 : 512;
            write_words(&b, &scripts[i], encoding, least + some_size() / 2);
            const struct content *content = content_recognise(b.data, b.size);
            bool swapped =
                content && content->advice && strstr(content->advice, big_endian ? "LE " : "BE ");
            wrong += !content || strcmp(content->name, name) != 0 || swapped;
        }
        tap_check(wrong == 0, "%s, %s endian, %s mark: %s", name, big_endian ? "big" : "little",
                  marked ? "with" : "without", scripts[i].name);
    }
}

static void check_utf16_and_32(void)
{
    for (int marked = 0; marked < 2; marked++) {
        check_wide(UTF16LE, marked, "text in UTF-16");
        check_wide(UTF16BE, marked, "text in UTF-16");
        check_wide(UTF32LE, marked, "text in UTF-32");
        check_wide(UTF32BE, marked, "text in UTF-32");
    }
}

static void check_is(const char *data, size_t size, const char *name)
{
    const struct content *content = content_recognise(data, size);
    tap_check(content && strcmp(content->name, name) == 0, "recognised: %s", name);
}

static void check_kinds(void)
{
#define IS(data, name) check_is(data, sizeof data - 1, name)
    IS("\x1f\x8b\x08\0\0\0\0\0", "gzip-compressed data");
    IS("BZh91AY&SY\x12\x34\x56\x78\0\0\1\x51", "bzip2-compressed data");
    IS("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0", "bzip2-compressed data");
    IS("\xfd\x37\x7a\x58\x5a\0\0\4", "xz-compressed data");
    IS("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x3a", "lzma-compressed data");
    IS("\x28\xb5\x2f\xfd\4\0", "zstd-compressed data");
    IS("\x50\x2a\x4d\x18\4\0\0\0", "zstd-compressed data");
    IS("\x04\x22\x4d\x18\x64\x40", "lz4-compressed data");
    IS("LZIP\1\x0c", "lzip-compressed data");
    IS("\x1f\x9d\x90\x61", "compress-compressed data (.Z)");
    IS("PK\3\4\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt", "a ZIP archive");
    IS("PK\3\4\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0arr.npy",
       "a NumPy .npz archive");
    IS("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl",
       "a PyTorch file");
    IS("7z\xbc\xaf\x27\x1c\0\4", "a 7z archive");
    IS("Rar!\x1a\7\1\0", "a RAR archive");
    IS("%PDF-1.7\n", "a PDF document");
    IS("{\\rtf1\\ansi", "an RTF document");
    IS("version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
       "a Git LFS pointer instead of the file");
    IS("\xef\xbb\xbf\n <!DOCTYPE HTML PUBLIC", "an HTML page");
    IS("<html lang=en>", "an HTML page");
    IS("{\"text\": \"a b\"}\n", "JSON");
    IS("2 5\nthe 0.1 -0.2 1.5e-3 4. 5.0\n", "word vectors as text");
    IS("the 0.1 -0.2 1.5e-3 4.1 5.0 0.", "word vectors as text");
    IS("\xef\xbb\xbfthe\t0.1\t-0.2\t1.5e-3\t4.1\t5.0\r\n", "word vectors as text");
    IS("the cat\rsat on\r", "text without newlines, with carriage returns");
    IS("<?xml version=\"1.0\"?>", "XML");
    IS("\x80\4\x95\x20\0\0\0\0\0\0\0\x8c\x1agensim.models.keyedvectors", "a file of gensim");
    IS("\x80\3}q\0.", "a Python pickle");
    IS("(dp0\nS'a'\np1\nI1\ns.", "a Python pickle");
    IS("\xba\x16\x4f\x2f\x0c\0\0\0", "a fastText model");
    IS("2 3\na \0\0\x80?\0\0\0@\0\0@@b ", "vectors in word2vec's binary format");
    IS("\x93NUMPY\1\0v\0{'descr'", "a NumPy array");
    IS("\x89HDF\r\n\x1a\n\0", "an HDF5 file");
    IS("PAR1\x15\4\x15\x10", "a Parquet file");
    IS("ARROW1\0\0", "an Arrow file");
    IS("SQLite format 3\0\x10\0", "an SQLite database");
    IS("\x40\0\0\0\0\0\0\0{\"weight\":{\"dtype\"", "a safetensors file");
    IS("GGUF\3\0\0\0", "a GGUF model");
    IS("\x7f\x45\x4c\x46\2\1\1\0", "an executable program");
    IS("\xcf\xfa\xed\xfe\7\0\0\1", "an executable program");
    IS("\x89PNG\r\n\x1a\n\0", "a picture");
    IS("\xff\xd8\xff\xe0\0\x10JFIF\0", "a picture");
#undef IS
}

static void check_short_lines(void)
{
    check_is("a\0\n\0b\0\n\0c\0\n\0", 12, "text in UTF-16");
    check_is("\0a\0\n\0b\0\n\0c\0\n", 12, "text in UTF-16");
    check_is("\xff\xfe"
             "a\0",
             4, "text in UTF-16");
    check_is("a\0\0\0\n\0\0\0", 8, "text in UTF-32");
}

static void check_binary(void)
{
    struct buffer b = {.size = SIZE};
    for (size_t i = 0; i < SIZE; i++)
        b.data[i] = i % 7 == 3 ? 0 : 'a';
    check_is((const char *)b.data, b.size, "binary data");
    for (size_t i = 0; i < SIZE; i++)
        b.data[i] = (uint8_t)pick(256);
    check_is((const char *)b.data, b.size, "binary data");
    b.data[0] = 'x';
    b.data[1] = 0x9c;
    check_is((const char *)b.data, b.size, "zlib-compressed data");
}

static void check_refusal(void)
{
    struct error err;
    const struct content *gzip = content_recognise("\x1f\x8b\x08", 3);
    int result = content_refuse(gzip, "text.gz", "text", &err);
    tap_check(result == -1 && err.status == STATUS_INPUT &&
                  strcmp(err.text, "text.gz: byte 0: gzip-compressed data, expected text; "
                                   "decompress it with 'gzip -dc FILE'") == 0,
              "the message has both kinds and the next step");
    tap_check(content_looks_like_text("a b\n", 4) && !content_looks_like_text("a\0b\n", 4) &&
                  !content_looks_like_text("", 0),
              "what looks like text");
}

int main(void)
{
    check_utf8();
    check_8bit();
    check_odd_bytes();
    check_texts();
    check_utf16_and_32();
    check_kinds();
    check_short_lines();
    check_binary();
    check_refusal();
    return tap_end();
}
