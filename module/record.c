// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: messages that lie one after the other in the caller's memory.
 *
 * They go through the queue in steps: the messages of one step are copied in before,
 * and copied out after, they have met the queue under one lock.
 *
 * Small messages are copied many at a time, between one user_access_begin() and its
 * end.  No function may be called there: what needs one, ends it.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "chardev.h"
#include "message.h"
#include "msg.h"
#include "payload.h"
#include "record.h"

/* Pointers to so many fit on the stack, and hold up nobody who waits for the lock. */
#define IPCQ_RECORD_STEP	32

#define IPCQ_HEADER	((long)sizeof(struct ipcq_record))

/* Who sent a message, and how the receiver's namespaces number that. */
struct ipcq_origin {
	const struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u32 pid_nr;
	u32 uid_nr;
	u32 gid_nr;
};

/*
 * Read small messages into spares, up to a record that needs more than that: its spare is
 * not fit, or it is not valid, or not there.  What is so is for the caller to find out.
 *
 * Return: how many were read.  They are not charged yet.
 */
static noinline u32 ipcq_records_read_small(struct ipcq_place *p, u32 largest,
					    struct ipcq_message *const *spares, u32 n)
{
	const u32 payer = ipcq_message_payer();
	struct ipcq_place place = *p;
	u32 size, prio, type, flags, fit, i;

	/* Here, as UBSAN has a function look at each bool that is read. */
	for (fit = 0; fit < n; fit++) {
		if (spares[fit]->has_buffer || spares[fit]->payer != payer)
			break;
	}
	if (!user_read_access_begin(place.at, place.room))
		return 0;
	for (i = 0; i < fit && place.room >= IPCQ_HEADER; i++) {
		struct ipcq_record __user *record = (void __user *)place.at;
		struct ipcq_message *m = spares[i];

		unsafe_get_user(size, &record->size, end);
		unsafe_get_user(prio, &record->prio, end);
		unsafe_get_user(type, &record->type, end);
		unsafe_get_user(flags, &record->flags, end);
		if (unlikely(flags || prio > IPCQ_PRIO_MAX || size > largest ||
			     place.room - IPCQ_HEADER < size))
			break;
		if (unlikely(!ipcq_get_small(m->small, place.at + IPCQ_HEADER, size)))
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
static struct ipcq_message *ipcq_record_make(struct ipcq_opener *opener,
					     struct ipcq_place *place,
					     struct ipcq_message **spare)
{
	/* As far as the kernel reads the header. */
	struct {
		u32 size;
		u32 prio;
		u32 type;
		u32 flags;
	} head;
	struct ipcq_message *m;

	if (place->room < IPCQ_HEADER)
		return ERR_PTR(-EINVAL);
	if (copy_from_user(&head, place->at, sizeof(head)))
		return ERR_PTR(-EFAULT);
	if (head.flags || head.prio > IPCQ_PRIO_MAX ||
	    head.size > place->room - IPCQ_HEADER)
		return ERR_PTR(-EINVAL);
	m = ipcq_file_make(opener, *spare ?: ipcq_spare(&opener->queue->engine),
			   place->at + IPCQ_HEADER, head.size, head.prio, head.type);
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
static u32 ipcq_records_charge(struct ipcq_opener *opener,
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
static u32 ipcq_records_make(struct ipcq_opener *opener, struct ipcq_place *place,
			     struct ipcq_message **messages, u32 n, int *err)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u32 largest = min_t(u32, READ_ONCE(e->max_msg_size), IPCQ_INLINE);
	u32 read, charged, i = 0, spares = ipcq_spare_many(e, messages, n);
	struct ipcq_message *m, *spare;

	while (i < n && place->room > 0) {
		if (i < spares) {
			read = ipcq_records_read_small(place, largest, messages + i, spares - i);
			charged = read ? ipcq_records_charge(opener, messages + i, read) : 0;
			i += charged;
			if (charged < read) {
				*err = -EDQUOT;
				break;
			}
			if (i == n || place->room <= 0)
				break;
		}
		spare = i < spares ? messages[i] : NULL;
		m = ipcq_record_make(opener, place, &spare);
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
static u32 ipcq_records_put(struct ipcq_opener *opener, struct ipcq_message **messages,
			    u32 n, const struct ipcq_patience *patience, int *err)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u32 sent = 0;

	while (!*err) {
		if (n > 1)
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
 * ipcq_records_send() - send the messages of records
 * @opener: through whom
 * @place: the first record; it is where the last one has ended if all are sent
 * @patience: how long the call as a whole may block
 * @sent: output: how many messages were sent
 *
 * Context: Process context.  May sleep: for room as @patience says, for memory.
 * Return: 0 if that is all, or as many as @place says; else what is wrong with the next:
 * -EINVAL, -EFAULT, -ENOMEM, -EDQUOT, or what ipcq_send() returns.
 */
int ipcq_records_send(struct ipcq_opener *opener, struct ipcq_place *place,
		      const struct ipcq_patience *patience, u32 *sent)
{
	struct ipcq_engine *e = &opener->queue->engine;
	struct ipcq_message *messages[IPCQ_RECORD_STEP];
	int err = 0, send_err = 0;
	u32 made;

	*sent = 0;
	for (;;) {
		while (ipcq_is_mapped(e) &&
		       (made = ipcq_send_mapped_many(e, current_cred(), place))) {
			*sent += made;
			cond_resched();
		}
		made = ipcq_records_make(opener, place, messages,
					 min_t(u32, place->left, IPCQ_RECORD_STEP), &err);
		if (made)
			*sent += ipcq_records_put(opener, messages, made, patience,
						  &send_err);
		/* What hindered the one that came first counts. */
		if (send_err)
			return send_err;
		if (err || !place->left || place->room <= 0)
			return err;
		cond_resched();
	}
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
		.pid_nr = ipcq_pid_nr(m->pid),
		.uid_nr = ipcq_uid_nr(m->uid),
		.gid_nr = ipcq_gid_nr(m->gid),
	};
}

/*
 * Write small messages of one sender, up to the @n-th or to one that is not that.
 *
 * Return: how many arrived.
 */
static u32 ipcq_records_write_small(struct ipcq_place *p, struct ipcq_message *const *messages,
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
		if (unlikely(!ipcq_put_small(place.at + IPCQ_HEADER, m->small, m->size)))
			break;
		ipcq_place_next(&place, m->size);
	}
fault:
	user_write_access_end();
	*p = place;
	return i;
}

/* Write any message.  Return whether it arrived. */
static bool ipcq_record_write(struct ipcq_place *place, struct ipcq_message *m,
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
	    !ipcq_payload_to_user(place->at + IPCQ_HEADER, m))
		return false;
	ipcq_place_next(place, m->size);
	return true;
}

/*
 * Copy out the messages of one step, for which there is room, and end them.
 *
 * Return: how many arrived.
 */
static u32 ipcq_records_copy(struct ipcq_opener *opener, struct ipcq_place *place,
			     struct ipcq_message **messages, u32 n)
{
	struct ipcq_origin origin;
	u32 i = 0;

	while (i < n) {
		if (!i || !ipcq_origin_is_of(&origin, messages[i]))
			ipcq_origin_look_up(&origin, messages[i]);
		i += ipcq_records_write_small(place, messages + i, n - i, &origin);
		/* What stopped that is another sender, a large message, or a fault. */
		if (i == n)
			break;
		if (!ipcq_origin_is_of(&origin, messages[i]))
			continue;
		if (!ipcq_record_write(place, messages[i], &origin))
			break;
		i++;
	}
	if (i == 1) {
		ipcq_recycle(&opener->queue->engine, messages[0]);
		return i;
	}
	ipcq_messages_retire(messages, i);
	ipcq_keep_many(&opener->queue->engine, messages, i);
	return i;
}

/*
 * Give back what could not be copied out; if that is all that was taken, so that the caller
 * is not told of it, the loss as well.
 */
static void ipcq_records_give_back(struct ipcq_opener *opener,
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

/*
 * Receive, as records, messages that wait.  The array is here, and not in the frame of
 * those that wait for one message: the kernel zeroes it.
 *
 * Return: how many arrived; -EFAULT if that is none, but some were taken.
 */
static noinline long ipcq_records_receive_step(struct ipcq_opener *opener,
					       struct ipcq_place *place,
					       struct ipcq_receipt *receipt)
{
	struct ipcq_message *messages[IPCQ_RECORD_STEP];
	u32 taken, arrived;

	taken = ipcq_receive_at_once(&opener->queue->engine, &opener->party, receipt,
				     messages, min_t(u32, place->left, IPCQ_RECORD_STEP),
				     place->room);
	arrived = ipcq_records_copy(opener, place, messages, taken);
	if (arrived == taken)
		return taken;
	ipcq_records_give_back(opener, messages + arrived, taken - arrived, receipt,
			       !arrived);
	receipt->more = false;
	return arrived ? (long)arrived : -EFAULT;
}

/* Receive one message as a record, and wait for it.  Return 1, or what hindered that. */
static long ipcq_records_receive_one(struct ipcq_opener *opener, struct ipcq_place *place,
				     const struct ipcq_patience *patience,
				     struct ipcq_receipt *receipt)
{
	int err;

	*receipt = (struct ipcq_receipt) {
		.room = place->room - IPCQ_HEADER,
		.ask_lost = true,
		.more = true,
	};
	err = ipcq_receive(&opener->queue->engine, &opener->party, receipt, patience);
	if (err)
		return err;
	if (ipcq_records_copy(opener, place, &receipt->m, 1))
		return 1;
	ipcq_give_back(&opener->queue->engine, &opener->party, receipt);
	return -EFAULT;
}

/**
 * ipcq_records_receive() - receive messages as records
 * @opener: through whom
 * @place: where to put them; it is behind the last of them afterwards
 * @patience: how long to block for the first message
 * @receipt: output: @lost, of the call as a whole; @needed, with -EMSGSIZE
 *
 * Context: Process context.  Sleeps as @patience says.
 * Return: how many were received, at least one; else -EFAULT, or what ipcq_receive()
 * returns.
 */
long ipcq_records_receive(struct ipcq_opener *opener, struct ipcq_place *place,
			  const struct ipcq_patience *patience,
			  struct ipcq_receipt *receipt)
{
	struct ipcq_engine *e = &opener->queue->engine;
	u64 lost = 0;
	long got, done = 0;

	do {
		got = 0;
		/* While nothing waits there is no need to find that out twice. */
		if (place->left > 1 && data_race(e->depth))
			got = ipcq_records_receive_step(opener, place, receipt);
		if (!got && !done)
			got = ipcq_records_receive_one(opener, place, patience, receipt);
		if (got <= 0)
			break;
		done += got;
		lost += receipt->lost;
	} while (receipt->more && place->left && place->room >= IPCQ_HEADER &&
		 !signal_pending(current));

	receipt->lost = lost;
	return done ?: got;
}
