/* SPDX-License-Identifier: MIT */
/* knn_cpu.h -- the backend that searches on the CPU. */
#ifndef SGNS_KNN_CPU_H
#define SGNS_KNN_CPU_H

#include "search/knn.h"

/* A search on config->threads threads. NULL on error. */
struct knn *knn_cpu_create(const struct knn_config *config, struct error *err) MUST_USE;

#endif
