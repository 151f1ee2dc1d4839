// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of queues. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/time.h>
#include <linux/timekeeping.h>

#include "arg.h"
#include "attr.h"
#include "chardev.h"
#include "message.h"
#include "msg.h"
#include "notify.h"
#include "payload.h"
#include "registry.h"
#include "ring_file.h"

/* Read the time whose address a caller has given in place of nanoseconds. */
static int ipcq_get_time(s64 *ns, u64 address)
{
	struct timespec64 time;

	if (get_timespec64(&time, u64_to_user_ptr(address)))
		return -EFAULT;
	if (!timespec64_valid(&time))
		return -EINVAL;
	*ns = timespec64_to_ktime(time);
	return 0;
}

/**
 * ipcq_msg_limit() - read at what time a call is to end
 * @flags: IPCQ_MSG_*, known ones
 * @timeout_ns: as in struct ipcq_msg
 * @patience: its time is filled in
 *
 * A relative time becomes a point in time here, so that the call as a whole takes no
 * longer.
 *
 * Context: Process context.  May sleep.
 * Return: 0, -EINVAL or -EFAULT.
 */
int ipcq_msg_limit(u32 flags, s64 timeout_ns, struct ipcq_patience *patience)
{
	int err;

	if (!(flags & IPCQ_MSG_TIMEOUT))
		return -EINVAL;
	if (flags & IPCQ_MSG_TIMESPEC) {
		err = ipcq_get_time(&timeout_ns, timeout_ns);
		if (err)
			return err;
	}
	if (timeout_ns < 0)
		return -EINVAL;
	patience->timed = true;
	if (!(flags & IPCQ_MSG_ABSTIME)) {
		if (flags & IPCQ_MSG_REALTIME)
			return -EINVAL;
		patience->expires = ktime_add_safe(ktime_get(),
						   ns_to_ktime(timeout_ns));
		return 0;
	}
	if (flags & IPCQ_MSG_REALTIME)
		patience->clock = CLOCK_REALTIME;
	patience->expires = ns_to_ktime(timeout_ns);
	return 0;
}

/**
 * ipcq_msg_end() - the error with which a call ends
 * @err: of the engine, or 0
 * @flags: of the call
 *
 * A call that is restarted would begin its relative time anew: like a socket's
 * with SO_RCVTIMEO, it ends with EINTR whatever SA_RESTART says.
 *
 * Return: the error.
 */
int ipcq_msg_end(int err, u32 flags)
{
	if (err == -ERESTARTSYS && flags & IPCQ_MSG_TIMEOUT &&
	    !(flags & IPCQ_MSG_ABSTIME))
		return -EINTR;
	return err;
}

static __always_inline int ipcq_check_msg(const struct ipcq_msg *msg, u32 known,
					  const struct file *file,
					  struct ipcq_patience *patience)
{
	if (msg->flags & ~known || msg->pad || msg->pad2)
		return -EINVAL;
	return ipcq_msg_patience(msg->flags, msg->timeout_ns, file, patience);
}

static __always_inline int ipcq_check_send(const struct ipcq_msg *msg, const struct file *file,
					   struct ipcq_patience *patience)
{
	if (msg->prio > IPCQ_PRIO_MAX)
		return -EINVAL;
	return ipcq_check_msg(msg, IPCQ_MSG_KNOWN, file, patience);
}

static __always_inline int ipcq_check_recv(const struct ipcq_msg *msg, const struct file *file,
					   struct ipcq_patience *patience)
{
	return ipcq_check_msg(msg, (IPCQ_MSG_KNOWN & ~IPCQ_MSG_NOSIGNAL) | IPCQ_MSG_WHOLE,
			      file, patience);
}

/* Send what ipcq_check_send() has found valid. */
static __always_inline int ipcq_msg_send(struct file *file, const struct ipcq_msg *msg,
					 const struct ipcq_patience *patience)
{
	struct ipcq_opener *opener = file->private_data;
	int err;

	/* So large that no queue holds it, and perhaps no size_t either. */
	if (msg->size > MAX_RW_COUNT)
		return -EMSGSIZE;
	if (ipcq_is_mapped(&opener->queue->engine) &&
	    ipcq_send_mapped(&opener->queue->engine, current_cred(),
			     u64_to_user_ptr(msg->data), msg->size, msg->prio, msg->type))
		return 0;
	err = ipcq_file_send(opener, current_cred(), u64_to_user_ptr(msg->data), msg->size,
			     msg->prio, msg->type, patience,
			     msg->flags & IPCQ_MSG_NOSIGNAL);
	return ipcq_msg_end(err, msg->flags);
}

static noinline long ipcq_ioctl_send(struct file *file, unsigned int cmd,
				     const void __user *arg)
{
	struct ipcq_patience patience;
	struct ipcq_msg msg __uninitialized; /* all of it is read */
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = ipcq_get_arg(&msg, sizeof(msg), IPCQ_MSG_SIZE_VER0, cmd, arg);
	err = err ?: ipcq_check_send(&msg, file, &patience);
	return err ?: ipcq_msg_send(file, &msg, &patience);
}

/**
 * ipcq_msg_describe() - tell of a message as the receiver's namespaces see its sender
 * @msg: filled in, but for what the receiver has said
 * @receipt: of the message
 *
 * Context: Process context.
 */
void ipcq_msg_describe(struct ipcq_msg *msg, const struct ipcq_receipt *receipt)
{
	const struct ipcq_message *m = receipt->m;

	msg->size = m->size;
	msg->prio = m->prio;
	msg->type = m->type;
	msg->seq = m->seq;
	msg->time_ns = m->time_ns;
	msg->lost = receipt->lost;
	msg->pid = ipcq_pid_nr(m->pid);
	msg->uid = ipcq_uid_nr(m->uid);
	msg->gid = ipcq_gid_nr(m->gid);
}

/*
 * Receive as ipcq_check_recv() has found valid, and tell of it in @umsg, which has @usize
 * bytes.
 */
static __always_inline int ipcq_msg_recv(struct file *file, struct ipcq_msg *msg,
					 const struct ipcq_patience *patience,
					 void __user *umsg, size_t usize)
{
	struct ipcq_opener *opener = file->private_data;
	struct ipcq_receipt receipt = { .ask_lost = true };
	struct ipcq_engine *e = &opener->queue->engine;
	int err;

	receipt.room = min_t(u64, msg->size, MAX_RW_COUNT);
	if (msg->flags & IPCQ_MSG_WHOLE && !ipcq_is_room_for_any(e, &receipt))
		err = -EMSGSIZE;
	else
		err = ipcq_receive(e, &opener->party, &receipt, patience);
	if (err == -EMSGSIZE) {
		msg->size = receipt.needed;
		return ipcq_put_struct(umsg, usize, msg, sizeof(*msg)) ?: err;
	}
	if (err)
		return ipcq_msg_end(err, msg->flags);

	/* Until all of it has arrived the message can still be given back. */
	ipcq_msg_describe(msg, &receipt);
	if (!ipcq_payload_to_user(u64_to_user_ptr(msg->data), receipt.m) ||
	    ipcq_put_struct(umsg, usize, msg, sizeof(*msg))) {
		ipcq_give_back(e, &opener->party, &receipt);
		return -EFAULT;
	}
	ipcq_recycle(e, receipt.m);
	return 0;
}

static noinline long ipcq_ioctl_recv(struct file *file, unsigned int cmd,
				     void __user *arg)
{
	struct ipcq_patience patience;
	struct ipcq_msg msg __uninitialized; /* all of it is read */
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = ipcq_get_arg(&msg, sizeof(msg), IPCQ_MSG_SIZE_VER0, cmd, arg);
	err = err ?: ipcq_check_recv(&msg, file, &patience);
	return err ?: ipcq_msg_recv(file, &msg, &patience, arg, _IOC_SIZE(cmd));
}

/* Send to one queue and receive from another, or from the same. */
static int ipcq_call(struct file *to, struct file *from, struct ipcq_call *call,
		     struct ipcq_call __user *ucall)
{
	struct ipcq_patience send_patience, recv_patience;
	int err;

	err = ipcq_check_send(&call->send, to, &send_patience);
	err = err ?: ipcq_check_recv(&call->recv, from, &recv_patience);
	if (err)
		return err;
	/* Find out that the answer cannot be given before it is too late. */
	if (put_user(0, &ucall->sent))
		return -EFAULT;
	err = ipcq_msg_send(to, &call->send, &send_patience);
	if (err)
		return err;
	/* If the caller has taken that away since, there is nobody to be told. */
	put_user(1, &ucall->sent);
	err = ipcq_msg_recv(from, &call->recv, &recv_patience, &ucall->recv,
			    sizeof(call->recv));
	/* To do it again would send it again. */
	return err == -ERESTARTSYS ? -EINTR : err;
}

static long ipcq_ioctl_call(struct file *file, unsigned int cmd, void __user *arg)
{
	struct ipcq_call call;
	struct file *from;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = ipcq_get_arg(&call, sizeof(call), IPCQ_CALL_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	from = fget(call.recv_fd);
	if (!from)
		return -EBADF;
	if (from->f_op != &ipcq_file_operations)
		err = -EINVAL;
	else if (!(from->f_mode & FMODE_READ))
		err = -EBADF;
	else
		err = ipcq_call(file, from, &call, arg);
	fput(from);
	return err;
}

static long ipcq_ioctl_get_attr(struct ipcq_queue *q, unsigned int cmd,
				void __user *arg)
{
	struct ipcq_attr attr;

	if (_IOC_SIZE(cmd) < IPCQ_ATTR_SIZE_VER0)
		return -EINVAL;
	ipcq_attr_fill(q, &attr);
	return ipcq_put_arg(arg, cmd, &attr, sizeof(attr));
}

static long ipcq_ioctl_set_attr(struct ipcq_queue *q, unsigned int cmd,
				const void __user *arg)
{
	struct ipcq_config config;
	struct ipcq_attr attr;
	int err;

	err = ipcq_get_arg(&attr, sizeof(attr), IPCQ_ATTR_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (!ipcq_queue_may_administer(q))
		return -EPERM;
	err = ipcq_attr_parse_change(&attr, !q->identity.name[0], &config);
	if (err)
		return err;
	return ipcq_reconfigure(&q->engine, &config, attr.mask);
}

static long ipcq_ioctl_purge(struct ipcq_queue *q, unsigned int cmd,
			     void __user *arg)
{
	struct ipcq_purge purge = {};
	s64 purged;

	if (_IOC_SIZE(cmd) < IPCQ_PURGE_SIZE_VER0)
		return -EINVAL;
	if (!ipcq_queue_may_administer(q))
		return -EPERM;
	/* Find out that the answer cannot be given before it is too late. */
	if (ipcq_put_arg(arg, cmd, &purge, sizeof(purge)))
		return -EFAULT;
	purged = ipcq_purge(&q->engine);
	if (purged < 0)
		return purged;
	purge.purged = purged;
	return ipcq_put_arg(arg, cmd, &purge, sizeof(purge));
}

static long ipcq_ioctl_shutdown(struct ipcq_queue *q, unsigned int cmd,
				const void __user *arg)
{
	struct ipcq_shutdown shutdown;
	int err;

	err = ipcq_get_arg(&shutdown, sizeof(shutdown), IPCQ_SHUTDOWN_SIZE_VER0,
			   cmd, arg);
	if (err)
		return err;
	if (shutdown.how & ~(IPCQ_SHUT_SEND | IPCQ_SHUT_RECV) || shutdown.pad)
		return -EINVAL;
	if (!ipcq_queue_may_administer(q))
		return -EPERM;
	ipcq_shut(&q->engine, shutdown.how);
	return 0;
}

static long ipcq_ioctl_open_end(struct file *file, unsigned int cmd,
				const void __user *arg)
{
	struct ipcq_opener *opener = file->private_data;
	struct ipcq_open_end end;
	struct file *opened;
	int err, fd;

	err = ipcq_get_arg(&end, sizeof(end), IPCQ_OPEN_END_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (end.pad)
		return -EINVAL;
	if (OPEN_FMODE(end.open_flags) & ~file->f_mode &
	    (FMODE_READ | FMODE_WRITE))
		return -EACCES;

	fd = get_unused_fd_flags(end.open_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	opened = ipcq_file_new(opener->queue, end.open_flags);
	if (IS_ERR(opened)) {
		put_unused_fd(fd);
		return PTR_ERR(opened);
	}
	fd_install(fd, opened);
	return fd;
}

/**
 * ipcq_file_ioctl() - dispatch an ioctl of a queue
 * @file: the queue's file
 * @cmd: IPCQ_IOC_*, of any size
 * @arg: address of its argument
 *
 * Context: Process context.  May sleep.
 * Return: as ipcq(4) says; -ENOTTY for what is no operation of a queue.
 */
long ipcq_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ipcq_opener *opener = file->private_data;
	void __user *uarg = (void __user *)arg;
	struct ipcq_queue *q = opener->queue;

	/* Messages first: the others are found by comparing with some of them. */
	if ((cmd & ~IOCSIZE_MASK) == (IPCQ_IOC_SEND & ~IOCSIZE_MASK))
		return ipcq_ioctl_send(file, cmd, uarg);
	if ((cmd & ~IOCSIZE_MASK) == (IPCQ_IOC_RECV & ~IOCSIZE_MASK))
		return ipcq_ioctl_recv(file, cmd, uarg);
	switch (cmd & ~IOCSIZE_MASK) {
	case IPCQ_IOC_CALL & ~IOCSIZE_MASK:
		return ipcq_ioctl_call(file, cmd, uarg);
	case IPCQ_IOC_SEND_BATCH & ~IOCSIZE_MASK:
		return ipcq_ioctl_send_batch(file, cmd, uarg);
	case IPCQ_IOC_RECV_BATCH & ~IOCSIZE_MASK:
		return ipcq_ioctl_recv_batch(file, cmd, uarg);
	case IPCQ_IOC_GET_ATTR & ~IOCSIZE_MASK:
		return ipcq_ioctl_get_attr(q, cmd, uarg);
	case IPCQ_IOC_SET_ATTR & ~IOCSIZE_MASK:
		return ipcq_ioctl_set_attr(q, cmd, uarg);
	case IPCQ_IOC_PURGE & ~IOCSIZE_MASK:
		return ipcq_ioctl_purge(q, cmd, uarg);
	case IPCQ_IOC_SHUTDOWN & ~IOCSIZE_MASK:
		return ipcq_ioctl_shutdown(q, cmd, uarg);
	case IPCQ_IOC_OPEN_END & ~IOCSIZE_MASK:
		return ipcq_ioctl_open_end(file, cmd, uarg);
	case IPCQ_IOC_NOTIFY & ~IOCSIZE_MASK:
		return ipcq_notify_ioctl(opener, cmd, uarg);
	case IPCQ_IOC_RING & ~IOCSIZE_MASK:
		return ipcq_ioctl_ring(file, cmd, uarg);
	default:
		return -ENOTTY;
	}
}
