/* SPDX-License-Identifier: GPL-2.0-only */
/* What each user may own. */
#ifndef IPCQ_QUOTA_H
#define IPCQ_QUOTA_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * struct ipcq_account - what one user owns
 * @link: in the table of accounts; the table's lock
 * @refs: one for each queue the user owns
 * @uid: the user; constant
 * @queues: queues the user owns
 * @bytes: kernel memory of the messages in them
 */
struct ipcq_account {
	struct hlist_node link;
	refcount_t refs;
	kuid_t uid;
	atomic_t queues;
	atomic_long_t bytes;
};

struct ipcq_account *ipcq_quota_add_queue(kuid_t uid);
void ipcq_quota_del_queue(struct ipcq_account *account);
int ipcq_quota_charge_bytes(struct ipcq_account *account, size_t bytes);
void ipcq_quota_uncharge_bytes(struct ipcq_account *account, size_t bytes);

#endif /* IPCQ_QUOTA_H */
