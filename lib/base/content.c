/* SPDX-License-Identifier: MIT */
#include "base/content.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/wide_text.h"

/* ---- bytes ---- */

static bool contains(struct probe p, const char *text, size_t within)
{
    size_t length = strlen(text), end = p.size < within ? p.size : within;
    for (size_t i = 0; i + length <= end; i++)
        if (memcmp(p.data + i, text, length) == 0)
            return true;
    return false;
}

static uint64_t load_u64(const uint8_t *p)
{
    return bytes_load_u32(p) | (uint64_t)bytes_load_u32(p + 4) << 32;
}

static struct probe probe(const void *data, size_t size)
{
    struct probe p = {data, size < CONTENT_PROBE ? size : CONTENT_PROBE, 0};
    for (size_t i = 0; i < p.size; i++)
        p.controls += probe_is_control(p.data[i]);
    return p;
}

size_t content_mark_size(const void *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool content_looks_like_text(const void *data, size_t size)
{
    return size > 0 && probe(data, size).controls == 0;
}

/* ---- tests of formats whose first bytes could also begin a text ---- */

enum { NEAR = 64 /* bytes in which a binary format has a control character */ };

static bool has_control(struct probe p)
{
    return probe(p.data, p.size < NEAR ? p.size : NEAR).controls > 0;
}

/* A header of tar: 512 bytes, whose sum is in octal digits at 148 and counts these as spaces. */
static bool is_tar(struct probe p)
{
    enum { SIZE = 512, SUM_AT = 148, SUM_SIZE = 8 };
    unsigned sum = 0, expected = 0;
    if (p.size < SIZE || p.data[0] == 0 || p.data[SIZE - 1] != 0)
        return false;
    for (size_t i = 0; i < SIZE; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? ' ' : p.data[i];
    for (size_t i = SUM_AT; i < SUM_AT + SUM_SIZE; i++) {
        if (p.data[i] >= '0' && p.data[i] <= '7')
            expected = expected * 8 + (unsigned)(p.data[i] - '0');
        else if (p.data[i] != ' ' && p.data[i] != 0)
            return false;
    }
    return sum == expected;
}

/* A header of LZMA_alone: properties, size of the dictionary (2^n or 2^n + 2^(n − 1)), and size of
 * the data, −1 if unknown; the limits are those of xz. */
static bool is_lzma(struct probe p)
{
    if (p.size < 14 || p.data[0] >= 225 || p.data[13] != 0)
        return false;
    uint32_t dictionary = bytes_load_u32(p.data + 1);
    uint64_t size = load_u64(p.data + 5);
    uint32_t low = dictionary & (~dictionary + 1);
    bool power = dictionary == low || dictionary == 3 * low;
    return dictionary >= 4096 && power && (size == UINT64_MAX || size < UINT64_C(1) << 38);
}

/* A Python pickle: protocol 2 or 3 with an opcode and its argument, or 4 or 5 with a frame. */
static bool is_pickle(struct probe p)
{
    if (p.size < 4 || p.data[1] < 2 || p.data[1] > 5)
        return false;
    return p.data[1] > 3 ? p.data[2] == 0x95 : p.data[3] >= ' ' || memchr("KMX\x8a", p.data[2], 4);
}

/* A Python pickle of protocol 0: a dictionary or a list with its number. */
static bool is_old_pickle(struct probe p)
{
    return p.size > 4 && (p.data[3] == '0' || p.data[3] == '1') && p.data[4] == '\n';
}

/* compress: the third byte has the most bits of a code, 9 to 16, and two bits that are 0. */
static bool is_compress(struct probe p)
{
    return p.size >= 3 && (p.data[2] & 0x60) == 0 && (p.data[2] & 31) >= 9 &&
           (p.data[2] & 31) <= 16;
}

/* An executable of Windows: the offset of its second header is at 60. */
static bool is_pe(struct probe p)
{
    if (p.size < 64)
        return false;
    uint32_t at = bytes_load_u32(p.data + 60);
    return at < p.size && probe_starts_with(p, at, "PE\0\0", 4);
}

/* safetensors: the size of a header in JSON, then this header. */
static bool is_safetensors(struct probe p)
{
    return probe_starts_with(p, 8, "{\"", 2) && load_u64(p.data) <= 100000000;
}

/* Markup may begin with a byte order mark and white space; `tag` is in lower case. */
static bool begins_with_tag(struct probe p, const char *tag)
{
    size_t i = content_mark_size(p.data, p.size), n = 0;
    while (i < p.size && p.data[i] && strchr(" \t\r\n", p.data[i]))
        i++;
    for (; tag[n] && i < p.size; n++, i++) {
        uint8_t c = p.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != tag[n])
            return false;
    }
    return !tag[n];
}

static bool is_html(struct probe p)
{
    static const char *const tag[] = {"<!doctype html", "<html>", "<html ", "<head>", "<body>"};
    for (size_t i = 0; i < sizeof tag / sizeof *tag; i++)
        if (begins_with_tag(p, tag[i]))
            return true;
    return false;
}

static bool is_xml(struct probe p)
{
    return begins_with_tag(p, "<?xml ") || begins_with_tag(p, "<mediawiki ");
}

/* Takes a decimal number of at most nine digits. */
static bool take_number(struct probe p, size_t *i, uint64_t *number)
{
    size_t start = *i;
    for (*number = 0; *i < p.size && p.data[*i] >= '0' && p.data[*i] <= '9'; ++*i)
        *number = *number * 10 + (p.data[*i] - '0');
    return *i > start && *i - start <= 9;
}

/* Whether float32 numbers have the magnitude of a vector's. Four letters do not. */
static bool are_components(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t magnitude = bytes_load_u32(data + 4 * i) & 0x7fffffff;
        uint32_t exponent = magnitude >> 23; /* of 2, plus 127 */
        if (magnitude != 0 && (exponent < 127 - 40 || exponent > 127 + 20))
            return false;
    }
    return n > 0;
}

/* word2vec's binary format: the numbers of words and dimensions, a newline, a word, a space, and
 * float32. */
static bool is_word2vec_binary(struct probe p)
{
    size_t i = 0;
    uint64_t words, dim;
    if (!take_number(p, &i, &words) || i == p.size || p.data[i++] != ' ' ||
        !take_number(p, &i, &dim) || i == p.size || p.data[i++] != '\n')
        return false;
    const uint8_t *space = memchr(p.data + i, ' ', p.size - i);
    if (!space)
        return false;
    size_t n = (p.size - (size_t)(space + 1 - p.data)) / 4;
    if (n > dim)
        n = (size_t)dim;
    return are_components(space + 1, n) && probe(space + 1, 4 * n).controls > 0;
}

/* ---- text with a structure ---- */

static bool is_json(struct probe p)
{
    return begins_with_tag(p, "{\"") || begins_with_tag(p, "[{\"") || begins_with_tag(p, "[\"");
}

/* Moves *i over a field and the space or tab after it. *decimal: it is a number with a point. */
static void skip_field(struct probe p, size_t *i, bool *decimal)
{
    size_t start = *i;
    while (*i < p.size && p.data[*i] && !strchr(" \t\r\n", p.data[*i]))
        ++*i;
    size_t n = 0, points = 0;
    for (size_t j = start; j < *i; j++) {
        n += p.data[j] && strchr("+-.0123456789eE", p.data[j]);
        points += p.data[j] == '.';
    }
    *decimal = n == *i - start && points == 1;
    if (*i < p.size && (p.data[*i] == ' ' || p.data[*i] == '\t'))
        ++*i;
}

/* GloVe's and word2vec's text formats: two numbers in a line or not, then a line of a word and
 * nothing but decimal numbers. */
static bool is_text_vectors(struct probe p)
{
    enum { LEAST = 5 /* numbers */ };
    size_t i = content_mark_size(p.data, p.size), start = i;
    uint64_t words, dim;
    bool decimal = true, header = take_number(p, &i, &words) && i < p.size && p.data[i++] == ' ' &&
                                  take_number(p, &i, &dim) && i < p.size && p.data[i++] == '\n';
    i = header ? i : start;
    skip_field(p, &i, &decimal);
    size_t numbers = 0;
    for (decimal = true; decimal && i < p.size && p.data[i] != '\n' && p.data[i] != '\r'; numbers++)
        skip_field(p, &i, &decimal);
    return decimal && numbers >= LEAST;
}

/* Lines of old Macs. */
static bool has_carriage_returns(struct probe p)
{
    size_t n = 0;
    if (p.size == 0 || memchr(p.data, '\n', p.size))
        return false;
    for (size_t i = 0; i + 1 < p.size; i++)
        n += p.data[i] == '\r';
    return n > 0;
}

/* ---- anything else that is no text ---- */

/* A tenth of the bytes are zero. */
static bool has_many_zeros(struct probe p)
{
    size_t zeros = 0;
    for (size_t i = 0; p.controls > 0 && i < p.size; i++)
        zeros += p.data[i] == 0;
    return zeros >= 32 && zeros * 10 >= p.size;
}

/* 3 % of the bytes are 2 to 7 or 16 to 25. In random bytes there are twice as many; in text they do
 * not occur, while others serve as separators (1, 28 to 31) or end a file (26). */
static bool has_many_controls(struct probe p)
{
    size_t n = 0;
    for (size_t i = 0; p.controls > 0 && i < p.size; i++)
        n += (p.data[i] >= 2 && p.data[i] <= 7) || (p.data[i] >= 16 && p.data[i] <= 25);
    return n >= 64 && n * 100 >= p.size * 3;
}

static bool is_text_with_zeros(struct probe p)
{
    size_t others = 0;
    for (size_t i = 0; i < p.size; i++)
        others += p.data[i] != 0 && probe_is_control(p.data[i]);
    return has_many_zeros(p) && others * 100 < p.size;
}

/* The header of a zlib stream, "x" and one of four letters, is too short to be certain. */
static bool is_zlib(struct probe p)
{
    return p.size > 2 && memchr("\x01\x5e\x9c\xda", p.data[1], 4) && has_many_controls(p);
}

/* ---- what there is ---- */

#define COMPRESSED(by)  by "-compressed data", "decompress it with '" by " -dc FILE'", false
#define UNPACK(command) "extract the file in it with '" command "'"
#define TO_TEXT         "convert it to text with 'pandoc -t plain FILE'"
#define SAVE            "write the vectors with save_word2vec_format"
#define EXPORT          "export it as text with the program that wrote it"
#define RECODE(from)    "convert it with 'iconv -f " from " -t UTF-8 FILE'"

enum kind {
    GZIP,
    BZIP2,
    XZ,
    LZMA,
    ZSTD,
    LZ4,
    LZIP,
    LZOP,
    COMPRESS,
    ZLIB,
    SNAPPY,
    NPZ,
    PYTORCH,
    EPUB,
    OPENDOCUMENT,
    OFFICE,
    ZIP,
    SEVEN_ZIP,
    RAR,
    DEB,
    AR,
    TAR,
    PDF,
    RTF,
    LFS,
    HTML,
    XML,
    JSON,
    TEXT_VECTORS,
    CARRIAGE_RETURNS,
    GENSIM,
    PICKLE,
    FASTTEXT,
    WORD2VEC,
    NPY,
    HDF5,
    PARQUET,
    ARROW,
    SQLITE,
    SAFETENSORS,
    GGUF,
    EXECUTABLE,
    PICTURE,
    UTF32,
    UTF32LE,
    UTF32BE,
    UTF16,
    UTF16LE,
    UTF16BE,
    ZEROS,
    BINARY,
};

static const struct content contents[] = {
    [GZIP] = {COMPRESSED("gzip")},
    [BZIP2] = {COMPRESSED("bzip2")},
    [XZ] = {COMPRESSED("xz")},
    [LZMA] = {"lzma-compressed data", "decompress it with 'xz --format=lzma -dc FILE'", false},
    [ZSTD] = {COMPRESSED("zstd")},
    [LZ4] = {COMPRESSED("lz4")},
    [LZIP] = {COMPRESSED("lzip")},
    [LZOP] = {COMPRESSED("lzop")},
    [COMPRESS] = {"compress-compressed data (.Z)", "decompress it with 'gzip -dc FILE'", false},
    [ZLIB] = {"zlib-compressed data", "decompress it with 'pigz -dc FILE'", false},
    [SNAPPY] = {"snappy-compressed data", "decompress it with 'snzip -dc FILE'", false},

    [NPZ] = {"a NumPy .npz archive", UNPACK("unzip FILE"), false},
    [PYTORCH] = {"a PyTorch file", "in Python, write the vectors as text", false},
    [EPUB] = {"an EPUB book", TO_TEXT, false},
    [OPENDOCUMENT] = {"an OpenDocument file", TO_TEXT, false},
    [OFFICE] = {"an Office document", TO_TEXT, false},
    [ZIP] = {"a ZIP archive", UNPACK("unzip -p FILE"), false},
    [SEVEN_ZIP] = {"a 7z archive", UNPACK("7z x -so FILE"), false},
    [RAR] = {"a RAR archive", UNPACK("unrar p -inul FILE"), false},
    [DEB] = {"a Debian package", UNPACK("dpkg -x FILE DIRECTORY"), false},
    [AR] = {"an ar archive", UNPACK("ar p FILE"), false},
    [TAR] = {"a tar archive", UNPACK("tar -xOf FILE"), false},

    [PDF] = {"a PDF document", "convert it to text with 'pdftotext FILE -'", false},
    [RTF] = {"an RTF document", TO_TEXT, false},
    [LFS] = {"a Git LFS pointer instead of the file", "fetch the file with 'git lfs pull'", false},
    [HTML] = {"an HTML page", "if it was a download, check its address", true},
    [XML] = {"XML", "extract its text first", true},
    [JSON] = {"JSON", "extract its text first, for example with jq", true},
    [TEXT_VECTORS] = {"word vectors as text", "read them with sgns-convert", true},
    [CARRIAGE_RETURNS] = {"text without newlines, with carriage returns",
                          "convert it with tr '\\r' '\\n'", true},

    [GENSIM] = {"a file of gensim", "load it in Python and " SAVE, false},
    [PICKLE] = {"a Python pickle", "load it in Python and " SAVE, false},
    [FASTTEXT] = {"a fastText model",
                  "use its .vec file, or gensim's load_facebook_vectors and " SAVE, false},
    [WORD2VEC] = {"vectors in word2vec's binary format", "read them with sgns-convert", false},
    [NPY] = {"a NumPy array", "read vectors with sgns-convert", false},
    [HDF5] = {"an HDF5 file", EXPORT, false},
    [PARQUET] = {"a Parquet file", EXPORT, false},
    [ARROW] = {"an Arrow file", EXPORT, false},
    [SQLITE] = {"an SQLite database", EXPORT, false},
    [SAFETENSORS] = {"a safetensors file", EXPORT, false},
    [GGUF] = {"a GGUF model", EXPORT, false},

    [EXECUTABLE] = {"an executable program", NULL, false},
    [PICTURE] = {"a picture", NULL, false},

    [UTF32] = {"text in UTF-32", RECODE("UTF-32"), false},
    [UTF32LE] = {"text in UTF-32", RECODE("UTF-32LE"), false},
    [UTF32BE] = {"text in UTF-32", RECODE("UTF-32BE"), false},
    [UTF16] = {"text in UTF-16", RECODE("UTF-16"), false},
    [UTF16LE] = {"text in UTF-16", RECODE("UTF-16LE"), false},
    [UTF16BE] = {"text in UTF-16", RECODE("UTF-16BE"), false},
    [ZEROS] = {"binary data", "if it is text with zero bytes, remove them with tr -d '\\000'",
               false},
    [BINARY] = {"binary data", NULL, false},
};

/* An input is of this kind if it has these bytes at this offset, and `text` within so many bytes,
 * and meets the test. Absent conditions are met. */
struct signature {
    enum kind kind;
    size_t offset;
    const char *bytes;
    size_t size;
    const char *text;
    size_t within;
    bool (*test)(struct probe p);
};

#define BYTES(literal)       .bytes = literal, .size = sizeof literal - 1
#define WITH(literal, limit) .text = literal, .within = limit

/* The first that matches counts: special cases come before general ones. */
static const struct signature signatures[] = {
    {GZIP, BYTES("\x1f\x8b\x08")},
    {BZIP2, .offset = 4, BYTES("1AY&SY"), WITH("BZh", 3), .test = has_control},
    {BZIP2, .offset = 4, BYTES("\x17rE8P\x90"), WITH("BZh", 3)},
    {XZ, BYTES("\3757zXZ\0")},
    {LZMA, .test = is_lzma},
    {ZSTD, BYTES("\x28\xb5\x2f\xfd")},
    {ZSTD, .offset = 1, BYTES("\x2a\x4d\x18")},
    {LZ4, BYTES("\x04\x22\x4d\x18")},
    {LZ4, BYTES("\x02\x21\x4c\x18")},
    {LZIP, BYTES("LZIP\1")},
    {LZOP, BYTES("\x89LZO\0\r\n\x1a\n")},
    {COMPRESS, BYTES("\x1f\x9d"), .test = is_compress},
    {SNAPPY, BYTES("\xff\x06\0\0sNaPpY")},

    {NPZ, BYTES("PK\3\4"), WITH(".npy", 128)},
    {PYTORCH, BYTES("PK\3\4"), WITH("/data.pkl", 128)},
    {EPUB, BYTES("PK\3\4"), WITH("application/epub", 128)},
    {OPENDOCUMENT, BYTES("PK\3\4"), WITH("application/vnd.oasis", 128)},
    {OFFICE, BYTES("PK\3\4"), WITH("[Content_Types].xml", 128)},
    {ZIP, BYTES("PK\3\4")},
    {ZIP, BYTES("PK\5\6")},
    {SEVEN_ZIP, BYTES("7z\xbc\xaf\x27\x1c")},
    {RAR, BYTES("Rar!\x1a\7")},
    {DEB, BYTES("!<arch>\ndebian-binary")},
    {AR, BYTES("!<arch>\n"), WITH("`\n", 70)},
    {TAR, .test = is_tar},

    {PDF, BYTES("%PDF-")},
    {RTF, BYTES("{\\rtf")},
    {OFFICE, BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")},
    {LFS, BYTES("version https://git-lfs.github.com/spec/")},
    {HTML, .test = is_html},
    {XML, .test = is_xml},
    {JSON, .test = is_json},
    {TEXT_VECTORS, .test = is_text_vectors},

    {GENSIM, BYTES("\x80"), WITH("gensim.", CONTENT_PROBE), .test = is_pickle},
    {PYTORCH, BYTES("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")},
    {PICKLE, BYTES("\x80"), .test = is_pickle},
    {PICKLE, BYTES("(dp"), .test = is_old_pickle},
    {PICKLE, BYTES("(lp"), .test = is_old_pickle},
    {PICKLE, BYTES("ccopy_reg\n_reconstructor\n")},
    {FASTTEXT, BYTES("\xba\x16\x4f\x2f")},
    {WORD2VEC, .test = is_word2vec_binary},
    {NPY, BYTES("\x93NUMPY"), .test = has_control},
    {HDF5, BYTES("\x89HDF\r\n\x1a\n")},
    {PARQUET, BYTES("PAR1"), .test = has_control},
    {ARROW, BYTES("ARROW1\0")},
    {ARROW, BYTES("\xff\xff\xff\xff"), .test = has_control},
    {ARROW, BYTES("FEA1"), .test = has_control},
    {SQLITE, BYTES("SQLite format 3\0")},
    {SAFETENSORS, .test = is_safetensors},
    {GGUF, BYTES("GGUF"), .test = has_control},

    {EXECUTABLE, BYTES("\177ELF"), .test = has_control},
    {EXECUTABLE, BYTES("MZ"), .test = is_pe},
    {EXECUTABLE, BYTES("\xfe\xed\xfa\xce"), .test = has_control},
    {EXECUTABLE, BYTES("\xfe\xed\xfa\xcf"), .test = has_control},
    {EXECUTABLE, BYTES("\xce\xfa\xed\xfe"), .test = has_control},
    {EXECUTABLE, BYTES("\xcf\xfa\xed\xfe"), .test = has_control},
    {EXECUTABLE, BYTES("\xca\xfe\xba\xbe"), .test = has_control},
    {EXECUTABLE, BYTES("\0asm")},
    {PICTURE, BYTES("\x89PNG\r\n\x1a\n")},
    {PICTURE, BYTES("\xff\xd8\xff"), .test = has_control},
    {PICTURE, BYTES("GIF8"), .test = has_control},

    {UTF32, BYTES("\xff\xfe\0\0")},
    {UTF32, BYTES("\0\0\xfe\xff")},
    {UTF32LE, .test = wide_text_is_utf32le},
    {UTF32BE, .test = wide_text_is_utf32be},
    {UTF16, .test = wide_text_is_marked_utf16},
    {UTF16LE, .test = wide_text_is_utf16le},
    {UTF16BE, .test = wide_text_is_utf16be},
    {ZLIB, BYTES("x"), .test = is_zlib},
    {ZEROS, .test = is_text_with_zeros},
    {BINARY, .test = has_many_zeros},
    {BINARY, .test = has_many_controls},
    {CARRIAGE_RETURNS, .test = has_carriage_returns},
};

static bool matches(const struct signature *s, struct probe p)
{
    return (!s->bytes || probe_starts_with(p, s->offset, s->bytes, s->size)) &&
           (!s->text || contains(p, s->text, s->within)) && (!s->test || s->test(p));
}

const struct content *content_recognise(const void *data, size_t size)
{
    struct probe p = probe(data, size);
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (matches(&signatures[i], p))
            return &contents[signatures[i].kind];
    return NULL;
}

bool content_is_vectors(const struct content *content)
{
    return content == &contents[TEXT_VECTORS] || content == &contents[WORD2VEC] ||
           content == &contents[NPY];
}

int content_refuse(const struct content *content, const char *name, const char *expected,
                   struct error *err)
{
    return error_set(err, STATUS_INPUT, "%s: byte 0: %s, expected %s%s%s", name, content->name,
                     expected, content->advice ? "; " : "", content->advice ? content->advice : "");
}
