// SPDX-License-Identifier: GPL-2.0-only
/* Openers: who has a queue open, and what the first and the last one bring about. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "opener.h"
#include "quota.h"
#include "registry.h"

/* Add an opener that came after all others. */
static void ipcq_openers_add(struct ipcq_queue *q, struct ipcq_opener *opener)
{
	struct rb_node **link = &q->openers.rb_node, *parent = NULL;

	lockdep_assert_held(&q->openers_lock);

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&opener->node, parent, link);
	rb_insert_color(&opener->node, &q->openers);
	q->nr_openers++;
}

/**
 * ipcq_opener_from() - find the next opener
 * @q: the queue
 * @number: its own, or a smaller number
 *
 * A dump that was interrupted finds its place again in a time that grows with the
 * logarithm of their number.
 *
 * Context: Process context, with ipcq_queue.openers_lock held.
 * Return: the opener with the smallest number that is not less, or NULL.
 */
struct ipcq_opener *ipcq_opener_from(struct ipcq_queue *q, u64 number)
{
	struct ipcq_opener *opener, *found = NULL;
	struct rb_node *node;

	lockdep_assert_held(&q->openers_lock);

	for (node = q->openers.rb_node; node; ) {
		opener = rb_entry(node, struct ipcq_opener, node);
		if (opener->number >= number) {
			found = opener;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * ipcq_opener_new() - open a queue
 * @q: the queue; the caller has a reference
 * @access: IPCQ_ACCESS_*
 * @by_name: through its node, which fails once the queue is unlinked
 *
 * Context: Process context.  May sleep.
 * Return: the opener, which has a reference of its own, or ERR_PTR() of -ENXIO or
 * -ENOMEM.
 */
struct ipcq_opener *ipcq_opener_new(struct ipcq_queue *q, u32 access,
				    bool by_name)
{
	struct ipcq_opener *opener;

	opener = kzalloc(sizeof(*opener), GFP_KERNEL_ACCOUNT);
	if (!opener)
		return ERR_PTR(-ENOMEM);
	opener->queue = q;
	opener->party.access = access;
	opener->uid = current_euid();
	opener->account = ipcq_account_of(opener->uid);
	if (!opener->account) {
		kfree(opener);
		return ERR_PTR(-ENOMEM);
	}
	get_task_comm(opener->comm, current);

	mutex_lock(&q->openers_lock);
	if (by_name && !q->linked) {
		mutex_unlock(&q->openers_lock);
		kfree(opener);
		return ERR_PTR(-ENXIO);
	}
	kref_get(&q->ref);
	opener->pid = get_pid(task_tgid(current));
	opener->number = ++q->last_opener;
	ipcq_openers_add(q, opener);
	ipcq_party_join(&q->engine, &opener->party);
	mutex_unlock(&q->openers_lock);
	return opener;
}

/*
 * After the last close, messages that wait must keep the module loaded; a queue
 * that was emptied must not.  While anybody has the queue open the descriptor does
 * so, and sending and receiving need not think of it.
 */
static void ipcq_repin(struct ipcq_queue *q)
{
	bool pin = ipcq_depth(&q->engine) > 0;

	lockdep_assert_held(&q->openers_lock);

	if (pin == q->pins_module)
		return;
	q->pins_module = pin;
	/* The file being closed holds a reference until we return. */
	if (pin)
		__module_get(THIS_MODULE);
	else
		module_put(THIS_MODULE);
}

/**
 * ipcq_opener_close() - the last descriptor of an opener is closed
 * @opener: not valid afterwards
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_opener_close(struct ipcq_opener *opener)
{
	struct ipcq_queue *q = opener->queue;
	bool last;

	ipcq_party_leave(&q->engine, &opener->party);
	mutex_lock(&q->openers_lock);
	rb_erase(&opener->node, &q->openers);
	last = !--q->nr_openers;
	if (last)
		ipcq_repin(q);
	mutex_unlock(&q->openers_lock);

	if (last && ipcq_is_ephemeral(&q->engine))
		ipcq_queue_unlink_if_closed(q, true);
	ipcq_queue_put(q);
	put_pid(opener->pid);
	kfree(opener);
}
