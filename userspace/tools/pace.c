// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <time.h>

#include "interrupt.h"
#include "pace.h"

/* So late that catching up would be a burst: who was held up begins anew. */
#define TOO_LATE_NS	100000000L

int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void pace_wait(struct pace *pace)
{
	int64_t now;

	if (!pace->interval_ns)
		return;
	now = monotonic_ns();
	if (!pace->next_ns || now - pace->next_ns > TOO_LATE_NS)
		pace->next_ns = now;
	while (now < pace->next_ns && !interrupt_signal) {
		interrupt_poll(NULL, 0, pace->next_ns - now);
		now = monotonic_ns();
	}
	pace->next_ns += pace->interval_ns;
}
