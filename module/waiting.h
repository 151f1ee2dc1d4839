/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages that wait in a queue, and which of them is next. */
#ifndef IPCQ_WAITING_H
#define IPCQ_WAITING_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "message.h"

/**
 * struct ipcq_waiting - waiting messages
 * @first: in FIFO order, the message that is next: the one sent first
 * @last: the one sent last, valid while there is a first
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 * @arrivals: in priority order, all messages by their sequence number
 * @levels: the first message of every priority that waits, the highest priority
 *	leftmost; the others of a priority hang on it
 * @last_level: the first message of the level that was added to last, or NULL:
 *	senders tend to stay at one priority
 *
 * A FIFO queue uses its chain and nothing else.  All of it is guarded by the lock of
 * the queue.
 */
struct ipcq_waiting {
	struct ipcq_message *first;
	struct ipcq_message *last;
	bool by_priority;
	struct list_head arrivals;
	struct rb_root_cached levels;
	struct ipcq_message *last_level;
};

void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority);
void ipcq_waiting_insert_slowly(struct ipcq_waiting *waiting, struct ipcq_message *m);
struct ipcq_message *ipcq_waiting_oldest(struct ipcq_waiting *waiting);
void ipcq_waiting_take_all(struct ipcq_waiting *waiting, struct ipcq_waiting *taken);
struct ipcq_message *ipcq_waiting_take_one(struct ipcq_waiting *taken);
void ipcq_waiting_merge(struct ipcq_waiting *waiting, struct ipcq_waiting *more);
struct ipcq_message *ipcq_levels_next(struct ipcq_waiting *waiting);
void ipcq_levels_remove_next(struct ipcq_waiting *waiting, struct ipcq_message *m);

/**
 * ipcq_waiting_insert() - add a message at its place
 * @waiting: the waiting messages
 * @m: the message, its sequence number and priority set
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_waiting_insert(struct ipcq_waiting *waiting,
				       struct ipcq_message *m)
{
	if (unlikely(waiting->by_priority ||
		     (waiting->first && waiting->last->seq > m->seq))) {
		ipcq_waiting_insert_slowly(waiting, m);
		return;
	}
	m->next = NULL;
	if (waiting->first)
		waiting->last->next = m;
	else
		waiting->first = m;
	waiting->last = m;
}

/**
 * ipcq_waiting_next() - the message that is received next
 * @waiting: the waiting messages
 *
 * Context: The caller holds the lock of the queue.
 * Return: the message, which stays; NULL if none waits.
 */
static inline struct ipcq_message *ipcq_waiting_next(struct ipcq_waiting *waiting)
{
	if (unlikely(waiting->by_priority))
		return ipcq_levels_next(waiting);
	return waiting->first;
}

/**
 * ipcq_waiting_remove_next() - take out the message that is next
 * @waiting: the waiting messages
 * @m: what ipcq_waiting_next() returned
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_waiting_remove_next(struct ipcq_waiting *waiting,
					    struct ipcq_message *m)
{
	if (unlikely(waiting->by_priority))
		ipcq_levels_remove_next(waiting, m);
	else
		waiting->first = m->next;
}

#endif /* IPCQ_WAITING_H */
