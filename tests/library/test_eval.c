/* SPDX-License-Identifier: MIT */
/* What sgns-eval computes: analogies compared with a plain loop over all words, correlations with
 * known values, and case-insensitive words. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "oracle.h"
#include "search/analogies.h"
#include "search/case_folding.h"
#include "search/correlation.h"
#include "tap.h"

/* ---- analogies ---- */

static double plain_dot(const float *a, const float *b, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static double plain_cosine(const struct analogies_config *c, uint32_t i, uint32_t j)
{
    const float *a = c->rows + (size_t)i * c->dim, *b = c->rows + (size_t)j * c->dim;
    double squares = plain_dot(a, a, c->dim) * plain_dot(b, b, c->dim);
    return squares > 0 ? fmax(-1, fmin(1, plain_dot(a, b, c->dim) / sqrt(squares))) : 0;
}

static bool is_asked(const struct analogies_config *c, const struct analogy *a, uint32_t id)
{
    for (int i = 0; i < 3; i++)
        if (c->group[id] == c->group[a->word[i]])
            return true;
    return false;
}

static void plain_solve(const struct analogies_config *c, struct analogy *a)
{
    double most[ANALOGY_METHODS] = {-INFINITY, -INFINITY};
    a->answer[ANALOGY_ADD] = a->answer[ANALOGY_MUL] = NO_WORD;
    for (uint32_t id = c->first; id < c->words; id++) {
        double cosine[3];
        if (is_asked(c, a, id))
            continue;
        for (int i = 0; i < 3; i++)
            cosine[i] = plain_cosine(c, id, a->word[i]);
        double score[ANALOGY_METHODS] = {cosine[1] + cosine[2] - cosine[0],
                                         (1 + cosine[1]) / 2 * ((1 + cosine[2]) / 2) /
                                             ((1 + cosine[0]) / 2 + 0.000001)};
        for (int m = 0; m < ANALOGY_METHODS; m++)
            if (score[m] > most[m]) {
                most[m] = score[m];
                a->answer[m] = id;
            }
    }
}

enum content { RANDOM, EQUAL, NEARLY_EQUAL, OPPOSED, WITH_ZEROS, CONTENTS };

static const char *const content_name[] = {
    [RANDOM] = "random",
    [EQUAL] = "many equal vectors",
    [NEARLY_EQUAL] = "vectors that differ by less than float32 can resolve",
    [OPPOSED] = "each vector with its opposite",
    [WITH_ZEROS] = "some zero vectors",
};

static void fill_row(float *row, const float *rows, uint32_t dim, uint32_t id, enum content content,
                     uint64_t *state)
{
    for (uint32_t i = 0; i < dim; i++) {
        row[i] = (float)draw_between(state, -1, 1);
        if (content == EQUAL && id > 5)
            row[i] = rows[(size_t)(id % 5) * dim + i];
        if (content == NEARLY_EQUAL && id > 0)
            row[i] = rows[i] * (1 + row[i] * 0x1p-22f);
        if (content == OPPOSED && id % 2)
            row[i] = -rows[(size_t)(id - 1) * dim + i];
        if (content == WITH_ZEROS && id % 3 == 0)
            row[i] = 0;
    }
}

static void test_analogies(uint32_t words, uint32_t dim, uint32_t n, enum content content,
                           unsigned threads)
{
    struct error err;
    float *rows = memory_new((size_t)words * dim, sizeof *rows, &err);
    uint32_t *group = memory_new(words, sizeof *group, &err);
    struct analogy *analogy = memory_new(n, sizeof *analogy, &err);
    require(rows && group && analogy, &err);
    uint64_t state = words + dim + content;
    for (uint32_t id = 0; id < words; id++) {
        fill_row(rows + (size_t)id * dim, rows, dim, id, content, &state);
        group[id] = id % 7 == 3 ? id - 1 : id; /* some in pairs */
    }
    for (uint32_t i = 0; i < n; i++)
        for (int j = 0; j < 3; j++)
            analogy[i].word[j] = draw_below(&state, words);
    struct analogies_config config = {
        .rows = rows, .words = words, .dim = dim, .group = group, .threads = threads};
    config.first = dim % 2;
    require(analogies_solve(&config, analogy, n, &err) == 0, &err);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct analogy expected = analogy[i];
        plain_solve(&config, &expected);
        wrong += memcmp(&expected, &analogy[i], sizeof expected) != 0;
    }
    tap_check(wrong == 0, "%u analogies, %u × %u, %s, %u threads: same answers as a plain loop",
              (unsigned)n, (unsigned)words, (unsigned)dim, content_name[content], threads);
    free(rows);
    free(group);
    free(analogy);
}

/* ---- correlations ---- */

static void test_correlations(void)
{
    struct error err;
    static const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 1, 4, 3, 5}, flat[] = {7, 7, 7, 7, 7};
    double rho;
    tap_check(fabs(correlation_pearson(x, y, 5) - 0.8) < 1e-15, "Pearson of five numbers");
    require(correlation_spearman(x, y, 5, &rho, &err) == 0, &err);
    tap_check(fabs(rho - 0.8) < 1e-15, "Spearman of five numbers");
    /* Ranks 1, 2.5, 2.5, 4 and 1, 2, 3.5, 3.5: 3.75 / 4.5. */
    static const double tied[] = {1, 20, 20, 300}, other[] = {-5, 0, 9, 9};
    require(correlation_spearman(tied, other, 4, &rho, &err) == 0, &err);
    tap_check(fabs(rho - 3.75 / 4.5) < 1e-15, "ties share the mean of their ranks");
    static const double cubes[] = {1, 8, 27, 64, 125};
    require(correlation_spearman(x, cubes, 5, &rho, &err) == 0, &err);
    tap_check(fabs(rho - 1) < 1e-15 && correlation_pearson(x, cubes, 5) < 0.95,
              "Spearman of any increasing function is 1");
    require(correlation_spearman(x, flat, 5, &rho, &err) == 0, &err);
    tap_check(isnan(rho) && isnan(correlation_pearson(flat, x, 5)) &&
                  isnan(correlation_pearson(x, y, 1)) && isnan(correlation_pearson(x, y, 0)),
              "correlations are undefined for equal numbers, for one number and for none");
}

/* ---- letter case ---- */

static uint32_t find(struct case_folding *lc, const char *word)
{
    struct error err;
    size_t length = strlen(word);
    const char *form = case_folding_form(lc, word, &length, &err);
    require(form, &err);
    return case_folding_find(lc, form, length);
}

static void test_letter_case(void)
{
    static const char *const word[] = {"US",
                                       "us",
                                       "Us",
                                       "\xc3\xa9t\xc3\xa9",
                                       "\xc3\x89T\xc3\x89",
                                       "\xff"
                                       "a",
                                       "last",
                                       "LAST"};
    enum { WORDS = sizeof word / sizeof *word };
    struct words words = {0};
    struct case_folding lc;
    struct error err;
    for (int i = 0; i < WORDS; i++)
        require(words_append(&words, word[i], strlen(word[i]), &err) == 0, &err);
    require(case_folding_init(&lc, &words, WORDS - 1, false, &err) == 0, &err);
    tap_check(find(&lc, "us") == 0 && find(&lc, "uS") == 0 && lc.group[2] == lc.group[0],
              "of words that differ only in case the first represents all");
    tap_check(find(&lc, "\xc3\xa9T\xc3\x89") == 3 && lc.group[4] == lc.group[3],
              "letters beyond ASCII match in either case");
    tap_check(find(&lc, "\xff"
                        "A") == 5 &&
                  find(&lc, "\xfe"
                            "A") == NO_WORD,
              "bytes that are not valid UTF-8 are left unchanged");
    tap_check(find(&lc, "lAst") == 6 && lc.group[5] != lc.group[6],
              "different words are in different groups");
    case_folding_release(&lc);
    require(case_folding_init(&lc, &words, WORDS - 1, true, &err) == 0, &err);
    tap_check(find(&lc, "us") == 1 && find(&lc, "uS") == NO_WORD && find(&lc, "LAST") == NO_WORD,
              "with case significant, or beyond the words used, a word is not found");
    case_folding_release(&lc);
    words_release(&words);
}

int main(void)
{
    for (enum content c = 0; c < CONTENTS; c++) {
        test_analogies(3, 2, 20, c, 1);
        test_analogies(60, 7, 500, c, 2);
        test_analogies(700, 33, 300, c, 3);
    }
    test_analogies(1000, 100, 1500, RANDOM, 1);
    test_analogies(1000, 100, 1500, RANDOM, 16);
    test_analogies(300, 1, 100, RANDOM, 2);
    test_correlations();
    test_letter_case();
    return tap_end();
}
