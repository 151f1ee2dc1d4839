// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many messages with one call.
 *
 * A batch goes through the queue in steps: the messages of one step are copied in
 * before, and copied out after, they have met the queue under one lock.
 */
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "arg.h"
#include "chardev.h"
#include "message.h"
#include "msg.h"
#include "payload.h"

/* So many fit on the stack, and hold up nobody who waits for the lock. */
#define IPCQ_BATCH_STEP	16

static int ipcq_batch_get(struct ipcq_batch *batch, unsigned int cmd,
			  const void __user *arg, const struct file *file, u32 known,
			  struct ipcq_patience *patience)
{
	int err;

	err = ipcq_get_arg(batch, sizeof(*batch), IPCQ_BATCH_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (batch->flags & ~known || batch->pad || !batch->count ||
	    batch->msg_size < IPCQ_MSG_SIZE_VER0)
		return -EINVAL;
	batch->count = min_t(u32, batch->count, IPCQ_BATCH_MAX);
	return ipcq_msg_patience(batch->flags, batch->timeout_ns, file, patience);
}

static void __user *ipcq_batch_at(const struct ipcq_batch *batch, u32 index)
{
	return u64_to_user_ptr(batch->msgs + (u64)index * batch->msg_size);
}

static int ipcq_batch_get_msg(const struct ipcq_batch *batch, u32 index,
			      struct ipcq_msg *msg)
{
	int err;

	err = ipcq_get_struct(msg, sizeof(*msg), IPCQ_MSG_SIZE_VER0, batch->msg_size,
			      ipcq_batch_at(batch, index));
	if (err)
		return err;
	if (msg->flags || msg->pad || msg->pad2 || msg->timeout_ns)
		return -EINVAL;
	return 0;
}

/*
 * Make the messages of one step.  Return how many there are; if they are less than @n,
 * @err says why.
 */
static u32 ipcq_batch_make(struct ipcq_opener *opener, const struct ipcq_batch *batch,
			   u32 first, u32 n, const struct ipcq_patience *patience,
			   struct ipcq_message **messages, int *err)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u32 spares = ipcq_spare_many(e, messages, n);
	struct ipcq_message *m;
	struct ipcq_msg msg;
	u32 i;

	for (i = 0; i < n; i++) {
		*err = ipcq_batch_get_msg(batch, first + i, &msg);
		if (!*err && msg.prio > IPCQ_PRIO_MAX)
			*err = -EINVAL;
		if (!*err && msg.size > MAX_RW_COUNT)
			*err = -EMSGSIZE;
		if (*err)
			break;
		m = ipcq_file_make(opener, i < spares ? messages[i] : ipcq_spare(e),
				   u64_to_user_ptr(msg.data), msg.size, msg.prio,
				   msg.type, patience);
		if (IS_ERR(m)) {
			*err = PTR_ERR(m);
			/* It has taken its spare. */
			if (i < spares)
				messages[i] = messages[--spares];
			break;
		}
		messages[i] = m;
	}
	if (i < spares)
		ipcq_keep_many(e, messages + i, spares - i);
	return i;
}

/* Send the messages of one step.  Return how many; if they are less, @err says why. */
static u32 ipcq_batch_send(struct ipcq_opener *opener, struct ipcq_message **messages,
			   u32 n, const struct ipcq_patience *patience, int *err)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u32 i, sent = 0;

	while (!*err) {
		sent += ipcq_send_at_once(e, messages + sent, n - sent);
		if (sent == n)
			return sent;
		*err = ipcq_send(e, &opener->party, messages[sent], patience);
		if (!*err)
			sent++;
	}
	for (i = sent; i < n; i++)
		ipcq_message_retire(messages[i]);
	ipcq_keep_many(e, messages + sent, n - sent);
	return sent;
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
	struct ipcq_message *messages[IPCQ_BATCH_STEP];
	struct ipcq_opener *opener = file->private_data;
	struct ipcq_patience patience;
	struct ipcq_batch batch;
	u32 made, sent, done = 0;
	int err, send_err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = ipcq_batch_get(&batch, cmd, arg, file, IPCQ_MSG_KNOWN, &patience);
	if (err)
		return err;

	while (!err && done < batch.count) {
		made = ipcq_batch_make(opener, &batch, done,
				       min_t(u32, batch.count - done, IPCQ_BATCH_STEP),
				       &patience, messages, &err);
		send_err = 0;
		sent = made ? ipcq_batch_send(opener, messages, made, &patience,
					      &send_err) : 0;
		done += sent;
		/* What hindered the one that came first counts. */
		if (send_err)
			err = send_err;
	}
	if (done)
		return done;
	if (err == -EPIPE && !(batch.flags & IPCQ_MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return ipcq_msg_end(err, batch.flags);
}

/*
 * Read what the receiver says of the messages of one step.  Return for how many it
 * does; if they are less than @n, @err says why.
 */
static u32 ipcq_batch_ask(const struct ipcq_batch *batch, u32 first, u32 n,
			  struct ipcq_receipt *receipts, u64 *data, int *err)
{
	struct ipcq_msg msg;
	u32 i;

	for (i = 0; i < n; i++) {
		*err = ipcq_batch_get_msg(batch, first + i, &msg);
		if (*err)
			break;
		receipts[i] = (struct ipcq_receipt) {
			.room = min_t(u64, msg.size, MAX_RW_COUNT),
			.ask_lost = true,
		};
		data[i] = msg.data;
	}
	return i;
}

/*
 * Copy out the messages of one step.  Return how many arrived; the others are given
 * back.
 */
static u32 ipcq_batch_copy(struct ipcq_opener *opener, const struct ipcq_batch *batch,
			   u32 first, u32 n, struct ipcq_receipt *receipts,
			   const u64 *data)
{
	struct ipcq_engine *e = &opener->queue->engine;
	struct ipcq_message *spares[IPCQ_BATCH_STEP];
	struct ipcq_message *m;
	struct ipcq_msg msg;
	u32 i, arrived;

	for (i = 0; i < n; i++) {
		m = receipts[i].m;
		msg = (struct ipcq_msg) { .data = data[i] };
		ipcq_msg_describe(&msg, &receipts[i]);
		if (!ipcq_payload_to_user(u64_to_user_ptr(data[i]), m) ||
		    ipcq_put_struct(ipcq_batch_at(batch, first + i), batch->msg_size,
				    &msg, sizeof(msg)))
			break;
		ipcq_message_retire(m);
		spares[i] = m;
	}
	arrived = i;
	for (; i < n; i++)
		ipcq_give_back(e, &opener->party, &receipts[i]);
	ipcq_keep_many(e, spares, arrived);
	return arrived;
}

/* Tell how large the message is that does not fit the first buffer. */
static int ipcq_batch_too_small(const struct ipcq_batch *batch, u64 needed)
{
	struct ipcq_msg __user *msg = ipcq_batch_at(batch, 0);

	return copy_to_user(&msg->size, &needed, sizeof(needed)) ? -EFAULT : -EMSGSIZE;
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
long ipcq_ioctl_recv_batch(struct file *file, unsigned int cmd,
			   const void __user *arg)
{
	struct ipcq_receipt receipts[IPCQ_BATCH_STEP];
	struct ipcq_opener *opener = file->private_data;
	struct ipcq_engine *e = &opener->queue->engine;
	u32 asked, taken, arrived, done = 0;
	struct ipcq_patience patience;
	u64 data[IPCQ_BATCH_STEP];
	struct ipcq_batch batch;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = ipcq_batch_get(&batch, cmd, arg, file,
			     IPCQ_MSG_KNOWN & ~IPCQ_MSG_NOSIGNAL, &patience);
	if (err)
		return err;

	do {
		asked = ipcq_batch_ask(&batch, done,
				       min_t(u32, batch.count - done, IPCQ_BATCH_STEP),
				       receipts, data, &err);
		if (!asked)
			break;
		taken = ipcq_receive_at_once(e, &opener->party, receipts, asked);
		if (!taken && !done) {
			err = ipcq_receive(e, &opener->party, receipts, &patience);
			if (err)
				break;
			taken = 1;
		}
		arrived = ipcq_batch_copy(opener, &batch, done, taken, receipts, data);
		done += arrived;
		if (arrived < taken)
			err = -EFAULT;
	} while (!err && taken == IPCQ_BATCH_STEP && done < batch.count);

	if (done)
		return done;
	if (err == -EMSGSIZE)
		return ipcq_batch_too_small(&batch, receipts[0].needed);
	return ipcq_msg_end(err, batch.flags);
}
