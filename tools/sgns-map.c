/* SPDX-License-Identifier: MIT */
/* sgns-map -- reads vectors, places words on a plane so that similar words are close together. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/escape.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "formats/load.h"
#include "program/cli.h"
#include "program/progress.h"
#include "search/components.h"
#include "search/spelling.h"
#include "search/tsne.h"
#include "stream/recognise.h"

enum { TSNE_MAX = 50000 /* words: 10 GB of memory */ };
static const double DEFAULT_PERPLEXITY = 30;
static const char GROUP_MARK[] = "/"; /* the operand between two groups */

static struct {
    const char *method, *list;
    double perplexity;
    uint32_t iterations, top, skip, threads;
    uint64_t seed;
    bool skip_unknown;
} opt = {
    .method = "tsne", .perplexity = NAN, .iterations = 1000, .top = 500, .skip = 100, .seed = 1};

static const struct cli_option options[] = {
    {0, "method", OPTION_STRING, &opt.method, "NAME: tsne, or pca for principal components", 0, 0,
     false},
    {0, "words", OPTION_STRING, &opt.list,
     "FILE: place the words in FILE, one per line: WORD, or GROUP, a tab, and WORD", 0, 0, false},
    {0, "skip-unknown", OPTION_FLAG, &opt.skip_unknown, "skip words that are not in the vocabulary",
     0, 0, false},
    {0, "top", OPTION_U32, &opt.top, "N: without WORD and --words, place the N most frequent words",
     1, WORDS_MAX, false},
    {0, "skip", OPTION_U32, &opt.skip, "N: ... after skipping the N most frequent words of all", 0,
     WORDS_MAX, false},
    {0, "perplexity", OPTION_DOUBLE, &opt.perplexity,
     "P: number of neighbours that matter to a word [30, or less for fewer than 91 words]", 1,
     TSNE_MAX, false},
    {0, "iterations", OPTION_U32, &opt.iterations, "N: iterations of t-SNE", 1, 1000000, false},
    {'s', "seed", OPTION_U64, &opt.seed, "N: random seed of t-SNE", 0, 0x1p64, false},
    {'t', "threads", OPTION_U32, &opt.threads, "N: threads to use; 0: one per processor", 0, 1024,
     false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-map",
    .operands = "VECTORS [WORD]...",
    .summary = "Place words on a plane so that words with similar vectors are close together.\n"
               "Print as TSV: word, x, y, and the word's group if there are groups. The operand\n"
               "'/' separates groups of words.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "sgns-map emb.bin monday tuesday / january april july > map.tsv",
};

static struct error err;

/* The words to place. */
struct selection {
    const char *source; /* name of the vectors, for messages */
    const struct vocab *vocab;
    struct word_index *index;
    bool *seen;      /* (words of the vocabulary) */
    uint32_t *id;    /* (count) */
    uint32_t *group; /* (count) index of the word's group */
    uint32_t count, unknown;
    size_t id_capacity, group_capacity;
    struct words groups; /* their names */
    struct word_index *group_index;
};

/* ---- selecting words ---- */

static void add_id(struct selection *s, uint32_t id, uint32_t group)
{
    if (s->seen[id])
        return;
    s->seen[id] = true;
    must(memory_reserve(&s->id, &s->id_capacity, s->count + 1, sizeof *s->id, &err), &err);
    must(memory_reserve(&s->group, &s->group_capacity, s->count + 1, sizeof *s->group, &err), &err);
    s->id[s->count] = id;
    s->group[s->count++] = group;
}

static void add_word(struct selection *s, const char *word, size_t length, uint32_t group)
{
    uint32_t id = word_index_find(s->index, word, length);
    if (id != NO_WORD)
        add_id(s, id, group);
    else if (opt.skip_unknown)
        s->unknown++;
    else
        must(spelling_unknown(s->vocab, s->source, word, length, &err), &err);
}

static uint32_t group_named(struct selection *s, const char *name, size_t length)
{
    uint32_t group = word_index_intern(s->group_index, name, length, &err);
    if (group == NO_WORD)
        cli_die(&err);
    return group;
}

/* Groups of operands are numbered from 1. */
static void add_operands(struct selection *s, char **operand)
{
    char name[16];
    uint32_t number = 1, group = group_named(s, "1", 1);
    for (; *operand; operand++) {
        if (strcmp(*operand, GROUP_MARK) == 0)
            group = group_named(s, name, (size_t)snprintf(name, sizeof name, "%u", ++number));
        else
            add_word(s, *operand, strlen(*operand), group);
    }
}

/* Lines without a group are in a group without a name. */
static void add_lines(struct selection *s, int fd, const char *name)
{
    struct input input = input_from(fd, name);
    const char *line;
    size_t length;
    must(stream_expect_text_in(&input, CONTENT_PROBE, &err), &err);
    while (must(input_text_line(&input, &line, &length, &err), &err) > 0) {
        const char *tab = memchr(line, '\t', length);
        size_t before = tab ? (size_t)(tab - line) : 0, start = tab ? before + 1 : 0;
        if (length > start)
            add_word(s, line + start, length - start, group_named(s, line, before));
    }
    input_release(&input);
    if (s->count == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no words%s", name,
                       s->unknown ? " of the vocabulary" : ""),
             &err);
}

static void add_frequent(struct selection *s)
{
    uint32_t group = group_named(s, "", 0), words = s->vocab->words.count;
    uint64_t id = (uint64_t)vocab_has_unknown(s->vocab) + opt.skip;
    if (id >= words)
        must(error_set(&err, STATUS_USAGE, "%s: --skip=%lu leaves none of its %lu words", s->source,
                       (unsigned long)opt.skip, (unsigned long)words),
             &err);
    for (; id < words && s->count < opt.top; id++)
        add_id(s, (uint32_t)id, group);
}

static void select_words(struct selection *s, char **operand, int list, const char *list_name)
{
    s->index = word_index_new((struct words *)&s->vocab->words, &err);
    s->group_index = s->index ? word_index_new(&s->groups, &err) : NULL;
    s->seen = s->group_index ? memory_new(s->vocab->words.count, sizeof *s->seen, &err) : NULL;
    if (!s->seen)
        cli_die(&err);
    if (list >= 0)
        add_lines(s, list, list_name);
    else if (*operand)
        add_operands(s, operand);
    else
        add_frequent(s);
    if (s->count == 0)
        must(error_set(&err, STATUS_UNKNOWN_WORD, "%s: none of the words is in the vocabulary",
                       s->source),
             &err);
    if (s->unknown > 0)
        cli_note("%lu unknown word%s skipped", (unsigned long)s->unknown, plural(s->unknown));
}

static void release_selection(struct selection *s)
{
    word_index_free(s->index);
    word_index_free(s->group_index);
    words_release(&s->groups);
    free(s->seen);
    free(s->id);
    free(s->group);
}

/* ---- placing them ---- */

static void show_iteration(void *data, uint32_t done)
{
    (void)data;
    progress_update(done, "iteration %lu of %lu", (unsigned long)done,
                    (unsigned long)opt.iterations);
}

/* The perplexity for n words; refuses one that they are too few for. */
static double choose_perplexity(uint32_t n)
{
    if (!cli_given("perplexity"))
        return fmax(1, fmin(DEFAULT_PERPLEXITY, (n - 1) / 3.0));
    if (opt.perplexity > n - 1)
        must(error_set(&err, STATUS_USAGE, "--perplexity=%g: at most %lu for %lu word%s",
                       opt.perplexity, (unsigned long)n - 1, (unsigned long)n, plural(n)),
             &err);
    return opt.perplexity;
}

static void check_count(const struct selection *s)
{
    if (strcmp(opt.method, "tsne") != 0)
        return;
    if (s->count > TSNE_MAX)
        must(error_set(&err, STATUS_USAGE, "%lu words: t-SNE places at most %d",
                       (unsigned long)s->count, TSNE_MAX),
             &err);
    opt.perplexity = choose_perplexity(s->count);
}

/* Fills map (count × 2) and reports how well it shows the vectors. */
static void place(const struct unit_rows *unit, float *map)
{
    double share[2], divergence = 0;
    must(components_project(unit, map, share, &err), &err);
    if (strcmp(opt.method, "pca") == 0) {
        cli_note("%lu word%s, %.1f %% of the variance", (unsigned long)unit->count,
                 plural(unit->count), 100 * (share[0] + share[1]));
        return;
    }
    progress_start(opt.iterations);
    struct tsne_config config = {.perplexity = opt.perplexity,
                                 .iterations = opt.iterations,
                                 .seed = opt.seed,
                                 .threads = cli_threads(opt.threads),
                                 .progress = show_iteration};
    if (unit->count > 2)
        must(tsne_place(unit, &config, map, &divergence, &err), &err);
    progress_end();
    cli_note("%lu word%s, perplexity %g, KL divergence %.4f", (unsigned long)unit->count,
             plural(unit->count), opt.perplexity, divergence);
}

static void print_number(FILE *file, float value)
{
    char text[DECIMAL_MAX];
    fputc('\t', file);
    fwrite(text, 1, decimal_print(value, text), file);
}

static void print_word(FILE *file, const struct words *words, uint32_t id, bool terminal)
{
    escape_print_if(file, words_text(words, id), words_length(words, id), terminal);
}

static void print_map(const struct selection *s, const float *map, const struct output *out)
{
    bool terminal = isatty(out->fd);
    progress_before_output(out->fd);
    for (uint32_t i = 0; i < s->count; i++) {
        print_word(out->text, &s->vocab->words, s->id[i], terminal);
        print_number(out->text, map[2 * i]);
        print_number(out->text, map[2 * i + 1]);
        if (s->groups.count > 1) {
            fputc('\t', out->text);
            print_word(out->text, &s->groups, s->group[i], terminal);
        }
        fputc('\n', out->text);
    }
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    if (!operand[0])
        cli_usage_error("expected VECTORS");
    if (opt.list && operand[1])
        cli_usage_error("%s: unexpected word with --words", operand[1]);
    if (strcmp(opt.method, "tsne") != 0 && strcmp(opt.method, "pca") != 0)
        cli_usage_error("--method=%s: expected tsne or pca", opt.method);
    if (opt.list && input_is_stdin(opt.list) && input_is_stdin(operand[0]))
        cli_usage_error("standard input can be read only once");
    const char *name, *list_name = NULL;
    int fd = cli_open_input(operand[0], &name, true);
    int list = opt.list ? cli_open_other_input(opt.list, &list_name, false) : -1;
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    must(output_text(&out, &err), &err);

    struct loaded_vectors in = {0};
    progress_start_input(fd);
    must(vectors_load(&in, fd, name, "sgns-map -", cli_note, progress_reading, &err), &err);
    progress_end();
    struct selection s = {.source = name, .vocab = &in.header.vocab};
    select_words(&s, operand + 1, list, list_name);
    check_count(&s);
    float *map = memory_new(s.count, 2 * sizeof *map, &err);
    struct unit_rows unit;
    if (!map || unit_rows_init(&unit, in.rows, in.dim, s.id, s.count, &err) < 0)
        cli_die(&err);
    place(&unit, map);
    print_map(&s, map, &out);
    must(output_commit(&out, &err), &err);

    free(map);
    unit_rows_release(&unit);
    release_selection(&s);
    loaded_vectors_release(&in);
    return STATUS_OK;
}
