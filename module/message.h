/* SPDX-License-Identifier: GPL-2.0-only */
/* One message and its memory. */
#ifndef IPCQ_MESSAGE_H
#define IPCQ_MESSAGE_H

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "quota.h"

/* Bytes of payload that need no memory of their own. */
#define IPCQ_INLINE	64

/**
 * struct ipcq_message - a message in kernel memory
 * @level: in ipcq_waiting.levels, if it is the first of a level there; queue lock
 * @level_tail: the last message of that level; queue lock
 * @level_oldest_ns: when the oldest one of that level and those below it in the tree was
 *	sent; queue lock
 * @next: the next message of its level or, in FIFO order, of the queue; while it is
 *	a spare, the next one of ipcq_spares.list; queue lock
 * @taken_ns: when it was taken out of the queue, kept so that it can be given
 *	back; the taker's
 * @seq: place in the order in which the queue accepted messages, from 1
 * @time_ns: CLOCK_MONOTONIC time at which the queue accepted it
 * @account: what it is charged to
 * @pid: the sender's process; a reference, or NULL
 * @uid: the effective uid of the sender, or of who opened what was written to
 * @gid: the effective gid of the same
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
 *
 * What only queues in priority order use comes first, so that what every message
 * uses is together.
 */
struct ipcq_message {
	struct rb_node level;
	struct ipcq_message *level_tail;
	u64 level_oldest_ns;
	union {
		struct ipcq_message *next;
		u64 taken_ns;
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

struct ipcq_message *ipcq_message_alloc(struct ipcq_message *spare, size_t size,
					gfp_t gfp);
void ipcq_message_release(struct ipcq_message *m);
void ipcq_message_free(struct ipcq_message *m);
void ipcq_messages_retire(struct ipcq_message *const *messages, u32 n);

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

/**
 * ipcq_message_payer() - stand for the memory cgroup that the current task is charged to
 *
 * Tasks of one cgroup may differ, and one that is gone be taken for another that came
 * to lie in its place: that costs no more than a spare that is not used, or one that
 * a stranger has paid for.
 *
 * Context: Process context.
 * Return: a number.
 */
static inline u32 ipcq_message_payer(void)
{
#ifdef CONFIG_CGROUPS
	return (unsigned long)rcu_access_pointer(current->cgroups) >> 6;
#else
	return 0;
#endif
}

/*
 * Will a spare do?  A buffer will if it is not so large that a new one would take half
 * the memory: what a queue of small messages takes must not depend on what was sent
 * before.
 */
static inline bool ipcq_message_is_fit(const struct ipcq_message *m, size_t size)
{
	if (unlikely(m->payer != ipcq_message_payer()))
		return false;
	if (size <= IPCQ_INLINE)
		return !m->has_buffer;
	return m->has_buffer && size <= m->room && m->room < 2 * size;
}

/**
 * ipcq_message_sign() - say whose a message is
 * @m: the message
 * @account: of the user whose quota it is charged to
 * @sender: whose message it is, the current task's or that of who opened its descriptor
 *
 * Context: Process context.
 */
static inline void ipcq_message_sign(struct ipcq_message *m, struct ipcq_account *account,
				     const struct cred *sender)
{
	struct pid *pid = task_tgid(current);

	m->account = account;
	/* A spare's last sender tends to be its next. */
	if (unlikely(m->pid != pid)) {
		put_pid(m->pid);
		m->pid = get_pid(pid);
	}
	m->uid = sender->euid;
	m->gid = sender->egid;
}

/**
 * ipcq_message_new() - make a message from the current task
 * @spare: memory to be used if it is fit for it, or NULL; not the caller's any more
 * @account: of the user whose quota is charged
 * @sender: whose message it is
 * @size: bytes of payload, at most IPCQ_MAX_MSG_SIZE; the caller fills in each of
 *	them: what was in the memory is there still
 *
 * The memory is charged to the current memory cgroup: a spare that another one paid
 * for is not used.
 *
 * Context: Process context.  May sleep.
 * Return: the message, or ERR_PTR(-EDQUOT) or ERR_PTR(-ENOMEM).
 */
static inline struct ipcq_message *ipcq_message_new(struct ipcq_message *spare,
						    struct ipcq_account *account,
						    const struct cred *sender,
						    size_t size)
{
	struct ipcq_message *m = spare;

	if (unlikely(ipcq_quota_charge_bytes(account, ipcq_message_memory(size)))) {
		if (m)
			ipcq_message_release(m);
		return ERR_PTR(-EDQUOT);
	}
	if (unlikely(!m || !ipcq_message_is_fit(m, size))) {
		m = ipcq_message_alloc(m, size, GFP_KERNEL);
		if (!m) {
			ipcq_quota_uncharge_bytes(account, ipcq_message_memory(size));
			return ERR_PTR(-ENOMEM);
		}
	}

	ipcq_message_sign(m, account, sender);
	m->size = size;
	m->type = 0;
	m->prio = 0;
	return m;
}

/* A kernel that wipes what it frees (init_on_free) wipes a payload as well. */
static inline void ipcq_message_wipe(struct ipcq_message *m)
{
	if (want_init_on_free())
		memzero_explicit(ipcq_message_data(m), m->size);
}

/**
 * ipcq_message_retire() - end a message, and keep its memory as a spare
 * @m: a message that its caller owns
 *
 * Context: Process context.
 */
static inline void ipcq_message_retire(struct ipcq_message *m)
{
	ipcq_quota_uncharge_bytes(m->account, ipcq_message_memory(m->size));
	ipcq_message_wipe(m);
}

#endif /* IPCQ_MESSAGE_H */
