// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped receivers
 *
 * A receiver may have the messages put where it reads them itself: into a ring that it
 * has mapped (ring.h).  While a queue has a ring no message waits anywhere else, but for
 * those that another receiver gives back and that the ring has no room for
 * (ipcq_ring.returned, .stranded).  What is in the ring counts as waiting until the receiver's
 * position is seen to be beyond it; that is looked at whenever it matters: by each send,
 * by the receiver's own calls, and before anything is read that depends on it.
 *
 * Messages that wait when the ring comes move into it, and back when it goes.  That takes
 * time and memory, so it is done without the lock.  Meanwhile the queue has the ring, but
 * it has no room (ipcq_ring.room is 0): sends wait, and nobody else touches the ring.
 */
#include <linux/errno.h>

#include "engine.h"

/* So many bytes of messages move into a ring while the lock is held once. */
#define IPCQ_RING_STEP_BYTES	(4 * IPCQ_RING_MAX_MSG_SIZE)

/**
 * ipcq_ring_tell() - records have come into the ring of a queue
 * @e: the queue
 * @came: how many
 * @pid: who sent the last of them
 * @uid: the same
 * @now: CLOCK_MONOTONIC in ns
 * @wake: gets the receiver, if it sleeps, and whoever watches
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_ring_tell(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid, u64 now,
		    struct ipcq_wake *wake)
{
	struct ipcq_waiter *w = ipcq_first(&e->receivers);

	lockdep_assert_held(&e->lock);

	wake->recv |= IPCQ_POLL_RECV;
	if (w)
		ipcq_waiter_end(e, w, 1, now, wake);
	else
		ipcq_notice(e, came, pid, uid, wake);
}

/* Move @m, which counts as waiting, into the ring, which takes it. */
static void ipcq_ring_fill(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
			   struct ipcq_wake *wake)
{
	lockdep_assert_held(&e->lock);

	ipcq_ring_add_message(e->ring, m);
	/* A receiver that is woken looks at once. */
	ipcq_ring_publish(e->ring);
	ipcq_ring_tell(e, 1, m->pid, m->uid, now, wake);
	ipcq_message_retire(m);
	m->next = wake->spent;
	wake->spent = m;
}

/**
 * ipcq_ring_deliver() - give a message to the mapped receiver
 * @e: the queue, which has a ring
 * @m: the message, which is accepted
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_ring_deliver(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		       struct ipcq_wake *wake)
{
	struct ipcq_ring *ring = e->ring;

	ipcq_count_waiting(e, m->size);
	if (unlikely(!ipcq_ring_is_large_enough(ring, m->size))) {
		ipcq_waiting_insert(&ring->stranded, m);
		ring->nr_stranded++;
	} else if (unlikely(ring->returned.first || !ipcq_ring_takes(ring, m->size))) {
		/* It was given back, and comes in when there is room. */
		ipcq_waiting_insert(&ring->returned, m);
		ipcq_ring_want(ring);
	} else {
		ipcq_ring_fill(e, m, now, wake);
	}
	ipcq_check_high(e, wake, now);
}

/**
 * ipcq_ring_consume() - count as received what the mapped receiver has consumed
 * @e: the queue, which has a ring
 * @now: CLOCK_MONOTONIC in ns
 * @most: records, but not more than these
 *
 * Context: The caller holds the lock of the queue.
 * Return: how many.
 */
u32 ipcq_ring_consume(struct ipcq_engine *e, u64 now, u32 most)
{
	struct ipcq_ring *ring = e->ring;
	const struct ipcq_record *record;
	u32 ahead, tail, size, space, n = 0;
	u64 *sojourn = e->stats.sojourn;
	u64 time_ns = now, bytes = 0;

	lockdep_assert_held(&e->lock);

	/* Messages move: those who move them look at what the lock guards otherwise. */
	if (unlikely(!ring->room))
		return 0;
	ahead = ipcq_ring_position(ring);
	tail = ring->tail;
	record = ipcq_ring_at(ring, tail);
	while (ahead && n < most) {
		size = record->size;
		space = ipcq_record_space(size);
		if (unlikely(space > ahead)) {
			/* In the midst of a record: the receiver has it still. */
			ring->misplaced = true;
			break;
		}
		/* Those that were sent at once have the same time. */
		if (record->time_ns != time_ns) {
			time_ns = record->time_ns;
			sojourn = &e->stats.sojourn[ipcq_bucket(now - time_ns,
								IPCQ_SOJOURN_BUCKETS)];
		}
		if (IPCQ_STATS)
			++*sojourn;
		if (unlikely(tail == ring->change_at))
			ipcq_ring_drop_sender(ring);
		/* The records stand there twice: they go on behind the end of the ring. */
		record = (const void *)record + space;
		tail += space;
		ahead -= space;
		bytes += size;
		n++;
	}
	ring->tail = tail;
	if (!n)
		return 0;
	ipcq_add(e, IPCQ_RECEIVED, n);
	ipcq_add(e, IPCQ_RECEIVED_BYTES, bytes);
	e->depth -= n;
	e->bytes -= bytes;
	return n;
}

/* Move into the ring what others gave back, as far as it has room.  Return the bytes. */
static size_t ipcq_ring_admit_returned(struct ipcq_engine *e, u64 now,
				       struct ipcq_wake *wake)
{
	struct ipcq_ring *ring = e->ring;
	struct ipcq_message *m;
	size_t moved = 0;

	lockdep_assert_held(&e->lock);

	while (moved < IPCQ_RING_STEP_BYTES && (m = ring->returned.first) &&
	       ipcq_ring_takes(ring, m->size)) {
		ipcq_waiting_remove_next(&ring->returned, m);
		moved += ipcq_record_space(m->size);
		ipcq_ring_fill(e, m, now, wake);
	}
	return moved;
}

/**
 * ipcq_ring_admit_senders() - ipcq_admit_senders() where the receiver has mapped the queue
 * @e: the queue, which has a ring
 * @now: CLOCK_MONOTONIC in ns
 * @wake: what is to be done afterwards
 *
 * What is copied under the lock has an end, too: who is not let in because of that will
 * be in another step.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_ring_admit_senders(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	struct ipcq_ring *ring = e->ring;
	struct ipcq_waiter *w;
	size_t moved = 0;
	bool refused;

	lockdep_assert_held(&e->lock);

	ipcq_ring_consume(e, now, IPCQ_RING_STEP);
	do {
		moved += ipcq_ring_admit_returned(e, now, wake);
		while (moved < IPCQ_RING_STEP_BYTES && (w = ipcq_first(&e->senders))) {
			refused = ipcq_is_refused(e, w->m);
			if (!refused && !ipcq_fits(e, w->m->size))
				break;
			if (!ipcq_may_end(wake))
				break;
			if (unlikely(refused)) {
				ipcq_refuse(e, w, now, wake);
				continue;
			}
			moved += ipcq_record_space(w->m->size);
			ipcq_admit(e, w->m, now, wake);
			ipcq_waiter_end(e, w, 1, now, wake);
		}
		if (!e->blocked_senders && !ring->returned.first) {
			if (ring->wanted && ipcq_is_writable(e)) {
				ipcq_ring_unwant(ring);
				wake->send |= IPCQ_POLL_SEND;
			}
			return;
		}
		ipcq_ring_want(ring);
		if (moved >= IPCQ_RING_STEP_BYTES)
			wake->more = true;
		/* The receiver may have come further without seeing that it is wanted. */
	} while (!wake->more && ipcq_ring_consume(e, now, IPCQ_RING_STEP));
}

/**
 * ipcq_ring_is_in_motion() - see that the mapped receiver tells when there is room
 * @e: the queue, which has a ring without room for a send
 *
 * Context: The caller holds the lock of the queue.
 * Return: whether it has made room meanwhile.
 */
bool ipcq_ring_is_in_motion(struct ipcq_engine *e)
{
	ipcq_ring_want(e->ring);
	return ipcq_ring_consume(e, ktime_get_ns(), IPCQ_RING_STEP);
}

/**
 * ipcq_ring_refresh() - find out what the mapped receiver has consumed
 * @e: the queue, which has a ring
 *
 * What follows from it is done.
 *
 * Context: Process context.  The caller holds the lock of the queue, which may be
 * released and taken again.
 */
void ipcq_ring_refresh(struct ipcq_engine *e)
	__must_hold(&e->lock)
{
	struct ipcq_wake wake;
	u64 now = ktime_get_ns();

	ipcq_wake_init(&wake);
	ipcq_ring_admit_senders(e, now, &wake);
	ipcq_check_low(e, &wake, now);
	if (likely(!wake.task && !wake.recv && !wake.send && !wake.spent &&
		   !wake.event.type && !wake.more))
		return;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	spin_lock(&e->lock);
}

/**
 * ipcq_await() - wait for a record in the ring of a queue
 * @e: the queue
 * @party: the opener that has the ring
 * @patience: how long this may block
 *
 * Whoever waits for room is let in first.
 *
 * Context: Process context.  Sleeps as @patience says.
 * Return: 0 if there is one; -EPROTO if the position is not believed; -EPIPE at end of
 * file; -EAGAIN; -ETIMEDOUT; -ERESTARTSYS if a signal came.
 */
int ipcq_await(struct ipcq_engine *e, struct ipcq_party *party,
	       const struct ipcq_patience *patience)
{
	struct ipcq_receipt receipt = {};
	struct ipcq_waiter w;
	int err = 0;

	ipcq_lock_to_read(e);
	ipcq_ring_refresh(e);
	if (e->ring->misplaced) {
		err = -EPROTO;
	} else if (ipcq_is_eof(e)) {
		ipcq_add(e, IPCQ_RECV_EOF, 1);
		err = -EPIPE;
	} else if (ipcq_is_readable(e)) {
		err = 0;
	} else if (patience->nonblock) {
		ipcq_add(e, IPCQ_RECV_EMPTY, 1);
		err = -EAGAIN;
	} else if (ipcq_has_expired(patience)) {
		ipcq_add(e, IPCQ_RECV_TIMEOUT, 1);
		err = -ETIMEDOUT;
	} else {
		w = (struct ipcq_waiter) {
			.task = current,
			.party = party,
			.since_ns = ktime_get_ns(),
			.rank = current->rt_priority,
			.receipt = &receipt,
		};
		ipcq_line_up(&e->receivers, &w);
		e->blocked_receivers++;
		party->blocked_receivers++;
		ipcq_add(e, IPCQ_BLOCKED_RECVS, 1);
		err = ipcq_wait(e, &w, patience);
		return err > 0 ? 0 : err;
	}
	spin_unlock(&e->lock);
	return err;
}

/**
 * ipcq_attached_mask() - which events hold now for a mapped receiver
 * @e: the queue, which has a ring
 *
 * Context: Process context.  May sleep.
 * Return: EPOLL* bits.
 */
__poll_t ipcq_attached_mask(struct ipcq_engine *e)
{
	__poll_t mask = ipcq_poll_mask(e, IPCQ_ACCESS_RECV);

	spin_lock(&e->lock);
	if (e->ring->misplaced)
		mask |= EPOLLERR;
	spin_unlock(&e->lock);
	return mask;
}

/* The queue gets a ring, or loses it. */
static void ipcq_set_ring(struct ipcq_engine *e, struct ipcq_ring *ring)
{
	lockdep_assert_held(&e->lock);

	/* Also read without the lock, as a hint that is checked again. */
	WRITE_ONCE(e->ring, ring);
	ipcq_update_calm(e);
}

/*
 * Messages wait again that moved: @first to @last, in their order.  Others may have been
 * given back meanwhile.
 */
static void ipcq_put_back(struct ipcq_engine *e, struct ipcq_ring *ring,
			  struct ipcq_message *first, struct ipcq_message *last)
{
	lockdep_assert_held(&e->lock);

	e->waiting.first = first;
	e->waiting.last = last;
	ipcq_waiting_merge(&e->waiting, &ring->returned);
	ipcq_waiting_merge(&e->waiting, &ring->stranded);
}

/*
 * The ring has got room, or has gone: sends that waited meanwhile go on, and whoever
 * polls looks again.  Releases the lock.
 */
static void ipcq_moved(struct ipcq_engine *e, struct ipcq_wake *wake)
	__releases(&e->lock)
{
	ipcq_settle(e, ktime_get_ns(), wake);
	if (e->depth)
		wake->recv |= IPCQ_POLL_RECV;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, wake);
}

/* Make @ring the queue's and take out for it what waits. */
static int ipcq_begin_attach(struct ipcq_engine *e, struct ipcq_ring *ring,
			     struct ipcq_waiting *messages)
{
	int err = 0;

	spin_lock(&e->lock);
	if (e->ring) {
		err = -EBUSY;
	} else if (e->waiting.by_priority) {
		err = -EINVAL;
	} else if (!ipcq_ring_is_large_enough(ring, e->max_msg_size)) {
		err = -EMSGSIZE;
	} else {
		ring->oldest_ns = ipcq_oldest_ns(e, U64_MAX);
		ipcq_set_ring(e, ring);
		ipcq_waiting_take_all(&e->waiting, messages);
	}
	spin_unlock(&e->lock);
	return err;
}

/*
 * The queue has a ring, which is closed still: end the receives that are blocked.  No more
 * of them come.
 */
static void ipcq_turn_away_receivers(struct ipcq_engine *e)
{
	struct ipcq_waiter *w;
	struct ipcq_wake wake;
	u32 left;

	do {
		ipcq_wake_init(&wake);
		spin_lock(&e->lock);
		for (left = IPCQ_STEP; left && (w = ipcq_first(&e->receivers)); left--)
			ipcq_waiter_end(e, w, -EBUSY, ktime_get_ns(), &wake);
		spin_unlock(&e->lock);
		ipcq_wake_up(e, &wake);
		cond_resched();
	} while (!left);
}

/**
 * ipcq_attach() - let a receiver map a queue
 * @e: the queue
 * @ring: closed; the queue's until ipcq_detach(), if this succeeds
 *
 * What waits moves into the ring.
 *
 * Context: Process context.  May sleep.
 * Return: 0; -EBUSY if the queue has a ring, or the ring is too small for what waits;
 * -EMSGSIZE if it is too small for a message of max_msg_size, or that is above what a
 * ring can do; -EINVAL in priority order.
 */
int ipcq_attach(struct ipcq_engine *e, struct ipcq_ring *ring)
{
	const u32 size = ring->mask + 1;
	struct ipcq_message *m, *last = NULL;
	struct ipcq_waiting messages;
	struct ipcq_wake wake;
	u64 needed = 0;
	int err;

	err = ipcq_begin_attach(e, ring, &messages);
	if (err)
		return err;
	ipcq_turn_away_receivers(e);
	for (m = messages.first; m; m = m->next) {
		needed += ipcq_record_space(m->size);
		last = m;
	}
	for (m = messages.first; m && needed <= size; m = m->next) {
		ipcq_ring_add_message(ring, m);
		cond_resched();
	}

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (needed <= size) {
		ring->room = size;
		ipcq_ring_publish(ring);
	} else {
		ipcq_put_back(e, ring, messages.first, last);
		ipcq_set_ring(e, NULL);
		err = -EBUSY;
	}
	ipcq_moved(e, &wake);
	if (!err)
		ipcq_free_all(&messages);
	return err;
}

/**
 * ipcq_detach() - the mapped receiver has gone
 * @e: the queue, which has a ring; not mapped any more
 *
 * What the receiver has not consumed waits in the queue again.  That does not fail.
 *
 * Context: Process context.  May sleep.
 * Return: the ring, without records, the caller's again.
 */
struct ipcq_ring *ipcq_detach(struct ipcq_engine *e)
{
	struct ipcq_message *m, *first = NULL, *last = NULL;
	struct ipcq_ring *ring;
	struct ipcq_wake wake;

	ipcq_lock_to_read(e);
	ring = e->ring;
	ring->oldest_ns = ipcq_oldest_ns(e, U64_MAX);
	ring->room = 0;
	spin_unlock(&e->lock);

	while ((m = ipcq_ring_restore(ring))) {
		m->next = NULL;
		if (last)
			last->next = m;
		else
			first = m;
		last = m;
		cond_resched();
	}

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	ipcq_put_back(e, ring, first, last);
	ipcq_set_ring(e, NULL);
	ipcq_moved(e, &wake);
	return ring;
}
