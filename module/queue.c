// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a queue: it is set up, openers come and go, it is shut, purged and drained.
 * engine.h tells where the rest is.
 */
#include <linux/errno.h>

#include "engine.h"

/**
 * ipcq_engine_init() - set up a queue
 * @e: zeroed memory
 * @config: valid in itself and together
 * @observer: hears of high-water events and drops, or NULL
 */
void ipcq_engine_init(struct ipcq_engine *e, const struct ipcq_config *config,
		      ipcq_observer_t observer)
{
	spin_lock_init(&e->lock);
	INIT_LIST_HEAD(&e->senders);
	INIT_LIST_HEAD(&e->receivers);
	init_waitqueue_head(&e->recv_poll);
	init_waitqueue_head(&e->send_poll);
	e->config = *config;
	e->observer = observer;
	ipcq_waiting_init(&e->waiting, config->order == IPCQ_ORDER_PRIORITY);
	ipcq_apply_config(e);
}

/**
 * ipcq_party_join() - an opener begins to take part
 * @e: the queue
 * @party: its @access is set; the rest is set here
 *
 * Context: Any but interrupts.
 */
void ipcq_party_join(struct ipcq_engine *e, struct ipcq_party *party)
{
	spin_lock(&e->lock);
	party->lost_seen = e->lost;
	party->blocked_senders = 0;
	party->blocked_receivers = 0;
	if (party->access & IPCQ_ACCESS_SEND) {
		e->nr_senders++;
		e->had_sender = true;
	}
	if (party->access & IPCQ_ACCESS_RECV) {
		e->nr_receivers++;
		e->had_receiver = true;
	}
	ipcq_update_broken(e);
	spin_unlock(&e->lock);
}

/**
 * ipcq_party_leave() - an opener is closed
 * @e: the queue
 * @party: the same as for ipcq_party_join(), without blocked calls
 *
 * With hang-up, the last sender's leaving ends blocked receives at end of file,
 * and the last receiver's leaving ends blocked sends with EPIPE.  When nobody is
 * left the queue begins anew: but while messages wait, those who come to receive
 * them must see the end of file behind them.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_party_leave(struct ipcq_engine *e, struct ipcq_party *party)
{
	struct ipcq_message *spares = NULL;
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (party->access & IPCQ_ACCESS_SEND)
		e->nr_senders--;
	if (party->access & IPCQ_ACCESS_RECV)
		e->nr_receivers--;
	if (!e->nr_senders && !e->nr_receivers) {
		e->had_receiver = false;
		if (!e->depth)
			e->had_sender = false;
		spares = ipcq_spares_take_all(&e->spares);
	}
	ipcq_update_broken(e);
	if ((e->config.flags & IPCQ_F_HANGUP) &&
	    (!e->nr_senders || !e->nr_receivers))
		ipcq_settle(e, ktime_get_ns(), &wake);
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	ipcq_release_all(spares);
}

/**
 * ipcq_shut() - shut directions of a queue, or open them again
 * @e: the queue
 * @how: IPCQ_SHUT_*: the directions that are shut from now on
 *
 * Context: Process context.
 */
void ipcq_shut(struct ipcq_engine *e, u32 how)
{
	struct ipcq_wake wake;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	e->shut = how;
	ipcq_update_broken(e);
	ipcq_settle(e, ktime_get_ns(), &wake);
	/* Those who could not receive before may now. */
	if (e->depth)
		wake.recv |= IPCQ_POLL_RECV;
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
}

/**
 * ipcq_free_all() - free messages that no queue holds any more
 * @messages: what ipcq_engine_drain() took out
 *
 * Context: Process context.  May sleep.
 */
void ipcq_free_all(struct ipcq_waiting *messages)
{
	struct ipcq_message *m;

	while ((m = ipcq_waiting_take_one(messages))) {
		ipcq_message_free(m);
		cond_resched();
	}
}

/* Take all messages out and count them under @counter.  Return how many. */
static u32 ipcq_empty(struct ipcq_engine *e, enum ipcq_counter counter,
		      struct ipcq_waiting *messages)
{
	u32 depth = e->depth;

	lockdep_assert_held(&e->lock);

	ipcq_waiting_take_all(&e->waiting, messages);
	e->depth = 0;
	e->bytes = 0;
	e->lost += depth;
	ipcq_add(e, counter, depth);
	return depth;
}

/**
 * ipcq_purge() - throw away what waits
 * @e: the queue
 *
 * Blocked senders are admitted afterwards: what they send is not purged.  The spares
 * go as well.
 *
 * Context: Process context.  May sleep.
 * Return: how many messages that were; -EBUSY if the receiver has mapped them.
 */
s64 ipcq_purge(struct ipcq_engine *e)
{
	struct ipcq_message *spares;
	struct ipcq_wake wake;
	struct ipcq_event dropped;
	struct ipcq_waiting messages;
	u32 purged;
	u64 now;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	if (e->ring) {
		spin_unlock(&e->lock);
		return -EBUSY;
	}
	now = ktime_get_ns();
	purged = ipcq_empty(e, IPCQ_PURGED, &messages);
	dropped = ipcq_event_now(e, IPCQ_EVENT_DROPPED, now);
	ipcq_settle(e, now, &wake);
	spares = ipcq_spares_take_all(&e->spares);
	spin_unlock(&e->lock);

	if (purged && e->observer) {
		dropped.dropped = purged;
		dropped.reason = IPCQ_DROP_PURGED;
		e->observer(e, &dropped);
	}
	ipcq_wake_up(e, &wake);
	ipcq_free_all(&messages);
	ipcq_release_all(spares);
	return purged;
}

/**
 * ipcq_engine_drain() - drop what waits in a queue that nobody can reach
 * @e: the queue
 * @messages: becomes what waited, for ipcq_free_all()
 *
 * Context: Any but interrupts.
 * Return: how many messages were dropped.
 */
u32 ipcq_engine_drain(struct ipcq_engine *e, struct ipcq_waiting *messages)
{
	u32 dropped;

	spin_lock(&e->lock);
	dropped = ipcq_empty(e, IPCQ_DROPPED_DESTROYED, messages);
	spin_unlock(&e->lock);
	return dropped;
}

/**
 * ipcq_count() - count a call that failed before it reached the queue
 * @e: the queue
 * @counter: as what
 *
 * Context: Any but interrupts.
 */
void ipcq_count(struct ipcq_engine *e, enum ipcq_counter counter)
{
	spin_lock(&e->lock);
	ipcq_add(e, counter, 1);
	spin_unlock(&e->lock);
}
