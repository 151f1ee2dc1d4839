// SPDX-License-Identifier: GPL-2.0-only
/* Quotas by user: how many queues, and how much memory their messages take. */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "quota.h"

static unsigned int user_queues = 256;
module_param(user_queues, uint, 0644);
MODULE_PARM_DESC(user_queues, "queues that one user may own (256)");

unsigned long ipcq_user_bytes = 64UL << 20;
module_param_named(user_bytes, ipcq_user_bytes, ulong, 0644);
MODULE_PARM_DESC(user_bytes,
		 "kernel memory in bytes that one user's messages may take (64 MiB)");

/* Guards the table; a leaf in the lock order. */
static DEFINE_SPINLOCK(ipcq_accounts_lock);
static DEFINE_HASHTABLE(ipcq_accounts, 6);

static struct ipcq_account *ipcq_account_find(kuid_t uid)
{
	struct ipcq_account *account;

	lockdep_assert_held(&ipcq_accounts_lock);

	hash_for_each_possible(ipcq_accounts, account, link, __kuid_val(uid)) {
		if (uid_eq(account->uid, uid))
			return account;
	}
	return NULL;
}

/*
 * Who pays for what the current task does as @uid.  In a user namespace a user can have
 * any number of uids (subuid(5)), and each with a quota of its own would be as many
 * quotas.  So all that is in a namespace, and in those below it, is of the user who made
 * it.  If root did, then nobody could have it made who must not have those uids.
 */
static kuid_t ipcq_payer(kuid_t uid)
{
	const struct user_namespace *ns = current_user_ns();

	if (ns == &init_user_ns)
		return uid;
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return uid_eq(ns->owner, GLOBAL_ROOT_UID) ? uid : ns->owner;
}

/**
 * ipcq_account_of() - find or make the account that a user's doings are charged to
 * @uid: the user
 *
 * It is the user's, but that of whoever made the user namespace that the current task is
 * in, unless that was root.
 *
 * Context: Process context.  May sleep.
 * Return: the account, which stays, or NULL if there is no memory.
 */
struct ipcq_account *ipcq_account_of(kuid_t uid)
{
	struct ipcq_account *account, *fresh;

	uid = ipcq_payer(uid);
	spin_lock(&ipcq_accounts_lock);
	account = ipcq_account_find(uid);
	spin_unlock(&ipcq_accounts_lock);
	if (account)
		return account;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	fresh->uid = uid;

	/* Another task may have made it while this one allocated. */
	spin_lock(&ipcq_accounts_lock);
	account = ipcq_account_find(uid);
	if (!account)
		hash_add(ipcq_accounts, &fresh->link, __kuid_val(uid));
	spin_unlock(&ipcq_accounts_lock);
	if (!account)
		return fresh;
	kfree(fresh);
	return account;
}

/**
 * ipcq_quota_exit() - free all accounts
 *
 * Context: When nothing is charged to any.
 */
void ipcq_quota_exit(void)
{
	struct ipcq_account *account;
	struct hlist_node *next;
	unsigned int bucket;

	hash_for_each_safe(ipcq_accounts, bucket, next, account, link) {
		hash_del(&account->link);
		kfree(account);
	}
}

/**
 * ipcq_quota_add_queue() - charge one more queue to a user
 * @account: of its owner
 *
 * Context: Any but interrupts.
 * Return: 0, or -EDQUOT.
 */
int ipcq_quota_add_queue(struct ipcq_account *account)
{
	if (atomic_inc_return(&account->queues) <= READ_ONCE(user_queues) ||
	    capable(CAP_SYS_RESOURCE))
		return 0;
	ipcq_quota_del_queue(account);
	return -EDQUOT;
}

/**
 * ipcq_quota_del_queue() - undo ipcq_quota_add_queue()
 * @account: the same
 *
 * Context: Any but interrupts.
 */
void ipcq_quota_del_queue(struct ipcq_account *account)
{
	atomic_dec(&account->queues);
}
