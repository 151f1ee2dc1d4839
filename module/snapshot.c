// SPDX-License-Identifier: GPL-2.0-only
/* Reading the state and the counters of a queue, and setting them back. */
#include "engine.h"

/**
 * ipcq_lock_to_read() - lock a queue in order to read its state
 * @e: the queue
 *
 * What a mapped receiver has consumed is counted first.  Who is let in by that will be
 * when the receiver says so.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_lock_to_read(struct ipcq_engine *e)
	__acquires(&e->lock)
{
	spin_lock(&e->lock);
	while (unlikely(e->ring) &&
	       ipcq_ring_consume(e, ktime_get_ns(), IPCQ_RING_STEP) == IPCQ_RING_STEP) {
		spin_unlock(&e->lock);
		cond_resched();
		spin_lock(&e->lock);
	}
}

/**
 * ipcq_oldest_ns() - when the message was sent that has waited longest
 * @e: the queue
 * @now: what to return if none waits
 *
 * Context: The caller holds the lock of the queue.
 * Return: CLOCK_MONOTONIC in ns.
 */
u64 ipcq_oldest_ns(struct ipcq_engine *e, u64 now)
{
	struct ipcq_ring *ring = e->ring;

	lockdep_assert_held(&e->lock);

	if (likely(!ring))
		return ipcq_waiting_oldest_ns(&e->waiting, now);
	now = ipcq_waiting_oldest_ns(&ring->returned, now);
	now = ipcq_waiting_oldest_ns(&ring->stranded, now);
	if (!ring->room)
		return min(now, ring->oldest_ns);
	return ring->head == ring->tail ? now :
					  min(now, (u64)ipcq_ring_at(ring, ring->tail)->time_ns);
}

/**
 * ipcq_poll_mask() - which events hold now
 * @e: the queue
 * @access: IPCQ_ACCESS_* of who asks
 *
 * Context: Process context.  May sleep.
 * Return: EPOLL* bits.
 */
__poll_t ipcq_poll_mask(struct ipcq_engine *e, u32 access)
{
	__poll_t mask = 0;

	ipcq_lock_to_read(e);
	if (unlikely(e->ring)) {
		ipcq_ring_refresh(e);
		/* Asks the receiver to tell, if that is what is polled for. */
		while (access & IPCQ_ACCESS_SEND && e->ring && !ipcq_is_writable(e) &&
		       ipcq_ring_is_in_motion(e))
			ipcq_ring_refresh(e);
	}
	if (access & IPCQ_ACCESS_RECV) {
		if (ipcq_is_readable(e))
			mask |= IPCQ_POLL_RECV;
		if (ipcq_is_hung_up(e))
			mask |= EPOLLHUP | IPCQ_POLL_RECV;
	}
	if (access & IPCQ_ACCESS_SEND) {
		if (e->broken)
			mask |= EPOLLERR | IPCQ_POLL_SEND;
		else if (ipcq_is_writable(e))
			mask |= IPCQ_POLL_SEND;
	}
	spin_unlock(&e->lock);
	return mask;
}

/**
 * ipcq_snap() - read everything at one instant
 * @e: the queue
 * @snap: filled in
 * @stats: the counters at that instant, or NULL
 *
 * Context: Process context.  May sleep.
 */
void ipcq_snap(struct ipcq_engine *e, struct ipcq_snapshot *snap,
	       struct ipcq_stats *stats)
{
	ipcq_lock_to_read(e);
	snap->now_ns = ktime_get_ns();
	snap->oldest_ns = snap->now_ns - ipcq_oldest_ns(e, snap->now_ns);
	snap->config = e->config;
	snap->bytes = e->bytes;
	snap->peak_bytes = e->peak_bytes;
	snap->depth = e->depth;
	snap->peak_depth = e->peak_depth;
	snap->senders = e->nr_senders;
	snap->receivers = e->nr_receivers;
	snap->blocked_senders = e->blocked_senders;
	snap->blocked_receivers = e->blocked_receivers;
	snap->shut = e->shut;
	snap->is_mapped = e->ring;
	if (stats)
		*stats = e->stats;
	spin_unlock(&e->lock);
}

/**
 * ipcq_depth() - how many messages wait
 * @e: the queue
 *
 * Context: Process context.  May sleep.
 * Return: the number, as it was a moment ago.
 */
u32 ipcq_depth(struct ipcq_engine *e)
{
	u32 depth;

	ipcq_lock_to_read(e);
	depth = e->depth;
	spin_unlock(&e->lock);
	return depth;
}

/**
 * ipcq_is_ephemeral() - does the last close end the queue
 * @e: the queue
 *
 * Context: Any but interrupts.
 * Return: whether it did a moment ago.
 */
bool ipcq_is_ephemeral(struct ipcq_engine *e)
{
	bool is;

	spin_lock(&e->lock);
	is = e->config.flags & IPCQ_F_EPHEMERAL;
	spin_unlock(&e->lock);
	return is;
}

/**
 * ipcq_sum() - add a queue to sums over queues
 * @e: the queue
 * @stats: sum of counters
 * @depth: sum of messages waiting
 * @bytes: sum of bytes waiting
 *
 * Context: Process context.  May sleep.
 */
void ipcq_sum(struct ipcq_engine *e, struct ipcq_stats *stats, u64 *depth,
	      u64 *bytes)
{
	ipcq_lock_to_read(e);
	ipcq_stats_add(stats, &e->stats);
	*depth += e->depth;
	*bytes += e->bytes;
	spin_unlock(&e->lock);
}

/**
 * ipcq_reset() - set back high-water marks or counters
 * @e: the queue
 * @peak: the marks
 * @counters: the counters and histograms
 * @forgotten: output, with @counters: what the counters held, less what they
 *	still hold now, so that a sum of both balances
 *
 * Context: Process context.  May sleep.
 */
void ipcq_reset(struct ipcq_engine *e, bool peak, bool counters,
		struct ipcq_stats *forgotten)
{
	ipcq_lock_to_read(e);
	if (peak) {
		e->peak_depth = e->depth;
		e->peak_bytes = e->bytes;
	}
	if (counters) {
		e->resets++;
		*forgotten = e->stats;
		ipcq_stats_restart(&e->stats, e->depth, e->bytes);
		forgotten->counter[IPCQ_SENT] -= e->depth;
		forgotten->counter[IPCQ_SENT_BYTES] -= e->bytes;
	}
	spin_unlock(&e->lock);
}
