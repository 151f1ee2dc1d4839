/* SPDX-License-Identifier: GPL-2.0-only */
/* One message and its memory. */
#ifndef IPCQ_MESSAGE_H
#define IPCQ_MESSAGE_H

#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct ipcq_account;

/**
 * struct ipcq_message - a message in kernel memory
 * @arrival: in ipcq_waiting.arrivals while it waits; queue lock
 * @taken_ns: when it was taken out of the queue, kept so that it can be given
 *	back; the taker's
 * @level: in ipcq_waiting.levels, if it is the first of its level; queue lock
 * @level_tail: the last message of the level, if it is the first; queue lock
 * @level_next: the next message of its level; queue lock
 * @seq: place in the order in which the queue accepted messages, from 1
 * @time_ns: CLOCK_MONOTONIC time at which the queue accepted it
 * @account: what it is charged to
 * @pid: the sender's process; a reference
 * @uid: the sender's effective uid
 * @gid: the sender's effective gid
 * @size: bytes of @data
 * @type: the sender's tag
 * @prio: 0 to IPCQ_PRIO_MAX
 * @data: the payload
 *
 * A message has one owner at a time: the sender that made it, then the queue,
 * then the receiver that took it.  What is not marked as the queue lock's is
 * set by the owner before it hands the message on, and constant afterwards.
 */
struct ipcq_message {
	union {
		struct list_head arrival;
		u64 taken_ns;
	};
	struct rb_node level;
	struct ipcq_message *level_tail;
	struct ipcq_message *level_next;
	u64 seq;
	u64 time_ns;
	struct ipcq_account *account;
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u32 size;
	u32 type;
	u16 prio;
	u8 data[];
};

struct ipcq_message *ipcq_message_alloc(struct ipcq_account *account,
					size_t size, gfp_t gfp);
void ipcq_message_free(struct ipcq_message *m);

/**
 * ipcq_message_memory() - what a message is charged for
 * @size: bytes of its payload
 *
 * Return: bytes of kernel memory.
 */
static inline size_t ipcq_message_memory(size_t size)
{
	return sizeof(struct ipcq_message) + size;
}

#endif /* IPCQ_MESSAGE_H */
