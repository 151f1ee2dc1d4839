/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of ioctls that may grow: their size travels in the ioctl number. */
#ifndef IPCQ_ARG_H
#define IPCQ_ARG_H

#include <linux/ioctl.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>

/**
 * ipcq_get_arg() - read an argument of any version
 * @dst: this kernel's structure
 * @ksize: its size
 * @least: size of the first version, IPCQ_*_SIZE_VER0
 * @cmd: the ioctl number
 * @src: the caller's structure
 *
 * Context: Process context.  May sleep.
 * Return: 0; -EINVAL if the caller's structure is shorter than the first version;
 * -E2BIG if it uses what this kernel does not know; -EFAULT.
 */
static inline int ipcq_get_arg(void *dst, size_t ksize, size_t least,
			       unsigned int cmd, const void __user *src)
{
	if (_IOC_SIZE(cmd) < least)
		return -EINVAL;
	return copy_struct_from_user(dst, ksize, src, _IOC_SIZE(cmd));
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
static inline int ipcq_put_arg(void __user *dst, unsigned int cmd,
			       const void *src, size_t ksize)
{
	size_t usize = _IOC_SIZE(cmd);
	size_t both = min(usize, ksize);

	if (copy_to_user(dst, src, both) ||
	    clear_user(dst + both, usize - both))
		return -EFAULT;
	return 0;
}

#endif /* IPCQ_ARG_H */
