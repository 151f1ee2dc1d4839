/* SPDX-License-Identifier: GPL-2.0-only */
/* So many messages a second, and no more. */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t monotonic_ns(void);

/**
 * struct pace - a rate
 * @interval_ns: from one message to the next; 0 for no limit
 * @next_ns: when the next one is due; 0 at first
 */
struct pace {
	int64_t interval_ns;
	int64_t next_ns;
};

/* Wait until the next message is due, or a signal comes (see interrupt.h). */
void pace_wait(struct pace *pace);

#endif /* PACE_H */
