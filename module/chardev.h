/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of queues. */
#ifndef IPCQ_CHARDEV_H
#define IPCQ_CHARDEV_H

#include <linux/fs.h>

#include "ipcq.h"

struct cred;

extern const struct file_operations ipcq_file_operations;

struct file *ipcq_file_new(struct ipcq_queue *q, u32 open_flags);
int ipcq_file_send(struct ipcq_opener *opener, const struct cred *sender,
		   const void __user *data, size_t size, u32 prio, u32 type,
		   const struct ipcq_patience *patience, bool no_signal);

struct ipcq_message *ipcq_file_make(struct ipcq_opener *opener,
				    struct ipcq_message *spare,
				    const void __user *data, size_t size, u32 prio,
				    u32 type);

long ipcq_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* IPCQ_CHARDEV_H */
