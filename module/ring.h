/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rings: the memory of a queue that its receiver has mapped.
 *
 * A ring is three things in one area of kernel memory, which the receiver maps too:
 *
 *	page 0		the position, which the receiver writes: how far it has come
 *	page 1		the head, which it can only read: how far the senders have come
 *	the rest	the records, which it can only read; they stand there twice, one
 *			after the other, so that no record is ever split
 *
 * Positions count bytes, from 0, and wrap at 2^32; where in the memory that is, the
 * mask says.  A record is whole before the head goes beyond it, and the head never goes
 * back: so a record needs no mark of its own.
 *
 * What the receiver writes is believed in one point only: that it has read the records
 * up to its position, if records end there.  See ipcq_ring_consume().  What the kernel
 * itself has to know of a record is not read from where the receiver could have a hand
 * in it: the receiver has no mapping with which it could write there, nor can it get one.
 *
 * The pairs of barriers with the receiver:
 *
 *	kernel: record, then store-release of the head
 *	receiver: load-acquire of the head, then the record
 *
 *	receiver: reads of the record, then store-release of the position
 *	kernel: load-acquire of the position, then the memory is written anew
 *
 *	kernel: sets IPCQ_RING_WANTED, full barrier, looks at the position
 *	receiver: store of the position, full barrier, looks at IPCQ_RING_WANTED
 */
#ifndef IPCQ_RING_H
#define IPCQ_RING_H

#include <linux/compiler.h>
#include <linux/mm_types.h>
#include <linux/pid.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "include/uapi/linux/ipcq.h"
#include "waiting.h"

struct ipcq_account;
struct pid_namespace;
struct user_namespace;

/**
 * struct ipcq_ring_sender - who sent a record, for the kernel alone
 * @pid: the process; a reference, or NULL if there is no record
 * @uid: the effective uid, as in struct ipcq_message
 * @gid: the effective gid
 *
 * The record itself has the numbers that the receiver's namespaces have for them, and
 * these do not tell who it was.
 */
struct ipcq_ring_sender {
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
};

/**
 * struct ipcq_ring_change - a record of another sender than the one before it
 * @sender: who sent it, and those behind it up to the next change
 * @at: position of the record
 */
struct ipcq_ring_change {
	struct ipcq_ring_sender sender;
	u32 at;
};

/* A position at which no record begins. */
#define IPCQ_RING_NOWHERE	1

/**
 * struct ipcq_ring - a ring
 * @data: the records, where the kernel has mapped them; constant
 * @shared: the head, where the kernel has mapped it; written under the queue lock
 * @position: the position, where the kernel has mapped it; the receiver's
 * @mask: size of the records' memory less one; constant
 * @room: bytes of records that it may hold: its size, or 0 while messages move between
 *	it and the queue; queue lock
 * @head: position behind the last record; queue lock
 * @tail: position of the first record that the receiver is not known to have consumed;
 *	queue lock
 * @change_at: position of the first of @changes, or IPCQ_RING_NOWHERE; queue lock
 * @first: index of the first of @changes; queue lock
 * @next: index of the next one to be; queue lock
 * @nr_changes: entries of @changes: as many as there can be records; constant
 * @changes: those from @tail to @head, in their order, in a circle; queue lock
 * @dropped: who sent the record before the one at @tail; queue lock
 * @wanted: IPCQ_RING_WANTED is set; queue lock
 * @misplaced: the position was not believed when it was looked at last; queue lock
 * @last: who sent the record before @head; queue lock
 * @pid_nr: the number of its process in @pid_ns; queue lock
 * @uid_nr: that of its uid in @user_ns; queue lock
 * @gid_nr: that of its gid; queue lock
 * @pid_ns: of the process that made the ring; a reference, constant
 * @user_ns: the same
 * @returned: messages that others gave back and that the ring had no room for.  They
 *	come before all that are sent; queue lock
 * @stranded: messages that others gave back and that are too large for the ring, as
 *	messages were allowed to be before.  They wait until it goes; queue lock
 * @nr_stranded: how many these are; queue lock
 * @oldest_ns: when the oldest of the messages was sent that move into the ring, for as
 *	long as they do; queue lock
 * @account: whom the memory is charged to; constant, stays
 * @charged: bytes that are charged; constant
 * @area: all of the mapping; constant
 * @pages: of position, head and records; constant
 * @nr_pages: how many; constant
 */
struct ipcq_ring {
	u8 *data;
	struct ipcq_ring_head *shared;
	const struct ipcq_ring_position *position;
	u32 mask;
	u32 room;
	u32 head;
	u32 tail;
	u32 change_at;
	u32 first;
	u32 next;
	u32 nr_changes;
	bool wanted;
	bool misplaced;
	struct ipcq_ring_change *changes;
	struct ipcq_ring_sender dropped;
	struct ipcq_ring_sender last;
	u32 pid_nr;
	u32 uid_nr;
	u32 gid_nr;
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	struct ipcq_waiting returned;
	struct ipcq_waiting stranded;
	u32 nr_stranded;
	u64 oldest_ns;
	struct ipcq_account *account;
	size_t charged;
	void *area;
	struct page **pages;
	u32 nr_pages;
};

struct ipcq_ring *ipcq_ring_new(u32 size, struct ipcq_account *account);
void ipcq_ring_free(struct ipcq_ring *ring);
void ipcq_ring_change_sender(struct ipcq_ring *ring, struct pid *pid, kuid_t uid, kgid_t gid);
void ipcq_ring_drop_sender(struct ipcq_ring *ring);
void ipcq_ring_add_message(struct ipcq_ring *ring, struct ipcq_message *m);
struct ipcq_message *ipcq_ring_restore(struct ipcq_ring *ring);

static inline u32 ipcq_record_space(u32 size)
{
	return IPCQ_RECORD_SPACE(size);
}

/**
 * ipcq_ring_takes() - is there room in a ring
 * @ring: the ring
 * @size: bytes of payload, at most IPCQ_RING_MAX_MSG_SIZE
 *
 * Context: The caller holds the lock of the queue.
 * Return: whether there is, for all that is known of the receiver's position.
 */
static inline bool ipcq_ring_takes(const struct ipcq_ring *ring, u32 size)
{
	/* Without room head and tail are not the lock's: see ipcq_ring_consume(). */
	return ring->room && ring->head - ring->tail + ipcq_record_space(size) <= ring->room;
}

/**
 * ipcq_ring_is_large_enough() - could a ring take any message of a queue
 * @ring: the ring
 * @max_msg_size: of the queue
 *
 * Return: whether it could if it were empty.
 */
static inline bool ipcq_ring_is_large_enough(const struct ipcq_ring *ring, u32 max_msg_size)
{
	return max_msg_size <= IPCQ_RING_MAX_MSG_SIZE &&
	       ipcq_record_space(max_msg_size) <= ring->mask + 1;
}

static inline struct ipcq_record *ipcq_ring_at(const struct ipcq_ring *ring, u32 position)
{
	return (struct ipcq_record *)(ring->data + (position & ring->mask));
}

/**
 * ipcq_ring_slot() - where the payload of the next record goes
 * @ring: the ring, which takes it
 *
 * Context: The caller holds the lock of the queue.
 * Return: the address; the receiver does not look there before the head is beyond it.
 */
static inline u8 *ipcq_ring_slot(const struct ipcq_ring *ring)
{
	return (u8 *)(ipcq_ring_at(ring, ring->head) + 1);
}

/**
 * ipcq_ring_add() - put a header before a payload that is in its slot
 * @ring: the ring, which takes it
 * @size: bytes of payload
 * @prio: priority
 * @type: tag
 * @seq: place in the order in which the queue accepted messages
 * @time_ns: when it did
 * @pid: process of the sender
 * @uid: its effective uid
 * @gid: its effective gid
 *
 * The receiver does not see it before ipcq_ring_publish().
 *
 * Context: The caller holds the lock of the queue, or the ring is closed.
 */
static __always_inline void ipcq_ring_add(struct ipcq_ring *ring, u32 size, u32 prio,
					  u32 type, u64 seq, u64 time_ns, struct pid *pid,
					  kuid_t uid, kgid_t gid)
{
	struct ipcq_record *record = ipcq_ring_at(ring, ring->head);

	/* Who sends tends to do so again. */
	if (unlikely(ring->last.pid != pid || !uid_eq(ring->last.uid, uid) ||
		     !gid_eq(ring->last.gid, gid)))
		ipcq_ring_change_sender(ring, pid, uid, gid);
	record->size = size;
	record->prio = prio;
	record->type = type;
	record->flags = 0;
	record->seq = seq;
	record->time_ns = time_ns;
	record->pid = ring->pid_nr;
	record->uid = ring->uid_nr;
	record->gid = ring->gid_nr;
	record->pad = 0;
	ring->head += ipcq_record_space(size);
}

/**
 * ipcq_ring_publish() - let the receiver see what was added
 * @ring: the ring
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_ring_publish(struct ipcq_ring *ring)
{
	/* Pairs with the receiver's load-acquire: see above. */
	smp_store_release(&ring->shared->head, ring->head);
}

/**
 * ipcq_ring_position() - look how far the receiver says that it has come
 * @ring: the ring
 *
 * Context: The caller holds the lock of the queue.
 * Return: the bytes from the tail to there, 0 if that is not believed.
 */
static inline u32 ipcq_ring_position(struct ipcq_ring *ring)
{
	/* Pairs with the receiver's store-release: see above. */
	u32 ahead = smp_load_acquire(&ring->position->position) - ring->tail;

	/* Backwards is beyond all there is, as the numbers wrap. */
	ring->misplaced = ahead > ring->head - ring->tail;
	return likely(!ring->misplaced) ? ahead : 0;
}

/**
 * ipcq_ring_want() - ask the receiver to tell when it has made room
 * @ring: the ring
 *
 * Afterwards the position has to be looked at once more.
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_ring_want(struct ipcq_ring *ring)
{
	ring->wanted = true;
	WRITE_ONCE(ring->shared->flags, IPCQ_RING_WANTED);
	/* Pairs with the receiver's full barrier: see above. */
	smp_mb();
}

/**
 * ipcq_ring_unwant() - the receiver need not tell any more
 * @ring: the ring
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_ring_unwant(struct ipcq_ring *ring)
{
	ring->wanted = false;
	WRITE_ONCE(ring->shared->flags, 0);
}

#endif /* IPCQ_RING_H */
