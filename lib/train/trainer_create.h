/* SPDX-License-Identifier: MIT */
/* trainer_create.h -- chooses the backend that trains: CPU or GPU. */
#ifndef SGNS_TRAINER_CREATE_H
#define SGNS_TRAINER_CREATE_H

#include "train/trainer.h"

/* Creates a trainer, whose model has the initial vectors of xavier.h, on `device`: "auto", "cpu",
 * "cuda" or "cuda:N". "auto" chooses a GPU if there is one and there is enough work to pay for its
 * start. `note` (GPU_NOTE bytes, base/gpu_plugin.h) becomes one line about the choice for the user,
 * or empty. The caller destroys the trainer. NULL on error. */
struct trainer *trainer_create(const char *device, const struct trainer_config *config, char *note,
                               struct error *err) MUST_USE;

#endif
