// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue engine.
 *
 * A blocked call waits on a struct ipcq_waiter on its own stack, in the list of
 * its queue.  Whoever makes it possible for the call to end, ends it: a sender
 * hands its message straight to the first waiting receiver, a receiver that makes
 * room admits the messages of waiting senders.  The woken call has nothing left
 * to do under the lock, and one message wakes one task.
 *
 * Ending a waiter (ipcq_waiter_stop(), under the lock) and the waiter's own way
 * out, pair like this:
 *
 *	waker					waiter
 *	get_task_struct(task)			set_current_state(INTERRUPTIBLE)
 *	list_del, fill in the result		  (full barrier)
 *	smp_store_release(&w->state)    ----->	smp_load_acquire(&w->state)
 *	wake_up_process(task)			  set: go, and read the result
 *	put_task_struct(task)			  not set: schedule()
 *
 * Once the state is stored the waiter may return, and its stack frame is gone:
 * hence the reference to the task, and the store as the last access.  The wake-up
 * cannot be lost: wake_up_process() has a full barrier before it looks at the
 * task's state, so either the waiter sees w->state, or the waker sees the task
 * asleep.  A waiter that leaves by itself (signal, time-out) takes the lock and
 * looks at w->state again; if it was ended meanwhile, it takes the result.
 */
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>

#include "include/uapi/linux/ipcq.h"
#include "include/uapi/linux/ipcq_netlink.h"
#include "message.h"
#include "payload.h"
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

/*
 * So much is done for a mapped receiver while the lock is held: records looked at, and
 * bytes of messages that move into its ring.
 */
#define IPCQ_RING_STEP		256
#define IPCQ_RING_STEP_BYTES	(4 * IPCQ_RING_MAX_MSG_SIZE)

/*
 * So many messages, and bytes, are copied straight from user memory into a ring while the
 * lock is held once.  User memory may be slow, if it is that of a device.
 */
#define IPCQ_RING_RUN		64
#define IPCQ_RING_RUN_BYTES	4096

#define IPCQ_POLL_RECV	(EPOLLIN | EPOLLRDNORM)
#define IPCQ_POLL_SEND	(EPOLLOUT | EPOLLWRNORM)

/**
 * ipcq_spare_of_many() - ipcq_spare() where many send
 * @e: the queue
 *
 * Context: Any but interrupts.
 * Return: a spare, or NULL.
 */
struct ipcq_message *ipcq_spare_of_many(struct ipcq_engine *e)
{
	struct ipcq_message *m;

	spin_lock(&e->lock);
	m = ipcq_spares_pop(&e->spares);
	spin_unlock(&e->lock);
	return m;
}

/**
 * ipcq_recycle_slowly() - keep a spare that ipcq_spares_put() refused, or free it
 * @e: the queue
 * @m: the spare
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
void ipcq_recycle_slowly(struct ipcq_engine *e, struct ipcq_message *m)
{
	/* Several may receive at the same time. */
	if (READ_ONCE(e->spares.count) < IPCQ_MAX_SPARES) {
		spin_lock(&e->lock);
		ipcq_spares_collect(&e->spares);
		spin_unlock(&e->lock);
		if (ipcq_spares_put(&e->spares, m))
			return;
	}
	ipcq_message_release(m);
}

/**
 * ipcq_spare_many() - take spares for messages about to be sent
 * @e: the queue
 * @spares: filled in
 * @n: how many are wanted
 *
 * Context: Any but interrupts.
 * Return: how many there are.
 */
u32 ipcq_spare_many(struct ipcq_engine *e, struct ipcq_message **spares, u32 n)
{
	u32 i;

	if (!READ_ONCE(e->spares.count)) {
		spares[0] = ipcq_spares_take(&e->spares);
		return spares[0] ? 1 : 0;
	}
	spin_lock(&e->lock);
	i = ipcq_spares_pop_many(&e->spares, spares, n);
	spin_unlock(&e->lock);
	return i;
}

/**
 * ipcq_keep_many() - keep spares for messages to be sent, and free what is too much
 * @e: the queue
 * @spares: the spares, whose buffers are of any size; they are not the caller's any more
 * @n: how many they are
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
void ipcq_keep_many(struct ipcq_engine *e, struct ipcq_message *const *spares, u32 n)
{
	u32 i, kept;

	if (!n)
		return;
	spin_lock(&e->lock);
	kept = ipcq_spares_push_many(&e->spares, spares, n);
	spin_unlock(&e->lock);
	for (i = kept; i < n; i++)
		ipcq_message_release(spares[i]);
}

/* Free what ipcq_spares_take_all() returned. */
static void ipcq_release_all(struct ipcq_message *spares)
{
	struct ipcq_message *m;

	while ((m = spares)) {
		spares = m->next;
		ipcq_message_release(m);
	}
}

static void ipcq_add(struct ipcq_engine *e, enum ipcq_counter counter, u64 n)
{
	lockdep_assert_held(&e->lock);
	ipcq_stats_count(&e->stats, counter, n);
}

static void ipcq_wake_task(struct ipcq_wake *wake)
{
	if (!wake->task)
		return;
	wake_up_process(wake->task);
	put_task_struct(wake->task);
	wake->task = NULL;
}

static void ipcq_recycle_spent(struct ipcq_engine *e, struct ipcq_message *spent)
{
	struct ipcq_message *m;

	while ((m = spent)) {
		spent = m->next;
		if (!ipcq_spares_put(&e->spares, m))
			ipcq_recycle_slowly(e, m);
	}
}

/* Do what @wake gathered, of one step. */
static void ipcq_wake_up_step(struct ipcq_engine *e, struct ipcq_wake *wake)
{
	ipcq_wake_task(wake);
	if (unlikely(wake->spent))
		ipcq_recycle_spent(e, wake->spent);
	if (wake->recv) {
		/* No barrier: see ipcq_recv_is_watched(). */
		if (waitqueue_active(&e->recv_poll))
			wake_up_interruptible_poll(&e->recv_poll, wake->recv);
		if (unlikely(READ_ONCE(e->recv_fasync)))
			kill_fasync(&e->recv_fasync, SIGIO,
				    wake->recv & EPOLLIN ? POLL_IN : POLL_HUP);
		if (unlikely(wake->notice))
			wake->notice->arrived(wake->notice);
	}
	if (wake->send) {
		/* No barrier: see ipcq_recv_is_watched(). */
		if (waitqueue_active(&e->send_poll))
			wake_up_interruptible_poll(&e->send_poll, wake->send);
		if (unlikely(READ_ONCE(e->send_fasync)))
			kill_fasync(&e->send_fasync, SIGIO,
				    wake->send & EPOLLOUT ? POLL_OUT : POLL_ERR);
	}
	if (unlikely(wake->event.type) && e->observer)
		e->observer(e, &wake->event);
}

/*
 * Does anybody wait for events of those who receive, other than in a receive?
 *
 * The list of pollers is looked at without its lock.  A poller adds itself to the
 * list and then takes the queue lock to compute its events.  If that was before our
 * critical section, then our spin_lock() has made its entry visible; if after, it
 * has seen what we did.
 */
static bool ipcq_recv_is_watched(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	/* No barrier: see above. */
	return waitqueue_active(&e->recv_poll) || READ_ONCE(e->recv_fasync) ||
	       e->notice;
}

/* The same for those who send. */
static bool ipcq_send_is_watched(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	/* No barrier: see above. */
	return waitqueue_active(&e->send_poll) || READ_ONCE(e->send_fasync);
}

/* Set up @wake; its event is not filled in while its type is NONE. */
static void ipcq_wake_init(struct ipcq_wake *wake)
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

static void ipcq_settle_step(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake);

/*
 * Do what @wake gathered.  If there is more that can end than one step ends, go on, with
 * the lock released in between.
 *
 * The state that lets them end is in place before the first step, and each step looks at
 * it anew.  So between two steps
 *
 *  - whoever comes sees that state: a send or a receive that cannot succeed any more is
 *    refused at once, and a send that fits lines up behind those that wait already;
 *  - whoever waits may leave by itself, or be ended by somebody else, for a receive or a
 *    send that gives up admits those that fit, and refuses who is to be refused, as a step
 *    does (ipcq_admit_senders());
 *  - the state may change: who waits then is judged by what holds then, as if it had come
 *    later.
 *
 * It ends: those that wait after the last step cannot end.  A signal does not stop it.
 */
static void ipcq_wake_up(struct ipcq_engine *e, struct ipcq_wake *wake)
{
	bool large;

	ipcq_wake_up_step(e, wake);
	while (unlikely(wake->more)) {
		large = wake->large;
		ipcq_wake_init(wake);
		wake->large = large;
		cond_resched();
		spin_lock(&e->lock);
		ipcq_settle_step(e, ktime_get_ns(), wake);
		spin_unlock(&e->lock);
		ipcq_wake_up_step(e, wake);
	}
}

static struct ipcq_event ipcq_event_now(const struct ipcq_engine *e,
					enum ipcq_event_type type, u64 now)
{
	return (struct ipcq_event) {
		.type = type,
		.depth = e->depth,
		.bytes = e->bytes,
		.max_msgs = e->config.max_msgs,
		.max_bytes = e->config.max_bytes,
		.now_ns = now,
	};
}

/*
 * Find out how far a send needs to do no more than to add its message, and a receive
 * no more than to take one.  The high-water level is never above the capacity, so that
 * one comparison finds out both that the queue stays below the one and that the message
 * fits.  On the way down both depth and bytes must have come to their level, so that
 * one of them tells that the queue has not.  A message for a mapped receiver is more than
 * to be added.
 */
static void ipcq_update_calm(struct ipcq_engine *e)
{
	e->calm_msgs = e->above ? e->config.max_msgs : e->high_msgs - 1;
	if (e->ring)
		e->calm_msgs = 0;
	e->calm_bytes = e->above ? e->config.max_bytes : e->high_bytes - 1;
	e->calm_low = e->above ? e->low_msgs + 1 : 0;
}

/* Messages came: one event on the way up. */
static void ipcq_check_high(struct ipcq_engine *e, struct ipcq_wake *wake,
			    u64 now)
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
static void ipcq_check_low(struct ipcq_engine *e, struct ipcq_wake *wake,
			   u64 now)
{
	lockdep_assert_held(&e->lock);

	if (likely(!e->above) ||
	    e->depth > e->low_msgs || e->bytes > e->low_bytes)
		return;
	e->above = false;
	ipcq_update_calm(e);
	wake->event = ipcq_event_now(e, IPCQ_EVENT_NORMAL, now);
}

/* Openers, shutdown or flags have changed: find out whether senders get EPIPE. */
static void ipcq_update_broken(struct ipcq_engine *e)
{
	e->broken = e->shut || ((e->config.flags & IPCQ_F_HANGUP) &&
				e->had_receiver && !e->nr_receivers);
}

/* No message will come any more, though some may still wait. */
static bool ipcq_is_hung_up(const struct ipcq_engine *e)
{
	return e->shut || ((e->config.flags & IPCQ_F_HANGUP) &&
			   e->had_sender && !e->nr_senders);
}

/* Is there something to be received? */
static bool ipcq_is_readable(const struct ipcq_engine *e)
{
	return e->depth > (unlikely(e->ring) ? e->ring->nr_stranded : 0);
}

/* Receivers get end of file. */
static bool ipcq_is_eof(const struct ipcq_engine *e)
{
	return (e->shut & IPCQ_SHUT_RECV) || (!ipcq_is_readable(e) && ipcq_is_hung_up(e));
}

static bool ipcq_fits(const struct ipcq_engine *e, u32 size)
{
	return e->depth < e->config.max_msgs &&
	       e->bytes + size <= e->config.max_bytes &&
	       likely(!e->ring || (!e->ring->returned.first &&
				   ipcq_ring_takes(e->ring, size)));
}

static bool ipcq_is_writable(const struct ipcq_engine *e)
{
	return !e->blocked_senders && ipcq_fits(e, e->max_msg_size);
}

/*
 * End a blocked call with @state.  The result must be in place: the waiter may be gone
 * when this returns.
 *
 * Return: the task to be woken once the lock is released, with a reference.
 */
static struct task_struct *ipcq_waiter_stop(struct ipcq_engine *e, struct ipcq_waiter *w,
					    int state, u64 now)
{
	struct task_struct *task = get_task_struct(w->task);

	lockdep_assert_held(&e->lock);

	list_del(&w->node);
	if (w->receipt) {
		e->blocked_receivers--;
		w->party->blocked_receivers--;
		ipcq_add(e, IPCQ_BLOCKED_RECV_NS, now - w->since_ns);
		ipcq_add(e, IPCQ_RECEIVER_WAKEUPS, 1);
	} else {
		e->blocked_senders--;
		w->party->blocked_senders--;
		ipcq_add(e, IPCQ_BLOCKED_SEND_NS, now - w->since_ns);
		ipcq_add(e, IPCQ_SENDER_WAKEUPS, 1);
	}
	/* Pairs with smp_load_acquire() in ipcq_wait(). */
	smp_store_release(&w->state, state);
	return task;
}

/* The same, among other things to be done afterwards. */
static void ipcq_waiter_end(struct ipcq_engine *e, struct ipcq_waiter *w,
			    int state, u64 now, struct ipcq_wake *wake)
{
	ipcq_wake_task(wake);
	wake->task = ipcq_waiter_stop(e, w, state, now);
}

static struct ipcq_waiter *ipcq_first(struct list_head *waiters)
{
	return list_first_entry_or_null(waiters, struct ipcq_waiter, node);
}

/*
 * Put a waiter in line: the one who has waited longest comes first, but a real-time
 * thread before all of lower priority.
 */
static void ipcq_line_up(struct list_head *waiters, struct ipcq_waiter *w)
{
	struct ipcq_waiter *pos;

	if (likely(list_empty(waiters))) {
		list_add(&w->node, waiters);
		return;
	}
	list_for_each_entry_reverse(pos, waiters, node) {
		if (pos->rank >= w->rank)
			break;
	}
	list_add(&w->node, &pos->node);
}

/* Would the current thread, with a message that fits, stand at the head of the line? */
static bool ipcq_goes_first(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	return !e->blocked_senders ||
	       current->rt_priority > ipcq_first(&e->senders)->rank;
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
static __always_inline void ipcq_tell_lost(struct ipcq_engine *e, struct ipcq_party *party,
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

/*
 * Messages have come to wait, @came of them: if none did before, who asked to be told of
 * it will be.
 */
static void ipcq_notice(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid,
			struct ipcq_wake *wake)
{
	lockdep_assert_held(&e->lock);

	if (likely(!e->notice) || e->depth > came)
		return;
	wake->notice = e->notice;
	WRITE_ONCE(e->notice, NULL);
	wake->notice->sender = get_pid(pid);
	wake->notice->sender_uid = uid;
}

/*
 * Records have come into the ring, @came of them: tell its receiver, if it sleeps, and
 * whoever watches.
 */
static void ipcq_ring_tell(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid,
			   u64 now, struct ipcq_wake *wake)
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

/* Give @m, which is accepted, to the mapped receiver. */
static noinline void ipcq_ring_deliver(struct ipcq_engine *e, struct ipcq_message *m,
				       u64 now, struct ipcq_wake *wake)
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

/* Give @m to the first waiting receiver with room for it, or let it wait. */
static void ipcq_deliver(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
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

static void ipcq_admit(struct ipcq_engine *e, struct ipcq_message *m, u64 now,
		       struct ipcq_wake *wake)
{
	ipcq_accept(e, m, now);
	ipcq_spares_refill(&e->spares);
	ipcq_deliver(e, m, now, wake);
}

/* May another blocked call be ended in this step?  If not, there will be another one. */
static bool ipcq_may_end(struct ipcq_wake *wake)
{
	if (unlikely(!wake->left)) {
		wake->more = true;
		return false;
	}
	wake->left--;
	return true;
}

/* A blocked send can never succeed now. */
static bool ipcq_is_refused(const struct ipcq_engine *e, const struct ipcq_message *m)
{
	return e->broken || m->size > e->max_msg_size;
}

static void ipcq_refuse(struct ipcq_engine *e, struct ipcq_waiter *w, u64 now,
			struct ipcq_wake *wake)
{
	ipcq_add(e, e->broken ? IPCQ_SEND_HANGUP : IPCQ_SEND_TOO_BIG, 1);
	ipcq_waiter_end(e, w, e->broken ? -EPIPE : -EMSGSIZE, now, wake);
}

/*
 * Count as received what the mapped receiver has consumed, but not more than @most
 * records.  Return how many.
 */
static u32 ipcq_ring_consume(struct ipcq_engine *e, u64 now, u32 most)
{
	struct ipcq_ring *ring = e->ring;
	struct ipcq_ring_sender *const senders = ring->senders;
	const struct ipcq_record *record;
	u32 ahead, tail, first, size, space, n = 0;
	u64 *sojourn = e->stats.sojourn;
	u64 time_ns = now, bytes = 0;

	lockdep_assert_held(&e->lock);

	/* Messages move: those who move them look at what the lock guards otherwise. */
	if (unlikely(!ring->room))
		return 0;
	ahead = ipcq_ring_position(ring);
	tail = ring->tail;
	first = ring->first;
	while (ahead && n < most) {
		record = ipcq_ring_at(ring, tail);
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
		if (unlikely(senders[first].pid))
			ipcq_ring_drop_sender(ring, first);
		if (unlikely(++first == ring->nr_senders))
			first = 0;
		tail += space;
		ahead -= space;
		bytes += size;
		n++;
	}
	ring->tail = tail;
	ring->first = first;
	if (!n)
		return 0;
	ipcq_add(e, IPCQ_RECEIVED, n);
	ipcq_add(e, IPCQ_RECEIVED_BYTES, bytes);
	e->depth -= n;
	e->bytes -= bytes;
	return n;
}

/*
 * Lock a queue in order to read its state: count first what a mapped receiver has
 * consumed.  Who is let in by that will be when the receiver says so.
 */
static void ipcq_lock_to_read(struct ipcq_engine *e)
	__acquires(&e->lock)
{
	spin_lock(&e->lock);
	while (unlikely(e->ring) &&
	       ipcq_ring_consume(e, ktime_get_ns(), IPCQ_RING_STEP) == IPCQ_RING_STEP) {
		spin_unlock(&e->lock);
		cpu_relax();
		spin_lock(&e->lock);
	}
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

/*
 * ipcq_admit_senders() where the receiver has mapped the queue.  What is copied under
 * the lock has an end, too: who is not let in because of that will be in another step.
 */
static noinline void ipcq_ring_admit_senders(struct ipcq_engine *e, u64 now,
					     struct ipcq_wake *wake)
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

/*
 * There is no room for a send: see that the receiver tells when there is.  Return
 * whether it has made room meanwhile.
 */
static bool ipcq_ring_is_in_motion(struct ipcq_engine *e)
{
	ipcq_ring_want(e->ring);
	return ipcq_ring_consume(e, ktime_get_ns(), IPCQ_RING_STEP);
}

/*
 * Admit blocked senders in their order for as long as they fit, and refuse those before
 * whom that is over.
 */
static void ipcq_admit_senders(struct ipcq_engine *e, u64 now,
			       struct ipcq_wake *wake)
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

/* End blocked calls that can end now, but not too many of them: see ipcq_wake_up(). */
static void ipcq_settle_step(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
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

/*
 * Configuration, openers or shutdown have changed: begin to end every blocked call that
 * can end now, and let pollers look again.
 */
static void ipcq_settle(struct ipcq_engine *e, u64 now, struct ipcq_wake *wake)
{
	ipcq_settle_step(e, now, wake);
	if (ipcq_is_hung_up(e))
		wake->recv |= EPOLLHUP | IPCQ_POLL_RECV;
	if (e->broken)
		wake->send |= EPOLLERR | IPCQ_POLL_SEND;
}

static bool ipcq_has_expired(const struct ipcq_patience *patience)
{
	ktime_t now;

	if (!patience->timed)
		return false;
	now = patience->clock == CLOCK_REALTIME ? ktime_get_real() : ktime_get();
	return ktime_compare(patience->expires, now) <= 0;
}

/*
 * A blocked call leaves by itself, because of @err.
 *
 * Return: @err; or @w's state, if it was ended after all.
 */
static noinline int ipcq_leave_line(struct ipcq_engine *e, struct ipcq_waiter *w, int err)
{
	struct ipcq_wake wake;
	int state;
	u64 now;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	state = w->state;
	if (state) {
		spin_unlock(&e->lock);
		return state;
	}
	now = ktime_get_ns();
	list_del(&w->node);
	if (w->receipt) {
		e->blocked_receivers--;
		w->party->blocked_receivers--;
		ipcq_add(e, IPCQ_BLOCKED_RECV_NS, now - w->since_ns);
		ipcq_add(e, err == -ETIMEDOUT ? IPCQ_RECV_TIMEOUT :
						IPCQ_RECV_INTERRUPTED, 1);
	} else {
		e->blocked_senders--;
		w->party->blocked_senders--;
		ipcq_add(e, IPCQ_BLOCKED_SEND_NS, now - w->since_ns);
		ipcq_add(e, err == -ETIMEDOUT ? IPCQ_SEND_TIMEOUT :
						IPCQ_SEND_INTERRUPTED, 1);
		/* A smaller message behind this one may fit. */
		ipcq_admit_senders(e, now, &wake);
		if (ipcq_is_writable(e))
			wake.send |= IPCQ_POLL_SEND;
	}
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return err;
}

/* Find out what the mapped receiver has consumed, and do what follows from it. */
static void ipcq_ring_refresh(struct ipcq_engine *e)
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

/*
 * Block until @w is ended, its time is up or a signal comes.
 *
 * Context: Called with the queue lock held and @w in its list; returns without.
 * Return: @w's state, -ETIMEDOUT or -ERESTARTSYS.  With the last two @w has left
 * the list.
 */
static int ipcq_wait(struct ipcq_engine *e, struct ipcq_waiter *w,
		     const struct ipcq_patience *patience)
	__releases(&e->lock)
{
	ktime_t expires = patience->expires;
	int state, err = 0;

	spin_unlock(&e->lock);

	do {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		/* Pairs with smp_store_release() in ipcq_waiter_stop(). */
		state = smp_load_acquire(&w->state);
		if (state)
			break;
		if (signal_pending(current))
			err = -ERESTARTSYS;
		else if (!patience->timed)
			schedule();
		else if (!schedule_hrtimeout_range_clock(&expires,
							 current->timer_slack_ns,
							 HRTIMER_MODE_ABS,
							 patience->clock))
			err = -ETIMEDOUT;
		/* The same. */
		state = smp_load_acquire(&w->state);
	} while (!state && !err);
	__set_current_state(TASK_RUNNING);
	return state ?: ipcq_leave_line(e, w, err);
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

/**
 * ipcq_notice_give() - ask to be told when a message comes while none waits
 * @e: the queue
 * @notice: whom to tell; the queue's until it is taken, or its @arrived is called
 *
 * Context: Any but interrupts.
 * Return: 0, or -EBUSY if the queue has one.
 */
int ipcq_notice_give(struct ipcq_engine *e, struct ipcq_notice *notice)
{
	int err = 0;

	spin_lock(&e->lock);
	if (e->notice)
		err = -EBUSY;
	else
		WRITE_ONCE(e->notice, notice);
	spin_unlock(&e->lock);
	return err;
}

/**
 * ipcq_notice_take() - take back what ipcq_notice_give() gave
 * @e: the queue
 * @notice: only this one, or NULL for any
 * @party: only one given through this opener, or NULL
 * @owner: only one given by this process, or NULL
 *
 * Context: Any but interrupts.
 * Return: the notice, the caller's again; NULL if the queue has none, or another.
 */
struct ipcq_notice *ipcq_notice_take(struct ipcq_engine *e,
				     const struct ipcq_notice *notice,
				     const struct ipcq_party *party,
				     const struct pid *owner)
{
	struct ipcq_notice *taken;

	/* Most queues never have one. */
	if (likely(!READ_ONCE(e->notice)))
		return NULL;
	spin_lock(&e->lock);
	taken = e->notice;
	if (taken && (!notice || taken == notice) &&
	    (!party || taken->party == party) && (!owner || taken->owner == owner))
		WRITE_ONCE(e->notice, NULL);
	else
		taken = NULL;
	spin_unlock(&e->lock);
	return taken;
}

/**
 * ipcq_poll_mask() - which events hold now
 * @e: the queue
 * @access: IPCQ_ACCESS_* of who asks
 *
 * Context: Any but interrupts.
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
 * ipcq_party_join() - an opener begins to take part
 * @e: the queue
 * @party: its @access is set; the rest is set here
 *
 * Context: Any but interrupts.
 */
void ipcq_party_join(struct ipcq_engine *e, struct ipcq_party *party)
{
	spin_lock(&e->lock);
	party->lost_seen = e->lost;
	party->blocked_senders = 0;
	party->blocked_receivers = 0;
	if (party->access & IPCQ_ACCESS_SEND) {
		e->nr_senders++;
		e->had_sender = true;
	}
	if (party->access & IPCQ_ACCESS_RECV) {
		e->nr_receivers++;
		e->had_receiver = true;
	}
	ipcq_update_broken(e);
	spin_unlock(&e->lock);
}

/**
 * ipcq_party_leave() - an opener is closed
 * @e: the queue
 * @party: the same as for ipcq_party_join(), without blocked calls
 *
 * With hang-up, the last sender's leaving ends blocked receives at end of file,
 * and the last receiver's leaving ends blocked sends with EPIPE.  When nobody is
 * left the queue begins anew: but while messages wait, those who come to receive
 * them must see the end of file behind them.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_party_leave(struct ipcq_engine *e, struct ipcq_party *party)
{
	struct ipcq_message *spares = NULL;
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (party->access & IPCQ_ACCESS_SEND)
		e->nr_senders--;
	if (party->access & IPCQ_ACCESS_RECV)
		e->nr_receivers--;
	if (!e->nr_senders && !e->nr_receivers) {
		e->had_receiver = false;
		if (!e->depth)
			e->had_sender = false;
		spares = ipcq_spares_take_all(&e->spares);
	}
	ipcq_update_broken(e);
	if ((e->config.flags & IPCQ_F_HANGUP) &&
	    (!e->nr_senders || !e->nr_receivers))
		ipcq_settle(e, ktime_get_ns(), &wake);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	ipcq_release_all(spares);
}

static u64 ipcq_earliest(const struct list_head *waiters,
			 const struct ipcq_party *party, u64 earliest)
{
	const struct ipcq_waiter *w;

	list_for_each_entry(w, waiters, node) {
		if (w->party == party)
			earliest = min(earliest, w->since_ns);
	}
	return earliest;
}

/**
 * ipcq_party_blocked_ns() - how long an opener's calls have been blocked
 * @e: the queue
 * @party: the opener
 * @senders: output: how many sends are
 * @receivers: output: how many receives are
 *
 * Context: Any but interrupts.
 * Return: ns since the first of them blocked, 0 if none does.
 */
u64 ipcq_party_blocked_ns(struct ipcq_engine *e, const struct ipcq_party *party,
			  u32 *senders, u32 *receivers)
{
	u64 now, since;

	spin_lock(&e->lock);
	now = ktime_get_ns();
	since = now;
	*senders = party->blocked_senders;
	*receivers = party->blocked_receivers;
	if (*senders)
		since = ipcq_earliest(&e->senders, party, since);
	if (*receivers)
		since = ipcq_earliest(&e->receivers, party, since);
	spin_unlock(&e->lock);
	return now - since;
}

/* The least that is @percent of @max. */
static u64 ipcq_level_up(u64 max, u32 percent)
{
	return max - mul_u64_u32_div(max, 100 - percent, 100);
}

/* The most that is not above @percent of @max. */
static u64 ipcq_level_down(u64 max, u32 percent)
{
	return mul_u64_u32_div(max, percent, 100);
}

/* Recompute what is derived from the configuration. */
static void ipcq_apply_config(struct ipcq_engine *e)
{
	const struct ipcq_config *c = &e->config;

	/* low_pct is below high_pct; rounded apart, so are the levels. */
	e->high_msgs = ipcq_level_up(c->max_msgs, c->high_pct);
	e->high_bytes = ipcq_level_up(c->max_bytes, c->high_pct);
	e->low_msgs = ipcq_level_down(c->max_msgs, c->low_pct);
	e->low_bytes = ipcq_level_down(c->max_bytes, c->low_pct);
	e->waiting.by_priority = c->order == IPCQ_ORDER_PRIORITY;
	/* Also read without the lock. */
	WRITE_ONCE(e->max_msg_size, c->max_msg_size);
	ipcq_update_calm(e);
	ipcq_update_broken(e);
}

/**
 * ipcq_config_is_valid() - do the values of a configuration go together
 * @c: each value valid in itself
 *
 * Return: whether they do.
 */
bool ipcq_config_is_valid(const struct ipcq_config *c)
{
	return c->max_msg_size <= c->max_bytes && c->low_pct < c->high_pct;
}

/**
 * ipcq_reconfigure() - change the configuration of a live queue
 * @e: the queue
 * @config: new values, each valid in itself
 * @mask: IPCQ_ATTR_*: which of them to take
 *
 * Context: Process context.
 * Return: 0; -EINVAL if the values do not go together; -EBUSY if messages wait and
 * the order would change, or if the receiver has mapped the queue and its ring does not
 * go with that.
 */
int ipcq_reconfigure(struct ipcq_engine *e, const struct ipcq_config *config,
		     u32 mask)
{
	struct ipcq_wake wake;
	struct ipcq_config c;
	int err = 0;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	c = e->config;
	if (mask & IPCQ_ATTR_FLAGS)
		c.flags = config->flags;
	if (mask & IPCQ_ATTR_ORDER)
		c.order = config->order;
	if (mask & IPCQ_ATTR_MAX_MSGS)
		c.max_msgs = config->max_msgs;
	if (mask & IPCQ_ATTR_MAX_BYTES)
		c.max_bytes = config->max_bytes;
	if (mask & IPCQ_ATTR_MAX_MSG_SIZE)
		c.max_msg_size = config->max_msg_size;
	if (mask & IPCQ_ATTR_HIGH_PCT)
		c.high_pct = config->high_pct;
	if (mask & IPCQ_ATTR_LOW_PCT)
		c.low_pct = config->low_pct;

	if (!ipcq_config_is_valid(&c)) {
		err = -EINVAL;
	} else if (c.order != e->config.order && (e->depth || e->ring)) {
		err = -EBUSY;
	} else if (e->ring && !ipcq_ring_is_large_enough(e->ring, c.max_msg_size)) {
		err = -EBUSY;
	} else {
		wake.large = c.max_msg_size < e->config.max_msg_size;
		e->config = c;
		ipcq_apply_config(e);
		ipcq_settle(e, ktime_get_ns(), &wake);
	}
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return err;
}

/**
 * ipcq_free_all() - free messages that no queue holds any more
 * @messages: what ipcq_engine_drain() took out
 *
 * Context: Process context.  May sleep.
 */
void ipcq_free_all(struct ipcq_waiting *messages)
{
	struct ipcq_message *m;

	while ((m = ipcq_waiting_take_one(messages))) {
		ipcq_message_free(m);
		cond_resched();
	}
}

/* Take all messages out and count them under @counter.  Return how many. */
static u32 ipcq_empty(struct ipcq_engine *e, enum ipcq_counter counter,
		      struct ipcq_waiting *messages)
{
	u32 depth = e->depth;

	lockdep_assert_held(&e->lock);

	ipcq_waiting_take_all(&e->waiting, messages);
	e->depth = 0;
	e->bytes = 0;
	e->lost += depth;
	ipcq_add(e, counter, depth);
	return depth;
}

/**
 * ipcq_purge() - throw away what waits
 * @e: the queue
 *
 * Blocked senders are admitted afterwards: what they send is not purged.  The spares
 * go as well.
 *
 * Context: Process context.  May sleep.
 * Return: how many messages that were; -EBUSY if the receiver has mapped them.
 */
s64 ipcq_purge(struct ipcq_engine *e)
{
	struct ipcq_message *spares;
	struct ipcq_wake wake;
	struct ipcq_event dropped;
	struct ipcq_waiting messages;
	u32 purged;
	u64 now;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (e->ring) {
		spin_unlock(&e->lock);
		return -EBUSY;
	}
	now = ktime_get_ns();
	purged = ipcq_empty(e, IPCQ_PURGED, &messages);
	dropped = ipcq_event_now(e, IPCQ_EVENT_DROPPED, now);
	ipcq_settle(e, now, &wake);
	spares = ipcq_spares_take_all(&e->spares);
	spin_unlock(&e->lock);

	if (purged && e->observer) {
		dropped.dropped = purged;
		dropped.reason = IPCQ_DROP_PURGED;
		e->observer(e, &dropped);
	}
	ipcq_wake_up(e, &wake);
	ipcq_free_all(&messages);
	ipcq_release_all(spares);
	return purged;
}

/**
 * ipcq_shut() - shut directions of a queue, or open them again
 * @e: the queue
 * @how: IPCQ_SHUT_*: the directions that are shut from now on
 *
 * Context: Process context.
 */
void ipcq_shut(struct ipcq_engine *e, u32 how)
{
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	e->shut = how;
	ipcq_update_broken(e);
	ipcq_settle(e, ktime_get_ns(), &wake);
	/* Those who could not receive before may now. */
	if (e->depth)
		wake.recv |= IPCQ_POLL_RECV;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
}

/**
 * ipcq_count() - count a call that failed before it reached the queue
 * @e: the queue
 * @counter: as what
 *
 * Context: Any but interrupts.
 */
void ipcq_count(struct ipcq_engine *e, enum ipcq_counter counter)
{
	spin_lock(&e->lock);
	ipcq_add(e, counter, 1);
	spin_unlock(&e->lock);
}

static u64 ipcq_earlier_of(u64 time_ns, struct ipcq_waiting *waiting)
{
	const struct ipcq_message *oldest = ipcq_waiting_oldest(waiting);

	return oldest ? min(time_ns, oldest->time_ns) : time_ns;
}

/* When the message was sent that has waited longest; @now if none does. */
static u64 ipcq_oldest_ns(struct ipcq_engine *e, u64 now)
{
	struct ipcq_ring *ring = e->ring;

	lockdep_assert_held(&e->lock);

	if (likely(!ring))
		return ipcq_earlier_of(now, &e->waiting);
	now = ipcq_earlier_of(now, &ring->returned);
	now = ipcq_earlier_of(now, &ring->stranded);
	if (!ring->room)
		return min(now, ring->oldest_ns);
	return ring->head == ring->tail ? now :
					  min(now, (u64)ipcq_ring_at(ring, ring->tail)->time_ns);
}

/**
 * ipcq_snap() - read everything at one instant
 * @e: the queue
 * @snap: filled in
 * @stats: the counters at that instant, or NULL
 *
 * Context: Any but interrupts.
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
 * Context: Any but interrupts.
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
 * Context: Any but interrupts.
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
 * Context: Any but interrupts.
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

/*
 * Is a send of @size bytes no more than to add a record?  Not if a level of the queue is
 * crossed, or if anything waits for what the receiver has just consumed.
 */
static __always_inline bool ipcq_ring_is_calm(const struct ipcq_engine *e, u32 size)
{
	const struct ipcq_ring *ring = e->ring;

	if (e->broken || ring->wanted || ring->returned.first || !ipcq_ring_takes(ring, size))
		return false;
	if (likely(!e->above))
		return e->depth + 1 < e->high_msgs && e->bytes + size < e->high_bytes;
	return ipcq_fits(e, size) && (e->depth > e->low_msgs || e->bytes > e->low_bytes);
}

/* Records have come: tell of it.  Releases the lock. */
static noinline void ipcq_ring_told(struct ipcq_engine *e, u32 came, struct pid *pid,
				    kuid_t uid, u64 now)
	__releases(&e->lock)
{
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	ipcq_ring_tell(e, came, pid, uid, now, &wake);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
}

/**
 * ipcq_send_mapped() - send straight from user memory into the ring of a queue
 * @e: the queue
 * @sender: whose message it is
 * @data: the payload
 * @size: bytes of it
 * @prio: priority, valid
 * @type: tag
 *
 * It is copied under the lock, without taking page faults, if it is no larger than that
 * should be.
 *
 * Context: Process context.
 * Return: whether it was sent.  If not, there is more to it, and ipcq_send() is for that.
 */
bool ipcq_send_mapped(struct ipcq_engine *e, const struct cred *sender,
		      const void __user *data, size_t size, u32 prio, u32 type)
{
	struct pid *pid = task_tgid(current);
	struct ipcq_ring *ring;
	bool sent = false;
	u64 now;

	if (unlikely(size > IPCQ_RING_RUN_BYTES))
		return false;
	spin_lock(&e->lock);
	ring = e->ring;
	if (unlikely(!ring || size > e->max_msg_size))
		goto unlock;
	now = ktime_get_ns();
	ipcq_ring_consume(e, now, IPCQ_RING_STEP);
	if (unlikely(!ipcq_ring_is_calm(e, size)))
		goto unlock;
	pagefault_disable();
	sent = ipcq_payload_nofault(ipcq_ring_slot(ring), data, size);
	pagefault_enable();
	if (unlikely(!sent))
		goto unlock;
	ipcq_ring_add(ring, size, prio, type, ipcq_count_sent(e, size), now, pid,
		      sender->euid, sender->egid);
	ipcq_ring_publish(ring);
	ipcq_count_waiting(e, size);
	if (unlikely(e->blocked_receivers || ipcq_recv_is_watched(e))) {
		ipcq_ring_told(e, 1, pid, sender->euid, now);
		return true;
	}
unlock:
	spin_unlock(&e->lock);
	return sent;
}

/*
 * Read a record, the header into @record and the payload into its place in the ring.  What
 * is wrong with it, if anything, is for others to find out.  Return whether that is done.
 */
static __always_inline bool ipcq_ring_get(const struct ipcq_ring *ring,
					  const struct ipcq_place *place, u64 largest,
					  struct ipcq_record *record)
{
	const struct ipcq_record __user *from = (void __user *)place->at;
	u8 *slot = ipcq_ring_slot(ring);
	bool arrived = false;

	if (!user_read_access_begin(from, place->room))
		return false;
	unsafe_get_user(record->size, &from->size, end);
	unsafe_get_user(record->prio, &from->prio, end);
	unsafe_get_user(record->type, &from->type, end);
	unsafe_get_user(record->flags, &from->flags, end);
	if (unlikely(record->flags || record->prio > IPCQ_PRIO_MAX ||
		     record->size > largest || !ipcq_ring_takes(ring, record->size) ||
		     place->room - (long)sizeof(*record) < record->size))
		goto end;
	if (IPCQ_ANY_ALIGNMENT && likely(record->size <= IPCQ_BY_WORDS)) {
		arrived = ipcq_get_small(slot, (u8 __user *)(from + 1), record->size);
		goto end;
	}
	user_read_access_end();
	return !__copy_from_user_inatomic(slot, from + 1, record->size);

end:
	user_read_access_end();
	return arrived;
}

/**
 * struct ipcq_run - records that are added to a ring while the lock is held once
 * @place: the next one
 * @most: how many may be added
 * @n: how many were
 * @largest: bytes of payload that one may have
 * @bytes: of payload in the queue
 * @most_bytes: how many these may become
 * @end_bytes: from how many on it is enough for once
 */
struct ipcq_run {
	struct ipcq_place place;
	u32 most;
	u32 n;
	u32 largest;
	u64 bytes;
	u64 most_bytes;
	u64 end_bytes;
};

static bool ipcq_run_is_over(const struct ipcq_run *run)
{
	return run->n == run->most || run->bytes >= run->end_bytes ||
	       run->bytes > run->most_bytes ||
	       run->place.room < (long)sizeof(struct ipcq_record);
}

/* Add any record.  Return whether that is done. */
static bool ipcq_run_add(struct ipcq_engine *e, struct ipcq_run *run,
			 const struct cred *sender, u64 now)
{
	struct ipcq_record record;

	if (ipcq_run_is_over(run) ||
	    !ipcq_ring_get(e->ring, &run->place,
			   min_t(u64, run->largest, run->most_bytes - run->bytes), &record))
		return false;
	ipcq_stats_size(&e->stats, record.size);
	ipcq_ring_add(e->ring, record.size, record.prio, record.type, ++e->last_seq, now,
		      task_tgid(current), sender->euid, sender->egid);
	ipcq_place_next(&run->place, record.size);
	run->bytes += record.size;
	run->n++;
	return true;
}

/* Two fields of a record at once. */
union ipcq_two {
	u64 both;
	struct {
		u32 first;
		u32 second;
	};
};

/*
 * Add small records of the sender of the record before them: ipcq_run_add() of each, but
 * what is of all is done once, and what changes is in registers.  No function is called
 * between user_read_access_begin() and its end.
 */
static void ipcq_run_add_small(struct ipcq_engine *e, struct ipcq_run *run, u64 now)
{
	struct ipcq_ring *ring = e->ring;
	const union ipcq_two pid_uid = { .first = ring->pid_nr, .second = ring->uid_nr };
	const union ipcq_two gid_pad = { .first = ring->gid_nr };
	const u32 largest = min_t(u32, run->largest, IPCQ_BY_WORDS);
	u32 room = ring->room - (ring->head - ring->tail);
	u32 head = ring->head, next = ring->next, n = run->n;
	u32 size, space, bytes, same = 0, nr_same = 0;
	const u8 __user *at = run->place.at;
	union ipcq_two size_prio, type_flags;
	long there = run->place.room;
	u64 seq = e->last_seq;
	/* By a pointer: the bounds of an array might be checked, which takes a call. */
	u64 *const sizes = e->stats.size;

	if (!IPCQ_ANY_ALIGNMENT || ipcq_run_is_over(run) || !user_read_access_begin(at, there))
		return;
	bytes = min(run->end_bytes, run->most_bytes) - run->bytes;
	while (n < run->most && there >= (long)sizeof(struct ipcq_record)) {
		struct ipcq_record *record = ipcq_ring_at(ring, head);

		unsafe_get_user(size_prio.both, (const u64 __user *)at, end);
		unsafe_get_user(type_flags.both, (const u64 __user *)at + 1, end);
		size = size_prio.first;
		space = ipcq_record_space(size);
		if (unlikely(size > largest || size > bytes || space > room ||
			     there - (long)sizeof(*record) < size ||
			     size_prio.second > IPCQ_PRIO_MAX || type_flags.second ||
			     !ipcq_get_small((u8 *)(record + 1), at + sizeof(*record), size)))
			break;
		*(u64 *)&record->size = size_prio.both;
		*(u64 *)&record->type = type_flags.both;
		record->seq = ++seq;
		record->time_ns = now;
		*(u64 *)&record->pid = pid_uid.both;
		*(u64 *)&record->gid = gid_pad.both;
		ring->senders[next].pid = NULL;
		if (unlikely(++next == ring->nr_senders))
			next = 0;
		/* They tend to be of one size. */
		if (IPCQ_STATS && unlikely(size != same)) {
			sizes[ipcq_bucket(same, IPCQ_SIZE_BUCKETS)] += nr_same;
			same = size;
			nr_same = 0;
		}
		nr_same++;
		n++;
		bytes -= size;
		head += space;
		room -= space;
		at += space;
		there -= space;
	}
end:
	user_read_access_end();
	if (IPCQ_STATS)
		sizes[ipcq_bucket(same, IPCQ_SIZE_BUCKETS)] += nr_same;
	e->last_seq = seq;
	ring->head = head;
	ring->next = next;
	run->bytes = min(run->end_bytes, run->most_bytes) - bytes;
	run->place.at = (u8 __user *)at;
	run->place.room = there;
	run->place.left -= n - run->n;
	run->n = n;
}

/*
 * Add records to the ring for as long as that is all there is to do.  Return how many.
 */
static u32 ipcq_ring_add_run(struct ipcq_engine *e, const struct cred *sender,
			     struct ipcq_place *from, u64 now)
{
	const u32 most_msgs = e->above ? e->config.max_msgs : e->high_msgs - 1;
	struct ipcq_run run = {
		.place = *from,
		.largest = min_t(u32, e->max_msg_size, IPCQ_RING_RUN_BYTES),
		.bytes = e->bytes,
		.most_bytes = e->above ? e->config.max_bytes : e->high_bytes - 1,
		.end_bytes = e->bytes + IPCQ_RING_RUN_BYTES,
	};

	lockdep_assert_held(&e->lock);

	if (e->depth < most_msgs)
		run.most = min3(most_msgs - e->depth, from->left, (u32)IPCQ_RING_RUN);
	/* The first one makes known who sends the others. */
	while (ipcq_run_add(e, &run, sender, now))
		ipcq_run_add_small(e, &run, now);
	ipcq_add(e, IPCQ_SENT, run.n);
	ipcq_add(e, IPCQ_SENT_BYTES, run.bytes - e->bytes);
	e->depth += run.n;
	e->bytes = run.bytes;
	e->peak_depth = max(e->peak_depth, e->depth);
	e->peak_bytes = max(e->peak_bytes, run.bytes);
	*from = run.place;
	return run.n;
}

/**
 * ipcq_send_mapped_many() - ipcq_send_mapped() of records
 * @e: the queue
 * @sender: whose messages they are
 * @from: the records; moves on to the first that was not sent
 *
 * Context: Process context.
 * Return: how many were sent, as many as one holding of the lock is for.  If that is
 * none, there is more to the next one than to add it.
 */
u32 ipcq_send_mapped_many(struct ipcq_engine *e, const struct cred *sender,
			  struct ipcq_place *from)
{
	u32 n = 0;
	u64 now;

	spin_lock(&e->lock);
	if (unlikely(!e->ring))
		goto unlock;
	now = ktime_get_ns();
	ipcq_ring_consume(e, now, IPCQ_RING_STEP);
	if (unlikely(!ipcq_ring_is_calm(e, 0)))
		goto unlock;
	pagefault_disable();
	n = ipcq_ring_add_run(e, sender, from, now);
	pagefault_enable();
	ipcq_ring_publish(e->ring);
	if (unlikely(n && (e->blocked_receivers || ipcq_recv_is_watched(e)))) {
		ipcq_ring_told(e, n, task_tgid(current), sender->euid, now);
		return n;
	}
unlock:
	spin_unlock(&e->lock);
	return n;
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
	struct ipcq_message *m;

	lockdep_assert_held(&e->lock);

	e->waiting.first = first;
	e->waiting.last = last;
	while ((m = ipcq_waiting_take_one(&ring->returned)) ||
	       (m = ipcq_waiting_take_one(&ring->stranded)))
		ipcq_waiting_insert(&e->waiting, m);
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
	for (m = messages.first; m && needed <= size; m = m->next)
		ipcq_ring_add_message(ring, m);

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

/**
 * ipcq_engine_init() - set up a queue
 * @e: zeroed memory
 * @config: valid in itself and together
 * @observer: hears of high-water events and drops, or NULL
 */
void ipcq_engine_init(struct ipcq_engine *e, const struct ipcq_config *config,
		      ipcq_observer_t observer)
{
	spin_lock_init(&e->lock);
	INIT_LIST_HEAD(&e->senders);
	INIT_LIST_HEAD(&e->receivers);
	init_waitqueue_head(&e->recv_poll);
	init_waitqueue_head(&e->send_poll);
	e->config = *config;
	e->observer = observer;
	ipcq_waiting_init(&e->waiting, config->order == IPCQ_ORDER_PRIORITY);
	ipcq_apply_config(e);
}

/**
 * ipcq_engine_drain() - drop what waits in a queue that nobody can reach
 * @e: the queue
 * @messages: becomes what waited, for ipcq_free_all()
 *
 * Context: Any but interrupts.
 * Return: how many messages were dropped.
 */
u32 ipcq_engine_drain(struct ipcq_engine *e, struct ipcq_waiting *messages)
{
	u32 dropped;

	spin_lock(&e->lock);
	dropped = ipcq_empty(e, IPCQ_DROPPED_DESTROYED, messages);
	spin_unlock(&e->lock);
	return dropped;
}
