/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of payloads between user space and kernel memory.
 *
 * Most messages are small, and then the general copy costs more in finding out
 * whether the kernel's side is an object of that size than in copying.  A small
 * payload lies in an array of known size inside of the message, and its size has
 * been compared with that: it is copied word by word here.
 */
#ifndef IPCQ_PAYLOAD_H
#define IPCQ_PAYLOAD_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include "message.h"

#define IPCQ_WORD	sizeof(unsigned long)

#define ipcq_get_word(to, from, label)						\
	unsafe_get_user(*(unsigned long *)(to), (const unsigned long __user *)(from), label)

#define ipcq_put_word(to, from, label)						\
	unsafe_put_user(*(const unsigned long *)(from), (unsigned long __user *)(to), label)

/*
 * Copies within user_*_access_begin() and user_*_access_end(), where no function may be
 * called.  Without CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS both sides are aligned to words.
 */
static __always_inline bool ipcq_get_small(u8 *to, const u8 __user *from, size_t size)
{
	size_t at = 0;

	for (; at + 4 * IPCQ_WORD <= size; at += 4 * IPCQ_WORD) {
		ipcq_get_word(to + at, from + at, fault);
		ipcq_get_word(to + at + IPCQ_WORD, from + at + IPCQ_WORD, fault);
		ipcq_get_word(to + at + 2 * IPCQ_WORD, from + at + 2 * IPCQ_WORD, fault);
		ipcq_get_word(to + at + 3 * IPCQ_WORD, from + at + 3 * IPCQ_WORD, fault);
	}
	for (; at + IPCQ_WORD <= size; at += IPCQ_WORD)
		ipcq_get_word(to + at, from + at, fault);
	for (; at < size; at++)
		unsafe_get_user(to[at], from + at, fault);
	return true;

fault:
	return false;
}

static __always_inline bool ipcq_put_small(u8 __user *to, const u8 *from, size_t size)
{
	size_t at = 0;

	for (; at + 4 * IPCQ_WORD <= size; at += 4 * IPCQ_WORD) {
		ipcq_put_word(to + at, from + at, fault);
		ipcq_put_word(to + at + IPCQ_WORD, from + at + IPCQ_WORD, fault);
		ipcq_put_word(to + at + 2 * IPCQ_WORD, from + at + 2 * IPCQ_WORD, fault);
		ipcq_put_word(to + at + 3 * IPCQ_WORD, from + at + 3 * IPCQ_WORD, fault);
	}
	for (; at + IPCQ_WORD <= size; at += IPCQ_WORD)
		ipcq_put_word(to + at, from + at, fault);
	for (; at < size; at++)
		unsafe_put_user(from[at], to + at, fault);
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
	/* Elsewhere words have to lie at multiples of their size. */
	if (IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    m->size <= sizeof(m->small))
		return ipcq_small_from_user(m->small, from, m->size);
	return !copy_from_user(ipcq_message_data(m), from, m->size);
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
	if (IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    m->size <= sizeof(m->small))
		return ipcq_small_to_user(to, m->small, m->size);
	return !copy_to_user(to, ipcq_message_data(m), m->size);
}

#endif /* IPCQ_PAYLOAD_H */
