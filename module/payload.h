/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of payloads between user space and kernel memory.
 *
 * Most messages are small, and then the general copy costs more in finding out
 * whether the kernel's side is an object of that size than in copying.  That the
 * payload has room is known: its size has been compared with that of the array or of
 * the buffer it lies in.  Up to IPCQ_MOST_WORDS bytes it is copied word by word here.
 */
#ifndef IPCQ_PAYLOAD_H
#define IPCQ_PAYLOAD_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include "include/uapi/linux/ipcq.h"
#include "message.h"

/**
 * struct ipcq_place - where a call has come to in the caller's records
 * @at: the next record
 * @room: bytes from there on; none, or fewer, behind the last record
 * @left: how many records may still be used
 */
struct ipcq_place {
	u8 __user *at;
	long room;
	u32 left;
};

static __always_inline void ipcq_place_next(struct ipcq_place *place, u32 size)
{
	place->at += IPCQ_RECORD_SPACE(size);
	place->room -= IPCQ_RECORD_SPACE(size);
	place->left--;
}

#define IPCQ_WORD	sizeof(unsigned long)

/* Beyond that the general copy takes less. */
#define IPCQ_MOST_WORDS	832

/* Elsewhere words have to lie at multiples of their size. */
#define IPCQ_ANY_ALIGNMENT	IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)

#define ipcq_get_word(to, from, label)						\
	unsafe_get_user(*(unsigned long *)(to), (const unsigned long __user *)(from), label)

#define ipcq_put_word(to, from, label)						\
	unsafe_put_user(*(const unsigned long *)(from), (unsigned long __user *)(to), label)

/*
 * Copies within user_*_access_begin() and user_*_access_end(), where no function may be
 * called.  Without IPCQ_ANY_ALIGNMENT both sides are aligned to words.
 */
static __always_inline bool ipcq_get_small(u8 *to, const u8 __user *from, size_t size)
{
	const u8 __user *end = from + size;

	for (; end - from >= 8 * IPCQ_WORD; from += 8 * IPCQ_WORD, to += 8 * IPCQ_WORD) {
		ipcq_get_word(to, from, fault);
		ipcq_get_word(to + IPCQ_WORD, from + IPCQ_WORD, fault);
		ipcq_get_word(to + 2 * IPCQ_WORD, from + 2 * IPCQ_WORD, fault);
		ipcq_get_word(to + 3 * IPCQ_WORD, from + 3 * IPCQ_WORD, fault);
		ipcq_get_word(to + 4 * IPCQ_WORD, from + 4 * IPCQ_WORD, fault);
		ipcq_get_word(to + 5 * IPCQ_WORD, from + 5 * IPCQ_WORD, fault);
		ipcq_get_word(to + 6 * IPCQ_WORD, from + 6 * IPCQ_WORD, fault);
		ipcq_get_word(to + 7 * IPCQ_WORD, from + 7 * IPCQ_WORD, fault);
	}
	if (end - from >= 4 * IPCQ_WORD) {
		ipcq_get_word(to, from, fault);
		ipcq_get_word(to + IPCQ_WORD, from + IPCQ_WORD, fault);
		ipcq_get_word(to + 2 * IPCQ_WORD, from + 2 * IPCQ_WORD, fault);
		ipcq_get_word(to + 3 * IPCQ_WORD, from + 3 * IPCQ_WORD, fault);
		from += 4 * IPCQ_WORD;
		to += 4 * IPCQ_WORD;
	}
	for (; end - from >= IPCQ_WORD; from += IPCQ_WORD, to += IPCQ_WORD)
		ipcq_get_word(to, from, fault);
	/* The last word overlaps the one before. */
	if (IPCQ_ANY_ALIGNMENT && from < end && size >= IPCQ_WORD) {
		ipcq_get_word(to + (end - from) - IPCQ_WORD, end - IPCQ_WORD, fault);
		return true;
	}
	for (; from < end; from++, to++)
		unsafe_get_user(*to, from, fault);
	return true;

fault:
	return false;
}

static __always_inline bool ipcq_put_small(u8 __user *to, const u8 *from, size_t size)
{
	const u8 *end = from + size;

	for (; end - from >= 8 * IPCQ_WORD; from += 8 * IPCQ_WORD, to += 8 * IPCQ_WORD) {
		ipcq_put_word(to, from, fault);
		ipcq_put_word(to + IPCQ_WORD, from + IPCQ_WORD, fault);
		ipcq_put_word(to + 2 * IPCQ_WORD, from + 2 * IPCQ_WORD, fault);
		ipcq_put_word(to + 3 * IPCQ_WORD, from + 3 * IPCQ_WORD, fault);
		ipcq_put_word(to + 4 * IPCQ_WORD, from + 4 * IPCQ_WORD, fault);
		ipcq_put_word(to + 5 * IPCQ_WORD, from + 5 * IPCQ_WORD, fault);
		ipcq_put_word(to + 6 * IPCQ_WORD, from + 6 * IPCQ_WORD, fault);
		ipcq_put_word(to + 7 * IPCQ_WORD, from + 7 * IPCQ_WORD, fault);
	}
	if (end - from >= 4 * IPCQ_WORD) {
		ipcq_put_word(to, from, fault);
		ipcq_put_word(to + IPCQ_WORD, from + IPCQ_WORD, fault);
		ipcq_put_word(to + 2 * IPCQ_WORD, from + 2 * IPCQ_WORD, fault);
		ipcq_put_word(to + 3 * IPCQ_WORD, from + 3 * IPCQ_WORD, fault);
		from += 4 * IPCQ_WORD;
		to += 4 * IPCQ_WORD;
	}
	for (; end - from >= IPCQ_WORD; from += IPCQ_WORD, to += IPCQ_WORD)
		ipcq_put_word(to, from, fault);
	/* The last word overlaps the one before. */
	if (IPCQ_ANY_ALIGNMENT && from < end && size >= IPCQ_WORD) {
		ipcq_put_word(to + (end - from) - IPCQ_WORD, end - IPCQ_WORD, fault);
		return true;
	}
	for (; from < end; from++, to++)
		unsafe_put_user(*from, to, fault);
	return true;

fault:
	return false;
}

static inline bool ipcq_small_from_user(u8 *to, const u8 __user *from, size_t size)
{
	bool arrived;

	if (!user_read_access_begin(from, size))
		return false;
	arrived = ipcq_get_small(to, from, size);
	user_read_access_end();
	return arrived;
}

static inline bool ipcq_small_to_user(u8 __user *to, const u8 *from, size_t size)
{
	bool arrived;

	if (!user_write_access_begin(to, size))
		return false;
	arrived = ipcq_put_small(to, from, size);
	user_write_access_end();
	return arrived;
}

/**
 * ipcq_payload_from_user() - fill in the payload of a message
 * @m: the message, its size set
 * @from: the sender's data
 *
 * Context: Process context.  May sleep.
 * Return: whether all of it was there.
 */
static inline bool ipcq_payload_from_user(struct ipcq_message *m,
					  const void __user *from)
{
	if (IPCQ_ANY_ALIGNMENT && m->size <= IPCQ_MOST_WORDS)
		return ipcq_small_from_user(ipcq_message_data(m), from, m->size);
	return !copy_from_user(ipcq_message_data(m), from, m->size);
}

/* The same of a general copy without that check. */
#define IPCQ_BY_WORDS	512

/**
 * ipcq_payload_nofault() - copy a payload in without taking a page fault
 * @to: kernel memory, with room for it
 * @from: the sender's data
 * @size: bytes of it
 *
 * Context: Any but interrupts.  Page faults are disabled.
 * Return: whether all of it was there.
 */
static inline bool ipcq_payload_nofault(u8 *to, const void __user *from, size_t size)
{
	if (IPCQ_ANY_ALIGNMENT && size <= IPCQ_BY_WORDS)
		return ipcq_small_from_user(to, from, size);
	return access_ok(from, size) && !__copy_from_user_inatomic(to, from, size);
}

/**
 * ipcq_payload_to_user() - copy the payload of a message out
 * @to: the receiver's buffer
 * @m: the message, which fits
 *
 * Context: Process context.  May sleep.
 * Return: whether all of it arrived.
 */
static inline bool ipcq_payload_to_user(void __user *to, struct ipcq_message *m)
{
	if (IPCQ_ANY_ALIGNMENT && m->size <= IPCQ_MOST_WORDS)
		return ipcq_small_to_user(to, ipcq_message_data(m), m->size);
	return !copy_to_user(to, ipcq_message_data(m), m->size);
}

#endif /* IPCQ_PAYLOAD_H */
