// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which waiting message is next.
 *
 * Every waiting message is on the list of arrivals.  With priority order the
 * messages of one priority, a level, also form a chain in order of arrival, and
 * the first message of each chain stands for it in a red-black tree.  The tree
 * thus has one node for each priority in use, not for each message: taking a
 * message replaces one node by the next in place, and needs no search.
 */
#include "message.h"
#include "waiting.h"

#define ipcq_level(node) rb_entry(node, struct ipcq_message, level)

/**
 * ipcq_waiting_init() - begin with no messages
 * @waiting: what is set up
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 */
void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority)
{
	INIT_LIST_HEAD(&waiting->arrivals);
	waiting->levels = RB_ROOT_CACHED;
	waiting->last_level = NULL;
	waiting->by_priority = by_priority;
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

	waiting->last_level = first;
	if (likely(m->seq > first->level_tail->seq)) {
		m->level_next = NULL;
		first->level_tail->level_next = m;
		first->level_tail = m;
		return;
	}

	/*
	 * A receiver gives @m back.  Only messages that other receivers gave
	 * back meanwhile can stand before it, so this ends after a few steps.
	 */
	if (m->seq < first->seq) {
		m->level_next = first;
		ipcq_level_replace(waiting, first, m);
		return;
	}
	while (prev->level_next->seq < m->seq)
		prev = prev->level_next;
	m->level_next = prev->level_next;
	prev->level_next = m;
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
	m->level_next = NULL;
	m->level_tail = m;
	rb_link_node(&m->level, parent, link);
	rb_insert_color_cached(&m->level, &waiting->levels, leftmost);
	waiting->last_level = m;
}

/*
 * Find the place among the arrivals of a message that a receiver gives back.
 *
 * In FIFO order all older messages had been taken before it: only those that
 * were given back too can stand before it.  In priority order any number may,
 * and looking for the exact place would hold the lock for long.  It goes behind
 * the oldest one at most, which keeps ipcq_waiting_oldest() right until that one
 * is received; this one was next before it was taken and soon is again.
 */
static struct list_head *ipcq_arrivals_before(struct ipcq_waiting *waiting,
					      const struct ipcq_message *m)
{
	struct ipcq_message *pos;

	list_for_each_entry(pos, &waiting->arrivals, arrival) {
		if (pos->seq > m->seq)
			break;
		if (waiting->by_priority)
			return &pos->arrival;
	}
	return pos->arrival.prev;
}

/**
 * ipcq_waiting_insert() - add a message at its place
 * @waiting: the waiting messages
 * @m: the message, its sequence number and priority set
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_insert(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	struct list_head *before = waiting->arrivals.prev;

	if (unlikely(before != &waiting->arrivals &&
		     list_entry(before, struct ipcq_message, arrival)->seq > m->seq))
		before = ipcq_arrivals_before(waiting, m);
	list_add(&m->arrival, before);
	if (waiting->by_priority)
		ipcq_levels_insert(waiting, m);
}

/**
 * ipcq_waiting_next() - the message that is received next
 * @waiting: the waiting messages
 *
 * Context: The caller holds the lock of the queue.
 * Return: the message, which stays; NULL if none waits.
 */
struct ipcq_message *ipcq_waiting_next(struct ipcq_waiting *waiting)
{
	struct rb_node *node;

	if (!waiting->by_priority)
		return ipcq_waiting_oldest(waiting);
	node = rb_first_cached(&waiting->levels);
	return node ? ipcq_level(node) : NULL;
}

/**
 * ipcq_waiting_remove_next() - take out the message that is next
 * @waiting: the waiting messages
 * @m: what ipcq_waiting_next() returned
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_remove_next(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	list_del(&m->arrival);
	if (!waiting->by_priority)
		return;
	if (m->level_next) {
		ipcq_level_replace(waiting, m, m->level_next);
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
	return list_first_entry_or_null(&waiting->arrivals, struct ipcq_message,
					arrival);
}

/**
 * ipcq_waiting_take_all() - take out all messages at once
 * @waiting: the waiting messages; none afterwards
 * @messages: they are appended to this list, linked by their arrival
 *
 * Takes the same time however many there are.
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_take_all(struct ipcq_waiting *waiting, struct list_head *messages)
{
	list_splice_tail_init(&waiting->arrivals, messages);
	waiting->levels = RB_ROOT_CACHED;
	waiting->last_level = NULL;
}
