/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies between user space and kernel memory, word by word.
 *
 * The general copy finds out whether the kernel's side is an object of that size.  Where
 * that is known, and the size is small, that costs more than to copy.
 */
#ifndef IPCQ_WORDS_H
#define IPCQ_WORDS_H

#include <linux/compiler.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#define IPCQ_WORD	sizeof(unsigned long)

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

/*
 * Copies of sizes that the compiler knows.  Both return whether all of it was there.  They
 * fail when a general copy would be made to, in kernels that can do that.
 */
static __always_inline bool ipcq_words_from_user(u8 *to, const u8 __user *from, size_t size)
{
	bool arrived;

	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return false;
	arrived = ipcq_get_small(to, from, size);
	user_read_access_end();
	return arrived;
}

static __always_inline bool ipcq_words_to_user(u8 __user *to, const u8 *from, size_t size)
{
	bool arrived;

	if (should_fail_usercopy() || !user_write_access_begin(to, size))
		return false;
	arrived = ipcq_put_small(to, from, size);
	user_write_access_end();
	return arrived;
}

/* The same of others, out of line. */
static inline bool ipcq_small_from_user(u8 *to, const u8 __user *from, size_t size)
{
	return ipcq_words_from_user(to, from, size);
}

static inline bool ipcq_small_to_user(u8 __user *to, const u8 *from, size_t size)
{
	return ipcq_words_to_user(to, from, size);
}

#endif /* IPCQ_WORDS_H */
