/* SPDX-License-Identifier: MIT */
/* sgns-eval -- evaluates vectors against human judgements of words. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "formats/load.h"
#include "program/cli.h"
#include "program/progress.h"
#include "search/analogies.h"
#include "search/case_folding.h"
#include "search/correlation.h"
#include "search/cosine.h"
#include "search/testset.h"

static bool match_case, list_unknown, json;
static uint32_t restricted = 300000, threads;

static const struct cli_option options[] = {
    {0, "match-case", OPTION_FLAG, &match_case, "distinguish upper and lower case", 0, 0, false},
    {0, "restrict", OPTION_U32, &restricted, "N: use only the first N words; 0: all words", 0,
     WORDS_MAX, false},
    {'t', "threads", OPTION_U32, &threads, "N: threads to use; 0: one per processor", 0, 1024,
     false},
    {0, "unknown", OPTION_FLAG, &list_unknown, "print the unknown words instead of the results", 0,
     0, false},
    {'j', "json", OPTION_FLAG, &json, "print one JSON object per TESTSET", 0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-eval",
    .operands = "VECTORS TESTSET...",
    .summary = "Evaluate vectors on the word similarities or analogies in each TESTSET. Print\n"
               "as TSV: Spearman's and Pearson's correlation with human judgements for\n"
               "similarities, and the percentage solved for analogies.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "sgns-eval emb.bin wordsim353.txt questions-words.txt",
};

static struct error err;

/* A test set, opened before the vectors are read. */
struct file {
    int fd;
    const char *name;
};

struct evaluation {
    struct loaded_vectors in;
    uint32_t words; /* used, at most all */
    struct case_folding letter_case;
    struct output out;
};

/* ---- results ---- */

static void print_text(const struct evaluation *e, const char *text)
{
    escape_print(e->out.text, text, strlen(text));
}

/* Prints the first three columns of file, section, measure, score, correct, used, all. */
static void print_start(const struct evaluation *e, const char *name, const char *section,
                        const char *measure)
{
    progress_before_output(e->out.fd);
    print_text(e, name);
    fputc('\t', e->out.text);
    print_text(e, section);
    fprintf(e->out.text, "\t%s\t", measure);
}

static void print_correlation(const struct evaluation *e, const char *name, const char *measure,
                              double score, size_t used, size_t items)
{
    print_start(e, name, "total", measure);
    if (isnan(score))
        fputs("-", e->out.text);
    else
        fprintf(e->out.text, "%.4f", score);
    fprintf(e->out.text, "\t-\t%zu\t%zu\n", used, items);
}

static void print_unknown(const struct evaluation *e, const char *name, const struct testset *set)
{
    print_start(e, name, "total", "unknown");
    fprintf(e->out.text, "%lu\t-\t-\t-\n", (unsigned long)set->unknown.count);
}

/* Begins the JSON object of a test set. */
static void print_json_start(const struct evaluation *e, const char *name)
{
    progress_before_output(e->out.fd);
    fputs("{\"file\":", e->out.text);
    escape_print_json(e->out.text, name, strlen(name));
}

static void list_unknown_as_json(const struct evaluation *e, const char *name,
                                 const struct testset *set)
{
    print_json_start(e, name);
    fputs(",\"unknown_words\":[", e->out.text);
    for (uint32_t i = 0; i < set->unknown.count; i++) {
        fputs(i ? "," : "", e->out.text);
        escape_print_json(e->out.text, words_text(&set->unknown, i),
                          words_length(&set->unknown, i));
    }
    fputs("]}\n", e->out.text);
}

static void list_unknown_words(const struct evaluation *e, const char *name,
                               const struct testset *set)
{
    for (uint32_t i = 0; i < set->unknown.count; i++) {
        print_text(e, name);
        fputc('\t', e->out.text);
        escape_print_if(e->out.text, words_text(&set->unknown, i), words_length(&set->unknown, i),
                        isatty(e->out.fd));
        fputc('\n', e->out.text);
    }
}

/* ---- similarities ---- */

static void print_json_number(const struct evaluation *e, const char *key, double number)
{
    fprintf(e->out.text, isfinite(number) ? "\"%s\":%.6f" : "\"%s\":null", key, number);
}

static void print_pairs(const struct evaluation *e, const char *name, const struct testset *set,
                        double spearman, double pearson, size_t used)
{
    if (!json) {
        print_correlation(e, name, "spearman", spearman, used, set->items);
        print_correlation(e, name, "pearson", pearson, used, set->items);
        print_unknown(e, name, set);
        return;
    }
    print_json_start(e, name);
    fputs(",\"kind\":\"similarities\",", e->out.text);
    print_json_number(e, "spearman", spearman);
    fputc(',', e->out.text);
    print_json_number(e, "pearson", pearson);
    fprintf(e->out.text, ",\"used\":%zu,\"all\":%zu,\"unknown\":%lu}\n", used, set->items,
            (unsigned long)set->unknown.count);
}

static void evaluate_pairs(const struct evaluation *e, const char *name, const struct testset *set)
{
    double *rating = memory_new(set->items, sizeof *rating, &err);
    double *similarity = memory_new(set->items, sizeof *similarity, &err), rho;
    if (!rating || !similarity)
        cli_die(&err);
    size_t used = 0;
    for (size_t i = 0; i < set->items; i++) {
        const struct test_item *item = &set->item[i];
        if (!testset_known(set, item))
            continue;
        rating[used] = item->rating;
        similarity[used++] = cosine(e->in.rows + (size_t)item->word[0] * e->in.dim,
                                    e->in.rows + (size_t)item->word[1] * e->in.dim, e->in.dim);
    }
    must(correlation_spearman(rating, similarity, used, &rho, &err), &err);
    print_pairs(e, name, set, rho, correlation_pearson(rating, similarity, used), used);
    free(rating);
    free(similarity);
}

/* ---- analogies ---- */

/* The counts of a section, or of the whole test set. */
struct tally {
    size_t correct[ANALOGY_METHODS], used, items;
};

static const char *const measure[] = {[ANALOGY_ADD] = "3cosadd", [ANALOGY_MUL] = "3cosmul"};

/* NaN if no item was used. */
static double percent(const struct tally *tally, int method)
{
    return tally->used ? 100.0 * (double)tally->correct[method] / (double)tally->used : NAN;
}

static void print_tally(const struct evaluation *e, const char *name, const char *section,
                        const struct tally *tally)
{
    for (int i = 0; i < ANALOGY_METHODS; i++) {
        print_start(e, name, section, measure[i]);
        if (tally->used == 0)
            fputs("-", e->out.text);
        else
            fprintf(e->out.text, "%.2f", percent(tally, i));
        fprintf(e->out.text, "\t%zu\t%zu\t%zu\n", tally->correct[i], tally->used, tally->items);
    }
}

/* The members of a tally in a JSON object. */
static void print_json_tally(const struct evaluation *e, const struct tally *tally)
{
    for (int i = 0; i < ANALOGY_METHODS; i++) {
        fprintf(e->out.text, "\"%s\":{", measure[i]);
        print_json_number(e, "percent", percent(tally, i));
        fprintf(e->out.text, ",\"correct\":%zu},", tally->correct[i]);
    }
    fprintf(e->out.text, "\"used\":%zu,\"all\":%zu", tally->used, tally->items);
}

/* tally (sections + 1): of each section; the last is the total. */
static void print_analogies(const struct evaluation *e, const char *name, const struct testset *set,
                            const struct tally *tally)
{
    for (size_t i = 1; i < set->sections && !json; i++)
        print_tally(e, name, set->section[i], &tally[i]);
    if (!json) {
        print_tally(e, name, "total", &tally[set->sections]);
        print_unknown(e, name, set);
        return;
    }
    print_json_start(e, name);
    fputs(",\"kind\":\"analogies\",", e->out.text);
    print_json_tally(e, &tally[set->sections]);
    fprintf(e->out.text, ",\"unknown\":%lu,\"sections\":[", (unsigned long)set->unknown.count);
    for (size_t i = 1; i < set->sections; i++) {
        fputs(i > 1 ? ",{\"section\":" : "{\"section\":", e->out.text);
        escape_print_json(e->out.text, set->section[i], strlen(set->section[i]));
        fputc(',', e->out.text);
        print_json_tally(e, &tally[i]);
        fputc('}', e->out.text);
    }
    fputs("]}\n", e->out.text);
}

static void show_analogies(size_t done, size_t parts)
{
    progress_update((double)done / (double)parts, "analogies");
}

/* Solves the items whose words are all known, into analogy. */
static void solve_known(const struct evaluation *e, const struct testset *set,
                        struct analogy *analogy)
{
    size_t used = 0;
    for (size_t i = 0; i < set->items; i++)
        if (testset_known(set, &set->item[i]))
            memcpy(analogy[used++].word, set->item[i].word, sizeof analogy->word);
    progress_start(1);
    struct analogies_config config = {.rows = e->in.rows,
                                      .words = e->words,
                                      .dim = e->in.dim,
                                      .group = e->letter_case.group,
                                      .first = vectors_lack_unknown(&e->in.header),
                                      .threads = cli_threads(threads),
                                      .progress = show_analogies};
    must(analogies_solve(&config, analogy, used, &err), &err);
}

/* Any spelling of the expected word is correct, unless case matters. */
static bool is_correct(const struct evaluation *e, uint32_t answer, uint32_t expected)
{
    const uint32_t *group = e->letter_case.group;
    return answer != NO_WORD && group[answer] == group[expected];
}

static void add_item(const struct evaluation *e, struct tally *tally, const struct testset *set,
                     const struct test_item *item, const struct analogy *analogy)
{
    tally->items++;
    if (!testset_known(set, item))
        return;
    tally->used++;
    for (int i = 0; i < ANALOGY_METHODS; i++)
        tally->correct[i] += is_correct(e, analogy->answer[i], item->word[3]);
}

static void evaluate_analogies(const struct evaluation *e, const char *name,
                               const struct testset *set)
{
    struct analogy *analogy = memory_new(set->items, sizeof *analogy, &err);
    struct tally *tally = memory_new(set->sections + 1, sizeof *tally, &err);
    if (!analogy || !tally)
        cli_die(&err);
    solve_known(e, set, analogy);
    for (size_t i = 0, used = 0; i < set->items; i++) {
        const struct test_item *item = &set->item[i];
        add_item(e, &tally[item->section], set, item, &analogy[used]);
        add_item(e, &tally[set->sections], set, item, &analogy[used]);
        used += testset_known(set, item);
    }
    print_analogies(e, name, set, tally);
    free(analogy);
    free(tally);
}

/* ---- files ---- */

static void evaluate(struct evaluation *e, const struct file *file)
{
    struct testset set = {0};
    must(testset_read(&set, file->fd, file->name, &e->letter_case, &err), &err);
    if (list_unknown && json) {
        list_unknown_as_json(e, file->name, &set);
    } else if (list_unknown) {
        progress_before_output(e->out.fd);
        list_unknown_words(e, file->name, &set);
    } else if (set.kind == TESTSET_PAIRS) {
        evaluate_pairs(e, file->name, &set);
    } else {
        evaluate_analogies(e, file->name, &set);
    }
    testset_release(&set);
}

static struct file *open_files(char **operand, size_t n)
{
    struct file *file = memory_new(n, sizeof *file, &err);
    if (!file)
        cli_die(&err);
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j < i; j++)
            if (input_is_stdin(operand[i]) && input_is_stdin(operand[j]))
                cli_usage_error("standard input can be read only once");
    for (size_t i = 0; i < n; i++)
        file[i].fd = cli_open_other_input(operand[i + 1], &file[i].name, false);
    return file;
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    if (!operand[0] || !operand[1])
        cli_usage_error("expected VECTORS and at least one TESTSET");
    size_t files = 0;
    while (operand[files + 1])
        files++;
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct file *file = open_files(operand, files);
    struct evaluation e = {0};
    must(output_open(&e.out, cli_common()->output, fd, &err), &err);
    must(output_text(&e.out, &err), &err);

    progress_start_input(fd);
    must(vectors_load(&e.in, fd, name, "sgns-eval - TESTSET", cli_note, progress_reading, &err),
         &err);
    progress_end();
    const struct words *words = &e.in.header.vocab.words;
    e.words = restricted == 0 || restricted > words->count ? words->count : restricted;
    must(case_folding_init(&e.letter_case, words, e.words, match_case, &err), &err);
    if (!list_unknown && !json)
        fputs("file\tsection\tmeasure\tscore\tcorrect\tused\tall\n", e.out.text);
    for (size_t i = 0; i < files; i++)
        evaluate(&e, &file[i]);
    must(output_commit(&e.out, &err), &err);

    case_folding_release(&e.letter_case);
    free(file);
    loaded_vectors_release(&e.in);
    return STATUS_OK;
}
