// SPDX-License-Identifier: GPL-2.0-only
/* The reference: what a queue does, said as simply as can be. */
#include <linux/errno.h>
#include <linux/math.h>
#include <linux/string.h>

#include "include/uapi/linux/ipcq.h"
#include "include/uapi/linux/ipcq_netlink.h"
#include "model.h"

u64 model_bytes(const struct model *m)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < m->depth; i++)
		bytes += m->waiting[i].size;
	return bytes;
}

/* How many openers have that access. */
u32 model_with(const struct model *m, u32 access)
{
	u32 i, n = 0;

	for (i = 0; i < MODEL_PARTIES; i++)
		n += !!(m->party[i].access & access);
	return n;
}

u32 model_blocked(const struct model *m, bool sends)
{
	u32 i, n = 0;

	for (i = 0; i < m->in_line; i++)
		n += m->call[m->line[i]].sends == sends;
	return n;
}

static bool is_broken(const struct model *m)
{
	return m->shut || (m->config.flags & IPCQ_F_HANGUP && m->had_receiver &&
			   !model_with(m, IPCQ_ACCESS_RECV));
}

static bool is_hung_up(const struct model *m)
{
	return m->shut || (m->config.flags & IPCQ_F_HANGUP && m->had_sender &&
			   !model_with(m, IPCQ_ACCESS_SEND));
}

static bool is_at_eof(const struct model *m)
{
	return m->shut & IPCQ_SHUT_RECV || (!m->depth && is_hung_up(m));
}

static bool fits(const struct model *m, u32 size)
{
	u32 max_msgs = m->config.max_msgs + (m->fault == MODEL_ONE_MORE);

	return m->depth + 1 <= max_msgs && model_bytes(m) + size <= m->config.max_bytes;
}

__poll_t model_poll(const struct model *m, u32 access)
{
	__poll_t mask = 0;

	if (access & IPCQ_ACCESS_RECV) {
		if (m->depth || is_hung_up(m))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (is_hung_up(m))
			mask |= EPOLLHUP;
	}
	if (access & IPCQ_ACCESS_SEND) {
		if (is_broken(m))
			mask |= EPOLLERR | EPOLLOUT | EPOLLWRNORM;
		else if (!model_blocked(m, true) && fits(m, m->config.max_msg_size))
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	return mask;
}

static void tell(struct model *m, enum ipcq_event_type type)
{
	if (m->events < MODEL_EVENTS)
		m->event[m->events] = type;
	m->events++;
}

/* What of a capacity is its percentage or more, and makes it high. */
static u64 high(const struct model *m, u64 max)
{
	return DIV_ROUND_UP(max * m->config.high_pct, 100);
}

/* What of it is its percentage or less, and makes it normal again. */
static u64 low(const struct model *m, u64 max)
{
	return max * m->config.low_pct / 100;
}

static void check_high(struct model *m)
{
	if (m->above || (m->depth < high(m, m->config.max_msgs) &&
			 model_bytes(m) < high(m, m->config.max_bytes)))
		return;
	m->above = true;
	tell(m, IPCQ_EVENT_HIGH_WATER);
}

static void check_low(struct model *m)
{
	if (!m->above || m->depth > low(m, m->config.max_msgs) ||
	    model_bytes(m) > low(m, m->config.max_bytes))
		return;
	m->above = false;
	tell(m, IPCQ_EVENT_NORMAL);
}

/* Which of those that wait is received next.  At least one does. */
static u32 next(const struct model *m)
{
	u32 best = 0, i;

	for (i = 1; i < m->depth; i++) {
		const struct model_message *a = &m->waiting[i], *b = &m->waiting[best];
		bool before = a->seq < b->seq;

		if (m->fault == MODEL_LAST_FIRST)
			before = !before;
		if (m->config.order == IPCQ_ORDER_PRIORITY && a->prio != b->prio)
			before = a->prio > b->prio;
		if (before)
			best = i;
	}
	return best;
}

static struct model_message take_out(struct model *m, u32 i)
{
	struct model_message msg = m->waiting[i];

	m->depth--;
	memmove(&m->waiting[i], &m->waiting[i + 1],
		(m->depth - i) * sizeof(m->waiting[0]));
	return msg;
}

static void leave_line(struct model *m, u32 place, int result)
{
	struct model_call *c = &m->call[m->line[place]];

	c->result = result;
	if (result != -ERESTARTSYS)
		m->counter[c->sends ? IPCQ_SENDER_WAKEUPS : IPCQ_RECEIVER_WAKEUPS]++;
	m->in_line--;
	memmove(&m->line[place], &m->line[place + 1],
		(m->in_line - place) * sizeof(m->line[0]));
}

static void hand_over(struct model *m, u32 party, struct model_message msg,
		      struct model_receipt *receipt)
{
	m->counter[IPCQ_RECEIVED]++;
	m->counter[IPCQ_RECEIVED_BYTES] += msg.size;
	receipt->m = msg;
	receipt->resets = m->resets;
	receipt->lost = m->lost - m->party[party].lost_seen;
	m->party[party].lost_seen = m->lost;
}

/* A message is there: for the first receiver in line that has room, or to wait. */
static void deliver(struct model *m, struct model_message msg)
{
	u32 place = 0;

	while (place < m->in_line) {
		struct model_call *c = &m->call[m->line[place]];

		if (c->sends) {
			place++;
		} else if (msg.size > c->room) {
			m->counter[IPCQ_RECV_TOO_SMALL]++;
			c->receipt.needed = msg.size;
			leave_line(m, place, -EMSGSIZE);
		} else {
			hand_over(m, c->party, msg, &c->receipt);
			leave_line(m, place, 0);
			return;
		}
	}
	m->waiting[m->depth++] = msg;
	m->peak_depth = max(m->peak_depth, m->depth);
	m->peak_bytes = max(m->peak_bytes, model_bytes(m));
	check_high(m);
}

static void admit(struct model *m, struct model_message msg)
{
	msg.seq = ++m->last_seq;
	m->counter[IPCQ_SENT]++;
	m->counter[IPCQ_SENT_BYTES] += msg.size;
	deliver(m, msg);
}

/* What the first call in line that sends, or receives, comes to; or MODEL_BLOCKS. */
static int outcome(const struct model *m, const struct model_call *c, bool first)
{
	if (!c->sends)
		return is_at_eof(m) ? -EPIPE : MODEL_BLOCKS;
	if (is_broken(m))
		return -EPIPE;
	if (c->m.size > m->config.max_msg_size)
		return -EMSGSIZE;
	if (m->fault == MODEL_FORGETS_SENDERS)
		return MODEL_BLOCKS;
	return first && fits(m, c->m.size) ? 0 : MODEL_BLOCKS;
}

/* Let one call end that can.  Returns whether there was one. */
static bool end_one(struct model *m, bool refuse)
{
	bool first = true;
	u32 place;

	for (place = 0; place < m->in_line; place++) {
		struct model_call *c = &m->call[m->line[place]];
		int result = outcome(m, c, c->sends && first);

		if (result < 0 && refuse) {
			m->counter[!c->sends ? IPCQ_RECV_EOF : result == -EPIPE ?
				   IPCQ_SEND_HANGUP : IPCQ_SEND_TOO_BIG]++;
			leave_line(m, place, result);
			return true;
		}
		if (!result && !refuse) {
			struct model_message msg = c->m;

			leave_line(m, place, 0);
			admit(m, msg);
			return true;
		}
		if (c->sends)
			first = false;
	}
	return false;
}

/*
 * Let happen whatever can happen now; what is refused is refused first.  The queue
 * is back to normal if it is at the end of that, not in between.
 */
static void settle(struct model *m)
{
	while (end_one(m, true) || end_one(m, false))
		;
	check_high(m);
	check_low(m);
}

static int block(struct model *m, u32 party, u32 call, bool sends)
{
	struct model_call *c = &m->call[call];

	memset(c, 0, sizeof(*c));
	c->party = party;
	c->sends = sends;
	c->result = MODEL_BLOCKS;
	m->line[m->in_line++] = call;
	m->counter[sends ? IPCQ_BLOCKED_SENDS : IPCQ_BLOCKED_RECVS]++;
	return MODEL_BLOCKS;
}

static int give_up(struct model *m, int how, bool counted, enum ipcq_counter nonblock,
		   enum ipcq_counter late)
{
	if (how == -EAGAIN)
		m->counter[nonblock] += counted;
	else
		m->counter[late]++;
	return how;
}

/*
 * A send.  @otherwise says what becomes of it if it does not fit: it fails with
 * that, or MODEL_BLOCKS, as call number @call.
 */
int model_send(struct model *m, u32 party, struct model_message msg, int otherwise,
	       bool counted, u32 call)
{
	if (is_broken(m)) {
		m->counter[IPCQ_SEND_HANGUP]++;
		return -EPIPE;
	}
	if (msg.size > m->config.max_msg_size) {
		m->counter[IPCQ_SEND_TOO_BIG]++;
		return -EMSGSIZE;
	}
	if (!model_blocked(m, true) && fits(m, msg.size)) {
		admit(m, msg);
		settle(m);
		return 0;
	}
	if (otherwise != MODEL_BLOCKS)
		return give_up(m, otherwise, counted, IPCQ_SEND_FULL, IPCQ_SEND_TIMEOUT);
	block(m, party, call, true);
	m->call[call].m = msg;
	return MODEL_BLOCKS;
}

/* A receive; see model_send(). */
int model_receive(struct model *m, u32 party, u32 room, int otherwise, bool counted,
		  u32 call, struct model_receipt *receipt)
{
	memset(receipt, 0, sizeof(*receipt));
	if (is_at_eof(m)) {
		m->counter[IPCQ_RECV_EOF]++;
		return -EPIPE;
	}
	if (m->depth) {
		u32 i = next(m);

		if (m->waiting[i].size > room) {
			m->counter[IPCQ_RECV_TOO_SMALL]++;
			receipt->needed = m->waiting[i].size;
			return -EMSGSIZE;
		}
		hand_over(m, party, take_out(m, i), receipt);
		settle(m);
		return 0;
	}
	if (otherwise != MODEL_BLOCKS)
		return give_up(m, otherwise, counted, IPCQ_RECV_EMPTY, IPCQ_RECV_TIMEOUT);
	block(m, party, call, false);
	m->call[call].room = room;
	return MODEL_BLOCKS;
}

void model_give_back(struct model *m, u32 party, const struct model_receipt *receipt)
{
	if (m->fault == MODEL_COUNTS_TWICE) {
		m->counter[IPCQ_SENT]++;
	} else if (receipt->resets == m->resets) {
		m->counter[IPCQ_RECEIVED]--;
		m->counter[IPCQ_RECEIVED_BYTES] -= receipt->m.size;
	} else {
		m->counter[IPCQ_SENT]++;
		m->counter[IPCQ_SENT_BYTES] += receipt->m.size;
	}
	m->counter[IPCQ_RECV_GIVEN_BACK]++;
	m->party[party].lost_seen -= receipt->lost;
	deliver(m, receipt->m);
	settle(m);
}

void model_interrupt(struct model *m, u32 call)
{
	u32 place;

	for (place = 0; m->line[place] != call; place++)
		;
	m->counter[m->call[call].sends ? IPCQ_SEND_INTERRUPTED :
					 IPCQ_RECV_INTERRUPTED]++;
	leave_line(m, place, -ERESTARTSYS);
	settle(m);
}

void model_join(struct model *m, u32 party, u32 access)
{
	m->party[party].access = access;
	m->party[party].lost_seen = m->lost;
	m->party[party].busy = 0;
	if (access & IPCQ_ACCESS_SEND)
		m->had_sender = true;
	if (access & IPCQ_ACCESS_RECV)
		m->had_receiver = true;
}

void model_leave(struct model *m, u32 party)
{
	m->party[party].access = 0;
	if (!model_with(m, IPCQ_ACCESS_SEND | IPCQ_ACCESS_RECV)) {
		m->had_receiver = false;
		if (!m->depth)
			m->had_sender = false;
	}
	settle(m);
}

void model_shut(struct model *m, u32 how)
{
	m->shut = how;
	settle(m);
}

int model_reconfigure(struct model *m, u32 mask, const struct ipcq_config *config)
{
	struct ipcq_config c = m->config;

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
	if (c.max_msg_size > c.max_bytes || c.low_pct >= c.high_pct)
		return -EINVAL;
	if (c.order != m->config.order && m->depth)
		return -EBUSY;
	m->config = c;
	settle(m);
	return 0;
}

u32 model_purge(struct model *m)
{
	u32 purged = m->depth;

	m->depth = 0;
	m->lost += purged;
	m->counter[IPCQ_PURGED] += purged;
	if (purged)
		tell(m, IPCQ_EVENT_DROPPED);
	settle(m);
	return purged;
}

void model_reset(struct model *m, bool peak, bool counters)
{
	if (peak) {
		m->peak_depth = m->depth;
		m->peak_bytes = model_bytes(m);
	}
	if (counters) {
		m->resets++;
		memset(m->counter, 0, sizeof(m->counter));
		m->counter[IPCQ_SENT] = m->depth;
		m->counter[IPCQ_SENT_BYTES] = model_bytes(m);
	}
}

void model_init(struct model *m, const struct ipcq_config *config,
		enum model_fault fault)
{
	memset(m, 0, sizeof(*m));
	m->config = *config;
	m->fault = fault;
}
