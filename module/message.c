// SPDX-License-Identifier: GPL-2.0-only
/* The memory of messages. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "message.h"

static struct kmem_cache *ipcq_message_cache;

/**
 * ipcq_message_init() - make ready for messages
 *
 * Context: Process context.  May sleep.
 * Return: 0 or -ENOMEM.
 */
int ipcq_message_init(void)
{
	/* The engine's tests are a module of their own, with a cache of their own. */
	ipcq_message_cache = kmem_cache_create_usercopy(KBUILD_MODNAME "_message",
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

/**
 * ipcq_message_alloc() - memory for a message, where no spare is fit for it
 * @spare: memory that may be of use, or NULL; not the caller's any more
 * @size: bytes of payload
 * @gfp: GFP_KERNEL, and what else the allocator is to do
 *
 * Context: Process context.  May sleep as @gfp says.
 * Return: a spare that is fit for it, or NULL.
 */
struct ipcq_message *ipcq_message_alloc(struct ipcq_message *spare, size_t size,
					gfp_t gfp)
{
	struct ipcq_message *m = spare;

	if (m && m->payer != ipcq_message_payer()) {
		ipcq_message_release(m);
		m = NULL;
	}
	if (m) {
		ipcq_buffer_free(m);
	} else {
		m = kmem_cache_alloc(ipcq_message_cache, gfp | __GFP_NOWARN);
		if (!m)
			return NULL;
		m->payer = ipcq_message_payer();
		m->pid = NULL;
		m->has_buffer = false;
	}
	if (size > IPCQ_INLINE && !ipcq_buffer_alloc(m, size, gfp)) {
		ipcq_message_release(m);
		return NULL;
	}
	return m;
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

/**
 * ipcq_messages_retire() - ipcq_message_retire() of many
 * @messages: messages that the caller owns
 * @n: how many they are
 *
 * Messages that follow one another tend to be charged to the same user.
 *
 * Context: Process context.
 */
void ipcq_messages_retire(struct ipcq_message *const *messages, u32 n)
{
	struct ipcq_account *account = NULL;
	size_t bytes = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		if (messages[i]->account != account) {
			if (account)
				ipcq_quota_uncharge_bytes(account, bytes);
			account = messages[i]->account;
			bytes = 0;
		}
		bytes += ipcq_message_memory(messages[i]->size);
		ipcq_message_wipe(messages[i]);
	}
	if (account)
		ipcq_quota_uncharge_bytes(account, bytes);
}
