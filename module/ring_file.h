/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of rings. */
#ifndef IPCQ_RING_FILE_H
#define IPCQ_RING_FILE_H

#include <linux/fs.h>

long ipcq_ioctl_ring(struct file *file, unsigned int cmd, const void __user *arg);

#endif /* IPCQ_RING_FILE_H */
