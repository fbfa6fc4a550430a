/* SPDX-License-Identifier: MIT */
/* trainer_cpu.h -- the backend that trains on the CPU. */
#ifndef SGNS_TRAINER_CPU_H
#define SGNS_TRAINER_CPU_H

#include "train/trainer.h"

/* Creates a trainer, whose model has the initial vectors of xavier.h, on config->threads threads.
 * The caller destroys the trainer. NULL on error. */
struct trainer *trainer_cpu_create(const struct trainer_config *config, struct error *err) MUST_USE;

#endif
