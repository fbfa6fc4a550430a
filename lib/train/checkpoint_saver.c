/* SPDX-License-Identifier: MIT */
#include "train/checkpoint_saver.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/thread.h"

int checkpoint_saver_open(struct checkpoint_saver *s, const char *path,
                          struct checkpoint_interval interval, struct error *err)
{
    struct output probe;
    struct stat old;
    *s = (struct checkpoint_saver){.path = path, .interval = interval};
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        return error_set(err, STATUS_FAILED, "%s: not a regular file", path);
    int locked = output_lock(&s->lock, path, err);
    if (locked < 0)
        return -1;
    /* Fail now rather than at the first checkpoint, after much training. */
    if (output_open(&probe, path, -1, err) < 0) {
        output_unlock(&s->lock);
        return -1;
    }
    output_drop(&probe);
    return locked;
}

void checkpoint_saver_start(struct checkpoint_saver *s, const struct header *header,
                            const struct checkpoint_run *run, uint64_t steps)
{
    s->header = header;
    s->run = *run;
    s->saved_at = clock_seconds();
    s->saved_steps = steps;
}

bool checkpoint_saver_due(const struct checkpoint_saver *s, uint64_t steps)
{
    if (s->interval.steps)
        return steps - s->saved_steps >= s->interval.steps;
    return clock_seconds() - s->saved_at >= (double)s->interval.seconds;
}

static void *write_checkpoint(void *data)
{
    struct checkpoint_saver *s = data;
    struct output out;
    s->result = output_open(&out, s->path, -1, &s->error);
    if (s->result < 0)
        return NULL;
    s->result = checkpoint_write(&s->checkpoint, out.fd, out.name, s->header, &s->error);
    if (s->result == 0)
        s->result = output_commit(&out, &s->error);
    else
        output_drop(&out);
    return NULL;
}

int checkpoint_saver_wait(struct checkpoint_saver *s, struct error *err)
{
    if (!s->writing)
        return 0;
    pthread_join(s->thread, NULL);
    s->writing = false;
    if (s->result < 0)
        *err = s->error;
    else
        s->disk_steps = s->saved_steps;
    return s->result;
}

int checkpoint_saver_save(struct checkpoint_saver *s, struct trainer *trainer,
                          const struct train_progress *progress, struct error *err)
{
    if (checkpoint_saver_wait(s, err) < 0 ||
        checkpoint_copy(&s->checkpoint, trainer, &s->run, progress, err) < 0)
        return -1;
    s->saved_at = clock_seconds();
    s->saved_steps = progress->steps;
    struct error no_thread;
    s->writing = thread_start(&s->thread, write_checkpoint, s, &no_thread) == 0;
    if (s->writing)
        return 0;
    write_checkpoint(s);
    if (s->result < 0)
        *err = s->error;
    return s->result;
}

int checkpoint_saver_finish(struct checkpoint_saver *s, struct trainer *trainer,
                            const struct train_progress *progress, struct error *err)
{
    if (checkpoint_saver_wait(s, err) == 0 && s->disk_steps == progress->steps)
        return 0;
    return checkpoint_saver_save(s, trainer, progress, err) < 0 ? -1
                                                                : checkpoint_saver_wait(s, err);
}

void checkpoint_saver_close(struct checkpoint_saver *s)
{
    if (s->writing)
        pthread_join(s->thread, NULL);
    output_unlock(&s->lock);
    checkpoint_release(&s->checkpoint);
}
