// SPDX-License-Identifier: GPL-2.0-only
/* Queues of ipcq, to send to one and receive from another with a call. */
#include <err.h>
#include <ipcq.h>
#include <stdlib.h>

#include "mechanisms/all.h"

static void call_open(struct channel *channel)
{
	/* For one record: what is sent lies there, and then what was received. */
	channel->state = malloc(IPCQ_RECORD_SPACE(channel->need.size));
	if (!channel->state)
		err(1, NULL);
	ipcq_bench_open(channel);
}

static void call_close(struct channel *channel)
{
	free(channel->state);
	close_descriptors(channel);
}

static void call_reply(struct channel *to, char *out, struct channel *from, char *in,
		       size_t size)
{
	size_t room = IPCQ_RECORD_SPACE(size), used = 0;
	struct ipcq_record *record;

	record = ipcq_record_add(to->state, room, &used, out, size);
	if (ipcq_call(to->send_fd, record, used, from->recv_fd, record, room, NULL) != 1)
		err(1, "ipcq_call");
	if (record->size != size)
		errx(1, "ipcq_call: %u bytes", record->size);
	memcpy(in, ipcq_record_data(record), size);
}

const struct mechanism ipcq_call_mechanism = {
	.name = "ipcq-call",
	.what = "IPCQ_IOC_CALL",
	.can = CAN_DELIVER,
	.open = call_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.reply = call_reply,
	.only = "round-trip",
	.close = call_close,
};
