/* SPDX-License-Identifier: MIT */
/* text_files.h -- reads files one after the other, as one text.
 *
 * A file that does not end with a newline is ended with one if another file follows, so that no
 * sentence continues from one file to the next. Any of the files may be a pipe. A UTF-8 byte order
 * mark at the start of a file is dropped. Otherwise the encoding does not matter, as long as it
 * extends ASCII.
 */
#ifndef SGNS_TEXT_FILES_H
#define SGNS_TEXT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/content.h"
#include "base/error.h"

struct text_file {
    const char *name; /* for messages; also the path if `fd` is -1 */
    int fd;           /* open, and the caller's; -1: opened when its turn comes, then closed */
    uint64_t start;   /* offset in the text of its first byte, set when its turn comes */
    const struct content *looks_like; /* HTML, for example; NULL: plain text */
    uint64_t mark; /* bytes before this first byte: a byte order mark, not part of the text */
};

struct text_files {
    struct text_file *file; /* (count) */
    size_t count;
    size_t begun;   /* files whose turn has come */
    bool reading;   /* file[begun − 1] has not ended yet */
    bool at_end;    /* read() has reported its end: at a terminal, Ctrl-D, which counts once */
    int fd;         /* of that file */
    uint64_t bytes; /* of the text, read so far, with the newlines added to it */
    bool line_open; /* the last of them is not a newline */
    char *head;     /* (head_size) the first bytes of that file; head_next of them were taken */
    size_t head_capacity, head_size, head_next;
};

/* Describes the files with the names `path` (up to NULL), or standard input if there are none; "-" is
 * standard input, too. Refuses those that cannot be read, and, with status 2, standard input twice
 * and a file that is also `output` (NULL: standard output). They are opened when their turn comes: a
 * pipe can be opened only once, and there may be more files than a process may have open. Returns
 * *count files, to be freed; NULL on error. */
struct text_file *text_files_named(char *const *path, const char *output, size_t *count,
                                   struct error *err) MUST_USE;

/* Copies file (count, at least 1); the names must outlive the reader. Recognises the content by the
 * first `head_capacity` bytes. */
int text_files_init(struct text_files *files, const struct text_file *file, size_t count,
                    size_t head_capacity, struct error *err) MUST_USE;
void text_files_release(struct text_files *files);

/* Reads at most `size` bytes of the text. Returns their number, or 0 at the end, or -1. A file
 * that is no text, see base/content.h, is an error of status 3. */
ssize_t text_files_read(struct text_files *files, char *to, size_t size,
                        struct error *err) MUST_USE;

/* The file that has the byte at `offset` of the text, given that the turn of the first `begun`
 * files has come. Any thread may call it. */
const struct text_file *text_files_at(const struct text_files *files, size_t begun,
                                      uint64_t offset);

/* The offset in the file of the byte at `offset` of the text. */
uint64_t text_file_position(const struct text_file *file, uint64_t offset);

/* Calls `note` with a line of text for the first file that has a structure which its words would
 * include, such as HTML. */
void text_files_note(const struct text_files *files, void (*note)(const char *format, ...));

/* Reports a text without words. Returns -1. */
int text_files_without_words(const struct text_files *files, struct error *err);

#endif
