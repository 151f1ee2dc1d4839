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

/* Bytes of payload that need no memory of their own. */
#define IPCQ_INLINE	64

/**
 * struct ipcq_message - a message in kernel memory
 * @level: in ipcq_waiting.levels, if it is the first of its level; queue lock
 * @level_tail: the last message of the level, if it is the first; queue lock
 * @level_next: the next message of its level; queue lock
 * @arrival: in ipcq_waiting.arrivals while it waits; queue lock
 * @taken_ns: when it was taken out of the queue, kept so that it can be given
 *	back; the taker's
 * @next_spare: in ipcq_spares.list while it is a spare; queue lock
 * @seq: place in the order in which the queue accepted messages, from 1
 * @time_ns: CLOCK_MONOTONIC time at which the queue accepted it
 * @account: what it is charged to
 * @pid: the sender's process; a reference, or NULL
 * @uid: the sender's effective uid
 * @gid: the sender's effective gid
 * @size: bytes of payload
 * @type: the sender's tag
 * @prio: 0 to IPCQ_PRIO_MAX
 * @has_buffer: @buffer and @room are valid, and @small is not
 * @payer: stands for the memory cgroup that was charged for the memory
 * @small: the payload, if it is that small
 * @buffer: the payload, else
 * @room: bytes of @buffer
 *
 * A message has one owner at a time: the sender that made it, then the queue,
 * then the receiver that took it.  What is not marked as the queue lock's is
 * set by the owner before it hands the message on, and constant afterwards.
 *
 * A *spare* is a message that was received and whose memory waits to be used again
 * (spares.h).  It is charged to no quota; @pid, @has_buffer, @payer, @buffer and
 * @room are valid, and nothing else.
 */
struct ipcq_message {
	struct rb_node level;
	struct ipcq_message *level_tail;
	struct ipcq_message *level_next;
	union {
		struct list_head arrival;
		u64 taken_ns;
		struct ipcq_message *next_spare;
	};
	u64 seq;
	u64 time_ns;
	struct ipcq_account *account;
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u32 size;
	u32 type;
	u16 prio;
	bool has_buffer;
	u32 payer;
	union {
		u8 small[IPCQ_INLINE];
		struct {
			void *buffer;
			u32 room;
		};
	};
};

int ipcq_message_init(void);
void ipcq_message_exit(void);

struct ipcq_message *ipcq_message_new(struct ipcq_message *spare,
				      struct ipcq_account *account, size_t size,
				      gfp_t gfp);
void ipcq_message_retire(struct ipcq_message *m);
void ipcq_message_release(struct ipcq_message *m);
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

/**
 * ipcq_message_data() - where the payload is
 * @m: a message, its size set
 *
 * Return: its address.
 */
static inline void *ipcq_message_data(struct ipcq_message *m)
{
	return m->size <= IPCQ_INLINE ? m->small : m->buffer;
}

#endif /* IPCQ_MESSAGE_H */
