/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The queue engine: messages, capacity, waiters, hang-up and counters.
 *
 * It knows nothing of files, names or netlink.  engine.h tells where its parts are.
 */
#ifndef IPCQ_QUEUE_H
#define IPCQ_QUEUE_H

#include <linux/cache.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "spares.h"
#include "stats.h"
#include "waiting.h"

struct fasync_struct;
struct ipcq_message;
struct ipcq_engine;
struct ipcq_place;
struct ipcq_ring;
struct pid;

/*
 * Most blocked calls that are ended while the lock of the queue is held once, not counting
 * receives that have no room for a message that comes.
 */
#define IPCQ_STEP	16

/**
 * struct ipcq_config - what the owner decides
 * @flags: IPCQ_F_EPHEMERAL and IPCQ_F_HANGUP
 * @order: enum ipcq_order
 * @max_bytes: capacity in bytes of payload
 * @max_msgs: capacity in messages
 * @max_msg_size: bytes of the largest message
 * @high_pct: fill level in percent that raises IPCQ_EVENT_HIGH_WATER
 * @low_pct: fill level in percent that raises IPCQ_EVENT_NORMAL afterwards
 */
struct ipcq_config {
	u32 flags;
	u32 order;
	u64 max_bytes;
	u32 max_msgs;
	u32 max_msg_size;
	u32 high_pct;
	u32 low_pct;
};

/**
 * enum ipcq_event_type - what an observer is told
 * @IPCQ_EVENT_NONE: nothing
 * @IPCQ_EVENT_CREATED: a queue exists
 * @IPCQ_EVENT_DESTROYED: its name is free, or an anonymous one was closed
 * @IPCQ_EVENT_HIGH_WATER: it has filled up to the high percentage
 * @IPCQ_EVENT_NORMAL: it has drained to the low percentage after that
 * @IPCQ_EVENT_DROPPED: messages were lost
 */
enum ipcq_event_type {
	IPCQ_EVENT_NONE,
	IPCQ_EVENT_CREATED,
	IPCQ_EVENT_DESTROYED,
	IPCQ_EVENT_HIGH_WATER,
	IPCQ_EVENT_NORMAL,
	IPCQ_EVENT_DROPPED,
};

/**
 * struct ipcq_event - one event, as it was under the lock of the queue
 * @type: which
 * @depth: messages waiting
 * @bytes: bytes of payload waiting
 * @max_msgs: capacity in messages
 * @max_bytes: capacity in bytes
 * @now_ns: CLOCK_MONOTONIC; events of one queue can be put in order by it
 * @dropped: messages lost, for IPCQ_EVENT_DROPPED
 * @reason: enum ipcq_drop_reason, for IPCQ_EVENT_DROPPED
 */
struct ipcq_event {
	enum ipcq_event_type type;
	u32 depth;
	u64 bytes;
	u32 max_msgs;
	u64 max_bytes;
	u64 now_ns;
	u64 dropped;
	u32 reason;
};

/**
 * typedef ipcq_observer_t - hears of events
 * @e: the queue
 * @event: what happened
 *
 * Context: Process context, no lock held.  May sleep, though the sender or
 * receiver that caused the event waits for it; must not keep @e.
 */
typedef void (*ipcq_observer_t)(struct ipcq_engine *e,
				const struct ipcq_event *event);

/**
 * struct ipcq_party - the engine's part of an opener
 * @access: IPCQ_ACCESS_*; constant
 * @lost_seen: ipcq_engine.lost at its last receive; queue lock
 * @blocked_senders: calls of this opener blocked in a send; queue lock
 * @blocked_receivers: calls of this opener blocked in a receive; queue lock
 */
struct ipcq_party {
	u32 access;
	u64 lost_seen;
	u32 blocked_senders;
	u32 blocked_receivers;
};

/**
 * struct ipcq_notice - somebody is told, once, that a message has come
 * @arrived: called when a message has come to wait in an empty queue, after the
 *	notice was taken from the queue; in process context, without locks
 * @party: the opener through which it was given; constant
 * @owner: the process that gave it; constant
 * @sender: the process that sent the message, with a reference; set before
 *	@arrived is called
 * @sender_uid: the same for its uid, as the message has it
 */
struct ipcq_notice {
	void (*arrived)(struct ipcq_notice *notice);
	const struct ipcq_party *party;
	const struct pid *owner;
	struct pid *sender;
	kuid_t sender_uid;
};

/**
 * struct ipcq_engine - the state of a queue
 * @lock: guards everything below that does not say otherwise.  A leaf: nothing
 *	is allocated or sent while it is held.  Nothing is copied from or to user space
 *	either, but small messages into a ring, without page faults (mapped_send.c).
 * @blocked_senders: length of @senders
 * @blocked_receivers: length of @receivers
 * @max_msg_size: bytes of the largest message; also read without the lock, as a hint
 *	that is checked again
 * @depth: messages waiting
 * @calm_msgs: below this depth a send fits and crosses no high-water level
 * @calm_low: above this depth a receive crosses none
 * @bytes: bytes of payload waiting
 * @calm_bytes: a send that makes @bytes no more than this fits, and crosses no level
 * @last_seq: sequence number of the message accepted last
 * @above: the queue is above its high-water level
 * @broken: senders get EPIPE
 * @had_sender: an opener for sending has been there, see ipcq_party_leave()
 * @had_receiver: the same for receiving
 * @shut: IPCQ_SHUT_*
 * @peak_bytes: greatest @bytes since the last reset
 * @peak_depth: greatest depth since the last reset
 * @resets: how often the counters were set back
 * @waiting: the messages
 * @spares: memory of messages for the next ones; see there
 * @recv_poll: pollers for POLLIN; its own lock
 * @send_poll: pollers for POLLOUT; its own lock
 * @recv_fasync: SIGIO of receivers; its own lock
 * @send_fasync: SIGIO of senders; its own lock
 * @notice: who is told when a message comes while none waits, or NULL; also read
 *	without the lock, as a hint that is checked again
 * @ring: what the receiver has mapped, or NULL; also read without the lock, as a hint
 *	that is checked again.  While there is one no message is in @waiting.
 * @stats: counters
 * @config: see there
 * @high_msgs: depth from which the queue is above its high-water level
 * @low_msgs: depth down to which it returns to normal
 * @high_bytes: the same in bytes
 * @low_bytes: the same in bytes
 * @nr_senders: openers that may send
 * @nr_receivers: openers that may receive
 * @lost: messages accepted and lost since the queue was made, resets or not
 * @senders: struct ipcq_waiter of blocked sends, see ipcq_line_up().  The first does
 *	not fit: otherwise it would have been admitted, or is about to be, see
 *	ipcq_wake_up().
 * @receivers: struct ipcq_waiter of blocked receives, in the same order; with @ring,
 *	of calls that wait for a record.  No message waits while there are any.
 * @observer: hears of high-water events, or NULL; constant
 *
 * What each send and receive uses comes first.
 */
struct ipcq_engine {
	spinlock_t lock;	/* innermost */
	u32 blocked_senders;
	u32 blocked_receivers;
	u32 max_msg_size;
	u32 depth;
	u32 calm_msgs;
	u32 calm_low;
	u64 bytes;
	u64 calm_bytes;
	u64 last_seq;
	bool above;
	bool broken;
	bool had_sender;
	bool had_receiver;
	u32 shut;
	u64 peak_bytes;
	u32 peak_depth;
	u32 resets;
	struct ipcq_waiting waiting;
	struct ipcq_spares spares;
	struct ipcq_ring *ring;
	wait_queue_head_t recv_poll;
	wait_queue_head_t send_poll;
	struct fasync_struct *recv_fasync;
	struct fasync_struct *send_fasync;
	struct ipcq_notice *notice;
	struct ipcq_stats stats;
	struct ipcq_config config;
	u32 high_msgs;
	u32 low_msgs;
	u64 high_bytes;
	u64 low_bytes;
	u32 nr_senders;
	u32 nr_receivers;
	u64 lost;
	struct list_head senders;
	struct list_head receivers;
	ipcq_observer_t observer;
} ____cacheline_aligned_in_smp;

/**
 * struct ipcq_patience - how long a call may block
 * @nonblock: not at all
 * @uncounted: with @nonblock: the caller comes back by itself, so a refusal is
 *	not one that a program sees (IOCB_NOWAIT)
 * @timed: until @expires
 * @clock: CLOCK_MONOTONIC or CLOCK_REALTIME
 * @expires: a point in time on @clock
 */
struct ipcq_patience {
	bool nonblock;
	bool uncounted;
	bool timed;
	clockid_t clock;
	ktime_t expires;
};

/**
 * struct ipcq_receipt - a receive: what was asked for and what came of it
 * @room: bytes that the caller's buffer has
 * @m: the message, which the caller owns now
 * @lost: messages lost since the party received last; filled in if @ask_lost
 * @needed: size of the message that did not fit, with -EMSGSIZE
 * @resets: ipcq_engine.resets when the message was taken
 * @ask_lost: report and forget losses
 * @more: of ipcq_receive_at_once(): others may wait that fit
 */
struct ipcq_receipt {
	size_t room;
	struct ipcq_message *m;
	u64 lost;
	size_t needed;
	u32 resets;
	bool ask_lost;
	bool more;
};

/**
 * struct ipcq_snapshot - a queue at one instant
 * @config: attributes
 * @now_ns: the instant, CLOCK_MONOTONIC
 * @oldest_ns: how long the oldest message has waited, 0 if none does
 * @bytes: bytes of payload waiting
 * @peak_bytes: greatest @bytes since the last reset
 * @depth: messages waiting
 * @peak_depth: greatest depth since the last reset
 * @senders: openers that may send
 * @receivers: openers that may receive
 * @blocked_senders: sends that wait
 * @blocked_receivers: receives that wait
 * @shut: IPCQ_SHUT_*
 * @is_mapped: the receiver has mapped it
 */
struct ipcq_snapshot {
	struct ipcq_config config;
	u64 now_ns;
	u64 oldest_ns;
	u64 bytes;
	u64 peak_bytes;
	u32 depth;
	u32 peak_depth;
	u32 senders;
	u32 receivers;
	u32 blocked_senders;
	u32 blocked_receivers;
	u32 shut;
	bool is_mapped;
};

bool ipcq_config_is_valid(const struct ipcq_config *c);
void ipcq_engine_init(struct ipcq_engine *e, const struct ipcq_config *config,
		      ipcq_observer_t observer);
u32 ipcq_engine_drain(struct ipcq_engine *e, struct ipcq_waiting *messages);
void ipcq_free_all(struct ipcq_waiting *messages);

struct ipcq_message *ipcq_spare_of_many(struct ipcq_engine *e);
void ipcq_recycle_slowly(struct ipcq_engine *e, struct ipcq_message *m);
u32 ipcq_spare_many(struct ipcq_engine *e, struct ipcq_message **spares, u32 n);
void ipcq_keep_many(struct ipcq_engine *e, struct ipcq_message *const *spares, u32 n);

int ipcq_send(struct ipcq_engine *e, struct ipcq_party *party,
	      struct ipcq_message *m, const struct ipcq_patience *patience);
int ipcq_receive(struct ipcq_engine *e, struct ipcq_party *party,
		 struct ipcq_receipt *receipt,
		 const struct ipcq_patience *patience);
u32 ipcq_send_at_once(struct ipcq_engine *e, struct ipcq_message *const *m, u32 n);
u32 ipcq_receive_at_once(struct ipcq_engine *e, struct ipcq_party *party,
			 struct ipcq_receipt *receipt, struct ipcq_message **m, u32 n,
			 size_t room);
void ipcq_give_back(struct ipcq_engine *e, struct ipcq_party *party,
		    struct ipcq_receipt *receipt);
bool ipcq_is_room_for_any(struct ipcq_engine *e, struct ipcq_receipt *receipt);

bool ipcq_send_mapped(struct ipcq_engine *e, const struct cred *sender,
		      const void __user *data, size_t size, u32 prio, u32 type);
u32 ipcq_send_mapped_many(struct ipcq_engine *e, const struct cred *sender,
			  struct ipcq_place *from);
int ipcq_attach(struct ipcq_engine *e, struct ipcq_ring *ring);
int ipcq_await(struct ipcq_engine *e, struct ipcq_party *party,
	       const struct ipcq_patience *patience);
__poll_t ipcq_attached_mask(struct ipcq_engine *e);
struct ipcq_ring *ipcq_detach(struct ipcq_engine *e);

int ipcq_notice_give(struct ipcq_engine *e, struct ipcq_notice *notice);
struct ipcq_notice *ipcq_notice_take(struct ipcq_engine *e,
				     const struct ipcq_notice *notice,
				     const struct ipcq_party *party,
				     const struct pid *owner);

void ipcq_party_join(struct ipcq_engine *e, struct ipcq_party *party);
void ipcq_party_leave(struct ipcq_engine *e, struct ipcq_party *party);
u64 ipcq_party_blocked_ns(struct ipcq_engine *e, const struct ipcq_party *party,
			  u32 *senders, u32 *receivers);

__poll_t ipcq_poll_mask(struct ipcq_engine *e, u32 access);
int ipcq_reconfigure(struct ipcq_engine *e, const struct ipcq_config *config,
		     u32 mask);
s64 ipcq_purge(struct ipcq_engine *e);
void ipcq_shut(struct ipcq_engine *e, u32 how);
void ipcq_count(struct ipcq_engine *e, enum ipcq_counter counter);
u32 ipcq_depth(struct ipcq_engine *e);
bool ipcq_is_ephemeral(struct ipcq_engine *e);
void ipcq_sum(struct ipcq_engine *e, struct ipcq_stats *stats, u64 *depth,
	      u64 *bytes);
void ipcq_snap(struct ipcq_engine *e, struct ipcq_snapshot *snap,
	       struct ipcq_stats *stats);
void ipcq_reset(struct ipcq_engine *e, bool peak, bool counters,
		struct ipcq_stats *forgotten);

/**
 * ipcq_is_mapped() - is it worth to try ipcq_send_mapped()
 * @e: the queue
 *
 * Context: Any.
 * Return: whether the queue had a ring a moment ago.
 */
static inline bool ipcq_is_mapped(const struct ipcq_engine *e)
{
	return unlikely(READ_ONCE(e->ring));
}

/**
 * ipcq_spare() - take a spare for a message about to be sent
 * @e: the queue
 *
 * Context: Any but interrupts.
 * Return: a spare for ipcq_message_new(), or NULL.
 */
static inline struct ipcq_message *ipcq_spare(struct ipcq_engine *e)
{
	struct ipcq_message *m = ipcq_spares_take(&e->spares);

	/* Several send at the same time: this one's is in the list, if anywhere. */
	if (unlikely(!m && READ_ONCE(e->spares.count)))
		m = ipcq_spare_of_many(e);
	return m;
}

/**
 * ipcq_recycle() - end a message, and keep its memory for those to be sent
 * @e: the queue that it was received from, or could not be sent to
 * @m: a message that its caller owns
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
static inline void ipcq_recycle(struct ipcq_engine *e, struct ipcq_message *m)
{
	ipcq_message_retire(m);
	if (unlikely(!ipcq_spares_put(&e->spares, m)))
		ipcq_recycle_slowly(e, m);
}

#endif /* IPCQ_QUEUE_H */
