/* SPDX-License-Identifier: MIT */
/* knn_create.h -- chooses the backend that searches: CPU or GPU. */
#ifndef SGNS_KNN_CREATE_H
#define SGNS_KNN_CREATE_H

#include "search/knn.h"

/* Creates a search on `device`: "auto", "cpu", "cuda" or "cuda:N". "auto" chooses a GPU if there
 * is one, the search is large enough to pay for the GPU's start, and k is not too large for it.
 * `note` (GPU_NOTE bytes, base/gpu_plugin.h) becomes one line about the choice for the user, or
 * empty. The caller destroys the search. NULL on error. */
struct knn *knn_create(const char *device, const struct knn_config *config, char *note,
                       struct error *err) MUST_USE;

#endif
