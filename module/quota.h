/* SPDX-License-Identifier: GPL-2.0-only */
/* What each user may take. */
#ifndef IPCQ_QUOTA_H
#define IPCQ_QUOTA_H

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * struct ipcq_account - what one user has taken
 * @link: in the table of accounts; the table's lock
 * @uid: the user; constant
 * @queues: queues the user owns
 * @bytes: kernel memory of the messages sent through the user's openers
 *
 * An account, once made, stays until the module is unloaded: messages outlive
 * those who sent them, and need not count references to it.
 */
struct ipcq_account {
	struct hlist_node link;
	kuid_t uid;
	atomic_t queues;
	atomic_long_t bytes;
};

struct ipcq_account *ipcq_account_of(kuid_t uid);
int ipcq_quota_add_queue(struct ipcq_account *account);
void ipcq_quota_del_queue(struct ipcq_account *account);
void ipcq_quota_exit(void);

/* The parameter user_bytes. */
extern unsigned long ipcq_user_bytes;

/**
 * ipcq_quota_uncharge_bytes() - undo ipcq_quota_charge_bytes()
 * @account: the same
 * @bytes: the same
 *
 * Context: Any but interrupts.
 */
static inline void ipcq_quota_uncharge_bytes(struct ipcq_account *account, size_t bytes)
{
	atomic_long_sub(bytes, &account->bytes);
}

/**
 * ipcq_quota_charge_bytes() - charge message memory to a user
 * @account: the user's account
 * @bytes: how much
 *
 * Context: Any but interrupts.
 * Return: 0, or -EDQUOT.
 */
static inline int ipcq_quota_charge_bytes(struct ipcq_account *account, size_t bytes)
{
	if (likely(atomic_long_add_return(bytes, &account->bytes) <=
		   READ_ONCE(ipcq_user_bytes)))
		return 0;
	/*
	 * Through a descriptor of somebody else, who may have made a privileged
	 * program write into it, the quota holds.
	 */
	if (uid_eq(account->uid, current_euid()) && capable(CAP_SYS_RESOURCE))
		return 0;
	ipcq_quota_uncharge_bytes(account, bytes);
	return -EDQUOT;
}

/**
 * ipcq_quota_overcharge_bytes() - charge message memory to a user, beyond the limit too
 * @account: the user's account
 * @bytes: how much
 *
 * Context: Any but interrupts.
 */
static inline void ipcq_quota_overcharge_bytes(struct ipcq_account *account, size_t bytes)
{
	atomic_long_add(bytes, &account->bytes);
}

#endif /* IPCQ_QUOTA_H */
