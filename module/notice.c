// SPDX-License-Identifier: GPL-2.0-only
/* Who is told, once, that a message has come to an empty queue. */
#include <linux/errno.h>
#include <linux/pid.h>

#include "engine.h"

/**
 * ipcq_notice() - messages have come to wait
 * @e: the queue
 * @came: how many
 * @pid: who sent the last of them
 * @uid: the same
 * @wake: if none waited before, gets whom to tell of it
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_notice(struct ipcq_engine *e, u32 came, struct pid *pid, kuid_t uid,
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
