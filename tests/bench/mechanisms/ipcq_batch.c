// SPDX-License-Identifier: GPL-2.0-only
/* Queues of ipcq, many messages with a call. */
#include <err.h>
#include <ipcq.h>
#include <stdlib.h>

#include "mechanisms/all.h"

/**
 * struct batch - memory for records
 * @records: the memory
 * @room: bytes of it
 */
struct batch {
	void *records;
	size_t room;
};

static struct batch *batch_for(struct channel *channel, size_t size, unsigned int count)
{
	struct batch *batch = channel->state;
	size_t room = IPCQ_RECORD_SPACE(size) * count;

	if (batch->room < room) {
		free(batch->records);
		batch->records = malloc(room);
		if (!batch->records)
			err(1, NULL);
		batch->room = room;
	}
	return batch;
}

static void batch_open(struct channel *channel)
{
	channel->state = calloc(1, sizeof(struct batch));
	if (!channel->state)
		err(1, NULL);
	ipcq_bench_open(channel);
}

static void batch_close(struct channel *channel)
{
	struct batch *batch = channel->state;

	free(batch->records);
	free(batch);
	close_descriptors(channel);
}

/* Every payload is put in its place anew, as a program would do. */
static void batch_send_many(struct channel *channel, char *data, size_t size,
			    unsigned int count)
{
	struct batch *batch = batch_for(channel, size, count);
	size_t used = 0;
	unsigned int i;
	int sent;

	for (i = 0; i < count; i++)
		if (!ipcq_record_add(batch->records, batch->room, &used, data, size))
			errx(1, "ipcq_record_add");
	sent = ipcq_send_batch(channel->send_fd, batch->records, used, NULL);
	if (sent != (int)count)
		err(1, "ipcq_send_batch: %d", sent);
}

static void batch_recv_many(struct channel *channel, char *data, size_t size,
			    unsigned int count)
{
	struct batch *batch = batch_for(channel, size, count);
	const struct ipcq_record *record;
	struct ipcq_batch how = { 0 };
	int got;

	for (; count; count -= got) {
		how.count = count;
		got = ipcq_recv_batch(channel->recv_fd, batch->records, batch->room, &how);
		if (got < 1)
			err(1, "ipcq_recv_batch");
	}
	/* All have the same size. */
	record = (void *)((char *)batch->records + how.size - IPCQ_RECORD_SPACE(size));
	if (record->size != size)
		errx(1, "ipcq_recv_batch: %u bytes", record->size);
	memcpy(data, ipcq_record_data(record), size);
}

static void batch_send(struct channel *channel, char *data, size_t size)
{
	batch_send_many(channel, data, size, 1);
}

static void batch_recv(struct channel *channel, char *data, size_t size)
{
	batch_recv_many(channel, data, size, 1);
}

const struct mechanism ipcq_batch_mechanism = {
	.name = "ipcq-batch",
	.what = "IPCQ_IOC_SEND_BATCH, IPCQ_IOC_RECV_BATCH",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = batch_open,
	.send = batch_send,
	.recv = batch_recv,
	.send_many = batch_send_many,
	.recv_many = batch_recv_many,
	.close = batch_close,
};
