// SPDX-License-Identifier: GPL-2.0-only
/* The memory of messages. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "message.h"
#include "quota.h"

static struct kmem_cache *ipcq_message_cache;

/**
 * ipcq_message_init() - make ready for messages
 *
 * Context: Process context.  May sleep.
 * Return: 0 or -ENOMEM.
 */
int ipcq_message_init(void)
{
	ipcq_message_cache = kmem_cache_create_usercopy("ipcq_message",
							sizeof(struct ipcq_message), 0,
							SLAB_ACCOUNT,
							offsetof(struct ipcq_message, small),
							IPCQ_INLINE, NULL);
	return ipcq_message_cache ? 0 : -ENOMEM;
}

/**
 * ipcq_message_exit() - undo ipcq_message_init()
 *
 * Context: When there are no messages.
 */
void ipcq_message_exit(void)
{
	kmem_cache_destroy(ipcq_message_cache);
}

/*
 * Stand for the memory cgroup that the current task is charged to.  Tasks of one
 * cgroup may differ, and one that is gone be taken for another that came to lie in
 * its place: both cost no more than a spare not used, or one used by a stranger.
 */
static u32 ipcq_payer(void)
{
#ifdef CONFIG_CGROUPS
	return (unsigned long)rcu_access_pointer(current->cgroups) >> 6;
#else
	return 0;
#endif
}

/* Free the buffer of a spare, if it has one. */
static void ipcq_buffer_free(struct ipcq_message *m)
{
	if (!m->has_buffer)
		return;
	m->has_buffer = false;
	kvfree(m->buffer);
}

static bool ipcq_buffer_alloc(struct ipcq_message *m, size_t size, gfp_t gfp)
{
	size_t room = size <= PAGE_SIZE ? kmalloc_size_roundup(size) : size;

	/* Failure is the caller's to report, not the kernel log's. */
	m->buffer = kvmalloc(room, gfp | __GFP_ACCOUNT | __GFP_NOWARN);
	m->room = room;
	m->has_buffer = m->buffer;
	return m->has_buffer;
}

/*
 * Give @m a buffer for @size bytes if it needs one.  One that it has will do if it
 * is not so large that a new one would take half the memory: what a queue of small
 * messages takes must not depend on what was sent before.
 */
static bool ipcq_message_fit(struct ipcq_message *m, size_t size, gfp_t gfp)
{
	if (size <= IPCQ_INLINE) {
		if (unlikely(m->has_buffer))
			ipcq_buffer_free(m);
		return true;
	}
	if (m->has_buffer && size <= m->room && m->room < 2 * size)
		return true;
	ipcq_buffer_free(m);
	return ipcq_buffer_alloc(m, size, gfp);
}

static struct ipcq_message *ipcq_message_alloc(gfp_t gfp)
{
	struct ipcq_message *m;

	m = kmem_cache_alloc(ipcq_message_cache, gfp | __GFP_NOWARN);
	if (m) {
		m->payer = ipcq_payer();
		m->pid = NULL;
		m->has_buffer = false;
	}
	return m;
}

/**
 * ipcq_message_new() - make a message from the current task
 * @spare: memory to be used if it is fit for it, or NULL; not the caller's any more
 * @account: of the user whose quota is charged
 * @size: bytes of payload, at most IPCQ_MAX_MSG_SIZE; the caller fills in each of
 *	them: what was in the memory is there still
 * @gfp: GFP_KERNEL, or GFP_NOWAIT if the caller must not sleep
 *
 * The memory is charged to the current memory cgroup: a spare that another one paid
 * for is not used.
 *
 * Context: Process context.  May sleep as @gfp says.
 * Return: the message, or ERR_PTR(-EDQUOT) or ERR_PTR(-ENOMEM).
 */
struct ipcq_message *ipcq_message_new(struct ipcq_message *spare,
				      struct ipcq_account *account, size_t size,
				      gfp_t gfp)
{
	struct ipcq_message *m = spare;
	struct pid *pid;
	int err;

	if (m && unlikely(m->payer != ipcq_payer())) {
		ipcq_message_release(m);
		m = NULL;
	}
	err = ipcq_quota_charge_bytes(account, ipcq_message_memory(size));
	if (err)
		goto release;

	err = -ENOMEM;
	if (!m)
		m = ipcq_message_alloc(gfp);
	if (!m || !ipcq_message_fit(m, size, gfp))
		goto uncharge;

	m->account = account;
	/* A spare's last sender tends to be its next. */
	pid = task_tgid(current);
	if (m->pid != pid) {
		put_pid(m->pid);
		m->pid = get_pid(pid);
	}
	current_euid_egid(&m->uid, &m->gid);
	m->size = size;
	m->type = 0;
	m->prio = 0;
	return m;

uncharge:
	ipcq_quota_uncharge_bytes(account, ipcq_message_memory(size));
release:
	if (m)
		ipcq_message_release(m);
	return ERR_PTR(err);
}

/**
 * ipcq_message_retire() - end a message, and keep its memory as a spare
 * @m: a message that its caller owns
 *
 * A kernel that wipes what it frees (init_on_free) wipes this as well.
 *
 * Context: Process context.
 */
void ipcq_message_retire(struct ipcq_message *m)
{
	ipcq_quota_uncharge_bytes(m->account, ipcq_message_memory(m->size));
	if (want_init_on_free())
		memzero_explicit(ipcq_message_data(m), m->size);
}

/**
 * ipcq_message_release() - give back the memory of a spare
 * @m: a spare that its caller owns
 *
 * Context: Process context.  May sleep: large buffers are vmalloc memory.
 */
void ipcq_message_release(struct ipcq_message *m)
{
	ipcq_buffer_free(m);
	put_pid(m->pid);
	kmem_cache_free(ipcq_message_cache, m);
}

/**
 * ipcq_message_free() - give back a message's memory and its charge
 * @m: a message that its caller owns
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
void ipcq_message_free(struct ipcq_message *m)
{
	ipcq_quota_uncharge_bytes(m->account, ipcq_message_memory(m->size));
	ipcq_message_release(m);
}
