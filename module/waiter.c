// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that block.
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
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "engine.h"

/**
 * ipcq_waiter_stop() - end a blocked call
 * @e: the queue
 * @w: the call, whose result is in place: it may be gone when this returns
 * @state: 1 for success, or a negative errno
 * @now: CLOCK_MONOTONIC in ns
 *
 * Context: The caller holds the lock of the queue.
 * Return: the task to be woken once the lock is released, with a reference.
 */
struct task_struct *ipcq_waiter_stop(struct ipcq_engine *e, struct ipcq_waiter *w,
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

/**
 * ipcq_waiter_end() - end a blocked call, among other things to be done afterwards
 * @e: the queue
 * @w: see ipcq_waiter_stop()
 * @state: the same
 * @now: the same
 * @wake: has the task to be woken
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiter_end(struct ipcq_engine *e, struct ipcq_waiter *w, int state, u64 now,
		     struct ipcq_wake *wake)
{
	ipcq_wake_task(wake);
	wake->task = ipcq_waiter_stop(e, w, state, now);
}

/**
 * ipcq_line_up() - put a waiter in line
 * @waiters: the senders or the receivers of a queue
 * @w: the call that blocks
 *
 * The one who has waited longest comes first, but a real-time thread before all of
 * lower priority.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_line_up(struct list_head *waiters, struct ipcq_waiter *w)
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

/**
 * ipcq_goes_first() - would the current thread stand at the head of the line of senders
 * @e: the queue
 *
 * Context: The caller holds the lock of the queue.
 * Return: whether it would, with a message that fits.
 */
bool ipcq_goes_first(struct ipcq_engine *e)
{
	lockdep_assert_held(&e->lock);

	return !e->blocked_senders ||
	       current->rt_priority > ipcq_first(&e->senders)->rank;
}

/**
 * ipcq_has_expired() - is the time up for a call that would have to block
 * @patience: how long it may
 *
 * Context: Any.
 * Return: whether it is.
 */
bool ipcq_has_expired(const struct ipcq_patience *patience)
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

/**
 * ipcq_wait() - block until a call is ended, its time is up or a signal comes
 * @e: the queue
 * @w: the call, in line
 * @patience: how long it may block
 *
 * Context: Process context.  Sleeps.  Called with the lock of the queue held; returns
 * without.
 * Return: the state of @w, -ETIMEDOUT or -ERESTARTSYS.  With the last two @w has left
 * the line.
 */
int ipcq_wait(struct ipcq_engine *e, struct ipcq_waiter *w,
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
