// SPDX-License-Identifier: GPL-2.0-only
/* The configuration of a queue, and the levels that follow from it. */
#include <linux/errno.h>
#include <linux/math64.h>

#include "engine.h"

/**
 * ipcq_event_now() - an event, with what the observer is to know of the queue
 * @e: the queue
 * @type: which
 * @now: CLOCK_MONOTONIC in ns
 *
 * Context: The caller holds the lock of the queue.
 * Return: the event.
 */
struct ipcq_event ipcq_event_now(const struct ipcq_engine *e, enum ipcq_event_type type,
				 u64 now)
{
	return (struct ipcq_event) {
		.type = type,
		.depth = e->depth,
		.bytes = e->bytes,
		.max_msgs = e->config.max_msgs,
		.max_bytes = e->config.max_bytes,
		.now_ns = now,
	};
}

/**
 * ipcq_update_calm() - the levels have changed, or the queue is on the other side of one
 * @e: the queue
 *
 * Find out how far a send needs to do no more than to add its message, and a receive
 * no more than to take one.  The high-water level is never above the capacity, so that
 * one comparison finds out both that the queue stays below the one and that the message
 * fits.  On the way down both depth and bytes must have come to their level, so that
 * one of them tells that the queue has not.  A message for a mapped receiver is more than
 * to be added.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_update_calm(struct ipcq_engine *e)
{
	e->calm_msgs = e->above ? e->config.max_msgs : e->high_msgs - 1;
	if (e->ring)
		e->calm_msgs = 0;
	e->calm_bytes = e->above ? e->config.max_bytes : e->high_bytes - 1;
	e->calm_low = e->above ? e->low_msgs + 1 : 0;
}

/**
 * ipcq_update_broken() - openers, shutdown or flags have changed
 * @e: the queue
 *
 * Find out whether senders get EPIPE.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_update_broken(struct ipcq_engine *e)
{
	e->broken = e->shut || ((e->config.flags & IPCQ_F_HANGUP) &&
				e->had_receiver && !e->nr_receivers);
}

/* The least that is @percent of @max. */
static u64 ipcq_level_up(u64 max, u32 percent)
{
	return max - mul_u64_u32_div(max, 100 - percent, 100);
}

/* The most that is not above @percent of @max. */
static u64 ipcq_level_down(u64 max, u32 percent)
{
	return mul_u64_u32_div(max, percent, 100);
}

/**
 * ipcq_apply_config() - recompute what is derived from the configuration
 * @e: the queue
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_apply_config(struct ipcq_engine *e)
{
	const struct ipcq_config *c = &e->config;

	/* low_pct is below high_pct; rounded apart, so are the levels. */
	e->high_msgs = ipcq_level_up(c->max_msgs, c->high_pct);
	e->high_bytes = ipcq_level_up(c->max_bytes, c->high_pct);
	e->low_msgs = ipcq_level_down(c->max_msgs, c->low_pct);
	e->low_bytes = ipcq_level_down(c->max_bytes, c->low_pct);
	e->waiting.by_priority = c->order == IPCQ_ORDER_PRIORITY;
	/* Also read without the lock. */
	WRITE_ONCE(e->max_msg_size, c->max_msg_size);
	ipcq_update_calm(e);
	ipcq_update_broken(e);
}

/**
 * ipcq_config_is_valid() - do the values of a configuration go together
 * @c: each value valid in itself
 *
 * Return: whether they do.
 */
bool ipcq_config_is_valid(const struct ipcq_config *c)
{
	return c->max_msg_size <= c->max_bytes && c->low_pct < c->high_pct;
}

/**
 * ipcq_reconfigure() - change the configuration of a live queue
 * @e: the queue
 * @config: new values, each valid in itself
 * @mask: IPCQ_ATTR_*: which of them to take
 *
 * Context: Process context.
 * Return: 0; -EINVAL if the values do not go together; -EBUSY if messages wait and
 * the order would change, or if the receiver has mapped the queue and its ring does not
 * go with that.
 */
int ipcq_reconfigure(struct ipcq_engine *e, const struct ipcq_config *config,
		     u32 mask)
{
	struct ipcq_wake wake;
	struct ipcq_config c;
	int err = 0;

	ipcq_wake_init(&wake);
	spin_lock(&e->lock);
	c = e->config;
	if (mask & IPCQ_ATTR_FLAGS)
		c.flags = config->flags;
	if (mask & IPCQ_ATTR_ORDER)
		c.order = config->order;
	if (mask & IPCQ_ATTR_MAX_MSGS)
		c.max_msgs = config->max_msgs;
	if (mask & IPCQ_ATTR_MAX_BYTES)
		c.max_bytes = config->max_bytes;
	if (mask & IPCQ_ATTR_MAX_MSG_SIZE)
		c.max_msg_size = config->max_msg_size;
	if (mask & IPCQ_ATTR_HIGH_PCT)
		c.high_pct = config->high_pct;
	if (mask & IPCQ_ATTR_LOW_PCT)
		c.low_pct = config->low_pct;

	if (!ipcq_config_is_valid(&c)) {
		err = -EINVAL;
	} else if (c.order != e->config.order && (e->depth || e->ring)) {
		err = -EBUSY;
	} else if (e->ring && !ipcq_ring_is_large_enough(e->ring, c.max_msg_size)) {
		err = -EBUSY;
	} else {
		wake.large = c.max_msg_size < e->config.max_msg_size;
		e->config = c;
		ipcq_apply_config(e);
		ipcq_settle(e, ktime_get_ns(), &wake);
	}
	spin_unlock(&e->lock);
	ipcq_wake_up(e, &wake);
	return err;
}
