/* SPDX-License-Identifier: MIT */
/* load.h -- loads vectors of any format into memory: a stream, or a file of another program whose
 * format is certain.
 */
#ifndef SGNS_LOAD_H
#define SGNS_LOAD_H

#include "formats/formats.h"

/* An input that is open, and of which only the first bytes were read. */
struct vectors_source {
    struct input in;
    const struct format *format; /* NULL: a stream */
};

struct loaded_vectors {
    struct header header; /* without provenance if they are not from a stream */
    uint32_t dim;
    float *rows; /* (words × dim) */
};

/* Detects what the input `fd` is. `name`, for messages, is its path unless it is standard input, and
 * must outlive the source. Anything that is not certainly vectors is an error of status 3, which
 * names the command to type: one that pipes into `next`, "sgns-knn - WORD" for example. */
int vectors_source_open(struct vectors_source *source, int fd, const char *name, const char *next,
                        struct error *err) MUST_USE;
void vectors_source_close(struct vectors_source *source);

/* Opens a source that is a stream as such. The caller closes the reader. NULL on error. */
struct stream_reader *vectors_source_stream(const struct vectors_source *source,
                                            struct error *err) MUST_USE;

/* Reads a source that is not a stream. The words of an array of NumPy are in the file beside it, as
 * for sgns-convert. Calls `note` for what the user should know, and `progress`, unless it is NULL, from
 * time to time. `to` must be empty; the caller
 * releases it, even on error. */
int vectors_source_load(struct vectors_source *source, struct loaded_vectors *to,
                        void (*note)(const char *format, ...), void (*progress)(void),
                        struct error *err) MUST_USE;

/* All of this for an input that may be a stream or not. */
int vectors_load(struct loaded_vectors *to, int fd, const char *name, const char *next,
                 void (*note)(const char *format, ...), void (*progress)(void),
                 struct error *err) MUST_USE;

void loaded_vectors_release(struct loaded_vectors *loaded);

#endif
