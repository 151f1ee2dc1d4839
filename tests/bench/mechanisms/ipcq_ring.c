// SPDX-License-Identifier: GPL-2.0-only
/* Queues of ipcq whose receiver has mapped them: sent by write, received from memory. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ipcq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mechanisms/all.h"

/* Room for what the queue can hold, whatever its size. */
static size_t ring_size(const struct ipcq_attr *attr)
{
	size_t size = sysconf(_SC_PAGESIZE);

	while (size < attr->max_msgs * IPCQ_RECORD_SPACE(attr->max_msg_size))
		size *= 2;
	return size;
}

/**
 * struct ring_state - what a channel needs
 * @ring: where messages are received
 * @records: memory for those to be sent at once
 * @room: bytes of it
 */
struct ring_state {
	struct ipcq_ring *ring;
	void *records;
	size_t room;
};

static void ipcq_ring_bench_open(struct channel *channel)
{
	struct ring_state *state = calloc(1, sizeof(*state));
	struct ipcq_attr attr = { 0 };

	if (!state)
		err(1, NULL);
	ipcq_bench_open(channel);
	if (ipcq_get_attr(channel->recv_fd, &attr))
		err(1, "ipcq_get_attr");
	state->ring = ipcq_ring_open(channel->recv_fd, ring_size(&attr), O_CLOEXEC);
	if (!state->ring)
		err(1, "ipcq_ring_open: %s", ipcq_explain(IPCQ_OP_RING, errno));
	channel->state = state;
}

static void ipcq_ring_bench_close(struct channel *channel)
{
	struct ring_state *state = channel->state;

	ipcq_ring_close(state->ring);
	free(state->records);
	free(state);
	close_descriptors(channel);
}

/* Every payload is put in its place anew, as a program would do. */
static void ipcq_ring_bench_send_many(struct channel *channel, char *data, size_t size,
				      unsigned int count)
{
	struct ring_state *state = channel->state;
	size_t room = count * IPCQ_RECORD_SPACE(size), used = 0;
	unsigned int i;
	int sent;

	if (state->room < room) {
		free(state->records);
		state->records = malloc(room);
		state->room = room;
		if (!state->records)
			err(1, NULL);
	}
	for (i = 0; i < count; i++)
		if (!ipcq_record_add(state->records, room, &used, data, size))
			errx(1, "ipcq_record_add");
	sent = ipcq_send_batch(channel->send_fd, state->records, used, NULL);
	if (sent != (int)count)
		err(1, "ipcq_send_batch: %d", sent);
}

static const struct ipcq_record *next_record(struct ipcq_ring *ring, size_t size)
{
	const struct ipcq_record *record;

	while (!(record = ipcq_ring_next(ring))) {
		if (ipcq_ring_wait(ring, NULL))
			err(1, "ipcq_ring_wait");
	}
	if (record->size != size)
		errx(1, "a message of %u bytes instead of %zu", record->size, size);
	return record;
}

static void ipcq_ring_bench_recv_many(struct channel *channel, char *data, size_t size,
				      unsigned int count)
{
	struct ring_state *state = channel->state;
	const struct ipcq_record *record;

	do
		record = next_record(state->ring, size);
	while (--count);
	memcpy(data, ipcq_record_data(record), size);
	ipcq_ring_release(state->ring);
}

static void ipcq_ring_bench_recv(struct channel *channel, char *data, size_t size)
{
	ipcq_ring_bench_recv_many(channel, data, size, 1);
}

const struct mechanism ipcq_ring_mechanism = {
	.name = "ipcq-ring",
	.what = "write; read from a mapped ring",
	.can = CAN_DELIVER,
	.max_size = IPCQ_RING_MAX_MSG_SIZE,
	.open = ipcq_ring_bench_open,
	.send = send_by_write,
	.recv = ipcq_ring_bench_recv,
	.send_many = ipcq_ring_bench_send_many,
	.recv_many = ipcq_ring_bench_recv_many,
	.close = ipcq_ring_bench_close,
};
