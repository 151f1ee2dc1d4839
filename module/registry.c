// SPDX-License-Identifier: GPL-2.0-only
/* The registry of queues: ids, names, lifetime, totals. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "node.h"
#include "quota.h"
#include "registry.h"

#define IPCQ_NAME_BITS 10

/* Greatest id; one more is still a u32, see ipcq_queue_from(). */
#define IPCQ_MAX_ID	((u32)INT_MAX)

/**
 * struct ipcq_registry - the one registry
 * @lock: outermost
 * @queues: every queue by its id.  Entries are read under RCU; the array has a
 *	lock of its own.
 * @next_minor: where the search for an id of a named queue goes on, so that ids are
 *	not reused soon; the array's lock
 * @next_id: the same for those without a name
 * @names: linked queues.  Read under RCU; written with @lock
 * @totals_lock: a lock of an engine may be taken inside; never held for long
 * @gone: the counters of queues that are gone; @totals_lock
 * @nr_destroyed: queues that are gone; @totals_lock
 *
 * Whoever holds @lock may wait for devtmpfs, and that for as long as a user wants who
 * reads the directory /dev/ipcq into memory that stalls.  So everything but making and
 * destroying names does without @lock.
 */
static struct ipcq_registry {
	struct mutex lock;	/* outermost */
	struct xarray queues;
	u32 next_minor;
	u32 next_id;
	DECLARE_HASHTABLE(names, IPCQ_NAME_BITS);
	struct mutex totals_lock;	/* outside of engines' locks */
	struct ipcq_stats gone;
	u64 nr_destroyed;
} ipcq_registry = {
	.lock = __MUTEX_INITIALIZER(ipcq_registry.lock),
	.queues = XARRAY_INIT(ipcq_registry.queues, XA_FLAGS_ALLOC1),
	.totals_lock = __MUTEX_INITIALIZER(ipcq_registry.totals_lock),
};

static void ipcq_queue_notify(struct ipcq_queue *q, enum ipcq_event_type type,
			      u64 dropped)
{
	struct ipcq_snapshot snap;
	struct ipcq_event event;

	if (!q->engine.observer)
		return;
	ipcq_snap(&q->engine, &snap, NULL);
	event = (struct ipcq_event) {
		.type = type,
		.depth = snap.depth,
		.bytes = snap.bytes,
		.max_msgs = snap.config.max_msgs,
		.max_bytes = snap.config.max_bytes,
		.now_ns = snap.now_ns,
		.dropped = dropped,
		.reason = IPCQ_DROP_DESTROYED,
	};
	q->engine.observer(&q->engine, &event);
}

/**
 * ipcq_queue_announce() - tell that a queue exists
 * @q: the queue
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_queue_announce(struct ipcq_queue *q)
{
	ipcq_queue_notify(q, IPCQ_EVENT_CREATED, 0);
}

/*
 * The id of a named queue is the minor of its node, and these are few.  Queues without
 * a name, which come and go by the million, neither use them up nor bring the day
 * nearer on which one is used again: a node that somebody has made for a queue that is
 * gone, in a container, then leads to another queue.
 */
static int ipcq_queue_add_id(struct ipcq_queue *q)
{
	struct ipcq_registry *r = &ipcq_registry;

	if (q->identity.name[0])
		return xa_alloc_cyclic(&r->queues, &q->id, q,
				       XA_LIMIT(1, IPCQ_MINORS - 1),
				       &r->next_minor, GFP_KERNEL_ACCOUNT);
	return xa_alloc_cyclic(&r->queues, &q->id, q,
			       XA_LIMIT(IPCQ_MINORS, IPCQ_MAX_ID), &r->next_id,
			       GFP_KERNEL_ACCOUNT);
}

/**
 * ipcq_queue_create() - make a queue that has no name yet
 * @identity: what it will be called by ipcq_queue_link(), and whose it is
 * @config: valid
 * @observer: hears of its events, or NULL
 *
 * Context: Process context.  May sleep.
 * Return: the queue with one reference, or ERR_PTR() of -EDQUOT, -ENOSPC (no id
 * is free) or -ENOMEM.
 */
struct ipcq_queue *ipcq_queue_create(const struct ipcq_identity *identity,
				     const struct ipcq_config *config,
				     ipcq_observer_t observer)
{
	struct ipcq_queue *q;
	int err;

	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return ERR_PTR(-ENOMEM);
	kref_init(&q->ref);
	q->identity = *identity;
	mutex_init(&q->openers_lock);
	q->openers = RB_ROOT;

	q->account = ipcq_account_of(identity->uid);
	if (!q->account) {
		err = -ENOMEM;
		goto free;
	}
	err = ipcq_quota_add_queue(q->account);
	if (err)
		goto free;
	ipcq_engine_init(&q->engine, config, observer);

	/* Not under the mutex: a memory cgroup at its limit may take its time. */
	err = ipcq_queue_add_id(q);
	if (err < 0) {
		if (err == -EBUSY)
			err = -ENOSPC;
		goto uncharge;
	}
	return q;

uncharge:
	ipcq_quota_del_queue(q->account);
free:
	kfree(q);
	return ERR_PTR(err);
}

/* The last reference is gone.  Called with the totals locked; unlocks them. */
static void ipcq_queue_release(struct kref *ref)
{
	struct ipcq_queue *q = container_of(ref, struct ipcq_queue, ref);
	bool pins_module = q->pins_module;
	struct ipcq_waiting messages;
	u32 dropped;

	lockdep_assert_held(&ipcq_registry.totals_lock);

	/*
	 * Nobody holds the queue: its engine is still.  It leaves the array and
	 * joins the totals in one step, so that they count it once.
	 */
	dropped = ipcq_engine_drain(&q->engine, &messages);
	ipcq_stats_add(&ipcq_registry.gone, &q->engine.stats);
	xa_erase(&ipcq_registry.queues, q->id);
	ipcq_registry.nr_destroyed++;
	mutex_unlock(&ipcq_registry.totals_lock);

	ipcq_free_all(&messages);
	if (dropped)
		ipcq_queue_notify(q, IPCQ_EVENT_DROPPED, dropped);
	if (!q->identity.name[0])
		ipcq_queue_notify(q, IPCQ_EVENT_DESTROYED, 0);
	ipcq_quota_del_queue(q->account);
	kfree_rcu(q, rcu);
	/* The caller runs through a descriptor that pins the module, too. */
	if (pins_module)
		module_put(THIS_MODULE);
}

/**
 * ipcq_queue_put() - let go of a reference
 * @q: the queue
 *
 * Context: Process context, without locks.  May sleep.
 */
void ipcq_queue_put(struct ipcq_queue *q)
{
	kref_put_mutex(&q->ref, ipcq_queue_release, &ipcq_registry.totals_lock);
}

/**
 * ipcq_queue_by_id() - look up a queue, linked or not
 * @id: its number
 *
 * Context: Any but interrupts.
 * Return: the queue with a reference, or NULL.
 */
struct ipcq_queue *ipcq_queue_by_id(u32 id)
{
	struct ipcq_queue *q;

	rcu_read_lock();
	q = xa_load(&ipcq_registry.queues, id);
	if (q && !kref_get_unless_zero(&q->ref))
		q = NULL;
	rcu_read_unlock();
	return q;
}

/**
 * ipcq_queue_from() - the queue of the lowest id that is not below a given one
 * @id: where to begin
 *
 * To visit all queues, go on from the id of the one returned plus one.  Queues
 * that exist all the while are visited once each; those that come or go may be.
 *
 * Context: Any but interrupts.
 * Return: the queue with a reference, or NULL.
 */
struct ipcq_queue *ipcq_queue_from(u32 id)
{
	unsigned long index = id;
	struct ipcq_queue *q;

	rcu_read_lock();
	q = xa_find(&ipcq_registry.queues, &index, ULONG_MAX, XA_PRESENT);
	while (q && !kref_get_unless_zero(&q->ref))
		q = xa_find_after(&ipcq_registry.queues, &index, ULONG_MAX,
				  XA_PRESENT);
	rcu_read_unlock();
	return q;
}

static u32 ipcq_name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

/* Called with the registry locked or under RCU. */
static struct ipcq_queue *ipcq_find_name(const char *name)
{
	struct ipcq_queue *q;

	hash_for_each_possible_rcu(ipcq_registry.names, q, name_link,
				   ipcq_name_hash(name),
				   lockdep_is_held(&ipcq_registry.lock)) {
		if (!strcmp(q->identity.name, name))
			return q;
	}
	return NULL;
}

/**
 * ipcq_queue_by_name() - look up a linked queue
 * @name: its name
 *
 * Context: Any but interrupts.
 * Return: the queue with a reference, or NULL.
 */
struct ipcq_queue *ipcq_queue_by_name(const char *name)
{
	struct ipcq_queue *q;

	rcu_read_lock();
	q = ipcq_find_name(name);
	if (q && !kref_get_unless_zero(&q->ref))
		q = NULL;
	rcu_read_unlock();
	return q;
}

static void ipcq_queue_set_linked(struct ipcq_queue *q, bool linked)
{
	mutex_lock(&q->openers_lock);
	q->linked = linked;
	mutex_unlock(&q->openers_lock);
}

/**
 * ipcq_queue_link() - give a queue its name and its device node
 * @q: a named queue that was not linked before
 *
 * Others may open it before this returns.
 *
 * Context: Process context.  May sleep.
 * Return: 0, -EEXIST, -EINTR if the task is being killed, or what making the node
 * returned.
 */
int ipcq_queue_link(struct ipcq_queue *q)
{
	struct ipcq_node *node;
	int err;

	err = mutex_lock_killable(&ipcq_registry.lock);
	if (err)
		return err;
	if (ipcq_find_name(q->identity.name)) {
		err = -EEXIST;
		goto unlock;
	}
	ipcq_queue_set_linked(q, true);
	node = ipcq_node_add(q->id, &q->identity);
	if (IS_ERR(node)) {
		ipcq_queue_set_linked(q, false);
		err = PTR_ERR(node);
		goto unlock;
	}
	q->node = node;
	kref_get(&q->ref);
	hash_add_rcu(ipcq_registry.names, &q->name_link,
		     ipcq_name_hash(q->identity.name));
unlock:
	mutex_unlock(&ipcq_registry.lock);
	if (!err)
		ipcq_queue_announce(q);
	return err;
}

/* Take name and node away.  The caller puts the reference that the link held. */
static void ipcq_unlink_locked(struct ipcq_queue *q)
{
	lockdep_assert_held(&ipcq_registry.lock);

	hash_del_rcu(&q->name_link);
	ipcq_queue_set_linked(q, false);
	ipcq_node_del(q->node);
	q->node = NULL;
}

static void ipcq_unlinked(struct ipcq_queue *q)
{
	ipcq_queue_notify(q, IPCQ_EVENT_DESTROYED, 0);
	ipcq_queue_put(q);
}

/**
 * ipcq_queue_may_administer() - may the current task do what only owners may
 * @q: the queue
 *
 * Context: Process context.
 * Return: whether it is the owner or has CAP_SYS_ADMIN.
 */
bool ipcq_queue_may_administer(const struct ipcq_queue *q)
{
	return uid_eq(current_euid(), q->identity.uid) || capable(CAP_SYS_ADMIN);
}

/**
 * ipcq_queue_unlink() - destroy a queue by its name
 * @name: the name
 * @if_empty: refuse if messages wait
 * @result: its @depth and @openers are filled in
 *
 * Context: Process context.  May sleep.
 * Return: 0, -ENOENT, -EPERM, -EBUSY, or -EINTR if the task is being killed.
 */
int ipcq_queue_unlink(const char *name, bool if_empty,
		      struct ipcq_destroy *result)
{
	struct ipcq_queue *q;
	int err;

	err = mutex_lock_killable(&ipcq_registry.lock);
	if (err)
		return err;
	q = ipcq_find_name(name);
	if (!q) {
		err = -ENOENT;
		goto unlock;
	}
	if (!ipcq_queue_may_administer(q)) {
		err = -EPERM;
		goto unlock;
	}

	/*
	 * A sender can still add messages until its opener is gone; if_empty is
	 * exact only when nobody has the queue open.
	 */
	mutex_lock(&q->openers_lock);
	result->openers = q->nr_openers;
	mutex_unlock(&q->openers_lock);
	result->depth = ipcq_depth(&q->engine);
	if (if_empty && result->depth) {
		err = -EBUSY;
		goto unlock;
	}
	ipcq_unlink_locked(q);
unlock:
	mutex_unlock(&ipcq_registry.lock);
	if (!err)
		ipcq_unlinked(q);
	return err;
}

/**
 * ipcq_queue_unlink_if_closed() - end a queue that nobody has open
 * @q: the queue; the caller has a reference
 * @if_ephemeral: only if it is ephemeral
 *
 * Does nothing if somebody has opened it since, or it was unlinked already.  Whoever
 * opened and closed it since may also have made it persistent: hence a look at the
 * flag here, where nobody can have it open and change it.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_queue_unlink_if_closed(struct ipcq_queue *q, bool if_ephemeral)
{
	bool unlink;

	mutex_lock(&ipcq_registry.lock);
	mutex_lock(&q->openers_lock);
	/* Nobody can open it any more once this is cleared. */
	unlink = q->linked && !q->nr_openers &&
		 (!if_ephemeral || ipcq_is_ephemeral(&q->engine));
	if (unlink)
		q->linked = false;
	mutex_unlock(&q->openers_lock);
	if (unlink)
		ipcq_unlink_locked(q);
	mutex_unlock(&ipcq_registry.lock);
	if (unlink)
		ipcq_unlinked(q);
}

/**
 * ipcq_registry_unlink_all() - destroy the queues that are left at unload
 *
 * The module has no users then: every queue left is linked, empty and closed.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_registry_unlink_all(void)
{
	struct ipcq_queue *q;
	u32 id;

	for (id = 0; (q = ipcq_queue_from(id)); ) {
		id = q->id + 1;
		ipcq_queue_unlink_if_closed(q, false);
		ipcq_queue_put(q);
	}
	xa_destroy(&ipcq_registry.queues);
}

/**
 * ipcq_queue_flags() - everything that IPCQ_F_* says of a queue
 * @q: the queue
 * @snap: its engine
 *
 * Context: Process context.  May sleep.
 * Return: the flags.
 */
u32 ipcq_queue_flags(struct ipcq_queue *q, const struct ipcq_snapshot *snap)
{
	u32 flags = snap->config.flags;
	bool linked;

	mutex_lock(&q->openers_lock);
	linked = q->linked;
	mutex_unlock(&q->openers_lock);

	if (!q->identity.name[0])
		flags |= IPCQ_F_ANONYMOUS;
	else if (!linked)
		flags |= IPCQ_F_UNLINKED;
	if (snap->shut & IPCQ_SHUT_SEND)
		flags |= IPCQ_F_SHUT_SEND;
	if (snap->shut & IPCQ_SHUT_RECV)
		flags |= IPCQ_F_SHUT_RECV;
	if (snap->is_mapped)
		flags |= IPCQ_F_MAPPED;
	return flags;
}

/**
 * ipcq_queue_reset() - set back high-water marks or counters
 * @q: the queue
 * @peak: the marks
 * @counters: the counters and histograms; the totals keep what they held
 *
 * Context: Process context.  May sleep.
 */
void ipcq_queue_reset(struct ipcq_queue *q, bool peak, bool counters)
{
	struct ipcq_stats forgotten = {};

	mutex_lock(&ipcq_registry.totals_lock);
	ipcq_reset(&q->engine, peak, counters, &forgotten);
	ipcq_stats_add(&ipcq_registry.gone, &forgotten);
	mutex_unlock(&ipcq_registry.totals_lock);
}

/**
 * ipcq_registry_totals() - sum up all queues that are or were
 * @totals: filled in
 *
 * Each queue is read at one instant, not all at the same; the sums balance.
 *
 * Context: Process context.  May sleep.
 */
void ipcq_registry_totals(struct ipcq_totals *totals)
{
	struct ipcq_queue *q;
	unsigned long id;

	mutex_lock(&ipcq_registry.totals_lock);
	totals->queues = 0;
	totals->depth = 0;
	totals->bytes = 0;
	totals->destroyed = ipcq_registry.nr_destroyed;
	totals->stats = ipcq_registry.gone;
	xa_for_each(&ipcq_registry.queues, id, q) {
		ipcq_sum(&q->engine, &totals->stats, &totals->depth,
			 &totals->bytes);
		totals->queues++;
		cond_resched();
	}
	totals->created = totals->destroyed + totals->queues;
	totals->now_ns = ktime_get_ns();
	mutex_unlock(&ipcq_registry.totals_lock);
}
