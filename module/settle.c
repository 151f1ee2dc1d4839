// SPDX-License-Identifier: GPL-2.0-only
/* Which blocked calls can end now: senders whose messages fit, and all that is over. */
#include <linux/errno.h>

#include "engine.h"

/**
 * ipcq_refuse() - end a blocked send that can never succeed
 * @e: the queue
 * @w: the send, for which ipcq_is_refused() holds
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_refuse(struct ipcq_engine *e, struct ipcq_waiter *w, u64 now,
		 struct ipcq_wake *wake)
{
	ipcq_add(e, e->broken ? IPCQ_SEND_HANGUP : IPCQ_SEND_TOO_BIG, 1);
	ipcq_waiter_end(e, w, e->broken ? -EPIPE : -EMSGSIZE, now, wake);
}

/**
 * ipcq_admit_senders() - admit blocked senders in their order for as long as they fit
 * @e: the queue
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Those before whom that is over are refused.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_admit_senders(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	struct ipcq_waiter *w;
	bool refused;

	lockdep_assert_held(&e->lock);

	if (unlikely(e->ring)) {
		ipcq_ring_admit_senders(e, now, wake);
		return;
	}
	while ((w = ipcq_first(&e->senders))) {
		refused = ipcq_is_refused(e, w->m);
		if (!refused && !ipcq_fits(e, w->m->size))
			return;
		if (!ipcq_may_end(wake))
			return;
		if (unlikely(refused)) {
			ipcq_refuse(e, w, now, wake);
			continue;
		}
		ipcq_admit(e, w->m, now, wake);
		ipcq_waiter_end(e, w, 1, now, wake);
	}
}

/*
 * Refuse blocked senders whose messages have become too large, wherever they stand in
 * line.  Each step passes all that are not: that costs much less than to end one.
 */
static void ipcq_refuse_large(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	struct ipcq_waiter *w, *next;

	lockdep_assert_held(&e->lock);

	list_for_each_entry_safe(w, next, &e->senders, node) {
		if (!ipcq_is_refused(e, w->m))
			continue;
		if (!ipcq_may_end(wake))
			return;
		ipcq_refuse(e, w, now, wake);
	}
	wake->large = false;
}

/* End blocked receives at end of file. */
static void ipcq_end_receivers(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	struct ipcq_waiter *w;

	lockdep_assert_held(&e->lock);

	while ((w = ipcq_first(&e->receivers)) && ipcq_may_end(wake)) {
		ipcq_add(e, IPCQ_RECV_EOF, 1);
		ipcq_waiter_end(e, w, -EPIPE, now, wake);
	}
}

/**
 * ipcq_settle_step() - end blocked calls that can end now, but not too many of them
 * @e: the queue
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards; see ipcq_wake_up()
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_settle_step(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	lockdep_assert_held(&e->lock);

	if (unlikely(wake->large))
		ipcq_refuse_large(e, now, wake);
	ipcq_admit_senders(e, now, wake);
	if (ipcq_is_eof(e))
		ipcq_end_receivers(e, now, wake);
	ipcq_check_high(e, wake, now);
	ipcq_check_low(e, wake, now);
	if (ipcq_is_writable(e))
		wake->send |= IPCQ_POLL_SEND;
}

/**
 * ipcq_settle() - configuration, openers or shutdown have changed
 * @e: the queue
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Begin to end every blocked call that can end now, and let pollers look again.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_settle(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	ipcq_settle_step(e, now, wake);
	if (ipcq_is_hung_up(e))
		wake->recv |= EPOLLHUP | IPCQ_POLL_RECV;
	if (e->broken)
		wake->send |= EPOLLERR | IPCQ_POLL_SEND;
}
