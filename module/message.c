// SPDX-License-Identifier: GPL-2.0-only
/* The memory of messages. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "message.h"
#include "quota.h"

/**
 * ipcq_message_alloc() - make a message from the current task
 * @account: of the user whose quota is charged
 * @size: bytes of payload, at most IPCQ_MAX_MSG_SIZE; the caller fills them in
 * @gfp: GFP_KERNEL, or GFP_NOWAIT if the caller must not sleep
 *
 * The memory is charged to the current memory cgroup.
 *
 * Context: Process context.  May sleep as @gfp says.
 * Return: the message, or ERR_PTR(-EDQUOT) or ERR_PTR(-ENOMEM).
 */
struct ipcq_message *ipcq_message_alloc(struct ipcq_account *account,
					size_t size, gfp_t gfp)
{
	struct ipcq_message *m;
	int err;

	err = ipcq_quota_charge_bytes(account, ipcq_message_memory(size));
	if (err)
		return ERR_PTR(err);

	/* Failure is the caller's to report, not the kernel log's. */
	m = kvmalloc(struct_size(m, data, size),
		     gfp | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!m) {
		ipcq_quota_uncharge_bytes(account, ipcq_message_memory(size));
		return ERR_PTR(-ENOMEM);
	}

	m->account = account;
	m->pid = get_pid(task_tgid(current));
	current_euid_egid(&m->uid, &m->gid);
	m->size = size;
	m->type = 0;
	m->prio = 0;
	return m;
}

/**
 * ipcq_message_free() - give back a message's memory and its charge
 * @m: a message that its caller owns
 *
 * Context: Process context.  May sleep: large messages are vmalloc memory.
 */
void ipcq_message_free(struct ipcq_message *m)
{
	ipcq_quota_uncharge_bytes(m->account, ipcq_message_memory(m->size));
	put_pid(m->pid);
	kvfree(m);
}
