// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many messages with one call: records, one after the other in the caller's memory.
 *
 * A batch goes through the queue in steps: the messages of one step are copied in
 * before, and copied out after, they have met the queue under one lock.
 *
 * Small messages are copied many at a time, between one user_access_begin() and its
 * end.  No function may be called there: what needs one, ends it.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "arg.h"
#include "chardev.h"
#include "message.h"
#include "msg.h"
#include "payload.h"

/* Pointers to so many fit on the stack, and hold up nobody who waits for the lock. */
#define IPCQ_BATCH_STEP	32

#define IPCQ_RECORD	((long)sizeof(struct ipcq_record))

/**
 * struct ipcq_place - where a call has come to in the caller's records
 * @at: the next record
 * @room: bytes from there on; none, or fewer, behind the last record
 * @left: how many records may still be used
 */
struct ipcq_place {
	u8 __user *at;
	long room;
	u32 left;
};

/* Who sent a message, and how the receiver's namespaces number that. */
struct ipcq_origin {
	const struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u32 pid_nr;
	u32 uid_nr;
	u32 gid_nr;
};

static int ipcq_batch_get(struct ipcq_batch *batch, struct ipcq_place *place,
			  unsigned int cmd, const void __user *arg,
			  const struct file *file, u32 known,
			  struct ipcq_patience *patience)
{
	u32 count;
	int err;

	err = ipcq_get_arg(batch, sizeof(*batch), IPCQ_BATCH_SIZE_VER0, cmd, arg);
	if (err)
		return err;
	if (batch->flags & ~known || batch->records % IPCQ_RECORD_ALIGN ||
	    batch->size < IPCQ_RECORD)
		return -EINVAL;
	count = batch->count ?: IPCQ_BATCH_MAX;
	*place = (struct ipcq_place) {
		.at = u64_to_user_ptr(batch->records),
		.room = min_t(u64, batch->size, MAX_RW_COUNT),
		.left = min_t(u32, count, IPCQ_BATCH_MAX),
	};
	return ipcq_msg_patience(batch->flags, batch->timeout_ns, file, patience);
}

static __always_inline void ipcq_place_next(struct ipcq_place *place, u32 size)
{
	place->at += IPCQ_RECORD_SPACE(size);
	place->room -= IPCQ_RECORD_SPACE(size);
	place->left--;
}

/*
 * Read small messages into spares, up to a record that needs more than that: its spare is
 * not fit, or it is not valid, or not there.  What is so is for the caller to find out.
 *
 * Return: how many were read.  They are not charged yet.
 */
static noinline u32 ipcq_batch_read(struct ipcq_place *p, u32 largest,
				    struct ipcq_message *const *spares, u32 n)
{
	const u32 payer = ipcq_message_payer();
	struct ipcq_place place = *p;
	u32 size, prio, type, flags, i;

	if (!user_read_access_begin(place.at, place.room))
		return 0;
	for (i = 0; i < n && place.room >= IPCQ_RECORD; i++) {
		struct ipcq_record __user *record = (void __user *)place.at;
		struct ipcq_message *m = spares[i];

		unsafe_get_user(size, &record->size, end);
		unsafe_get_user(prio, &record->prio, end);
		unsafe_get_user(type, &record->type, end);
		unsafe_get_user(flags, &record->flags, end);
		if (unlikely(m->has_buffer || m->payer != payer || flags ||
			     size > largest || place.room - IPCQ_RECORD < size ||
			     prio > IPCQ_PRIO_MAX))
			break;
		if (unlikely(!ipcq_get_small(m->small, place.at + IPCQ_RECORD, size)))
			break;
		m->size = size;
		m->prio = prio;
		m->type = type;
		ipcq_place_next(&place, size);
	}
end:
	user_read_access_end();
	*p = place;
	return i;
}

/*
 * Make one message.  @spare is used if there is one; what is left of it then is NULL.
 *
 * Return: the message, or ERR_PTR() of -EINVAL, or of what ipcq_file_make() returns.
 */
static struct ipcq_message *ipcq_batch_make_one(struct ipcq_opener *opener,
						struct ipcq_place *place,
						struct ipcq_message **spare,
						const struct ipcq_patience *patience)
{
	/* As far as the kernel reads the header. */
	struct {
		u32 size;
		u32 prio;
		u32 type;
		u32 flags;
	} head;
	struct ipcq_message *m;

	if (place->room < IPCQ_RECORD)
		return ERR_PTR(-EINVAL);
	if (copy_from_user(&head, place->at, sizeof(head)))
		return ERR_PTR(-EFAULT);
	if (head.flags || head.prio > IPCQ_PRIO_MAX ||
	    head.size > place->room - IPCQ_RECORD)
		return ERR_PTR(-EINVAL);
	m = ipcq_file_make(opener, *spare ?: ipcq_spare(&opener->queue->engine),
			   place->at + IPCQ_RECORD, head.size, head.prio, head.type,
			   patience);
	*spare = NULL;
	if (!IS_ERR(m))
		ipcq_place_next(place, head.size);
	return m;
}

/*
 * Charge messages that were read into spares, and say whose they are.
 *
 * Return: how many; if not all, there is no quota for more.
 */
static u32 ipcq_batch_charge(struct ipcq_opener *opener,
			     struct ipcq_message *const *messages, u32 n)
{
	struct ipcq_account *account = opener->account;
	const struct cred *cred = current_cred();
	size_t bytes = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		ipcq_message_sign(messages[i], account, cred);
		bytes += ipcq_message_memory(messages[i]->size);
	}
	if (likely(!ipcq_quota_charge_bytes(account, bytes)))
		return n;
	for (i = 0; i < n; i++) {
		bytes = ipcq_message_memory(messages[i]->size);
		if (ipcq_quota_charge_bytes(account, bytes))
			break;
	}
	ipcq_count(&opener->queue->engine, IPCQ_SEND_QUOTA);
	return i;
}

/*
 * Make the messages of one step, up to the @n-th.
 *
 * Return: how many; if they are less, the records have come to their end, or @err says
 * what is wrong with the next one.
 */
static u32 ipcq_batch_make(struct ipcq_opener *opener, struct ipcq_place *place,
			   const struct ipcq_patience *patience,
			   struct ipcq_message **messages, u32 n, int *err)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u32 largest = min_t(u32, READ_ONCE(e->max_msg_size), IPCQ_INLINE);
	u32 read, charged, i = 0, spares = ipcq_spare_many(e, messages, n);
	struct ipcq_message *m, *spare;

	while (i < n && place->room > 0) {
		if (i < spares) {
			read = ipcq_batch_read(place, largest, messages + i, spares - i);
			charged = read ? ipcq_batch_charge(opener, messages + i, read) : 0;
			i += charged;
			if (charged < read) {
				*err = -EDQUOT;
				break;
			}
			if (i == n || place->room <= 0)
				break;
		}
		spare = i < spares ? messages[i] : NULL;
		m = ipcq_batch_make_one(opener, place, &spare, patience);
		if (IS_ERR(m)) {
			*err = PTR_ERR(m);
			/* If the spare is gone, the last one takes its place. */
			if (i < spares && !spare)
				messages[i] = messages[--spares];
			break;
		}
		messages[i++] = m;
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
	u32 sent = 0;

	while (!*err) {
		sent += ipcq_send_at_once(e, messages + sent, n - sent);
		if (sent == n)
			return sent;
		*err = ipcq_send(e, &opener->party, messages[sent], patience);
		if (!*err)
			sent++;
	}
	ipcq_messages_retire(messages + sent, n - sent);
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
	u32 made, sent, done = 0;
	struct ipcq_batch batch;
	struct ipcq_place place;
	int err, send_err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = ipcq_batch_get(&batch, &place, cmd, arg, file, IPCQ_MSG_KNOWN, &patience);
	if (err)
		return err;

	for (;;) {
		made = ipcq_batch_make(opener, &place, &patience, messages,
				       min_t(u32, place.left, IPCQ_BATCH_STEP), &err);
		send_err = 0;
		sent = made ? ipcq_batch_send(opener, messages, made, &patience,
					      &send_err) : 0;
		done += sent;
		/* What hindered the one that came first counts. */
		err = send_err ?: err;
		if (err || !place.left || place.room <= 0)
			break;
		cond_resched();
	}
	if (done)
		return done;
	if (err == -EPIPE && !(batch.flags & IPCQ_MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return ipcq_msg_end(err, batch.flags);
}

static bool ipcq_origin_is_of(const struct ipcq_origin *origin, const struct ipcq_message *m)
{
	return m->pid == origin->pid && uid_eq(m->uid, origin->uid) &&
	       gid_eq(m->gid, origin->gid);
}

/* Look up who sent @m: for as long as @m is held, its pid is nobody else's. */
static void ipcq_origin_look_up(struct ipcq_origin *origin, const struct ipcq_message *m)
{
	*origin = (struct ipcq_origin) {
		.pid = m->pid,
		.uid = m->uid,
		.gid = m->gid,
		.pid_nr = pid_vnr(m->pid),
		.uid_nr = from_kuid_munged(current_user_ns(), m->uid),
		.gid_nr = from_kgid_munged(current_user_ns(), m->gid),
	};
}

/*
 * Write small messages of one sender, up to the @n-th or to one that is not that.
 *
 * Return: how many arrived.
 */
static u32 ipcq_batch_write(struct ipcq_place *p, struct ipcq_message *const *messages,
			    u32 n, const struct ipcq_origin *origin)
{
	struct ipcq_place place = *p;
	u32 i;

	if (!user_write_access_begin(place.at, place.room))
		return 0;
	for (i = 0; i < n; i++) {
		struct ipcq_record __user *record = (void __user *)place.at;
		const struct ipcq_message *m = messages[i];

		if (unlikely(m->size > IPCQ_INLINE || !ipcq_origin_is_of(origin, m)))
			break;
		unsafe_put_user(m->size, &record->size, fault);
		unsafe_put_user(m->prio, &record->prio, fault);
		unsafe_put_user(m->type, &record->type, fault);
		unsafe_put_user(0, &record->flags, fault);
		unsafe_put_user(m->seq, &record->seq, fault);
		unsafe_put_user(m->time_ns, &record->time_ns, fault);
		unsafe_put_user(origin->pid_nr, &record->pid, fault);
		unsafe_put_user(origin->uid_nr, &record->uid, fault);
		unsafe_put_user(origin->gid_nr, &record->gid, fault);
		unsafe_put_user(0, &record->pad, fault);
		if (unlikely(!ipcq_put_small(place.at + IPCQ_RECORD, m->small, m->size)))
			break;
		ipcq_place_next(&place, m->size);
	}
fault:
	user_write_access_end();
	*p = place;
	return i;
}

/* Write any message.  Return whether it arrived. */
static bool ipcq_batch_write_one(struct ipcq_place *place, struct ipcq_message *m,
				 const struct ipcq_origin *origin)
{
	const struct ipcq_record record = {
		.size = m->size,
		.prio = m->prio,
		.type = m->type,
		.seq = m->seq,
		.time_ns = m->time_ns,
		.pid = origin->pid_nr,
		.uid = origin->uid_nr,
		.gid = origin->gid_nr,
	};

	if (copy_to_user(place->at, &record, sizeof(record)) ||
	    !ipcq_payload_to_user(place->at + IPCQ_RECORD, m))
		return false;
	ipcq_place_next(place, m->size);
	return true;
}

/*
 * Copy out the messages of one step, for which there is room, and end them.
 *
 * Return: how many arrived.
 */
static u32 ipcq_batch_copy(struct ipcq_opener *opener, struct ipcq_place *place,
			   struct ipcq_message **messages, u32 n)
{
	struct ipcq_origin origin;
	u32 i = 0;

	while (i < n) {
		if (!i || !ipcq_origin_is_of(&origin, messages[i]))
			ipcq_origin_look_up(&origin, messages[i]);
		i += ipcq_batch_write(place, messages + i, n - i, &origin);
		/* What stopped that is another sender, a large message, or a fault. */
		if (i == n)
			break;
		if (!ipcq_origin_is_of(&origin, messages[i]))
			continue;
		if (!ipcq_batch_write_one(place, messages[i], &origin))
			break;
		i++;
	}
	ipcq_messages_retire(messages, i);
	ipcq_keep_many(&opener->queue->engine, messages, i);
	return i;
}

/* Give back what could not be copied out; if that is all of the call, the loss as well. */
static void ipcq_batch_give_back(struct ipcq_opener *opener,
				 struct ipcq_message *const *messages, u32 n,
				 const struct ipcq_receipt *receipt, bool is_all)
{
	struct ipcq_receipt one;
	u32 i;

	for (i = 0; i < n; i++) {
		one = (struct ipcq_receipt) {
			.m = messages[i],
			.resets = receipt->resets,
			.ask_lost = is_all && !i,
			.lost = receipt->lost,
		};
		ipcq_give_back(&opener->queue->engine, &opener->party, &one);
	}
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
	struct ipcq_message *messages[IPCQ_BATCH_STEP];
	struct ipcq_opener *opener = file->private_data;
	struct ipcq_engine *e = &opener->queue->engine;
	struct ipcq_batch __user *ubatch = arg;
	struct ipcq_receipt receipt = {};
	struct ipcq_patience patience;
	u32 taken, arrived, done = 0;
	struct ipcq_batch batch;
	struct ipcq_place place;
	u64 lost = 0;
	int err;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	err = ipcq_batch_get(&batch, &place, cmd, arg, file,
			     IPCQ_MSG_KNOWN & ~IPCQ_MSG_NOSIGNAL, &patience);
	if (err)
		return err;
	/* Find out that the answer cannot be given before it is too late. */
	if (put_user(lost, &ubatch->lost))
		return -EFAULT;

	do {
		taken = ipcq_receive_at_once(e, &opener->party, &receipt, messages,
					     min_t(u32, place.left, IPCQ_BATCH_STEP),
					     place.room);
		if (!taken && !done) {
			receipt = (struct ipcq_receipt) {
				.room = place.room - IPCQ_RECORD,
				.ask_lost = true,
				.more = true,
			};
			err = ipcq_receive(e, &opener->party, &receipt, &patience);
			if (err)
				break;
			messages[0] = receipt.m;
			taken = 1;
		}
		arrived = ipcq_batch_copy(opener, &place, messages, taken);
		done += arrived;
		lost += taken ? receipt.lost : 0;
		if (arrived < taken) {
			ipcq_batch_give_back(opener, messages + arrived, taken - arrived,
					     &receipt, !done);
			err = -EFAULT;
			break;
		}
	} while (receipt.more && place.left && place.room >= IPCQ_RECORD &&
		 !signal_pending(current));

	if (done) {
		batch.size = min_t(u64, (uintptr_t)place.at - batch.records, batch.size);
		/* If the caller has taken that away since, there is nobody to be told. */
		put_user(batch.size, &ubatch->size);
		put_user(lost, &ubatch->lost);
		return done;
	}
	if (err == -EMSGSIZE && put_user(IPCQ_RECORD_SPACE(receipt.needed), &ubatch->size))
		return -EFAULT;
	return ipcq_msg_end(err, batch.flags);
}
