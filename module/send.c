// SPDX-License-Identifier: GPL-2.0-only
/* A message comes into a queue. */
#include <linux/errno.h>
#include <linux/sched/task.h>

#include "engine.h"

/* Give @m to the first waiting receiver with room for it.  Return whether there is one. */
static bool ipcq_hand_off(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
			  struct ipcq_wake *wake)
{
	struct ipcq_waiter *w;

	lockdep_assert_held(&e->lock);

	while ((w = ipcq_first(&e->receivers))) {
		if (m->size <= w->receipt->room) {
			ipcq_hand_over(e, w->party, w->receipt, m, now);
			ipcq_waiter_end(e, w, 1, now, wake);
			return true;
		}
		ipcq_add(e, IPCQ_RECV_TOO_SMALL, 1);
		w->receipt->needed = m->size;
		ipcq_waiter_end(e, w, -EMSGSIZE, now, wake);
	}
	return false;
}

/**
 * ipcq_deliver() - give a message to the first waiting receiver with room, or let it wait
 * @e: the queue
 * @m: the message, which is accepted
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_deliver(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		  struct ipcq_wake *wake)
{
	if (unlikely(e->ring)) {
		ipcq_ring_deliver(e, m, now, wake);
		return;
	}
	if (ipcq_hand_off(e, m, now, wake))
		return;
	ipcq_enqueue(e, m);
	wake->recv |= IPCQ_POLL_RECV;
	ipcq_notice(e, 1, m->pid, m->uid, wake);
	ipcq_check_high(e, wake, now);
}

/**
 * ipcq_admit() - accept a message, and deliver it
 * @e: the queue, which it fits
 * @m: the message
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_admit(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		struct ipcq_wake *wake)
{
	ipcq_accept(e, m, now);
	ipcq_spares_refill(&e->spares);
	ipcq_deliver(e, m, now, wake);
}

/*
 * A send to the first receiver in line, which has room: one task is to be woken, and
 * there is nothing else to be done.
 *
 * Context: Called with the queue lock held; returns without.
 */
static noinline void ipcq_send_across(struct ipcq_engine *e, struct ipcq_waiter *w,
				      struct ipcq_message *m)
	__releases(&e->lock)
{
	struct task_struct *task;
	u64 now = ktime_get_ns();

	ipcq_accept(e, m, now);
	ipcq_spares_refill(&e->spares);
	ipcq_hand_over(e, w->party, w->receipt, m, now);
	task = ipcq_waiter_stop(e, w, 1, now);
	spin_unlock(&e->lock);
	wake_up_process(task);
	put_task_struct(task);
}

/*
 * A send that is more than to add a message: there is somebody to be told, or it is
 * refused, or it blocks.
 *
 * Context: Called with the queue lock held; returns without.
 */
static noinline int ipcq_send_slowly(struct ipcq_engine *e, struct ipcq_party *party,
				     struct ipcq_message *m,
				     const struct ipcq_patience *patience)
	__releases(&e->lock)
{
	struct ipcq_wake wake;
	struct ipcq_waiter w;
	int err;

again:
	if (unlikely(e->ring))
		ipcq_ring_refresh(e);
	if (e->broken) {
		ipcq_add(e, IPCQ_SEND_HANGUP, 1);
		err = -EPIPE;
		goto unlock;
	}
	if (m->size > e->max_msg_size) {
		ipcq_add(e, IPCQ_SEND_TOO_BIG, 1);
		err = -EMSGSIZE;
		goto unlock;
	}
	if (ipcq_fits(e, m->size) && ipcq_goes_first(e)) {
		ipcq_wake_init(&wake);
		ipcq_admit(e, m, ktime_get_ns(), &wake);
		spin_unlock(&e->lock);
		ipcq_wake_up(e, &wake);
		return 0;
	}
	/* In each turn the receiver has come further. */
	if (unlikely(e->ring) && ipcq_ring_is_in_motion(e))
		goto again;
	if (patience->nonblock) {
		if (!patience->uncounted)
			ipcq_add(e, IPCQ_SEND_FULL, 1);
		err = -EAGAIN;
		goto unlock;
	}
	if (ipcq_has_expired(patience)) {
		ipcq_add(e, IPCQ_SEND_TIMEOUT, 1);
		err = -ETIMEDOUT;
		goto unlock;
	}

	w = (struct ipcq_waiter) {
		.task = current,
		.party = party,
		.since_ns = ktime_get_ns(),
		.rank = current->rt_priority,
		.m = m,
	};
	ipcq_line_up(&e->senders, &w);
	e->blocked_senders++;
	party->blocked_senders++;
	ipcq_add(e, IPCQ_BLOCKED_SENDS, 1);
	err = ipcq_wait(e, &w, patience);
	return err > 0 ? 0 : err;

unlock:
	spin_unlock(&e->lock);
	return err;
}

/**
 * ipcq_send() - put a message into a queue
 * @e: the queue
 * @party: the opener through which it is sent
 * @m: the message; on success its ownership has passed on, and it may have been
 *	received and freed already, by the time this returns
 * @patience: how long this may block
 *
 * Context: Process context.  Sleeps as @patience says.
 * Return: 0; -EMSGSIZE; -EPIPE; -EAGAIN; -ETIMEDOUT; -ERESTARTSYS if a signal
 * came.  On failure the caller still owns @m.
 */
int ipcq_send(struct ipcq_engine *e, struct ipcq_party *party,
	      struct ipcq_message *m, const struct ipcq_patience *patience)
{
	spin_lock(&e->lock);
	if (unlikely(e->blocked_receivers)) {
		struct ipcq_waiter *w = ipcq_first(&e->receivers);

		if (!e->broken && !e->ring && m->size <= e->max_msg_size &&
		    m->size <= w->receipt->room) {
			ipcq_send_across(e, w, m);
			return 0;
		}
		return ipcq_send_slowly(e, party, m, patience);
	}
	if (unlikely(e->broken || m->size > e->max_msg_size || e->blocked_senders ||
		     e->depth >= e->calm_msgs || e->bytes + m->size > e->calm_bytes ||
		     ipcq_recv_is_watched(e)))
		return ipcq_send_slowly(e, party, m, patience);
	ipcq_accept(e, m, ktime_get_ns());
	ipcq_spares_refill(&e->spares);
	ipcq_enqueue(e, m);
	spin_unlock(&e->lock);
	return 0;
}

/*
 * Accept messages and let them wait, for as long as that is all there is to do.  The same
 * as ipcq_accept() and ipcq_enqueue() of each, but what is of all is done once, and what
 * changes is in registers: as far as the compiler knows, a message might lie in the queue.
 *
 * Return: how many.
 */
static u32 ipcq_enqueue_run(struct ipcq_engine *e, struct ipcq_message *const *m, u32 n,
			    u64 now)
{
	const u64 calm_bytes = e->calm_bytes;
	const u32 calm_msgs = e->calm_msgs, largest = e->max_msg_size;
	u64 seq = e->last_seq, bytes = e->bytes;
	u32 depth = e->depth, size, i;

	lockdep_assert_held(&e->lock);

	if (unlikely(e->broken || e->blocked_senders || e->blocked_receivers || e->notice))
		return 0;
	for (i = 0; i < n; i++) {
		size = m[i]->size;
		if (unlikely(size > largest || depth >= calm_msgs || bytes + size > calm_bytes))
			break;
		depth++;
		bytes += size;
		m[i]->seq = ++seq;
		m[i]->time_ns = now;
		ipcq_waiting_insert(&e->waiting, m[i]);
		ipcq_stats_size(&e->stats, size);
	}
	ipcq_add(e, IPCQ_SENT, i);
	ipcq_add(e, IPCQ_SENT_BYTES, bytes - e->bytes);
	e->last_seq = seq;
	e->depth = depth;
	e->bytes = bytes;
	e->peak_depth = max(e->peak_depth, depth);
	e->peak_bytes = max(e->peak_bytes, bytes);
	return i;
}

/**
 * ipcq_send_at_once() - send messages for as long as none has to wait
 * @e: the queue
 * @m: the messages; those that are sent are not the caller's any more
 * @n: how many they are
 *
 * It also ends once the observer has to be told of something, so that it is told of
 * everything.
 *
 * Context: Process context.
 * Return: how many were sent.  If they are less, ipcq_send() of the next one finds out
 * why.
 */
u32 ipcq_send_at_once(struct ipcq_engine *e, struct ipcq_message *const *m, u32 n)
{
	struct ipcq_wake wake;
	u64 now;
	u32 i;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	now = ktime_get_ns();
	i = ipcq_enqueue_run(e, m, n, now);
	if (i)
		wake.recv = IPCQ_POLL_RECV;
	for (; i < n && !wake.event.type; i++) {
		if (e->broken || m[i]->size > e->max_msg_size ||
		    e->blocked_senders || !ipcq_fits(e, m[i]->size))
			break;
		ipcq_accept(e, m[i], now);
		ipcq_deliver(e, m[i], now, &wake);
	}
	ipcq_spares_refill(&e->spares);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return i;
}
