/* SPDX-License-Identifier: MIT */
/* sgns-train -- reads batches, trains skip-gram with negative sampling, writes vectors. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/gpu.h"
#include "base/input.h"
#include "base/output.h"
#include "formats/load.h"
#include "program/cli.h"
#include "program/progress.h"
#include "program/signals.h"
#include "stream/vectors.h"
#include "train/checkpoint_saver.h"
#include "train/initial_vectors.h"
#include "train/loss_log.h"
#include "train/trained_vectors.h"
#include "train/trainer_create.h"
#include "train/training.h"

static struct {
    struct trainer_config model;
    const char *optimizer, *device, *init, *init_context, *eval, *loss_log, *checkpoint, *every,
        *resume, *context_output;
} opt = {.model = {.dim = 100, .seed = 1, .lr = NAN},
         .optimizer = "adam",
         .device = "auto",
         .every = "300s"};

static const struct cli_option options[] = {
    {'d', "dim", OPTION_U32, &opt.model.dim, "N: dimension of the vectors", 1, DIM_MAX, true},
    {'O', "optimizer", OPTION_STRING, &opt.optimizer, "NAME: adam, or sgd as in word2vec", 0, 0,
     true},
    {'l', "lr", OPTION_DOUBLE, &opt.model.lr, "R: learning rate [adam 0.002, sgd 0.025]", 0, 1e30,
     true},
    {'i', "init", OPTION_STRING, &opt.init, "FILE: initialise words from the vectors in FILE", 0, 0,
     true},
    {0, "init-context", OPTION_STRING, &opt.init_context,
     "FILE: initialise the context vectors of words from the vectors in FILE", 0, 0, true},
    {'s', "seed", OPTION_U64, &opt.model.seed, "N: random seed of the initial vectors", 0, 0x1p64,
     true},
    {'t', "threads", OPTION_U32, &opt.model.threads, "N: CPU threads to use; 0: one per processor",
     0, 1024, false},
    {'D', "device", OPTION_STRING, &opt.device, "DEVICE: auto, cpu, cuda or cuda:N", 0, 0, true},
    {'L', "loss-log", OPTION_STRING, &opt.loss_log,
     "FILE: log epoch, step, loss and tokens/s of every step", 0, 0, false},
    {0, "eval", OPTION_STRING, &opt.eval,
     "FILE: print the loss on the held-out minibatches in FILE after each epoch", 0, 0, false},
    {'c', "checkpoint", OPTION_STRING, &opt.checkpoint,
     "FILE: save checkpoints to FILE, also at the end and when a signal stops training", 0, 0,
     false},
    {0, "checkpoint-every", OPTION_STRING, &opt.every,
     "T: checkpoint interval, e.g. 60s or 1000steps", 0, 0, false},
    {'r', "resume", OPTION_STRING, &opt.resume, "FILE: resume from the checkpoint in FILE", 0, 0,
     false},
    {0, "context-output", OPTION_STRING, &opt.context_output,
     "FILE: also write the context vectors, to FILE (created only on success)", 0, 0, false},
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

/* For Adam the learning rate is constant; for gradient descent it is the initial rate, which falls
 * to almost 0. */
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

static struct checkpoint_interval parse_interval(void)
{
    char *unit;
    errno = 0;
    unsigned long long n = strtoull(opt.every, &unit, 10);
    bool good = isdigit((unsigned char)opt.every[0]) && errno == 0 && n > 0;
    if (good && strcmp(unit, "s") == 0)
        return (struct checkpoint_interval){.seconds = n};
    if (good && strcmp(unit, "steps") == 0)
        return (struct checkpoint_interval){.steps = n};
    cli_usage_error("--checkpoint-every=%s: expected an interval such as 300s or 1000steps",
                    opt.every);
}

struct report {
    struct loss_log log;
    uint64_t start; /* minibatches that a resumed model has already been trained on */
    uint32_t epochs;
    double speed, loss; /* examples per second; mean over all epochs so far */
    struct train_progress trained;
    struct trainer *trainer;
    struct checkpoint_saver *saver; /* NULL: no checkpoints */
};

/* Exits if `result` is an error, after finishing a checkpoint that is being written. */
static void must_with(struct report *report, int result)
{
    if (result >= 0)
        return;
    if (report->saver)
        checkpoint_saver_close(report->saver);
    cli_die(&err);
}

static bool is_output(const char *path)
{
    const char *output = cli_common()->output;
    return output ? output_same_name(path, output) : output_is_same(path, STDOUT_FILENO);
}

/* Whether `path` is the input or the output. */
static bool is_taken(const char *path, int input)
{
    return output_is_same(path, input) || is_output(path);
}

/* Refuses the same file for two purposes; only the checkpoint may replace a file that was read. */
static void check_names(int input)
{
    const struct {
        const char *option, *path;
    } read[] = {{"resume", opt.resume},
                {"init", opt.init},
                {"init-context", opt.init_context},
                {"eval", opt.eval}};
    const struct {
        const char *option, *path, *purpose;
    } written[] = {{"checkpoint", opt.checkpoint, "checkpoint"},
                   {"context-output", opt.context_output, "context output"},
                   {"loss-log", opt.loss_log, "loss log"}};
    const size_t reads = sizeof read / sizeof *read, writes = sizeof written / sizeof *written;
    bool stdin_taken = input == STDIN_FILENO;
    for (size_t r = 0; r < reads; r++) {
        bool is_stdin = read[r].path && input_is_stdin(read[r].path);
        if (is_stdin && stdin_taken)
            cli_usage_error("--%s=-: standard input can be read only once", read[r].option);
        stdin_taken = stdin_taken || is_stdin;
        if (read[r].path && is_output(read[r].path))
            cli_usage_error("%s: is also the output", read[r].path);
    }
    for (size_t w = 0; w < writes; w++) {
        const char *path = written[w].path;
        bool taken = path && is_taken(path, input);
        if (path && input_is_stdin(path))
            cli_usage_error("--%s=-: requires a file", written[w].option);
        for (size_t other = 0; other < w; other++)
            taken = taken || output_same_name(path, written[other].path);
        for (size_t r = 0; r < reads && path != opt.checkpoint; r++)
            taken = taken || output_same_name(path, read[r].path);
        if (taken)
            cli_usage_error("%s: cannot also be the %s", path, written[w].purpose);
    }
}

static void show_step(const struct report *report, const struct train_state *state)
{
    /* An evaluation is a stage of its own. */
    if (state->step == report->start + 1 || (opt.eval && state->epoch_done))
        progress_start((double)state->steps);
    progress_update((double)state->step, "epoch %lu/%lu, loss %.3f, %.0f tokens/sec",
                    (unsigned long)state->epoch, (unsigned long)report->epochs, state->total_loss,
                    train_speed(state));
}

static void show_epoch(const struct report *report, const struct train_state *state)
{
    char evaluated[40] = "";
    if (opt.eval)
        snprintf(evaluated, sizeof evaluated, ", eval %.4f", state->evaluated);
    progress_keep("epoch %lu/%lu: loss %.4f, mean so far %.4f%s", (unsigned long)state->epoch,
                  (unsigned long)report->epochs, state->epoch_loss, state->total_loss, evaluated);
}

static void show_evaluation(uint64_t done, uint64_t all)
{
    if (done == 0)
        progress_start((double)all);
    progress_update((double)done, "held-out minibatches: %llu", (unsigned long long)done);
}

static void show_writing(uint64_t rows)
{
    progress_update((double)rows, "writing: %llu vectors", (unsigned long long)rows);
}

static void after_step(void *data, const struct train_state *state)
{
    struct report *report = data;
    report->speed = train_speed(state);
    report->loss = state->total_loss;
    must_with(report, loss_log_add(&report->log, state, &err));
    show_step(report, state);
    if (state->epoch_done)
        show_epoch(report, state);
    if (state->epoch_done)
        must_with(report, loss_log_flush(&report->log, &err));
}

/* Flushes the log first: a run resumed from this checkpoint continues the log from that step. */
static int save(struct report *report, const struct train_progress *progress, struct error *error)
{
    must_with(report, loss_log_flush(&report->log, &err));
    return checkpoint_saver_save(report->saver, report->trainer, progress, error);
}

static bool is_stopped(void)
{
    return signals_pending() != 0;
}

static int between(void *data, const struct train_progress *progress, struct error *error)
{
    struct report *report = data;
    if (is_stopped())
        return 1;
    if (progress->steps == report->start)
        progress_update(0, "skipping the first %llu minibatches",
                        (unsigned long long)report->start);
    if (!report->saver || !checkpoint_saver_due(report->saver, progress->steps))
        return 0;
    return save(report, progress, error);
}

/* The value of an option in a provenance record of this program; NULL: not given. */
static const char *recorded(const struct bytes *record, const char *option)
{
    const char *text = (const char *)record->data, *end = text + record->size;
    size_t length = strlen(option);
    for (; text < end; text += strlen(text) + 1)
        if (strncmp(text, "--", 2) == 0 && strncmp(text + 2, option, length) == 0 &&
            text[2 + length] == '=')
            return text + 2 + length + 1;
    return NULL;
}

/* A resumed run keeps this option of its checkpoint in the provenance, but does not read that file
 * again. */
static void keep_recorded(const struct bytes *record, const char *option, const char **value,
                          const char *name)
{
    const char *original = recorded(record, option);
    if (*value && (!original || strcmp(original, *value) != 0))
        must(error_set(&err, STATUS_INPUT, "%s: checkpoint of a run with a different --%s", name,
                       option),
             &err);
    *value = original ? strdup(original) : NULL;
}

static void resume_init(struct header *header, const struct header *from, const char *name)
{
    if (from->programs == 0)
        return;
    const struct bytes *record = &from->provenance[from->programs - 1];
    keep_recorded(record, "init", &opt.init, name);
    keep_recorded(record, "init-context", &opt.init_context, name);
    must(header_join_provenance(header, from, from->programs - 1, &err), &err);
}

static void resume(struct trainer *trainer, const struct checkpoint_run *run,
                   struct train_progress *progress, struct header *header)
{
    const char *name;
    struct header from = {0};
    int fd = cli_open_input(opt.resume, &name, true);
    progress_start_input(fd);
    must(checkpoint_read(fd, name, run, trainer, progress, &from, progress_reading, &err), &err);
    resume_init(header, &from, name);
    header_release(&from);
    close(fd);
    cli_note("resuming after minibatch %llu%s", (unsigned long long)progress->steps,
             opt.checkpoint ? "" : "; without --checkpoint, no further checkpoints are saved");
}

static void initialise_stream(const struct vectors_source *source, enum weights matrix,
                              struct trainer *trainer, struct header *header,
                              struct initial_vectors *initial)
{
    struct stream_reader *stream = vectors_source_stream(source, &err);
    if (!stream)
        cli_die(&err);
    must(initial_vectors_read(stream, matrix, header, &opt.model, trainer, initial,
                              progress_reading, &err),
         &err);
}

static void initialise_foreign(struct vectors_source *source, enum weights matrix,
                               struct trainer *trainer, struct header *header,
                               struct initial_vectors *initial)
{
    struct loaded_vectors loaded = {0};
    must(vectors_source_load(source, &loaded, cli_note, progress_reading, &err), &err);
    must(initial_vectors_set(&loaded.header.vocab.words, loaded.rows, loaded.dim, source->in.name,
                             matrix, header, &opt.model, trainer, initial, &err),
         &err);
    loaded_vectors_release(&loaded);
}

/* Initialises words of V (and U, from a checkpoint) or only of U from the file. */
static void initialise(enum weights matrix, const char *path, struct trainer *trainer,
                       struct header *header)
{
    const char *name;
    struct initial_vectors initial;
    if (!path)
        return;
    int fd = cli_open_input(path, &name, true);
    progress_start_input(fd);
    struct vectors_source source;
    must(vectors_source_open(&source, fd, name, "sgns-train --init=- BATCHES", &err), &err);
    if (source.format)
        initialise_foreign(&source, matrix, trainer, header, &initial);
    else
        initialise_stream(&source, matrix, trainer, header, &initial);
    vectors_source_close(&source);
    close(fd);
    cli_note("%s%lu of %lu word%s initialised from %s%s",
             matrix == WEIGHTS_CONTEXT ? "context vectors of " : "", (unsigned long)initial.words,
             (unsigned long)opt.model.words, plural(opt.model.words), name,
             !initial.contexts           ? ""
             : matrix == WEIGHTS_CONTEXT ? ", a checkpoint"
                                         : ", in both matrices");
}

/* Whether the model can be saved after a call with this result, and the reason in `err`. */
static bool model_is_sound(int result)
{
    return result >= 0 || err.status == STATUS_INPUT || err.status == STATUS_FAILED;
}

/* Ends training early: after a signal, or for the reason in `err`. */
_Noreturn static void stop(struct report *report, int result)
{
    const struct train_progress *progress = &report->trained;
    /* An error before the first new step, such as a wrong input, is not worth a checkpoint. */
    bool earned = progress->steps > report->start || is_stopped();
    struct error other;
    if (report->saver && model_is_sound(result) && earned && progress->steps > 0) {
        must(save(report, progress, &other), &other);
        must(checkpoint_saver_wait(report->saver, &other), &other);
        cli_note("checkpoint saved after minibatch %llu; continue with --resume=%s and the same "
                 "input and options",
                 (unsigned long long)progress->steps, opt.checkpoint);
    }
    if (report->saver)
        checkpoint_saver_close(report->saver);
    /* Checked only here, since one Ctrl-C ends all programs of a pipe: the input may have ended
     * before the signal arrived. */
    if (is_stopped())
        signals_die(signals_pending());
    cli_die(&err);
}

/* Trains, with log, evaluation and checkpoints as requested. */
static void train_watched(struct batches_reader *in, struct report *report)
{
    struct checkpoint_run run = {opt.model, in->shape, stream_hash(in->stream)};
    struct train_progress *progress = &report->trained;
    struct evaluation evaluation;
    struct train_callbacks watch = {report, NULL, after_step, between};
    if (opt.eval) {
        const char *name;
        int fd = cli_open_input(opt.eval, &name, true);
        must(evaluation_open(&evaluation, fd, name, &in->header.vocab.words, show_evaluation, &err),
             &err);
        watch.evaluation = &evaluation;
    }
    if (opt.resume) {
        resume(report->trainer, &run, progress, &in->header);
    } else {
        initialise(WEIGHTS_CENTRE, opt.init, report->trainer, &in->header);
        initialise(WEIGHTS_CONTEXT, opt.init_context, report->trainer, &in->header);
    }
    must_with(report, loss_log_continue(&report->log, progress->steps, &err));
    cli_add_provenance(&in->header);
    if (report->saver) {
        checkpoint_saver_start(report->saver, &in->header, &run, progress->steps);
        signals_defer(true);
        stream_interrupt_when(in->stream, is_stopped);
    }
    report->start = progress->steps;
    report->loss = progress->examples ? progress->total_loss_sum / (double)progress->examples : 0;
    progress_start(0);
    int result = train(in, report->trainer, progress, &watch, &err);
    if (result == 0)
        signals_defer(false);
    if (result != 0 || is_stopped())
        stop(report, result);
    if (opt.eval)
        evaluation_close(&evaluation);
}

/* The vectors, and with --context-output the context vectors. */
struct outputs {
    struct output vectors, contexts;
};

static void open_outputs(struct outputs *out, int input)
{
    must(output_open(&out->vectors, cli_common()->output, input, &err), &err);
    check_names(input);
    if (opt.context_output)
        must(output_open(&out->contexts, opt.context_output, input, &err), &err);
}

static int write_matrix(const struct report *report, const struct batches_reader *in,
                        enum weights matrix, const struct header *header, const struct output *out)
{
    progress_start((double)opt.model.words);
    return trained_vectors_write(report->trainer, matrix, &opt.model, &in->shape, header, out->fd,
                                 out->name, show_writing, &err);
}

/* Makes `header`, which must be empty, that of the context vectors: its provenance names the
 * option, by which they differ from the vectors. Its vocabulary remains that of `from`. */
static int context_header(struct header *header, const struct header *from)
{
    static const char option[] = "--context-output=";
    if (header_join_provenance(header, from, from->programs, &err) < 0)
        return -1;
    struct bytes *record = &header->provenance[header->programs - 1];
    header->vocab = from->vocab;
    return bytes_put(record, option, strlen(option), &err) < 0
               ? -1
               : bytes_put(record, opt.context_output, strlen(opt.context_output) + 1, &err);
}

static int write_contexts(const struct report *report, const struct batches_reader *in,
                          const struct output *out)
{
    struct header header = {0};
    int result = context_header(&header, &in->header);
    if (result == 0)
        result = write_matrix(report, in, WEIGHTS_CONTEXT, &header, out);
    header.vocab = (struct vocab){0}; /* the reader's */
    header_release(&header);
    return result;
}

static int write_vectors(struct report *report, const struct batches_reader *in,
                         struct outputs *out)
{
    if (write_matrix(report, in, WEIGHTS_CENTRE, &in->header, &out->vectors) < 0 ||
        (opt.context_output && write_contexts(report, in, &out->contexts) < 0))
        return -1;
    if (loss_log_close(&report->log, &err) < 0)
        return -1;
    return opt.context_output ? output_commit_both(&out->vectors, &out->contexts, &err)
                              : output_commit(&out->vectors, &err);
}

/* Writes the vectors, then the last checkpoint. If there is no room for both, the vectors are kept,
 * and the checkpoint before the last one; if the vectors cannot be written, the checkpoint has
 * them. */
static void finish(struct report *report, const struct batches_reader *in, struct outputs *out)
{
    struct error unsaved;
    /* First, since an earlier one that is being written also takes room. If it fails, it is
     * replaced by the last one. */
    int saved = report->saver ? checkpoint_saver_wait(report->saver, &unsaved) : 0;
    int written = write_vectors(report, in, out);
    if (report->saver && model_is_sound(written))
        saved = checkpoint_saver_finish(report->saver, report->trainer, &report->trained, &unsaved);
    must_with(report, written);
    if (saved < 0)
        err = unsaved;
    must_with(report, saved);
    if (report->saver)
        checkpoint_saver_close(report->saver);
}

static void open_saver(struct report *report, struct checkpoint_saver *saver,
                       struct checkpoint_interval interval)
{
    if (!opt.checkpoint)
        return;
    if (must(checkpoint_saver_open(saver, opt.checkpoint, interval, &err), &err) == 0)
        cli_note("%s: the file system has no locks; make sure that no other run writes this "
                 "checkpoint",
                 opt.checkpoint);
    report->saver = saver;
}

/* Creates the model that the batches need, and prints a note about its device. */
static struct trainer *create_trainer(const struct batches_reader *in)
{
    opt.model.words = in->header.vocab.words.count;
    opt.model.batch_size = in->shape.batch_size;
    opt.model.examples = in->shape.examples * in->shape.epochs;
    opt.model.steps = batches_in_all(&in->shape);
    opt.model.threads = cli_threads(opt.model.threads);
    char note[GPU_NOTE];
    struct trainer *trainer = trainer_create(opt.device, &opt.model, note, &err);
    if (!trainer)
        cli_die(&err);
    if (*note)
        cli_note("%s", note);
    opt.device = trainer->device;
    return trainer;
}

int main(int argc, char **argv)
{
    char **operand = cli_start(&program, argc, argv);
    must(gpu_check_name(opt.device, &err), &err);
    choose_optimizer();
    struct checkpoint_interval interval = parse_interval();
    const char *name;
    int fd = cli_open_input(operand[0], &name, true);
    struct report report = {0};
    struct checkpoint_saver saver;
    struct outputs out;
    open_outputs(&out, fd);
    open_saver(&report, &saver, interval);
    must_with(&report,
              loss_log_open(&report.log, opt.loss_log, opt.eval != NULL, opt.resume != NULL, &err));

    struct batches_reader in;
    must(batches_reader_open(&in, fd, name, &err), &err);
    if (batches_in_all(&in.shape) == 0)
        must(error_set(&err, STATUS_INPUT, "%s: no minibatch to train on", name), &err);
    struct trainer *trainer = create_trainer(&in);
    report.epochs = in.shape.epochs;
    report.trainer = trainer;
    train_watched(&in, &report);
    progress_before_output(out.vectors.fd);
    finish(&report, &in, &out);
    progress_keep("loss %.3f, %.1f tokens/sec on %s", report.loss, report.speed, trainer->device);
    trainer->methods->destroy(trainer);
    batches_reader_close(&in);
    return STATUS_OK;
}
