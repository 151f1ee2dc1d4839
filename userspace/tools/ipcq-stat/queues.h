/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of queues. */
#ifndef IPCQ_STAT_QUEUES_H
#define IPCQ_STAT_QUEUES_H

#include "model.h"
#include "table.h"

extern const struct column queue_columns[];
extern const size_t nr_queue_columns;

/* columns: NULL for those that are shown unless others are chosen. */
void queues_print(FILE *out, const struct queue_list *list, const struct column **columns,
		  size_t nr_columns, const struct style *style);

/* The name, or what stands for it; the caller frees it. */
char *queue_label(const char *name, uint32_t flags);

#endif
