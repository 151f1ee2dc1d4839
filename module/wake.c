// SPDX-License-Identifier: GPL-2.0-only
/* What is done once the lock of a queue is released: whom to wake, and to tell. */
#include <linux/sched/task.h>

#include "engine.h"

/**
 * ipcq_wake_task() - wake the task of a call that was ended, if there is one
 * @wake: has the task
 *
 * Context: Any; also with the lock of the queue held.
 */
void ipcq_wake_task(struct ipcq_wake *wake)
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

/**
 * ipcq_wake_up() - do what was gathered
 * @e: the queue
 * @wake: what is to be done
 *
 * If there is more that can end than one step ends, go on, with the lock released in
 * between.
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
 *
 * Context: Process context, without the lock of the queue.  May sleep.
 */
void ipcq_wake_up(struct ipcq_engine *e, struct ipcq_wake *wake)
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
