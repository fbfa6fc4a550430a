/* SPDX-License-Identifier: MIT */
#include "formats/load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/recognise.h"

/* ---- opening ---- */

int vectors_source_open(struct vectors_source *source, int fd, const char *name, const char *next,
                        struct error *err)
{
    struct format_found found;
    *source = (struct vectors_source){.in = input_from(fd, name)};
    struct input *in = &source->in;
    int result = format_detect(in, &found, err);
    source->format = found.format;
    if (result == 0 && !found.stream && !found.format) {
        if (found.may_be_vectors)
            error_set(err, STATUS_INPUT,
                      "%s: cannot detect the format of these vectors; specify it: sgns-convert "
                      "--from=FORMAT %s | %s",
                      name, fd == STDIN_FILENO ? "-" : name, next);
        else
            stream_refuse_content(name, input_next(in), input_available(in), STREAM_VECTORS, err);
        result = -1;
    }
    if (result < 0)
        input_release(in);
    return result;
}

void vectors_source_close(struct vectors_source *source)
{
    input_release(&source->in);
}

struct stream_reader *vectors_source_stream(const struct vectors_source *source, struct error *err)
{
    const struct input *in = &source->in;
    return stream_reader_open_prefixed(in->fd, in->name, STREAM_VECTORS, input_next(in),
                                       input_available(in), err);
}

/* ---- reading ---- */

/* Opens the file of words beside that of the vectors. *name is its name, which the caller frees. */
static int open_words(const struct vectors_source *source, char **name, struct error *err)
{
    const struct format *format = source->format;
    *name = NULL;
    if (source->in.fd == STDIN_FILENO)
        return error_set(err, STATUS_INPUT,
                         "%s: %s has the words in a separate file; use sgns-convert --words=FILE",
                         source->in.name, format->name);
    *name = format_words_name(format, source->in.name, err);
    if (!*name)
        return -1;
    int fd = open(*name, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? error_system(err, "%s: cannot open", *name) : fd;
}

/* Imports from a format of two files. */
static int import_both(struct vectors_source *source, struct import *import, struct error *err)
{
    char *name;
    int result = -1, fd = open_words(source, &name, err);
    if (fd >= 0) {
        struct input words = input_from(fd, name);
        result = source->format->import(&source->in, &words, import, err);
        input_release(&words);
        close(fd);
    }
    free(name);
    return result;
}

/* Moves the words and the rows. */
static void take(struct loaded_vectors *to, struct import *import)
{
    size_t size = (size_t)import->pending_rows * import->dim * sizeof *import->pending;
    float *rows = realloc(import->pending, size);
    to->rows = rows ? rows : import->pending;
    to->header.vocab = import->vocab;
    to->dim = import->dim;
    import->pending = NULL;
    import->vocab = (struct vocab){0};
}

int vectors_source_load(struct vectors_source *source, struct loaded_vectors *to,
                        void (*note)(const char *format, ...), void (*progress)(void),
                        struct error *err)
{
    struct import import = {.in_memory = true, .progress = progress};
    int result = source->format->words_suffix
                     ? import_both(source, &import, err)
                     : source->format->import(&source->in, NULL, &import, err);
    if (result == 0) {
        import_note(&import, &source->in, note);
        take(to, &import);
    }
    import_release(&import);
    return result;
}

static int load_stream(const struct vectors_source *source, struct loaded_vectors *to,
                       void (*progress)(void), struct error *err)
{
    struct vectors_reader reader;
    struct stream_reader *stream = vectors_source_stream(source, err);
    if (!stream || vectors_reader_attach(&reader, stream, err) < 0)
        return -1;
    reader.progress = progress;
    to->rows = vectors_read_all(&reader, err);
    to->dim = reader.dim;
    to->header = reader.header;
    reader.header = (struct header){0};
    vectors_reader_close(&reader);
    return to->rows ? 0 : -1;
}

int vectors_load(struct loaded_vectors *to, int fd, const char *name, const char *next,
                 void (*note)(const char *format, ...), void (*progress)(void), struct error *err)
{
    struct vectors_source source;
    if (vectors_source_open(&source, fd, name, next, err) < 0)
        return -1;
    int result = source.format ? vectors_source_load(&source, to, note, progress, err)
                               : load_stream(&source, to, progress, err);
    vectors_source_close(&source);
    return result;
}

void loaded_vectors_release(struct loaded_vectors *loaded)
{
    header_release(&loaded->header);
    free(loaded->rows);
    *loaded = (struct loaded_vectors){0};
}
