/* SPDX-License-Identifier: MIT */
/* The library when a system call fails: memory, read, write, seek, thread, or a zstd context. For
 * each operation below the first such call is made to fail, then the second, and so on to the last,
 * once alone and once together with all later ones. The operation must fail with status 1 and free
 * all memory.
 *
 * The linker redirects the calls to this file (--wrap). */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>
#include <zstd.h>

#include "base/memory.h"
#include "formats/formats.h"
#include "oracle.h"
#include "search/case_folding.h"
#include "search/spelling.h"
#include "search/testset.h"
#include "stream/batches.h"
#include "stream/counts.h"
#include "tap.h"
#include "text/encode.h"
#include "text/vocab_file.h"
#include "train/checkpoint.h"
#include "train/trained_vectors.h"
#include "train/trainer_cpu.h"

/* ---- calls that fail ---- */

static atomic_long calls_left; /* the call that fails, counted down; 0 and below: none fails */
static atomic_bool hit, for_good;
static atomic_long blocks; /* of memory, and zstd contexts, that are not freed */

static bool fails(void)
{
    if (atomic_fetch_sub(&calls_left, 1) == 1)
        atomic_store(&hit, true);
    else if (!atomic_load(&hit) || !atomic_load(&for_good))
        return false;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
off_t __real_lseek(int fd, off_t offset, int whence);
off_t __wrap_lseek(int fd, off_t offset, int whence);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *data);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
size_t __real_ZSTD_freeDCtx(ZSTD_DCtx *context);
size_t __wrap_ZSTD_freeDCtx(ZSTD_DCtx *context);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
size_t __real_ZSTD_freeCCtx(ZSTD_CCtx *context);
size_t __wrap_ZSTD_freeCCtx(ZSTD_CCtx *context);

static void *counted(void *block)
{
    atomic_fetch_add(&blocks, block != NULL);
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    int result = __real_posix_memalign(memory, alignment, size);
    atomic_fetch_add(&blocks, result == 0);
    return result;
}

void __wrap_free(void *memory)
{
    atomic_fetch_sub(&blocks, memory != NULL);
    __real_free(memory);
}

static int failed_with(int number)
{
    errno = number;
    return -1;
}

/* Reads and writes that do not fail are interrupted every fourth time, and always partial. */
static atomic_uint transfers;

static bool interrupts(void)
{
    return atomic_fetch_add(&transfers, 1) % 4 == 2;
}

/* Whether reads from a temporary file return its content, less or something else. */
static enum { WHOLE, CUT, CHANGED } temporary;
static int text_file;

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (fails())
        return failed_with(EIO);
    if (interrupts())
        return failed_with(EINTR);
    if (temporary == CUT && fd != text_file)
        return 0;
    ssize_t n = __real_read(fd, to, size > 100 ? 100 : size);
    if (temporary == CHANGED && fd != text_file && size != sizeof(struct token_chunk))
        memset(to, 0x5a, (size_t)n);
    return n;
}

ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    if (fd == STDOUT_FILENO)
        return __real_write(fd, from, size);
    if (fails())
        return failed_with(ENOSPC);
    return interrupts() ? failed_with(EINTR) : __real_write(fd, from, size > 100 ? 100 : size);
}

off_t __wrap_lseek(int fd, off_t offset, int whence)
{
    return fails() ? failed_with(ESPIPE) : __real_lseek(fd, offset, whence);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *data)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, function, data);
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return fails() ? NULL : counted(__real_ZSTD_createDCtx());
}

size_t __wrap_ZSTD_freeDCtx(ZSTD_DCtx *context)
{
    atomic_fetch_sub(&blocks, context != NULL);
    return __real_ZSTD_freeDCtx(context);
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    return fails() ? NULL : counted(__real_ZSTD_createCCtx());
}

size_t __wrap_ZSTD_freeCCtx(ZSTD_CCtx *context)
{
    atomic_fetch_sub(&blocks, context != NULL);
    return __real_ZSTD_freeCCtx(context);
}

/* ---- trying an operation ---- */

struct tried {
    int calls, succeeded, other_status, leaks;
};

static void try_all(int (*operation)(struct error *err), bool all_later, struct tried *tried)
{
    for (long call = 1;; call++) {
        struct error err = {.status = STATUS_OK};
        long before = atomic_load(&blocks);
        atomic_store(&transfers, 0);
        atomic_store(&hit, false);
        atomic_store(&for_good, all_later);
        atomic_store(&calls_left, call);
        int result = operation(&err);
        atomic_store(&calls_left, 0);
        bool was_hit = atomic_exchange(&hit, false);
        tried->leaks += atomic_load(&blocks) != before;
        if (!was_hit) {
            require(result == 0, &err);
            return;
        }
        tried->calls++;
        tried->succeeded += result == 0;
        tried->other_status += result < 0 && err.status != STATUS_FAILED;
        if (result < 0 && err.status != STATUS_FAILED)
            printf("# call %ld: status %d: %s\n", call, (int)err.status, err.text);
    }
}

/* `optional` of the calls are not needed: if only one of these fails, the operation succeeds. */
static void test_with_optional(const char *name, int (*operation)(struct error *err), int optional)
{
    struct tried tried = {0};
    try_all(operation, false, &tried);
    try_all(operation, true, &tried);
    tap_check(tried.succeeded == optional && tried.other_status == 0,
              "%s: %d of %d failing calls give status 1", name, tried.calls - tried.succeeded,
              tried.calls);
    tap_check(tried.leaks == 0, "%s: all memory is freed after each of them", name);
}

static void test(const char *name, int (*operation)(struct error *err))
{
    test_with_optional(name, operation, 0);
}

/* ---- what the operations work on ---- */

static const char text[] = "a b c a d\nb a\n\n<unk> c d a b e\nx y\nx y\nof long-winded-words too";

static const struct batches_shape shape = {2, 1, 3};
static const struct trainer_config config = {
    .words = 5, .dim = 2, .threads = 1, .lr = 0.01, .batch_size = 2, .examples = 3, .steps = 2};

static struct header header;
static int streams[STREAM_COUNTS + 1], checkpoint_file, null_file;
static int vectors_text, vectors_binary, pairs, analogies, vocab_text; /* other programs' files */
static struct trainer *trainer;

static int new_file(void)
{
    int fd = memfd_create("file", 0);
    struct error err;
    require(fd >= 0 || error_system(&err, "no file in memory") == 0, &err);
    return fd;
}

static int rewound(int fd)
{
    __real_lseek(fd, 0, SEEK_SET);
    return fd;
}

/* The file for operations that write, emptied. */
static int emptied(void)
{
    if (ftruncate(null_file, 0) < 0)
        abort();
    return rewound(null_file);
}

static void make_head(void)
{
    static const char *const words[] = {UNKNOWN_WORD, "a", "b", "c", "d"};
    struct error err;
    for (int i = 0; i < 5; i++)
        require(vocab_append(&header.vocab, words[i], strlen(words[i]), 10, &err) == 0, &err);
    require(header_add_provenance(&header, "maker\0001.0", 10, &err) == 0, &err);
}

/* ---- operations: each frees all that it allocates ---- */

static int write_corpus_to(int fd, struct error *err)
{
    struct corpus_writer out;
    int result = corpus_writer_open(&out, fd, "out", &header, err);
    if (result < 0)
        return -1;
    for (uint32_t i = 0; i < 20 && result == 0; i++)
        result = corpus_write(&out, i % 5 == 4 ? SENTENCE_END : i % 5, err);
    if (result == 0)
        result = corpus_writer_finish(&out, err);
    corpus_writer_close(&out);
    return result;
}

/* Examples of one context and one noise word each. */
static int write_minibatch(struct batches_writer *out, struct stream_frame *frame, uint32_t n,
                           struct error *err)
{
    const struct batches_totals totals = {n, n, n};
    stream_frame_clear(frame);
    uint8_t *record = stream_frame_reserve(frame, 16 + 14 * n, err);
    if (!record)
        return -1;
    const uint32_t fields[4] = {n, 0, n, n};
    for (int i = 0; i < 4; i++)
        bytes_store_u32(record + 4 * i, fields[i]);
    for (uint32_t i = 0; i < 2 * n; i++)
        bytes_store_u32(record + 16 + 4 * i, 1);
    for (uint32_t i = 0; i < 3 * n; i++)
        bytes_store_u16(record + 16 + 8 * n + 2 * i, 1 + i % 4);
    return stream_frame_add(frame, RECORD_EXAMPLES, 16 + 14 * n, err) < 0 ||
                   stream_frame_pack(frame, err) < 0 || batches_write(out, frame, &totals, err) < 0
               ? -1
               : 0;
}

static int write_batches_to(int fd, struct error *err)
{
    struct batches_writer out;
    struct stream_frame frame;
    if (stream_frame_init(&frame, STREAM_BATCHES, err) < 0)
        return -1;
    int result = batches_writer_open(&out, fd, "out", &header, &shape, err);
    if (result == 0) {
        if (write_minibatch(&out, &frame, 2, err) < 0 || write_minibatch(&out, &frame, 1, err) < 0)
            result = -1;
        else
            result = batches_writer_finish(&out, err);
        batches_writer_close(&out);
    }
    stream_frame_release(&frame);
    return result;
}

static int write_vectors_to(int fd, struct error *err)
{
    return trained_vectors_write(trainer, WEIGHTS_CENTRE, &config, &shape, &header, fd, "out", NULL,
                                 err);
}

static struct checkpoint_run run(void)
{
    return (struct checkpoint_run){.model = config, .shape = shape, .header_hash = 1};
}

static int write_checkpoint_to(int fd, struct error *err)
{
    struct checkpoint c = {0};
    const struct checkpoint_run of = run();
    const struct train_progress progress = {.steps = 1, .examples = 2, .epoch_examples = 2};
    int result = checkpoint_copy(&c, trainer, &of, &progress, err);
    if (result == 0)
        result = checkpoint_write(&c, fd, "out", &header, err);
    checkpoint_release(&c);
    return result;
}

static int write_counts_to(int fd, struct error *err)
{
    const struct corpus_totals totals = {3, 50};
    return counts_write(fd, "out", &header, &totals, err);
}

static int write_corpus(struct error *err)
{
    return write_corpus_to(emptied(), err);
}

static int write_batches(struct error *err)
{
    return write_batches_to(emptied(), err);
}

static int write_vectors(struct error *err)
{
    return write_vectors_to(emptied(), err);
}

static int write_contexts(struct error *err)
{
    return trained_vectors_write(trainer, WEIGHTS_CONTEXT, &config, &shape, &header, emptied(),
                                 "out", NULL, err);
}

static int write_checkpoint(struct error *err)
{
    return write_checkpoint_to(emptied(), err);
}

static int write_counts(struct error *err)
{
    return write_counts_to(emptied(), err);
}

static int read_corpus(struct error *err)
{
    struct corpus_reader in;
    size_t count;
    int got;
    if (corpus_reader_open(&in, rewound(streams[STREAM_CORPUS]), "in", err) < 0)
        return -1;
    while ((got = corpus_read(&in, &count, err)) > 0)
        ;
    corpus_reader_close(&in);
    return got;
}

static int read_batches(struct error *err)
{
    struct batches_reader in;
    struct minibatch batch = {0};
    int got;
    if (batches_reader_open(&in, rewound(streams[STREAM_BATCHES]), "in", err) < 0)
        return -1;
    while ((got = batches_read(&in, &batch, err)) > 0)
        ;
    minibatch_release(&batch);
    batches_reader_close(&in);
    return got;
}

static int read_ahead(struct error *err)
{
    struct record record;
    int got;
    struct stream_reader *in =
        stream_reader_open(rewound(streams[STREAM_BATCHES]), "in", STREAM_ANY, err);
    if (!in)
        return -1;
    got = stream_read_ahead(in, err);
    if (got == 0)
        while ((got = stream_read(in, &record, err)) > 0)
            ;
    stream_reader_close(in);
    return got;
}

static int read_vectors(struct error *err)
{
    struct vectors_reader in;
    if (vectors_reader_open(&in, rewound(streams[STREAM_VECTORS]), "in", err) < 0)
        return -1;
    float *rows = vectors_read_all(&in, err);
    int result = rows ? 0 : -1;
    free(rows);
    vectors_reader_close(&in);
    return result;
}

static int read_checkpoint(struct error *err)
{
    const struct checkpoint_run of = run();
    struct train_progress progress;
    struct header of_checkpoint = {0};
    int result = checkpoint_read(rewound(checkpoint_file), "in", &of, trainer, &progress,
                                 &of_checkpoint, NULL, err);
    header_release(&of_checkpoint);
    return result;
}

static int read_counts(struct error *err)
{
    struct header from = {0};
    struct word_counter counter;
    struct corpus_totals totals;
    struct vocab cut = {0};
    uint32_t id[5];
    struct stream_reader *in =
        stream_reader_open(rewound(streams[STREAM_COUNTS]), "in", STREAM_COUNTS, err);
    if (!in)
        return -1;
    int result = counts_read(in, &from, &totals, err);
    if (result == 0 && (result = word_counter_init(&counter, err)) == 0) {
        result = word_counter_merge(&counter, "in", &from.vocab, &totals, err);
        word_counter_release(&counter);
    }
    if (result == 0)
        result = vocab_select(&cut, &from.vocab.words, from.vocab.count, 0, 1, 4, id, err);
    vocab_release(&cut);
    header_release(&from);
    stream_reader_close(in);
    return result;
}

static int make_model(struct error *err)
{
    struct trainer *own = trainer_cpu_create(&config, err);
    if (own)
        own->methods->destroy(own);
    return own ? 0 : -1;
}

/* Counts the text and encodes it, with at most `memory` bytes of it in memory. */
static int encode(unsigned threads, uint64_t memory, struct error *err)
{
    struct text_reader in;
    struct text_counter c;
    struct header own = {0};
    struct corpus_writer out;
    const struct text_options options = {.threads = threads};
    if (text_reader_init(&in, rewound(text_file), "in", 16, err) < 0)
        return -1;
    int result = text_counter_run(&c, &in, &options, &memory, err);
    text_reader_release(&in);
    if (result < 0)
        return -1;
    const struct vocab *v = &c.whole.counted;
    uint32_t *id = memory_new(v->words.count, sizeof *id, err);
    result = id ? vocab_select(&own.vocab, &v->words, v->count, 0, 1, 99, id, err) : -1;
    if (result == 0 && (result = corpus_writer_open(&out, emptied(), "out", &own, err)) == 0) {
        result = encode_counted(&c, id, &out, NULL, err);
        if (result == 0)
            result = corpus_writer_finish(&out, err);
        corpus_writer_close(&out);
    }
    free(id);
    header_release(&own);
    text_counter_release(&c);
    return result;
}

static int encode_in_memory(struct error *err)
{
    return encode(1, 1 << 20, err);
}

static int encode_through_a_file(struct error *err)
{
    return encode(1, 20, err);
}

static int encode_on_threads(struct error *err)
{
    return encode(2, 1 << 20, err);
}

static int encode_with_given(struct error *err)
{
    struct text_reader in;
    struct corpus_writer out;
    const struct text_options options = {.threads = 1};
    uint64_t bad_words;
    struct word_index *index = word_index_new(&header.vocab.words, err);
    int result = index ? text_reader_init(&in, rewound(text_file), "in", 16, err) : -1;
    if (result == 0) {
        result = corpus_writer_open(&out, emptied(), "out", &header, err);
        if (result == 0) {
            result = encode_text(&in, &options, index, &out, &bad_words, err);
            if (result == 0)
                result = corpus_writer_finish(&out, err);
            corpus_writer_close(&out);
        }
        text_reader_release(&in);
    }
    word_index_free(index);
    return result;
}

static int spell(struct error *err)
{
    uint32_t suggestion[SPELLING_SUGGESTIONS];
    return spelling_closest(&header.vocab, "aa", 2, suggestion, err) < 0 ? -1 : 0;
}

static int import(const char *format, int fd, struct error *err)
{
    struct input in = input_from(rewound(fd), "in");
    struct import to = {.dim = 0};
    int result = format_find(format)->import(&in, NULL, &to, err);
    import_release(&to);
    input_release(&in);
    return result;
}

static int read_vocab_text(struct error *err)
{
    struct input in = input_from(rewound(vocab_text), "in");
    struct vocab_file file = {.counted = false};
    int result = vocab_file_read(&file, &in, err);
    vocab_release(&file.vocab);
    input_release(&in);
    return result;
}

static int import_text(struct error *err)
{
    return import("word2vec", vectors_text, err);
}

static int import_binary(struct error *err)
{
    return import("word2vec-bin", vectors_binary, err);
}

static int read_testset(int fd, bool case_matters, struct error *err)
{
    struct case_folding words;
    struct testset set = {.items = 0};
    const struct words *known = &header.vocab.words;
    if (case_folding_init(&words, known, known->count, case_matters, err) < 0)
        return -1;
    int result = testset_read(&set, rewound(fd), "in", &words, err);
    testset_release(&set);
    case_folding_release(&words);
    return result;
}

static int read_pairs(struct error *err)
{
    return read_testset(pairs, true, err);
}

static int read_analogies(struct error *err)
{
    return read_testset(analogies, false, err);
}

/* A temporary file whose content differs from what was written to it. */
static void test_damage(void)
{
    struct error err;
    long before = atomic_load(&blocks);
    temporary = CUT;
    bool refused = encode_through_a_file(&err) < 0 && err.status == STATUS_FAILED;
    tap_check(refused, "a truncated temporary file gives status 1");
    temporary = CHANGED;
    refused = encode_through_a_file(&err) < 0 && err.status == STATUS_FAILED;
    tap_check(refused, "a temporary file with damaged content gives status 1");
    temporary = WHOLE;
    tap_check(atomic_load(&blocks) == before,
              "truncated, damaged temporary files: memory is freed");
}

static int file_of(const char *content, size_t size)
{
    int fd = new_file();
    struct error err;
    ssize_t n = __real_write(fd, content, size);
    require(n == (ssize_t)size || error_system(&err, "no file") == 0, &err);
    return fd;
}

/* Vectors of dimension 1 in word2vec's binary format; returns their size in bytes. Reads of 100
 * bytes end after a row, within a word and within a number; the last row has no newline. */
static size_t make_binary(char *to)
{
    static const int length[] = {91, 120, 73, 1};
    char *at = to + sprintf(to, "4 1\n");
    for (int i = 0; i < 4; i++) {
        memset(at, 'a' + i, (size_t)length[i]);
        at += length[i];
        memcpy(at, " \0\0\x80\x3f", 5);
        at += 5;
    }
    return (size_t)(at - to);
}

/* Files of other programs, which are not sgns streams. */
static void make_other_files(void)
{
    static const char as_text[] = "2 3\na 1 2 3\nlong-winded 0.5 -1e-3 7\n";
    char as_binary[400];
    static const char of_pairs[] = "# pairs\na\tb\t1.5\nc\tunknown\t2\na\tunknown\t3\n";
    static const char of_vocab[] = "\xef\xbb\xbf</s> 9\nb 3\n<unk> 2\na 4\n";
    static const char of_analogies[] = ": one\nA b c d\na b c nowhere\n: two\nd c b Somewhere\n";
    text_file = file_of(text, strlen(text));
    vectors_text = file_of(as_text, sizeof as_text - 1);
    vectors_binary = file_of(as_binary, make_binary(as_binary));
    vocab_text = file_of(of_vocab, sizeof of_vocab - 1);
    pairs = file_of(of_pairs, sizeof of_pairs - 1);
    analogies = file_of(of_analogies, sizeof of_analogies - 1);
}

static void make_files(void)
{
    struct error err;
    for (int kind = STREAM_CORPUS; kind <= STREAM_COUNTS; kind++)
        streams[kind] = new_file();
    checkpoint_file = new_file();
    null_file = new_file();
    require(write_corpus_to(streams[STREAM_CORPUS], &err) == 0, &err);
    require(write_batches_to(streams[STREAM_BATCHES], &err) == 0, &err);
    require(write_vectors_to(streams[STREAM_VECTORS], &err) == 0, &err);
    require(write_counts_to(streams[STREAM_COUNTS], &err) == 0, &err);
    require(write_checkpoint_to(checkpoint_file, &err) == 0, &err);
}

int main(void)
{
    struct error err;
    make_head();
    trainer = trainer_cpu_create(&config, &err);
    require(trainer, &err);
    make_files();
    make_other_files();
    test("writing a corpus", write_corpus);
    test("writing batches", write_batches);
    test("writing vectors", write_vectors);
    test("writing context vectors", write_contexts);
    test("capturing and writing a checkpoint", write_checkpoint);
    test("writing counts", write_counts);
    test("reading a corpus", read_corpus);
    test("reading batches", read_batches);
    test_with_optional("reading ahead, where the thread is optional", read_ahead, 1);
    test("reading vectors", read_vectors);
    test("reading a checkpoint", read_checkpoint);
    test("reading, merging and pruning counts", read_counts);
    test("creating a model", make_model);
    test("counting and encoding a text", encode_in_memory);
    test("counting and encoding a text through a temporary file", encode_through_a_file);
    test("counting and encoding a text on two threads", encode_on_threads);
    test("encoding with a given vocabulary", encode_with_given);
    test("reading a vocabulary as text", read_vocab_text);
    test("finding words with a similar spelling", spell);
    test("reading word2vec's text format", import_text);
    test("reading word2vec's binary format", import_binary);
    test("reading word similarities", read_pairs);
    test("reading analogies", read_analogies);
    test_damage();
    trainer->methods->destroy(trainer);
    header_release(&header);
    return tap_end();
}
