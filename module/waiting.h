/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages that wait in a queue, and which of them is next. */
#ifndef IPCQ_WAITING_H
#define IPCQ_WAITING_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct ipcq_message;

/**
 * struct ipcq_waiting - waiting messages
 * @arrivals: all of them, by their sequence number
 * @levels: with @by_priority, the first message of every priority that waits,
 *	the highest priority leftmost; the others of a priority hang on it
 * @last_level: the first message of the level that was added to last, or NULL:
 *	senders tend to stay at one priority
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 *
 * A FIFO queue uses the list and nothing else.  All of it is guarded by the
 * lock of the queue.
 */
struct ipcq_waiting {
	struct list_head arrivals;
	struct rb_root_cached levels;
	struct ipcq_message *last_level;
	bool by_priority;
};

void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority);
void ipcq_waiting_insert(struct ipcq_waiting *waiting, struct ipcq_message *m);
struct ipcq_message *ipcq_waiting_next(struct ipcq_waiting *waiting);
void ipcq_waiting_remove_next(struct ipcq_waiting *waiting, struct ipcq_message *m);
struct ipcq_message *ipcq_waiting_oldest(struct ipcq_waiting *waiting);
void ipcq_waiting_take_all(struct ipcq_waiting *waiting, struct list_head *messages);

#endif /* IPCQ_WAITING_H */
