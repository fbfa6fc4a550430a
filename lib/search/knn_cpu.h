/* SPDX-License-Identifier: MIT */
/* knn_cpu.h -- the backend that searches on the CPU. */
#ifndef SGNS_KNN_CPU_H
#define SGNS_KNN_CPU_H

#include "search/knn.h"

/* Creates a search on at most config->threads threads. The caller destroys it. NULL on error. */
struct knn *knn_cpu_create(const struct knn_config *config, struct error *err) MUST_USE;

#endif
