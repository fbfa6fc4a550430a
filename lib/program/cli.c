/* SPDX-License-Identifier: MIT */
#include "program/cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/input.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/team.h"
#include "program/progress.h"
#include "program/signals.h"

enum { MAX_OPTIONS = 32 };

static const struct cli_program *program;
static struct cli_common common;

static bool help, version;

/* Options of every program; --force only of programs that write streams. */
static const struct cli_option shared[] = {
    {'o', "output", OPTION_STRING, &common.output, "FILE: write to FILE (created only on success)",
     0, 0, false},
    {'f', "force", OPTION_FLAG, &common.force, "write binary data even to a terminal", 0, 0, false},
    {'q', "quiet", OPTION_FLAG, &common.quiet, "print only errors on standard error", 0, 0, false},
    {'h', "help", OPTION_FLAG, &help, "print this help and exit", 0, 0, false},
    {'V', "version", OPTION_FLAG, &version, "print the version and exit", 0, 0, false},
};

const struct cli_common *cli_common(void)
{
    return &common;
}

/* ---- messages ---- */

enum { LINE_MAX_TEXT = sizeof((struct error *)0)->text };

/* Writes the line with a single write, so that messages from the programs of a pipe do not
 * interleave. Allocates no memory, since running out of it may be the error to report. `text` is
 * shorter than LINE_MAX_TEXT. */
static void print_line(const char *text)
{
    char line[64 + 4 * LINE_MAX_TEXT];
    int name = snprintf(line, 64, "%s%s: ", progress_eraser(), program->name);
    size_t size = (size_t)name + escape_copy(line + name, text, strlen(text));
    line[size] = '\n';
    line[size + 1] = 0;
    fputs(line, stderr);
}

void cli_report(const struct error *err)
{
    print_line(err->text);
}

void cli_die(const struct error *err)
{
    cli_report(err);
    output_discard();
    exit(err->status);
}

/* Whether the latest option may be a word that begins with "-". */
static bool may_be_word;

void cli_usage_error(const char *format, ...)
{
    struct error err = {.status = STATUS_USAGE};
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (may_be_word)
        error_set(&err, STATUS_USAGE, "%s; %s", text, program->dash);
    else
        error_set(&err, STATUS_USAGE, "%s; try '%s --help'", text, program->name);
    cli_die(&err);
}

int must(int result, const struct error *err)
{
    if (result < 0)
        cli_die(err);
    return result;
}

void cli_note(const char *format, ...)
{
    if (common.quiet)
        return;
    char text[LINE_MAX_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_line(text);
}

/* ---- option tables ---- */

/* Calls `visit` for the program's own options, then for the shared ones. */
static void each_option(void (*visit)(const struct cli_option *option, void *data), void *data)
{
    for (const struct cli_option *o = program->options; o->name; o++)
        visit(o, data);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (program->binary || shared[i].value != &common.force)
            visit(&shared[i], data);
}

static bool takes_value(const struct cli_option *option)
{
    return option->type != OPTION_FLAG && option->type != OPTION_UNSET;
}

/* The shortest text that converts back to the same double; whole numbers without an exponent. */
static void format_double(char *text, size_t size, double value)
{
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(text, size, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

static const char size_letters[] = "KMGT";

/* Formats `bytes` in the largest unit that divides it. */
static void format_size(char *text, size_t size, uint64_t bytes)
{
    int unit = 0;
    while (bytes > 0 && bytes % 1024 == 0 && size_letters[unit]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, size, "%llu%.1s", (unsigned long long)bytes,
             unit ? size_letters + unit - 1 : "");
}

/* Formats the current value. */
static void format_value(const struct cli_option *option, char *text, size_t size)
{
    switch (option->type) {
    case OPTION_U32:
        snprintf(text, size, "%lu", (unsigned long)*(uint32_t *)option->value);
        break;
    case OPTION_U64:
        snprintf(text, size, "%llu", (unsigned long long)*(uint64_t *)option->value);
        break;
    case OPTION_SIZE:
        format_size(text, size, *(uint64_t *)option->value);
        break;
    case OPTION_DOUBLE:
        format_double(text, size, *(double *)option->value);
        break;
    case OPTION_STRING:
        snprintf(text, size, "%s", *(const char **)option->value);
        break;
    case OPTION_FLAG:
    case OPTION_UNSET:
        text[0] = 0;
    }
}

/* Whether the option has a default value to show; a number without one is NAN. A limit that is the
 * largest by default is no limit. */
static bool has_default(const struct cli_option *option)
{
    if (option->type == OPTION_U32 && *(uint32_t *)option->value == option->max)
        return false;
    if (option->type == OPTION_STRING)
        return *(const char **)option->value != NULL;
    if (option->type == OPTION_DOUBLE)
        return !isnan(*(double *)option->value);
    return takes_value(option);
}

/* The columns of --help, and the column at which the descriptions of options start. */
enum { HELP_WIDTH = 80, HELP_INDENT = 29 };

/* Prints `text` from column HELP_INDENT on, wrapped between words. */
static void print_wrapped(const char *text)
{
    size_t column = HELP_INDENT, length;
    for (const char *word = text; *word; word += length + (word[length] == ' ')) {
        length = strcspn(word, " ");
        if (column > HELP_INDENT && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_INDENT, "");
            column = HELP_INDENT;
        } else if (column > HELP_INDENT) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)length, word);
        column += length;
    }
    putchar('\n');
}

static void print_option(const struct cli_option *option, void *unused)
{
    (void)unused;
    char left[64], value[64] = "", text[256];
    const char *colon = takes_value(option) ? strchr(option->help, ':') : NULL;
    snprintf(left, sizeof left, "%c%c%s --%s%s%.*s", option->letter ? '-' : ' ',
             option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
             colon ? "=" : "", colon ? (int)(colon - option->help) : 0, option->help);
    printf("  %-*s ", HELP_INDENT - 3, left);
    if (has_default(option))
        format_value(option, value, sizeof value);
    snprintf(text, sizeof text, "%s%s%s%s", colon ? colon + 2 : option->help, *value ? " [" : "",
             value, *value ? "]" : "");
    print_wrapped(text);
}

static void print_help(void)
{
    printf("Usage: %s [OPTION]...%s%s\n%s\n\nOptions, with defaults in brackets:\n", program->name,
           *program->operands ? " " : "", program->operands, program->summary);
    each_option(print_option, NULL);
    printf("\nExample:\n  %s\n\nSee the manual page %s(1) for details.\n", program->example,
           program->name);
}

/* ---- parsing ---- */

static void bad_number(const struct cli_option *option, const char *text, const char *kind)
{
    char min[40], max[40];
    if (option->type == OPTION_DOUBLE) {
        format_double(min, sizeof min, option->min);
        format_double(max, sizeof max, option->max);
    } else if (option->type == OPTION_SIZE) {
        format_size(min, sizeof min, (uint64_t)option->min);
        format_size(max, sizeof max, (uint64_t)option->max);
    } else {
        uint64_t largest = option->max >= 0x1p64 ? UINT64_MAX : (uint64_t)option->max;
        snprintf(min, sizeof min, "%.0f", option->min);
        snprintf(max, sizeof max, "%llu", (unsigned long long)largest);
    }
    cli_usage_error("--%s=%s: expected a %s from %s to %s", option->name, text, kind, min, max);
}

static void parse_whole(const struct cli_option *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    bool good = isdigit((unsigned char)text[0]) && *end == 0 && errno == 0 &&
                (double)number >= option->min && (double)number <= option->max;
    if (!good)
        bad_number(option, text, "whole number");
    if (option->type == OPTION_U32)
        *(uint32_t *)option->value = (uint32_t)number;
    else
        *(uint64_t *)option->value = number;
}

/* Whether this may follow the letter of a unit: "1G", "1GB" and "1GiB" are the same. */
static bool ends_unit(const char *text)
{
    return *text == 0 || strcasecmp(text, "B") == 0 || strcasecmp(text, "iB") == 0;
}

static void parse_size(const struct cli_option *option, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    bool decimal = isdigit((unsigned char)text[0]) && end == text + strspn(text, "0123456789.");
    const char *unit = *end ? strchr(size_letters, toupper((unsigned char)*end)) : NULL;
    number = ldexp(number, unit ? 10 * (int)(unit - size_letters + 1) : 0);
    /* Only a number with a unit may have decimal places. */
    bool complete = unit ? ends_unit(end + 1) : *end == 0 && !strchr(text, '.');
    if (!decimal || !complete || number < option->min || number > option->max)
        bad_number(option, text, "size in bytes, or with K, M, G or T,");
    *(uint64_t *)option->value = (uint64_t)number;
}

static void parse_value(const struct cli_option *option, const char *text)
{
    char *end;
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        break;
    case OPTION_UNSET:
        *(bool *)option->value = false;
        break;
    case OPTION_U32:
    case OPTION_U64:
        parse_whole(option, text);
        break;
    case OPTION_SIZE:
        parse_size(option, text);
        break;
    case OPTION_DOUBLE: {
        double number = strtod(text, &end);
        if (end == text || *end != 0 || isspace((unsigned char)text[0]) || !isfinite(number) ||
            number < option->min || number > option->max)
            bad_number(option, text, "number");
        *(double *)option->value = number;
        break;
    }
    case OPTION_STRING:
        if (*text == 0)
            cli_usage_error("--%s: requires a non-empty value", option->name);
        *(const char **)option->value = text;
        break;
    }
}

/* The arguments of getopt_long, built from the option tables. */
struct getopt_tables {
    struct option row[MAX_OPTIONS + 1];
    const struct cli_option *option[MAX_OPTIONS];
    int count;
    char letters[3 * MAX_OPTIONS + 2];
};

static const char *given[MAX_OPTIONS]; /* names of the options on the command line */

unsigned cli_threads(uint32_t asked)
{
    team_allow_fewer(asked == 0);
    return asked ? asked : limits_processors();
}

bool cli_given(const char *name)
{
    for (int i = 0; i < MAX_OPTIONS && given[i]; i++)
        if (strcmp(given[i], name) == 0)
            return true;
    return false;
}

static void note_given(const char *name)
{
    int i = 0;
    while (given[i] && strcmp(given[i], name) != 0)
        i++;
    given[i] = name;
}

/* `code` is what getopt_long returns for it. */
static void add_long_form(struct getopt_tables *t, const char *name,
                          const struct cli_option *option, int code)
{
    if (t->count == MAX_OPTIONS)
        abort(); /* MAX_OPTIONS is too small for the table */
    t->option[t->count] = option;
    t->row[t->count++] =
        (struct option){name, takes_value(option) ? required_argument : no_argument, NULL, code};
}

static void add_to_getopt(const struct cli_option *option, void *data)
{
    struct getopt_tables *t = data;
    /* 256 + index for a long form, the letter for a short one. With equal codes an abbreviation of both
     * spellings is not ambiguous. */
    int code = 256 + t->count;
    add_long_form(t, option->name, option, code);
    if (program->spelling[1] && strcmp(option->name, program->spelling[1]) == 0)
        add_long_form(t, program->spelling[0], option, code);
    if (option->letter) {
        size_t end = strlen(t->letters);
        t->letters[end] = option->letter;
        t->letters[end + 1] = takes_value(option) ? ':' : 0;
        t->letters[end + 2] = 0;
    }
}

static const struct cli_option *by_letter(const struct getopt_tables *t, int letter)
{
    for (int i = 0; i < t->count; i++)
        if (t->option[i]->letter == letter)
            return t->option[i];
    return NULL;
}

/* Reports a letter that no option of this program has, with the options that it may stand for. */
_Noreturn static void unknown_letter(const struct getopt_tables *t, char letter)
{
    char likely[256] = "";
    for (int i = 0; i < t->count; i++) {
        size_t length = strlen(likely);
        const char *name = t->option[i]->name;
        if (t->row[i].name == name && name[0] == tolower((unsigned char)letter))
            snprintf(likely + length, sizeof likely - length, "%s--%s",
                     length > 0 ? " or " : " (did you mean ", name);
    }
    cli_usage_error("-%c: unknown option%s%s", letter, likely, *likely ? "?)" : "");
}

/* Options of these programs, and their names in word2vec, fastText and gensim. */
static const struct {
    const char *name, *option, *program;
} known_options[] = {
    {"alpha", "lr", "sgns-train"},
    {"batch-size", "batch-size", "sgns-batch"},
    {"checkpoint", "checkpoint", "sgns-train"},
    {"dim", "dim", "sgns-train"},
    {"epochs", "epochs", "sgns-batch"},
    {"iter", "epochs", "sgns-batch"},
    {"lr", "lr", "sgns-train"},
    {"max-vocab", "max-vocab", "ptb-vocab"},
    {"min-count", "min-count", "ptb-vocab"},
    {"negative", "negatives", "sgns-batch"},
    {"negatives", "negatives", "sgns-batch"},
    {"optimizer", "optimizer", "sgns-train"},
    {"resample", "resample", "sgns-batch"},
    {"sample", "threshold", "ptb-subsample"},
    {"size", "dim", "sgns-train"},
    {"topn", "neighbours", "sgns-knn"},
    {"vector-size", "dim", "sgns-train"},
    {"window", "window", "sgns-batch"},
    {"workers", "threads", "sgns-train"},
};

/* Whether the first `length` characters are this name, apart from hyphens and underscores. */
static bool spells(const char *text, size_t length, const char *name)
{
    for (const char *end = text + length;; text++, name++) {
        while (text < end && (*text == '-' || *text == '_'))
            text++;
        while (*name == '-')
            name++;
        if (text == end || *name == 0 || *text != *name)
            return text == end && *name == 0;
    }
}

/* Reports an argument that stands for an option of this or another program. */
_Noreturn static void other_option(const char *argument, const char *option, const char *of)
{
    if (strcmp(of, program->name) == 0)
        cli_usage_error("%s: unknown option (did you mean --%s?)", argument, option);
    cli_usage_error("%s: unknown option; see --%s of %s", argument, option, of);
}

/* Reports an argument that is no long option of this program, or may be several. */
_Noreturn static void unknown_name(const struct getopt_tables *t, const char *argument)
{
    const char *name = argument + 2, *match[2] = {NULL, NULL};
    size_t length = strcspn(name, "=");
    int matches = 0;
    for (int i = 0; i < t->count && matches < 2; i++)
        if (strncmp(t->row[i].name, name, length) == 0)
            match[matches++] = t->row[i].name;
    if (matches == 2)
        cli_usage_error("%s: ambiguous option (--%s or --%s?)", argument, match[0], match[1]);
    for (int i = 0; i < t->count; i++)
        if (spells(name, length, t->row[i].name))
            other_option(argument, t->row[i].name, program->name);
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++)
        if (spells(name, length, known_options[i].name))
            other_option(argument, known_options[i].option, known_options[i].program);
    cli_usage_error("%s: unknown option", argument);
}

static void parse_options(int argc, char **argv)
{
    /* The leading colon makes getopt_long return ':' for a missing value. */
    struct getopt_tables t = {.letters = ":"};
    each_option(add_to_getopt, &t);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, t.letters, t.row, NULL)) != -1) {
        const struct cli_option *option = code >= 256 ? t.option[code - 256] : by_letter(&t, code);
        /* An unknown letter, or one with its value in the same argument. */
        may_be_word = program->dash && code != ':' &&
                      (option ? code < 256 && optarg && optarg != argv[optind - 1] : optopt != 0);
        if (code == ':')
            cli_usage_error("%s: requires a value", argv[optind - 1]);
        if (!option && optopt >= 256)
            cli_usage_error("%s: takes no value", argv[optind - 1]);
        if (!option && optopt)
            unknown_letter(&t, (char)optopt);
        if (!option)
            unknown_name(&t, argv[optind - 1]);
        parse_value(option, optarg);
        note_given(option->name);
    }
    may_be_word = false;
}

char **cli_start(const struct cli_program *described, int argc, char **argv)
{
    program = described;
    /* A file opened later must not get descriptor 0, 1 or 2: messages would be written into it. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            abort();
    signals_catch();
    atexit(progress_end);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the file size limit fails instead of killing us */
    parse_options(argc, argv);
    if (common.quiet)
        progress_disable();
    if (help || version) {
        if (help)
            print_help();
        else
            printf("%s %s\n", program->name, SGNS_VERSION);
        struct error err;
        if (fflush(stdout) != 0) {
            error_system(&err, "stdout: write failed");
            cli_die(&err);
        }
        exit(STATUS_OK);
    }
    if (common.output && strcmp(common.output, "-") == 0)
        common.output = NULL;
    if (argc - optind > program->max_operands)
        cli_usage_error("%s: unexpected argument", argv[optind + program->max_operands]);
    bool binary = program->binary && !(program->text && *program->text);
    if (binary && !common.output && !common.force && isatty(STDOUT_FILENO))
        cli_usage_error(
            "refusing to write binary data to a terminal: use a pipe, '>' or '-o FILE'");
    return argv + optind;
}

/* ---- input and provenance ---- */

int cli_open_input(const char *path, const char **name, bool stream)
{
    if (input_is_stdin(path)) {
        *name = "stdin";
        if (stream && isatty(STDIN_FILENO))
            cli_usage_error("standard input is a terminal, expected a stream: use a pipe, '<' or a "
                            "file name");
        return STDIN_FILENO;
    }
    *name = path;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        struct error err;
        error_system(&err, "%s: cannot open", path);
        cli_die(&err);
    }
    return fd;
}

int cli_open_other_input(const char *path, const char **name, bool stream)
{
    int fd = cli_open_input(path, name, stream);
    if (output_is_same(common.output, fd))
        cli_usage_error("%s: is also the output", *name);
    return fd;
}

void cli_add_provenance(struct header *header)
{
    struct error err;
    struct bytes record = {0};
    must(bytes_put(&record, program->name, strlen(program->name) + 1, &err), &err);
    must(bytes_put(&record, SGNS_VERSION, sizeof SGNS_VERSION, &err), &err);
    for (const struct cli_option *o = program->options; o->name; o++) {
        bool absent = (o->type == OPTION_FLAG && !*(bool *)o->value) ||
                      (o->type == OPTION_UNSET && *(bool *)o->value) ||
                      (o->type == OPTION_STRING && !*(const char **)o->value);
        if (!o->recorded || absent)
            continue;
        char value[4096], text[4200];
        format_value(o, value, sizeof value);
        int length =
            snprintf(text, sizeof text, takes_value(o) ? "--%s=%s" : "--%s", o->name, value);
        must(bytes_put(&record, text, (size_t)length + 1, &err), &err);
    }
    must(header_add_provenance(header, record.data, record.size, &err), &err);
    free(record.data);
}
