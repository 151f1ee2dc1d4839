// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which waiting message is next.
 *
 * In FIFO order the messages form one chain, in order of arrival.  In priority order the
 * messages of one priority, a level, form such a chain.  That of the highest level is the
 * one from which messages are taken.  Of each other one the first message stands for it
 * in a red-black tree, which thus has a node for each lower priority that waits, not for
 * each message: as long as all that waits is of one priority, there is no tree.
 *
 * Each node of the tree knows the oldest message below it, so that the oldest of all is
 * known.
 */
#include <linux/minmax.h>
#include <linux/rbtree_augmented.h>

#include "message.h"
#include "waiting.h"

#define ipcq_level(node) rb_entry(node, struct ipcq_message, level)

/*
 * So many messages are passed, at most, to find the place of one that is given back: the
 * lock is held meanwhile.  A user with many threads may hold hundreds of thousands, and
 * give all of them back.
 */
#define IPCQ_MOST_PASSED	1024

/* Find the oldest message below a level.  Return whether it was known, if @stop. */
static bool ipcq_level_look(struct ipcq_message *first, bool stop)
{
	const struct rb_node *left = first->level.rb_left, *right = first->level.rb_right;
	u64 oldest_ns = first->time_ns;

	if (left)
		oldest_ns = min(oldest_ns, ipcq_level(left)->level_oldest_ns);
	if (right)
		oldest_ns = min(oldest_ns, ipcq_level(right)->level_oldest_ns);
	if (stop && first->level_oldest_ns == oldest_ns)
		return true;
	first->level_oldest_ns = oldest_ns;
	return false;
}

RB_DECLARE_CALLBACKS(static, ipcq_levels, struct ipcq_message, level, level_oldest_ns,
		     ipcq_level_look);

/**
 * ipcq_waiting_init() - begin with no messages
 * @waiting: what is set up
 * @by_priority: IPCQ_ORDER_PRIORITY, else IPCQ_ORDER_FIFO
 */
void ipcq_waiting_init(struct ipcq_waiting *waiting, bool by_priority)
{
	waiting->first = NULL;
	waiting->by_priority = by_priority;
	waiting->levels = RB_ROOT_CACHED;
}

/*
 * Put @m into the chain that begins at @first and ends at @last.
 *
 * If it is not the end of it, a receiver gives @m back.  All older messages had been
 * taken before it: only those that other receivers gave back meanwhile can stand before
 * it, and one that is younger does stand in the chain.  If those are many it goes among
 * them.
 */
static void ipcq_chain_insert(struct ipcq_message **first, struct ipcq_message **last,
			      struct ipcq_message *m)
{
	u32 left = IPCQ_MOST_PASSED;

	if (likely((*last)->seq < m->seq)) {
		m->next = NULL;
		(*last)->next = m;
		*last = m;
		return;
	}
	while ((*first)->seq < m->seq && left--)
		first = &(*first)->next;
	m->next = *first;
	*first = m;
}

/* Put @m into a level of the tree. */
static void ipcq_level_insert(struct ipcq_waiting *waiting, struct ipcq_message *old,
			      struct ipcq_message *m)
{
	struct ipcq_message *first = old;

	ipcq_chain_insert(&first, &old->level_tail, m);
	if (likely(first == old))
		return;
	first->level_tail = old->level_tail;
	rb_replace_node_cached(&old->level, &first->level, &waiting->levels);
	/*
	 * It may have stood for this level before, and still know the right time, which
	 * those above it do not: that must not end the way up.
	 */
	first->level_oldest_ns = U64_MAX;
	ipcq_levels_propagate(&first->level, NULL);
}

/* Put a level into the tree: the chain from @m to @last. */
static void ipcq_levels_insert(struct ipcq_waiting *waiting, struct ipcq_message *m,
			       struct ipcq_message *last)
{
	struct rb_node **link = &waiting->levels.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		struct ipcq_message *first = ipcq_level(*link);

		if (m->prio == first->prio) {
			ipcq_level_insert(waiting, first, m);
			return;
		}
		parent = *link;
		if (m->prio > first->prio) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	m->level_tail = last;
	m->level_oldest_ns = m->time_ns;
	rb_link_node(&m->level, parent, link);
	ipcq_levels_propagate(parent, NULL);
	rb_insert_augmented_cached(&m->level, &waiting->levels, leftmost, &ipcq_levels);
}

/**
 * ipcq_waiting_insert_slowly() - ipcq_waiting_insert() not at the end of the first chain
 * @waiting: the waiting messages, of which there are some
 * @m: the message, its sequence number, time and priority set
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_insert_slowly(struct ipcq_waiting *waiting, struct ipcq_message *m)
{
	struct ipcq_message *first = waiting->first;

	if (!waiting->by_priority || m->prio == first->prio) {
		ipcq_chain_insert(&waiting->first, &waiting->last, m);
		return;
	}
	m->next = NULL;
	if (m->prio < first->prio) {
		ipcq_levels_insert(waiting, m, m);
		return;
	}
	ipcq_levels_insert(waiting, first, waiting->last);
	waiting->first = m;
	waiting->last = m;
}

/**
 * ipcq_waiting_raise() - of the first chain nothing is left: the next level is first
 * @waiting: the waiting messages, of lower priorities
 *
 * Context: The caller holds the lock of the queue.
 */
void ipcq_waiting_raise(struct ipcq_waiting *waiting)
{
	struct ipcq_message *first = ipcq_level(rb_first_cached(&waiting->levels));

	rb_erase_augmented_cached(&first->level, &waiting->levels, &ipcq_levels);
	waiting->first = first;
	waiting->last = first->level_tail;
}

/**
 * ipcq_waiting_oldest_ns() - when the message was sent that has waited longest
 * @waiting: the waiting messages
 * @otherwise: another such time
 *
 * Context: The caller holds the lock of the queue.
 * Return: the earlier of both; @otherwise if no message waits.
 */
u64 ipcq_waiting_oldest_ns(const struct ipcq_waiting *waiting, u64 otherwise)
{
	const struct rb_node *root = waiting->levels.rb_root.rb_node;

	if (waiting->first)
		otherwise = min(otherwise, waiting->first->time_ns);
	if (root)
		otherwise = min(otherwise, ipcq_level(root)->level_oldest_ns);
	return otherwise;
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
	*taken = *waiting;
	ipcq_waiting_init(waiting, waiting->by_priority);
}

/**
 * ipcq_waiting_take_one() - take one of those that were taken out
 * @taken: what ipcq_waiting_take_all() filled in
 *
 * Context: Any.
 * Return: the message that is next; NULL if there is none any more.
 */
struct ipcq_message *ipcq_waiting_take_one(struct ipcq_waiting *taken)
{
	struct ipcq_message *m = ipcq_waiting_next(taken);

	if (m)
		ipcq_waiting_remove_next(taken, m);
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
