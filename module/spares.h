/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spares: the memory of messages that were received, kept for those that come next.
 *
 * To allocate a message and to charge it to its memory cgroup takes longer than all
 * else that the module does to send it.  So each queue keeps a few.  They go round
 * without a lock but the one that a send and a receive take anyway:
 *
 *	a receiver that has copied out		puts the spare into .received
 *	a sender, before its copy		takes it from there; else
 *	another receiver, holding the lock	moves it to .list,
 *	a sender, holding the lock		moves one to .next,
 *	and another one, before its copy	takes it from .next
 *
 * The number of spares and the bytes they take have an end for each queue; what is
 * beyond is freed.  All are freed when nobody can send or receive any more, and with
 * a purge.  There is no shrinker: it is 160 KiB at most, of a queue that is open.
 */
#ifndef IPCQ_SPARES_H
#define IPCQ_SPARES_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "message.h"

/*
 * In the list of a queue, with buffers of so many bytes in all; two more can stand
 * before and behind it.  A sender that runs ahead of its receiver needs as many as
 * messages wait.
 */
#define IPCQ_MAX_SPARES		512
#define IPCQ_MAX_SPARE_BYTES	SZ_64K

/* A spare has no larger buffer. */
#define IPCQ_MAX_SPARE_ROOM	PAGE_SIZE

/**
 * struct ipcq_spares - the spares of a queue
 * @next: what the next send takes, or NULL.  Filled with the queue lock; taken with
 *	xchg(), the lock held or not.
 * @list: a stack, linked by ipcq_message.next; queue lock
 * @count: length of @list; queue lock, and read without it as a hint
 * @bytes: of the buffers in @list; queue lock
 * @received: what the last receive left, or NULL.  Filled with cmpxchg() and taken with
 *	xchg(), the lock held or not.
 */
struct ipcq_spares {
	struct ipcq_message *next;
	struct ipcq_message *list;
	u32 count;
	u32 bytes;
	struct ipcq_message *received;
};

static inline u32 ipcq_spare_bytes(const struct ipcq_message *m)
{
	return m->has_buffer ? m->room : 0;
}

/**
 * ipcq_spares_pop() - take a spare from the list
 * @s: the spares
 *
 * Context: The caller holds the lock of the queue.
 * Return: the spare, or NULL.
 */
static inline struct ipcq_message *ipcq_spares_pop(struct ipcq_spares *s)
{
	struct ipcq_message *m = s->list;

	if (m) {
		s->list = m->next;
		WRITE_ONCE(s->count, s->count - 1);
		s->bytes -= ipcq_spare_bytes(m);
	}
	return m;
}

/**
 * ipcq_spares_pop_many() - ipcq_spares_pop() of many
 * @s: the spares
 * @spares: filled in
 * @n: how many are wanted
 *
 * Context: The caller holds the lock of the queue.
 * Return: how many there are.
 */
static inline u32 ipcq_spares_pop_many(struct ipcq_spares *s, struct ipcq_message **spares,
				       u32 n)
{
	struct ipcq_message *m = s->list;
	u32 i, bytes = 0;

	for (i = 0; i < n && m; i++) {
		spares[i] = m;
		bytes += ipcq_spare_bytes(m);
		m = m->next;
	}
	s->list = m;
	WRITE_ONCE(s->count, s->count - i);
	s->bytes -= bytes;
	return i;
}

/**
 * ipcq_spares_refill() - make a spare ready for the next send
 * @s: the spares
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_spares_refill(struct ipcq_spares *s)
{
	if (READ_ONCE(s->next) || !s->list)
		return;
	/* Pairs with xchg() in ipcq_spares_take(). */
	smp_store_release(&s->next, ipcq_spares_pop(s));
}

/**
 * ipcq_spares_push_many() - add spares to the list
 * @s: the spares
 * @spares: those to be added, whose buffers are of any size
 * @n: how many they are
 *
 * Context: The caller holds the lock of the queue.
 * Return: how many of them are theirs now, from the first on.
 */
static inline u32 ipcq_spares_push_many(struct ipcq_spares *s,
					struct ipcq_message *const *spares, u32 n)
{
	const u32 place = IPCQ_MAX_SPARES - s->count;
	u32 i, more, bytes = s->bytes;
	struct ipcq_message *list = s->list;

	for (i = 0; i < n && i < place; i++) {
		more = ipcq_spare_bytes(spares[i]);
		if (more > IPCQ_MAX_SPARE_ROOM || bytes + more > IPCQ_MAX_SPARE_BYTES)
			break;
		bytes += more;
		spares[i]->next = list;
		list = spares[i];
	}
	s->list = list;
	WRITE_ONCE(s->count, s->count + i);
	s->bytes = bytes;
	return i;
}

/**
 * ipcq_spares_collect() - let the spare that a receive left join the others
 * @s: the spares
 *
 * If there are enough of them it stays where it is, and the next one is freed.
 *
 * Context: The caller holds the lock of the queue.
 */
static inline void ipcq_spares_collect(struct ipcq_spares *s)
{
	struct ipcq_message *m;

	/* Until it is taken it may be anybody's: it must fit whatever its size is. */
	if (!READ_ONCE(s->received) || s->count >= IPCQ_MAX_SPARES ||
	    s->bytes > IPCQ_MAX_SPARE_BYTES - IPCQ_MAX_SPARE_ROOM)
		return;
	/* Pairs with cmpxchg() in ipcq_spares_put(). */
	m = xchg(&s->received, NULL);
	if (m)
		ipcq_spares_push_many(s, &m, 1);
}

/**
 * ipcq_spares_take() - take what the next send shall use
 * @s: the spares
 *
 * Context: Any.
 * Return: the spare, or NULL.
 */
static inline struct ipcq_message *ipcq_spares_take(struct ipcq_spares *s)
{
	struct ipcq_message *m = NULL;

	/* Pairs with cmpxchg() in ipcq_spares_put(). */
	if (READ_ONCE(s->received))
		m = xchg(&s->received, NULL);
	/* Pairs with smp_store_release() in ipcq_spares_refill(). */
	if (!m && READ_ONCE(s->next))
		m = xchg(&s->next, NULL);
	return m;
}

/**
 * ipcq_spares_put() - leave a spare for others to use
 * @s: the spares
 * @m: the spare
 *
 * Context: Any.
 * Return: whether it is theirs now; else it is the caller's still.
 */
static inline bool ipcq_spares_put(struct ipcq_spares *s, struct ipcq_message *m)
{
	return ipcq_spare_bytes(m) <= IPCQ_MAX_SPARE_ROOM &&
	       !READ_ONCE(s->received) && !cmpxchg(&s->received, NULL, m);
}

/**
 * ipcq_spares_take_all() - take all spares
 * @s: the spares
 *
 * Context: The caller holds the lock of the queue.
 * Return: the first of them, linked by next, or NULL.
 */
static inline struct ipcq_message *ipcq_spares_take_all(struct ipcq_spares *s)
{
	struct ipcq_message *all = s->list, *m;

	s->list = NULL;
	WRITE_ONCE(s->count, 0);
	s->bytes = 0;
	m = xchg(&s->next, NULL);
	if (m) {
		m->next = all;
		all = m;
	}
	m = xchg(&s->received, NULL);
	if (m) {
		m->next = all;
		all = m;
	}
	return all;
}

#endif /* IPCQ_SPARES_H */
