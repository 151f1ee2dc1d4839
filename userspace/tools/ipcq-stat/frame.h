/* SPDX-License-Identifier: GPL-2.0-only */
/* One frame of the live view. */
#ifndef IPCQ_STAT_FRAME_H
#define IPCQ_STAT_FRAME_H

#include <stdio.h>

#include "format.h"
#include "model.h"

/* What a frame shows of one queue. */
struct watched {
	const struct queue *now;
	const struct queue *before;	/* in the last frame, or NULL */
	struct opener_list openers;	/* if any call is blocked and we may know */
};

void frame_print(FILE *out, const struct watched *watched, size_t count,
		 const struct style *style);

#endif
