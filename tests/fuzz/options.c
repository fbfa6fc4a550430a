/* SPDX-License-Identifier: MIT */
/* Parsing a command line: values accepted are in range, and the provenance records them in a
 * form that gives the same values when parsed again; anything else ends with status 2. */
#include <getopt.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Included to reset its state, which is global. */
#include "../../lib/program/cli.c"

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);

/* ---- a program with options of every type ---- */

struct values {
    bool flag, no_unset;
    uint32_t u32;
    uint64_t u64, size;
    double number, small;
    const char *string;
};

static const struct values defaults = {.u32 = 5, .u64 = 10, .size = 1 << 30, .number = 0.75};
static struct values value;

static const struct cli_option options[] = {
    {'F', "flag", OPTION_FLAG, &value.flag, "a flag", 0, 0, true},
    {0, "no-unset", OPTION_UNSET, &value.no_unset, "a flag that is off", 0, 0, true},
    {'u', "u32", OPTION_U32, &value.u32, "N: a number", 1, UINT32_MAX, true},
    {0, "u64", OPTION_U64, &value.u64, "N: a large number", 0, 0x1p64, true},
    {'m', "memory", OPTION_SIZE, &value.size, "SIZE: bytes", 1024, 0x1p62, true},
    {'n', "number", OPTION_DOUBLE, &value.number, "X: a number", -1e30, 1e30, true},
    {0, "number-small", OPTION_DOUBLE, &value.small, "X: a number above 0", 0x1p-1022, 1, true},
    {'s', "string", OPTION_STRING, &value.string, "TEXT: any", 0, 0, true},
    {0},
};

static const struct cli_program described = {
    .name = "program",
    .operands = "[FILE] [WORD]",
    .summary = "A program.",
    .options = options,
    .max_operands = 2,
    .example = "program < file",
    .binary = false,
};

/* ---- its process ---- */

static jmp_buf ended;
static bool running;
static int status;

void __wrap_exit(int code)
{
    if (!running)
        __real_exit(code);
    status = code;
    longjmp(ended, 1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    stdout = fuzz_sink();
    stderr = fuzz_sink();
    demand(stdout && stderr);
    return 0;
}

static void reset(void)
{
    value = defaults;
    memset(&common, 0, sizeof common);
    help = version = false;
    memset(given, 0, sizeof given);
    optind = 0; /* resets getopt */
}

/* Returns the operands, or NULL if the program has exited. */
static char **start_program(int argc, char **argv)
{
    reset();
    running = true;
    char **operands = setjmp(ended) ? NULL : cli_start(&described, argc, argv);
    running = false;
    return operands;
}

/* ---- the command line: arguments are separated by newlines ---- */

enum { ARGUMENTS = 40, TEXT = 1024 };

static int split(char *text, size_t size, char **argv)
{
    static char name[] = "program";
    int argc = 0;
    argv[argc++] = name;
    for (size_t at = 0; at < size && argc < ARGUMENTS; at += strlen(text + at) + 1) {
        char *end = memchr(text + at, '\n', size - at);
        if (end)
            *end = 0;
        argv[argc++] = text + at;
    }
    argv[argc] = NULL;
    return argc;
}

static void check_values(void)
{
    demand(value.u32 >= 1);
    demand(value.size >= 1024 && value.size <= UINT64_C(1) << 62);
    demand(value.number >= -1e30 && value.number <= 1e30);
    demand(value.small == 0 || (value.small >= 0x1p-1022 && value.small <= 1));
    demand(!value.string || *value.string);
    demand(!common.output || (*common.output && strcmp(common.output, "-") != 0));
}

static bool same_string(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Parsing the options in the provenance must give the same values. */
static void parse_again(void)
{
    struct header header = {0};
    char *argv[ARGUMENTS + 1];
    int argc = 1;
    cli_add_provenance(&header);
    struct values first = value;
    demand(header.programs == 1 && header.provenance[0].data[header.provenance[0].size - 1] == 0);
    char *text = (char *)header.provenance[0].data, *end = text + header.provenance[0].size;
    argv[0] = text;
    for (char *next = text + strlen(text) + 1; (next += strlen(next) + 1) < end;)
        argv[argc++] = next;
    argv[argc] = NULL;
    demand(start_program(argc, argv));
    demand(first.flag == value.flag && first.no_unset == value.no_unset);
    demand(first.u32 == value.u32 && first.u64 == value.u64 && first.size == value.size);
    demand(first.number == value.number && first.small == value.small);
    demand(same_string(first.string, value.string));
    header_release(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT + 1], *argv[ARGUMENTS + 1];
    size = size < TEXT ? size : TEXT;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    char **operands = start_program(split(text, size, argv), argv);
    if (operands) {
        check_values();
        demand(!operands[0] || !operands[1] || !operands[2]);
        if (value.small == 0)
            value.small = 1; /* the default is outside the range */
        parse_again();
    } else {
        demand(status == STATUS_USAGE || (status == STATUS_OK && (help || version)));
    }
    return 0;
}
