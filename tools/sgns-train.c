/* SPDX-License-Identifier: MIT */
/* sgns-train -- batches to vectors: skip-gram with negative sampling. */
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "gpu.h"
#include "output.h"
#include "progress.h"
#include "saver.h"
#include "team.h"
#include "train.h"
#include "vectors.h"

static struct {
    struct trainer_config model;
    const char *optimizer, *device, *loss_log, *checkpoint, *every, *resume;
} opt = {.model = {.dim = 100, .seed = 1, .lr = NAN},
         .optimizer = "adam",
         .device = "auto",
         .every = "300s"};

static const struct cli_option options[] = {
    {'d', "dim", OPTION_U32, &opt.model.dim, "N: numbers in a vector", 1, DIM_MAX, true},
    {'O', "optimizer", OPTION_STRING, &opt.optimizer, "NAME: adam, or sgd as in word2vec", 0, 0,
     true},
    {'l', "lr", OPTION_DOUBLE, &opt.model.lr, "R: learning rate [adam 0.002, sgd 0.025]", 0, 1e30,
     true},
    {'s', "seed", OPTION_U64, &opt.model.seed, "N: of the initial vectors", 0, 0x1p64, true},
    {'t', "threads", OPTION_U32, &opt.model.threads, "N: threads on the CPU, 0: one per processor",
     0, 1024, false},
    {'D', "device", OPTION_STRING, &opt.device, "DEVICE: auto, cpu, cuda or cuda:N", 0, 0, true},
    {'L', "loss-log", OPTION_STRING, &opt.loss_log,
     "FILE: write epoch, step, loss and tokens/s of every step", 0, 0, false},
    {'c', "checkpoint", OPTION_STRING, &opt.checkpoint,
     "FILE: write checkpoints, the last one when a signal stops it", 0, 0, false},
    {0, "checkpoint-every", OPTION_STRING, &opt.every, "TIME: so many seconds, or steps: 1000steps",
     0, 0, false},
    {'r', "resume", OPTION_STRING, &opt.resume, "FILE: go on from this checkpoint", 0, 0, false},
    {0},
};

static const struct cli_program program = {
    .name = "sgns-train",
    .operands = "[BATCHES]",
    .summary = "Train word vectors on a stream of minibatches.",
    .options = options,
    .max_operands = 1,
    .example = "ptb-vocab < ptb.txt | ptb-subsample | sgns-batch | sgns-train > emb.bin",
    .binary = true,
};

static struct error err;

/* Adam's learning rate stays, that of gradient descent is the first, which falls to nearly nothing. */
static void choose_optimizer(void)
{
    static const struct {
        const char *name;
        enum optimizer optimizer;
        double lr;
    } known[] = {{"adam", OPTIMIZER_ADAM, 0.002}, {"sgd", OPTIMIZER_SGD, 0.025}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(opt.optimizer, known[i].name) == 0) {
            opt.model.optimizer = known[i].optimizer;
            if (isnan(opt.model.lr))
                opt.model.lr = known[i].lr;
            return;
        }
    cli_usage_error("--optimizer=%s: expected adam or sgd", opt.optimizer);
}

static struct saver_interval parse_interval(void)
{
    char *unit;
    errno = 0;
    unsigned long long n = strtoull(opt.every, &unit, 10);
    bool good = isdigit((unsigned char)opt.every[0]) && errno == 0 && n > 0;
    if (good && strcmp(unit, "s") == 0)
        return (struct saver_interval){.seconds = n};
    if (good && strcmp(unit, "steps") == 0)
        return (struct saver_interval){.steps = n};
    cli_usage_error("--checkpoint-every=%s: expected a time like 300s or 1000steps", opt.every);
}

struct report {
    struct progress progress;
    FILE *log; /* NULL: none wanted */
    uint32_t epochs;
    double speed, loss; /* examples a second; mean of all epochs */
    struct trainer *trainer;
    struct saver *saver; /* NULL: no checkpoints are wanted */
};

static double speed(const struct train_state *state)
{
    return state->seconds > 0 ? (double)state->examples / state->seconds : 0;
}

static void check_log(FILE *log, int result)
{
    if (log && result < 0)
        must(error_system(&err, "%s: write failed", opt.loss_log), &err);
}

/* The name of a file, which need not exist, without links in its folder, into name (PATH_MAX). */
static bool absolute(const char *path, char *name)
{
    char copy[2][PATH_MAX], folder[PATH_MAX];
    if (realpath(path, name))
        return true;
    snprintf(copy[0], PATH_MAX, "%s", path);
    snprintf(copy[1], PATH_MAX, "%s", path);
    if (!realpath(dirname(copy[0]), folder))
        return false;
    return snprintf(name, PATH_MAX, "%s/%s", folder, basename(copy[1])) < PATH_MAX;
}

static void open_log(struct report *report, int input)
{
    if (!opt.loss_log)
        return;
    /* The output's own file is still to come, so that its name must do. */
    const char *output = cli_common()->output;
    char name[2][PATH_MAX];
    bool same = output ? absolute(output, name[0]) && absolute(opt.loss_log, name[1]) &&
                             strcmp(name[0], name[1]) == 0
                       : output_is_same(opt.loss_log, STDOUT_FILENO);
    if (same || output_is_same(opt.loss_log, input))
        cli_usage_error("%s: cannot be the loss log as well", opt.loss_log);
    report->log = opt.resume ? fopen(opt.loss_log, "r+e") : NULL;
    if (report->log)
        return;
    report->log = fopen(opt.loss_log, "we");
    if (!report->log)
        must(error_system(&err, "%s: cannot open", opt.loss_log), &err);
    check_log(report->log, fprintf(report->log, "epoch\tstep\tloss\ttokens/s\n"));
}

/* Cuts a log that goes on behind the last step that the checkpoint has learnt from. */
static void cut_log(FILE *log, uint64_t steps)
{
    char line[128];
    long end = 0;
    unsigned long long step;
    rewind(log);
    while (fgets(line, sizeof line, log)) {
        if (sscanf(line, "%*u\t%llu\t", &step) == 1 && step > steps)
            break;
        end = ftell(log);
    }
    check_log(log, fseek(log, end, SEEK_SET) == 0 ? ftruncate(fileno(log), end) : -1);
}

static void show_bar(struct report *report, const struct train_state *state)
{
    char bar[PROGRESS_TEXT], left[PROGRESS_TEXT];
    double done = (double)state->step / (double)state->steps;
    progress_show(&report->progress, "%s %3.0f%% epoch %lu/%lu loss %.3f, %.0f tokens/sec, %s left",
                  progress_bar(bar, done), 100 * done, (unsigned long)state->epoch,
                  (unsigned long)report->epochs, state->total_loss, speed(state),
                  progress_left(left, state->seconds / done * (1 - done)));
}

static void after_step(void *data, const struct train_state *state)
{
    struct report *report = data;
    report->speed = speed(state);
    report->loss = state->total_loss;
    if (report->log)
        check_log(report->log,
                  fprintf(report->log, "%lu\t%llu\t%.9g\t%.0f\n", (unsigned long)state->epoch,
                          (unsigned long long)state->step, state->loss, speed(state)));
    if (state->epoch_done)
        progress_keep(&report->progress, "epoch %lu/%lu: loss %.4f, mean so far %.4f",
                      (unsigned long)state->epoch, (unsigned long)report->epochs, state->epoch_loss,
                      state->total_loss);
    else if (progress_due(&report->progress))
        show_bar(report, state);
    if (state->epoch_done && report->log)
        check_log(report->log, fflush(report->log));
}

static int between(void *data, const struct train_progress *progress, struct error *error)
{
    struct report *report = data;
    if (output_deferred_signal())
        return 1;
    if (!report->saver || !saver_due(report->saver, progress->steps))
        return 0;
    return saver_save(report->saver, report->trainer, progress, error);
}

static void resume(struct trainer *trainer, const struct checkpoint_run *run,
                   struct train_progress *progress)
{
    const char *name;
    int fd = cli_open_input(opt.resume, &name, true);
    must(checkpoint_read(fd, name, run, trainer, progress, &err), &err);
    close(fd);
    cli_note("going on behind minibatch %llu", (unsigned long long)progress->steps);
}

/* Training ended before its time: by a signal, or for the reason in `err`. */
_Noreturn static void stop(struct report *report, const struct train_progress *progress, int result)
{
    int signal_number = output_deferred_signal();
    bool sound = result > 0 || err.status == STATUS_INPUT || err.status == STATUS_FAILED;
    struct error other;
    if (report->saver && sound && progress->steps > 0) {
        must(saver_save(report->saver, report->trainer, progress, &other), &other);
        must(saver_wait(report->saver, &other), &other);
        cli_note("checkpoint behind minibatch %llu: go on with --resume=%s",
                 (unsigned long long)progress->steps, opt.checkpoint);
    }
    if (report->saver)
        saver_close(report->saver);
    if (signal_number)
        output_die(signal_number);
    cli_die(&err);
}

/* Trains, with checkpoints where they are wanted. */
static void train_watched(struct batches_reader *in, struct report *report)
{
    struct checkpoint_run run = {opt.model, in->shape, stream_hash(in->stream)};
    struct train_progress progress = {0};
    struct train_watch watch = {report, after_step, between};
    struct saver saver;
    if (opt.resume)
        resume(report->trainer, &run, &progress);
    if (opt.resume && report->log)
        cut_log(report->log, progress.steps);
    cli_add_provenance(&in->head);
    if (opt.checkpoint) {
        must(saver_open(&saver, opt.checkpoint, parse_interval(), &in->head, &run, &err), &err);
        saver.saved_steps = progress.steps;
        report->saver = &saver;
        output_defer_signals(true);
    }
    report->loss = progress.examples ? progress.total_loss / (double)progress.examples : 0;
    progress_start(&report->progress, cli_common()->quiet);
    int result = train(in, report->trainer, &progress, &watch, &err);
    if (result != 0 || output_deferred_signal())
        stop(report, &progress, result);
    if (opt.checkpoint) {
        output_defer_signals(false);
        must(saver_wait(&saver, &err), &err);
        saver_close(&saver);
    }
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    must(gpu_check_name(opt.device, &err), &err);
    choose_optimizer();
    parse_interval();
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct report report = {0};
    struct output out;
    must(output_open(&out, cli_common()->output, fd, &err), &err);
    open_log(&report, fd);

    struct batches_reader in;
    must(batches_reader_open(&in, fd, name, &err), &err);
    if (batches_in_all(&in.shape) == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no minibatch to train on", name), &err);
    opt.model.words = in.head.vocab.words.count;
    opt.model.batch_size = in.shape.batch_size;
    opt.model.examples = in.shape.examples * in.shape.epochs;
    opt.model.steps = batches_in_all(&in.shape);
    if (opt.model.threads == 0)
        opt.model.threads = team_processors();
    char note[DEVICE_NOTE];
    struct trainer *trainer = trainer_create(opt.device, &opt.model, note, &err);
    if (!trainer)
        cli_die(&err);
    if (*note)
        cli_note("%s", note);
    opt.device = trainer->device;

    report.epochs = in.shape.epochs;
    report.trainer = trainer;
    train_watched(&in, &report);
    must(train_write(trainer, out.fd, out.name, &in.head, opt.model.dim, &err), &err);
    if (report.log)
        check_log(report.log, fclose(report.log));
    must(output_commit(&out, &err), &err);
    progress_keep(&report.progress, "loss %.3f, %.1f tokens/sec on %s", report.loss, report.speed,
                  trainer->device);
    trainer->methods->destroy(trainer);
    batches_reader_close(&in);
    return STATUS_OK;
}
