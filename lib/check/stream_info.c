/* SPDX-License-Identifier: MIT */
#include "check/stream_info.h"

#include <string.h>

#include "base/escape.h"

enum { PROPERTIES_MAX = 8 };

/* The numbers that describe a stream, in the order in which they are printed. */
struct property {
    const char *label, *key; /* in text, in JSON */
    uint64_t value;
};

void stream_info_release(struct stream_info *info)
{
    header_release(&info->header);
    *info = (struct stream_info){0};
}

static const char *kind_name(enum stream_kind kind)
{
    return kind == STREAM_BATCHES ? "batches" : stream_kind_name(kind);
}

/* Returns the number of properties of this kind of stream. */
static int properties(const struct stream_info *info, struct property property[PROPERTIES_MAX])
{
    const uint64_t *totals = info->totals;
    const struct batches_shape *shape = &info->shape;
    int n = 0;
    property[n++] = (struct property){"words", "words", info->header.vocab.words.count};
    switch (info->kind) {
    case STREAM_BATCHES:
        property[n++] = (struct property){"batch size", "batch_size", shape->batch_size};
        property[n++] = (struct property){"epochs", "epochs", shape->epochs};
        property[n++] = (struct property){"examples", "examples", shape->examples};
        property[n++] = (struct property){"total examples", "total_examples", totals[0]};
        property[n++] = (struct property){"contexts", "contexts", totals[1]};
        property[n++] = (struct property){"noise", "noise", totals[2]};
        break;
    case STREAM_VECTORS:
        property[n++] = (struct property){"dim", "dim", info->dim};
        property[n++] = (struct property){"rows", "rows", totals[0]};
        break;
    default:
        property[n++] = (struct property){"sentences", "sentences", totals[0]};
        property[n++] = (struct property){"tokens", "tokens", totals[1]};
    }
    return n;
}

/* The string after `string` in a PROVENANCE record, or its first one for NULL; NULL: none. */
static const char *next_string(const struct bytes *record, const char *string)
{
    const char *first = (const char *)record->data;
    const char *next = string ? string + strlen(string) + 1 : first;
    return next < first + record->size ? next : NULL;
}

void stream_info_print(FILE *to, const struct stream_info *info)
{
    struct property property[PROPERTIES_MAX];
    int n = properties(info, property);
    fprintf(to, "kind: %s\nversion: %u.%u\n", kind_name(info->kind), info->major, info->minor);
    for (int i = 0; i < n; i++)
        fprintf(to, "%s: %llu\n", property[i].label, (unsigned long long)property[i].value);
    if (info->steps > 0)
        fprintf(to, "checkpoint: minibatch %llu of %llu\n", (unsigned long long)info->steps,
                (unsigned long long)batches_in_all(&info->shape));
    if (!info->data_read)
        fputs("data: not read; the totals are those in END\n", to);
    for (size_t i = 0; i < info->header.programs; i++) {
        const struct bytes *record = &info->header.provenance[i];
        fputs("made by:", to);
        for (const char *s = NULL; (s = next_string(record, s));) {
            fputc(' ', to);
            escape_print(to, s, strlen(s));
        }
        fputc('\n', to);
    }
}

void stream_info_print_json(FILE *to, const struct stream_info *info)
{
    struct property property[PROPERTIES_MAX];
    int n = properties(info, property);
    fprintf(to, "\"kind\":\"%s\",\"version\":\"%u.%u\"", kind_name(info->kind), info->major,
            info->minor);
    for (int i = 0; i < n; i++)
        fprintf(to, ",\"%s\":%llu", property[i].key, (unsigned long long)property[i].value);
    if (info->steps > 0)
        fprintf(to, ",\"checkpoint\":{\"minibatches\":%llu,\"total_minibatches\":%llu}",
                (unsigned long long)info->steps, (unsigned long long)batches_in_all(&info->shape));
    fprintf(to, ",\"data_read\":%s,\"provenance\":[", info->data_read ? "true" : "false");
    for (size_t i = 0; i < info->header.programs; i++) {
        const struct bytes *record = &info->header.provenance[i];
        fputs(i ? ",[" : "[", to);
        for (const char *s = NULL; (s = next_string(record, s));) {
            fputs(s == (const char *)record->data ? "" : ",", to);
            escape_print_json(to, s, strlen(s));
        }
        fputc(']', to);
    }
    fputc(']', to);
}
