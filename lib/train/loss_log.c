/* SPDX-License-Identifier: MIT */
#include "train/loss_log.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reports a failure, which is a negative result. */
static int check(const struct loss_log *log, int result, struct error *err)
{
    return result < 0 ? error_system(err, "%s: write failed", log->path) : 0;
}

int loss_log_open(struct loss_log *log, const char *path, bool evaluated, bool resumed,
                  struct error *err)
{
    struct stat old;
    *log = (struct loss_log){.path = path, .evaluated = evaluated};
    if (!path)
        return 0;
    log->continued = resumed && stat(path, &old) == 0 && S_ISREG(old.st_mode);
    log->file = fopen(path, log->continued ? "r+e" : "we");
    if (!log->file)
        return error_system(err, "%s: cannot open", path);
    if (log->continued)
        return 0;
    return check(
        log, fprintf(log->file, "epoch\tstep\tloss\ttokens/s%s\n", evaluated ? "\teval" : ""), err);
}

int loss_log_continue(struct loss_log *log, uint64_t steps, struct error *err)
{
    char line[128];
    long end = 0;
    unsigned long long step;
    if (!log->continued)
        return 0;
    rewind(log->file);
    while (fgets(line, sizeof line, log->file) && strchr(line, '\n')) {
        if (sscanf(line, "%*u\t%llu\t", &step) == 1 && step > steps)
            break;
        end = ftell(log->file);
    }
    int result = fseek(log->file, end, SEEK_SET);
    return check(log, result == 0 ? ftruncate(fileno(log->file), end) : -1, err);
}

int loss_log_add(struct loss_log *log, const struct train_state *state, struct error *err)
{
    char evaluated[40] = "";
    if (!log->file)
        return 0;
    if (log->evaluated)
        snprintf(evaluated, sizeof evaluated, state->epoch_done ? "\t%.9g" : "\t",
                 state->evaluated);
    return check(log,
                 fprintf(log->file, "%lu\t%llu\t%.9g\t%.0f%s\n", (unsigned long)state->epoch,
                         (unsigned long long)state->step, state->loss, train_speed(state),
                         evaluated),
                 err);
}

int loss_log_flush(struct loss_log *log, struct error *err)
{
    return log->file ? check(log, fflush(log->file), err) : 0;
}

int loss_log_close(struct loss_log *log, struct error *err)
{
    FILE *file = log->file;
    log->file = NULL;
    return file ? check(log, fclose(file), err) : 0;
}
