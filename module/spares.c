// SPDX-License-Identifier: GPL-2.0-only
/* Spares where there is more to it than to take one, or to put one back: see spares.h. */
#include "engine.h"

/**
 * ipcq_spare_of_many() - ipcq_spare() where many send
 * @e: the queue
 *
 * Context: Any but interrupts.
 * Return: a spare, or NULL.
 */
struct ipcq_message *ipcq_spare_of_many(struct ipcq_engine *e)
{
	struct ipcq_message *m;

	spin_lock(&e->lock);
	m = ipcq_spares_pop(&e->spares);
	spin_unlock(&e->lock);
	return m;
}

/**
 * ipcq_recycle_slowly() - keep a spare that ipcq_spares_put() refused, or free it
 * @e: the queue
 * @m: the spare
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
void ipcq_recycle_slowly(struct ipcq_engine *e, struct ipcq_message *m)
{
	/* Several may receive at the same time. */
	if (READ_ONCE(e->spares.count) < IPCQ_MAX_SPARES) {
		spin_lock(&e->lock);
		ipcq_spares_collect(&e->spares);
		spin_unlock(&e->lock);
		if (ipcq_spares_put(&e->spares, m))
			return;
	}
	ipcq_message_release(m);
}

/**
 * ipcq_spare_many() - take spares for messages about to be sent
 * @e: the queue
 * @spares: filled in
 * @n: how many are wanted
 *
 * Context: Any but interrupts.
 * Return: how many there are.
 */
u32 ipcq_spare_many(struct ipcq_engine *e, struct ipcq_message **spares, u32 n)
{
	u32 i;

	if (!READ_ONCE(e->spares.count)) {
		spares[0] = ipcq_spares_take(&e->spares);
		return spares[0] ? 1 : 0;
	}
	spin_lock(&e->lock);
	i = ipcq_spares_pop_many(&e->spares, spares, n);
	spin_unlock(&e->lock);
	return i;
}

/**
 * ipcq_keep_many() - keep spares for messages to be sent, and free what is too much
 * @e: the queue
 * @spares: the spares, whose buffers are of any size; they are not the caller's any more
 * @n: how many they are
 *
 * Context: Process context.  May sleep, as ipcq_message_release() does.
 */
void ipcq_keep_many(struct ipcq_engine *e, struct ipcq_message *const *spares, u32 n)
{
	u32 i, kept;

	if (!n)
		return;
	spin_lock(&e->lock);
	kept = ipcq_spares_push_many(&e->spares, spares, n);
	spin_unlock(&e->lock);
	for (i = kept; i < n; i++)
		ipcq_message_release(spares[i]);
}

/**
 * ipcq_release_all() - free spares
 * @spares: what ipcq_spares_take_all() returned
 *
 * Context: Process context.  May sleep.
 */
void ipcq_release_all(struct ipcq_message *spares)
{
	struct ipcq_message *m;

	while ((m = spares)) {
		spares = m->next;
		ipcq_message_release(m);
	}
}
