/* SPDX-License-Identifier: GPL-2.0-only */
/* Every queue: ids, names, lifetime, and the totals of queues that are gone. */
#ifndef IPCQ_REGISTRY_H
#define IPCQ_REGISTRY_H

#include "ipcq.h"

/**
 * struct ipcq_totals - sums over all queues that are or were
 * @queues: queues that are
 * @created: queues that were ever made
 * @destroyed: queues that are gone
 * @depth: messages waiting
 * @bytes: bytes of payload waiting
 * @now_ns: CLOCK_MONOTONIC time of the reading
 * @stats: counters
 */
struct ipcq_totals {
	u32 queues;
	u64 created;
	u64 destroyed;
	u64 depth;
	u64 bytes;
	u64 now_ns;
	struct ipcq_stats stats;
};

struct ipcq_queue *ipcq_queue_create(const struct ipcq_identity *identity,
				     const struct ipcq_config *config,
				     ipcq_observer_t observer);
void ipcq_queue_put(struct ipcq_queue *q);
struct ipcq_queue *ipcq_queue_by_id(u32 id);
struct ipcq_queue *ipcq_queue_by_name(const char *name);
struct ipcq_queue *ipcq_queue_from(u32 id);

void ipcq_queue_announce(struct ipcq_queue *q);
int ipcq_queue_link(struct ipcq_queue *q);
int ipcq_queue_unlink(const char *name, bool if_empty,
		      struct ipcq_destroy *result);
void ipcq_queue_unlink_if_closed(struct ipcq_queue *q, bool if_ephemeral);
bool ipcq_queue_may_administer(const struct ipcq_queue *q);
u32 ipcq_queue_flags(struct ipcq_queue *q, const struct ipcq_snapshot *snap);
void ipcq_queue_reset(struct ipcq_queue *q, bool peak, bool counters);

void ipcq_registry_totals(struct ipcq_totals *totals);
void ipcq_registry_unlink_all(void);

/**
 * ipcq_queue_of() - the queue that an engine belongs to
 * @e: the engine
 *
 * Return: the queue.
 */
static inline struct ipcq_queue *ipcq_queue_of(struct ipcq_engine *e)
{
	return container_of(e, struct ipcq_queue, engine);
}

#endif /* IPCQ_REGISTRY_H */
