/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of ioctls that may grow: their size travels in the ioctl number. */
#ifndef IPCQ_ARG_H
#define IPCQ_ARG_H

#include <linux/ioctl.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "include/uapi/linux/ipcq.h"
#include "words.h"

/* What belongs to a message is copied word by word; what is larger is rarely copied. */
#define IPCQ_ARG_BY_WORDS(size)	(IPCQ_ANY_ALIGNMENT && (size) <= sizeof(struct ipcq_call))

/**
 * ipcq_get_struct() - read a structure of any version
 * @dst: this kernel's structure
 * @ksize: its size
 * @least: size of the first version, IPCQ_*_SIZE_VER0
 * @usize: size of the caller's
 * @src: the caller's structure
 *
 * Context: Process context.  May sleep.
 * Return: 0; -EINVAL if the caller's structure is shorter than the first version;
 * -E2BIG if it uses what this kernel does not know; -EFAULT.
 */
static __always_inline int ipcq_get_struct(void *dst, size_t ksize, size_t least,
					   size_t usize, const void __user *src)
{
	if (likely(usize == ksize) && IPCQ_ARG_BY_WORDS(ksize))
		return ipcq_words_from_user(dst, src, ksize) ? 0 : -EFAULT;
	if (usize < least)
		return -EINVAL;
	return copy_struct_from_user(dst, ksize, src, usize);
}

/**
 * ipcq_put_struct() - write a structure of any version
 * @dst: the caller's structure
 * @usize: its size
 * @src: this kernel's structure
 * @ksize: its size
 *
 * Context: Process context.  May sleep.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcq_put_struct(void __user *dst, size_t usize,
					   const void *src, size_t ksize)
{
	size_t both = min(usize, ksize);

	if (likely(usize == ksize) && IPCQ_ARG_BY_WORDS(ksize))
		return ipcq_words_to_user(dst, src, ksize) ? 0 : -EFAULT;
	if (copy_to_user(dst, src, both) ||
	    clear_user(dst + both, usize - both))
		return -EFAULT;
	return 0;
}

/**
 * ipcq_get_arg() - read an argument of any version
 * @dst: this kernel's structure
 * @ksize: its size
 * @least: size of the first version, IPCQ_*_SIZE_VER0
 * @cmd: the ioctl number
 * @src: the caller's structure
 *
 * Context: Process context.  May sleep.
 * Return: as ipcq_get_struct().
 */
static __always_inline int ipcq_get_arg(void *dst, size_t ksize, size_t least,
					unsigned int cmd, const void __user *src)
{
	return ipcq_get_struct(dst, ksize, least, _IOC_SIZE(cmd), src);
}

/**
 * ipcq_put_arg() - write an argument of any version
 * @dst: the caller's structure
 * @cmd: the ioctl number
 * @src: this kernel's structure
 * @ksize: its size
 *
 * Context: Process context.  May sleep.
 * Return: 0 or -EFAULT.
 */
static __always_inline int ipcq_put_arg(void __user *dst, unsigned int cmd,
					const void *src, size_t ksize)
{
	return ipcq_put_struct(dst, _IOC_SIZE(cmd), src, ksize);
}

#endif /* IPCQ_ARG_H */
