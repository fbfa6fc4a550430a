/* SPDX-License-Identifier: MIT */
#include "program/prompt.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static const char PROMPT[] = "> ";

#ifdef HAVE_LIBEDIT

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/escape.h"

enum { HISTORY_LINES = 1000, COMPLETIONS_SHOWN = 20 };

struct prompt {
    const struct words *words;
    EditLine *edit;
    History *history;
    HistEvent event;
};

static char *prompt_text(EditLine *edit)
{
    (void)edit;
    static char text[sizeof PROMPT];
    memcpy(text, PROMPT, sizeof PROMPT);
    return text;
}

/* ---- completion ---- */

/* The words that begin with the prefix before the cursor. */
struct completion {
    const char *prefix; /* in the line */
    size_t length;      /* of the prefix, in bytes */
    uint32_t count;     /* number of words */
    uint32_t first[COMPLETIONS_SHOWN];
    size_t common; /* bytes that all the words share at the start, the prefix included */
};

static bool begins_with(const struct words *words, uint32_t id, const struct completion *c)
{
    return words_length(words, id) >= c->length &&
           memcmp(words_text(words, id), c->prefix, c->length) == 0 &&
           !escape_is_needed(words_text(words, id), words_length(words, id));
}

static size_t shared_bytes(const struct words *words, uint32_t a, uint32_t b, size_t limit)
{
    size_t n = 0;
    while (n < limit && n < words_length(words, b) &&
           words_text(words, a)[n] == words_text(words, b)[n])
        n++;
    return n;
}

static void find_completions(const struct words *words, struct completion *c)
{
    for (uint32_t id = 0; id < words->count; id++) {
        if (!begins_with(words, id, c))
            continue;
        c->common =
            c->count ? shared_bytes(words, c->first[0], id, c->common) : words_length(words, id);
        if (c->count < COMPLETIONS_SHOWN)
            c->first[c->count] = id;
        c->count++;
    }
    /* Do not split a UTF-8 character. */
    while (c->count > 0 && c->common > c->length && c->common < words_length(words, c->first[0]) &&
           ((unsigned char)words_text(words, c->first[0])[c->common] & 0xc0) == 0x80)
        c->common--;
}

static unsigned char insert(EditLine *edit, const struct words *words, const struct completion *c)
{
    size_t length = c->common - c->length;
    char *text = malloc(length + 2);
    if (!text)
        return CC_ERROR;
    memcpy(text, words_text(words, c->first[0]) + c->length, length);
    text[length] = c->count == 1 ? ' ' : 0;
    text[length + 1] = 0;
    int failed = el_insertstr(edit, text);
    free(text);
    return failed ? CC_ERROR : CC_REFRESH;
}

static unsigned char complete(EditLine *edit, int key)
{
    (void)key;
    const struct prompt *prompt;
    el_get(edit, EL_CLIENTDATA, &prompt);
    const LineInfo *line = el_line(edit);
    struct completion c = {.prefix = line->cursor};
    while (c.prefix > line->buffer && c.prefix[-1] != ' ')
        c.prefix--;
    c.length = (size_t)(line->cursor - c.prefix);
    find_completions(prompt->words, &c);
    if (c.count == 0)
        return CC_ERROR;
    if (c.count == 1 || c.common > c.length)
        return insert(edit, prompt->words, &c);
    fputc('\n', stderr);
    for (uint32_t i = 0; i < c.count && i < COMPLETIONS_SHOWN; i++)
        fprintf(stderr, "%.*s  ", (int)words_length(prompt->words, c.first[i]),
                words_text(prompt->words, c.first[i]));
    fputs(c.count > COMPLETIONS_SHOWN ? "...\n" : "\n", stderr);
    return CC_REDISPLAY;
}

/* ---- lines ---- */

/* Ctrl-C: drops the line and shows a new prompt. */
static unsigned char drop_line(EditLine *edit, int key)
{
    (void)key;
    const LineInfo *line = el_line(edit);
    el_cursor(edit, (int)(line->lastchar - line->cursor));
    line = el_line(edit);
    el_deletestr(edit, (int)(line->cursor - line->buffer));
    fputs("^C\n", stderr);
    return CC_REDISPLAY;
}

/* Ctrl-Z and Ctrl-\: what the terminal does with these keys. */
static unsigned char send_signal(EditLine *edit, int key)
{
    (void)edit;
    kill(0, key == 'Z' - '@' ? SIGTSTP : SIGQUIT);
    return CC_REFRESH;
}

/* While a line is edited, no key is a signal: Ctrl-C must not end the program. The editor's
 * terminal modes know only all of these keys, or none. */
static void bind_signals(EditLine *edit)
{
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(edit, EL_ADDFN, "drop-line", "drops the line", drop_line);
    el_set(edit, EL_ADDFN, "send-signal", "sends the signal of the key", send_signal);
    el_set(edit, EL_BIND, "^C", "drop-line", NULL);
    el_set(edit, EL_BIND, "^Z", "send-signal", NULL);
    el_set(edit, EL_BIND, "^\\", "send-signal", NULL);
}

/* The locale determines the encoding of what the user types. Without one, or with an ASCII one, it
 * is UTF-8, as the words are. */
static void choose_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

struct prompt *prompt_open(const char *program, const struct words *words, struct error *err)
{
    struct prompt *p = memory_new(1, sizeof *p, err);
    if (!p)
        return NULL;
    choose_locale();
    p->words = words;
    p->edit = el_init(program, stdin, stderr, stderr);
    p->history = history_init();
    if (!p->edit || !p->history) {
        prompt_close(p);
        error_set(err, STATUS_FAILED, "cannot initialise the terminal");
        return NULL;
    }
    history(p->history, &p->event, H_SETSIZE, (int)HISTORY_LINES);
    history(p->history, &p->event, H_SETUNIQUE, 1);
    el_set(p->edit, EL_CLIENTDATA, p);
    el_set(p->edit, EL_SIGNAL, 1);
    el_set(p->edit, EL_PROMPT, prompt_text);
    el_set(p->edit, EL_EDITOR, "emacs");
    el_set(p->edit, EL_HIST, history, p->history);
    el_set(p->edit, EL_ADDFN, "complete-word", "completes a word of the vocabulary", complete);
    el_set(p->edit, EL_BIND, "^I", "complete-word", NULL);
    el_set(p->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    bind_signals(p->edit);
    el_source(p->edit, NULL); /* the user's own bindings */
    return p;
}

void prompt_close(struct prompt *p)
{
    if (p->history)
        history_end(p->history);
    if (p->edit)
        el_end(p->edit);
    free(p);
}

int prompt_read(struct prompt *p, const char **line, size_t *length, struct error *err)
{
    int count = 0;
    errno = 0;
    *line = el_gets(p->edit, &count);
    if (!*line || count <= 0) {
        fputc('\n', stderr);
        return count < 0 && errno != 0 ? error_system(err, "stdin: read failed") : 0;
    }
    *length = strcspn(*line, "\r\n");
    if (*length > 0)
        history(p->history, &p->event, H_ENTER, *line);
    return 1;
}

#else

#include <signal.h>
#include <unistd.h>

#include "base/input.h"

struct prompt {
    struct input input;
};

struct prompt *prompt_open(const char *program, const struct words *words, struct error *err)
{
    (void)program;
    (void)words;
    struct prompt *p = memory_new(1, sizeof *p, err);
    if (!p)
        return NULL;
    p->input = input_from(STDIN_FILENO, "stdin");
    return p;
}

void prompt_close(struct prompt *p)
{
    input_release(&p->input);
    free(p);
}

/* Ctrl-C while a line is typed: the terminal has dropped the line. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    static const char again[] = "\n> ";
    if (write(STDERR_FILENO, again, sizeof again - 1) < 0)
        _exit(STATUS_FAILED); /* the terminal is gone */
}

int prompt_read(struct prompt *p, const char **line, size_t *length, struct error *err)
{
    struct sigaction old, action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &old);
    fputs(PROMPT, stderr);
    int got = input_text_line(&p->input, line, length, err);
    sigaction(SIGINT, &old, NULL);
    if (got <= 0)
        fputc('\n', stderr);
    return got;
}

#endif
