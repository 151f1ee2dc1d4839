/* SPDX-License-Identifier: GPL-2.0-only */
/* What callers say of a message, and are told of one. */
#ifndef IPCQ_MSG_H
#define IPCQ_MSG_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "include/uapi/linux/ipcq.h"
#include "queue.h"

#define IPCQ_MSG_TIME	(IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | \
			 IPCQ_MSG_REALTIME | IPCQ_MSG_TIMESPEC)

#define IPCQ_MSG_KNOWN	(IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIME | IPCQ_MSG_NOSIGNAL)

int ipcq_msg_limit(u32 flags, s64 timeout_ns, struct ipcq_patience *patience);
int ipcq_msg_end(int err, u32 flags);
void ipcq_msg_describe(struct ipcq_msg *msg, const struct ipcq_receipt *receipt);

/**
 * ipcq_msg_patience() - read how long a call may block
 * @flags: IPCQ_MSG_*, known ones
 * @timeout_ns: as in struct ipcq_msg
 * @file: the queue's
 * @patience: filled in
 *
 * Context: Process context.  May sleep.
 * Return: 0, -EINVAL or -EFAULT.
 */
static inline int ipcq_msg_patience(u32 flags, s64 timeout_ns, const struct file *file,
				    struct ipcq_patience *patience)
{
	*patience = (struct ipcq_patience) {
		.nonblock = flags & IPCQ_MSG_NONBLOCK || file->f_flags & O_NONBLOCK,
		.clock = CLOCK_MONOTONIC,
	};
	if (likely(!(flags & IPCQ_MSG_TIME) && !timeout_ns))
		return 0;
	return ipcq_msg_limit(flags, timeout_ns, patience);
}

/**
 * ipcq_pid_nr() - a process as the current pid namespace numbers it
 * @pid: the process
 *
 * The initial one, where most programs are, numbers them as the kernel does.
 *
 * Context: Process context.
 * Return: the number, or 0.
 */
static inline u32 ipcq_pid_nr(struct pid *pid)
{
	return likely(!task_pid(current)->level) ? pid_nr(pid) : pid_vnr(pid);
}

/**
 * ipcq_uid_nr() - a uid as the current user namespace numbers it
 * @uid: the uid
 *
 * The initial one, where most programs are, numbers them as the kernel does.
 *
 * Context: Process context.
 * Return: the number, or the overflow uid.
 */
static inline u32 ipcq_uid_nr(kuid_t uid)
{
	struct user_namespace *ns = current_user_ns();

	return likely(ns == &init_user_ns) ? __kuid_val(uid) : from_kuid_munged(ns, uid);
}

/**
 * ipcq_gid_nr() - the same for a gid
 * @gid: the gid
 *
 * Context: Process context.
 * Return: the number, or the overflow gid.
 */
static inline u32 ipcq_gid_nr(kgid_t gid)
{
	struct user_namespace *ns = current_user_ns();

	return likely(ns == &init_user_ns) ? __kgid_val(gid) : from_kgid_munged(ns, gid);
}

long ipcq_ioctl_send_batch(struct file *file, unsigned int cmd,
			   const void __user *arg);
long ipcq_ioctl_recv_batch(struct file *file, unsigned int cmd, void __user *arg);

#endif /* IPCQ_MSG_H */
