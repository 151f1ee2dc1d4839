/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages that wait in a queue, and which of them is next. */
#ifndef IPCQ_WAITING_H
#define IPCQ_WAITING_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "message.h"

/**
 * struct ipcq_waiting - waiting messages
 * @first: the message that is next
 * @last: the last one of the chain that @first begins, valid while there is a first
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 * @levels: in priority order, the first message of every lower priority that waits, the
 *	highest of them leftmost; the others of a priority hang on it
 *
 * A FIFO queue uses its chain and nothing else.  All of it is guarded by the lock of
 * the queue.
 */
struct ipcq_waiting {
	struct ipcq_message *first;
	struct ipcq_message *last;
	bool by_priority;
	struct rb_root_cached levels;
};

void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority);
void ipcq_waiting_insert_slowly(struct ipcq_waiting *waiting, struct ipcq_message *m);
void ipcq_waiting_raise(struct ipcq_waiting *waiting);
u64 ipcq_waiting_oldest_ns(const struct ipcq_waiting *waiting, u64 otherwise);
void ipcq_waiting_take_all(struct ipcq_waiting *waiting, struct ipcq_waiting *taken);
struct ipcq_message *ipcq_waiting_take_one(struct ipcq_waiting *taken);
void ipcq_waiting_merge(struct ipcq_waiting *waiting, struct ipcq_waiting *more);

/**
 * ipcq_waiting_insert() - add a message at its place
 * @waiting: the waiting messages
 * @m: the message, its sequence number, time and priority set
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_waiting_insert(struct ipcq_waiting *waiting,
				       struct ipcq_message *m)
{
	if (waiting->first) {
		if (unlikely(waiting->last->seq > m->seq ||
			     (waiting->by_priority && waiting->first->prio != m->prio))) {
			ipcq_waiting_insert_slowly(waiting, m);
			return;
		}
		waiting->last->next = m;
	} else {
		waiting->first = m;
	}
	m->next = NULL;
	waiting->last = m;
}

/**
 * ipcq_waiting_next() - the message that is received next
 * @waiting: the waiting messages
 *
 * Context: The caller holds the lock of the queue.
 * Return: the message, which stays; NULL if none waits.
 */
static inline struct ipcq_message *ipcq_waiting_next(const struct ipcq_waiting *waiting)
{
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
	waiting->first = m->next;
	if (unlikely(!m->next && !RB_EMPTY_ROOT(&waiting->levels.rb_root)))
		ipcq_waiting_raise(waiting);
}

#endif /* IPCQ_WAITING_H */
