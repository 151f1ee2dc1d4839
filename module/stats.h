/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters and histograms of a queue, and their sums over queues. */
#ifndef IPCQ_STATS_H
#define IPCQ_STATS_H

#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * enum ipcq_counter - what is counted
 * @IPCQ_SENT: messages accepted
 * @IPCQ_SENT_BYTES: bytes of payload in them
 * @IPCQ_RECEIVED: messages received
 * @IPCQ_RECEIVED_BYTES: bytes of payload in them
 * @IPCQ_DROPPED_DESTROYED: messages still waiting when their queue was freed
 * @IPCQ_PURGED: messages thrown away by the owner
 * @IPCQ_SEND_FULL: sends refused with EAGAIN
 * @IPCQ_SEND_TIMEOUT: sends that gave up at their deadline
 * @IPCQ_SEND_INTERRUPTED: blocked sends that a signal ended
 * @IPCQ_SEND_TOO_BIG: sends refused with EMSGSIZE
 * @IPCQ_SEND_QUOTA: sends refused with EDQUOT
 * @IPCQ_SEND_HANGUP: sends refused with EPIPE
 * @IPCQ_RECV_EMPTY: receives refused with EAGAIN
 * @IPCQ_RECV_TIMEOUT: receives that gave up at their deadline
 * @IPCQ_RECV_INTERRUPTED: blocked receives that a signal ended
 * @IPCQ_RECV_TOO_SMALL: receives refused with EMSGSIZE
 * @IPCQ_RECV_GIVEN_BACK: messages put back because they could not be copied out
 * @IPCQ_RECV_EOF: receives that met the end of file
 * @IPCQ_BLOCKED_SENDS: sends that had to wait
 * @IPCQ_BLOCKED_SEND_NS: how long they waited, in ns; counted when they end
 * @IPCQ_BLOCKED_RECVS: receives that had to wait
 * @IPCQ_BLOCKED_RECV_NS: how long they waited, in ns; counted when they end
 * @IPCQ_SENDER_WAKEUPS: blocked senders that were woken
 * @IPCQ_RECEIVER_WAKEUPS: blocked receivers that were woken
 * @IPCQ_NR_COUNTERS: how many there are
 *
 * In the order of the netlink attributes IPCQ_A_COUNTERS_*, one less each.
 */
enum ipcq_counter {
	IPCQ_SENT,
	IPCQ_SENT_BYTES,
	IPCQ_RECEIVED,
	IPCQ_RECEIVED_BYTES,
	IPCQ_DROPPED_DESTROYED,
	IPCQ_PURGED,
	IPCQ_SEND_FULL,
	IPCQ_SEND_TIMEOUT,
	IPCQ_SEND_INTERRUPTED,
	IPCQ_SEND_TOO_BIG,
	IPCQ_SEND_QUOTA,
	IPCQ_SEND_HANGUP,
	IPCQ_RECV_EMPTY,
	IPCQ_RECV_TIMEOUT,
	IPCQ_RECV_INTERRUPTED,
	IPCQ_RECV_TOO_SMALL,
	IPCQ_RECV_GIVEN_BACK,
	IPCQ_RECV_EOF,
	IPCQ_BLOCKED_SENDS,
	IPCQ_BLOCKED_SEND_NS,
	IPCQ_BLOCKED_RECVS,
	IPCQ_BLOCKED_RECV_NS,
	IPCQ_SENDER_WAKEUPS,
	IPCQ_RECEIVER_WAKEUPS,

	IPCQ_NR_COUNTERS
};

#define IPCQ_SIZE_BUCKETS	32
#define IPCQ_SOJOURN_BUCKETS	48

/**
 * struct ipcq_stats - everything that is counted of a queue
 * @counter: by enum ipcq_counter
 * @size: messages accepted, by ipcq_bucket() of their size in bytes
 * @sojourn: messages received, by ipcq_bucket() of the ns they had waited
 *
 * The statistics of a queue are guarded by its lock.  They satisfy, with the
 * depth of the queue at the same instant,
 * sent = received + depth + dropped-destroyed + purged.
 */
struct ipcq_stats {
	u64 counter[IPCQ_NR_COUNTERS];
	u64 size[IPCQ_SIZE_BUCKETS];
	u64 sojourn[IPCQ_SOJOURN_BUCKETS];
};

/**
 * ipcq_bucket() - the bucket of a log2 histogram that counts a value
 * @value: what is to be counted
 * @buckets: how many buckets the histogram has
 *
 * Bucket 0 counts zeroes, bucket i the values from 2^(i-1) to 2^i - 1, the last
 * one whatever is greater.
 *
 * Return: the index of the bucket.
 */
static inline unsigned int ipcq_bucket(u64 value, unsigned int buckets)
{
	return min_t(unsigned int, fls64(value), buckets - 1);
}

/*
 * The bench builds the module without statistics once, to find out what they cost: then
 * nothing is counted and nothing balances.
 */
#ifdef IPCQ_NO_STATS
#define IPCQ_STATS	0
#else
#define IPCQ_STATS	1
#endif

/**
 * ipcq_stats_now() - the time, where only statistics want to know it
 *
 * Context: Any.
 * Return: CLOCK_MONOTONIC in ns.
 */
static inline u64 ipcq_stats_now(void)
{
	return IPCQ_STATS ? ktime_get_ns() : 0;
}

/**
 * ipcq_stats_count() - count
 * @stats: where
 * @counter: what
 * @n: how many
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
static inline void ipcq_stats_count(struct ipcq_stats *stats, enum ipcq_counter counter,
				    u64 n)
{
	if (IPCQ_STATS)
		stats->counter[counter] += n;
}

/**
 * ipcq_stats_size() - count the size of a message that is accepted
 * @stats: where
 * @size: bytes of its payload
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
static inline void ipcq_stats_size(struct ipcq_stats *stats, u32 size)
{
	if (IPCQ_STATS)
		stats->size[ipcq_bucket(size, IPCQ_SIZE_BUCKETS)]++;
}

/**
 * ipcq_stats_sojourn() - count how long a message that is received has waited
 * @stats: where
 * @waited_ns: how long
 * @n: 1, or -1 to take it back
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
static inline void ipcq_stats_sojourn(struct ipcq_stats *stats, u64 waited_ns, s64 n)
{
	if (IPCQ_STATS)
		stats->sojourn[ipcq_bucket(waited_ns, IPCQ_SOJOURN_BUCKETS)] += n;
}

/**
 * ipcq_stats_sent() - count a message that is accepted
 * @stats: where
 * @size: bytes of its payload
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
static inline void ipcq_stats_sent(struct ipcq_stats *stats, u32 size)
{
	ipcq_stats_count(stats, IPCQ_SENT, 1);
	ipcq_stats_count(stats, IPCQ_SENT_BYTES, size);
	ipcq_stats_size(stats, size);
}

/**
 * ipcq_stats_received() - count messages that are received, or take that back
 * @stats: where
 * @size: bytes of the payload of one
 * @waited_ns: how long it has waited
 * @n: 1, or -1 to take it back
 *
 * Context: Any.  The caller holds the lock of the queue.
 */
static inline void ipcq_stats_received(struct ipcq_stats *stats, u32 size, u64 waited_ns,
				       s64 n)
{
	ipcq_stats_count(stats, IPCQ_RECEIVED, n);
	ipcq_stats_count(stats, IPCQ_RECEIVED_BYTES, n * size);
	ipcq_stats_sojourn(stats, waited_ns, n);
}

void ipcq_stats_add(struct ipcq_stats *sum, const struct ipcq_stats *stats);
void ipcq_stats_restart(struct ipcq_stats *stats, u32 depth, u64 bytes);

#endif /* IPCQ_STATS_H */
