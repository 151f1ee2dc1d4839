// SPDX-License-Identifier: GPL-2.0-only
/*
 * A send to a mapped receiver: the message is copied straight from user memory into the
 * ring, with the lock of the queue held, if nothing else is to be done.  See mapped.c.
 */
#include <linux/uaccess.h>

#include "engine.h"
#include "payload.h"

/*
 * So many messages, and bytes, are copied straight from user memory into a ring while the
 * lock is held once.  User memory may be slow, if it is that of a device.
 */
#define IPCQ_RING_RUN		64
#define IPCQ_RING_RUN_BYTES	4096

/*
 * Is a send of @size bytes no more than to add a record?  Not if a level of the queue is
 * crossed, or if anything waits for what the receiver has just consumed.
 */
static __always_inline bool ipcq_ring_is_calm(const struct ipcq_engine *e, u32 size)
{
	const struct ipcq_ring *ring = e->ring;

	if (e->broken || ring->wanted || ring->returned.first || !ipcq_ring_takes(ring, size))
		return false;
	if (likely(!e->above))
		return e->depth + 1 < e->high_msgs && e->bytes + size < e->high_bytes;
	return ipcq_fits(e, size) && (e->depth > e->low_msgs || e->bytes > e->low_bytes);
}

/* Records have come: tell of it.  Releases the lock. */
static noinline void ipcq_ring_told(struct ipcq_engine *e, u32 came, struct pid *pid,
				    kuid_t uid, u64 now)
	__releases(&e->lock)
{
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	ipcq_ring_tell(e, came, pid, uid, now, &wake);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
}

/**
 * ipcq_send_mapped() - send straight from user memory into the ring of a queue
 * @e: the queue
 * @sender: whose message it is
 * @data: the payload
 * @size: bytes of it
 * @prio: priority, valid
 * @type: tag
 *
 * It is copied under the lock, without taking page faults, if it is no larger than that
 * should be.
 *
 * Context: Process context.
 * Return: whether it was sent.  If not, there is more to it, and ipcq_send() is for that.
 */
bool ipcq_send_mapped(struct ipcq_engine *e, const struct cred *sender,
		      const void __user *data, size_t size, u32 prio, u32 type)
{
	struct pid *pid = task_tgid(current);
	struct ipcq_ring *ring;
	bool sent = false;
	u64 now;

	if (unlikely(size > IPCQ_RING_RUN_BYTES))
		return false;
	spin_lock(&e->lock);
	ring = e->ring;
	if (unlikely(!ring || size > e->max_msg_size))
		goto unlock;
	now = ktime_get_ns();
	ipcq_ring_consume(e, now, IPCQ_RING_STEP);
	if (unlikely(!ipcq_ring_is_calm(e, size)))
		goto unlock;
	pagefault_disable();
	sent = ipcq_payload_nofault(ipcq_ring_slot(ring), data, size);
	pagefault_enable();
	if (unlikely(!sent))
		goto unlock;
	ipcq_ring_add(ring, size, prio, type, ipcq_count_sent(e, size), now, pid,
		      sender->euid, sender->egid);
	ipcq_ring_publish(ring);
	ipcq_count_waiting(e, size);
	if (unlikely(e->blocked_receivers || ipcq_recv_is_watched(e))) {
		ipcq_ring_told(e, 1, pid, sender->euid, now);
		return true;
	}
unlock:
	spin_unlock(&e->lock);
	return sent;
}

/*
 * Read a record, the header into @record and the payload into its place in the ring.  What
 * is wrong with it, if anything, is for others to find out.  Return whether that is done.
 */
static __always_inline bool ipcq_ring_get(const struct ipcq_ring *ring,
					  const struct ipcq_place *place, u64 largest,
					  struct ipcq_record *record)
{
	const struct ipcq_record __user *from = (void __user *)place->at;
	u8 *slot = ipcq_ring_slot(ring);
	bool arrived = false;

	if (!user_read_access_begin(from, place->room))
		return false;
	unsafe_get_user(record->size, &from->size, end);
	unsafe_get_user(record->prio, &from->prio, end);
	unsafe_get_user(record->type, &from->type, end);
	unsafe_get_user(record->flags, &from->flags, end);
	if (unlikely(record->flags || record->prio > IPCQ_PRIO_MAX ||
		     record->size > largest || !ipcq_ring_takes(ring, record->size) ||
		     place->room - (long)sizeof(*record) < record->size))
		goto end;
	if (IPCQ_ANY_ALIGNMENT && likely(record->size <= IPCQ_BY_WORDS)) {
		arrived = ipcq_get_small(slot, (u8 __user *)(from + 1), record->size);
		goto end;
	}
	user_read_access_end();
	return !__copy_from_user_inatomic(slot, from + 1, record->size);

end:
	user_read_access_end();
	return arrived;
}

/**
 * struct ipcq_run - records that are added to a ring while the lock is held once
 * @place: the next one
 * @most: how many may be added
 * @n: how many were
 * @largest: bytes of payload that one may have
 * @bytes: of payload in the queue
 * @most_bytes: how many these may become
 * @end_bytes: from how many on it is enough for once
 */
struct ipcq_run {
	struct ipcq_place place;
	u32 most;
	u32 n;
	u32 largest;
	u64 bytes;
	u64 most_bytes;
	u64 end_bytes;
};

static bool ipcq_run_is_over(const struct ipcq_run *run)
{
	return run->n == run->most || run->bytes >= run->end_bytes ||
	       run->bytes > run->most_bytes ||
	       run->place.room < (long)sizeof(struct ipcq_record);
}

/* Add any record.  Return whether that is done. */
static bool ipcq_run_add(struct ipcq_engine *e, struct ipcq_run *run,
			 const struct cred *sender, u64 now)
{
	struct ipcq_record record;

	if (ipcq_run_is_over(run) ||
	    !ipcq_ring_get(e->ring, &run->place,
			   min_t(u64, run->largest, run->most_bytes - run->bytes), &record))
		return false;
	ipcq_stats_size(&e->stats, record.size);
	ipcq_ring_add(e->ring, record.size, record.prio, record.type, ++e->last_seq, now,
		      task_tgid(current), sender->euid, sender->egid);
	ipcq_place_next(&run->place, record.size);
	run->bytes += record.size;
	run->n++;
	return true;
}

/* Two fields of a record at once. */
union ipcq_two {
	u64 both;
	struct {
		u32 first;
		u32 second;
	};
};

/*
 * Add small records of the sender of the record before them: ipcq_run_add() of each, but
 * what is of all is done once, and what changes is in registers.  No function is called
 * between user_read_access_begin() and its end.
 */
static void ipcq_run_add_small(struct ipcq_engine *e, struct ipcq_run *run, u64 now)
{
	struct ipcq_ring *ring = e->ring;
	const union ipcq_two pid_uid = { .first = ring->pid_nr, .second = ring->uid_nr };
	const union ipcq_two gid_pad = { .first = ring->gid_nr };
	const u32 largest = min_t(u32, run->largest, IPCQ_BY_WORDS), most = run->most;
	/* The records stand there twice, so that they go on behind the end of the ring. */
	struct ipcq_record *record = ipcq_ring_at(ring, ring->head);
	const u8 __user *at = run->place.at;
	u32 size, space, left, same = 0, of_same = run->n, n = run->n;
	union ipcq_two size_prio, type_flags;
	u64 seq = e->last_seq, bytes = run->bytes;
	const u64 end_bytes = run->end_bytes;
	/* By a pointer: the bounds of an array might be checked, which takes a call. */
	u64 *const sizes = e->stats.size;

	/* It takes words of 64 bits. */
	if (!IPCQ_ANY_ALIGNMENT || !IS_ENABLED(CONFIG_64BIT) || ipcq_run_is_over(run) ||
	    !user_read_access_begin(at, run->place.room))
		return;
	/*
	 * There is room for records of so many bytes, and they are there, what fills them
	 * up included.  Of payload they have less.
	 */
	left = min3(ring->room - (ring->head - ring->tail),
		    (u32)round_down(run->place.room, IPCQ_RECORD_ALIGN),
		    (u32)min_t(u64, run->most_bytes - bytes, U32_MAX));
	while (n < most && left >= sizeof(*record) && bytes < end_bytes) {
		unsafe_get_user(size_prio.both, (const u64 __user *)at, end);
		unsafe_get_user(type_flags.both, (const u64 __user *)at + 1, end);
		size = size_prio.first;
		space = ipcq_record_space(size);
		if (unlikely(size > largest || space > left ||
			     size_prio.second > IPCQ_PRIO_MAX || type_flags.second ||
			     !ipcq_get_small((u8 *)(record + 1), at + sizeof(*record), size)))
			break;
		*(u64 *)&record->size = size_prio.both;
		*(u64 *)&record->type = type_flags.both;
		record->seq = ++seq;
		record->time_ns = now;
		*(u64 *)&record->pid = pid_uid.both;
		*(u64 *)&record->gid = gid_pad.both;
		/* They tend to be of one size. */
		if (IPCQ_STATS && unlikely(size != same)) {
			sizes[ipcq_bucket(same, IPCQ_SIZE_BUCKETS)] += n - of_same;
			same = size;
			of_same = n;
		}
		n++;
		bytes += size;
		left -= space;
		at += space;
		record = (void *)record + space;
	}
end:
	user_read_access_end();
	if (IPCQ_STATS)
		sizes[ipcq_bucket(same, IPCQ_SIZE_BUCKETS)] += n - of_same;
	e->last_seq = seq;
	ring->head += at - run->place.at;
	run->place.room -= at - run->place.at;
	run->place.at = (u8 __user *)at;
	run->place.left -= n - run->n;
	run->bytes = bytes;
	run->n = n;
}

/*
 * Add records to the ring for as long as that is all there is to do.  Return how many.
 */
static u32 ipcq_ring_add_run(struct ipcq_engine *e, const struct cred *sender,
			     struct ipcq_place *from, u64 now)
{
	const u32 most_msgs = e->above ? e->config.max_msgs : e->high_msgs - 1;
	struct ipcq_run run = {
		.place = *from,
		.largest = min_t(u32, e->max_msg_size, IPCQ_RING_RUN_BYTES),
		.bytes = e->bytes,
		.most_bytes = e->above ? e->config.max_bytes : e->high_bytes - 1,
		.end_bytes = e->bytes + IPCQ_RING_RUN_BYTES,
	};

	lockdep_assert_held(&e->lock);

	if (e->depth < most_msgs)
		run.most = min3(most_msgs - e->depth, from->left, (u32)IPCQ_RING_RUN);
	/* The first one makes known who sends the others. */
	while (ipcq_run_add(e, &run, sender, now))
		ipcq_run_add_small(e, &run, now);
	ipcq_add(e, IPCQ_SENT, run.n);
	ipcq_add(e, IPCQ_SENT_BYTES, run.bytes - e->bytes);
	e->depth += run.n;
	e->bytes = run.bytes;
	e->peak_depth = max(e->peak_depth, e->depth);
	e->peak_bytes = max(e->peak_bytes, run.bytes);
	*from = run.place;
	return run.n;
}

/**
 * ipcq_send_mapped_many() - ipcq_send_mapped() of records
 * @e: the queue
 * @sender: whose messages they are
 * @from: the records; moves on to the first that was not sent
 *
 * Context: Process context.
 * Return: how many were sent, as many as one holding of the lock is for.  If that is
 * none, there is more to the next one than to add it.
 */
u32 ipcq_send_mapped_many(struct ipcq_engine *e, const struct cred *sender,
			  struct ipcq_place *from)
{
	u32 n = 0;
	u64 now;

	spin_lock(&e->lock);
	if (unlikely(!e->ring))
		goto unlock;
	now = ktime_get_ns();
	ipcq_ring_consume(e, now, IPCQ_RING_STEP);
	if (unlikely(!ipcq_ring_is_calm(e, 0)))
		goto unlock;
	pagefault_disable();
	n = ipcq_ring_add_run(e, sender, from, now);
	pagefault_enable();
	ipcq_ring_publish(e->ring);
	if (unlikely(n && (e->blocked_receivers || ipcq_recv_is_watched(e)))) {
		ipcq_ring_told(e, n, task_tgid(current), sender->euid, now);
		return n;
	}
unlock:
	spin_unlock(&e->lock);
	return n;
}
