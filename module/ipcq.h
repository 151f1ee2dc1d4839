/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of the module that are more than the queue engine: queues with their
 * identity, and their openers.
 *
 * Objects and what pins them
 *
 *	struct file --owns--> ipcq_opener --pins--> ipcq_queue (kref)
 *	                      in .openers              |     |  |
 *	struct file --owns--> ipcq_registration --pins-+     |  |
 *	                      in the engine            |     |  |
 *	mapping --pins--> struct file of a ring --owns--> ipcq_opener, and
 *	                      ipcq_ring, which is in the engine until the file goes
 *	registry: ids, of every queue, pin nothing     |     |  +-- embeds --> ipcq_engine
 *	          names, of linked queues, pin         |     |                   | owns
 *	ipcq_node (a device) <-- while linked ---------+     |                   v
 *	ipcq_account (stays until unload) <-- charged -+               ipcq_message
 *
 * A queue is born with one reference, its creator's.  It is *linked* while its
 * name is in the registry and its device node exists; that holds a reference.
 * Every opener holds one, and netlink holds one while it looks.  With the last
 * reference the queue leaves the ids, its counters go into the totals and its
 * messages are dropped.  A lookup by id runs under RCU and takes a reference only
 * if there is one left (kref_get_unless_zero()).
 *
 * Locks, outermost first
 *
 *	ipcq_registry.lock	mutex: names, linking; held while devtmpfs works,
 *				so that no transfer, close of a queue without a
 *				name or reading of statistics may need it
 *	  ipcq_queue.openers_lock	mutex: openers, module pin; with the
 *					registry lock: linked
 *	    ipcq_engine.lock	spinlock: everything in the engine
 *	ipcq_registry.totals_lock	mutex, outside of ipcq_engine.lock: the
 *					totals of queues gone
 *	ipcq_accounts_lock	spinlock, taken alone: the table of accounts
 *
 * The node of a queue is added and removed under the registry's lock, so that a
 * name is free in /dev when it is free here.  No event is sent under any lock.
 */
#ifndef IPCQ_H
#define IPCQ_H

#include <linux/bits.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "include/uapi/linux/ipcq.h"
#include "include/uapi/linux/ipcq_netlink.h"
#include "queue.h"

/* Ends that no privilege moves. */
#define IPCQ_MAX_MSGS		BIT(24)
#define IPCQ_MAX_BYTES		BIT_ULL(40)
#define IPCQ_MAX_MSG_SIZE	BIT(26)

/**
 * struct ipcq_identity - who a queue is
 * @name: empty if it is anonymous
 * @uid: the owner
 * @gid: the group
 * @mode: permission bits
 *
 * Constant once the queue exists.
 */
struct ipcq_identity {
	char name[IPCQ_NAME_MAX + 1];
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

/**
 * struct ipcq_queue - a queue
 * @ref: the last one frees the queue
 * @id: number in the registry, and minor of the device node if it has a name; constant
 * @identity: constant
 * @name_link: in the names of the registry while linked; registry lock
 * @node: the device node while linked; registry lock
 * @openers_lock: inside the registry lock, outside the engine's
 * @openers: struct ipcq_opener by their number; @openers_lock
 * @nr_openers: how many those are; @openers_lock
 * @last_opener: number of the opener that came last; @openers_lock
 * @linked: has a name; written with the registry lock and @openers_lock, read
 *	with either
 * @pins_module: messages wait in it though nobody has it open; @openers_lock
 * @engine: see there
 * @account: of the owner; constant, stays
 * @rcu: for freeing
 */
struct ipcq_queue {
	struct kref ref;
	u32 id;
	struct ipcq_identity identity;
	struct hlist_node name_link;
	struct ipcq_node *node;
	struct mutex openers_lock;	/* inside the registry lock */
	struct rb_root openers;
	u32 nr_openers;
	u64 last_opener;
	bool linked;
	bool pins_module;
	struct ipcq_engine engine;
	struct ipcq_account *account;
	struct rcu_head rcu;
};

/**
 * struct ipcq_opener - an open file description of a queue
 * @node: in ipcq_queue.openers; its openers_lock
 * @queue: the queue; a reference, constant
 * @number: ascending in the order of opening; constant
 * @party: what the engine keeps of it
 * @pid: the process that opened it; a reference, constant
 * @account: whom messages sent through it are charged to; constant, stays
 * @uid: its effective uid then; constant
 * @comm: its name then; constant
 */
struct ipcq_opener {
	struct rb_node node;
	struct ipcq_queue *queue;
	u64 number;
	struct ipcq_party party;
	struct pid *pid;
	struct ipcq_account *account;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
};

#endif /* IPCQ_H */
