/* SPDX-License-Identifier: MIT */
/* sgns-knn -- reads vectors, prints the words nearest to words and to sums of words. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/gpu.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "program/cli.h"
#include "program/progress.h"
#include "program/prompt.h"
#include "search/answers.h"
#include "search/knn_create.h"
#include "search/queries.h"
#include "search/spelling.h"
#include "stream/vectors.h"

/* Distinguished by its address from an "auto" on the command line. */
static const char default_device[] = "auto";
static const char *device = default_device;
static uint32_t neighbours = 10, threads;
static bool all, json, tsv;

static const struct cli_option options[] = {
    {'a', "all", OPTION_FLAG, &all, "query every word of the vocabulary; implies --tsv", 0, 0,
     false},
    {'D', "device", OPTION_STRING, &device, "DEVICE: auto, cpu, cuda or cuda:N", 0, 0, false},
    {'j', "json", OPTION_FLAG, &json, "print one line of JSON per query", 0, 0, false},
    {'k', "neighbours", OPTION_U32, &neighbours, "K: number of nearest words per query", 1,
     WORDS_MAX, false},
    {'t', "threads", OPTION_U32, &threads, "N: CPU threads to use; 0: one per processor", 0, 1024,
     false},
    {0, "tsv", OPTION_FLAG, &tsv, "print query, rank, word and cosine as TSV", 0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-knn",
    .operands = "VECTORS [QUERY]... [K]",
    .summary = "Print the K words nearest to each QUERY, by the cosine of their vectors.\n"
               "A query is a word, or a sum such as 'king - man + woman'; '-' reads queries\n"
               "from standard input, one per line.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "sgns-knn emb.bin chip 3",
    .spelling = {"neighbors", "neighbours"},
};

static struct error err;

/* ---- the command line ---- */

/* What the operands ask for. */
struct request {
    char **query; /* (queries) */
    int queries;
    bool from_stdin; /* one of them is "-" */
    bool alone;      /* a single query, which is not "-" */
    bool typed;      /* no queries, and standard input is a terminal: prompt for them */
};

static bool all_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

static uint32_t parse_k(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long k = strtoull(text, &end, 10);
    if (errno != 0 || k < 1 || k > WORDS_MAX)
        cli_usage_error("K=%s: expected a whole number from 1 to %ld", text, (long)WORDS_MAX);
    return (uint32_t)k;
}

/* Takes K from the last operand, if that is a number and not the only query. */
static void take_k(struct request *request)
{
    int least = all ? 0 : 1;
    if (cli_given("neighbours") || request->queries <= least ||
        !all_digits(request->query[request->queries - 1]))
        return;
    neighbours = parse_k(request->query[--request->queries]);
}

static struct request parse_request(char **operand)
{
    if (!operand[0])
        cli_usage_error("expected VECTORS and a QUERY");
    if (json && tsv)
        cli_usage_error("--json and --tsv cannot be combined");
    struct request r = {.query = operand + 1};
    while (r.query[r.queries])
        r.queries++;
    take_k(&r);
    for (int i = 0; i < r.queries; i++) {
        if (strcmp(r.query[i], "-") != 0)
            continue;
        if (r.from_stdin || strcmp(operand[0], "-") == 0)
            cli_usage_error("standard input can be read only once, for VECTORS or for queries");
        r.from_stdin = true;
    }
    if (all && r.queries > 0)
        cli_usage_error("%s: unexpected query with --all", r.query[0]);
    r.alone = r.queries == 1 && !r.from_stdin;
    r.typed = r.queries == 0 && !all && strcmp(operand[0], "-") != 0 && isatty(STDIN_FILENO);
    if (r.queries == 0 && !all && !r.typed)
        cli_usage_error("expected a QUERY; '-' reads queries from standard input");
    return r;
}

/* ---- searching ---- */

/* A batch has the queries available, at most AT_ONCE, and takes about BATCH_BYTES of memory. */
enum { AT_ONCE = 1024 };
static const size_t BATCH_BYTES = 16 << 20;

struct session {
    struct vectors_reader in;
    struct knn_config config;
    struct knn *knn;
    struct word_index *index;
    struct queries batch;
    uint32_t batch_size;
    struct neighbour *found; /* (batch_size, k) */
    struct output out;
    struct answers answers;
    uint64_t asked, failed; /* queries */
    enum status failure;    /* 6 if all that failed have an unknown word, else 2 */
};

/* Creates the search, and prints a note about its device: the GPU chosen, or why there is none.
 * That the work is too little for a GPU is reported only if the user wrote --device=auto. */
static struct knn *start(const struct knn_config *config)
{
    char note[GPU_NOTE];
    struct knn *knn = knn_create(device, config, note, &err);
    if (!knn)
        cli_die(&err);
    if (*note)
        cli_note("%s", note);
    else if (device != default_device && strcmp(device, "auto") == 0 && gpu_built())
        cli_note("on the CPU: no GPU, or too little work for one");
    return knn;
}

/* Makes sure that there is a search suited to n queries at a time; one for few queries is replaced
 * once many come together. */
static void prepare(struct session *s, uint64_t n)
{
    if (s->knn && (n < KNN_MANY || s->config.queries >= KNN_MANY))
        return;
    if (s->knn)
        s->knn->methods->destroy(s->knn);
    s->config.queries = n;
    s->knn = start(&s->config);
}

/* Answers `n` queries: those of the batch or, with --all, the words from id `first` on. */
static void answer(struct session *s, const struct knn_query *query, uint32_t n, uint32_t first)
{
    uint32_t k = s->config.k;
    if (k > 0)
        must(s->knn->methods->search(s->knn, query, n, k, s->found, &err), &err);
    progress_before_output(s->out.fd);
    for (uint32_t i = 0; i < n; i++) {
        const struct words *words = s->answers.words;
        size_t length = all ? words_length(words, first + i) : 0;
        const char *text = all ? words_text(words, first + i) : queries_text(&s->batch, i, &length);
        answers_print(&s->answers, text, length, s->found + (size_t)i * k, k);
    }
}

/* Answers the batch and flushes the output. */
static void flush(struct session *s)
{
    if (s->batch.count > 0) {
        if (s->config.k > 0)
            prepare(s, s->batch.count);
        const struct knn_query *query = queries_prepare(&s->batch, &err);
        if (!query)
            cli_die(&err);
        answer(s, query, s->batch.count, 0);
        queries_clear(&s->batch);
    }
    if (fflush(s->out.text) != 0)
        must(error_system(&err, "%s: write failed", s->out.name), &err);
}

/* Adds words of similar spelling to the error of a rejected query; exits on any other error. */
static void offer(struct session *s, const char *source)
{
    const struct queries *batch = &s->batch;
    if (batch->unknown)
        spelling_unknown(&s->in.header.vocab, source, batch->unknown, batch->unknown_length, &err);
    if (err.status != STATUS_USAGE && err.status != STATUS_UNKNOWN_WORD)
        cli_die(&err);
}

/* Adds a query to the batch, or prints what is wrong with it. */
static void add(struct session *s, const char *text, size_t length, const struct input *input)
{
    s->asked++;
    if (must(queries_add(&s->batch, text, length, &err), &err) > 0) {
        if (s->batch.count == s->batch_size)
            flush(s);
        return;
    }
    if (s->failed++ == 0 || err.status == STATUS_USAGE)
        s->failure = err.status;
    if (input)
        cli_note("%s: line %llu: %s", input->name, (unsigned long long)input->line, err.text);
    else
        cli_note("%s", err.text);
}

static void use_index(struct session *s)
{
    s->index = word_index_new(&s->in.header.vocab.words, &err);
    if (!s->index)
        cli_die(&err);
    s->batch.index = s->index;
}

/* ---- sources of queries ---- */

static void answer_alone(struct session *s, const char *query, const char *source)
{
    if (must(queries_add(&s->batch, query, strlen(query), &err), &err) == 0) {
        offer(s, source);
        cli_die(&err);
    }
    flush(s);
}

/* Answers the lines read so far before it waits for the next one. */
static void answer_lines(struct session *s)
{
    struct input input = input_from(STDIN_FILENO, "stdin");
    const char *line;
    size_t length;
    for (;;) {
        if (!input_line_ready(&input))
            flush(s);
        if (must(input_text_line(&input, &line, &length, &err), &err) == 0)
            break;
        if (length > 0)
            add(s, line, length, &input);
    }
    input_release(&input);
}

static void answer_typed(struct session *s, const char *source)
{
    struct prompt *prompt = prompt_open(program.name, s->answers.words, &err);
    if (!prompt)
        cli_die(&err);
    const char *line;
    size_t length;
    while (must(prompt_read(prompt, &line, &length, &err), &err) > 0) {
        if (line[strspn(line, " ")] == 0 || length == 0)
            continue;
        if (must(queries_add(&s->batch, line, length, &err), &err) > 0) {
            flush(s);
        } else {
            offer(s, source);
            cli_note("%s", err.text);
        }
    }
    prompt_close(prompt);
}

static void answer_stdin(struct session *s, const char *source)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    use_index(s);
    s->answers.headings = !terminal;
    if (terminal)
        answer_typed(s, source);
    else
        answer_lines(s);
}

static void answer_all(struct session *s)
{
    struct knn_query query[AT_ONCE];
    uint32_t id[AT_ONCE], words = s->config.words;
    if (s->config.k > 0)
        prepare(s, words);
    progress_start(words);
    for (uint32_t first = 0, n; first < words; first += n) {
        n = words - first < s->batch_size ? words - first : s->batch_size;
        for (uint32_t i = 0; i < n; i++) {
            id[i] = first + i;
            query[i] = knn_query_word(&s->config, &id[i]);
        }
        answer(s, query, n, first);
        progress_update(first + n, "%lu words, %.0f/s", (unsigned long)(first + n),
                        progress_speed(first + n));
        if (ferror(s->out.text))
            must(error_system(&err, "%s: write failed", s->out.name), &err);
    }
}

static void answer_request(struct session *s, const struct request *request, const char *source)
{
    s->answers.headings = request->queries > 1;
    if (all)
        answer_all(s);
    else if (request->alone)
        answer_alone(s, request->query[0], source);
    else if (request->typed)
        answer_stdin(s, source);
    for (int i = 0; !request->alone && i < request->queries; i++) {
        if (strcmp(request->query[i], "-") != 0)
            add(s, request->query[i], strlen(request->query[i]), NULL);
        else
            answer_stdin(s, source);
    }
    flush(s);
}

/* ---- a session ---- */

static void open_session(struct session *s, int fd, const char *name)
{
    must(vectors_reader_open(&s->in, fd, name, &err), &err);
    const struct words *words = &s->in.header.vocab.words;
    s->config = (struct knn_config){.rows = vectors_read_all(&s->in, &err),
                                    .words = words->count,
                                    .dim = s->in.dim,
                                    .k = neighbours < words->count ? neighbours : words->count - 1,
                                    .threads = cli_threads(threads)};
    if (!s->config.rows)
        cli_die(&err);
    size_t bytes = s->config.k * sizeof *s->found + s->config.dim * sizeof(float);
    s->batch_size = BATCH_BYTES / bytes > AT_ONCE ? AT_ONCE : 1 + BATCH_BYTES / bytes;
    s->batch = (struct queries){.vectors = &s->config, .words = words};
    s->found = memory_new((size_t)s->batch_size * s->config.k, sizeof *s->found, &err);
    if (!s->found)
        cli_die(&err);
    s->answers = (struct answers){.to = s->out.text,
                                  .terminal = isatty(s->out.fd),
                                  .format = json         ? ANSWERS_JSON
                                            : tsv || all ? ANSWERS_TSV
                                                         : ANSWERS_TEXT,
                                  .words = words};
}

static void close_session(struct session *s)
{
    if (s->knn)
        s->knn->methods->destroy(s->knn);
    word_index_free(s->index);
    queries_release(&s->batch);
    free(s->found);
    free((float *)s->config.rows);
    vectors_reader_close(&s->in);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    struct request request = parse_request(operand);
    must(gpu_check_name(device, &err), &err);
    const char *name;
    struct session s = {0};
    int fd = cli_open_input(operand[0], &name, true);
    if (request.from_stdin && output_is_same(cli_common()->output, STDIN_FILENO))
        cli_usage_error("stdin: is also the output");
    must(output_open(&s.out, cli_common()->output, fd, &err), &err);
    must(output_text(&s.out, &err), &err);

    open_session(&s, fd, name);
    answer_request(&s, &request, name);
    must(output_commit(&s.out, &err), &err);
    uint64_t asked = s.asked, failed = s.failed;
    close_session(&s);
    if (failed > 0)
        must(error_set(&err, s.failure, "%llu of %llu quer%s could not be answered",
                       (unsigned long long)failed, (unsigned long long)asked,
                       asked == 1 ? "y" : "ies"),
             &err);
    return STATUS_OK;
}
