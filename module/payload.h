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

#include <linux/types.h>
#include <linux/uaccess.h>

#include "include/uapi/linux/ipcq.h"
#include "message.h"
#include "words.h"

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

/* Beyond that the general copy takes less. */
#define IPCQ_MOST_WORDS	832

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
