/* SPDX-License-Identifier: MIT */
/* sgns-knn -- reads vectors, prints the words nearest to words, sums of words, and vectors. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/gpu.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "formats/load.h"
#include "program/cli.h"
#include "program/progress.h"
#include "program/prompt.h"
#include "search/answers.h"
#include "search/knn_create.h"
#include "search/operands.h"
#include "search/queries.h"
#include "stream/recognise.h"
#include "stream/vectors.h"

/* Distinguished by its address from an "auto" on the command line. */
static const char default_device[] = "auto";
static const char *device = default_device;
static uint32_t neighbours = 10, restricted, threads;
static double min_cosine = -1;
static bool all, pairs, odd, vector, json, tsv, with_unknown;

static const struct cli_option options[] = {
    {'a', "all", OPTION_FLAG, &all, "query every word of the vocabulary; implies --tsv", 0, 0,
     false},
    {'D', "device", OPTION_STRING, &device, "DEVICE: auto, cpu, cuda or cuda:N", 0, 0, false},
    {'j', "json", OPTION_FLAG, &json, "print one line of JSON per query", 0, 0, false},
    {'k', "neighbours", OPTION_U32, &neighbours, "K: number of nearest words per query", 1,
     WORDS_MAX, false},
    {0, "min-cosine", OPTION_DOUBLE, &min_cosine, "C: print only words with at least this cosine",
     -1, 1, false},
    {0, "odd", OPTION_FLAG, &odd, "print the word of each set of words that fits least", 0, 0,
     false},
    {0, "pairs", OPTION_FLAG, &pairs, "print the cosine of each pair of words", 0, 0, false},
    {0, "restrict", OPTION_U32, &restricted,
     "N: find only the N most frequent words (the first N); 0: all words", 0, WORDS_MAX, false},
    {'t', "threads", OPTION_U32, &threads, "N: CPU threads to use; 0: one per processor", 0, 1024,
     false},
    {0, "tsv", OPTION_FLAG, &tsv, "print query, rank, word and cosine as TSV", 0, 0, false},
    {0, "unk", OPTION_FLAG, &with_unknown, "find <unk> even if it was not trained", 0, 0, false},
    {0, "vector", OPTION_FLAG, &vector, "a query is a vector: its numbers, after an optional word",
     0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-knn",
    .operands = "VECTORS [QUERY]... [K]",
    .summary = "Print the K words nearest to each QUERY, by the cosine of their vectors.\n"
               "A query is a word, or a sum such as king - man + woman; a single '-' reads\n"
               "queries from standard input, one per line. Without a query, prompts for them.",
    .options = options,
    .max_operands = INT_MAX,
    .example = "sgns-knn emb.bin chip 3",
    .dash = "a word or number that begins with '-' follows '--', as in sgns-knn VECTORS -- -WORD, "
            "and a '-' in a sum has spaces around it, as in king - man",
    .spelling = {"neighbors", "neighbours"},
};

static struct error err;

/* ---- the command line ---- */

/* What the operands ask for. */
struct request {
    struct operands operands; /* the queries */
    const char *k;            /* the operand that is K, or NULL */
    const char *number;       /* the only query, if it is a number and could be K; or NULL */
    int queries;
    bool from_stdin; /* one of them is "-" */
    bool alone;      /* a single query, which is not "-" */
    bool typed;      /* no queries, and standard input is a terminal: prompt for them */
};

/* The words, not sums of them, of a query with --pairs, --odd or --vector. */
static bool takes_pieces(void)
{
    return pairs || odd || vector;
}

static void check_options(void)
{
    if (json && tsv)
        cli_usage_error("--json and --tsv cannot be combined");
    if (all + pairs + odd + vector > 1)
        cli_usage_error("--all, --pairs, --odd and --vector cannot be combined");
    const char *const search[] = {"neighbours", "min-cosine", "restrict", "unk"};
    for (size_t i = 0; i < sizeof search / sizeof *search; i++)
        if ((pairs || odd) && cli_given(search[i]))
            cli_usage_error("--%s has no effect with %s", search[i], pairs ? "--pairs" : "--odd");
    if ((pairs || odd) && strncmp(device, "cuda", 4) == 0)
        cli_usage_error("%s runs on the CPU: --device=%s has no effect",
                        pairs ? "--pairs" : "--odd", device);
}

/* Takes K from the last operand, if that is a number and not the only query. */
static void take_k(struct request *r)
{
    struct operands *o = &r->operands;
    bool lines = o->count == 2 && input_is_stdin(o->operand[0]);
    if (cli_given("neighbours") || (takes_pieces() && !(vector && lines)))
        return;
    if (must(operands_take_k(o, all ? 0 : 1, &neighbours, &err), &err) > 0)
        r->k = o->operand[o->count];
    else if (o->count == 1 && operands_is_number(o->operand[0]))
        r->number = o->operand[0];
}

/* Counts the queries, if no operand is a whole query. */
static void count_pieces(struct request *r)
{
    int words = r->operands.count;
    r->from_stdin = words == 1 && input_is_stdin(r->operands.operand[0]);
    r->queries = r->from_stdin || !pairs ? words > 0 : (words + 1) / 2;
}

static struct request parse_request(char **operand)
{
    if (!operand[0])
        cli_usage_error("expected VECTORS and a QUERY, such as %s", program.example);
    check_options();
    struct request r = {.operands = {.operand = operand + 1}};
    while (operand[r.operands.count + 1])
        r.operands.count++;
    take_k(&r);
    if (takes_pieces())
        count_pieces(&r);
    else
        r.queries = must(operands_queries(r.operands, &r.from_stdin, &err), &err);
    bool piped = input_is_stdin(operand[0]);
    if (r.from_stdin && piped)
        cli_usage_error("standard input can be read only once, for VECTORS or for queries");
    if (all && r.queries > 0)
        cli_usage_error("%s: unexpected query with --all", operand[1]);
    r.alone = r.queries == 1 && !r.from_stdin;
    r.typed = r.queries == 0 && !all && !piped && isatty(STDIN_FILENO);
    if (r.queries == 0 && !all && !r.typed)
        cli_usage_error("expected a QUERY after VECTORS; '-' reads queries from standard input");
    return r;
}

/* ---- searching ---- */

/* A batch has the queries available, at most AT_ONCE, and takes about BATCH_BYTES of memory. */
enum { AT_ONCE = 1024 };
static const size_t BATCH_BYTES = 16 << 20;

struct session {
    const char *source; /* the name of the vectors, for messages */
    struct loaded_vectors in;
    struct knn_config config;
    struct knn *knn;
    struct word_index *index;
    struct queries batch;
    uint32_t batch_size, k;
    struct neighbour *found; /* (batch_size, config.k) */
    struct output out;
    struct answers answers;
    uint64_t asked, failed; /* queries */
    enum status failure;    /* 6 if all that failed have an unknown word, else 2 */
    bool alone, typing;     /* a single query; queries at the prompt */
    struct error last;      /* of the latest query that failed */
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

static void stop(struct session *s)
{
    if (s->knn)
        s->knn->methods->destroy(s->knn);
    s->knn = NULL;
}

/* Makes sure that there is a search suited to n queries at a time; one for few queries is replaced
 * once many come together. */
static void prepare(struct session *s, uint64_t n)
{
    if (s->knn && (n < KNN_MANY || s->config.queries >= KNN_MANY))
        return;
    stop(s);
    s->config.queries = n;
    s->knn = start(&s->config);
}

/* Prepares for k neighbours per query, if there are that many words. The batch must be empty. */
static void use_k(struct session *s, uint32_t k)
{
    s->k = k < s->config.words ? k : s->config.words;
    if (s->k <= s->config.k)
        return;
    stop(s);
    free(s->found);
    s->config.k = s->k;
    size_t bytes = s->k * sizeof *s->found + s->config.dim * sizeof(float);
    s->batch_size = BATCH_BYTES / bytes > AT_ONCE ? AT_ONCE : 1 + BATCH_BYTES / bytes;
    s->found = memory_new((size_t)s->batch_size * s->k, sizeof *s->found, &err);
    if (!s->found)
        cli_die(&err);
}

static void search(struct session *s, const struct knn_query *query, uint32_t n)
{
    must(s->knn->methods->search(s->knn, query, n, s->k, s->found, &err), &err);
    progress_before_output(s->out.fd);
}

static void answer_batch(struct session *s)
{
    prepare(s, s->batch.count);
    const struct knn_query *query = queries_prepare(&s->batch, &err);
    if (!query)
        cli_die(&err);
    search(s, query, s->batch.count);
    for (uint32_t i = 0; i < s->batch.count; i++) {
        size_t length;
        const char *text = queries_text(&s->batch, i, &length);
        answers_print(&s->answers, text, length, s->found + (size_t)i * s->k, s->k);
    }
}

/* Prints the cosines of the pairs, or the odd words, of the batch. */
static void compare_batch(struct session *s)
{
    for (uint32_t i = 0; i < s->batch.count; i++) {
        const struct query *item = &s->batch.item[i];
        const uint32_t *id = s->batch.id + item->id;
        if (pairs) {
            answers_print_pair(&s->answers, id, queries_cosine(&s->batch, i));
            continue;
        }
        uint32_t least;
        double cosine;
        must(queries_odd_one(&s->batch, i, &least, &cosine, &err), &err);
        answers_print_odd(&s->answers, id, item->ids, least, cosine);
    }
}

/* Answers the batch and flushes the output. */
static void flush(struct session *s)
{
    if (s->batch.count > 0 && (pairs || odd))
        compare_batch(s);
    else if (s->batch.count > 0)
        answer_batch(s);
    queries_clear(&s->batch);
    if (fflush(s->out.text) != 0)
        must(error_system(&err, "%s: write failed", s->out.name), &err);
}

/* ---- queries ---- */

/* Adds the pieces of the batch as a query. Returns as queries_add does. */
static int add_pieces(struct session *s)
{
    if (vector)
        return queries_add_vector(&s->batch, &err);
    return queries_add_set(&s->batch, pairs ? 2 : 3, pairs ? 2 : SIZE_MAX, &err);
}

/* Adds to the error of an operand that is a number, and not the last operand: it was meant as K. */
static void explain_number(const struct queries *batch)
{
    size_t digits = 0;
    const struct piece *word = batch->unknown;
    while (batch->unknowns == 1 && digits < word->length && word->text[digits] >= '0' &&
           word->text[digits] <= '9')
        digits++;
    size_t used = strlen(err.text);
    if (digits > 0 && digits == word->length)
        snprintf(err.text + used, sizeof err.text - used,
                 "; the number of neighbours follows the queries, or -k");
}

/* Reports the error of a query (length), which is on a line of `input` if that is not NULL. */
static void reject(struct session *s, const char *text, size_t length, const struct input *input)
{
    char line[32] = "";
    if (input)
        snprintf(line, sizeof line, ": line %llu", (unsigned long long)input->line);
    if (!input && !takes_pieces() && !cli_given("neighbours"))
        explain_number(&s->batch);
    error_set(&s->last, err.status, "%s%s: %s", input ? input->name : s->source, line, err.text);
    if (s->failed++ == 0 || err.status == STATUS_USAGE)
        s->failure = err.status;
    if (!json && s->alone)
        cli_die(&s->last);
    if (json)
        flush(s); /* the answers keep the order of the queries */
    answers_print_rejected(&s->answers, text, length, s->batch.unknown, s->batch.unknowns);
    if (s->typing)
        cli_report(&s->last);
    else if (!s->alone)
        cli_note("%s", s->last.text);
}

/* Ends adding a query (length), which returned `result`. */
static void added(struct session *s, int result, const char *text, size_t length,
                  const struct input *input)
{
    s->asked++;
    if (must(result, &err) == 0)
        reject(s, text, length, input);
    else if (s->batch.count == s->batch_size)
        flush(s);
}

static bool is_blank(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && (text[i] == ' ' || text[i] == '\t'))
        i++;
    return i == length;
}

static void add(struct session *s, const char *text, size_t length, const struct input *input)
{
    int result;
    if (takes_pieces()) {
        must(queries_split(&s->batch, text, length, &err), &err);
        if (vector && input && input->line == 1 && queries_is_heading(&s->batch))
            return;
        result = add_pieces(s);
    } else {
        result = queries_add(&s->batch, text, length, &err);
    }
    added(s, result, text, length, input);
}

static void use_index(struct session *s)
{
    if (s->index)
        return;
    s->index = word_index_new(&s->in.header.vocab.words, &err);
    if (!s->index)
        cli_die(&err);
    s->batch.index = s->index;
}

/* ---- sources of queries ---- */

/* Answers the lines read so far before it waits for the next one. */
static void answer_lines(struct session *s)
{
    struct input input = input_from(STDIN_FILENO, "stdin");
    const char *line;
    size_t length;
    must(stream_expect_text_in(&input, 1, &err), &err);
    for (;;) {
        if (!input_line_ready(&input))
            flush(s);
        if (must(input_text_line(&input, &line, &length, &err), &err) == 0)
            break;
        if (!is_blank(line, length))
            add(s, line, length, &input);
    }
    input_release(&input);
}

/* ---- notes ---- */

static bool is_word(const struct session *s, const char *text)
{
    return words_find(s->answers.words, text, strlen(text)) != NO_WORD;
}

/* Whether an operand that was taken as K, after the queries `o`, may have been meant as a word: it
 * has three digits or more, or follows a number. In "chip 3" it has not. */
static bool k_is_doubtful(const char *k, struct operands o)
{
    return o.count > 0 && (strlen(k) >= 3 || operands_is_number(o.operand[o.count - 1]));
}

/* Notes that an operand which was taken as K is also a word. */
static void note_k(const struct session *s, const char *k, struct operands o)
{
    if (k_is_doubtful(k, o) && is_word(s, k))
        cli_note("%s is K here, the number of neighbours; to query the word %s, set K with -k", k,
                 k);
}

/* Notes that the only query, a word, could also be K. */
static void note_number(const struct session *s, const char *number)
{
    if (is_word(s, number))
        cli_note("%s is the query here; to set the number of neighbours, use -k %s", number,
                 number);
}

/* ---- the prompt ---- */

/* What one line is, in the greeting. */
static const char *line_of_mode(void)
{
    return pairs    ? "two words"
           : odd    ? "three words or more"
           : vector ? "a vector"
                    : "a word, or a sum: king - man + woman";
}

static void print_help(void)
{
    fprintf(stderr, "Type %s.\n", line_of_mode());
    if (!takes_pieces())
        fputs("Several words are several queries. A last number is K: chip 5\n", stderr);
    fputs("Tab completes a word, the arrow keys recall lines, Ctrl-C drops the line.\n"
          "exit, quit or Ctrl-D leaves. To query the words exit, quit or help, put a\n"
          "space before them.\n",
          stderr);
}

/* Whether a line is this command: exactly, so that a space before it makes it a word. */
static bool is_command(const char *line, size_t length, const char *command)
{
    return length == strlen(command) && memcmp(line, command, length) == 0;
}

/* The operands in a typed line. All fields zero: none. */
struct typed {
    char *text;
    char **operand; /* (operands.count), in text */
    size_t text_capacity, operand_capacity;
    struct operands operands;
    struct bytes query;
};

static void split_line(struct typed *t, const char *line, size_t length)
{
    must(memory_reserve(&t->text, &t->text_capacity, length + 1, 1, &err), &err);
    memcpy(t->text, line, length);
    t->text[length] = 0;
    int count = 0;
    for (char *next, *word = strtok_r(t->text, " \t", &next); word;
         word = strtok_r(NULL, " \t", &next)) {
        must(memory_reserve(&t->operand, &t->operand_capacity, (size_t)count + 1,
                            sizeof *t->operand, &err),
             &err);
        t->operand[count++] = word;
    }
    t->operands = (struct operands){t->operand, count, 0, true};
}

/* Answers the operands of a line, as those of a command line. Returns -1 if they are invalid. */
static int answer_operands(struct session *s, struct typed *t)
{
    struct operands *o = &t->operands;
    uint32_t k = neighbours;
    bool from_stdin;
    int got, took = cli_given("neighbours") ? 0 : operands_take_k(o, 1, &k, &err);
    int queries = took < 0 ? -1 : operands_queries(*o, &from_stdin, &err);
    if (queries < 0)
        return -1;
    if (took > 0)
        note_k(s, o->operand[o->count], *o);
    use_k(s, k);
    s->answers.headings = queries > 1;
    s->answers.printed = 0;
    while ((got = must(operands_next(o, &t->query, &err), &err)) > 0)
        add(s, (const char *)t->query.data, t->query.size, NULL);
    return 0;
}

static void answer_line(struct session *s, struct typed *t, const char *line, size_t length)
{
    split_line(t, line, length);
    s->answers.headings = false;
    if (takes_pieces() || word_index_find(s->index, line, length) != NO_WORD) {
        use_k(s, neighbours);
        add(s, line, length, NULL);
    } else if (answer_operands(s, t) < 0) {
        cli_report(&err);
    }
    flush(s);
}

static void answer_typed(struct session *s)
{
    struct prompt *prompt = prompt_open(program.name, s->answers.words, &err);
    if (!prompt)
        cli_die(&err);
    cli_note("type %s; help explains, exit leaves", line_of_mode());
    struct typed typed = {0};
    s->typing = true;
    uint64_t asked = s->asked, failed = s->failed;
    const char *line;
    size_t length;
    while (must(prompt_read(prompt, &line, &length, &err), &err) > 0) {
        if (is_command(line, length, "exit") || is_command(line, length, "quit"))
            break;
        if (is_command(line, length, "help") || is_command(line, length, "?"))
            print_help();
        else if (!is_blank(line, length))
            answer_line(s, &typed, line, length);
    }
    s->asked = asked; /* the user has seen what failed */
    s->failed = failed;
    s->typing = false;
    free(typed.text);
    free(typed.operand);
    free(typed.query.data);
    prompt_close(prompt);
}

/* ---- requests ---- */

static void answer_stdin(struct session *s)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    use_index(s);
    s->answers.headings = !terminal;
    if (terminal)
        answer_typed(s);
    else
        answer_lines(s);
}

/* Queries every word, or those that --restrict leaves. */
static void answer_all(struct session *s)
{
    struct knn_query query[AT_ONCE];
    uint32_t id[AT_ONCE][2], words = s->config.words, hide = s->batch.hide_unknown;
    prepare(s, words);
    progress_start(words);
    for (uint32_t first = hide, n; first < words; first += n) {
        n = words - first < s->batch_size ? words - first : s->batch_size;
        for (uint32_t i = 0; i < n; i++) {
            id[i][0] = first + i;
            id[i][1] = UNKNOWN_ID;
            query[i] = knn_query_word(&s->config, id[i]);
            query[i].excluded += hide;
        }
        search(s, query, n);
        for (uint32_t i = 0; i < n; i++)
            answers_print(&s->answers, words_text(s->answers.words, first + i),
                          words_length(s->answers.words, first + i), s->found + (size_t)i * s->k,
                          s->k);
        progress_update(first + n, "%lu words, %.0f/s", (unsigned long)(first + n),
                        progress_speed(first + n));
        if (ferror(s->out.text))
            must(error_system(&err, "%s: write failed", s->out.name), &err);
    }
}

/* Adds n operands as one query: with --vector their words and numbers, else each as a word. */
static void add_operands(struct session *s, char *const *operand, int n)
{
    struct bytes text = {0};
    s->batch.pieces = 0;
    for (int i = 0; i < n; i++) {
        struct piece piece = {operand[i], strlen(operand[i])};
        must(bytes_put(&text, " ", i > 0, &err), &err);
        must(bytes_put(&text, piece.text, piece.length, &err), &err);
        must(queries_add_piece(&s->batch, piece, &err), &err);
    }
    if (vector)
        must(queries_split(&s->batch, (const char *)text.data, text.size, &err), &err);
    added(s, add_pieces(s), (const char *)text.data, text.size, NULL);
    free(text.data);
}

/* Answers the operands of --pairs, --odd and --vector. */
static void answer_pieces(struct session *s, const struct operands *o)
{
    bool lines = false; /* each operand is a whole query, in quotes */
    for (int i = 0; i < o->count && !vector; i++)
        lines |= strchr(o->operand[i], ' ') && !is_word(s, o->operand[i]);
    if (pairs && !lines && o->count % 2 != 0)
        cli_usage_error("--pairs: expected pairs of words, found %d word%s", o->count,
                        plural((uint64_t)o->count));
    s->alone = lines ? o->count == 1 : s->alone;
    int step = lines ? 1 : pairs ? 2 : o->count;
    for (int i = 0; i < o->count; i += step)
        if (lines)
            add(s, o->operand[i], strlen(o->operand[i]), NULL);
        else
            add_operands(s, o->operand + i, step);
}

static void answer_operands_given(struct session *s, struct operands o)
{
    struct bytes query = {0};
    while (must(operands_next(&o, &query, &err), &err) > 0)
        if (input_is_stdin((const char *)query.data))
            answer_stdin(s);
        else
            add(s, (const char *)query.data, query.size, NULL);
    free(query.data);
}

static void answer_request(struct session *s, const struct request *request)
{
    const struct operands *o = &request->operands;
    s->alone = request->alone;
    s->answers.headings = request->queries > 1;
    if (request->k)
        note_k(s, request->k, *o);
    if (request->number)
        note_number(s, request->number);
    if (all)
        answer_all(s);
    else if (request->typed || (takes_pieces() && request->from_stdin))
        answer_stdin(s);
    else if (takes_pieces())
        answer_pieces(s, o);
    else
        answer_operands_given(s, *o);
    flush(s);
}

/* ---- a session ---- */

static void open_session(struct session *s, int fd)
{
    progress_start_input(fd);
    must(vectors_load(&s->in, fd, s->source, "sgns-knn - WORD", cli_note, progress_reading, &err),
         &err);
    progress_end();
    const struct vocab *vocab = &s->in.header.vocab;
    uint32_t words = vocab->words.count;
    s->config = (struct knn_config){.rows = s->in.rows,
                                    .words = restricted && restricted < words ? restricted : words,
                                    .dim = s->in.dim,
                                    .threads = cli_threads(threads)};
    s->batch =
        (struct queries){.vectors = &s->config,
                         .vocab = vocab,
                         .hide_unknown = !with_unknown && vectors_lack_unknown(&s->in.header)};
    use_k(s, neighbours);
    s->answers = (struct answers){.to = s->out.text,
                                  .terminal = isatty(s->out.fd),
                                  .format = json         ? ANSWERS_JSON
                                            : tsv || all ? ANSWERS_TSV
                                                         : ANSWERS_TEXT,
                                  .min_cosine = cli_given("min-cosine") ? min_cosine : -INFINITY,
                                  .words = &vocab->words};
}

static void close_session(struct session *s)
{
    stop(s);
    word_index_free(s->index);
    queries_release(&s->batch);
    free(s->found);
    loaded_vectors_release(&s->in);
}

/* Exits with the error of the query that failed, or the number of those that did. */
_Noreturn static void die_of_failures(const struct session *s)
{
    if (s->alone)
        cli_die(&s->last);
    error_set(&err, s->failure, "%llu of %llu quer%s could not be answered",
              (unsigned long long)s->failed, (unsigned long long)s->asked,
              s->asked == 1 ? "y" : "ies");
    cli_die(&err);
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    struct request request = parse_request(operand);
    must(gpu_check_name(device, &err), &err);
    struct session s = {0};
    int fd = cli_open_input(operand[0], &s.source, true);
    if (request.from_stdin && output_is_same(cli_common()->output, STDIN_FILENO))
        cli_usage_error("stdin: is also the output");
    must(output_open(&s.out, cli_common()->output, fd, &err), &err);
    must(output_text(&s.out, &err), &err);

    open_session(&s, fd);
    answer_request(&s, &request);
    must(output_commit(&s.out, &err), &err);
    close_session(&s);
    if (s.failed > 0)
        die_of_failures(&s);
    return STATUS_OK;
}
