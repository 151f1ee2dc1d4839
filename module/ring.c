// SPDX-License-Identifier: GPL-2.0-only
/* The memory of rings, and messages that move between it and the queue. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>

#include "message.h"
#include "quota.h"
#include "ring.h"

/* Pages before the records: the position and the head. */
#define IPCQ_RING_FIRST_PAGE	2

static void ipcq_ring_free_pages(struct ipcq_ring *ring)
{
	u32 i;

	vunmap(ring->area);
	for (i = 0; i < ring->nr_pages && ring->pages[i]; i++)
		__free_page(ring->pages[i]);
	kvfree(ring->pages);
}

/* What is mapped to user space must not have held anything. */
static int ipcq_ring_alloc_pages(struct ipcq_ring *ring, u32 nr_data)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN;
	u32 i;

	/* The records' pages stand there twice. */
	ring->nr_pages = IPCQ_RING_FIRST_PAGE + nr_data;
	ring->pages = kvcalloc(ring->nr_pages + nr_data, sizeof(*ring->pages),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ring->pages)
		return -ENOMEM;
	for (i = 0; i < ring->nr_pages; i++) {
		ring->pages[i] = alloc_page(gfp);
		if (!ring->pages[i])
			return -ENOMEM;
	}
	memcpy(ring->pages + ring->nr_pages, ring->pages + IPCQ_RING_FIRST_PAGE,
	       nr_data * sizeof(*ring->pages));
	ring->area = vmap(ring->pages, ring->nr_pages + nr_data, VM_MAP | VM_USERMAP,
			  PAGE_KERNEL);
	return ring->area ? 0 : -ENOMEM;
}

/**
 * ipcq_ring_new() - make a ring for the current task's namespaces
 * @size: bytes of records: a power of two, a multiple of the page size
 * @account: of the user whose quota is charged
 *
 * It is closed: it takes no records yet.
 *
 * Context: Process context.  May sleep.
 * Return: the ring, or ERR_PTR() of -EDQUOT or -ENOMEM.
 */
struct ipcq_ring *ipcq_ring_new(u32 size, struct ipcq_account *account)
{
	u32 nr_data = size >> PAGE_SHIFT, nr_changes = size / sizeof(struct ipcq_record);
	struct ipcq_ring *ring;
	int err = -ENOMEM;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->account = account;
	ring->charged = sizeof(*ring) + (IPCQ_RING_FIRST_PAGE + nr_data) * PAGE_SIZE +
			nr_changes * sizeof(*ring->changes);
	if (ipcq_quota_charge_bytes(account, ring->charged)) {
		err = -EDQUOT;
		goto free;
	}
	ring->change_at = IPCQ_RING_NOWHERE;
	ring->nr_changes = nr_changes;
	ring->changes = kvmalloc_array(nr_changes, sizeof(*ring->changes),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ring->changes)
		goto uncharge;
	err = ipcq_ring_alloc_pages(ring, nr_data);
	if (err)
		goto pages;

	ring->position = ring->area;
	ring->shared = ring->area + PAGE_SIZE;
	ring->data = ring->area + IPCQ_RING_FIRST_PAGE * PAGE_SIZE;
	ring->mask = size - 1;
	ring->shared->size = size;
	ring->pid_ns = get_pid_ns(task_active_pid_ns(current));
	ring->user_ns = get_user_ns(current_user_ns());
	ipcq_waiting_init(&ring->returned, false);
	ipcq_waiting_init(&ring->stranded, false);
	return ring;

pages:
	if (ring->pages)
		ipcq_ring_free_pages(ring);
	kvfree(ring->changes);
uncharge:
	ipcq_quota_uncharge_bytes(account, ring->charged);
free:
	kfree(ring);
	return ERR_PTR(err);
}

/**
 * ipcq_ring_free() - free a ring without records, which no queue has
 * @ring: the ring
 *
 * Context: Process context.  May sleep.
 */
void ipcq_ring_free(struct ipcq_ring *ring)
{
	put_pid(ring->last.pid);
	put_pid(ring->dropped.pid);
	put_user_ns(ring->user_ns);
	put_pid_ns(ring->pid_ns);
	ipcq_ring_free_pages(ring);
	kvfree(ring->changes);
	ipcq_quota_uncharge_bytes(ring->account, ring->charged);
	kfree(ring);
}

/**
 * ipcq_ring_change_sender() - the next record is of another sender than the last one
 * @ring: the ring
 * @pid: process of the sender
 * @uid: its effective uid
 * @gid: its effective gid
 *
 * Finds out what the receiver calls it, too.
 *
 * Context: The caller holds the lock of the queue, or the ring is closed.
 */
void ipcq_ring_change_sender(struct ipcq_ring *ring, struct pid *pid, kuid_t uid, kgid_t gid)
{
	const struct ipcq_ring_sender sender = { .pid = pid, .uid = uid, .gid = gid };

	get_pid(pid);
	ring->changes[ring->next] = (struct ipcq_ring_change) { sender, ring->head };
	if (++ring->next == ring->nr_changes)
		ring->next = 0;
	if (ring->change_at == IPCQ_RING_NOWHERE)
		ring->change_at = ring->head;
	put_pid(ring->last.pid);
	get_pid(pid);
	ring->last = sender;
	ring->pid_nr = pid_nr_ns(pid, ring->pid_ns);
	ring->uid_nr = from_kuid_munged(ring->user_ns, uid);
	ring->gid_nr = from_kgid_munged(ring->user_ns, gid);
}

/**
 * ipcq_ring_drop_sender() - the record is dropped at which the sender changes
 * @ring: the ring
 *
 * Context: The caller holds the lock of the queue, or the ring is closed.
 */
void ipcq_ring_drop_sender(struct ipcq_ring *ring)
{
	put_pid(ring->dropped.pid);
	ring->dropped = ring->changes[ring->first].sender;
	if (++ring->first == ring->nr_changes)
		ring->first = 0;
	/* It is not full any more, so that this says that it is empty. */
	ring->change_at = ring->first == ring->next ? IPCQ_RING_NOWHERE :
						      ring->changes[ring->first].at;
}

/**
 * ipcq_ring_add_message() - put a message into a ring that takes it
 * @ring: the ring
 * @m: the message, which the queue has accepted
 *
 * The receiver does not see it before ipcq_ring_publish().
 *
 * Context: The caller holds the lock of the queue, or the ring takes nothing of others.
 */
void ipcq_ring_add_message(struct ipcq_ring *ring, struct ipcq_message *m)
{
	memcpy(ipcq_ring_slot(ring), ipcq_message_data(m), m->size);
	ipcq_ring_add(ring, m->size, m->prio, m->type, m->seq, m->time_ns, m->pid, m->uid,
		      m->gid);
}

/**
 * ipcq_ring_restore() - make a message again of the first record
 * @ring: a ring that takes nothing any more
 *
 * It is not refused for want of memory or quota: it was accepted.
 *
 * Context: Process context.  May sleep.
 * Return: the message; NULL if there is no record.
 */
struct ipcq_message *ipcq_ring_restore(struct ipcq_ring *ring)
{
	const struct ipcq_record *record = ipcq_ring_at(ring, ring->tail);
	struct ipcq_message *m;

	if (ring->tail == ring->head)
		return NULL;
	m = ipcq_message_alloc(NULL, record->size, GFP_KERNEL | __GFP_NOFAIL);
	m->account = ring->account;
	ipcq_quota_overcharge_bytes(m->account, ipcq_message_memory(record->size));
	m->size = record->size;
	m->prio = record->prio;
	m->type = record->type;
	m->seq = record->seq;
	m->time_ns = record->time_ns;
	memcpy(ipcq_message_data(m), record + 1, record->size);
	if (ring->tail == ring->change_at)
		ipcq_ring_drop_sender(ring);
	ring->tail += ipcq_record_space(record->size);
	m->pid = get_pid(ring->dropped.pid);
	m->uid = ring->dropped.uid;
	m->gid = ring->dropped.gid;
	return m;
}
