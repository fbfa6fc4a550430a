/* SPDX-License-Identifier: MIT */
/* cli.h -- the command-line part that all programs share: options, help, errors, input, provenance.
 *
 * This, output.h and progress.h are the only parts of the library that print, exit or hold globals:
 * a process is one program.
 */
#ifndef SGNS_CLI_H
#define SGNS_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/header.h"

#define SGNS_VERSION "0.1.0"

enum option_type {
    OPTION_FLAG,   /* bool, set by being there */
    OPTION_UNSET,  /* bool, cleared by being there */
    OPTION_U32,    /* uint32_t */
    OPTION_U64,    /* uint64_t */
    OPTION_SIZE,   /* uint64_t, bytes: a number, with K, M, G or T for powers of 1024 */
    OPTION_DOUBLE, /* double */
    OPTION_STRING  /* const char *, NULL: not given */
};

/* A row of a program's table, from which parsing, --help and provenance are made. */
struct cli_option {
    char letter; /* 0: long form only */
    const char *name;
    enum option_type type;
    void *value; /* where it goes; holds the default before */
    const char
        *help; /* a line, a capital word naming the value where there is one: "N: what it is" */
    double min, max; /* of a number */
    bool recorded;   /* it can change what the program writes: it goes into the provenance */
};

struct cli_program {
    const char *name;
    const char *operands;             /* as --help shows them */
    const char *summary;              /* a sentence */
    const struct cli_option *options; /* the last has no name */
    int max_operands;
    const char *example; /* a command line or more */
    bool binary;         /* writes a stream: not to a terminal, unless --force */
};

/* Settings of the options that every program has. */
struct cli_common {
    bool quiet, force;
    const char *output; /* NULL: standard output */
};

/* Parses the command line, and answers --help and --version itself. Exits with status 2 on any
 * mistake. Returns the operands, NULL behind the last. */
char **cli_start(const struct cli_program *program, int argc, char **argv);
const struct cli_common *cli_common(void);

/* Whether the command line gives the option of this name, be it with its default. */
bool cli_given(const char *name);

/* Prints `err` as the program's one line, removes an unfinished output, and exits. */
_Noreturn void cli_die(const struct error *err);
_Noreturn void cli_usage_error(const char *format, ...) PRINTF_LIKE(1, 2);

/* Dies if `result` is negative, else returns it. */
int must(int result, const struct error *err);

/* A line on standard error, unless --quiet. */
void cli_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* Opens `path` for reading, standard input where it is NULL or "-"; *name is then how messages call
 * it. Dies on failure, and with status 2 where a stream is expected and standard input is a
 * terminal.
 */
int cli_open_input(const char *path, const char **name, bool stream);

/* Adds this program with its recorded options to the chain. Dies on failure. */
void cli_add_provenance(struct header *header);

#endif
