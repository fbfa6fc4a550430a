/* SPDX-License-Identifier: MIT */
#include "train/checkpoint_saver.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/thread.h"

int saver_open(struct saver *s, const char *path, struct saver_interval interval, struct error *err)
{
    struct output probe;
    struct stat old;
    *s = (struct saver){.path = path, .interval = interval};
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        return error_set(err, STATUS_FAILED, "%s: is no regular file", path);
    if (output_lock(&s->lock, path, err) < 0)
        return -1;
    /* Better now than at the first checkpoint, after much training. */
    if (output_open(&probe, path, -1, err) < 0) {
        output_unlock(&s->lock);
        return -1;
    }
    output_drop(&probe);
    return 0;
}

void saver_start(struct saver *s, const struct head *head, const struct checkpoint_run *run,
                 uint64_t steps)
{
    s->head = head;
    s->run = *run;
    s->saved_at = clock_seconds();
    s->saved_steps = steps;
}

bool saver_due(const struct saver *s, uint64_t steps)
{
    if (s->interval.steps)
        return steps - s->saved_steps >= s->interval.steps;
    return clock_seconds() - s->saved_at >= (double)s->interval.seconds;
}

static void *write_checkpoint(void *data)
{
    struct saver *s = data;
    struct output out;
    s->result = output_open(&out, s->path, -1, &s->error);
    if (s->result < 0)
        return NULL;
    s->result = checkpoint_write(&s->checkpoint, out.fd, out.name, s->head, &s->error);
    if (s->result == 0)
        s->result = output_commit(&out, &s->error);
    else
        output_drop(&out);
    return NULL;
}

int saver_wait(struct saver *s, struct error *err)
{
    if (!s->writing)
        return 0;
    pthread_join(s->thread, NULL);
    s->writing = false;
    if (s->result < 0)
        *err = s->error;
    return s->result;
}

int saver_save(struct saver *s, struct trainer *trainer, const struct train_progress *progress,
               struct error *err)
{
    if (saver_wait(s, err) < 0 ||
        checkpoint_take(&s->checkpoint, trainer, &s->run, progress, err) < 0)
        return -1;
    s->saved_at = clock_seconds();
    s->saved_steps = progress->steps;
    s->writing = thread_start(&s->thread, write_checkpoint, s, err) == 0;
    return s->writing ? 0 : -1;
}

void saver_close(struct saver *s)
{
    if (s->writing)
        pthread_join(s->thread, NULL);
    output_unlock(&s->lock);
    checkpoint_release(&s->checkpoint);
}
