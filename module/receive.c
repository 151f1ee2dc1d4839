// SPDX-License-Identifier: GPL-2.0-only
/* A message leaves a queue for a receiver. */
#include <linux/errno.h>
#include <linux/sched/signal.h>

#include "engine.h"

/* Take @m, which is next, out of those that wait. */
static __always_inline void ipcq_remove(struct ipcq_engine *e, struct ipcq_message *m)
{
	lockdep_assert_held(&e->lock);

	ipcq_waiting_remove_next(&e->waiting, m);
	e->depth--;
	e->bytes -= m->size;
}

/* Take @m, which is next, out of the queue for the receiver of @receipt. */
static __always_inline void ipcq_dequeue(struct ipcq_engine *e, struct ipcq_party *party,
					 struct ipcq_receipt *receipt,
					 struct ipcq_message *m, u64 now)
{
	ipcq_remove(e, m);
	ipcq_hand_over(e, party, receipt, m, now);
}

/*
 * A receive while no message waits: it is refused, or it blocks.
 *
 * Context: Called with the queue lock held; returns without.
 */
static noinline int ipcq_receive_later(struct ipcq_engine *e, struct ipcq_party *party,
				       struct ipcq_receipt *receipt,
				       const struct ipcq_patience *patience)
	__releases(&e->lock)
{
	struct ipcq_waiter w;
	int err;

	if (unlikely(e->ring)) {
		err = -EBUSY;
		goto unlock;
	}
	if (ipcq_is_hung_up(e)) {
		ipcq_add(e, IPCQ_RECV_EOF, 1);
		err = -EPIPE;
		goto unlock;
	}
	if (patience->nonblock) {
		if (!patience->uncounted)
			ipcq_add(e, IPCQ_RECV_EMPTY, 1);
		err = -EAGAIN;
		goto unlock;
	}
	if (ipcq_has_expired(patience)) {
		ipcq_add(e, IPCQ_RECV_TIMEOUT, 1);
		err = -ETIMEDOUT;
		goto unlock;
	}

	/* Not as one: the compiler would fill it with zeroes once more. */
	w.task = current;
	w.party = party;
	w.since_ns = ktime_get_ns();
	w.rank = current->rt_priority;
	w.m = NULL;
	w.receipt = receipt;
	w.state = 0;
	ipcq_line_up(&e->receivers, &w);
	e->blocked_receivers++;
	party->blocked_receivers++;
	ipcq_add(e, IPCQ_BLOCKED_RECVS, 1);
	err = ipcq_wait(e, &w, patience);
	if (err > 0 && unlikely(fatal_signal_pending(current))) {
		/* Nobody will see what this task receives. */
		ipcq_give_back(e, party, receipt);
		return -EINTR;
	}
	return err > 0 ? 0 : err;

unlock:
	spin_unlock(&e->lock);
	return err;
}

/*
 * A receive that is more than to take @m: there is somebody to be told, or it is refused.
 *
 * Context: Called with the queue lock held; returns without.
 */
static noinline int ipcq_receive_slowly(struct ipcq_engine *e, struct ipcq_party *party,
					struct ipcq_receipt *receipt,
					struct ipcq_message *m)
	__releases(&e->lock)
{
	struct ipcq_wake wake;
	bool was_writable;
	u64 now;

	if (e->shut & IPCQ_SHUT_RECV) {
		ipcq_add(e, IPCQ_RECV_EOF, 1);
		spin_unlock(&e->lock);
		return -EPIPE;
	}
	if (m->size > receipt->room) {
		ipcq_add(e, IPCQ_RECV_TOO_SMALL, 1);
		receipt->needed = m->size;
		spin_unlock(&e->lock);
		return -EMSGSIZE;
	}
	ipcq_wake_init(&wake);
	now = ktime_get_ns();
	was_writable = ipcq_is_writable(e);
	ipcq_dequeue(e, party, receipt, m, now);
	ipcq_admit_senders(e, now, &wake);
	ipcq_check_low(e, &wake, now);
	if (!was_writable && ipcq_is_writable(e))
		wake.send |= IPCQ_POLL_SEND;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return 0;
}

/**
 * ipcq_receive() - take the next message out of a queue
 * @e: the queue
 * @party: the opener through which it is received
 * @receipt: its @room and @ask_lost say what is wanted; the rest is filled in
 * @patience: how long this may block
 *
 * On success the caller either copies the message out and ends it with
 * ipcq_recycle(), or gives it back with ipcq_give_back().
 *
 * Context: Process context.  Sleeps as @patience says.
 * Return: 0; -EMSGSIZE, the message stays and @receipt->needed is its size;
 * -EBUSY if another receiver has mapped the queue; -EPIPE at end of file; -EAGAIN;
 * -ETIMEDOUT; -ERESTARTSYS if a signal came.
 */
int ipcq_receive(struct ipcq_engine *e, struct ipcq_party *party,
		 struct ipcq_receipt *receipt,
		 const struct ipcq_patience *patience)
{
	struct ipcq_message *m;

	spin_lock(&e->lock);
	m = ipcq_waiting_next(&e->waiting);
	if (unlikely(!m))
		return ipcq_receive_later(e, party, receipt, patience);
	ipcq_spares_collect(&e->spares);
	if (unlikely(m->size > receipt->room || e->shut || e->blocked_senders ||
		     e->depth <= e->calm_low || ipcq_send_is_watched(e)))
		return ipcq_receive_slowly(e, party, receipt, m);
	ipcq_dequeue(e, party, receipt, m, ipcq_stats_now());
	spin_unlock(&e->lock);
	return 0;
}

/* Room for records, and how much of it is taken. */
struct ipcq_span {
	size_t taken;
	size_t room;
};

static __always_inline bool ipcq_span_fits(const struct ipcq_span *span, u32 size)
{
	return span->taken + sizeof(struct ipcq_record) + size <= span->room;
}

/*
 * Take messages out, for as long as they wait and fit and that is all there is to do.
 * The same as ipcq_remove() and ipcq_leave() of each: see ipcq_enqueue_run().
 *
 * Return: how many.
 */
static u32 ipcq_dequeue_run(struct ipcq_engine *e, struct ipcq_message **m, u32 n,
			    struct ipcq_span *span, u64 now)
{
	struct ipcq_span taken = *span;
	struct ipcq_message *next;
	u64 bytes = 0;
	u32 i;

	lockdep_assert_held(&e->lock);

	if (unlikely(e->shut || e->blocked_senders || e->above))
		return 0;
	for (i = 0; i < n; i++) {
		next = ipcq_waiting_next(&e->waiting);
		if (!next || !ipcq_span_fits(&taken, next->size))
			break;
		ipcq_waiting_remove_next(&e->waiting, next);
		taken.taken += IPCQ_RECORD_SPACE(next->size);
		bytes += next->size;
		ipcq_stats_sojourn(&e->stats, now - next->time_ns, 1);
		next->taken_ns = now;
		m[i] = next;
	}
	ipcq_add(e, IPCQ_RECEIVED, i);
	ipcq_add(e, IPCQ_RECEIVED_BYTES, bytes);
	e->depth -= i;
	e->bytes -= bytes;
	*span = taken;
	return i;
}

/**
 * ipcq_receive_at_once() - receive what waits, as records
 * @e: the queue
 * @party: the opener through which it is received
 * @receipt: its @more is filled in and, if anything is received, @lost and @resets, for
 *	all of it
 * @m: where to put the messages
 * @n: how many there is place for
 * @room: bytes that the caller's buffer has for their records
 *
 * It ends before a message that does not fit, and once the observer has to be told of
 * something.
 *
 * Context: Process context.
 * Return: how many were received.  If that is none, ipcq_receive() finds out why.
 */
u32 ipcq_receive_at_once(struct ipcq_engine *e, struct ipcq_party *party,
			 struct ipcq_receipt *receipt, struct ipcq_message **m, u32 n,
			 size_t room)
{
	struct ipcq_span span = { .room = room };
	struct ipcq_message *next;
	struct ipcq_wake wake;
	bool was_writable;
	u64 now;
	u32 i;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	now = ktime_get_ns();
	was_writable = ipcq_is_writable(e);
	i = ipcq_dequeue_run(e, m, n, &span, now);
	for (; i < n && !wake.event.type; i++) {
		next = ipcq_waiting_next(&e->waiting);
		if (!next || !ipcq_span_fits(&span, next->size) || e->shut & IPCQ_SHUT_RECV)
			break;
		span.taken += IPCQ_RECORD_SPACE(next->size);
		ipcq_remove(e, next);
		ipcq_leave(e, next, now);
		m[i] = next;
		ipcq_admit_senders(e, now, &wake);
		ipcq_check_low(e, &wake, now);
	}
	receipt->more = i == n || wake.event.type;
	if (i) {
		receipt->resets = e->resets;
		ipcq_tell_lost(e, party, receipt);
	}
	if (!was_writable && ipcq_is_writable(e))
		wake.send |= IPCQ_POLL_SEND;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return i;
}

/**
 * ipcq_give_back() - return a message that could not be copied out
 * @e: the queue
 * @party: the opener that received it
 * @receipt: of the receive; its message belongs to the queue again
 *
 * The message goes to its old place before all that were sent later, or to a
 * receiver that waits.  A sender may have taken its room: then the queue is over
 * its capacity until the next receive.
 *
 * Context: Process context.
 */
void ipcq_give_back(struct ipcq_engine *e, struct ipcq_party *party,
		    struct ipcq_receipt *receipt)
{
	struct ipcq_message *m = receipt->m;
	struct ipcq_wake wake;

	receipt->m = NULL;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (likely(receipt->resets == e->resets)) {
		ipcq_stats_received(&e->stats, m->size, m->taken_ns - m->time_ns, -1);
	} else {
		/* What waits across a reset counts as sent. */
		ipcq_add(e, IPCQ_SENT, 1);
		ipcq_add(e, IPCQ_SENT_BYTES, m->size);
	}
	ipcq_add(e, IPCQ_RECV_GIVEN_BACK, 1);
	if (receipt->ask_lost)
		party->lost_seen -= receipt->lost;
	ipcq_deliver(e, m, ktime_get_ns(), &wake);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
}

/**
 * ipcq_is_room_for_any() - does any message fit that the queue may hold
 * @e: the queue
 * @receipt: its @room; its @needed is filled in if it is not enough
 *
 * A refusal is counted.
 *
 * Context: Any but interrupts.
 * Return: whether the largest message would have fitted a moment ago.
 */
bool ipcq_is_room_for_any(struct ipcq_engine *e, struct ipcq_receipt *receipt)
{
	u32 largest = READ_ONCE(e->max_msg_size);

	if (likely(receipt->room >= largest))
		return true;
	receipt->needed = largest;
	ipcq_count(e, IPCQ_RECV_TOO_SMALL);
	return false;
}
