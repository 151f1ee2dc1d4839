/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms as bars. */
#ifndef IPCQ_STAT_HISTOGRAM_H
#define IPCQ_STAT_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "format.h"

struct histogram {
	const char *title;	/* what is counted, by what */
	const uint64_t *bucket;
	size_t buckets;
	/* Formats the bounds of a bucket. */
	char *(*format)(uint64_t value, const struct style *style);
};

/* A line for each bucket from the first to the last that counts anything. */
void histogram_print(FILE *out, const struct histogram *histogram,
		     const struct style *style);

#endif
