/* SPDX-License-Identifier: MIT */
/* cli.h -- the command line of all programs: options, help, errors, input, provenance.
 *
 * Only the files of program/ print messages or exit. They and base/output.c have global state: a
 * process runs one program.
 */
#ifndef SGNS_CLI_H
#define SGNS_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/header.h"

#define SGNS_VERSION "0.1.0"

enum option_type {
    OPTION_FLAG,   /* bool, set by the option */
    OPTION_UNSET,  /* bool, cleared by the option */
    OPTION_U32,    /* uint32_t */
    OPTION_U64,    /* uint64_t */
    OPTION_SIZE,   /* uint64_t, bytes; the suffixes K, M, G and T are powers of 1024 */
    OPTION_DOUBLE, /* double */
    OPTION_STRING  /* const char *, NULL: not given */
};

/* A row of a program's option table, the source of parsing, --help and provenance. */
struct cli_option {
    char letter; /* 0: long form only */
    const char *name;
    enum option_type type;
    void *value; /* destination; initially the default */
    /* Text for --help, which wraps it. For an option that takes a value: "NAME: text", where NAME,
     * in capitals, stands for the value. */
    const char *help;
    double min, max; /* of a number */
    bool recorded;   /* in the provenance, since it can change what the program writes */
};

struct cli_program {
    const char *name;
    const char *operands;             /* for --help */
    const char *summary;              /* for --help: sentences, in lines of at most 80 columns */
    const struct cli_option *options; /* the last has no name */
    int max_operands;
    const char *example;     /* for --help: one or more command lines */
    bool binary;             /* writes a stream: refuses a terminal, unless --force */
    const char *dash;        /* how to write an operand that begins with "-"; NULL: none does */
    const bool *text;        /* an option with which it writes text after all; NULL: none */
    const char *spelling[2]; /* another spelling of an option, and its name; NULL: none */
};

/* Values of the options that every program has. */
struct cli_common {
    bool quiet, force;
    const char *output; /* NULL: standard output */
};

/* Parses the command line; on --help or --version prints it and exits. Exits with status 2 on any
 * mistake. Returns the operands, followed by NULL. */
char **cli_start(const struct cli_program *program, int argc, char **argv);
const struct cli_common *cli_common(void);

/* Whether the option is on the command line, even with its default value. */
bool cli_given(const char *name);

/* The number of threads for a program whose --threads is `asked`: that number, or if it is 0 the
 * default of limits.h; the system may then start fewer. */
unsigned cli_threads(uint32_t asked);

/* Prints `err` as cli_report does, removes an unfinished output, and exits. */
_Noreturn void cli_die(const struct error *err);
_Noreturn void cli_usage_error(const char *format, ...) PRINTF_LIKE(1, 2);

/* Prints `err` as one line with the program's name. */
void cli_report(const struct error *err);

/* Calls cli_die if `result` is negative, else returns it. */
int must(int result, const struct error *err);

/* Prints a line on standard error, unless --quiet. It replaces a line of progress. */
void cli_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* Opens `path` for reading, or standard input if it is NULL or "-"; *name becomes its name for
 * messages. Exits on failure; with status 2 if a stream is expected and standard input is a
 * terminal. */
int cli_open_input(const char *path, const char **name, bool stream);

/* The same for an input that output_open() does not compare with the output: exits with status 2
 * if it is also the output. */
int cli_open_other_input(const char *path, const char **name, bool stream);

/* Adds this program with its recorded options to the provenance. Exits on failure. */
void cli_add_provenance(struct header *header);

#endif
