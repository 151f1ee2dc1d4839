/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that the module builds for: 6.1 and newer.
 * The only file that may test the kernel's version.
 */
#ifndef IPCQ_COMPAT_H
#define IPCQ_COMPAT_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <net/genetlink.h>

/* 6.2: device_type.devnode takes a const device. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
typedef const struct device ipcq_const_device;
#else
typedef struct device ipcq_const_device;
#endif

/* 6.6: a dump's parsed attributes moved into its genl_info. */
static inline struct nlattr **ipcq_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* 6.3: the flags of a mapping are changed by functions. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/*
 * 6.8, and stable kernels before it: a multicast group has flags of its own.  Where
 * it has not, the flag of an operation does the same.
 */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

#endif /* IPCQ_COMPAT_H */
