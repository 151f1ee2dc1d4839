/* SPDX-License-Identifier: GPL-2.0-only */
/* What callers say of a message, and are told of one. */
#ifndef IPCQ_MSG_H
#define IPCQ_MSG_H

#include <linux/fs.h>
#include <linux/types.h>

#include "queue.h"

struct ipcq_msg;

#define IPCQ_MSG_KNOWN	(IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIMEOUT | \
			 IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME | \
			 IPCQ_MSG_NOSIGNAL)

int ipcq_msg_patience(u32 flags, s64 timeout_ns, const struct file *file,
		      struct ipcq_patience *patience);
int ipcq_msg_end(int err, u32 flags);
void ipcq_msg_describe(struct ipcq_msg *msg, const struct ipcq_receipt *receipt);

long ipcq_ioctl_send_batch(struct file *file, unsigned int cmd,
			   const void __user *arg);
long ipcq_ioctl_recv_batch(struct file *file, unsigned int cmd, void __user *arg);
long ipcq_ioctl_call(struct file *file, unsigned int cmd, void __user *arg);

#endif /* IPCQ_MSG_H */
