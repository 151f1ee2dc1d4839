// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which waiting message is next.
 *
 * In FIFO order the messages form one chain.  In priority order the messages of one
 * priority, a level, form a chain in order of arrival, and the first message of each
 * chain stands for it in a red-black tree.  The tree thus has one node for each
 * priority in use, not for each message: taking a message replaces one node by the
 * next in place, and needs no search.  All messages are on the list of arrivals as
 * well, so that the oldest is known.
 */
#include "message.h"
#include "waiting.h"

#define ipcq_level(node) rb_entry(node, struct ipcq_message, level)

/*
 * So many messages are passed, at most, to find the place of one that is given back: the
 * lock is held meanwhile.  A user with many threads may hold hundreds of thousands, and
 * give all of them back.
 */
#define IPCQ_MOST_PASSED	1024

/**
 * ipcq_waiting_init() - begin with no messages
 * @waiting: what is set up
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 */
void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority)
{
	waiting->first = NULL;
	waiting->by_priority = by_priority;
	INIT_LIST_HEAD(&waiting->arrivals);
	waiting->levels = RB_ROOT_CACHED;
	waiting->last_level = NULL;
}

static void ipcq_level_replace(struct ipcq_waiting *waiting,
			       struct ipcq_message *first,
			       struct ipcq_message *next)
{
	next->level_tail = first->level_tail;
	rb_replace_node_cached(&first->level, &next->level, &waiting->levels);
	if (waiting->last_level == first)
		waiting->last_level = next;
}

/* Put @m into the level that @first begins. */
static void ipcq_level_insert(struct ipcq_waiting *waiting,
			      struct ipcq_message *first,
			      struct ipcq_message *m)
{
	struct ipcq_message *prev = first;
	u32 left = IPCQ_MOST_PASSED;

	waiting->last_level = first;
	if (likely(m->seq > first->level_tail->seq)) {
		m->next = NULL;
		first->level_tail->next = m;
		first->level_tail = m;
		return;
	}

	/*
	 * A receiver gives @m back.  Only messages that other receivers gave back
	 * meanwhile can stand before it.  If these are many it goes among them.
	 */
	if (m->seq < first->seq) {
		m->next = first;
		ipcq_level_replace(waiting, first, m);
		return;
	}
	while (prev->next->seq < m->seq && left--)
		prev = prev->next;
	m->next = prev->next;
	prev->next = m;
}

static void ipcq_levels_insert(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	struct rb_node **link = &waiting->levels.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	if (waiting->last_level && waiting->last_level->prio == m->prio) {
		ipcq_level_insert(waiting, waiting->last_level, m);
		return;
	}

	while (*link) {
		struct ipcq_message *first = ipcq_level(*link);

		parent = *link;
		if (m->prio > first->prio) {
			link = &parent->rb_left;
		} else if (m->prio < first->prio) {
			link = &parent->rb_right;
			leftmost = false;
		} else {
			ipcq_level_insert(waiting, first, m);
			return;
		}
	}
	m->next = NULL;
	m->level_tail = m;
	rb_link_node(&m->level, parent, link);
	rb_insert_color_cached(&m->level, &waiting->levels, leftmost);
	waiting->last_level = m;
}

/*
 * Put a message that a receiver gives back into the chain of FIFO order.  All older
 * messages had been taken before it: only those that were given back too can stand
 * before it, and one that is younger does stand in the chain.  If those are many it goes
 * among them.
 */
static void ipcq_chain_insert(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	struct ipcq_message **link = &waiting->first;
	u32 left = IPCQ_MOST_PASSED;

	while ((*link)->seq < m->seq && left--)
		link = &(*link)->next;
	m->next = *link;
	*link = m;
}

/*
 * Find the place among the arrivals of a message.  It may be one that a receiver
 * gives back.  Any number of older ones may then stand before it, and looking for the
 * exact place would hold the lock for long.  It goes behind the oldest one at most,
 * which keeps ipcq_waiting_oldest() right until that one is received; this one was
 * next before it was taken and soon is again.
 */
static struct list_head *ipcq_arrivals_before(struct ipcq_waiting *waiting,
					      const struct ipcq_message *m)
{
	struct list_head *arrivals = &waiting->arrivals;

	if (list_empty(arrivals) ||
	    list_last_entry(arrivals, struct ipcq_message, arrival)->seq < m->seq)
		return arrivals->prev;
	if (list_first_entry(arrivals, struct ipcq_message, arrival)->seq < m->seq)
		return arrivals->next;
	return arrivals;
}

/**
 * ipcq_waiting_insert_slowly() - ipcq_waiting_insert() with levels, or not at the end
 * @waiting: the waiting messages
 * @m: the message, its sequence number and priority set
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_insert_slowly(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	if (!waiting->by_priority) {
		ipcq_chain_insert(waiting, m);
		return;
	}
	list_add(&m->arrival, ipcq_arrivals_before(waiting, m));
	ipcq_levels_insert(waiting, m);
}

/**
 * ipcq_levels_next() - the message that is received next in priority order
 * @waiting: the waiting messages
 *
 * Context: The caller holds the lock of the queue.
 * Return: the message, which stays; NULL if none waits.
 */
struct ipcq_message *ipcq_levels_next(struct ipcq_waiting *waiting)
{
	struct rb_node *node = rb_first_cached(&waiting->levels);

	return node ? ipcq_level(node) : NULL;
}

/**
 * ipcq_levels_remove_next() - take out the message that is next in priority order
 * @waiting: the waiting messages
 * @m: what ipcq_levels_next() returned
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_levels_remove_next(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	list_del(&m->arrival);
	if (m->next) {
		ipcq_level_replace(waiting, m, m->next);
		return;
	}
	rb_erase_cached(&m->level, &waiting->levels);
	if (waiting->last_level == m)
		waiting->last_level = NULL;
}

/**
 * ipcq_waiting_oldest() - the message that has waited longest
 * @waiting: the waiting messages
 *
 * Context: The caller holds the lock of the queue.
 * Return: the message, which stays; NULL if none waits.
 */
struct ipcq_message *ipcq_waiting_oldest(struct ipcq_waiting *waiting)
{
	if (!waiting->by_priority)
		return waiting->first;
	return list_first_entry_or_null(&waiting->arrivals, struct ipcq_message,
					arrival);
}

/**
 * ipcq_waiting_take_all() - take out all messages at once
 * @waiting: the waiting messages; none afterwards
 * @taken: for ipcq_waiting_take_one()
 *
 * Takes the same time however many there are.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_take_all(struct ipcq_waiting *waiting, struct ipcq_waiting *taken)
{
	ipcq_waiting_init(taken, waiting->by_priority);
	taken->first = waiting->first;
	list_splice_init(&waiting->arrivals, &taken->arrivals);
	ipcq_waiting_init(waiting, waiting->by_priority);
}

/**
 * ipcq_waiting_take_one() - take one of those that were taken out
 * @taken: what ipcq_waiting_take_all() filled in
 *
 * Context: Any.
 * Return: the message, the oldest; NULL if there is none any more.
 */
struct ipcq_message *ipcq_waiting_take_one(struct ipcq_waiting *taken)
{
	struct ipcq_message *m = ipcq_waiting_oldest(taken);

	if (m && taken->by_priority)
		list_del(&m->arrival);
	else if (m)
		taken->first = m->next;
	return m;
}

/**
 * ipcq_waiting_merge() - add messages of another chain, each at its place
 * @waiting: the waiting messages, in FIFO order
 * @more: others in FIFO order, as ipcq_waiting_insert() puts them; none afterwards
 *
 * Takes one look at each, where ipcq_waiting_insert() of each would begin anew every time.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_merge(struct ipcq_waiting *waiting, struct ipcq_waiting *more)
{
	struct ipcq_message **link = &waiting->first, *m;

	while ((m = ipcq_waiting_take_one(more))) {
		while (*link && (*link)->seq < m->seq)
			link = &(*link)->next;
		m->next = *link;
		*link = m;
		if (!m->next)
			waiting->last = m;
		link = &m->next;
	}
}
