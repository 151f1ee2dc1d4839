// SPDX-License-Identifier: GPL-2.0-only
/* Lists, names and derived figures of what the kernel tells. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "model.h"

static void *grow(void *array, size_t count, size_t size)
{
	/* Doubles at each power of two, so no capacity need be kept. */
	if (count & (count - 1))
		return array;
	array = reallocarray(array, count ? count * 2 : 1, size);
	if (!array)
		err(EXIT_FAILED, "cannot hold %zu entries", count + 1);
	return array;
}

struct queue *queue_list_add(struct queue_list *list)
{
	struct queue *queue;

	list->queue = grow(list->queue, list->count, sizeof(*queue));
	queue = &list->queue[list->count++];
	memset(queue, 0, sizeof(*queue));
	return queue;
}

struct opener *opener_list_add(struct opener_list *list)
{
	struct opener *opener;

	list->opener = grow(list->opener, list->count, sizeof(*opener));
	opener = &list->opener[list->count++];
	memset(opener, 0, sizeof(*opener));
	return opener;
}

void queue_list_clear(struct queue_list *list)
{
	free(list->queue);
	*list = (struct queue_list){ 0 };
}

void opener_list_clear(struct opener_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->opener[i].comm);
	free(list->opener);
	*list = (struct opener_list){ 0 };
}

const char *counter_name(unsigned int counter)
{
	static const char *const names[] = {
		[IPCQ_A_COUNTERS_SENT] = "sent",
		[IPCQ_A_COUNTERS_SENT_BYTES] = "sent-bytes",
		[IPCQ_A_COUNTERS_RECEIVED] = "received",
		[IPCQ_A_COUNTERS_RECEIVED_BYTES] = "received-bytes",
		[IPCQ_A_COUNTERS_DROPPED_DESTROYED] = "dropped-destroyed",
		[IPCQ_A_COUNTERS_PURGED] = "purged",
		[IPCQ_A_COUNTERS_SEND_FULL] = "send-full",
		[IPCQ_A_COUNTERS_SEND_TIMEOUT] = "send-timeout",
		[IPCQ_A_COUNTERS_SEND_INTERRUPTED] = "send-interrupted",
		[IPCQ_A_COUNTERS_SEND_TOO_BIG] = "send-too-big",
		[IPCQ_A_COUNTERS_SEND_QUOTA] = "send-quota",
		[IPCQ_A_COUNTERS_SEND_HANGUP] = "send-hangup",
		[IPCQ_A_COUNTERS_RECV_EMPTY] = "recv-empty",
		[IPCQ_A_COUNTERS_RECV_TIMEOUT] = "recv-timeout",
		[IPCQ_A_COUNTERS_RECV_INTERRUPTED] = "recv-interrupted",
		[IPCQ_A_COUNTERS_RECV_TOO_SMALL] = "recv-too-small",
		[IPCQ_A_COUNTERS_RECV_GIVEN_BACK] = "recv-given-back",
		[IPCQ_A_COUNTERS_RECV_EOF] = "recv-eof",
		[IPCQ_A_COUNTERS_BLOCKED_SENDS] = "blocked-sends",
		[IPCQ_A_COUNTERS_BLOCKED_SEND_NS] = "blocked-send-ns",
		[IPCQ_A_COUNTERS_BLOCKED_RECVS] = "blocked-recvs",
		[IPCQ_A_COUNTERS_BLOCKED_RECV_NS] = "blocked-recv-ns",
		[IPCQ_A_COUNTERS_SENDER_WAKEUPS] = "sender-wakeups",
		[IPCQ_A_COUNTERS_RECEIVER_WAKEUPS] = "receiver-wakeups",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == IPCQ_A_COUNTERS_PAD,
		       "every counter has a name");
	return counter < IPCQ_A_COUNTERS_PAD ? names[counter] : NULL;
}

const char *order_name(uint32_t order)
{
	switch (order) {
	case IPCQ_ORDER_FIFO:
		return "fifo";
	case IPCQ_ORDER_PRIORITY:
		return "priority";
	default:
		return NULL;
	}
}

const char *drop_reason_name(uint32_t reason)
{
	switch (reason) {
	case IPCQ_DROP_DESTROYED:
		return "destroyed";
	case IPCQ_DROP_PURGED:
		return "purged";
	default:
		return NULL;
	}
}

const char *event_name(unsigned int command)
{
	switch (command) {
	case IPCQ_CMD_CREATED_NTF:
		return "created";
	case IPCQ_CMD_DESTROYED_NTF:
		return "destroyed";
	case IPCQ_CMD_HIGH_WATER_NTF:
		return "high-water";
	case IPCQ_CMD_NORMAL_NTF:
		return "normal";
	case IPCQ_CMD_DROPPED_NTF:
		return "dropped";
	default:
		return NULL;
	}
}

const char *flag_name(unsigned int bit)
{
	switch (1u << bit) {
	case IPCQ_F_EPHEMERAL:
		return "ephemeral";
	case IPCQ_F_HANGUP:
		return "hangup";
	case IPCQ_F_ANONYMOUS:
		return "anonymous";
	case IPCQ_F_UNLINKED:
		return "unlinked";
	case IPCQ_F_SHUT_SEND:
		return "shut-send";
	case IPCQ_F_SHUT_RECV:
		return "shut-recv";
	case IPCQ_F_MAPPED:
		return "mapped";
	default:
		return NULL;
	}
}

uint64_t counters_lost(const struct counters *counters)
{
	return counters->value[IPCQ_A_COUNTERS_DROPPED_DESTROYED] +
	       counters->value[IPCQ_A_COUNTERS_PURGED];
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	if (part && share < 1)
		return 1;
	return share > 9999 ? 9999 : (unsigned int)share;
}

static unsigned int fuller(const struct queue *queue, uint32_t depth, uint64_t bytes)
{
	unsigned int of_msgs = percent(depth, queue->max_msgs);
	unsigned int of_bytes = percent(bytes, queue->max_bytes);

	return of_msgs > of_bytes ? of_msgs : of_bytes;
}

unsigned int fill_percent(const struct queue *queue)
{
	return fuller(queue, queue->depth, queue->bytes);
}

unsigned int peak_percent(const struct queue *queue)
{
	return fuller(queue, queue->peak_depth, queue->peak_bytes);
}

bool selector_matches(const struct selector *selector, uint32_t id, const char *name)
{
	if (!selector->name)
		return selector->id == id;
	return !strcmp(selector->name, name);
}
