// SPDX-License-Identifier: GPL-2.0-only
/* Arithmetic on the statistics of queues. */
#include <linux/string.h>

#include "stats.h"

/**
 * ipcq_stats_add() - add one queue's statistics to a sum
 * @sum: what is added to
 * @stats: what is added
 *
 * Context: Any.  The caller holds the locks of both.
 */
void ipcq_stats_add(struct ipcq_stats *sum, const struct ipcq_stats *stats)
{
	unsigned int i;

	for (i = 0; i < IPCQ_NR_COUNTERS; i++)
		sum->counter[i] += stats->counter[i];
	for (i = 0; i < IPCQ_SIZE_BUCKETS; i++)
		sum->size[i] += stats->size[i];
	for (i = 0; i < IPCQ_SOJOURN_BUCKETS; i++)
		sum->sojourn[i] += stats->sojourn[i];
}

/**
 * ipcq_stats_restart() - count from zero
 * @stats: what is set back
 * @depth: messages that wait at this instant
 * @bytes: bytes of payload in them
 *
 * What waits stays counted as sent, so that the accounting invariant holds.
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
void ipcq_stats_restart(struct ipcq_stats *stats, u32 depth, u64 bytes)
{
	memset(stats, 0, sizeof(*stats));
	stats->counter[IPCQ_SENT] = depth;
	stats->counter[IPCQ_SENT_BYTES] = bytes;
}
