/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sources of the queue engine share among themselves; queue.h is what the rest
 * of the module uses.
 *
 *	send.c, receive.c	a message comes, a message goes
 *	waiter.c		a call blocks, and is ended
 *	settle.c		which blocked calls can end now
 *	wake.c			whom to wake and to tell, once the lock is released
 *	mapped.c, mapped_send.c	the receiver has mapped the queue
 *	notice.c		who is told that a message has come
 *	config.c		capacity, levels and flags
 *	snapshot.c		reading and resetting
 *	spares.c		memory for the next messages
 *	queue.c			the rest of a queue's life
 */
#ifndef IPCQ_ENGINE_H
#define IPCQ_ENGINE_H

#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "include/uapi/linux/ipcq.h"
#include "include/uapi/linux/ipcq_netlink.h"
#include "message.h"
#include "queue.h"
#include "ring.h"

/**
 * struct ipcq_waiter - a blocked call, on its stack
 * @node: in ipcq_engine.senders or .receivers until it is ended; queue lock
 * @task: who blocks; constant
 * @party: the opener it blocks on; constant
 * @since_ns: CLOCK_MONOTONIC time at which it began to; constant
 * @rank: its real-time priority then, 0 if it has none; constant
 * @m: a sender's message until it is admitted; a receiver's once it is ended
 *	with success.  Changes hands with @state.
 * @receipt: a receiver's, filled in when it is ended; changes hands with @state
 * @state: 0 while it waits, then 1 for success or a negative errno.  Written
 *	under the queue lock with release, read without it with acquire.
 */
struct ipcq_waiter {
	struct list_head node;
	struct task_struct *task;
	struct ipcq_party *party;
	u64 since_ns;
	u32 rank;
	struct ipcq_message *m;
	struct ipcq_receipt *receipt;
	int state;
};

/**
 * struct ipcq_wake - what remains to be done once the lock is released
 * @task: a waiter's task to be woken, with a reference, or NULL
 * @recv: events for those who poll to receive
 * @send: events for those who poll to send
 * @notice: taken from the queue, to be told of the message that came; it goes with
 *	@recv
 * @spent: messages that went into a ring, linked by next: their memory
 * @event: for the observer
 * @left: how many more blocked calls may be ended in this step
 * @more: calls may still wait that can end: see ipcq_wake_up()
 * @large: blocked sends may still wait that are larger than max_msg_size
 *
 * Few calls end more than one waiter.  Those that do wake all but the last one
 * under the lock.  See IPCQ_STEP.
 */
struct ipcq_wake {
	struct task_struct *task;
	__poll_t recv;
	__poll_t send;
	struct ipcq_notice *notice;
	struct ipcq_message *spent;
	struct ipcq_event event;
	u32 left;
	bool more;
	bool large;
};

#define IPCQ_POLL_RECV	(EPOLLIN | EPOLLRDNORM)
#define IPCQ_POLL_SEND	(EPOLLOUT | EPOLLWRNORM)

/* So many records of a ring are looked at for a mapped receiver while the lock is held. */
#define IPCQ_RING_STEP	256

static inline void ipcq_add(struct ipcq_engine *e, enum ipcq_counter counter, u64 n)
{
	lockdep_assert_held(&e->lock);
	ipcq_stats_count(&e->stats, counter, n);
}

/* Set up @wake; its event is not filled in while its type is NONE. */
static inline void ipcq_wake_init(struct ipcq_wake *wake)
{
	wake->task = NULL;
	wake->recv = 0;
	wake->send = 0;
	wake->notice = NULL;
	wake->spent = NULL;
	wake->event.type = IPCQ_EVENT_NONE;
	wake->left = IPCQ_STEP;
	wake->more = false;
	wake->large = false;
}

/* May another blocked call be ended in this step?  If not, there will be another one. */
static inline bool ipcq_may_end(struct ipcq_wake *wake)
{
	if (unlikely(!wake->left)) {
		wake->more = true;
		return false;
	}
	wake->left--;
	return true;
}

/* waiter.c */
struct task_struct *ipcq_waiter_stop(struct ipcq_engine *e, struct ipcq_waiter *w,
				     int state, u64 now);
void ipcq_waiter_end(struct ipcq_engine *e, struct ipcq_waiter *w, int state, u64 now,
		     struct ipcq_wake *wake);
void ipcq_line_up(struct list_head *waiters, struct ipcq_waiter *w);
bool ipcq_goes_first(struct ipcq_engine *e);
bool ipcq_has_expired(const struct ipcq_patience *patience);
int ipcq_wait(struct ipcq_engine *e, struct ipcq_waiter *w,
	      const struct ipcq_patience *patience)
	__releases(&e->lock);

/* wake.c */
void ipcq_wake_task(struct ipcq_wake *wake);
void ipcq_wake_up(struct ipcq_engine *e, struct ipcq_wake *wake);

/* settle.c */
void ipcq_refuse(struct ipcq_engine *e, struct ipcq_waiter *w, u64 now,
		 struct ipcq_wake *wake);
void ipcq_admit_senders(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake);
void ipcq_settle_step(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake);
void ipcq_settle(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake);

/* send.c */
void ipcq_deliver(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		  struct ipcq_wake *wake);
void ipcq_admit(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		struct ipcq_wake *wake);

/* mapped.c */
void ipcq_ring_tell(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid, u64 now,
		    struct ipcq_wake *wake);
void ipcq_ring_deliver(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		       struct ipcq_wake *wake);
u32 ipcq_ring_consume(struct ipcq_engine *e, u64 now, u32 most);
void ipcq_ring_admit_senders(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake);
bool ipcq_ring_is_in_motion(struct ipcq_engine *e);
void ipcq_ring_refresh(struct ipcq_engine *e)
	__must_hold(&e->lock);

/* notice.c */
void ipcq_notice(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid,
		 struct ipcq_wake *wake);

/* spares.c */
void ipcq_release_all(struct ipcq_message *spares);

/* config.c */
struct ipcq_event ipcq_event_now(const struct ipcq_engine *e, enum ipcq_event_type type,
				 u64 now);
void ipcq_update_calm(struct ipcq_engine *e);
void ipcq_update_broken(struct ipcq_engine *e);
void ipcq_apply_config(struct ipcq_engine *e);

/* snapshot.c */
void ipcq_lock_to_read(struct ipcq_engine *e)
	__acquires(&e->lock);
u64 ipcq_oldest_ns(struct ipcq_engine *e, u64 now);

/*
 * Does anybody wait for events of those who receive, other than in a receive?
 *
 * The list of pollers is looked at without its lock.  A poller adds itself to the
 * list and then takes the queue lock to compute its events.  If that was before our
 * critical section, then our spin_lock() has made its entry visible; if after, it
 * has seen what we did.
 */
static inline bool ipcq_recv_is_watched(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	/* No barrier: see above. */
	return waitqueue_active(&e->recv_poll) || READ_ONCE(e->recv_fasync) ||
	       e->notice;
}

/* The same for those who send. */
static inline bool ipcq_send_is_watched(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	/* No barrier: see above. */
	return waitqueue_active(&e->send_poll) || READ_ONCE(e->send_fasync);
}

/* No message will come any more, though some may still wait. */
static inline bool ipcq_is_hung_up(const struct ipcq_engine *e)
{
	return e->shut || ((e->config.flags & IPCQ_F_HANGUP) &&
			   e->had_sender && !e->nr_senders);
}

/* Is there something to be received? */
static inline bool ipcq_is_readable(const struct ipcq_engine *e)
{
	return e->depth > (unlikely(e->ring) ? e->ring->nr_stranded : 0);
}

/* Receivers get end of file. */
static inline bool ipcq_is_eof(const struct ipcq_engine *e)
{
	return (e->shut & IPCQ_SHUT_RECV) || (!ipcq_is_readable(e) && ipcq_is_hung_up(e));
}

static inline bool ipcq_fits(const struct ipcq_engine *e, u32 size)
{
	return e->depth < e->config.max_msgs &&
	       e->bytes + size <= e->config.max_bytes &&
	       likely(!e->ring || (!e->ring->returned.first &&
				   ipcq_ring_takes(e->ring, size)));
}

static inline bool ipcq_is_writable(const struct ipcq_engine *e)
{
	return !e->blocked_senders && ipcq_fits(e, e->max_msg_size);
}

/* A blocked send can never succeed now. */
static inline bool ipcq_is_refused(const struct ipcq_engine *e, const struct ipcq_message *m)
{
	return e->broken || m->size > e->max_msg_size;
}

static inline struct ipcq_waiter *ipcq_first(struct list_head *waiters)
{
	return list_first_entry_or_null(waiters, struct ipcq_waiter, node);
}

/* Count that @m leaves the queue for a receiver. */
static __always_inline void ipcq_leave(struct ipcq_engine *e, struct ipcq_message *m,
				       u64 now)
{
	lockdep_assert_held(&e->lock);

	ipcq_stats_received(&e->stats, m->size, now - m->time_ns, 1);
	m->taken_ns = now;
}

/* Tell a receiver, once, what was lost since it last asked. */
static __always_inline void ipcq_tell_lost(struct ipcq_engine *e,
					   struct ipcq_party *party,
					   struct ipcq_receipt *receipt)
{
	receipt->lost = e->lost - party->lost_seen;
	party->lost_seen = e->lost;
}

/* Record that @m leaves the queue for the receiver of @receipt. */
static __always_inline void ipcq_hand_over(struct ipcq_engine *e,
					   struct ipcq_party *party,
					   struct ipcq_receipt *receipt,
					   struct ipcq_message *m, u64 now)
{
	ipcq_leave(e, m, now);
	receipt->m = m;
	receipt->resets = e->resets;
	if (receipt->ask_lost)
		ipcq_tell_lost(e, party, receipt);
}

/* Count one more message that waits. */
static __always_inline void ipcq_count_waiting(struct ipcq_engine *e, u32 size)
{
	e->depth++;
	e->bytes += size;
	if (e->depth > e->peak_depth)
		e->peak_depth = e->depth;
	if (e->bytes > e->peak_bytes)
		e->peak_bytes = e->bytes;
}

/* Let @m wait for a receiver. */
static __always_inline void ipcq_enqueue(struct ipcq_engine *e, struct ipcq_message *m)
{
	lockdep_assert_held(&e->lock);

	ipcq_waiting_insert(&e->waiting, m);
	ipcq_count_waiting(e, m->size);
}

/* Count one more message that is accepted.  Return its sequence number. */
static __always_inline u64 ipcq_count_sent(struct ipcq_engine *e, u32 size)
{
	ipcq_stats_sent(&e->stats, size);
	return ++e->last_seq;
}

/* Accept @m: from here on it is delivered, or its loss is counted. */
static __always_inline void ipcq_accept(struct ipcq_engine *e, struct ipcq_message *m,
					u64 now)
{
	lockdep_assert_held(&e->lock);

	m->seq = ipcq_count_sent(e, m->size);
	m->time_ns = now;
}

/* Messages came: one event on the way up. */
static inline void ipcq_check_high(struct ipcq_engine *e, struct ipcq_wake *wake, u64 now)
{
	lockdep_assert_held(&e->lock);

	if (likely(e->above || (e->depth < e->high_msgs &&
				e->bytes < e->high_bytes)))
		return;
	e->above = true;
	ipcq_update_calm(e);
	wake->event = ipcq_event_now(e, IPCQ_EVENT_HIGH_WATER, now);
}

/* Messages went, and blocked senders were admitted: one event on the way down. */
static inline void ipcq_check_low(struct ipcq_engine *e, struct ipcq_wake *wake, u64 now)
{
	lockdep_assert_held(&e->lock);

	if (likely(!e->above) ||
	    e->depth > e->low_msgs || e->bytes > e->low_bytes)
		return;
	e->above = false;
	ipcq_update_calm(e);
	wake->event = ipcq_event_now(e, IPCQ_EVENT_NORMAL, now);
}

#endif /* IPCQ_ENGINE_H */
