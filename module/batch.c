// SPDX-License-Identifier: GPL-2.0-only
/* Many messages with one call. */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "arg.h"
#include "msg.h"
#include "record.h"

/* Read where records are.  Return 0 or -EINVAL. */
static int ipcq_get_place(struct ipcq_place *place, u64 at, u64 size, u32 count)
{
	if (at % IPCQ_RECORD_ALIGN || size < sizeof(struct ipcq_record))
		return -EINVAL;
	*place = (struct ipcq_place) {
		.at = u64_to_user_ptr(at),
		.room = min_t(u64, size, MAX_RW_COUNT),
		.left = min_t(u32, count ?: IPCQ_BATCH_MAX, IPCQ_BATCH_MAX),
	};
	return 0;
}

static int ipcq_batch_get(struct ipcq_batch *batch, struct ipcq_place *place,
			  unsigned int cmd, const void __user *arg,
			  const struct file *file, u32 known,
			  struct ipcq_patience *patience)
{
	int err;

	err = ipcq_get_arg(batch, sizeof(*batch), IPCQ_BATCH_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (batch->flags & ~known)
		return -EINVAL;
	err = ipcq_get_place(place, batch->records, batch->size, batch->count);
	if (err)
		return err;
	return ipcq_msg_patience(batch->flags, batch->timeout_ns, file, patience);
}

/* End a send that was refused. */
static long ipcq_refused(int err, u32 flags)
{
	if (err == -EPIPE && !(flags & IPCQ_MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return ipcq_msg_end(err, flags);
}

/* Bytes that records take, from the first one at @begin. */
static u64 ipcq_filled(const struct ipcq_place *place, u64 begin, u64 size)
{
	return min_t(u64, (uintptr_t)place->at - begin, size);
}

/**
 * ipcq_ioctl_send_batch() - IPCQ_IOC_SEND_BATCH
 * @file: the queue's
 * @cmd: the ioctl number
 * @arg: struct ipcq_batch of any version
 *
 * Context: Process context.  May sleep.
 * Return: how many messages were sent, or what IPCQ_IOC_SEND returns.
 */
long ipcq_ioctl_send_batch(struct file *file, unsigned int cmd,
			   const void __user *arg)
{
	struct ipcq_patience patience;
	struct ipcq_batch batch;
	struct ipcq_place place;
	u32 sent;
	int err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = ipcq_batch_get(&batch, &place, cmd, arg, file, IPCQ_MSG_KNOWN, &patience);
	if (err)
		return err;
	err = ipcq_records_send(file->private_data, &place, &patience, &sent);
	return sent ?: ipcq_refused(err, batch.flags);
}

/**
 * ipcq_ioctl_recv_batch() - IPCQ_IOC_RECV_BATCH
 * @file: the queue's
 * @cmd: the ioctl number
 * @arg: struct ipcq_batch of any version
 *
 * Blocks for the first message only.
 *
 * Context: Process context.  May sleep.
 * Return: how many messages were received, or what IPCQ_IOC_RECV returns.
 */
long ipcq_ioctl_recv_batch(struct file *file, unsigned int cmd, void __user *arg)
{
	struct ipcq_batch __user *ubatch = arg;
	struct ipcq_patience patience;
	struct ipcq_receipt receipt;
	struct ipcq_batch batch;
	struct ipcq_place place;
	long done;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = ipcq_batch_get(&batch, &place, cmd, arg, file,
			     IPCQ_MSG_KNOWN & ~IPCQ_MSG_NOSIGNAL, &patience);
	if (err)
		return err;
	/* Find out that the answer cannot be given before it is too late. */
	if (put_user(0, &ubatch->lost))
		return -EFAULT;

	done = ipcq_records_receive(file->private_data, &place, &patience, &receipt);
	if (done > 0) {
		/* If the caller has taken that away since, there is nobody to be told. */
		put_user(ipcq_filled(&place, batch.records, batch.size), &ubatch->size);
		put_user(receipt.lost, &ubatch->lost);
		return done;
	}
	if (done == -EMSGSIZE && put_user(IPCQ_RECORD_SPACE(receipt.needed), &ubatch->size))
		return -EFAULT;
	return ipcq_msg_end(done, batch.flags);
}
