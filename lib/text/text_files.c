/* SPDX-License-Identifier: MIT */
#include "text/text_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "base/memory.h"
#include "stream/recognise.h"

/* Whether two descriptions are of one regular file. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int describe(struct text_file *file, const char *path, const char *output, struct error *err)
{
    struct stat input, other;
    bool from_stdin = input_is_stdin(path);
    *file = (struct text_file){.name = from_stdin ? "stdin" : path,
                               .fd = from_stdin ? STDIN_FILENO : -1};
    if (from_stdin ? fstat(STDIN_FILENO, &input) < 0
                   : stat(path, &input) < 0 || access(path, R_OK) < 0)
        return error_system(err, "%s: cannot open", file->name);
    errno = EISDIR;
    if (S_ISDIR(input.st_mode))
        return error_system(err, "%s: cannot read", file->name);
    if ((output ? stat(output, &other) : fstat(STDOUT_FILENO, &other)) == 0 &&
        is_same(&input, &other))
        return error_set(err, STATUS_USAGE, "%s: input and output are the same file",
                         output ? output : "stdout");
    return 0;
}

struct text_file *text_files_named(char *const *path, const char *output, size_t *count,
                                   struct error *err)
{
    size_t n = 0, from_stdin = 0;
    int result = 0;
    while (path[n])
        n++;
    *count = n + (n == 0);
    struct text_file *file = memory_new(*count, sizeof *file, err);
    for (size_t i = 0; file && i < *count && result == 0; i++) {
        from_stdin += input_is_stdin(path[i]);
        if (from_stdin > 1)
            result = error_set(err, STATUS_USAGE, "standard input can be read only once");
        else
            result = describe(&file[i], path[i], output, err);
    }
    if (result == 0)
        return file;
    free(file);
    return NULL;
}

int text_files_init(struct text_files *f, const struct text_file *file, size_t count,
                    size_t head_capacity, struct error *err)
{
    *f = (struct text_files){.count = count, .head_capacity = head_capacity};
    f->file = memory_new(count, sizeof *f->file, err);
    f->head = memory_new(head_capacity, 1, err);
    if (!f->file || !f->head) {
        text_files_release(f);
        return -1;
    }
    memcpy(f->file, file, count * sizeof *file);
    return 0;
}

static struct text_file *current(const struct text_files *f)
{
    return &f->file[f->begun - 1];
}

static void end_file(struct text_files *f)
{
    if (current(f)->fd < 0)
        close(f->fd);
    f->reading = false;
}

void text_files_release(struct text_files *f)
{
    if (f->reading)
        end_file(f);
    free(f->file);
    free(f->head);
    *f = (struct text_files){0};
}

/* Reads at most `size` bytes of the current file. */
static ssize_t read_some(struct text_files *f, char *to, size_t size, struct error *err)
{
    ssize_t n;
    if (f->at_end)
        return 0;
    do
        n = read(f->fd, to, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_system(err, "%s: read failed at byte %llu", current(f)->name,
                            (unsigned long long)(text_file_position(current(f), f->bytes) +
                                                 f->head_size - f->head_next));
    f->at_end = n == 0;
    return n;
}

/* Opens the next file and reads its head. */
static int begin_file(struct text_files *f, struct error *err)
{
    struct text_file *file = &f->file[f->begun];
    f->fd = file->fd >= 0 ? file->fd : open(file->name, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0)
        return error_system(err, "%s: cannot open", file->name);
    file->start = f->bytes;
    f->begun++;
    f->reading = true;
    f->at_end = false;
    f->head_size = f->head_next = 0;
    for (ssize_t n = 1; n > 0 && f->head_size < f->head_capacity; f->head_size += (size_t)n)
        if ((n = read_some(f, f->head + f->head_size, f->head_capacity - f->head_size, err)) < 0)
            return -1;
    /* Without this check compressed data or UTF-16 would be read as a text of odd words. */
    if (stream_expect_text(file->name, f->head, f->head_size, err) < 0)
        return -1;
    file->looks_like = content_recognise(f->head, f->head_size);
    f->head_next = file->mark = content_mark_size(f->head, f->head_size);
    return 0;
}

/* Reads from the current file, its head first. */
static ssize_t read_file(struct text_files *f, char *to, size_t size, struct error *err)
{
    size_t left = f->head_size - f->head_next;
    if (left == 0)
        return read_some(f, to, size, err);
    size_t n = left < size ? left : size;
    memcpy(to, f->head + f->head_next, n);
    f->head_next += n;
    return (ssize_t)n;
}

ssize_t text_files_read(struct text_files *f, char *to, size_t size, struct error *err)
{
    ssize_t n = 0;
    while (n == 0) {
        if (!f->reading && f->begun == f->count)
            return 0;
        if (!f->reading && begin_file(f, err) < 0)
            return -1;
        n = read_file(f, to, size, err);
        if (n == 0)
            end_file(f);
        if (n == 0 && f->line_open && f->begun < f->count) {
            *to = '\n';
            n = 1;
        }
    }
    if (n > 0) {
        f->bytes += (uint64_t)n;
        f->line_open = to[n - 1] != '\n';
    }
    return n;
}

uint64_t text_file_position(const struct text_file *file, uint64_t offset)
{
    return offset - file->start + file->mark;
}

const struct text_file *text_files_at(const struct text_files *f, size_t begun, uint64_t offset)
{
    while (begun > 1 && f->file[begun - 1].start > offset)
        begun--;
    return &f->file[begun - 1];
}

void text_files_note(const struct text_files *f, void (*note)(const char *format, ...))
{
    for (size_t i = 0; i < f->begun; i++) {
        const struct content *content = f->file[i].looks_like;
        if (content) {
            note("%s: looks like %s; %s", f->file[i].name, content->name, content->advice);
            return;
        }
    }
}

int text_files_without_words(const struct text_files *f, struct error *err)
{
    return error_set(err, STATUS_INPUT, "%s%s: no words%s", f->file[0].name,
                     f->count > 1 ? " and the files after it" : "", f->bytes ? "" : ": empty");
}
